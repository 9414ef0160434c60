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
    /// Whether anything on the table succeeded; otherwise nothing is told of it.
    succeeded: bool,
}

impl<'a> Sums<'a> {
    /// Adds what one write or read used, and the item collection that it touched if that was asked for.
    pub fn add(&mut self, name: &'a str, consumed: &Consumed, collection: Option<ItemCollectionMetrics<'static>>) {
        let table = self.table(name);
        table.succeeded = true;
        table.consumed.add(consumed);
        table.collections.extend(collection.filter(|collection| !table.collections.contains(collection)));
    }

    /// Adds the units of a write that failed.
    pub fn add_failed(&mut self, name: &'a str, units: f64) {
        self.table(name).consumed.add_failed(units);
    }

    fn table(&mut self, name: &'a str) -> &mut TableSum<'a> {
        let at = self.tables.iter().position(|table| table.name == name).unwrap_or_else(|| {
            let (consumed, collections) = (Consumed::default(), Vec::new());
            self.tables.push(TableSum { name, consumed, collections, succeeded: false });
            self.tables.len() - 1
        });
        &mut self.tables[at]
    }

    /// `ConsumedCapacity`, if it was asked for.
    pub fn consumed(&self, axis: Axis, wanted: Option<ReturnConsumedCapacity>) -> Option<Vec<ConsumedCapacity<'a>>> {
        let told = self.tables.iter().filter(|table| table.succeeded);
        told.map(|table| table.consumed.describe_along(axis, table.name, wanted)).collect()
    }

    /// `ItemCollectionMetrics`; absent where no collection was touched or asked for (dynalite and dynoxide agree).
    pub fn collections(self) -> Option<Map<'a, Vec<ItemCollectionMetrics<'static>>>> {
        let touched = self.tables.into_iter().filter(|table| !table.collections.is_empty());
        let pairs: Vec<_> = touched.map(|table| (Cow::Borrowed(table.name), table.collections)).collect();
        (!pairs.is_empty()).then(|| Map::from_pairs(pairs))
    }
}
