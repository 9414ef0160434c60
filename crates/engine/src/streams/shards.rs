//! What becomes of a table's shards: they are opened and closed here, in the commit that changes the table's descriptor.

use crate::tables::change;
use api::Error;
use layout::keys::{self, ShardEvent};
use model::Table;
use model::partition::OpenShard;
use model::stream::{ShardClosing, ShardOpening, Stream, StreamRecord, StreamView};
use storage::Batch;

/// Gives a table a stream: every partition gets a shard.
pub fn enable(table: &mut Table, view: StreamView, now_ms: i64, batch: &mut Batch) -> Result<(), Error> {
    // The label tells the streams of a table's name apart, so no two are of one moment.
    let created_ms = table.stream.as_ref().map_or(now_ms, |last| now_ms.max(last.created_ms + 1));
    let label = super::label::of(created_ms);
    let first_shard = table.next_shard_number;
    table.stream =
        Some(Stream { label, view, created_ms, first_shard, last_shard: None, disabled_ms: None, policy: None });
    for at in 0..table.partitions.len() {
        open(table, at, None, now_ms, batch)?;
    }
    keep_record(table, batch)
}

/// Ends a table's stream, if one is enabled: every shard is closed, and the stream stays readable until its records are over.
pub fn disable(table: &mut Table, now_ms: i64, batch: &mut Batch) -> Result<(), Error> {
    let Some(stream) = table.stream.as_mut().filter(|stream| stream.disabled_ms.is_none()) else { return Ok(()) };
    stream.disabled_ms = Some(now_ms);
    stream.last_shard = table.next_shard_number.checked_sub(1);
    for at in 0..table.partitions.len() {
        close(table, at, now_ms, batch)?;
    }
    keep_record(table, batch)
}

/// Lets another shard continue that of a partition.
pub fn renew(table: &mut Table, at: usize, now_ms: i64, batch: &mut Batch) -> Result<(), Error> {
    match close(table, at, now_ms, batch)? {
        Some(parent) => open(table, at, Some(parent), now_ms, batch),
        None => Ok(()),
    }
}

/// Opens the shard of a partition that continues another, or none.
pub fn open(
    table: &mut Table,
    at: usize,
    parent: Option<OpenShard>,
    now_ms: i64,
    batch: &mut Batch,
) -> Result<(), Error> {
    let shard = OpenShard { number: table.next_shard_number, opened_ms: now_ms };
    let Some(partition) = table.partitions.get_mut(at) else { return Ok(()) };
    partition.shard = Some(shard);
    table.next_shard_number += 1;
    let key = keys::shard(table.number, shard.number, ShardEvent::Opened);
    change::put(batch, key, &ShardOpening { opened_ms: now_ms, parent: parent.map(OpenShard::id) })
}

/// Closes the shard of a partition, if it has one.
pub fn close(table: &mut Table, at: usize, now_ms: i64, batch: &mut Batch) -> Result<Option<OpenShard>, Error> {
    let Some(shard) = table.partitions.get_mut(at).and_then(|partition| partition.shard.take()) else {
        return Ok(None);
    };
    let key = keys::shard(table.number, shard.number, ShardEvent::Closed);
    change::put(batch, key, &ShardClosing { closed_ms: now_ms })?;
    Ok(Some(shard))
}

/// Stores what must be known of the stream when the table is gone.
fn keep_record(table: &Table, batch: &mut Batch) -> Result<(), Error> {
    let Some(stream) = &table.stream else { return Ok(()) };
    let record = StreamRecord {
        account: table.account.clone(),
        table: table.name.clone(),
        table_number: table.number,
        key_schema: table.key_schema.clone(),
        stream: stream.clone(),
    };
    change::put(batch, keys::stream(&table.account, &table.name, &stream.label), &record)
}
