//! Managed policies that are attached to users, groups and roles.

use super::{page, policies, roles};
use crate::directory::change;
use crate::directory::record::{Entity, Group, Role, User};
use crate::failure::{self, Result};
use crate::managed;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;

/// Quota of the managed policies of a user, a group or a role.
pub(super) const ATTACHED_MAX: usize = 10;

/// The three operations of each kind of entity are one function each.
macro_rules! operations {
    ($($record:ident $attach:ident $detach:ident $list:ident;)*) => {
        $(pub(crate) async fn $attach(granted: &Granted<'_>) -> Result<Answer> {
            attach::<$record>(granted).await
        }
        pub(crate) async fn $detach(granted: &Granted<'_>) -> Result<Answer> {
            detach::<$record>(granted).await
        }
        pub(crate) async fn $list(granted: &Granted<'_>) -> Result<Answer> {
            list::<$record>(granted).await
        })*
    };
}
operations! {
    User attach_user detach_user list_user;
    Group attach_group detach_group list_group;
    Role attach_role detach_role list_role;
}

async fn attach<T: Entity>(granted: &Granted<'_>) -> Result<Answer> {
    let (name, account) = (granted.name()?, granted.account());
    let arn = params::arn(granted.form(), "PolicyArn")?;
    if !managed::is_reachable(arn, account) {
        return Err(policies::not_there_or_not_attachable(arn));
    }
    change!(granted.directory(), async |change| {
        let mut entity: T = change.get(account, name).await?;
        roles::must_not_be_a_service_s(&entity)?;
        let attached = &mut entity.policies_mut().attached;
        if attached.iter().any(|known| known == arn) {
            return Ok(());
        }
        if ATTACHED_MAX <= attached.len() {
            let what = match T::WORD {
                "user" => "PoliciesPerUser",
                "group" => "PoliciesPerGroup",
                _ => "PoliciesPerRole",
            };
            return Err(failure::quota(what, ATTACHED_MAX));
        }
        attached.push(arn.to_owned());
        if !policies::count(change, arn, |policy| policy.attachments += 1).await? {
            return Err(policies::not_there_or_not_attachable(arn));
        }
        change.put(account, &entity)
    })?;
    Ok(Answer::Done)
}

async fn detach<T: Entity>(granted: &Granted<'_>) -> Result<Answer> {
    let (name, account) = (granted.name()?, granted.account());
    let arn = params::arn(granted.form(), "PolicyArn")?;
    change!(granted.directory(), async |change| {
        let mut entity: T = change.get(account, name).await?;
        roles::must_not_be_a_service_s(&entity)?;
        let attached = &mut entity.policies_mut().attached;
        let known = attached.iter().position(|known| known == arn).ok_or_else(|| policies::not_found(arn))?;
        attached.remove(known);
        policies::count(change, arn, |policy| policy.attachments = policy.attachments.saturating_sub(1)).await?;
        change.put(account, &entity)
    })?;
    Ok(Answer::Done)
}

async fn list<T: Entity>(granted: &Granted<'_>) -> Result<Answer> {
    let form = granted.form();
    let (paging, prefix) = (params::paging(form)?, params::path_prefix(form)?);
    let entity: T = granted.directory().get(granted.account(), granted.name()?).await?;
    let attached = entity.policies().attached.iter();
    let below = attached.filter_map(|arn| {
        let parts = managed::policy_parts(arn)?;
        parts.path.starts_with(prefix).then(|| (parts.name.to_owned(), arn.clone()))
    });
    // Two policies may have one name, AWS's and the account's: the ARN is the order.
    let listed = paging.page(below.collect(), |(_, arn)| arn);
    page(
        "AttachedPolicies",
        listed,
        |(_, arn)| arn,
        |xml, (name, arn)| {
            xml.text("PolicyName", name);
            xml.text("PolicyArn", arn);
        },
    )
}
