//! Tags of tables, and the ARNs by which tag operations name them.

use super::{change, status};
use crate::context::Context;
use api::{Error, messages};
use model::arn::TableReference;
use model::table::{Status, Tag};
use model::{Table, limits};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Refuses more tags than a resource may have.
pub fn check<T>(tags: &[T]) -> Result<(), Error> {
    let max = limits::TAGS_MAX;
    if tags.len() > max {
        return Err(messages::too_many_tags(max));
    }
    Ok(())
}

/// The tags with some set: a known key keeps its place, a new one is added, of equal keys the last counts.
pub fn set(old: &[Tag], requested: &[api::Tag<'_>]) -> Vec<Tag> {
    let mut tags = old.to_vec();
    let mut places: HashMap<&str, usize> = old.iter().enumerate().map(|(at, tag)| (tag.key.as_str(), at)).collect();
    for tag in requested {
        let value = tag.value.clone().into_owned();
        match places.entry(&tag.key) {
            Entry::Occupied(place) => tags[*place.get()].value = value,
            Entry::Vacant(place) => {
                place.insert(tags.len());
                tags.push(Tag { key: tag.key.clone().into_owned(), value });
            }
        }
    }
    tags
}

/// Refuses what is no ARN of a table.
pub fn check_arn(arn: &str) -> Result<(), Error> {
    match TableReference::parse(arn) {
        TableReference::Name(_) => Err(messages::not_a_table_arn(arn)),
        TableReference::Arn { .. } => Ok(()),
    }
}

/// The error where there is no such table. Of a table of another account nobody but that account can have allowed anything, and a table that
/// is not there has no policy that does. `operation` is named in the refusal.
pub fn absent(context: &Context<'_>, operation: &str, arn: &str, own: Error) -> Error {
    match TableReference::parse(arn) {
        TableReference::Arn { account, .. } if account != context.caller.account => {
            messages::access_denied(&context.caller.account, operation, arn)
        }
        // A table of another Region is nowhere to be found here.
        TableReference::Arn { .. } | TableReference::Name(_) => own,
    }
}

/// Changes the tags of a table.
pub async fn change(
    context: &Context<'_>,
    target: change::Target<'_, impl Fn() -> Error + Send>,
    new: impl Fn(&[Tag]) -> Result<Vec<Tag>, Error> + Send + Sync,
) -> Result<(), Error> {
    let now_ms = context.engine.now_ms();
    change::commit(context, target, |table: &Table| {
        if matches!(status::of_table(table, now_ms), Some(Status::Creating | Status::Deleting)) {
            status::refuse_in_transition(table, now_ms)?;
        }
        let mut batch = storage::Batch::new();
        let tags = new(&table.tags)?;
        if tags != table.tags {
            change::set(&mut batch, &Table { tags, ..table.clone() })?;
        }
        Ok((batch, ()))
    })
    .await
}
