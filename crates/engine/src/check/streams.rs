//! The check of streams: every stream, shard and record decodes, records lie within their shards, and what a table's partitions say of
//! their shards is so.

use super::{Fault, Report};
use crate::streams::stored::{self, Shard, Shards};
use crate::walk::Walk;
use layout::ChangeRecord;
use layout::keys::{self, Range, ShardEvent};
use model::Table;
use model::stream::StreamRecord;
use std::collections::{HashMap, HashSet};
use storage::{Position, Store, StoreError};

/// What there is of shards, by the number of their table and their own.
pub(super) type Known = HashMap<(u32, u32), Shard>;

/// Checks all streams. Returns their shards.
pub(super) async fn check(store: &dyn Store, tables: &[Table], report: &mut Report) -> Result<Known, StoreError> {
    let mut known = Known::new();
    let mut walk = Walk::new(store, keys::all_streams());
    while let Some(page) = walk.next().await? {
        for entry in page.iter() {
            let Ok(stream) = stored::decode::<StreamRecord>(entry.key, entry.value) else {
                report.add(None, entry.key, Fault::Undecodable);
                continue;
            };
            if keys::stream(&stream.account, &stream.table, &stream.stream.label) != entry.key {
                report.add(None, entry.key, Fault::WrongKey);
            }
            let is_of =
                |table: &Table| table.number == stream.table_number && table.enabled_stream() == Some(&stream.stream);
            if stream.stream.disabled_ms.is_none() && !tables.iter().any(is_of) {
                report.add(None, entry.key, Fault::StreamWithoutTable);
            }
            for shard in shards(store, &stream, report).await? {
                check_records(store, &stream, &shard, report).await?;
                known.insert((stream.table_number, shard.shard.number), shard);
            }
        }
    }
    tables.iter().for_each(|table| check_partitions(table, &known, report));
    Ok(known)
}

async fn shards(store: &dyn Store, stream: &StreamRecord, report: &mut Report) -> Result<Vec<Shard>, StoreError> {
    let mut shards = Shards::default();
    let range = Shards::range(stream);
    let mut walk = Walk::new(store, range.clone());
    while let Some(page) = walk.next().await? {
        if shards.take(&page).is_err() {
            report.add(None, &range.from, Fault::Undecodable);
            return Ok(Vec::new());
        }
    }
    Ok(shards.of(stream))
}

/// The records of a shard decode, and are of commits between those that opened and closed it.
async fn check_records(
    store: &dyn Store,
    stream: &StreamRecord,
    shard: &Shard,
    report: &mut Report,
) -> Result<(), StoreError> {
    let log = keys::change_log(stream.table_number, shard.shard.number);
    let closed = shard.closed.map_or(u64::MAX, |(version, _)| version);
    let mut walk = Walk::new(store, keys::changes(stream.table_number, shard.shard.number));
    while let Some(page) = walk.next().await? {
        for entry in page.iter() {
            report.totals.changes += 1;
            if ChangeRecord::decode(entry.value_bytes()).is_err() {
                report.add(None, entry.key, Fault::Undecodable);
            }
            let position = Position::of_key(&log, entry.key);
            if !position
                .is_some_and(|at| shard.opened < at.version && at.version < closed && at.version == entry.version)
            {
                report.add(None, entry.key, Fault::WrongKey);
            }
        }
    }
    Ok(())
}

/// Partitions cover all hashes, in order, with numbers of their own that will not be given again; each has an open shard if the table has
/// a stream.
fn check_partitions(table: &Table, known: &Known, report: &mut Report) {
    let descriptor = keys::table(&table.account, &table.name);
    let starts: Vec<u64> = table.partitions.iter().map(|partition| partition.first_hash).collect();
    let in_order = starts.first() == Some(&0) && starts.is_sorted_by(|left, right| left < right);
    let numbers: HashSet<u32> = table.partitions.iter().map(|partition| partition.number).collect();
    let numbered = numbers.len() == starts.len() && numbers.iter().all(|number| *number < table.next_partition_number);
    if !in_order || !numbered {
        report.add(Some(table), &descriptor, Fault::PartitionsOutOfOrder);
    }
    for partition in &table.partitions {
        let is_open = |number: u32| {
            number < table.next_shard_number
                && known.get(&(table.number, number)).is_some_and(|shard| shard.closed.is_none())
        };
        let sound = match (table.enabled_stream(), partition.shard) {
            (Some(_), Some(shard)) => is_open(shard.number),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !sound {
            report.add(Some(table), &descriptor, Fault::PartitionWithoutShard { partition: partition.number });
        }
    }
}

/// Where shards and their records are stored.
pub(super) fn ranges(known: &Known) -> impl Iterator<Item = Range> + '_ {
    known.keys().flat_map(|(table, shard)| {
        let opening = keys::shard(*table, *shard, ShardEvent::Opened);
        let closing = Range::prefixed(keys::shard(*table, *shard, ShardEvent::Closed).to_vec());
        [Range { from: opening, to: closing.to }, keys::changes(*table, *shard)]
    })
}
