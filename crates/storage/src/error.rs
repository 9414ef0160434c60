//! What a store reports, grouped by what the caller must do about it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The cause below a [`StoreError`]; shared, because one failed sync fails every commit that waited for it.
pub type Source = Arc<dyn Error + Send + Sync>;

/// Why a store refused or failed. Each variant says what the caller must do.
#[derive(Clone, Debug)]
pub enum StoreError {
    /// A check did not hold and nothing was applied: read again, evaluate again, commit again.
    Conflict {
        /// The index in `Batch::checks` of the first check that failed.
        check: usize,
    },
    /// Stored bytes are damaged: fail the request, tell the operator, do not treat the data as absent.
    Corrupted {
        /// What was found where.
        what: String,
        /// The cause, when something below reported one.
        source: Option<Source>,
    },
    /// Reading or writing failed below: fail the request. Whether a failed commit was applied is unknown.
    Io {
        /// What the store was doing.
        doing: &'static str,
        /// The failure.
        source: Source,
    },
    /// The batch or key can never be accepted: nothing was applied, do not retry.
    Limit(Limit),
    /// This kind of store cannot do that, whatever the arguments.
    Unsupported {
        /// What was asked for.
        operation: &'static str,
    },
    /// The store was closed: the process is shutting down.
    Closed,
}

/// The limit that a batch would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A key is empty or begins with the byte 0, or in other words belongs to the store itself.
    ReservedKey,
    /// A key is longer than [`crate::batch::KEY_BYTES_MAX`].
    KeyTooLong {
        /// Length of the key.
        bytes: usize,
    },
    /// The keys and values of a batch together exceed [`crate::batch::BATCH_BYTES_MAX`].
    BatchTooLarge {
        /// Size of the batch.
        bytes: usize,
    },
    /// An `Add` would leave the range of a signed 64-bit number.
    CounterOverflow,
}

impl StoreError {
    /// An I/O failure with its cause.
    pub fn io(doing: &'static str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Io { doing, source: Arc::new(source) }
    }

    /// Damage that the store found itself.
    pub fn corrupted(what: impl Into<String>) -> Self {
        Self::Corrupted { what: what.into(), source: None }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { check } => {
                write!(formatter, "check {check} of the batch does not hold")
            }
            Self::Corrupted { what, source: None } => {
                write!(formatter, "stored data is damaged: {what}")
            }
            Self::Corrupted { what, source: Some(source) } => {
                write!(formatter, "stored data is damaged: {what}: {source}")
            }
            Self::Io { doing, source } => write!(formatter, "{doing} failed: {source}"),
            Self::Limit(limit) => limit.fmt(formatter),
            Self::Unsupported { operation } => {
                write!(formatter, "this kind of store has no {operation}")
            }
            Self::Closed => formatter.write_str("the store is closed"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Corrupted { source: Some(source), .. } | Self::Io { source, .. } => Some(source.as_ref()),
            Self::Corrupted { source: None, .. }
            | Self::Conflict { .. }
            | Self::Limit(_)
            | Self::Unsupported { .. }
            | Self::Closed => None,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedKey => formatter.write_str("the key belongs to the store itself"),
            Self::KeyTooLong { bytes } => {
                write!(formatter, "a key of {bytes} bytes exceeds {}", crate::batch::KEY_BYTES_MAX)
            }
            Self::BatchTooLarge { bytes } => {
                write!(formatter, "a batch of {bytes} bytes exceeds {}", crate::batch::BATCH_BYTES_MAX)
            }
            Self::CounterOverflow => formatter.write_str("a counter would leave the range of a signed 64-bit number"),
        }
    }
}
