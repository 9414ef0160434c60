//! Policies as they are stored: read, set, deleted.

use super::{ATTEMPTS_MAX, Attached, Resource, principals};
use crate::catalog::OpenTable;
use crate::context::Context;
use crate::streams::stored;
use crate::tables::change::{self, Attempt};
use crate::tables::status;
use api::{Error, messages};
use bytes::Bytes;
use layout::keys;
use layout::record::PolicyRecord;
use model::policy::{PolicyState, revision};
use model::stream::{Stream, StreamRecord};
use model::table::{Status, Table};
use storage::{Batch, Version};

/// What stands for any revision that there is none.
const NO_POLICY: &str = "NO_POLICY";

/// Reads a policy; `None` where another revision is stored by now, or none.
pub async fn record(context: &Context<'_>, key: &Bytes, revision: i64) -> Result<Option<PolicyRecord>, Error> {
    let Some(found) = context.get(key).await? else { return Ok(None) };
    let record: PolicyRecord = stored::decode(key, &found.value)?;
    Ok(Some(record).filter(|record| record.revision == revision))
}

/// Adds the write of a policy to a batch.
pub fn put(batch: &mut Batch, key: Bytes, revision: i64, policy: &Attached) -> Result<(), Error> {
    let Attached { document, ids } = policy.clone();
    change::put(batch, key, &PolicyRecord { revision, document, principals: ids })
}

/// Reads the policy of a resource as it is answered, with its revision.
pub async fn read(context: &Context<'_>, resource: &Resource<'_>) -> Result<(String, i64), Error> {
    for _ in 0..ATTEMPTS_MAX {
        let holder = Holder::read(context, resource).await?;
        let revision = revision(holder.state()).ok_or_else(|| messages::policy_not_found(resource.arn))?;
        let key = holder.document_key();
        if let Some(record) = record(context, &key, revision).await? {
            return Ok((principals::shown(context, &key, record).await?, revision));
        }
    }
    Err(change::conflicted())
}

/// Sets the policy of a resource, or with `None` deletes it. Returns the revision that was set or deleted; where nothing changes the one
/// that there is, and where there never was a policy none.
pub async fn change(
    context: &Context<'_>,
    resource: &Resource<'_>,
    (expected, wanted): (Option<&str>, Option<&Attached>),
) -> Result<Option<i64>, Error> {
    let now_ms = context.engine.now_ms();
    for _ in 0..ATTEMPTS_MAX {
        let holder = Holder::read(context, resource).await?;
        holder.refuse_change(now_ms)?;
        let old = holder.state();
        expect_revision(resource, old, expected)?;
        let key = holder.document_key();
        let current = match revision(old) {
            None => None,
            Some(revision) => match record(context, &key, revision).await? {
                None => continue,
                Some(PolicyRecord { document, principals: ids, .. }) => Some(Attached { document, ids }),
            },
        };
        if current.as_ref() == wanted {
            return Ok(old.map(|old| old.revision));
        }
        let new = PolicyState::changed(old, now_ms, wanted.is_some());
        let mut batch = Batch::new();
        holder.set(new, &mut batch)?;
        match wanted {
            Some(policy) => put(&mut batch, key, new.revision, policy)?,
            None => drop(batch.delete(key)),
        }
        if let Attempt::Committed = change::attempt(context, batch, (resource.account, resource.table)).await? {
            return Ok(revision(Some(new)).or_else(|| revision(old)));
        }
    }
    Err(change::conflicted())
}

/// Refuses a change that was planned against another revision.
fn expect_revision(resource: &Resource<'_>, state: Option<PolicyState>, expected: Option<&str>) -> Result<(), Error> {
    let current = state.map(|state| state.revision.to_string());
    match (expected, current) {
        (None, _) => Ok(()),
        (Some(NO_POLICY), current) => match current.filter(|_| revision(state).is_some()) {
            Some(current) => Err(messages::policy_exists(&resource.described(), &current)),
            None => Ok(()),
        },
        (Some(expected), Some(current)) if expected == current => Ok(()),
        (Some(expected), Some(current)) => {
            Err(messages::other_policy_revision(&resource.described(), expected, &current))
        }
        (Some(expected), None) => Err(messages::no_policy_revision(&resource.described(), expected)),
    }
}

/// What has a policy, as it is stored.
enum Holder {
    Table(Box<OpenTable>),
    Stream(Box<StoredStream>),
}

struct StoredStream {
    key: Bytes,
    version: Version,
    record: StreamRecord,
    /// The table, if this is its newest stream: its descriptor says the same of it.
    table: Option<OpenTable>,
}

impl Holder {
    async fn read(context: &Context<'_>, resource: &Resource<'_>) -> Result<Self, Error> {
        let Resource { arn, account, table, stream } = *resource;
        let Some(label) = stream else {
            let found = change::read(context, arn).await?;
            return found.map(|table| Self::Table(table.into())).ok_or_else(|| messages::table_not_found(table));
        };
        let key = keys::stream(account, table, label);
        let found = context.get(&key).await?.ok_or_else(|| messages::policy_stream_not_found(table, label))?;
        let record: StreamRecord = stored::decode(&key, &found.value)?;
        let table = change::read_any(context, account, table).await?;
        let table = table.filter(|table| table.descriptor.stream.as_ref() == Some(&record.stream));
        Ok(Self::Stream(StoredStream { key, version: found.version, record, table }.into()))
    }

    fn state(&self) -> Option<PolicyState> {
        match self {
            Self::Table(table) => table.descriptor.policy,
            Self::Stream(stream) => stream.record.stream.policy,
        }
    }

    fn document_key(&self) -> Bytes {
        match self {
            Self::Table(table) => keys::table_policy(table.descriptor.number),
            Self::Stream(stream) => keys::stream_policy(stream.record.table_number, &stream.record.stream.label),
        }
    }

    /// A table that comes or goes keeps the policy that it has (measured of one that goes, October 2026).
    fn refuse_change(&self, now_ms: i64) -> Result<(), Error> {
        let Self::Table(table) = self else { return Ok(()) };
        match status::of_table(&table.descriptor, now_ms) {
            Some(Status::Creating | Status::Deleting) => status::refuse_in_transition(&table.descriptor, now_ms),
            Some(Status::Active | Status::Updating) | None => Ok(()),
        }
    }

    /// Adds the write of the descriptors that name the policy to a batch, with the checks that they are still these.
    fn set(&self, state: PolicyState, batch: &mut Batch) -> Result<(), Error> {
        let set_table = |OpenTable { key, version, .. }: &OpenTable, next: &Table, batch: &mut Batch| {
            batch.check(key.clone(), Some(*version));
            change::set(batch, next)
        };
        match self {
            Self::Table(table) => {
                let next = Table { policy: Some(state), ..table.descriptor.clone() };
                set_table(table, &next, batch)
            }
            Self::Stream(stored) => {
                let StoredStream { key, version, record, table } = stored.as_ref();
                let stream = Stream { policy: Some(state), ..record.stream.clone() };
                if let Some(table) = table {
                    let next = Table { stream: Some(stream.clone()), ..table.descriptor.clone() };
                    set_table(table, &next, batch)?;
                }
                batch.check(key.clone(), Some(*version));
                change::put(batch, key.clone(), &StreamRecord { stream, ..record.clone() })
            }
        }
    }
}
