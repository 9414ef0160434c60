//! The tables that a request took as this server knew them, where other servers write the same store.
//!
//! The catalog may be older than what another server made of a table: it deleted it, or made an index. Writes find that out by the check of
//! their commit. Reads find it out here: every read of a request also reads the descriptors of the tables that it opened, in the same call
//! of the store, and if one is another by now the request is answered anew, against the table as it is. So a request costs no further
//! round trip, and nothing that it is told rests on an old definition. A request that has committed something is never repeated.

use crate::catalog::OpenTable;
use bytes::Bytes;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use storage::{Version, Versioned};

/// What a request has opened, and what it knows of that.
#[derive(Default)]
pub struct Opened {
    tables: Mutex<Vec<Arc<OpenTable>>>,
    /// Some read has found that all tables are as they were taken.
    verified: AtomicBool,
    /// Some read has found that a table is not.
    outdated: AtomicBool,
    /// Something was committed.
    committed: AtomicBool,
    /// A read has failed.
    failed: AtomicBool,
}

/// A table that is not what it was taken for.
pub struct Outdated(pub Arc<OpenTable>);

impl Opened {
    fn tables(&self) -> MutexGuard<'_, Vec<Arc<OpenTable>>> {
        // A list of tables is whole at every moment.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a table.
    pub fn open(&self, table: &Arc<OpenTable>) {
        let mut tables = self.tables();
        if !tables.iter().any(|known| Arc::ptr_eq(known, table)) {
            tables.push(table.clone());
            self.verified.store(false, Ordering::Relaxed);
        }
    }

    /// Notes a commit.
    pub fn commit(&self) {
        self.committed.store(true, Ordering::Relaxed);
    }

    /// Notes that a read has failed. Who is told so need not wait for another one that tells whether it would be about the right table.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Whether something was committed, or may have been.
    pub fn has_committed(&self) -> bool {
        self.committed.load(Ordering::Relaxed)
    }

    /// The keys of the descriptors, to be read with whatever is read.
    pub fn keys(&self) -> Vec<Bytes> {
        self.tables().iter().map(|table| table.key.clone()).collect()
    }

    /// Compares what was read under these keys with what the tables were taken for.
    pub fn compare(&self, found: &[Option<Versioned>]) -> Result<(), Outdated> {
        let version = |found: &Option<Versioned>| -> Option<Version> { found.as_ref().map(|found| found.version) };
        let tables = self.tables();
        match tables.iter().zip(found).find(|(table, found)| version(found) != Some(table.version)) {
            Some((table, _)) => {
                self.outdated.store(true, Ordering::Relaxed);
                Err(Outdated(table.clone()))
            }
            None => {
                self.verified.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Whether the request is to be answered anew; `None` where that is to be found out by a read.
    pub fn must_repeat(&self) -> Option<bool> {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        if self.has_committed() {
            return Some(false);
        }
        if is(&self.outdated) {
            return Some(true);
        }
        (is(&self.verified) || is(&self.failed) || self.tables().is_empty()).then_some(false)
    }
}
