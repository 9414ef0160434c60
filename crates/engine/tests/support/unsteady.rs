//! A store whose calls take turns: before each, other tasks go first as often as a seed says, and after some number of calls it is
//! closed as by a crash. On a runtime of one thread a seed fixes the interleaving of all tasks, so a failure can be repeated.

use bytes::Bytes;
use runtime::Random;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::{Batch, Memory, Page, Reply, Scan, Store, StoreError, Version, Versioned};

/// The store.
pub struct Unsteady {
    inner: Arc<Memory>,
    random: Random,
    /// How many calls are still answered.
    calls_left: AtomicU64,
}

impl Unsteady {
    /// A store over another that answers this many calls.
    pub fn new(inner: Arc<Memory>, seed: u64, calls: u64) -> Self {
        Self { inner, random: Random::seeded(seed), calls_left: AtomicU64::new(calls) }
    }

    async fn turn(&self) -> Result<(), StoreError> {
        for _ in 0..self.random.below(4) {
            runtime::give_way().await;
        }
        let left = self.calls_left.load(Ordering::Relaxed);
        self.calls_left.store(left.saturating_sub(1), Ordering::Relaxed);
        if left == 0 { Err(StoreError::Closed) } else { Ok(()) }
    }
}

impl Store for Unsteady {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        Reply::pending(async move {
            self.turn().await?;
            self.inner.get(keys).await
        })
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        Reply::pending(async move {
            self.turn().await?;
            self.inner.get_one(key).await
        })
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        Reply::pending(async move {
            self.turn().await?;
            self.inner.scan(scan).await
        })
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        Reply::pending(async move {
            self.turn().await?;
            self.inner.commit(batch).await
        })
    }

    fn durable(&self, version: Version) -> Reply<'_, ()> {
        self.inner.durable(version)
    }

    fn latest(&self) -> Version {
        self.inner.latest()
    }

    fn visible(&self) -> Version {
        self.inner.visible()
    }

    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()> {
        self.inner.checkpoint(dir)
    }

    fn close(&self) -> Reply<'_, ()> {
        self.inner.close()
    }
}
