//! From an item or a `Key` parameter to the key under which the item is stored, with DynamoDB's checks in DynamoDB's order:
//! per key attribute missing, type, empty, size; then the keys of the indexes.

use crate::effects::ItemKey;
use api::{Error, messages};
use layout::KeyValue;
use layout::keys::Source;
use model::value::AttributeType;
use model::{AttributeValue, Index, Item, ItemView, KeyAttribute, KeySchema, Table, limits};
use std::collections::HashSet;

/// The key of a whole item that is put.
pub fn of_item(table: &Table, item: &Item<'_>) -> Result<ItemKey, Error> {
    for attribute in table.key_schema.attributes() {
        let value = item.get(&attribute.name).ok_or_else(|| messages::missing_key_in_item(&attribute.name))?;
        if kind_mismatch(attribute, value) {
            return Err(messages::key_type_mismatch(&attribute.name, attribute.kind, value.attribute_type()));
        }
    }
    of_present(table, item)
}

/// The key that a `Key` parameter names: exactly the attributes of the table's key.
pub fn of_key(table: &Table, key: &Item<'_>) -> Result<ItemKey, Error> {
    let matches =
        |attribute: &KeyAttribute| key.get(&attribute.name).is_some_and(|value| !kind_mismatch(attribute, value));
    if key.len() != table.key_schema.len() || !table.key_schema.attributes().all(matches) {
        return Err(messages::key_element_does_not_match_schema());
    }
    of_present(table, key)
}

fn kind_mismatch(attribute: &KeyAttribute, value: &AttributeValue<'_>) -> bool {
    KeyValue::of(value).is_none_or(|value| value.kind() != attribute.kind)
}

/// The key of an item, told as a bad `Key` where attributes of it are missing or of other types.
pub fn of_present(table: &Table, item: &Item<'_>) -> Result<ItemKey, Error> {
    let values = key_values(&table.key_schema, item).ok_or_else(messages::key_element_does_not_match_schema)?;
    check_values(&table.key_schema, &values)?;
    Ok(item_key(table, &values))
}

/// Refuses an empty value of a key attribute, whatever else is wrong with the key.
pub fn check_not_empty(table: &Table, item: &Item<'_>) -> Result<(), Error> {
    for attribute in table.key_schema.attributes() {
        if let Some(value) = item.get(&attribute.name).and_then(KeyValue::of)
            && value.kind() == attribute.kind
        {
            expect_not_empty(attribute, value)?;
        }
    }
    Ok(())
}

fn expect_not_empty(attribute: &KeyAttribute, value: KeyValue<'_>) -> Result<(), Error> {
    if value.is_empty() { Err(messages::empty_key_value(&attribute.name, value.kind())) } else { Ok(()) }
}

/// The values of a key's attributes, in the schema's order, if all are there with the right types.
pub fn key_values<'v>(schema: &KeySchema, item: &'v Item<'_>) -> Option<Vec<KeyValue<'v>>> {
    let value_of = |attribute: &KeyAttribute| {
        let value = KeyValue::of(item.get(&attribute.name)?)?;
        (value.kind() == attribute.kind).then_some(value)
    };
    schema.attributes().map(value_of).collect()
}

/// The key under which an item with these key values is stored.
pub fn item_key(table: &Table, values: &[KeyValue<'_>]) -> ItemKey {
    let (partition, sort) = values.split_at(table.key_schema.partition.len().min(values.len()));
    let mut bytes = Source::Table(table.number).partition(partition.iter().copied());
    let partition_length = bytes.len();
    sort.iter().for_each(|value| value.write(&mut bytes));
    ItemKey { bytes: bytes.into(), partition_length }
}

/// Whether no item stands twice among several.
pub fn are_distinct<'k>(mut keys: impl Iterator<Item = &'k ItemKey>) -> bool {
    let mut seen = HashSet::new();
    keys.all(|key| seen.insert(&key.bytes))
}

fn check_values(schema: &KeySchema, values: &[KeyValue<'_>]) -> Result<(), Error> {
    for (attribute, value) in schema.attributes().zip(values) {
        expect_not_empty(attribute, *value)?;
    }
    let (partition, sort) = values.split_at(schema.partition.len().min(values.len()));
    if total_size(partition) > limits::PARTITION_KEY_SIZE_MAX {
        return Err(messages::partition_key_too_large());
    }
    if total_size(sort) > limits::SORT_KEY_SIZE_MAX {
        return Err(messages::sort_key_too_large());
    }
    Ok(())
}

fn total_size(values: &[KeyValue<'_>]) -> usize {
    values.iter().map(|value| value.size()).sum()
}

/// Where the value of an index's key attribute came from; DynamoDB words the refusal by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The item of a put.
    Item,
    /// An update expression.
    Update,
}

/// Checks that what is written can stand in every index: values for index keys have the declared types, are not empty and not too large.
/// An absent one is fine; the item is then not in that index. Only attributes that the write touches are looked at: what an item held
/// before an index was made may stay as it is.
pub fn check_index_keys(
    table: &Table,
    item: ItemView<'_>,
    origin: Origin,
    touched: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    if table.indexes.is_empty() {
        return Ok(());
    }
    // Of several indexes that refuse the item, the first by name is reported (AWS-verified suite, May 2026).
    let mut indexes: Vec<&Index> = table.indexes.iter().collect();
    indexes.sort_by(|left, right| left.name.cmp(&right.name));
    indexes.into_iter().try_for_each(|index| check_index_key(index, item, origin, &touched))
}

fn check_index_key(
    index: &Index,
    item: ItemView<'_>,
    origin: Origin,
    touched: &impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let schema = &index.key_schema;
    if !schema.attributes().any(|attribute| touched(&attribute.name)) {
        return Ok(());
    }
    let mut sizes = [0; 2];
    for (at, attribute) in schema.attributes().enumerate() {
        let Some(stored) = item.get(&attribute.name) else { continue };
        let value = KeyValue::of_view(stored).filter(|value| value.kind() == attribute.kind);
        let Some(value) = value else {
            let actual = stored.attribute_type();
            return Err(messages::index_key_type_mismatch(&attribute.name, attribute.kind, actual, &index.name));
        };
        if value.is_empty() {
            return Err(match origin {
                Origin::Item => messages::empty_index_key_value(&index.name, &attribute.name, value.kind()),
                Origin::Update => messages::empty_index_key_in_update(value.kind()),
            });
        }
        sizes[usize::from(at >= schema.partition.len())] += value.size();
    }
    // The parts of a key are held against the limit together, as those of a table's key are.
    let [partition, sort] = sizes;
    if partition > limits::PARTITION_KEY_SIZE_MAX {
        return Err(messages::partition_key_too_large());
    }
    if sort > limits::SORT_KEY_SIZE_MAX {
        return Err(messages::sort_key_too_large());
    }
    Ok(())
}

/// Checks the type that an update is going to give a whole attribute, if indexes have it in their keys.
pub fn check_index_key_type(table: &Table, name: &str, actual: AttributeType) -> Result<(), Error> {
    let mismatch = |index: &&Index| index.key_schema.get(name).is_some_and(|key| key.kind.name() != actual.name());
    let refused = table.indexes.iter().filter(mismatch).min_by(|left, right| left.name.cmp(&right.name));
    match refused.and_then(|index| Some((index, index.key_schema.get(name)?))) {
        Some((index, key)) => Err(messages::index_key_type_mismatch(name, key.kind, actual, &index.name)),
        None => Ok(()),
    }
}
