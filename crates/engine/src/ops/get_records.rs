//! GetRecords: what is in a shard from a place on.

use crate::context::Context;
use crate::error::corrupted;
use crate::streams::iterator::Iterator;
use crate::streams::records::Reader;
use crate::streams::{ITERATOR_VALIDITY_MS, describe, stored};
use api::{Decoded, Error, GetRecordsInput, GetRecordsOutput, messages};
use layout::keys;
use model::limits;
use std::borrow::Cow;
use storage::{Direction, Position, Scan};

/// Answers with records, and with where to go on unless the shard has ended.
pub async fn run<'a>(
    context: &'a Context<'_>,
    request: &'a Decoded<GetRecordsInput<'a>>,
) -> Result<GetRecordsOutput<'a>, Error> {
    let input = &request.input;
    let iterator = Iterator::decode(&input.shard_iterator)?;
    // The model's constraints leave only numbers from 1 to 1000.
    let max_entries = input.limit.map_or(limits::GET_RECORDS_MAX, |limit| limit as usize);
    let now_ms = context.engine.now_ms();
    if iterator.issued_ms.saturating_add(ITERATOR_VALIDITY_MS) < now_ms {
        return Err(messages::expired_iterator());
    }
    let stream = describe::find(context, iterator.arn).await?;
    let settled = context.settled().await?;
    // The shard is read before its records: what was closed then gets no more of them.
    let shard = stored::shard(context, &stream, iterator.shard).await?.ok_or_else(messages::trimmed_data)?;
    let log = keys::change_log(stream.table_number, iterator.shard);
    let page = context
        .scan(Scan {
            from: iterator.position.key(&log),
            to: keys::successor(&log).into(),
            direction: Direction::Forward,
            max_entries,
            max_bytes: limits::GET_RECORDS_SIZE_MAX,
        })
        .await?;
    let reader = Reader { arn: iterator.arn, region: &context.engine.settings.region, view: stream.stream.view };
    let mut position = iterator.position;
    let mut records = Vec::with_capacity(page.len());
    for entry in page.iter() {
        let at = Position::of_key(&log, entry.key).ok_or_else(|| corrupted(entry.key))?;
        if settled < at.version {
            break;
        }
        records.push(reader.record(at, entry)?);
        position = at.next();
    }
    let is_all = records.len() == page.len() && !page.more();
    let ended = is_all && shard.closed.is_some_and(|(version, _)| version <= settled);
    let next = (!ended).then(|| Iterator { position, issued_ms: now_ms, ..iterator }.encode());
    Ok(GetRecordsOutput { records: Some(records), next_shard_iterator: next.map(Cow::Owned) })
}
