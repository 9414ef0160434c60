//! DescribeTimeToLive.

use crate::context::Context;
use crate::tables::change;
use api::{
    Decoded, DescribeTimeToLiveInput, DescribeTimeToLiveOutput, Error, TimeToLiveDescription, TimeToLiveStatus,
    messages,
};
use model::arn::TableReference;

/// Says that items of the table do not expire: this version has no time to live.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<DescribeTimeToLiveInput<'_>>,
) -> Result<DescribeTimeToLiveOutput<'static>, Error> {
    let input = &request.input;
    let absent = || messages::table_not_found(TableReference::parse(&input.table_name).name());
    change::read(context, &input.table_name).await?.ok_or_else(absent)?;
    let description =
        TimeToLiveDescription { time_to_live_status: Some(TimeToLiveStatus::Disabled), attribute_name: None };
    Ok(DescribeTimeToLiveOutput { time_to_live_description: Some(description) })
}
