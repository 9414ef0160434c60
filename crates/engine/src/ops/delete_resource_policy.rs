//! DeleteResourcePolicy: takes the policy of a table or a stream away.

use crate::context::Context;
use crate::policies::{Resource, stored};
use api::{Decoded, DeleteResourcePolicyInput, DeleteResourcePolicyOutput, Error};
use std::borrow::Cow;

/// Deletes the policy. Where there is none it is fine too: a deletion that was has a revision, else none is told (measured, October 2026).
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<DeleteResourcePolicyInput<'_>>,
) -> Result<DeleteResourcePolicyOutput<'static>, Error> {
    let input = &request.input;
    let resource = Resource::parse(context, &input.resource_arn)?;
    let revision = stored::change(context, &resource, (input.expected_revision_id.as_deref(), None)).await?;
    Ok(DeleteResourcePolicyOutput { revision_id: revision.map(|revision| Cow::Owned(revision.to_string())) })
}
