//! RocksDB's errors in the store's terms.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rocksdb::ErrorKind;
use storage::StoreError;
use storage::error::Source;

use crate::record;

/// What a failure of RocksDB means to the caller: damage or I/O.
pub fn translate(doing: &'static str, error: rocksdb::Error) -> StoreError {
    match error.kind() {
        ErrorKind::Corruption => {
            StoreError::Corrupted { what: format!("{doing} failed"), source: Some(Arc::new(error)) }
        }
        // RocksDB reports nothing else that a caller of these calls could act on.
        _ => StoreError::io(doing, error),
    }
}

/// The same for the read of a key, which is named where there is damage.
pub fn of_key(key: &[u8], error: rocksdb::Error) -> StoreError {
    named("reading the key", key, error)
}

/// The same for the read of a range, of which the lower bound is named where there is damage.
pub fn of_range(from: &[u8], error: rocksdb::Error) -> StoreError {
    named("reading the range from the key", from, error)
}

fn named(doing: &'static str, key: &[u8], error: rocksdb::Error) -> StoreError {
    match translate(doing, error) {
        StoreError::Corrupted { source, .. } => {
            StoreError::Corrupted { what: format!("{doing} {} failed", record::shown(key)), source }
        }
        other => other,
    }
}

/// Why the store takes no writes for now: an earlier one failed.
#[derive(Clone, Debug)]
pub struct WritesStopped {
    /// What failed.
    pub doing: &'static str,
    /// The failure.
    pub source: Source,
}

impl fmt::Display for WritesStopped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { doing, source } = self;
        write!(formatter, "the store takes no writes until its disk does again, because {doing} failed: {source}")
    }
}

impl Error for WritesStopped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
