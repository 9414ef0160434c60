//! ListTagsOfResource.

use crate::context::Context;
use crate::tables::{change, tags};
use api::{Decoded, Error, ListTagsOfResourceInput, ListTagsOfResourceOutput, Tag, messages};
use std::borrow::Cow;

/// Lists the tags of a table, all on one page: there are at most fifty.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<ListTagsOfResourceInput<'_>>,
) -> Result<ListTagsOfResourceOutput<'static>, Error> {
    let input = &request.input;
    tags::check_arn(&input.resource_arn)?;
    let absent = || {
        tags::absent(
            context,
            "ListTagsOfResource",
            &input.resource_arn,
            messages::tagged_resource_not_found(&input.resource_arn),
        )
    };
    let table = change::read(context, &input.resource_arn).await?.ok_or_else(absent)?.descriptor;
    let tag = |tag: model::table::Tag| Tag { key: Cow::Owned(tag.key), value: Cow::Owned(tag.value) };
    Ok(ListTagsOfResourceOutput { tags: Some(table.tags.into_iter().map(tag).collect()), next_token: None })
}
