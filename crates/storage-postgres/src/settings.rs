//! How a store is opened: where the database is and how much of it is used.

use std::path::PathBuf;
use std::time::Duration;

use runtime::Clock;

/// How a store over PostgreSQL is opened.
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// Where the database is, as a URL or as `name=value` pairs. Several hosts may be named: the one that takes writes is used.
    ///
    /// `sslmode=disable` never encrypts. `prefer`, the default, encrypts where the server can, without asking who it is, so it keeps out
    /// those who listen and not those who interfere. `require` encrypts and verifies the server's certificate and name.
    pub url: String,
    /// The database schema that holds the store's tables; made when missing. Letters, digits and `_`, not beginning with a digit. Stores
    /// of different schemas have nothing in common.
    pub schema: String,
    /// A file of certificates in PEM that are trusted instead of the machine's.
    pub root_certificates: Option<PathBuf>,
    /// How many connections serve reads, each of them many at once. At least 1.
    pub readers: usize,
    /// How many connections serve commits, each of them one at a time. At least 1.
    pub writers: usize,
    /// For how long a call goes on trying when the database does not answer or other commits are in its way.
    pub patience: Duration,
    /// A lane that made no commit for so long may be given to another server; see the crate's text. More than a commit ever takes.
    pub lane_lease: Duration,
    /// Where time comes from.
    pub clock: Clock,
}

impl PostgresSettings {
    /// The settings for this database: schema `stator`, 4 connections for reads, 16 for commits, 5 seconds of patience, leases of 10
    /// minutes, the system's clock.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: "stator".to_owned(),
            root_certificates: None,
            readers: 4,
            writers: 16,
            patience: Duration::from_secs(5),
            lane_lease: Duration::from_secs(600),
            clock: Clock::system(),
        }
    }
}
