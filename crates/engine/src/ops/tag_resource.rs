//! TagResource.

use crate::context::Context;
use crate::tables::{change, tags};
use api::{Decoded, Error, TagResourceInput, messages};

/// Sets tags of a table. The answer has no body.
pub async fn run(context: &Context<'_>, request: &Decoded<TagResourceInput<'_>>) -> Result<(), Error> {
    let input = &request.input;
    tags::check_arn(&input.resource_arn)?;
    if input.tags.is_empty() {
        return Err(messages::no_tags());
    }
    let absent = || {
        tags::absent(
            context,
            "TagResource",
            &input.resource_arn,
            messages::tagged_resource_not_found(&input.resource_arn),
        )
    };
    let target = change::Target { reference: &input.resource_arn, absent };
    tags::change(context, target, |old| {
        let new = tags::set(old, &input.tags);
        tags::check(&new)?;
        Ok(new)
    })
    .await
}
