//! The one thread of a store: syncs the write-ahead log for everything that was written before (group commit).
//!
//! While one sync runs, further commits are written and wait; the next sync covers them all. So durability costs each
//! commit a share of a sync, and a lone commit waits for exactly one. Where several waited, the next sync gives them a
//! fraction of a millisecond to come back.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::{io, thread};

use rocksdb::DB;

use crate::Durability;
use crate::progress::Progress;
use crate::store::Shared;

/// Starts the thread; it ends after [`Progress::end`] or a failure.
pub fn start(shared: Arc<Shared>, durability: Durability) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("store-flusher".to_owned()).spawn(move || {
        while let Some(version) = shared.progress.next_sync(durability) {
            sync(&shared.db, &shared.progress, version);
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
