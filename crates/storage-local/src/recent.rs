//! Which keys were written lately, roughly: a fixed table that holds, for every hash of a key, the newest commit that wrote
//! a key of that hash. Beside keys it holds their neighbourhoods, in the same way (pages.rs).
//!
//! A commit looks here before it reads a key that it must check, and a reader before it leaves what it has read in the cache. The
//! table errs on one side alone: it may take a key for written because another of the same hash was; it never misses a write.
//! Commits write it one at a time, before what they write is visible; readers look at it at any time.

use std::sync::atomic::{AtomicU64, Ordering};

use storage::Version;
use xxhash_rust::xxh3::xxh3_64;

/// Half a megabyte of versions: of the writes that come between a read and its commit, one in 32,768 shares the slot,
/// for a write notes its key and its neighbourhood.
const SLOTS: usize = 65_536;

/// When keys were last written.
#[derive(Debug)]
pub struct Recent {
    /// The newest commit that wrote a key of the hash that is the slot's index.
    slots: Box<[AtomicU64]>,
    /// The newest commit that may have written any key: that which the store was opened with, or a removal of a range.
    anywhere: AtomicU64,
}

impl Recent {
    /// Nothing is known but that all commits up to this version are in the past.
    pub fn new(newest: Version) -> Self {
        Self { slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(), anywhere: AtomicU64::new(newest) }
    }

    /// Notes that a commit writes a key of this hash.
    pub fn note(&self, version: Version, hash: u64) {
        self.slot(hash).store(version, Ordering::Release);
    }

    /// Notes that a commit removes a range of keys.
    pub fn note_range(&self, version: Version) {
        self.anywhere.store(version, Ordering::Release);
    }

    /// Whether certainly no commit after this version has written a key of this hash.
    pub fn is_untouched_since(&self, version: Version, hash: u64) -> bool {
        self.anywhere.load(Ordering::Acquire) <= version && self.slot(hash).load(Ordering::Acquire) <= version
    }

    fn slot(&self, hash: u64) -> &AtomicU64 {
        // The low bits of the hash are as good as any.
        &self.slots[hash as usize % SLOTS]
    }
}

/// The hash of a key, here and in the cache of values.
pub fn hash(key: &[u8]) -> u64 {
    xxh3_64(key)
}
