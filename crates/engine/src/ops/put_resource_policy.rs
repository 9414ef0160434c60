//! PutResourcePolicy: attaches a policy to a table or a stream.

use crate::context::Context;
use crate::policies::{Resource, document, principals, stored};
use api::{Decoded, Error, PutResourcePolicyInput, PutResourcePolicyOutput};
use std::borrow::Cow;

/// Sets the policy. One that differs in form alone from what is there changes nothing. `ConfirmRemoveSelfResourceAccess` is for who would
/// lock themselves out, which is decided where it is known who asks.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<PutResourcePolicyInput<'_>>,
) -> Result<PutResourcePolicyOutput<'static>, Error> {
    let input = &request.input;
    let resource = Resource::parse(context, &input.resource_arn)?;
    let policy = principals::identify(context, document::check(&input.policy)?).await?;
    let change = (input.expected_revision_id.as_deref(), Some(&policy));
    let revision = stored::change(context, &resource, change).await?;
    Ok(PutResourcePolicyOutput { revision_id: revision.map(|revision| Cow::Owned(revision.to_string())) })
}
