//! Policies as requests are decided by: compiled once and kept with the table, as it was read, that names them.
//!
//! A table or stream without policy costs nothing here, and one with a policy nothing but the first time. Streams that are not the newest
//! of a table are asked for seldom: theirs are read each time.

use super::{ATTEMPTS_MAX, stored};
use crate::catalog::OpenTable;
use crate::context::Context;
use crate::error::corrupted;
use crate::streams;
use crate::tables::change;
use api::Error;
use bytes::Bytes;
use layout::keys;
use model::arn::StreamReference;
use model::policy::{PolicyState, revision};
use policy::{DocumentKind, Policy};
use std::sync::{Arc, OnceLock};

/// The place in which a compiled policy is kept.
pub type Kept = OnceLock<Arc<Policy>>;

/// The policy of a table. The table is read again if it turns out to be an old one.
pub async fn of_table(context: &Context<'_>, table: &mut Option<Arc<OpenTable>>) -> Result<Option<Arc<Policy>>, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(open) = table else { return Ok(None) };
        let (state, key) = (open.descriptor.policy, || keys::table_policy(open.descriptor.number));
        if let Found::Policy(policy) = find(context, state, key, Some(&open.policy)).await? {
            return Ok(policy);
        }
        *table = read_again(context, open).await?;
    }
    Err(change::conflicted())
}

/// The policy of a stream, and its table if there is one.
pub async fn of_stream(
    context: &Context<'_>,
    reference: &StreamReference<'_>,
    table: &mut Option<Arc<OpenTable>>,
) -> Result<Option<Arc<Policy>>, Error> {
    let StreamReference { region, account, table: name, label } = *reference;
    if region != context.engine.settings.region {
        return Ok(None);
    }
    for _ in 0..ATTEMPTS_MAX {
        let newest = table.as_ref().and_then(|open| Some((open, open.descriptor.stream.as_ref()?)));
        let found = match newest.filter(|(_, stream)| stream.label == label) {
            Some((open, stream)) => {
                let key = || keys::stream_policy(open.descriptor.number, label);
                find(context, stream.policy, key, Some(&open.stream_policy)).await?
            }
            None => {
                let Some(record) = streams::stored::stream(context, account, name, label).await? else {
                    return Ok(None);
                };
                find(context, record.stream.policy, || keys::stream_policy(record.table_number, label), None).await?
            }
        };
        match (found, &*table) {
            (Found::Policy(policy), _) => return Ok(policy),
            (Found::Outdated, Some(open)) => *table = read_again(context, open).await?,
            (Found::Outdated, None) => {}
        }
    }
    Err(change::conflicted())
}

async fn read_again(context: &Context<'_>, table: &OpenTable) -> Result<Option<Arc<OpenTable>>, Error> {
    context.engine.read_table(&table.descriptor.account, &table.descriptor.name).await
}

enum Found {
    Policy(Option<Arc<Policy>>),
    /// The document that is stored is another one.
    Outdated,
}

async fn find(
    context: &Context<'_>,
    state: Option<PolicyState>,
    key: impl Fn() -> Bytes + Send,
    kept: Option<&Kept>,
) -> Result<Found, Error> {
    let Some(revision) = revision(state) else { return Ok(Found::Policy(None)) };
    if let Some(policy) = kept.and_then(Kept::get) {
        return Ok(Found::Policy(Some(policy.clone())));
    }
    let key = key();
    let Some(record) = stored::record(context, &key, revision).await? else { return Ok(Found::Outdated) };
    // What cannot be understood allows nothing: the request fails.
    let policy = Policy::parse(&record.document, DocumentKind::Resource).map_err(|_| corrupted(&key))?;
    let policy = Arc::new(policy.identified(|name| record.principals.get(name).map(String::as_str)));
    Ok(Found::Policy(Some(kept.map_or_else(|| policy.clone(), |kept| kept.get_or_init(|| policy.clone()).clone()))))
}
