//! ListStreams: the streams of the account, or of a table, those of deleted tables included while their records last.

use crate::context::Context;
use crate::streams::{describe, stored};
use crate::tables::change;
use api::{Decoded, Error, ListStreamsInput, ListStreamsOutput, Stream, messages};
use layout::keys::{self, Range};
use model::arn::StreamReference;
use model::limits;
use model::stream::StreamRecord;
use std::borrow::Cow;
use storage::{Scan, scan};

/// Lists streams in the order of their tables' names and of their enabling.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<ListStreamsInput<'_>>,
) -> Result<ListStreamsOutput<'static>, Error> {
    let input = &request.input;
    let limit = input.limit.map_or(limits::LIST_STREAMS_MAX, |limit| limit as usize).min(limits::LIST_STREAMS_MAX);
    let mut range = match &input.table_name {
        Some(table) => match change::own_name(context, table) {
            Some((account, name)) => Range::prefixed(keys::streams_of(account, name)),
            None => return Ok(ListStreamsOutput { streams: Some(Vec::new()), last_evaluated_stream_arn: None }),
        },
        None => Range::prefixed(keys::streams_of_account(&context.caller.account)),
    };
    if let Some(start) = &input.exclusive_start_stream_arn {
        let start = StreamReference::parse(start).ok_or_else(messages::invalid_stream_arn)?;
        range.from = range.from.max(scan::successor(&keys::stream(start.account, start.table, start.label)));
    }
    let page = context.scan(Scan { max_entries: limit, ..stored::scan(range) }).await?;
    let region = &context.engine.settings.region;
    let mut last = None;
    let mut streams = Vec::with_capacity(page.len());
    for entry in page.iter() {
        let stream: StreamRecord = stored::decode(entry.key, entry.value)?;
        let arn = describe::arn(region, &stream);
        last = Some(Cow::Owned(arn.clone()));
        streams.push(Stream {
            stream_arn: Some(Cow::Owned(arn)),
            table_name: Some(Cow::Owned(stream.table)),
            stream_label: Some(Cow::Owned(stream.stream.label)),
        });
    }
    Ok(ListStreamsOutput { streams: Some(streams), last_evaluated_stream_arn: last.filter(|_| page.more()) })
}
