//! The check of one table: items against entries, entries against items, counters against both.

use super::{Fault, Report, Tally, collections, counter, expiry};
use crate::effects::ItemKey;
use crate::entry::{self, Entry};
use crate::key;
use crate::partitions::sizes::{Count, Sizes};
use crate::walk::Walk;
use bytes::Bytes;
use layout::ItemRecord;
use layout::keys::{self, Counted, Source};
use model::table::Status;
use model::{Index, Table, size};
use storage::{Store, StoreError};

/// Checks everything that is stored for a table.
pub(super) async fn check(store: &dyn Store, table: &Table, report: &mut Report) -> Result<(), StoreError> {
    let tally = check_items(store, table, report).await?;
    check_partition_counters(store, table, tally, report).await?;
    expiry::check_items(store, table, report).await?;
    // What is left of an index that is going away is not maintained any more.
    for index in table.indexes.iter().filter(|index| index.status != Status::Deleting) {
        let tally = check_entries(store, table, index, report).await?;
        check_counters(store, Counters { table, index, tally }, report).await?;
    }
    collections::check_strays(store, table, report).await
}

/// Reads a record and checks all that can be checked of it alone: that it decodes, its normal form, its size.
fn sound_record(table: &Table, key: &[u8], value: &Bytes, report: &mut Report) -> Option<ItemRecord> {
    let record = ItemRecord::decode(value).ok().filter(|record| record.item.view().check_deep().is_ok());
    let Some(record) = record else {
        report.add(Some(table), key, Fault::Undecodable);
        return None;
    };
    let measured = size::item_view(record.item.view());
    if measured != record.size {
        report.add(Some(table), key, Fault::WrongSize { stored: record.size, measured });
    }
    Some(record)
}

/// The key that an item, or an index entry of it, belongs to.
pub(super) fn item_key(table: &Table, record: &ItemRecord) -> Option<ItemKey> {
    let values = entry::stored_values(&table.key_schema, record.item.view())?;
    Some(key::item_key(table, &values))
}

async fn check_items(store: &dyn Store, table: &Table, report: &mut Report) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    let mut collections = collections::Collections::new(store, table);
    let mut walk = Walk::new(store, Source::Table(table.number).all());
    while let Some(page) = walk.next().await? {
        let mut expected = Vec::new();
        let mut places = Vec::new();
        for stored in page.iter() {
            let Some(record) = sound_record(table, stored.key, &stored.value_bytes(), report) else { continue };
            tally.add(record.size);
            report.totals.items += 1;
            report.totals.item_bytes += record.size as u64;
            match item_key(table, &record) {
                Some(key) if key.bytes == stored.key => collections.add(&key, &record, report).await?,
                Some(_) | None => report.add(Some(table), stored.key, Fault::WrongKey),
            }
            expected.extend(expected_entries(table, &stored.key_bytes(), &record));
            let place = crate::expiry::place(table, stored.key, &record);
            places.extend(place.map(|place| (stored.key_bytes(), place)));
        }
        check_expected(store, table, expected, report).await?;
        expiry::check_places(store, table, places, report).await?;
    }
    collections.finish(report).await?;
    Ok(tally)
}

/// An entry that an item implies.
struct Expected<'t> {
    index: &'t Index,
    item_key: Bytes,
    entry: Entry,
}

fn expected_entries<'t>(table: &'t Table, item_key: &Bytes, record: &ItemRecord) -> Vec<Expected<'t>> {
    let indexes = table.indexes.iter().filter(|index| index.status != Status::Deleting);
    indexes
        .filter_map(|index| {
            let entry = entry::of_item(table, index, record)?;
            Some(Expected { index, item_key: item_key.clone(), entry })
        })
        .collect()
}

async fn check_expected(
    store: &dyn Store,
    table: &Table,
    expected: Vec<Expected<'_>>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let wanted: Vec<Bytes> = expected.iter().map(|expected| expected.entry.key.clone()).collect();
    let found = store.get(&wanted).await?;
    for (Expected { index, item_key, entry }, found) in expected.into_iter().zip(found) {
        let name = index.name.clone();
        match found {
            // The backfill has not come to it yet.
            None if index.backfilling => {}
            None => report.add(Some(table), &item_key, Fault::MissingEntry { index: name }),
            Some(found) if ItemRecord::decode(&found.value).as_ref() == Ok(&entry.record) => {}
            Some(_) => report.add(Some(table), &item_key, Fault::WrongEntry { index: name }),
        }
    }
    Ok(())
}

async fn check_entries(
    store: &dyn Store,
    table: &Table,
    index: &Index,
    report: &mut Report,
) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    let mut walk = Walk::new(store, Source::Index(table.number, index.number).all());
    while let Some(page) = walk.next().await? {
        let mut entries = Vec::new();
        for stored in page.iter() {
            let Some(record) = sound_record(table, stored.key, &stored.value_bytes(), report) else { continue };
            tally.add(record.size);
            report.totals.entries += 1;
            match item_key(table, &record) {
                Some(item) => entries.push((stored.key_bytes(), item.bytes)),
                None => report.add(Some(table), stored.key, Fault::WrongKey),
            }
        }
        let item_keys: Vec<Bytes> = entries.iter().map(|(_, item_key)| item_key.clone()).collect();
        let items = store.get(&item_keys).await?;
        for ((entry_key, _), item) in entries.into_iter().zip(items) {
            let Some(item) = item else {
                report.add(Some(table), &entry_key, Fault::EntryWithoutItem { index: index.name.clone() });
                continue;
            };
            // An item that does not decode was reported when items were checked.
            let Ok(record) = ItemRecord::decode(&item.value) else { continue };
            if entry::of_item(table, index, &record).is_none_or(|entry| entry.key != entry_key) {
                report.add(Some(table), &entry_key, Fault::StaleEntry { index: index.name.clone() });
            }
        }
    }
    Ok(tally)
}

/// The counters of an index, and what was counted.
struct Counters<'t> {
    table: &'t Table,
    index: &'t Index,
    tally: Tally,
}

async fn check_counters(store: &dyn Store, counters: Counters<'_>, report: &mut Report) -> Result<(), StoreError> {
    let Counters { table, index, tally } = counters;
    for (counted, what, actual) in [(Counted::Count, "number", tally.items), (Counted::Size, "size", tally.bytes)] {
        let key = keys::counter(table.number, index.number, counted);
        match counter(store, &key).await? {
            Ok(stored) if stored == actual => {}
            Ok(stored) => {
                let counts = format!("{what} of entries of index {}", index.name);
                report.add(Some(table), &key, Fault::WrongCounter { counts, stored, counted: actual });
            }
            Err(fault) => report.add(Some(table), &key, fault),
        }
    }
    Ok(())
}

/// The counters of all partitions together are what was counted; how it is shared out among them is an estimate.
async fn check_partition_counters(
    store: &dyn Store,
    table: &Table,
    tally: Tally,
    report: &mut Report,
) -> Result<(), StoreError> {
    let page = store.scan(Sizes::scan(table)).await?;
    let Ok(sizes) = Sizes::of(&page) else {
        report.add(Some(table), &keys::counters_of_index(table.number, keys::TABLE_ITSELF).from, Fault::Undecodable);
        return Ok(());
    };
    let Count { items, bytes } = sizes.total();
    let rows = [(Counted::Count, "number", items, tally.items), (Counted::Size, "size", bytes, tally.bytes)];
    for (counter, what, stored, counted) in rows {
        if stored != counted {
            let key = keys::partition_counter(table.number, 0, counter);
            let counts = format!("{what} of items");
            report.add(Some(table), &key, Fault::WrongCounter { counts, stored, counted });
        }
    }
    Ok(())
}
