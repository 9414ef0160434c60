//! Which keys were removed by commits that may not be durable yet. It matters only while the store has failed: then a range that lost a key
//! to such a commit cannot be read, because nobody may be told of the removal; what was set shows its own version.
//!
//! What must hold: a removal is noted before it is visible. Where too many come before a sync, single keys are no longer known, and
//! every range counts as one that lost a key.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use storage::Version;

/// More than one sync covers as a rule.
const KEYS_MAX: usize = 4096;

/// The keys that were removed lately.
#[derive(Debug, Default)]
pub struct Removals {
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    /// In the order of versions.
    keys: VecDeque<(Version, Bytes)>,
    /// The newest removal that is not among the keys: of a range, or one too many.
    others: Version,
}

impl Removals {
    /// A commit is about to remove the key. What is durable is forgotten.
    pub fn note(&self, version: Version, key: &Bytes, durable: Version) {
        let mut noted = self.noted.lock();
        while noted.keys.front().is_some_and(|(version, _)| *version <= durable) {
            noted.keys.pop_front();
        }
        if noted.keys.len() < KEYS_MAX {
            noted.keys.push_back((version, key.clone()));
        } else {
            noted.others = version;
        }
    }

    /// A commit is about to remove a range of keys.
    pub fn note_range(&self, version: Version) {
        self.noted.lock().others = version;
    }

    /// Whether a key of the range may have been removed after this version.
    pub fn touch_since(&self, version: Version, from: &[u8], to: &[u8]) -> bool {
        let noted = self.noted.lock();
        version < noted.others
            || noted.keys.iter().any(|(removed, key)| version < *removed && (from..to).contains(&key.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_durable_is_forgotten_and_too_many_count_for_all() {
        let removals = Removals::default();
        let key = Bytes::from_static;
        removals.note(5, &key(b"b"), 0);
        removals.note(7, &key(b"d"), 5);
        for (since, from, to, touched) in
            [(5, "a", "c", false), (5, "a", "e", true), (6, "d", "e", true), (7, "a", "e", false), (6, "a", "d", false)]
        {
            assert_eq!(removals.touch_since(since, from.as_bytes(), to.as_bytes()), touched, "{since} {from} {to}");
        }
        removals.note_range(9);
        assert!(removals.touch_since(8, b"x", b"y") && !removals.touch_since(9, b"x", b"y"));
        for version in 10..10 + KEYS_MAX as u64 {
            removals.note(version, &key(b"k"), 5);
        }
        assert!(removals.touch_since(10 + KEYS_MAX as u64 - 2, b"x", b"y"));
    }
}
