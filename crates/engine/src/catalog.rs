//! The tables that there are.
//!
//! A descriptor is a stored value like any other. The catalog keeps what was read of it, together with the version that was read; every
//! write carries a check of that version. So a write that was planned against an old definition conflicts, the catalog reads the
//! descriptor again, and the write is planned anew. Nothing depends on the catalog being fresh.

use crate::Engine;
use crate::error::{corrupted, from_store};
use crate::partitions::heat::Heat;
use crate::policies::compiled::Kept;
use api::Error;
use arc_swap::ArcSwap;
use bytes::Bytes;
use layout::{keys, record};
use model::Table;
use model::arn::TableReference;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::{Batch, Version};

/// A table as it was last read.
#[derive(Debug)]
pub struct OpenTable {
    /// What is known of the table.
    pub descriptor: Table,
    /// The key under which the descriptor is stored.
    pub key: Bytes,
    /// The version of the descriptor that was read.
    pub version: Version,
    /// A version as of which this was the descriptor: raised by every commit that checked it.
    current_as_of: AtomicU64,
    /// The table's policy, once somebody needed it.
    pub policy: Kept,
    /// The policy of the table's newest stream, once somebody needed it.
    pub stream_policy: Kept,
    /// What is asked of the table's items. It goes over to the table as it is read next.
    pub heat: Arc<Heat>,
}

impl OpenTable {
    /// A table as a store returned it.
    pub fn decode(key: Bytes, version: Version, value: &[u8]) -> Result<Self, Error> {
        let descriptor = record::decode(value).map_err(|_| corrupted(&key))?;
        Ok(Self::new(key, version, descriptor))
    }

    /// A table whose descriptor has this version.
    pub fn new(key: Bytes, version: Version, descriptor: Table) -> Self {
        Self {
            descriptor,
            key,
            version,
            current_as_of: AtomicU64::new(version),
            policy: Kept::new(),
            stream_policy: Kept::new(),
            heat: Arc::default(),
        }
    }

    /// Counts what a read of an item, or of a range that begins with this key, has used.
    pub fn was_read(&self, key: &[u8], units: f64) {
        self.heat.read(keys::hash_of_item(key), units);
    }

    /// Adds the check that the descriptor is still this one.
    pub fn check(&self, batch: &mut Batch) {
        batch.check_since(self.key.clone(), Some(self.version), self.current_as_of.load(Ordering::Relaxed));
    }

    /// Notes a commit that checked the descriptor and did not write it: the next check need not look behind it.
    pub fn was_current_at(&self, version: Version) {
        self.current_as_of.fetch_max(version, Ordering::Relaxed);
    }
}

/// The tables of one account by name.
type Tables = HashMap<String, Arc<OpenTable>>;

/// The tables that were read, by account.
#[derive(Default)]
pub struct Catalog {
    /// Replaced as a whole on every change: requests read it without a lock.
    tables: ArcSwap<HashMap<String, Tables>>,
}

impl Catalog {
    fn cached(&self, account: &str, name: &str) -> Option<Arc<OpenTable>> {
        self.tables.load().get(account)?.get(name).cloned()
    }

    /// All tables that are known, in the order of their numbers: what is done for each is done in the same order every time.
    pub fn open_tables(&self) -> Vec<Arc<OpenTable>> {
        let mut tables: Vec<_> = self.tables.load().values().flat_map(HashMap::values).cloned().collect();
        tables.sort_unstable_by_key(|table| table.descriptor.number);
        tables
    }

    fn change(&self, account: &str, change: impl Fn(&mut Tables)) {
        self.tables.rcu(|tables| {
            let mut tables = HashMap::clone(tables);
            change(tables.entry(account.to_owned()).or_default());
            tables
        });
    }

    fn remember(&self, table: &Arc<OpenTable>) {
        let descriptor = &table.descriptor;
        self.change(&descriptor.account, |tables| {
            let known = tables.get(&descriptor.name);
            // Of two concurrent reads the newer one stays.
            if known.is_none_or(|known| known.version < table.version) {
                tables.insert(descriptor.name.clone(), table.clone());
            }
        });
    }

    /// Forgets what is known of a table: whoever needs it reads it.
    pub(crate) fn forget(&self, account: &str, name: &str) {
        self.change(account, |tables| {
            tables.remove(name);
        });
    }
}

impl Engine {
    /// The table of a name or ARN, or `None` where there is no such table in this Region. An ARN may name any account: who may ask for
    /// whose tables was decided before.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn find_table(&self, account: &str, reference: &str) -> Result<Option<Arc<OpenTable>>, Error> {
        let (account, name) = match TableReference::parse(reference) {
            TableReference::Name(name) => (account, name),
            TableReference::Arn { region, account: owner, name } => {
                if region != self.settings.region {
                    return Ok(None);
                }
                (owner, name)
            }
        };
        match self.catalog.cached(account, name) {
            Some(table) => Ok(Some(table)),
            None => self.read_table(account, name).await,
        }
    }

    /// Reads a table's descriptor again, after a conflict or a change. Where that fails what is known of the table is forgotten: it may be
    /// old, and reads would not notice.
    pub async fn read_table(&self, account: &str, name: &str) -> Result<Option<Arc<OpenTable>>, Error> {
        let read = self.read_stored_table(account, name).await;
        if read.is_err() {
            self.catalog.forget(account, name);
        }
        read
    }

    async fn read_stored_table(&self, account: &str, name: &str) -> Result<Option<Arc<OpenTable>>, Error> {
        let key = keys::table(account, name);
        let mut stored = self.store.get_one(&key).await.map_err(from_store)?;
        loop {
            let Some(read) = stored else {
                self.catalog.forget(account, name);
                return Ok(None);
            };
            let mut table = OpenTable::decode(key.clone(), read.version, &read.value)?;
            if let Some(known) = self.catalog.cached(account, name)
                && known.descriptor.number == table.descriptor.number
            {
                table.heat = known.heat.clone();
            }
            let table = Arc::new(table);
            self.catalog.remember(&table);
            // A deletion between the read and this would have forgotten the table before it was remembered: look again.
            stored = self.store.get_one(&key).await.map_err(from_store)?;
            if stored.as_ref().is_some_and(|now| now.version == table.version) {
                return Ok(Some(table));
            }
        }
    }
}
