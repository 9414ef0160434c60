//! A store on which somebody else is always faster: once told so, every commit conflicts, and a tenth of a second passes with it.

use bytes::Bytes;
use runtime::ManualClock;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use storage::{Batch, Memory, Page, Reply, Scan, Store, StoreError, Version, Versioned};

/// The store.
#[derive(Default)]
pub struct Contended {
    inner: Memory,
    /// The clock that moves, and the check that conflicts; unset as long as commits succeed.
    conflict: OnceLock<(ManualClock, AtomicUsize)>,
    /// How many commits conflicted.
    pub conflicts: AtomicUsize,
}

impl Contended {
    /// From now on this check of every commit does not hold.
    pub fn contend(&self, clock: &ManualClock, check: usize) {
        let (_, known) = self.conflict.get_or_init(|| (clock.clone(), AtomicUsize::new(check)));
        known.store(check, Ordering::Relaxed);
        self.conflicts.store(0, Ordering::Relaxed);
    }
}

impl Store for Contended {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.inner.get(keys)
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        self.inner.get_one(key)
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.inner.scan(scan)
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        let Some((clock, check)) = self.conflict.get() else { return self.inner.commit(batch) };
        self.conflicts.fetch_add(1, Ordering::Relaxed);
        clock.advance(Duration::from_millis(100));
        Reply::ready(Err(StoreError::Conflict { check: check.load(Ordering::Relaxed) }))
    }

    fn durable(&self, version: Version) -> Reply<'_, ()> {
        self.inner.durable(version)
    }

    fn latest(&self) -> Version {
        self.inner.latest()
    }

    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()> {
        self.inner.checkpoint(dir)
    }

    fn close(&self) -> Reply<'_, ()> {
        self.inner.close()
    }
}
