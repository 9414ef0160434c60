//! Index entries: where an item stands in an index, and what of it is kept there.

use bytes::Bytes;
use layout::keys::Source;
use layout::{ItemRecord, KeyValue};
use model::encoded::ItemBuilder;
use model::table::Projection;
use model::{EncodedItem, Index, IndexKind, ItemView, KeySchema, Table, limits, size};

/// An entry of an index.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The key: the values of the index's key, then those of the table's key, which tell entries with equal index keys apart.
    pub key: Bytes,
    /// The projected item.
    pub record: ItemRecord,
}

/// The entry of an item, or `None` where the item lacks a key attribute of the index: indexes are sparse.
pub fn of_item(table: &Table, index: &Index, record: &ItemRecord) -> Option<Entry> {
    let item = record.item.view();
    let own = stored_values(&index.key_schema, item)?;
    let base = stored_values(&table.key_schema, item)?;
    let (partition, sort) = own.split_at(index.key_schema.partition.len());
    if !fits(partition, limits::PARTITION_KEY_SIZE_MAX) || !fits(sort, limits::SORT_KEY_SIZE_MAX) {
        return None;
    }
    let mut key = Source::Index(table.number, index.number).partition(partition.iter().copied());
    sort.iter().chain(&base).for_each(|value| value.write(&mut key));
    Some(Entry { key: key.into(), record: project(table, index, record) })
}

/// Items written before an index was made may hold values that its keys do not allow; those items are not in the index.
fn fits(values: &[KeyValue<'_>], size_max: usize) -> bool {
    values.iter().all(|value| !value.is_empty()) && values.iter().map(|value| value.size()).sum::<usize>() <= size_max
}

/// The values of a key's attributes in a stored item, in the schema's order, if all are there with the right types.
pub fn stored_values<'v>(schema: &KeySchema, item: ItemView<'v>) -> Option<Vec<KeyValue<'v>>> {
    let value_of = |attribute: &model::KeyAttribute| {
        let value = KeyValue::of_view(item.get(&attribute.name)?)?;
        (value.kind() == attribute.kind).then_some(value)
    };
    schema.attributes().map(value_of).collect()
}

/// The size of an item together with its entries in local indexes, which the limit for an item covers (developer guide, "Local
/// secondary indexes").
pub fn size_with_local_entries(table: &Table, record: &ItemRecord) -> usize {
    let entries = table.indexes_of(IndexKind::Local).filter_map(|index| of_item(table, index, record));
    record.size + entries.map(|entry| entry.record.size).sum::<usize>()
}

fn project(table: &Table, index: &Index, record: &ItemRecord) -> ItemRecord {
    let included: &[String] = match &index.projection {
        Projection::All => return record.clone(),
        Projection::KeysOnly => &[],
        Projection::Include(names) => names,
    };
    let wanted = |name: &str| {
        index.key_schema.get(name).is_some()
            || table.key_schema.get(name).is_some()
            || included.iter().any(|included| included == name)
    };
    let item = keep(record.item.view(), wanted);
    ItemRecord { size: size::item_view(item.view()), item }
}

/// The attributes of an item whose names are wanted, copied in their encoded form.
pub fn keep(item: ItemView<'_>, wanted: impl Fn(&str) -> bool) -> EncodedItem {
    let mut builder = ItemBuilder::with_capacity(item.bytes().len());
    for (name, value) in item.iter().filter(|(name, _)| wanted(name)) {
        builder.push_view(name, value);
    }
    builder.finish()
}
