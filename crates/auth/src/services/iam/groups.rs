//! Groups, and who is in them.

use super::{existing, page, page_of, result, shapes, write_page};
use crate::arn;
use crate::directory::record::{EntityPolicies, Group, Record as _, User};
use crate::directory::{change, keys_of};
use crate::failure::{self, Result};
use crate::ids;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;

/// Quota of the groups of a user.
pub(super) const GROUPS_PER_USER_MAX: usize = 10;

/// Quota of the groups of an account.
pub(super) const GROUPS_MAX: usize = 300;

pub(crate) async fn create(granted: &Granted<'_>) -> Result<Answer> {
    let (name, account) = (granted.name()?, granted.account());
    let path = params::path(granted.form(), "Path")?;
    let group = change!(granted.directory(), async |change| {
        change.must_be_free::<Group>(account, name).await?;
        let group = Group {
            name: name.to_owned(),
            path: path.to_owned(),
            id: ids::unique(ids::Kind::Group, change.directory.random()),
            created_at_ms: change.now_ms(),
            policies: EntityPolicies::default(),
            members: 0,
        };
        change.put(account, &group)?;
        Ok(group)
    })?;
    result(|xml| xml.node("Group", |xml| shapes::group(xml, account, &group)))
}

pub(crate) async fn get(granted: &Granted<'_>) -> Result<Answer> {
    let (name, account, directory) = (granted.name()?, granted.account(), granted.directory());
    let paging = params::paging(granted.form())?;
    let group: Group = directory.get(account, name).await?;
    let users = directory
        .list(account, paging.after.as_deref(), paging.most, |user: &User| user.groups.contains(&group.name))
        .await?;
    result(|xml| {
        xml.node("Group", |xml| shapes::group(xml, account, &group));
        write_page(xml, "Users", &users, |user| &user.name, |xml, user| shapes::user(xml, account, user));
    })
}

pub(crate) async fn list(granted: &Granted<'_>) -> Result<Answer> {
    page_of::<Group>(granted, "Groups", |xml, group| shapes::group(xml, granted.account(), group)).await
}

pub(crate) async fn list_for_user(granted: &Granted<'_>) -> Result<Answer> {
    let (name, account, directory) = (granted.name()?, granted.account(), granted.directory());
    let paging = params::paging(granted.form())?;
    let user: User = directory.get(account, name).await?;
    let groups: Vec<Option<Group>> = directory.read_all(&keys_of::<Group>(account, &user.groups)).await?;
    let listed = paging.page(groups.into_iter().flatten().collect(), |group| &group.name);
    page("Groups", listed, |group| &group.name, |xml, group| shapes::group(xml, account, group))
}

pub(crate) async fn delete(granted: &Granted<'_>) -> Result<Answer> {
    let (name, account) = (granted.name()?, granted.account());
    change!(granted.directory(), async |change| {
        let group: Group = change.get(account, name).await?;
        let in_the_way = [
            (group.members != 0, "must remove users from group first."),
            (!group.policies.attached.is_empty(), "must detach all policies first."),
            (!group.policies.inline.is_empty(), "must delete policies first."),
        ];
        if let Some((_, what)) = in_the_way.into_iter().find(|(is, _)| *is) {
            return Err(failure::delete_conflict(format!("Cannot delete entity, {what}")));
        }
        change.delete(account, &group);
        Ok(())
    })?;
    Ok(Answer::Done)
}

pub(crate) async fn update(granted: &Granted<'_>) -> Result<Answer> {
    let (form, name, account, directory) = (granted.form(), granted.name()?, granted.account(), granted.directory());
    let new_name = params::optional_name(form, "NewGroupName", 128)?;
    let new_path = form.get("NewPath").map(|_| params::path(form, "NewPath")).transpose()?;
    let group: Group = directory.get(account, name).await?;
    let (path, renamed) = (new_path.unwrap_or(&group.path), new_name.unwrap_or(&group.name));
    granted.must_allow_on("iam:UpdateGroup", &arn::named(account, Group::WORD, path, renamed))?;
    change!(directory, async |change| {
        let mut group: Group = change.get(account, name).await?;
        let old_name = group.name.clone();
        if let Some(path) = new_path {
            path.clone_into(&mut group.path);
        }
        if let Some(new_name) = new_name.filter(|new_name| **new_name != *old_name) {
            if !old_name.eq_ignore_ascii_case(new_name) {
                change.must_be_free::<Group>(account, new_name).await?;
                change.delete(account, &group);
            }
            new_name.clone_into(&mut group.name);
            // Whoever joins or leaves meanwhile changes the group's record, so this list is complete or the commit conflicts.
            let members = directory.list_all(account, |user: &User| user.groups.contains(&old_name)).await?;
            for member in members {
                let mut user: User = change.get(account, &member.name).await?;
                for group in user.groups.iter_mut().filter(|group| **group == old_name) {
                    new_name.clone_into(group);
                }
                change.put(account, &user)?;
            }
        }
        change.put(account, &group)
    })?;
    Ok(Answer::Done)
}

pub(crate) async fn add_user(granted: &Granted<'_>) -> Result<Answer> {
    let (group, account) = (granted.name()?, granted.account());
    let user = existing(granted.form(), "UserName")?;
    change!(granted.directory(), async |change| {
        let mut group: Group = change.get(account, group).await?;
        let mut user: User = change.get(account, user).await?;
        if user.groups.contains(&group.name) {
            return Ok(());
        }
        if GROUPS_PER_USER_MAX <= user.groups.len() {
            return Err(failure::quota("GroupsPerUser", GROUPS_PER_USER_MAX));
        }
        user.groups.push(group.name.clone());
        group.members += 1;
        change.put(account, &user)?;
        change.put(account, &group)
    })?;
    Ok(Answer::Done)
}

pub(crate) async fn remove_user(granted: &Granted<'_>) -> Result<Answer> {
    let (group, account) = (granted.name()?, granted.account());
    let user = existing(granted.form(), "UserName")?;
    change!(granted.directory(), async |change| {
        let mut group: Group = change.get(account, group).await?;
        let mut user: User = change.get(account, user).await?;
        if !user.groups.contains(&group.name) {
            return Ok(());
        }
        user.groups.retain(|name| *name != group.name);
        group.members = group.members.saturating_sub(1);
        change.put(account, &user)?;
        change.put(account, &group)
    })?;
    Ok(Answer::Done)
}
