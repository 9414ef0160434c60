//! The log of a shard, as it is read.

use crate::context::Context;
use crate::error::corrupted;
use api::Error;
use bytes::Bytes;
use layout::keys::{self, Range};
use model::stream::StreamRecord;
use storage::{Direction, Entry, Page, Position, Scan};

/// The log of a shard.
pub struct Log<'c> {
    context: &'c Context<'c>,
    /// What the keys of its entries begin with.
    key: Bytes,
    range: Range,
}

impl<'c> Log<'c> {
    /// The log of the shard of a stream that has this number.
    pub fn of(context: &'c Context<'c>, stream: &StreamRecord, shard: u32) -> Self {
        let table = stream.table_number;
        Self { context, key: keys::change_log(table, shard), range: keys::changes(table, shard) }
    }

    /// Entries from a place on, or from the last one back to it.
    pub async fn page(
        &self,
        from: Position,
        direction: Direction,
        (max_entries, max_bytes): (usize, usize),
    ) -> Result<Page, Error> {
        let (from, to) = (from.key(&self.key), self.range.to.clone());
        self.context.scan(Scan { from, to, direction, max_entries, max_bytes }).await
    }

    /// The place of an entry.
    pub fn position(&self, entry: Entry<'_>) -> Result<Position, Error> {
        Position::of_key(&self.key, entry.key).ok_or_else(|| corrupted(entry.key))
    }
}
