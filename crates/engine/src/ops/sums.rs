//! What the writes of one request used and touched, table by table: ConsumedCapacity and ItemCollectionMetrics of batches and
//! transactions.

use crate::capacity::{Axis, Consumed};
use api::{ConsumedCapacity, ItemCollectionMetrics, Map, ReturnConsumedCapacity};
use std::borrow::Cow;

/// The sums of a request, in the order in which it first names its tables.
#[derive(Default)]
pub struct Sums<'a> {
    tables: Vec<TableSum<'a>>,
}

/// The sums of one table.
struct TableSum<'a> {
    /// The table as the request named it.
    name: &'a str,
    consumed: Consumed,
    collections: Vec<ItemCollectionMetrics<'static>>,
}

impl<'a> Sums<'a> {
    /// Adds what one write or read used, and the item collection that it touched if that was asked for.
    pub fn add(&mut self, name: &'a str, consumed: &Consumed, collection: Option<ItemCollectionMetrics<'static>>) {
        let at = self.tables.iter().position(|table| table.name == name).unwrap_or_else(|| {
            self.tables.push(TableSum { name, consumed: Consumed::default(), collections: Vec::new() });
            self.tables.len() - 1
        });
        let table = &mut self.tables[at];
        table.consumed.add(consumed);
        table.collections.extend(collection.filter(|collection| !table.collections.contains(collection)));
    }

    /// `ConsumedCapacity`, if it was asked for.
    pub fn consumed(&self, axis: Axis, wanted: Option<ReturnConsumedCapacity>) -> Option<Vec<ConsumedCapacity<'a>>> {
        self.tables.iter().map(|table| table.consumed.describe_along(axis, table.name, wanted)).collect()
    }

    /// `ItemCollectionMetrics`; absent where no collection was touched or asked for (dynalite and dynoxide agree).
    pub fn collections(self) -> Option<Map<'a, Vec<ItemCollectionMetrics<'static>>>> {
        let touched = self.tables.into_iter().filter(|table| !table.collections.is_empty());
        let pairs: Vec<_> = touched.map(|table| (Cow::Borrowed(table.name), table.collections)).collect();
        (!pairs.is_empty()).then(|| Map::from_pairs(pairs))
    }
}
