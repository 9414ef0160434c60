//! Which keys were written lately, roughly: a fixed table that holds, for every hash of a key, the newest commit that wrote
//! a key of that hash.
//!
//! A commit looks here before it reads a key that it must check. The table errs on one side alone: it may take a key for
//! written because another of the same hash was, and then the key is read; it never misses a write.

use storage::{Mutation, Version};
use xxhash_rust::xxh3::xxh3_64;

/// Half a megabyte of versions: of the writes that come between a read and its commit, one in 65,536 shares the slot.
const SLOTS: usize = 65_536;

/// When keys were last written.
#[derive(Debug)]
pub struct Recent {
    /// The newest commit that wrote a key of the hash that is the slot's index.
    slots: Vec<Version>,
    /// The newest commit that may have written any key: that which the store was opened with, or a removal of a range.
    anywhere: Version,
}

impl Recent {
    /// Nothing is known but that all commits up to this version are in the past.
    pub fn new(newest: Version) -> Self {
        Self { slots: vec![0; SLOTS], anywhere: newest }
    }

    /// Notes what a commit wrote.
    pub fn note(&mut self, version: Version, mutations: &[Mutation]) {
        for mutation in mutations {
            match mutation {
                Mutation::Set { key, .. } | Mutation::Delete { key } | Mutation::Add { key, .. } => {
                    self.slots[slot(key)] = version;
                }
                Mutation::DeleteRange { .. } => self.anywhere = version,
            }
        }
    }

    /// Whether certainly no commit after this version wrote the key.
    pub fn is_untouched_since(&self, version: Version, key: &[u8]) -> bool {
        self.anywhere <= version && self.slots[slot(key)] <= version
    }
}

fn slot(key: &[u8]) -> usize {
    // The low bits of the hash are as good as any.
    xxh3_64(key) as usize % SLOTS
}
