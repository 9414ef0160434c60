//! Capacity units, in DynamoDB's arithmetic (developer guide, "Read and write capacity"; index arms as the AWS-verified suite and later
//! captures show them).

use crate::effects::EntryChange;
use crate::write::Written;
use api::{Capacity, ConsumedCapacity, Map, ReturnConsumedCapacity};
use model::limits::{READ_UNIT_SIZE, WRITE_UNIT_SIZE};
use model::{IndexKind, Table};
use std::borrow::Cow;

/// How fresh a read must be; it decides what a read costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Consistency {
    /// Half the price.
    Eventual,
    /// The full price.
    Strong,
}

impl Consistency {
    /// What a `ConsistentRead` parameter asks for.
    pub fn of(consistent_read: Option<bool>) -> Self {
        if consistent_read == Some(true) { Self::Strong } else { Self::Eventual }
    }
}

/// The read units of so many bytes read together: one for each 4 KB begun, at least one, and half of that for an eventual read.
pub fn read_units(size: usize, consistency: Consistency) -> f64 {
    let units = size.div_ceil(READ_UNIT_SIZE).max(1) as f64;
    match consistency {
        Consistency::Strong => units,
        Consistency::Eventual => units / 2.0,
    }
}

/// The write units of an item of this size: one for each KB begun, at least one.
pub fn write_units(size: usize) -> f64 {
    size.div_ceil(WRITE_UNIT_SIZE).max(1) as f64
}

/// What a transaction pays for each unit of a table itself; index entries cost what they always do (captures of dynoxide's authors from
/// AWS, August 2026).
const TRANSACTION_FACTOR: f64 = 2.0;

/// Which kind of units an answer names beside their sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Axis {
    /// None: all operations but transactions.
    Unnamed,
    /// `ReadCapacityUnits`: transactional reads, and writes that were found to be carried out already.
    Read,
    /// `WriteCapacityUnits`: transactional writes.
    Write,
}

impl Axis {
    fn capacity(self, units: f64) -> Capacity {
        Capacity {
            capacity_units: Some(units),
            read_capacity_units: (self == Self::Read).then_some(units),
            write_capacity_units: (self == Self::Write).then_some(units),
        }
    }
}

/// The write units that a change costs in one index, or `None` where it does not touch it.
fn entry_units(change: EntryChange) -> Option<f64> {
    let units = |size: Option<usize>| size.map(write_units);
    match change {
        EntryChange { removed: None, added: None, .. } => None,
        EntryChange { removed, added, in_place: true } => units(removed.max(added)),
        EntryChange { removed, added, in_place: false } => {
            Some(units(removed).unwrap_or(0.0) + units(added).unwrap_or(0.0))
        }
    }
}

/// The units that a request has used of one table.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Consumed {
    /// Units of the table itself.
    table: f64,
    /// Units of each index that was touched, in the order of its name.
    indexes: Vec<(String, IndexKind, f64)>,
    /// Units of writes that failed, which are told in the sum alone.
    failed: f64,
}

impl Consumed {
    /// Units of the table itself.
    pub fn table(units: f64) -> Self {
        Self { table: units, ..Self::default() }
    }

    /// What the write of an item used.
    pub fn write(written: &Written) -> Self {
        let mut consumed = Self::table(write_units(written.larger_size()));
        for (index, change) in written.table.descriptor.indexes.iter().zip(&written.entries) {
            if let Some(units) = entry_units(*change) {
                consumed.add_index(&index.name, index.kind, units);
            }
        }
        consumed
    }

    /// What an action of a transaction used. One that only checks an item is charged for the item that it looked at.
    pub fn transactional_write(written: &Written) -> Self {
        let consumed = Self::write(written);
        Self { table: consumed.table * TRANSACTION_FACTOR, ..consumed }
    }

    /// What reading an item of this size in a transaction used.
    pub fn transactional_read(size: usize) -> Self {
        Self::table(read_units(size, Consistency::Strong) * TRANSACTION_FACTOR)
    }

    /// Units of the table itself.
    pub fn table_units(&self) -> f64 {
        self.table
    }

    /// Adds units of the table itself.
    pub fn add_table(&mut self, units: f64) {
        self.table += units;
    }

    /// Adds units of a write that failed.
    pub fn add_failed(&mut self, units: f64) {
        self.failed += units;
    }

    /// Adds units of an index.
    pub fn add_index(&mut self, name: &str, kind: IndexKind, units: f64) {
        match self.indexes.iter_mut().find(|(known, ..)| known == name) {
            Some((.., sum)) => *sum += units,
            None => self.indexes.push((name.to_owned(), kind, units)),
        }
    }

    /// Adds what another part of the same request used of the same table.
    pub fn add(&mut self, other: &Self) {
        self.table += other.table;
        self.failed += other.failed;
        other.indexes.iter().for_each(|(name, kind, units)| self.add_index(name, *kind, *units));
    }

    /// The answer's member, if the request asked for it. The table is named as the request named it.
    pub fn describe<'a>(&self, table: &'a str, wanted: Option<ReturnConsumedCapacity>) -> Option<ConsumedCapacity<'a>> {
        self.describe_along(Axis::Unnamed, table, wanted)
    }

    /// The same, with units of one kind named.
    pub fn describe_along<'a>(
        &self,
        axis: Axis,
        table: &'a str,
        wanted: Option<ReturnConsumedCapacity>,
    ) -> Option<ConsumedCapacity<'a>> {
        let indexes = self.indexes.iter().map(|(.., units)| units).sum::<f64>();
        let total = axis.capacity(self.table + indexes + self.failed);
        let sum = ConsumedCapacity {
            table_name: Some(Cow::Borrowed(table)),
            capacity_units: total.capacity_units,
            read_capacity_units: total.read_capacity_units,
            write_capacity_units: total.write_capacity_units,
            ..Default::default()
        };
        match wanted? {
            ReturnConsumedCapacity::None => None,
            ReturnConsumedCapacity::Total => Some(sum),
            ReturnConsumedCapacity::Indexes => Some(ConsumedCapacity {
                table: Some(axis.capacity(self.table)),
                local_secondary_indexes: self.arms(IndexKind::Local, axis),
                global_secondary_indexes: self.arms(IndexKind::Global, axis),
                ..sum
            }),
        }
    }

    fn arms<'a>(&self, wanted: IndexKind, axis: Axis) -> Option<Map<'a, Capacity>> {
        let wanted = self.indexes.iter().filter(|(_, kind, _)| *kind == wanted);
        let arms: Vec<_> = wanted.map(|(name, _, units)| (Cow::Owned(name.clone()), axis.capacity(*units))).collect();
        (!arms.is_empty()).then(|| Map::from_pairs(arms))
    }
}

/// Whether a table counts the sizes of its item collections, which ItemCollectionMetrics reports.
pub fn has_item_collections(table: &Table) -> bool {
    table.has_local_index()
}
