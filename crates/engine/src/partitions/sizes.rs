//! How much there is in the partitions of a table.

use crate::error::corrupted;
use api::Error;
use layout::keys::{self, Counted, Range, TABLE_ITSELF};
use layout::record;
use model::Table;
use model::partition::Partition;
use std::collections::BTreeMap;
use storage::{Direction, Page, Scan};

/// Counts and sizes by the number of the partition, those of divided ones included.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sizes {
    counted: BTreeMap<u32, Count>,
}

/// Count and size of items or of index entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// How many there are.
    pub items: i64,
    /// How large they are together.
    pub bytes: i64,
}

impl Sizes {
    /// The scan that reads the counters of a table's partitions, in one page.
    pub fn scan(table: &Table) -> Scan {
        let Range { from, to } = keys::counters_of_index(table.number, TABLE_ITSELF);
        Scan { from, to, direction: Direction::Forward, max_entries: usize::MAX, max_bytes: usize::MAX }
    }

    /// Reads what the scan brought.
    pub fn of(page: &Page) -> Result<Self, Error> {
        let mut counted: BTreeMap<u32, Count> = BTreeMap::new();
        for entry in page.iter() {
            let (kind, partition) = keys::parse_partition_counter(entry.key).ok_or_else(|| corrupted(entry.key))?;
            let number = record::decode_counter(entry.value).map_err(|_| corrupted(entry.key))?;
            let count = counted.entry(partition).or_default();
            match kind {
                Counted::Count => count.items = number,
                Counted::Size => count.bytes = number,
            }
        }
        Ok(Self { counted })
    }

    /// What the table holds: exact.
    pub fn total(&self) -> Count {
        self.counted.values().fold(Count::default(), |sum, count| Count {
            items: sum.items + count.items,
            bytes: sum.bytes + count.bytes,
        })
    }

    /// About how large a partition is: what it was given when another was divided is an estimate.
    pub fn estimate(&self, partition: &Partition) -> i64 {
        let counted = self.counted.get(&partition.number).map_or(0, |count| count.bytes);
        partition.inherited_bytes.saturating_add(counted).max(0)
    }
}
