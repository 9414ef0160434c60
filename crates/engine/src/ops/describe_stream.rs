//! DescribeStream: a stream and its shards, in the order of their opening.

use crate::context::Context;
use crate::streams::describe;
use crate::streams::stored::{self, Shard};
use api::{
    Decoded, DescribeStreamInput, DescribeStreamOutput, Error, ShardFilter, ShardFilterType, StreamDescription,
    messages,
};
use model::limits;
use std::borrow::Cow;

/// Describes a stream.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<DescribeStreamInput<'_>>,
) -> Result<DescribeStreamOutput<'static>, Error> {
    let input = &request.input;
    let limit = input.limit.map_or(limits::DESCRIBE_STREAM_MAX, |limit| limit as usize);
    let stream = describe::find(context, &input.stream_arn).await?;
    let mut shards = stored::shards(context, &stream).await?;
    if let Some(filter) = &input.shard_filter {
        keep_children(&mut shards, filter)?;
    }
    if let Some(start) = &input.exclusive_start_shard_id {
        // A place in the order of ids, whether there is such a shard or not (Alternator's tests, which pass on AWS).
        shards.retain(|shard| **start < *shard.shard.id());
    }
    let more = limit < shards.len();
    shards.truncate(limit.min(limits::DESCRIBE_STREAM_MAX));
    let last = shards.last().filter(|_| more).map(|shard| Cow::Owned(shard.shard.id()));
    Ok(DescribeStreamOutput {
        stream_description: Some(StreamDescription {
            shards: Some(shards.iter().map(describe::shard).collect()),
            last_evaluated_shard_id: last,
            ..describe::stream(&context.engine.settings.region, &stream)
        }),
    })
}

/// Keeps the shards that continue one.
fn keep_children(shards: &mut Vec<Shard>, filter: &ShardFilter<'_>) -> Result<(), Error> {
    let incomplete = |member| move || messages::shard_filter_incomplete(member);
    let ShardFilterType::ChildShards = filter.r#type.ok_or_else(incomplete("Type"))?;
    let parent = filter.shard_id.as_deref().ok_or_else(incomplete("ShardId"))?;
    shards.retain(|shard| shard.parent.as_deref() == Some(parent));
    Ok(())
}
