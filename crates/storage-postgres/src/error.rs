//! The database's errors in the store's terms: what may be tried again, what is lost, what is refused.

use std::error::Error;
use std::fmt;

use storage::StoreError;
use tokio_postgres::error::SqlState;

/// Why a store could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The settings are wrong; says which and why.
    Settings(String),
    /// A newer release wrote this store and changed its tables.
    NewerFormat {
        /// The format that the database holds.
        found: i64,
        /// The newest that this release knows.
        known: i64,
    },
    /// The database could not be reached or refused.
    Store(StoreError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(what) => formatter.write_str(what),
            Self::NewerFormat { found, known } => {
                write!(formatter, "the database has format {found}, this release knows formats up to {known}")
            }
            Self::Store(error) => error.fmt(formatter),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Settings(_) | Self::NewerFormat { .. } => None,
        }
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why something that was sent did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// The client or the database says so.
    Told(tokio_postgres::Error),
    /// Nobody says anything.
    NoAnswer,
}

impl Failure {
    /// What the database calls it, `None` when it said nothing.
    pub fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Told(error) => error.code(),
            Self::NoAnswer => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told(error) => error.fmt(formatter),
            Self::NoAnswer => formatter.write_str("the database does not answer"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Told(error) => error.source(),
            Self::NoAnswer => None,
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Told(error)
    }
}

/// What a failure says about the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A guard of ours failed; the transaction is undone.
    Refused,
    /// The transaction is undone and may succeed when it is tried again.
    Again,
    /// The connection is of no use any more, and what the statement did is unknown.
    Lost,
    /// The database refused for a reason that stays.
    Failed,
}

/// Guards divide by zero where they do not hold: every database knows that error, and no other part of our statements divides.
const GUARD: SqlState = SqlState::DIVISION_BY_ZERO;

/// What the error means.
pub fn classify(failure: &Failure) -> Class {
    let Some(state) = failure.code() else {
        // Without a state it does not come from the database: nearly always the connection broke.
        return Class::Lost;
    };
    let again = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        SqlState::TOO_MANY_CONNECTIONS,
    ];
    if *state == GUARD {
        Class::Refused
    } else if again.contains(state) {
        Class::Again
    } else if is_lost(state) {
        Class::Lost
    } else {
        Class::Failed
    }
}

/// Whether a session that reports this state does not go on, or is with a server that takes no writes any more.
fn is_lost(state: &SqlState) -> bool {
    let code = state.code();
    // Connection exceptions; shutdowns and the server's crash; a standby; a transaction whose end is unknown; a session that ran out of
    // time inside a transaction.
    code.starts_with("08") || ["57P01", "57P02", "57P03", "57P05", "25006", "25P03", "40003"].contains(&code)
}

/// The error for the caller.
pub fn translate(doing: &'static str, error: Failure) -> StoreError {
    let damaged = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED];
    if error.code().is_some_and(|state| damaged.contains(state)) {
        return StoreError::Corrupted { what: format!("{doing} failed"), source: Some(std::sync::Arc::new(error)) };
    }
    StoreError::io(doing, error)
}

/// A failure that has no error of the client below it.
#[derive(Clone, Copy, Debug)]
pub struct Reason(pub &'static str);

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for Reason {}

/// An I/O error with a reason of our own.
pub fn reason(doing: &'static str, reason: &'static str) -> StoreError {
    StoreError::io(doing, Reason(reason))
}
