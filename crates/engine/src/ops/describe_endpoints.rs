//! DescribeEndpoints.

use crate::context::Context;
use api::{Decoded, DescribeEndpointsRequest, DescribeEndpointsResponse, Endpoint, Error};
use std::borrow::Cow;

/// How long a client may remember an endpoint: a day.
const CACHE_MINUTES: i64 = 1440;

/// The Region's endpoint, by the name that it has on AWS. SDKs that were given an endpoint do not ask for another.
pub async fn run(
    context: &Context<'_>,
    _request: &Decoded<DescribeEndpointsRequest>,
) -> Result<DescribeEndpointsResponse<'static>, Error> {
    let address = Cow::Owned(format!("dynamodb.{}.amazonaws.com", context.engine.settings.region));
    Ok(DescribeEndpointsResponse { endpoints: vec![Endpoint { address, cache_period_in_minutes: CACHE_MINUTES }] })
}
