//! The one loop by which items change: read, decide, work out the effects, commit; and again if somebody was faster.
//!
//! Everything that a decision rests on is checked by the commit: the version of each item that was read, and of the table's descriptor.
//! So what is committed is as if it had happened alone. One call writes one item or several, of any tables, all in one commit.

use crate::catalog::OpenTable;
use crate::context::Context;
use crate::effects::{self, EntryChange, ItemChange, ItemKey};
use crate::entry;
use crate::error::{corrupted, from_store};
use crate::ops::metrics;
use api::{Error, messages};
use bytes::Bytes;
use layout::ItemRecord;
use model::limits;
use model::table::Status;
use std::sync::Arc;
use storage::{Batch, StoreError, Version, Versioned};

/// How often a write is planned anew after a conflict. On one server a conflict takes another writer of the same item in the
/// microseconds between read and commit, so this is reached only when something is wrong.
const ATTEMPTS_MAX: usize = 1000;

/// What becomes of an item.
pub enum Next {
    /// It stays as it is.
    Keep,
    /// It is replaced, or made.
    Put(ItemRecord),
    /// It is deleted.
    Delete,
}

/// Decides what becomes of an item, given what it is. It is asked again after a conflict.
pub type Decide<'a> = Box<dyn FnMut(&OpenTable, Option<&ItemRecord>) -> Result<Next, Error> + Send + 'a>;

/// An item to be written.
pub struct ItemWrite<'a> {
    /// The item's table.
    pub table: Arc<OpenTable>,
    /// The item's key.
    pub key: ItemKey,
    /// What becomes of it.
    pub decide: Decide<'a>,
}

/// An item that was written, or left as it is.
pub struct Written {
    /// The table as the write was planned against it.
    pub table: Arc<OpenTable>,
    /// The item's key.
    pub key: ItemKey,
    /// The item before.
    pub old: Option<ItemRecord>,
    /// The item after.
    pub new: Option<ItemRecord>,
    /// What happened to each index of the table, in the order of the descriptor; empty where nothing was written.
    pub entries: Vec<EntryChange>,
}

impl Context<'_> {
    /// Writes one item.
    pub async fn write_item(&self, write: ItemWrite<'_>) -> Result<Written, Error> {
        let mut written = self.write_items(vec![write]).await?;
        written.pop().ok_or_else(messages::internal_server_error)
    }

    /// Writes items, each of another key, all in one commit.
    pub async fn write_items(&self, mut writes: Vec<ItemWrite<'_>>) -> Result<Vec<Written>, Error> {
        for _ in 0..ATTEMPTS_MAX {
            let as_of = self.visible();
            let keys: Vec<Bytes> = writes.iter().map(|write| write.key.bytes.clone()).collect();
            let reads = match keys.as_slice() {
                [key] => vec![self.get(key).await?],
                keys => self.get_many(keys).await?,
            };
            let plan = self.plan(&mut writes, reads, as_of).await?;
            if plan.batch.mutations.is_empty() {
                return Ok(plan.written);
            }
            match self.commit(plan.batch).await {
                Ok(version) => {
                    plan.tables.iter().for_each(|table| table.was_current_at(version));
                    return Ok(plan.written);
                }
                Err(StoreError::Conflict { .. }) => self.refresh_tables(&mut writes).await?,
                Err(error) => return Err(from_store(error)),
            }
        }
        tracing::error!("a write met a conflict {ATTEMPTS_MAX} times");
        Err(messages::internal_server_error())
    }

    async fn plan(
        &self,
        writes: &mut [ItemWrite<'_>],
        reads: Vec<Option<Versioned>>,
        as_of: Version,
    ) -> Result<Plan, Error> {
        let mut plan = Plan::new(as_of, writes.len());
        for (write, read) in writes.iter_mut().zip(reads) {
            let version = read.as_ref().map(|read| read.version);
            let old = read.map(|read| decode(&write.key.bytes, &read)).transpose()?;
            let new = match (write.decide)(&write.table, old.as_ref())? {
                Next::Keep => {
                    plan.written.push(Written::unchanged(write, old));
                    continue;
                }
                Next::Put(record) => Some(record),
                Next::Delete => None,
            };
            if old.is_none() && new.is_none() {
                plan.written.push(Written::unchanged(write, old));
                continue;
            }
            plan.check(write, version);
            let missing = self.missing_entries(&write.table, old.as_ref(), &mut plan).await?;
            let table = &write.table.descriptor;
            let change = ItemChange { table, key: &write.key, old: old.as_ref(), new: new.as_ref(), missing: &missing };
            let entries = effects::effects(&change, &mut plan.batch);
            self.check_collection(&change).await?;
            plan.written.push(Written { table: write.table.clone(), key: write.key.clone(), old, new, entries });
        }
        Ok(plan)
    }

    /// Refuses to let an item collection grow further that has reached its limit (developer guide, "Local secondary indexes").
    async fn check_collection(&self, change: &ItemChange<'_>) -> Result<(), Error> {
        let table = change.table;
        let size =
            |record: Option<&ItemRecord>| record.map_or(0, |record| entry::size_with_local_entries(table, record));
        if !table.has_local_index() || size(change.new) <= size(change.old) {
            return Ok(());
        }
        if metrics::collection_size(self, table, change.key).await? >= limits::ITEM_COLLECTION_SIZE_MAX {
            return Err(messages::item_collection_too_large());
        }
        Ok(())
    }

    /// The indexes that are being filled and do not have the old item's entry yet. The batch checks that this stays so.
    async fn missing_entries(
        &self,
        table: &OpenTable,
        old: Option<&ItemRecord>,
        plan: &mut Plan,
    ) -> Result<Vec<u16>, Error> {
        let mut missing = Vec::new();
        let filling = |index: &&model::Index| index.backfilling && index.status != Status::Deleting;
        for index in table.descriptor.indexes.iter().filter(filling) {
            let Some(old) = old else { continue };
            let Some(entry) = entry::of_item(&table.descriptor, index, old) else { continue };
            let found = self.get(&entry.key).await?;
            if found.is_none() {
                missing.push(index.number);
            }
            plan.batch.check_since(entry.key, found.map(|found| found.version), plan.as_of);
        }
        Ok(missing)
    }

    /// Reads the tables of the writes again. A table that is gone, or is another one of the same name, is not the one that was meant.
    async fn refresh_tables(&self, writes: &mut [ItemWrite<'_>]) -> Result<(), Error> {
        for write in writes {
            let old = &write.table.descriptor;
            let table = self.engine.read_table(&old.account, &old.name).await?;
            let same = |table: &Arc<OpenTable>| {
                table.descriptor.number == old.number && self.engine.serves_items(&table.descriptor)
            };
            write.table = table.filter(same).ok_or_else(messages::requested_resource_not_found)?;
        }
        Ok(())
    }
}

/// What one attempt would commit, and what would then have been written.
struct Plan {
    batch: Batch,
    /// Every commit up to this version was visible when the reads began.
    as_of: Version,
    /// The tables whose descriptors the batch checks.
    tables: Vec<Arc<OpenTable>>,
    written: Vec<Written>,
}

impl Plan {
    fn new(as_of: Version, writes: usize) -> Self {
        Self { batch: Batch::new(), as_of, tables: Vec::new(), written: Vec::with_capacity(writes) }
    }

    fn check(&mut self, write: &ItemWrite<'_>, version: Option<Version>) {
        let known = self.tables.iter().any(|table| Arc::ptr_eq(table, &write.table));
        if !known {
            write.table.check(&mut self.batch);
            self.tables.push(write.table.clone());
        }
        self.batch.check_since(write.key.bytes.clone(), version, self.as_of);
    }
}

impl Written {
    fn unchanged(write: &ItemWrite<'_>, old: Option<ItemRecord>) -> Self {
        Self { table: write.table.clone(), key: write.key.clone(), new: old.clone(), old, entries: Vec::new() }
    }
}

/// Reads a stored item.
pub fn decode(key: &[u8], stored: &Versioned) -> Result<ItemRecord, Error> {
    ItemRecord::decode(&stored.value).map_err(|_| corrupted(key))
}
