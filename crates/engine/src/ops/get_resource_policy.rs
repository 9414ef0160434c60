//! GetResourcePolicy: the policy of a table or a stream.

use crate::context::Context;
use crate::policies::{Resource, stored};
use api::{Decoded, Error, GetResourcePolicyInput, GetResourcePolicyOutput};
use std::borrow::Cow;

/// Answers with the policy, in its canonical form, which names everybody as he is called now.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<GetResourcePolicyInput<'_>>,
) -> Result<GetResourcePolicyOutput<'static>, Error> {
    let resource = Resource::parse(context, &request.input.resource_arn)?;
    let (document, revision) = stored::read(context, &resource).await?;
    Ok(GetResourcePolicyOutput {
        policy: Some(Cow::Owned(document)),
        revision_id: Some(Cow::Owned(revision.to_string())),
    })
}
