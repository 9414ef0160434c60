//! UntagResource.

use crate::context::Context;
use crate::tables::{change, tags};
use api::{Decoded, Error, UntagResourceInput, messages};

/// Removes tags of a table; keys that it does not have are fine. The answer has no body.
pub async fn run(context: &Context<'_>, request: &Decoded<UntagResourceInput<'_>>) -> Result<(), Error> {
    let input = &request.input;
    tags::check_arn(&input.resource_arn)?;
    if input.tag_keys.is_empty() {
        return Err(messages::no_tag_keys());
    }
    // Unlike its siblings, UntagResource does not name the ARN (recorded by dynalite).
    let absent =
        || tags::absent(context, "UntagResource", &input.resource_arn, messages::requested_resource_not_found());
    let target = change::Target { reference: &input.resource_arn, absent };
    tags::change(context, target, |old| {
        Ok(old.iter().filter(|tag| !input.tag_keys.iter().any(|key| *key == tag.key)).cloned().collect())
    })
    .await
}
