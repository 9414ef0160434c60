//! Streams and shards as they are described.

use super::sequence;
use super::stored::Shard;
use crate::context::Context;
use crate::tables::description::key_schema;
use crate::tables::streams::view_type;
use api::{Error, SequenceNumberRange, StreamDescription, StreamStatus, Timestamp, messages};
use model::arn::{self, StreamReference};
use model::stream::StreamRecord;
use std::borrow::Cow;

/// The stream that an ARN names.
pub async fn find(context: &Context<'_>, arn: &str) -> Result<StreamRecord, Error> {
    let reference = StreamReference::parse(arn).ok_or_else(messages::invalid_stream_arn)?;
    let absent = || messages::stream_not_found(arn);
    let StreamReference { region, account, table, label } = reference;
    // Who may ask for whose streams was decided before.
    if region != context.engine.settings.region {
        return Err(absent());
    }
    super::stored::stream(context, account, table, label).await?.ok_or_else(absent)
}

/// The ARN of a stream.
pub fn arn(region: &str, stream: &StreamRecord) -> String {
    arn::stream(&arn::table(region, &stream.account, &stream.table), &stream.stream.label)
}

/// The description of a stream, without its shards.
pub fn stream(region: &str, stream: &StreamRecord) -> StreamDescription<'static> {
    let settings = &stream.stream;
    StreamDescription {
        stream_arn: Some(Cow::Owned(arn(region, stream))),
        stream_label: Some(Cow::Owned(settings.label.clone())),
        stream_status: Some(match settings.disabled_ms {
            None => StreamStatus::Enabled,
            Some(_) => StreamStatus::Disabled,
        }),
        stream_view_type: Some(view_type(settings.view)),
        creation_request_date_time: Some(Timestamp::from_milliseconds(settings.created_ms)),
        table_name: Some(Cow::Owned(stream.table.clone())),
        key_schema: Some(key_schema(&stream.key_schema)),
        shards: None,
        last_evaluated_shard_id: None,
    }
}

/// The description of a shard.
pub fn shard(shard: &Shard) -> api::Shard<'static> {
    let number = |version| Cow::Owned(sequence::before(version));
    api::Shard {
        shard_id: Some(Cow::Owned(shard.shard.id())),
        sequence_number_range: Some(SequenceNumberRange {
            starting_sequence_number: Some(number(shard.opened)),
            ending_sequence_number: shard.closed.map(|(version, _)| number(version)),
        }),
        parent_shard_id: shard.parent.clone().map(Cow::Owned),
    }
}
