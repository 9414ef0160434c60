//! What the write of an item implies.
//!
//! [`effects`] is the only code that knows it: the item's record, the entries of every index, the record of the change log, the place in
//! the order of expiry, the counts and sizes of partitions and indexes, the sizes of item collections. Whoever changes items (single
//! writes, batches, backfill, and whatever comes later) calls it and commits what it gives in one batch, so that nothing is ever behind.

use crate::{entry, expiry};
use bytes::Bytes;
use layout::keys::{self, Counted};
use layout::{Cause, ChangeKind, ChangeRecord, ItemRecord};
use model::partition::Partition;
use model::table::Status;
use model::{EncodedItem, Index, IndexKind, Table};
use storage::Batch;

/// The key of an item: where its record is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemKey {
    /// The key of the record.
    pub bytes: Bytes,
    /// How much of it, from the start, all items of the same partition key share.
    pub partition_length: usize,
}

impl ItemKey {
    /// An item's key as it is stored.
    pub fn stored(table: &Table, bytes: Bytes) -> Option<Self> {
        // A table's partition key is one attribute.
        let kind = table.key_schema.partition.first()?.kind;
        Some(Self { partition_length: keys::partition_length(&bytes, kind)?, bytes })
    }

    /// What the keys of all items of this item's partition key begin with.
    pub fn partition(&self) -> &[u8] {
        &self.bytes[..self.partition_length]
    }

    /// The partition of the table in which the item is.
    pub fn partition_in<'t>(&self, table: &'t Table) -> Option<&'t Partition> {
        table.partition_of(keys::hash_of_item(&self.bytes))
    }
}

/// The change of one item: from what it was to what it becomes.
pub struct ItemChange<'a> {
    /// The table as the change was planned against it.
    pub table: &'a Table,
    /// The item's key.
    pub key: &'a ItemKey,
    /// The item before, if there was one.
    pub old: Option<&'a ItemRecord>,
    /// The item after, if there is one.
    pub new: Option<&'a ItemRecord>,
    /// The numbers of the indexes that are still being filled and do not have the old item's entry yet.
    pub missing: &'a [u16],
    /// On what occasion it changes; only a change log tells.
    pub occasion: Occasion,
}

/// Why and when an item changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Occasion {
    /// Who changes it.
    pub cause: Cause,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// What a change of an item did to one index, in bytes of index entries; capacity units are counted from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EntryChange {
    /// The size of the entry that was taken out, if one was.
    pub removed: Option<usize>,
    /// The size of the entry that was put in, if one was.
    pub added: Option<usize>,
    /// Whether both have the same key, so that one replaces the other in place.
    pub in_place: bool,
}

/// Adds the mutations that a change implies to a batch, and says for each index of the table, in order, what happened to it.
pub fn effects(change: &ItemChange<'_>, batch: &mut Batch) -> Vec<EntryChange> {
    write_item(change, batch);
    log(change, batch);
    place_by_expiry(change, batch);
    count_item(change, batch);
    change.table.indexes.iter().map(|index| write_entry(change, index, batch)).collect()
}

fn write_item(change: &ItemChange<'_>, batch: &mut Batch) {
    match change.new {
        Some(new) => batch.set(change.key.bytes.clone(), ItemRecord::encode(new.size, new.item.view())),
        None => batch.delete(change.key.bytes.clone()),
    };
}

/// Tells the readers of the change log. A write that leaves the item as it was is no change (developer guide, "Change data capture for
/// DynamoDB Streams").
fn log(change: &ItemChange<'_>, batch: &mut Batch) {
    let ItemChange { table, key, old, new, .. } = *change;
    let Some(stream) = table.enabled_stream() else { return };
    let Some(shard) = key.partition_in(table).and_then(|partition| partition.shard) else { return };
    let kind = match (old, new) {
        (None, Some(_)) => ChangeKind::Insert,
        (Some(old), Some(new)) if old.item != new.item => ChangeKind::Modify,
        (Some(_), None) => ChangeKind::Remove,
        (Some(_), Some(_)) | (None, None) => return,
    };
    let Some(either) = new.or(old) else { return };
    let keys = entry::keep(either.item.view(), |name| table.key_schema.get(name).is_some());
    let record = ChangeRecord {
        kind,
        cause: change.occasion.cause,
        at_ms: change.occasion.at_ms,
        keys: keys.view(),
        old: old.filter(|_| stream.view.has_old()).map(|old| old.item.view()),
        new: new.filter(|_| stream.view.has_new()).map(|new| new.item.view()),
    };
    batch.append(keys::change_log(table.number, shard.number), record.encode());
}

/// Keeps the order of expiry.
fn place_by_expiry(change: &ItemChange<'_>, batch: &mut Batch) {
    if change.table.time_to_live.is_none() {
        return;
    }
    let place = |record: &ItemRecord| expiry::place(change.table, &change.key.bytes, record);
    let (old, new) = (change.old.and_then(place), change.new.and_then(place));
    if old == new {
        return;
    }
    if let Some(old) = old {
        batch.delete(old);
    }
    if let Some(new) = new {
        batch.set(new, Bytes::new());
    }
}

fn count_item(change: &ItemChange<'_>, batch: &mut Batch) {
    let partition = change.key.partition_in(change.table).map_or(0, |partition| partition.number);
    let counter = |counted| keys::partition_counter(change.table.number, partition, counted);
    let size = count(counter, (change.old.map(|old| old.size), change.new.map(|new| new.size)), batch);
    if size != 0 && change.table.has_local_index() {
        batch.add(keys::collection(change.table.number, change.key.partition()), size);
    }
}

/// Counts a record or entry that came, went or changed its size. Returns by how much the size grew.
fn count(counter: impl Fn(Counted) -> Bytes, (old, new): (Option<usize>, Option<usize>), batch: &mut Batch) -> i64 {
    let number = i64::from(new.is_some()) - i64::from(old.is_some());
    if number != 0 {
        batch.add(counter(Counted::Count), number);
    }
    let size = new.unwrap_or_default() as i64 - old.unwrap_or_default() as i64;
    if size != 0 {
        batch.add(counter(Counted::Size), size);
    }
    size
}

fn write_entry(change: &ItemChange<'_>, index: &Index, batch: &mut Batch) -> EntryChange {
    if index.status == Status::Deleting {
        return EntryChange::default();
    }
    let entry_of = |record: Option<&ItemRecord>| record.and_then(|record| entry::of_item(change.table, index, record));
    let old = if change.missing.contains(&index.number) { None } else { entry_of(change.old) };
    let new = entry_of(change.new);
    if old == new {
        return EntryChange::default();
    }
    let in_place = matches!((&old, &new), (Some(old), Some(new)) if old.key == new.key);
    if let Some(old) = &old
        && !in_place
    {
        batch.delete(old.key.clone());
    }
    if let Some(new) = &new {
        batch.set(new.key.clone(), ItemRecord::encode(new.record.size, new.record.item.view()));
    }
    let sizes = (old.map(|old| old.record.size), new.map(|new| new.record.size));
    let grown = count(|counted| keys::counter(change.table.number, index.number, counted), sizes, batch);
    if grown != 0 && index.kind == IndexKind::Local {
        batch.add(keys::collection(change.table.number, change.key.partition()), grown);
    }
    EntryChange { removed: sizes.0, added: sizes.1, in_place }
}

/// An item ready to be stored.
pub fn record(item: EncodedItem) -> ItemRecord {
    ItemRecord { size: model::size::item_view(item.view()), item }
}
