//! DescribeTimeToLive.

use crate::context::Context;
use crate::tables::{change, description, status};
use api::{
    Decoded, DescribeTimeToLiveInput, DescribeTimeToLiveOutput, Error, TimeToLiveDescription, TimeToLiveStatus,
    messages,
};
use model::arn::TableReference;
use model::stream::ExpiryStatus;
use model::table::Status;
use std::borrow::Cow;

/// Says whether the table's items expire, and by which attribute.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<DescribeTimeToLiveInput<'_>>,
) -> Result<DescribeTimeToLiveOutput<'static>, Error> {
    let input = &request.input;
    let absent = || messages::table_not_found(TableReference::parse(&input.table_name).name());
    let table = change::read_own(context, &input.table_name).await?.ok_or_else(absent)?.descriptor;
    if let Some(status @ (Status::Creating | Status::Deleting)) = status::of_table(&table, context.engine.now_ms()) {
        return Err(messages::time_to_live_unreadable(description::table_status(status)));
    }
    let status = match table.time_to_live.as_ref().map(|time_to_live| time_to_live.status) {
        None => TimeToLiveStatus::Disabled,
        Some(ExpiryStatus::Enabling) => TimeToLiveStatus::Enabling,
        Some(ExpiryStatus::Enabled) => TimeToLiveStatus::Enabled,
    };
    let description = TimeToLiveDescription {
        time_to_live_status: Some(status),
        attribute_name: table.time_to_live.map(|time_to_live| Cow::Owned(time_to_live.attribute)),
    };
    Ok(DescribeTimeToLiveOutput { time_to_live_description: Some(description) })
}
