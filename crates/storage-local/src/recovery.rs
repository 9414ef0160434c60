//! Recovery from a disk that failed for a while: it was full, a quota was used up, the network to it was away.
//!
//! After a write or a sync has failed, three things are known. Commits up to `durable` are on the disk. Commits up to `written` are visible
//! and in RocksDB's memory; those after `durable` have not been acknowledged, and whoever has seen one waits for it and was told that
//! it failed, not what it was. At most one more commit was refused by RocksDB: it is not visible, and its place was given back.
//! What is not known is the end of the write-ahead log. A failed sync may have dropped what it could not write, and the next one can
//! succeed without it; so the log is never trusted again, and what is in memory is the only complete copy of what is visible.
//!
//! Therefore nothing is taken back. RocksDB, which the failure has stopped too, recovers first (disk/files.cc): it writes its memory out to
//! table files and begins a new log. Then an attempt of this file does the same once more, in a way that does not depend on what
//! RocksDB noticed:
//!
//! ```text
//! probe       write a record of the store's own        the memory is not empty, so that the next step does something
//! flush       write the memory out to table files      all that is visible is in files that were written and synced after the
//!                                                      failure, and the manifest, synced, no longer refers to the old log
//! sync        sync the new log                         the log can be written
//! recovered   durable := written                       commits are taken again
//! ```
//!
//! A commit may be in RocksDB when the disk fails, held back because RocksDB does not keep up. It would wait there until the disk recovers,
//! and all others behind it; so while the store has failed nobody is held back. That commit becomes visible or is refused like others.
//!
//! Each step can fail, and then the next attempt begins anew. If the process dies in between, the old log is read as far as it is whole,
//! which is at least up to `durable`; what was visible behind that was acknowledged to nobody. The log of the old file may hold the commit
//! that was refused; its client was told that its fate is unknown. When the flush is done the old log is not read again, so nothing
//! can come back later under a version that another commit has got since.
//!
//! The cache of values, the counters, and the versions stay as they are, because what is visible stays as it is. The refused commit has
//! left marks in them on the safe side alone: its keys are hidden in the cache and taken for written lately (commit.rs).
//!
//! Meanwhile reads go on, of what is durable: read.rs refuses the rest. The store does not recover from damage: RocksDB stops for good
//! when it finds some while it compacts, and every attempt fails with its error.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rocksdb::properties::IS_WRITE_STOPPED;

use crate::options;
use crate::store::Shared;

/// Tries once to make everything durable that is visible, and to take commits again.
pub fn attempt(shared: &Shared) -> Result<(), rocksdb::Error> {
    if holds_back(shared) {
        shared.has_let_go.store(true, Ordering::Relaxed);
        // It also writes a file with the options; that this fails now is not the point.
        let _ = shared.db.set_options(&options::LET_GO);
    }
    let failures = shared.alarm.failures();
    // Waits for a commit that had begun before the failure was known.
    shared.writer.lock().probe(shared)?;
    shared.db.flush()?;
    shared.db.flush_wal(true)?;
    if shared.has_let_go.load(Ordering::Relaxed) {
        shared.db.set_options(&options::HELD_BACK)?;
        shared.has_let_go.store(false, Ordering::Relaxed);
    }
    // What failed meanwhile was perhaps none of these steps; the next attempt will tell.
    if failures == shared.alarm.failures() {
        shared.progress.recovered();
    }
    Ok(())
}

/// A compaction could not be written. It is tried again; but where writers wait for it, the store has failed.
pub fn look(shared: &Shared) {
    if holds_back(shared) {
        shared.progress.fail("compacting", Arc::new(HeldBack));
    }
}

fn holds_back(shared: &Shared) -> bool {
    matches!(shared.db.property_int_value(IS_WRITE_STOPPED), Ok(Some(stopped)) if stopped != 0)
}

/// Why nothing can be written where only compactions fail.
#[derive(Debug)]
struct HeldBack;

impl fmt::Display for HeldBack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .write_str("a compaction cannot be written, and writes wait for it (RocksDB's file LOG names the cause)")
    }
}

impl Error for HeldBack {}
