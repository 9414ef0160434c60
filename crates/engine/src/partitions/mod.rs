//! Partitions: how a table is divided into ranges of the hash of the partition key, and when it is divided further.
//!
//! ```text
//! requests -> heat (in memory) ----\
//! effects  -> counters (stored) ----+-> jobs::partitions, every second -> divide -> descriptor, shards
//! CreateTable, UpdateTable: throughput, provisioned or warmed -> provide -/
//! ```
//!
//! A table begins with as many partitions as its throughput needs, and one is divided when it has grown large or when more was asked of
//! it for a while than a partition serves. Partitions are never united. Nothing about an item's place in the store depends on them:
//! dividing one moves no data, it changes the descriptor, which the next write of each item checks.

pub mod heat;
pub mod sizes;

use crate::streams::shards;
use api::Error;
use model::Table;
use model::partition::{self, Partition};
use model::table::{ProvisionedThroughput, WarmThroughput};
use sizes::Sizes;
use std::time::Duration;
use storage::Batch;

/// When partitions are divided.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// The size from which on a partition is divided, in bytes.
    pub bytes: i64,
    /// The read units per second that a partition serves; more than that is hot.
    pub read_units: f64,
    /// The write units per second that a partition serves; more than that is hot.
    pub write_units: f64,
    /// How long a partition must be hot to be divided.
    pub sustained: Duration,
}

impl Default for Limits {
    /// What the developer guide says of DynamoDB's partitions ("Partitions and data distribution", "Burst and adaptive capacity"): 10 GB,
    /// 3,000 read units and 1,000 write units. How long they must be hot it does not say.
    fn default() -> Self {
        let gigabyte = 1024 * 1024 * 1024;
        Self { bytes: 10 * gigabyte, read_units: 3000.0, write_units: 1000.0, sustained: Duration::from_secs(60) }
    }
}

/// The most partitions of a table: as many as heat can tell apart.
pub const PARTITIONS_MAX: usize = heat::CELLS;

/// The partitions of a new table.
pub fn initial(throughput: &ProvisionedThroughput, warm: Option<WarmThroughput>) -> Vec<Partition> {
    partition::even(wanted(throughput, warm) as u32)
}

/// How many partitions a table's throughput needs. What a table that is paid by request can do without being asked is no reason to
/// divide it: it is divided when it is used.
fn wanted(throughput: &ProvisionedThroughput, warm: Option<WarmThroughput>) -> usize {
    let limits = Limits::default();
    let warm = warm.unwrap_or(WarmThroughput { read_units: 0, write_units: 0 });
    let reads = throughput.read_units.max(warm.read_units) as f64 / limits.read_units;
    let writes = throughput.write_units.max(warm.write_units) as f64 / limits.write_units;
    (reads.max(writes).ceil() as usize).clamp(1, PARTITIONS_MAX)
}

/// Divides a table until it has the partitions that its throughput needs, always the widest, in the middle.
pub fn provide(table: &mut Table, sizes: &Sizes, now_ms: i64, batch: &mut Batch) -> Result<(), Error> {
    let wanted = wanted(&table.throughput, table.warm);
    while table.partitions.len() < wanted {
        let widest = (0..table.partitions.len()).rev().max_by_key(|at| width(table, *at));
        let Some(at) = widest else { return Ok(()) };
        divide(table, Division::in_the_middle(table, at), sizes, now_ms, batch)?;
    }
    Ok(())
}

/// Where a partition is divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Division {
    /// The partition's place among the table's.
    pub at: usize,
    /// The first hash of the second of the two.
    pub boundary: u64,
}

impl Division {
    /// The division of a partition into two of equal width.
    pub fn in_the_middle(table: &Table, at: usize) -> Self {
        let first = table.partitions.get(at).map_or(0, |partition| partition.first_hash);
        Self { at, boundary: first + (width(table, at) / 2) as u64 }
    }
}

/// How many hashes a partition has.
pub fn width(table: &Table, at: usize) -> u128 {
    let first = |at: usize| table.partitions.get(at).map_or(1 << 64, |partition| u128::from(partition.first_hash));
    first(at + 1) - first(at)
}

/// Divides a partition. Both parts have numbers of their own, so that what is counted of the one that was divided changes no more; it
/// stays a part of the table's sums. How large the parts are is estimated by their width.
pub fn divide(
    table: &mut Table,
    division: Division,
    sizes: &Sizes,
    now_ms: i64,
    batch: &mut Batch,
) -> Result<(), Error> {
    let Division { at, boundary } = division;
    let whole = width(table, at);
    let Some(divided) = table.partitions.get(at).copied().filter(|divided| divided.first_hash < boundary) else {
        return Ok(());
    };
    let bytes = sizes.estimate(&divided);
    let share = u128::from(boundary - divided.first_hash) as f64 / whole as f64;
    let left_bytes = (bytes as f64 * share) as i64;
    let parent = shards::close(table, at, now_ms, batch)?;
    let part = |number, first_hash, inherited_bytes| Partition { number, first_hash, inherited_bytes, shard: None };
    let number = table.next_partition_number;
    let parts =
        [part(number, divided.first_hash, left_bytes), part(number + 1, boundary, bytes.saturating_sub(left_bytes))];
    table.next_partition_number += 2;
    table.partitions.splice(at..=at, parts);
    if parent.is_some() {
        shards::open(table, at, parent, now_ms, batch)?;
        shards::open(table, at + 1, parent, now_ms, batch)?;
    }
    Ok(())
}
