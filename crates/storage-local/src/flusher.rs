//! The one thread of a store: syncs the write-ahead log for everything that was written before (group commit).
//!
//! While one sync runs, further commits are written and wait; the next sync covers them all. So durability costs each
//! commit a share of a sync, and a lone commit waits for exactly one. Where several waited, the next sync gives them a
//! fraction of a millisecond to come back.
//!
//! When the store has failed, the thread tries every second whether it can be written again.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::{io, thread};

use rocksdb::DB;

use crate::progress::{Progress, Task};
use crate::store::Shared;
use crate::{Durability, recovery};

/// One of so many failed attempts to recover is logged, so that the log says about once a minute what is still wrong.
const ATTEMPTS_PER_WARNING: u32 = 60;

/// Starts the thread; it ends after [`Progress::end`].
pub fn start(shared: Arc<Shared>, durability: Durability) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("store-flusher".to_owned()).spawn(move || {
        let mut attempts: u32 = 0;
        while let Some(task) = shared.progress.next_task(durability) {
            match task {
                Task::Sync(version) => {
                    attempts = 0;
                    sync(&shared.db, &shared.progress, version);
                }
                Task::Look => recovery::look(&shared),
                Task::Recover => {
                    if let Err(error) = recovery::attempt(&shared) {
                        if attempts.is_multiple_of(ATTEMPTS_PER_WARNING) {
                            tracing::warn!(%error, "the store cannot be written yet");
                        }
                        attempts = attempts.wrapping_add(1);
                    }
                }
            }
        }
    })
}

/// Makes everything up to the version, which must have been written, durable. On failure the store stops writing: the
/// operating system may have dropped what it could not write, so that a second try could succeed without it.
pub fn sync(db: &DB, progress: &Progress, version: u64) {
    match db.flush_wal(true) {
        Ok(()) => progress.synced(version),
        Err(error) => progress.fail("syncing the write-ahead log", Arc::new(error)),
    }
}
