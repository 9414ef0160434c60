//! DynamoDB's operations over a narrow key-value store.
//!
//! ```text
//! typed request -> resolve table -> check what needs the schema -> read -> evaluate -> effects -> commit -> typed answer
//! ```
//!
//! One file per operation in [`ops`]; all of them have the same order. Everything that changes an item goes through `write` (the retry
//! loop) and `effects` (what the write of an item implies). Everything that lists items goes through a plan. The engine keeps nothing in
//! memory that another server over the same store could change unnoticed: what it caches of tables is checked by every commit.

pub mod access;
pub mod capacity;
pub mod catalog;
pub mod check;
pub mod checks;
pub mod context;
pub mod effects;
pub mod entry;
pub mod error;
pub mod expiry;
pub mod item_size;
pub mod jobs;
pub mod key;
pub mod legacy;
pub mod opened;
pub mod ops;
pub mod page;
pub mod partitions;
pub mod plan;
pub mod policies;
pub mod streams;
pub mod tables;
pub mod transaction;
pub mod turns;
pub mod walk;
pub mod write;

use catalog::Catalog;
use runtime::{Clock, Random};
use std::sync::Arc;
use std::time::Duration;
use storage::Store;

pub use context::{Caller, Context};

/// The key under which all that is stored is encrypted at rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MasterKey {
    /// A key of a KMS.
    Kms {
        /// Its ARN.
        arn: String,
    },
    /// A key that the operator keeps elsewhere.
    Local,
}

/// What the operator chose.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// The Region that this server is.
    pub region: String,
    /// How long tables stay CREATING, UPDATING and DELETING, in milliseconds. 0: they are through at the next look.
    pub table_delay_ms: i64,
    /// How long the deletion of expired items pauses when all that were due are deleted.
    pub expiry_pause: Duration,
    /// When partitions are divided.
    pub partitions: partitions::Limits,
    /// The key under which the store is encrypted, if it is.
    pub master_key: Option<MasterKey>,
}

impl Settings {
    /// What is chosen where nobody chooses.
    pub fn of_region(region: String) -> Self {
        let expiry_pause = Duration::from_secs(10);
        Self { region, table_delay_ms: 0, expiry_pause, partitions: partitions::Limits::default(), master_key: None }
    }
}

/// A DynamoDB Region over a store.
pub struct Engine {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The tables that were read.
    pub catalog: Catalog,
    /// The time.
    pub clock: Clock,
    /// Randomness, for ids.
    pub random: Random,
    /// Work that outlives requests.
    pub jobs: jobs::Jobs,
    /// Who is at which item, over a shared store.
    pub turns: turns::Turns,
    /// When tokens of transactions were last removed.
    pub token_windows: transaction::TokenWindows,
    /// What the operator chose.
    pub settings: Settings,
    /// Who knows whom policies name. Where there is none, nobody is known, and documents are taken as they are.
    pub principals: Option<Arc<dyn policies::Principals>>,
    /// An id of this server, by which others know what it does.
    pub id: String,
}

impl Engine {
    /// An engine over an open store.
    pub fn new(store: Arc<dyn Store>, clock: Clock, random: Random, settings: Settings) -> Self {
        let id = random.uuid();
        let turns = turns::Turns::new(&random);
        Self {
            id,
            turns,
            store,
            catalog: Catalog::default(),
            clock,
            random,
            jobs: jobs::Jobs::default(),
            token_windows: transaction::TokenWindows::default(),
            settings,
            principals: None,
        }
    }
}
