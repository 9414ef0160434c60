//! Permissions boundaries of users and roles.

use super::policies;
use crate::directory::record::{Bounded, Role, User};
use crate::directory::{Change, change};
use crate::failure::{self, Result};
use crate::form::Form;
use crate::managed;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;

/// The boundary that a request names.
pub(super) fn of_request<'f>(form: &'f Form, account: &str) -> Result<Option<&'f str>> {
    if form.get("PermissionsBoundary").is_none() {
        return Ok(None);
    }
    let arn = params::arn(form, "PermissionsBoundary")?;
    if !managed::is_reachable(arn, account) {
        return Err(policies::not_there_or_not_attachable(arn));
    }
    Ok(Some(arn))
}

/// Counts a boundary that goes and one that comes in the policies' records. Whether the new one is there is found out by that.
pub(super) async fn count(change: &mut Change<'_>, old: Option<&str>, new: Option<&str>) -> Result<()> {
    if old == new {
        return Ok(());
    }
    if let Some(old) = old {
        policies::count(change, old, |policy| policy.boundaries = policy.boundaries.saturating_sub(1)).await?;
    }
    if let Some(new) = new
        && !policies::count(change, new, |policy| policy.boundaries += 1).await?
    {
        return Err(policies::not_there_or_not_attachable(new));
    }
    Ok(())
}

pub(crate) async fn put_user(granted: &Granted<'_>) -> Result<Answer> {
    put::<User>(granted).await
}

pub(crate) async fn put_role(granted: &Granted<'_>) -> Result<Answer> {
    put::<Role>(granted).await
}

pub(crate) async fn delete_user(granted: &Granted<'_>) -> Result<Answer> {
    delete::<User>(granted).await
}

pub(crate) async fn delete_role(granted: &Granted<'_>) -> Result<Answer> {
    delete::<Role>(granted).await
}

async fn put<T: Bounded>(granted: &Granted<'_>) -> Result<Answer> {
    let boundary =
        of_request(granted.form(), granted.account())?.ok_or_else(|| failure::missing("PermissionsBoundary"))?;
    set::<T>(granted, Some(boundary)).await
}

async fn delete<T: Bounded>(granted: &Granted<'_>) -> Result<Answer> {
    set::<T>(granted, None).await
}

async fn set<T: Bounded>(granted: &Granted<'_>, boundary: Option<&str>) -> Result<Answer> {
    let (name, account) = (granted.name()?, granted.account());
    change!(granted.directory(), async |change| {
        let mut entity: T = change.get(account, name).await?;
        let old = entity.boundary_mut().take();
        if boundary.is_none() && old.is_none() {
            let message = format!("{} {name} does not have a permissions boundary.", T::WORD);
            return Err(failure::no_such_entity(message));
        }
        count(change, old.as_deref(), boundary).await?;
        *entity.boundary_mut() = boundary.map(str::to_owned);
        change.put(account, &entity)
    })?;
    Ok(Answer::Done)
}
