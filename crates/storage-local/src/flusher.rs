//! The one thread of a store: syncs the write-ahead log for everything that was written before (group commit).
//!
//! While one sync runs, further commits are written and wait; the next sync covers them all. So durability costs each
//! commit a share of a sync, and a lone commit waits for exactly one. Where several waited, the next sync gives them a
//! fraction of a millisecond to come back, and more while the workers are busy with requests all the time.
//!
//! When the store has failed, the thread tries every few seconds whether it can be written again.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use rocksdb::DB;

use crate::progress::{Progress, Task};
use crate::store::Shared;
use crate::{Durability, recovery};

/// How long a failed store waits before it tries for the first time to write again.
const RECOVERY_PAUSE: Duration = Duration::from_secs(1);

/// How long it waits at most. It waits longer after each attempt that fails: what an attempt lets RocksDB flush in vain keeps it busy for
/// a second, and RocksDB's own recovery begins only when it is not busy. Attempts that follow each other closely would keep it off.
const RECOVERY_PAUSE_MAX: Duration = Duration::from_secs(4);

/// One of so many failed attempts to recover is logged, so that the log says about once a minute what is still wrong.
const ATTEMPTS_PER_WARNING: u32 = 15;

/// Starts the thread; it ends after [`Progress::end`].
pub fn start(shared: Arc<Shared>, durability: Durability) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("store-flusher".to_owned()).spawn(move || {
        let mut attempts: u32 = 0;
        let mut pause = RECOVERY_PAUSE;
        while let Some(task) = shared.progress.next_task(durability, pause) {
            match task {
                Task::Sync(version) => {
                    (attempts, pause) = (0, RECOVERY_PAUSE);
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
                    pause = RECOVERY_PAUSE_MAX.min(pause * 2);
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
