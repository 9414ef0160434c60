//! One state of a store: the keys, and when each was last written, deletions included.

use bytes::Bytes;
use std::collections::BTreeMap;
use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use storage::{Batch, Memory, Mutation, Page, Reply, Scan, Store, StoreError, Version, Versioned};

/// A state.
#[derive(Default)]
pub struct Image {
    /// The keys that there are.
    pub memory: Memory,
    /// What each key was before its newest write, and the version of that write.
    written: BTreeMap<Bytes, Write>,
    /// Ranges that were deleted.
    deleted: Vec<(Bytes, Bytes, Version)>,
}

#[derive(Clone)]
struct Write {
    version: Version,
    before: Option<Versioned>,
}

impl Image {
    /// The same state, on its own from now on.
    pub fn copy(&self) -> Self {
        Self { memory: self.memory.copy(), written: self.written.clone(), deleted: self.deleted.clone() }
    }

    /// The newest commit.
    pub fn latest(&self) -> Version {
        self.memory.latest()
    }

    /// Reads keys.
    pub fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Versioned>>, StoreError> {
        now(self.memory.get(keys))
    }

    /// Reads a key.
    pub fn get_one(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        now(self.memory.get_one(key))
    }

    /// Reads a page.
    pub fn scan(&self, scan: Scan) -> Result<Page, StoreError> {
        now(self.memory.scan(scan))
    }

    /// What a key was before its newest write.
    pub fn before(&self, key: &[u8]) -> Option<Option<Versioned>> {
        self.written.get(key).map(|write| write.before.clone())
    }

    /// Commits a batch.
    pub fn commit(&mut self, batch: Batch) -> Result<Version, StoreError> {
        let keys: Vec<Bytes> = batch.mutations.iter().filter_map(key_of).cloned().collect();
        let ranges: Vec<_> = batch.mutations.iter().filter_map(range_of).collect();
        let before = self.get(&keys)?;
        let version = now(self.memory.commit(batch))?;
        for (key, before) in keys.into_iter().zip(before) {
            self.written.insert(key, Write { version, before });
        }
        self.deleted.extend(ranges.into_iter().map(|(from, to)| (from, to, version)));
        Ok(version)
    }

    /// What is wrong with a check that did not hold: it vouches for all commits up to a version, and one of those is what it missed. A store
    /// may take such a check for granted.
    pub fn vouched_wrongly(&self, batch: &Batch, check: usize) -> Option<String> {
        let check = batch.checks.get(check)?;
        let written = self.written.get(&check.key).map_or(0, |write| write.version);
        let deleted = self.deleted.iter().filter(|(from, to, _)| *from <= check.key && check.key < *to);
        let newest = deleted.map(|(_, _, version)| *version).max().unwrap_or_default().max(written);
        let is_wrong = 0 < check.as_of && newest <= check.as_of;
        is_wrong.then(|| format!("a check vouches wrongly: {check:?}, last written by {newest}"))
    }
}

/// The key that a mutation writes, unless it is of a range or the commit makes it.
pub fn key_of(mutation: &Mutation) -> Option<&Bytes> {
    match mutation {
        Mutation::Set { key, .. } | Mutation::Delete { key } | Mutation::Add { key, .. } => Some(key),
        Mutation::DeleteRange { .. } | Mutation::Append { .. } => None,
    }
}

fn range_of(mutation: &Mutation) -> Option<(Bytes, Bytes)> {
    match mutation {
        Mutation::DeleteRange { from, to } => Some((from.clone(), to.clone())),
        _ => None,
    }
}

/// The answer of a store in memory, which never waits.
fn now<T>(reply: Reply<'_, T>) -> Result<T, StoreError> {
    match pin!(reply).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(StoreError::Unsupported { operation: "waiting" }),
    }
}
