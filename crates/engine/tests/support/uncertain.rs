//! A store that fails when a commit was made: in the commit itself, so that its sender cannot tell, or in the read that comes next.

use bytes::Bytes;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use storage::{Batch, Memory, Page, Reply, Scan, Store, StoreError, Version, Versioned};

/// What fails when the next commit was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The commit.
    Commit,
    /// The read of a key that comes next.
    NextRead,
}

/// The store.
#[derive(Default)]
pub struct Uncertain {
    inner: Memory,
    commit_fails: AtomicBool,
    commit_is_last: AtomicBool,
    read_fails: AtomicBool,
}

impl Uncertain {
    /// Fails once, when the next commit was made.
    pub fn fail_after_next_commit(&self, failure: Failure) {
        let flag = if failure == Failure::Commit { &self.commit_fails } else { &self.commit_is_last };
        flag.store(true, Ordering::Relaxed);
    }
}

fn failed() -> StoreError {
    StoreError::io("testing", std::io::Error::other("the test wanted it so"))
}

impl Store for Uncertain {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.inner.get(keys)
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        if self.read_fails.swap(false, Ordering::Relaxed) {
            return Reply::ready(Err(failed()));
        }
        self.inner.get_one(key)
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.inner.scan(scan)
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        let reply = self.inner.commit(batch);
        if self.commit_is_last.swap(false, Ordering::Relaxed) {
            self.read_fails.store(true, Ordering::Relaxed);
        }
        if self.commit_fails.swap(false, Ordering::Relaxed) { Reply::ready(Err(failed())) } else { reply }
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
