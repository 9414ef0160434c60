//! GetRecords: what is in a shard from a place on.

use crate::context::Context;
use crate::streams::iterator::Iterator;
use crate::streams::log::Log;
use crate::streams::records::Reader;
use crate::streams::{ITERATOR_VALIDITY_MS, describe, stored};
use api::{Decoded, Error, GetRecordsInput, GetRecordsOutput, messages};
use model::limits;
use std::borrow::Cow;
use storage::Direction;

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
    let log = Log::of(context, &stream, iterator.shard);
    let most = (max_entries, limits::GET_RECORDS_SIZE_MAX);
    let page = log.page(iterator.position, Direction::Forward, most).await?;
    let reader = Reader { arn: iterator.arn, region: &context.engine.settings.region, view: stream.stream.view };
    let mut position = iterator.position;
    let mut records = Vec::with_capacity(page.len());
    for entry in page.iter() {
        let at = log.position(entry)?;
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
