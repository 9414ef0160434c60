//! Users.

use super::{boundaries, page_of, result, shapes};
use crate::arn;
use crate::directory::record::{AccessKey, Account, EntityPolicies, Record as _, User};
use crate::directory::{Change, Directory, change};
use crate::failure::{self, Result};
use crate::ids;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;
use layout::principals;

/// Quota of users of an account.
pub(super) const USERS_MAX: usize = 5000;

pub(crate) async fn create(granted: &Granted<'_>) -> Result<Answer> {
    let (form, name, account) = (granted.form(), granted.name()?, granted.account());
    let path = params::path(form, "Path")?;
    let tags = params::tags(form, "Tags")?;
    let boundary = boundaries::of_request(form, account)?;
    let user = change!(granted.directory(), async |change| {
        change.must_be_free::<User>(account, name).await?;
        boundaries::count(change, None, boundary).await?;
        let user = User {
            name: name.to_owned(),
            path: path.to_owned(),
            id: ids::unique(ids::Kind::User, change.directory.random()),
            created_at_ms: change.now_ms(),
            tags: tags.clone(),
            policies: EntityPolicies::default(),
            boundary: boundary.map(str::to_owned),
            groups: Vec::new(),
            keys: Vec::new(),
        };
        change.put(account, &user)?;
        Ok(user)
    })?;
    result(|xml| xml.node("User", |xml| shapes::whole_user(xml, account, &user)))
}

pub(crate) async fn get(granted: &Granted<'_>) -> Result<Answer> {
    let account = granted.account();
    let Some(name) = granted.target() else { return root(granted.directory(), account).await };
    let user: User = granted.directory().get(account, name).await?;
    result(|xml| xml.node("User", |xml| shapes::whole_user(xml, account, &user)))
}

/// The account's root user, as GetUser shows it.
async fn root(directory: &Directory, account: &str) -> Result<Answer> {
    let known: Option<Account> = directory.read(&principals::account(account)).await?;
    result(|xml| {
        xml.node("User", |xml| {
            xml.text("Path", "/");
            xml.text("UserName", account);
            xml.text("UserId", account);
            xml.text("Arn", &arn::root(account));
            shapes::date(xml, "CreateDate", known.map_or(0, |known| known.created_at_ms));
        });
    })
}

pub(crate) async fn list(granted: &Granted<'_>) -> Result<Answer> {
    page_of::<User>(granted, "Users", |xml, user| shapes::user(xml, granted.account(), user)).await
}

pub(crate) async fn delete(granted: &Granted<'_>) -> Result<Answer> {
    let (name, account) = (granted.name()?, granted.account());
    change!(granted.directory(), async |change| {
        let user: User = change.get(account, name).await?;
        let in_the_way = [
            (!user.keys.is_empty(), "must delete access keys first."),
            (!user.groups.is_empty(), "must remove users from group first."),
            (!user.policies.attached.is_empty(), "must detach all policies first."),
            (!user.policies.inline.is_empty(), "must delete policies first."),
        ];
        if let Some((_, what)) = in_the_way.into_iter().find(|(is, _)| *is) {
            return Err(failure::delete_conflict(format!("Cannot delete entity, {what}")));
        }
        boundaries::count(change, user.boundary.as_deref(), None).await?;
        change.delete(account, &user);
        Ok(())
    })?;
    Ok(Answer::Done)
}

pub(crate) async fn update(granted: &Granted<'_>) -> Result<Answer> {
    let (form, name, account) = (granted.form(), granted.name()?, granted.account());
    let new_name = params::optional_name(form, "NewUserName", 64)?;
    let new_path = form.get("NewPath").map(|_| params::path(form, "NewPath")).transpose()?;
    let user: User = granted.directory().get(account, name).await?;
    // Who renames a user must be allowed to under both names.
    let (path, renamed) = (new_path.unwrap_or(&user.path), new_name.unwrap_or(&user.name));
    granted.must_allow_on("iam:UpdateUser", &arn::named(account, User::WORD, path, renamed))?;
    change!(granted.directory(), async |change| {
        let mut user: User = change.get(account, name).await?;
        if let Some(path) = new_path {
            path.clone_into(&mut user.path);
        }
        if let Some(new_name) = new_name {
            rename(change, account, &mut user, new_name).await?;
        }
        change.put(account, &user)
    })?;
    Ok(Answer::Done)
}

async fn rename(change: &mut Change<'_>, account: &str, user: &mut User, name: &str) -> Result<()> {
    // Another case of the same letters is the same key.
    if !user.name.eq_ignore_ascii_case(name) {
        change.must_be_free::<User>(account, name).await?;
        change.delete(account, user);
    }
    name.clone_into(&mut user.name);
    for id in &user.keys {
        let stored_as = principals::access_key(id);
        if let Some(mut key) = change.read::<AccessKey>(&stored_as).await? {
            key.user = Some(name.to_owned());
            change.write(stored_as, &key)?;
        }
    }
    Ok(())
}
