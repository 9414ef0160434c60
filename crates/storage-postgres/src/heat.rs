//! Which keys are only checked, again and again, at one version: the descriptor of a table, by every write of an item.
//!
//! A check that takes the row's lock makes all those commits wait for each other. After some of them the row gets a mark, from when on its
//! version is relied on without the lock, and changing it takes an exclusive commit. Here the checks are counted, roughly: a wrong count
//! costs time alone.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// How many checks of one version mark its row. A key that is checked now and then and written as often is better off with its lock.
const CHECKS: u64 = 8;

/// A few hundred keys; two that meet count from 0 again.
const SLOTS: usize = 512;

/// The counts.
#[derive(Debug)]
pub struct Heat {
    hasher: RandomState,
    /// A part of the hash of key and version, and below it the count.
    slots: Vec<AtomicU64>,
}

/// How to check a key that is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temperature {
    /// With its lock.
    Cold,
    /// With its lock; and from now on it carries the mark.
    Warm,
    /// By its mark.
    Hot,
}

const COUNT_BITS: u32 = 8;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

impl Heat {
    /// Nothing is hot.
    pub fn new() -> Self {
        Self { hasher: RandomState::new(), slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Counts a check.
    pub fn touch(&self, key: &[u8], version: i64) -> Temperature {
        let (slot, tag) = self.slot(key, version);
        let held = slot.load(Ordering::Relaxed);
        let count = if held & !COUNT_MASK == tag { held & COUNT_MASK } else { 0 };
        if count < CHECKS {
            slot.store(tag | (count + 1), Ordering::Relaxed);
        }
        match count + 1 {
            ..CHECKS => Temperature::Cold,
            CHECKS => Temperature::Warm,
            _ => Temperature::Hot,
        }
    }

    /// The key carries no mark.
    pub fn cool(&self, key: &[u8], version: i64) {
        let (slot, _) = self.slot(key, version);
        slot.store(0, Ordering::Relaxed);
    }

    fn slot(&self, key: &[u8], version: i64) -> (&AtomicU64, u64) {
        let hash = self.hasher.hash_one((key, version));
        let index = usize::try_from(hash & COUNT_MASK).unwrap_or(0) * 2 + usize::from(hash & (1 << COUNT_BITS) != 0);
        (&self.slots[index % SLOTS], hash & !COUNT_MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_checks_of_one_version_make_a_key_hot() {
        let heat = Heat::new();
        for _ in 1..CHECKS {
            assert_eq!(heat.touch(b"key", 1), Temperature::Cold);
        }
        assert_eq!(heat.touch(b"key", 1), Temperature::Warm);
        assert_eq!(heat.touch(b"key", 1), Temperature::Hot);
        assert_eq!(heat.touch(b"key", 2), Temperature::Cold, "another version");
        heat.cool(b"key", 1);
        assert_eq!(heat.touch(b"key", 1), Temperature::Cold);
    }
}
