//! The one loop by which items change: read, decide, work out the effects, commit; and again if somebody was faster.
//!
//! Everything that a decision rests on is checked by the commit: the version of each item that was read, and of the table's descriptor.
//! So what is committed is as if it had happened alone. One call writes one item or several, of any tables, all in one commit.

use crate::Engine;
use crate::capacity::write_units;
use crate::catalog::OpenTable;
use crate::context::Context;
use crate::effects::{self, EntryChange, ItemChange, ItemKey, Occasion};
use crate::entry;
use crate::error::{corrupted, from_store};
use crate::ops::metrics;
use api::{Error, messages};
use bytes::Bytes;
use layout::{Cause, ItemRecord, keys};
use model::limits;
use model::table::Status;
use runtime::Moment;
use std::sync::Arc;
use std::time::Duration;
use storage::{Batch, StoreError, Version, Versioned};

/// How long a write is planned anew after conflicts before the client is told of them. On one server a conflict takes another writer of
/// the same item in the microseconds between read and commit, so this is reached only when something keeps the item busy.
const PATIENCE: Duration = Duration::from_millis(500);

/// What becomes of an item.
pub enum Next {
    /// It stays as it is.
    Keep,
    /// It stays as it is; where other actions cancel the transaction, this is told of it.
    KeepUnlessCancelled(Error),
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

    /// Writes items, each of another key, all in one commit. The first refusal refuses them all.
    pub async fn write_items(&self, writes: Vec<ItemWrite<'_>>) -> Result<Vec<Written>, Error> {
        self.write_items_because(Cause::Request, writes).await
    }

    /// The same, by whoever is to be named in the change log.
    pub async fn write_items_because(
        &self,
        cause: Cause,
        mut writes: Vec<ItemWrite<'_>>,
    ) -> Result<Vec<Written>, Error> {
        let mut conflicts = Conflicts::default();
        let keys: Vec<Bytes> = writes.iter().map(|write| write.key.bytes.clone()).collect();
        let _turns = self.turns_at(&keys).await?;
        loop {
            let mut plan = Plan::new(self.visible(), writes.len(), Kept::Unchecked);
            plan.cause = cause;
            let reads = self.get_unverified(&keys).await?;
            for (write, read) in writes.iter_mut().zip(reads) {
                self.plan_write(&mut plan, write, read).await?;
            }
            match self.commit_plan(plan).await? {
                Attempt::Committed(written) => return Ok(written),
                Attempt::Conflict { .. } if conflicts.may_go_on(self.engine) => (),
                Attempt::Conflict { .. } => return Err(messages::transaction_conflict()),
            }
            self.refresh_tables(writes.iter_mut()).await?;
        }
    }

    /// Asks what becomes of one item and adds what that implies. Returns what is told of it where others cancel the transaction.
    pub(crate) async fn plan_write(
        &self,
        plan: &mut Plan,
        write: &mut ItemWrite<'_>,
        read: Option<Versioned>,
    ) -> Result<Option<Error>, Error> {
        let version = read.as_ref().map(|read| read.version);
        let old = read.map(|read| decode(&write.key.bytes, &read)).transpose()?;
        let next = (write.decide)(&write.table, old.as_ref())?;
        let new = match next {
            Next::Put(record) => Some(record),
            Next::Delete if old.is_some() => None,
            Next::Delete | Next::Keep | Next::KeepUnlessCancelled(_) => {
                if plan.kept == Kept::Checked {
                    plan.check(write, version);
                }
                plan.written.push(Written::unchanged(write, old));
                return Ok(if let Next::KeepUnlessCancelled(told) = next { Some(told) } else { None });
            }
        };
        plan.check(write, version);
        let missing = self.missing_entries(&write.table, old.as_ref(), plan).await?;
        let table = &write.table.descriptor;
        // Only a change log asks for the time.
        let at_ms = table.enabled_stream().map_or(0, |_| self.engine.clock.now().as_millis());
        let change = ItemChange {
            table,
            key: &write.key,
            old: old.as_ref(),
            new: new.as_ref(),
            missing: &missing,
            occasion: Occasion { cause: plan.cause, at_ms },
        };
        let entries = effects::effects(&change, &mut plan.batch);
        self.check_collection(&change).await?;
        plan.put_size += new.as_ref().map_or(0, |new| new.size);
        plan.written.push(Written { table: write.table.clone(), key: write.key.clone(), old, new, entries });
        Ok(None)
    }

    /// Commits what was planned; nothing to commit is fine.
    pub(crate) async fn commit_plan(&self, plan: Plan) -> Result<Attempt, Error> {
        if plan.batch.mutations.is_empty() {
            return Ok(Attempt::Committed(plan.written));
        }
        match self.commit(plan.batch).await {
            Ok(version) => {
                plan.tables.iter().for_each(|table| table.was_current_at(version));
                if plan.cause == Cause::Request {
                    plan.written.iter().for_each(Written::warm);
                }
                Ok(Attempt::Committed(plan.written))
            }
            Err(StoreError::Conflict { check }) => Ok(Attempt::Conflict { check }),
            Err(error) => Err(from_store(error)),
        }
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
    pub(crate) async fn refresh_tables<'w, 'a: 'w>(
        &self,
        writes: impl Iterator<Item = &'w mut ItemWrite<'a>>,
    ) -> Result<(), Error> {
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

/// Whether a commit checks the items that its writes leave as they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kept {
    /// Each write stands for itself: what the client is told of such an item was true when it was read.
    Unchecked,
    /// What is written rests on what was kept.
    Checked,
}

/// What one attempt would commit, and what would then have been written.
pub(crate) struct Plan {
    pub(crate) batch: Batch,
    /// Every commit up to this version was visible when the reads began.
    pub(crate) as_of: Version,
    /// What becomes of checks of items that stay as they are.
    kept: Kept,
    /// Who writes.
    cause: Cause,
    /// The size of all items that are put, together.
    pub(crate) put_size: usize,
    /// The tables whose descriptors the batch checks.
    tables: Vec<Arc<OpenTable>>,
    written: Vec<Written>,
}

impl Plan {
    pub(crate) fn new(as_of: Version, writes: usize, kept: Kept) -> Self {
        let written = Vec::with_capacity(writes);
        Self { batch: Batch::new(), as_of, kept, cause: Cause::Request, put_size: 0, tables: Vec::new(), written }
    }

    /// What would have been written, in the order of the writes.
    pub(crate) fn written(&self) -> &[Written] {
        &self.written
    }

    /// Checks that the item and the definition of its table are still what they were when they were read.
    fn check(&mut self, write: &ItemWrite<'_>, version: Option<Version>) {
        let known = self.tables.iter().any(|table| Arc::ptr_eq(table, &write.table));
        if !known {
            write.table.check(&mut self.batch);
            self.tables.push(write.table.clone());
        }
        self.batch.check_since(write.key.bytes.clone(), version, self.as_of);
    }
}

/// What became of an attempt to commit.
pub(crate) enum Attempt {
    /// It is committed.
    Committed(Vec<Written>),
    /// Somebody was faster: a check of the batch does not hold.
    Conflict {
        /// The index of the check.
        check: usize,
    },
}

/// The conflicts that a write has met.
#[derive(Default)]
pub(crate) struct Conflicts {
    /// When it met the first.
    since: Option<Moment>,
}

impl Conflicts {
    /// Notes a conflict. Whether the write should be tried again.
    pub(crate) fn may_go_on(&mut self, engine: &Engine) -> bool {
        let now = engine.clock.moment();
        now.since(*self.since.get_or_insert(now)) < PATIENCE
    }
}

impl Written {
    /// The size of the larger of the item before and the item after; writes are charged by it.
    pub fn larger_size(&self) -> usize {
        let size = |record: &Option<ItemRecord>| record.as_ref().map(|record| record.size);
        size(&self.old).max(size(&self.new)).unwrap_or_default()
    }

    /// Counts what the write has used of its partition.
    fn warm(&self) {
        self.table.heat.write(keys::hash_of_item(&self.key.bytes), write_units(self.larger_size()));
    }

    fn unchanged(write: &ItemWrite<'_>, old: Option<ItemRecord>) -> Self {
        Self { table: write.table.clone(), key: write.key.clone(), new: old.clone(), old, entries: Vec::new() }
    }
}

/// Reads a stored item or index entry.
pub fn decode(key: &[u8], stored: &Versioned) -> Result<ItemRecord, Error> {
    let read = if stored.is_sound { ItemRecord::of_sound } else { ItemRecord::decode };
    read(&stored.value).map_err(|_| corrupted(key))
}
