//! What goes when a table or an index goes: everything that is stored under its number, in one commit with the descriptor's change.
//!
//! Every write of an item checks the descriptor's version, so no write that was planned before can put anything back.

use super::change;
use crate::streams::shards;
use api::Error;
use layout::keys::{self, Range, Space};
use model::Table;
use storage::Batch;

/// The removal of a table. Its stream ends, and stays readable until its records are over.
pub fn of_table(table: &Table, now_ms: i64) -> Result<Batch, Error> {
    let mut batch = Batch::new();
    shards::disable(&mut table.clone(), now_ms, &mut batch)?;
    batch.delete(keys::table(&table.account, &table.name));
    if table.policy.is_some() {
        batch.delete(keys::table_policy(table.number));
    }
    for space in Space::OF_TABLES {
        delete(&mut batch, keys::of_table(space, table.number));
    }
    Ok(batch)
}

/// Adds the removal of the indexes with these numbers, with the attribute definitions that only they used, and the descriptor that is left.
pub fn of_indexes(table: &Table, numbers: &[u16], batch: &mut Batch) -> Result<(), Error> {
    for number in numbers {
        delete(batch, keys::of_index(table.number, *number));
        delete(batch, keys::counters_of_index(table.number, *number));
    }
    let mut left = table.clone();
    left.indexes.retain(|index| !numbers.contains(&index.number));
    prune_definitions(&mut left);
    change::set(batch, &left)
}

fn delete(batch: &mut Batch, range: Range) {
    batch.delete_range(range.from, range.to);
}

/// Drops the attribute definitions that no key uses (AWS-verified suite, July 2026).
pub fn prune_definitions(table: &mut Table) {
    let Table { attribute_definitions, key_schema, indexes, .. } = table;
    attribute_definitions.retain(|definition| {
        key_schema.get(&definition.name).is_some()
            || indexes.iter().any(|index| index.key_schema.get(&definition.name).is_some())
    });
}
