//! What one commit carries: checks on what was read, and mutations.
//!
//! All checks are evaluated against the state before the batch. Mutations are applied in their order, so a later one
//! sees an earlier one of the same batch: `Set, Delete` leaves the key absent, `DeleteRange, Set` leaves it set,
//! `Set, Set` leaves the second value, `DeleteRange, Add` counts from 0, and two `Add`s of one key add up.

use bytes::Bytes;

use crate::{Limit, StoreError, Version, log};

/// The longest key. An index entry of four plus four key attributes and its table's key, all at their limits and all
/// bytes escaped, stays below half of this.
pub const KEY_BYTES_MAX: usize = 65_535;

/// The most that the keys and values of one batch may hold together. A transaction of 4 MB with every index projecting
/// all attributes, its old and new images logged, stays below.
pub const BATCH_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A condition of a commit: the key is still as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The key that was read.
    pub key: Bytes,
    /// The version that was read, or `None` when the key was absent.
    pub expected: Option<Version>,
    /// Whoever found the key as expected had seen every commit up to this version; 0 says nothing. What
    /// [`Store::visible`] answered before the key was read is such a version. A store may take the check for granted
    /// where nothing was committed to the key since.
    ///
    /// [`Store::visible`]: crate::Store::visible
    pub as_of: Version,
}

/// One change of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// Writes the key, whether it exists or not.
    Set {
        /// The key to write.
        key: Bytes,
        /// Its new value.
        value: Bytes,
    },
    /// Removes the key; a missing key is fine.
    Delete {
        /// The key to remove.
        key: Bytes,
    },
    /// Removes every key of a range; an empty or reversed range removes nothing.
    DeleteRange {
        /// The first key of the range.
        from: Bytes,
        /// The first key after the range.
        to: Bytes,
    },
    /// Adds to a counter; a missing one is 0, one that reaches 0 stays. Two commits that add to one counter never
    /// conflict: `Add` is the way to count something that every request touches. See [`crate::counter`].
    Add {
        /// The counter's key.
        key: Bytes,
        /// What is added, negative to subtract.
        delta: i64,
    },
    /// Appends to a log: sets a new key behind all that earlier commits appended to it. See [`crate::log`].
    Append {
        /// What the keys of all entries of the log begin with.
        log: Bytes,
        /// The entry.
        value: Bytes,
    },
}

/// Checks and mutations that are committed together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Must all hold before the batch, else nothing is applied.
    pub checks: Vec<Check>,
    /// Applied in this order.
    pub mutations: Vec<Mutation>,
}

impl Batch {
    /// A batch without checks and mutations.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check that the key is still at this version, or with `None` still absent.
    pub fn check(&mut self, key: impl Into<Bytes>, expected: Option<Version>) -> &mut Self {
        self.check_since(key, expected, 0)
    }

    /// Adds a check of a key that was read when every commit up to `as_of` was visible; see [`Check::as_of`].
    pub fn check_since(&mut self, key: impl Into<Bytes>, expected: Option<Version>, as_of: Version) -> &mut Self {
        self.checks.push(Check { key: key.into(), expected, as_of });
        self
    }

    /// Adds a [`Mutation::Set`].
    pub fn set(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> &mut Self {
        self.mutations.push(Mutation::Set { key: key.into(), value: value.into() });
        self
    }

    /// Adds a [`Mutation::Delete`].
    pub fn delete(&mut self, key: impl Into<Bytes>) -> &mut Self {
        self.mutations.push(Mutation::Delete { key: key.into() });
        self
    }

    /// Adds a [`Mutation::DeleteRange`] from the first key up to, and without, the second.
    pub fn delete_range(&mut self, from: impl Into<Bytes>, to: impl Into<Bytes>) -> &mut Self {
        self.mutations.push(Mutation::DeleteRange { from: from.into(), to: to.into() });
        self
    }

    /// Adds a [`Mutation::Add`].
    pub fn add(&mut self, key: impl Into<Bytes>, delta: i64) -> &mut Self {
        self.mutations.push(Mutation::Add { key: key.into(), delta });
        self
    }

    /// Adds a [`Mutation::Append`].
    pub fn append(&mut self, log: impl Into<Bytes>, value: impl Into<Bytes>) -> &mut Self {
        self.mutations.push(Mutation::Append { log: log.into(), value: value.into() });
        self
    }

    /// Refuses a batch that no store accepts. Every store calls this before anything else.
    ///
    /// # Errors
    /// [`StoreError::Limit`].
    pub fn validate(&self) -> Result<(), StoreError> {
        for check in &self.checks {
            validate_key(&check.key)?;
        }
        let mut bytes = 0_usize;
        for mutation in &self.mutations {
            bytes = bytes.saturating_add(mutation.validate()?);
        }
        if BATCH_BYTES_MAX < bytes {
            return Err(StoreError::Limit(Limit::BatchTooLarge { bytes }));
        }
        Ok(())
    }
}

impl Mutation {
    /// Refuses keys that are not the caller's; returns the bytes that count towards [`BATCH_BYTES_MAX`].
    fn validate(&self) -> Result<usize, StoreError> {
        match self {
            Self::Set { key, value } => {
                validate_key(key)?;
                Ok(key.len().saturating_add(value.len()))
            }
            Self::Append { log, value } => {
                let key_bytes = log.len().saturating_add(log::POSITION_BYTES);
                if is_reserved(log) {
                    return Err(StoreError::Limit(Limit::ReservedKey));
                }
                validate_key_length(key_bytes)?;
                Ok(key_bytes.saturating_add(value.len()))
            }
            Self::Delete { key } | Self::Add { key, .. } => {
                validate_key(key)?;
                Ok(key.len())
            }
            // The bounds of a range are places between keys, not keys: the start of the key space is a fair bound.
            Self::DeleteRange { from, to } => {
                validate_key_length(from.len())?;
                validate_key_length(to.len())?;
                Ok(from.len().saturating_add(to.len()))
            }
        }
    }
}

/// Whether the key belongs to the store itself: no caller sees or writes it.
#[must_use]
pub fn is_reserved(key: &[u8]) -> bool {
    matches!(key.first(), None | Some(0))
}

/// The first key that is not reserved; the lowest bound of every range that a caller can see.
pub const FIRST_KEY: &[u8] = &[1];

fn validate_key(key: &[u8]) -> Result<(), StoreError> {
    if is_reserved(key) {
        return Err(StoreError::Limit(Limit::ReservedKey));
    }
    validate_key_length(key.len())
}

fn validate_key_length(bytes: usize) -> Result<(), StoreError> {
    if KEY_BYTES_MAX < bytes {
        return Err(StoreError::Limit(Limit::KeyTooLong { bytes }));
    }
    Ok(())
}
