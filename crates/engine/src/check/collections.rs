//! The check of item collections: of a table with local indexes, the items of one partition key and their local index entries have a
//! counter of their size.
//!
//! Items come in the order of their partitions, so one collection is summed up at a time. What its local index entries add is read from
//! the one range that they are in each index.

use super::{Fault, Report, counter, holds_anything};
use crate::effects::ItemKey;
use crate::entry;
use crate::walk::Walk;
use bytes::Bytes;
use layout::keys::{self, Range, Source, Space};
use layout::{ItemRecord, record};
use model::{IndexKind, Table};
use storage::{Store, StoreError};

/// The collections of a table, while its items go by.
pub(super) struct Collections<'s> {
    store: &'s dyn Store,
    table: &'s Table,
    /// The collection that the last item belongs to.
    current: Option<Collection>,
}

struct Collection {
    /// What the keys of its items begin with.
    prefix: Bytes,
    /// What the keys of its entries begin with, in each local index.
    entries: Vec<Vec<u8>>,
    /// The size of its items so far.
    bytes: i64,
}

impl<'s> Collections<'s> {
    pub(super) fn new(store: &'s dyn Store, table: &'s Table) -> Self {
        Self { store, table, current: None }
    }

    /// Takes the next item in.
    pub(super) async fn add(
        &mut self,
        key: &ItemKey,
        record: &ItemRecord,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        if !self.table.has_local_index() {
            return Ok(());
        }
        if self.current.as_ref().is_none_or(|current| current.prefix != key.partition()) {
            self.finish(report).await?;
            let prefix = key.bytes.slice(..key.partition_length);
            self.current = Some(Collection { prefix, entries: entry_prefixes(self.table, record), bytes: 0 });
        }
        if let Some(current) = &mut self.current {
            current.bytes = current.bytes.saturating_add(i64::try_from(record.size).unwrap_or(i64::MAX));
        }
        Ok(())
    }

    /// Compares the collection that is complete now with its counter.
    pub(super) async fn finish(&mut self, report: &mut Report) -> Result<(), StoreError> {
        let Some(Collection { prefix, entries, mut bytes }) = self.current.take() else { return Ok(()) };
        for prefix in entries {
            let mut walk = Walk::new(self.store, Range::prefixed(prefix));
            while let Some(page) = walk.next().await? {
                // An entry that does not decode is reported when entries are checked.
                let records = page.iter().filter_map(|stored| ItemRecord::decode(&stored.value_bytes()).ok());
                bytes = records.fold(bytes, |sum, record| sum.saturating_add(record.size as i64));
            }
        }
        let key = keys::collection(self.table.number, &prefix);
        match counter(self.store, &key).await? {
            Ok(stored) if stored == bytes => {}
            Ok(stored) => report.add(Some(self.table), &key, wrong(stored, bytes)),
            Err(fault) => report.add(Some(self.table), &key, fault),
        }
        Ok(())
    }
}

fn entry_prefixes(table: &Table, record: &ItemRecord) -> Vec<Vec<u8>> {
    let values = entry::stored_values(&table.key_schema, record.item.view()).unwrap_or_default();
    let partition = &values[..table.key_schema.partition.len().min(values.len())];
    table
        .indexes_of(IndexKind::Local)
        .map(|index| Source::Index(table.number, index.number).partition(partition.iter().copied()))
        .collect()
}

/// The counters of collections that have no item must say so.
pub(super) async fn check_strays(store: &dyn Store, table: &Table, report: &mut Report) -> Result<(), StoreError> {
    let counters = keys::of_table(Space::Collection, table.number);
    let item_prefix = keys::of_table(Space::Item, table.number).from;
    let mut walk = Walk::new(store, counters);
    while let Some(page) = walk.next().await? {
        for stored in page.iter() {
            let Ok(size) = record::decode_counter(stored.value) else {
                report.add(Some(table), stored.key, Fault::Undecodable);
                continue;
            };
            let partition = stored.key.get(item_prefix.len()..).unwrap_or_default();
            let items = Range::prefixed([&item_prefix, partition].concat());
            if size != 0 && !holds_anything(store, items).await? {
                report.add(Some(table), stored.key, wrong(size, 0));
            }
        }
    }
    Ok(())
}

fn wrong(stored: i64, counted: i64) -> Fault {
    Fault::WrongCounter { counts: "size of an item collection".to_owned(), stored, counted }
}
