//! Logs: entries whose keys the commit makes itself, so that they stand in the order of commits.
//!
//! ```text
//! key of an entry = the log's key, version of the commit:u64, ordinal within the commit:u32        big-endian
//! ```
//!
//! A reader that asks how far the log is [settled](crate::Store::settled), scans, takes the entries up to there, remembers the [`Position`] of
//! the last and goes on behind it, misses nothing and sees nothing twice. Entries are read with [`Store::scan`](crate::Store::scan) and
//! removed with [`Mutation::DeleteRange`], like all else.

use bytes::Bytes;

use crate::{Mutation, Version};

/// How much longer than its log's key the key of an entry is.
pub const POSITION_BYTES: usize = 12;

/// The place of an entry in a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The commit that appended it.
    pub version: Version,
    /// How many entries that commit appended before it, to whatever log.
    pub ordinal: u32,
}

impl Position {
    /// The place before all entries of this commit and of the later ones.
    #[must_use]
    pub fn before(version: Version) -> Self {
        Self { version, ordinal: 0 }
    }

    /// The place behind all entries of this commit and of the earlier ones.
    #[must_use]
    pub fn behind(version: Version) -> Self {
        Self::before(version.saturating_add(1))
    }

    /// The next place: nothing lies between the two.
    #[must_use]
    pub fn next(self) -> Self {
        match self.ordinal.checked_add(1) {
            Some(ordinal) => Self { ordinal, ..self },
            None => Self::behind(self.version),
        }
    }

    /// The key of the entry at this place.
    #[must_use]
    pub fn key(self, log: &[u8]) -> Bytes {
        let mut key = Vec::with_capacity(log.len().saturating_add(POSITION_BYTES));
        key.extend_from_slice(log);
        key.extend_from_slice(&self.version.to_be_bytes());
        key.extend_from_slice(&self.ordinal.to_be_bytes());
        key.into()
    }

    /// The place of the entry that has this key, or `None` where it is no key of an entry of the log.
    #[must_use]
    pub fn of_key(log: &[u8], key: &[u8]) -> Option<Self> {
        let (version, ordinal) = key.strip_prefix(log)?.split_first_chunk()?;
        let ordinal = ordinal.try_into().ok()?;
        Some(Self { version: u64::from_be_bytes(*version), ordinal: u32::from_be_bytes(ordinal) })
    }
}

/// Gives the appended entries of a commit their keys, now that its version is known. Every store calls this before it applies the
/// mutations: what is appended is from then on set.
pub fn place(mutations: &mut [Mutation], version: Version) {
    let mut position = Position::before(version);
    for mutation in mutations {
        if let Mutation::Append { log, value } = mutation {
            *mutation = Mutation::Set { key: position.key(log), value: std::mem::take(value) };
            position = position.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_the_order_of_positions() {
        let places = [
            Position::default(),
            Position { version: 1, ordinal: 0 },
            Position { version: 1, ordinal: u32::MAX },
            Position::behind(1),
            Position { version: 256, ordinal: 1 },
            Position { version: u64::MAX, ordinal: u32::MAX },
        ];
        assert!(places.is_sorted());
        assert!(places.map(|place| place.key(b"log")).is_sorted());
        for place in places {
            assert_eq!(Position::of_key(b"log", &place.key(b"log")), Some(place));
        }
        assert_eq!(places[2].next(), places[3]);
        assert_eq!(Position::of_key(b"log", b"log too short"), None);
        assert_eq!(Position::of_key(b"lag", &places[1].key(b"log")), None);
    }
}
