//! Shards that are old: another shard continues one that has been open for some hours, and one that was closed a day ago goes with all its
//! records, as one range.

use super::TableName;
use super::periodic::{self, Chore, Due};
use crate::Engine;
use crate::streams::stored::{self, Shards};
use crate::streams::{RETENTION_MS, SHARD_AGE_MAX_MS, shards};
use crate::tables::change;
use crate::walk::Walk;
use layout::keys::{self, Range, ShardEvent};
use model::stream::StreamRecord;
use std::time::Duration;
use storage::{Batch, Entry, StoreError};

/// How often shards are looked at.
pub(super) const PAUSE: Duration = Duration::from_secs(60);

/// Looks at the shards of all streams.
pub(super) struct Retention;

impl Chore for Retention {
    const WHAT: &'static str = "removing shards that are over";

    async fn run(&mut self, engine: &Engine) -> Result<Due, StoreError> {
        let mut walk = Walk::new(&*engine.store, keys::all_streams());
        while let Some(page) = walk.next().await? {
            for entry in page.iter() {
                periodic::keep_no_other::<Self>(look_at(engine, entry).await)?;
            }
        }
        Ok(Due::Later)
    }
}

async fn look_at(engine: &Engine, entry: Entry<'_>) -> Result<(), StoreError> {
    let stream: StreamRecord = stored::decode(entry.key, entry.value).map_err(unreadable)?;
    remove_old(engine, &stream).await?;
    renew_old(engine, &stream).await
}

/// Removes the shards that are over, and the stream when it has none left and gets no more.
async fn remove_old(engine: &Engine, stream: &StreamRecord) -> Result<(), StoreError> {
    let mut shards = Shards::default();
    let mut walk = Walk::new(&*engine.store, Shards::range(stream));
    while let Some(page) = walk.next().await? {
        shards.take(&page).map_err(unreadable)?;
    }
    let shards = shards.of(stream);
    let oldest_ms = engine.now_ms().saturating_sub(RETENTION_MS);
    let (over, left): (Vec<_>, Vec<_>) =
        shards.iter().partition(|shard| shard.closed.is_some_and(|(_, closed_ms)| closed_ms < oldest_ms));
    let is_over = left.is_empty() && stream.stream.disabled_ms.is_some();
    if over.is_empty() && !is_over {
        return Ok(());
    }
    let mut batch = Batch::new();
    for shard in over {
        let number = shard.shard.number;
        let Range { from, to } = keys::changes(stream.table_number, number);
        batch.delete_range(from, to);
        batch.delete(keys::shard(stream.table_number, number, ShardEvent::Opened));
        batch.delete(keys::shard(stream.table_number, number, ShardEvent::Closed));
    }
    if is_over {
        batch.delete(keys::stream(&stream.account, &stream.table, &stream.stream.label));
        // It may have been set since the stream was read.
        batch.delete(keys::stream_policy(stream.table_number, &stream.stream.label));
    }
    engine.store.commit(batch).await.map(drop)
}

/// Continues the open shards that are old by others.
async fn renew_old(engine: &Engine, stream: &StreamRecord) -> Result<(), StoreError> {
    let name = TableName { account: stream.account.clone(), name: stream.table.clone() };
    let Some(table) = super::read(engine, &name).await? else { return Ok(()) };
    let now_ms = engine.now_ms();
    let mut next = table.descriptor.clone();
    if next.number != stream.table_number || stream.stream.disabled_ms.is_some() {
        return Ok(());
    }
    let mut batch = Batch::new();
    for at in 0..next.partitions.len() {
        let is_old = |opened_ms: i64| opened_ms.saturating_add(SHARD_AGE_MAX_MS) < now_ms;
        if next.partitions[at].shard.is_some_and(|shard| is_old(shard.opened_ms)) {
            shards::renew(&mut next, at, now_ms, &mut batch).map_err(unreadable)?;
        }
    }
    if batch.mutations.is_empty() {
        return Ok(());
    }
    table.check(&mut batch);
    change::set(&mut batch, &next).map_err(unreadable)?;
    // After a conflict the next look finds the same.
    super::commit(engine, batch).await?;
    super::refresh(engine, &name).await
}

/// What the engine said of the store, back in the store's words: jobs speak those.
fn unreadable(error: api::Error) -> StoreError {
    StoreError::corrupted(error.message().to_owned())
}
