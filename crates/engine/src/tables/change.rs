//! Reading and changing descriptors.
//!
//! Table operations read the descriptor from the store, not from the catalog, so that a status is never older than the request. A change
//! is planned against what was read and committed with a check of its version; a conflict plans it anew.

use super::status;
use crate::catalog::OpenTable;
use crate::context::Context;
use crate::error::{corrupted, from_store};
use api::{Error, messages};
use bytes::Bytes;
use layout::record::Descriptor;
use layout::{keys, record};
use model::Table;
use model::arn::TableReference;
use storage::{Batch, StoreError};

/// How often a change is planned anew after a conflict. Descriptors change seldom, so this is reached only when something is wrong.
const ATTEMPTS_MAX: usize = 100;

/// The account and name that a reference means, or `None` where it means a table of another Region or account.
pub fn own_name<'r>(context: &'r Context<'_>, reference: &'r str) -> Option<(&'r str, &'r str)> {
    let account = context.caller.account.as_str();
    match TableReference::parse(reference) {
        TableReference::Name(name) => Some((account, name)),
        TableReference::Arn { region, account: owner, name } => {
            (region == context.engine.settings.region && owner == account).then_some((account, name))
        }
    }
}

/// Reads a table's descriptor. A table whose deletion is due is not there. An ARN may be of another account: who may ask for whose tables
/// was decided before.
pub async fn read(context: &Context<'_>, reference: &str) -> Result<Option<OpenTable>, Error> {
    let (account, name) = match TableReference::parse(reference) {
        TableReference::Name(name) => (context.caller.account.as_str(), name),
        TableReference::Arn { region, account, name } if region == context.engine.settings.region => (account, name),
        TableReference::Arn { .. } => return Ok(None),
    };
    let found = read_any(context, account, name).await?;
    Ok(found.filter(|table| status::of_table(&table.descriptor, context.engine.now_ms()).is_some()))
}

/// The same of the caller's own account, for what DynamoDB does not do for others (developer guide, "DynamoDB API operations supported by
/// resource-based policies").
pub async fn read_own(context: &Context<'_>, reference: &str) -> Result<Option<OpenTable>, Error> {
    match own_name(context, reference) {
        Some(_) => read(context, reference).await,
        None => Ok(None),
    }
}

/// Reads a table's descriptor, even if its deletion is due.
pub async fn read_any(context: &Context<'_>, account: &str, name: &str) -> Result<Option<OpenTable>, Error> {
    let key = keys::table(account, name);
    let Some(stored) = context.get(&key).await? else { return Ok(None) };
    OpenTable::decode(key, stored.version, &stored.value).map(Some)
}

/// Adds the write of a descriptor to a batch.
pub fn set(batch: &mut Batch, table: &Table) -> Result<(), Error> {
    put(batch, keys::table(&table.account, &table.name), table)
}

/// Adds the write of anything that is stored as a descriptor is.
pub fn put<T: Descriptor>(batch: &mut Batch, key: Bytes, descriptor: &T) -> Result<(), Error> {
    let value = record::encode(descriptor).map_err(|_| corrupted(&key))?;
    batch.set(key, value);
    Ok(())
}

/// A table to change, and what to say where it is not there.
pub struct Target<'r, F> {
    /// Its name or ARN.
    pub reference: &'r str,
    /// The error where there is no such table.
    pub absent: F,
}

/// Changes a table: plans against the descriptor, commits, and again if somebody was faster. Returns what the last plan gave beside its
/// batch. A batch without mutations changes nothing and is not committed.
pub async fn commit<T>(
    context: &Context<'_>,
    target: Target<'_, impl Fn() -> Error + Send>,
    mut plan: impl FnMut(&Table) -> Result<(Batch, T), Error> + Send,
) -> Result<T, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let table = read(context, target.reference).await?.ok_or_else(&target.absent)?;
        let (mut batch, outcome) = plan(&table.descriptor)?;
        if batch.mutations.is_empty() {
            return Ok(outcome);
        }
        batch.check(table.key, Some(table.version));
        let Table { account, name, .. } = &table.descriptor;
        if let Attempt::Committed = attempt(context, batch, (account, name)).await? {
            return Ok(outcome);
        }
    }
    Err(conflicted())
}

/// What became of an attempt to change a table.
pub enum Attempt {
    /// It is changed, and the catalog knows it.
    Committed,
    /// Somebody was faster.
    Conflict,
}

/// Commits the change of a table, or a new table. Where that fails, or the change cannot be read back, the table may have been changed:
/// somebody must look after it, or what was begun for it would rest until the server starts again.
pub async fn attempt(context: &Context<'_>, batch: Batch, (account, name): (&str, &str)) -> Result<Attempt, Error> {
    let result = match context.commit(batch).await {
        Ok(_) => context.engine.read_table(account, name).await.map(|_| Attempt::Committed),
        Err(StoreError::Conflict { .. }) => Ok(Attempt::Conflict),
        Err(error) => Err(from_store(error)),
    };
    if result.is_err() {
        context.engine.look_after(account, name);
    }
    result
}

/// The answer after too many conflicts.
pub fn conflicted() -> Error {
    tracing::error!("the change of a table met a conflict {ATTEMPTS_MAX} times");
    messages::internal_server_error()
}
