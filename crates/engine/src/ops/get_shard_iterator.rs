//! GetShardIterator: a place in a shard, to read from on.

use crate::context::Context;
use crate::error::corrupted;
use crate::streams::iterator::Iterator;
use crate::streams::log::Log;
use crate::streams::stored::{self, Shard};
use crate::streams::{describe, sequence};
use api::{Decoded, Error, GetShardIteratorInput, GetShardIteratorOutput, ShardIteratorType, messages};
use layout::ChangeRecord;
use model::partition::OpenShard;
use std::borrow::Cow;
use storage::{Direction, Position};

/// Answers with an iterator.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<GetShardIteratorInput<'_>>,
) -> Result<GetShardIteratorOutput<'static>, Error> {
    let input = &request.input;
    let wanted = Wanted::of(input, context.engine.now_ms())?;
    let stream = describe::find(context, &input.stream_arn).await?;
    let named = OpenShard::parse(&input.shard_id).ok_or_else(messages::shard_not_found)?;
    let shard = stored::shard(context, &stream, named.number).await?;
    let shard = shard.filter(|shard| shard.shard == named).ok_or_else(messages::shard_not_found)?;
    let places = Places { context, log: Log::of(context, &stream, named.number), shard: &shard };
    let position = match wanted {
        Wanted::Oldest => Position::default(),
        Wanted::Newest => places.end().await?,
        Wanted::At(position) => places.expect_inside(position).await?,
        Wanted::Since(at_ms) => places.since(at_ms).await?,
    };
    let issued_ms = context.engine.now_ms();
    let iterator = Iterator { arn: &input.stream_arn, shard: named.number, position, issued_ms };
    Ok(GetShardIteratorOutput { shard_iterator: Some(Cow::Owned(iterator.encode())) })
}

/// Where reading begins.
enum Wanted {
    Oldest,
    Newest,
    At(Position),
    Since(u64),
}

impl Wanted {
    fn of(input: &GetShardIteratorInput<'_>, now_ms: i64) -> Result<Self, Error> {
        use ShardIteratorType::{AfterSequenceNumber, AtSequenceNumber, AtTimestamp, Latest, TrimHorizon};
        let kind = input.shard_iterator_type;
        if input.sequence_number.is_some() && !matches!(kind, AtSequenceNumber | AfterSequenceNumber) {
            return Err(messages::sequence_number_not_allowed(kind));
        }
        if input.timestamp.is_some() && kind != AtTimestamp {
            return Err(messages::timestamp_not_allowed(kind));
        }
        let number = || {
            let text = input.sequence_number.as_deref().ok_or_else(|| messages::sequence_number_missing(kind))?;
            sequence::parse(text).ok_or_else(messages::invalid_sequence_number)
        };
        Ok(match kind {
            TrimHorizon => Self::Oldest,
            Latest => Self::Newest,
            AtSequenceNumber => Self::At(number()?),
            AfterSequenceNumber => Self::At(number()?.next()),
            AtTimestamp => {
                let timestamp = input.timestamp.ok_or_else(messages::timestamp_missing)?;
                if now_ms < timestamp.milliseconds() {
                    return Err(messages::timestamp_in_future());
                }
                Self::Since(u64::try_from(timestamp.milliseconds()).unwrap_or_default())
            }
        })
    }
}

/// A shard in which a place is looked for.
struct Places<'c> {
    context: &'c Context<'c>,
    log: Log<'c>,
    shard: &'c Shard,
}

impl Places<'_> {
    /// The place behind the newest record.
    async fn end(&self) -> Result<Position, Error> {
        let settled = self.context.settled().await?;
        Ok(self.newest().await?.min(Position::behind(settled)))
    }

    /// The place behind the newest record that is visible, whether records may still come before it or not.
    async fn newest(&self) -> Result<Position, Error> {
        let newest = self.entry(Position::default(), Direction::Backward).await?;
        Ok(newest.map_or(Position::default(), |(position, _)| position.next()))
    }

    /// A number that lies outside of the shard was not read from it. One that is still to come least of all: records that have lower
    /// numbers would never be read. Up to the newest record nobody but a server that knew it to be settled told of one.
    async fn expect_inside(&self, position: Position) -> Result<Position, Error> {
        let last = match self.shard.closed {
            Some((version, _)) => version,
            // What another server handed out may not be settled yet as far as this one knows.
            None => self.newest().await?.version.max(self.shard.opened),
        };
        if position.version < self.shard.opened || last < position.version {
            return Err(messages::invalid_sequence_number());
        }
        Ok(position)
    }

    /// The place of the first record of this time or later. Times grow along the log, but for what clocks and concurrent writers move them
    /// by, so the place is found by halving.
    async fn since(&self, at_ms: u64) -> Result<Position, Error> {
        let Position { version: mut to, .. } = self.end().await?;
        let mut from = self.shard.opened;
        to += 1;
        while from < to {
            let middle = from + (to - from) / 2;
            match self.entry(Position::before(middle), Direction::Forward).await? {
                Some((position, at)) if at < at_ms => from = position.version + 1,
                Some(_) | None => to = middle,
            }
        }
        Ok(Position::before(from))
    }

    /// The place and the time of the first record from a place on, or of the last one.
    async fn entry(&self, from: Position, direction: Direction) -> Result<Option<(Position, u64)>, Error> {
        let page = self.log.page(from, direction, (1, usize::MAX)).await?;
        let Some(entry) = page.last() else { return Ok(None) };
        let position = self.log.position(entry)?;
        let change = ChangeRecord::decode(entry.value_bytes()).map_err(|_| corrupted(entry.key))?;
        Ok(Some((position, change.at_ms)))
    }
}
