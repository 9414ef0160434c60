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

/// The write units of an item: one for each KB begun of the larger of what it was and what it becomes, at least one.
pub fn write_units(old: Option<usize>, new: Option<usize>) -> f64 {
    old.max(new).unwrap_or_default().div_ceil(WRITE_UNIT_SIZE).max(1) as f64
}

/// The write units that a change costs in one index, or `None` where it does not touch it.
fn entry_units(change: EntryChange) -> Option<f64> {
    let units = |size: Option<usize>| size.map(|size| size.div_ceil(WRITE_UNIT_SIZE).max(1) as f64);
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
}

impl Consumed {
    /// Units of the table itself.
    pub fn table(units: f64) -> Self {
        Self { table: units, indexes: Vec::new() }
    }

    /// What the write of an item used.
    pub fn write(written: &Written) -> Self {
        let size = |record: &Option<layout::ItemRecord>| record.as_ref().map(|record| record.size);
        let mut consumed = Self::table(write_units(size(&written.old), size(&written.new)));
        for (index, change) in written.table.descriptor.indexes.iter().zip(&written.entries) {
            if let Some(units) = entry_units(*change) {
                consumed.add_index(&index.name, index.kind, units);
            }
        }
        consumed
    }

    /// Adds units of the table itself.
    pub fn add_table(&mut self, units: f64) {
        self.table += units;
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
        other.indexes.iter().for_each(|(name, kind, units)| self.add_index(name, *kind, *units));
    }

    /// The answer's member, if the request asked for it. The table is named as the request named it.
    pub fn describe<'a>(&self, table: &'a str, wanted: Option<ReturnConsumedCapacity>) -> Option<ConsumedCapacity<'a>> {
        let units = |units: f64| Capacity { capacity_units: Some(units), ..Capacity::default() };
        let total = self.table + self.indexes.iter().map(|(.., units)| units).sum::<f64>();
        let sum = ConsumedCapacity {
            table_name: Some(Cow::Borrowed(table)),
            capacity_units: Some(total),
            ..Default::default()
        };
        match wanted? {
            ReturnConsumedCapacity::None => None,
            ReturnConsumedCapacity::Total => Some(sum),
            ReturnConsumedCapacity::Indexes => Some(ConsumedCapacity {
                table: Some(units(self.table)),
                local_secondary_indexes: self.arms(IndexKind::Local),
                global_secondary_indexes: self.arms(IndexKind::Global),
                ..sum
            }),
        }
    }

    fn arms<'a>(&self, wanted: IndexKind) -> Option<Map<'a, Capacity>> {
        let arms: Vec<_> = self
            .indexes
            .iter()
            .filter(|(_, kind, _)| *kind == wanted)
            .map(|(name, _, units)| {
                (Cow::Owned(name.clone()), Capacity { capacity_units: Some(*units), ..Capacity::default() })
            })
            .collect();
        (!arms.is_empty()).then(|| Map::from_pairs(arms))
    }
}

/// Whether a table counts the sizes of its item collections, which ItemCollectionMetrics reports.
pub fn has_item_collections(table: &Table) -> bool {
    table.has_local_index()
}
