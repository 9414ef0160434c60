//! Access keys of users, and of the account's root user.

use super::{result, shapes};
use crate::directory::record::{AccessKey, Account, User};
use crate::directory::{Change, change};
use crate::failure::{self, Result};
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;
use crate::xml::Xml;
use layout::principals;

/// Quota of the access keys of a user.
pub(super) const KEYS_PER_USER_MAX: usize = 2;

pub(crate) async fn create(granted: &Granted<'_>) -> Result<Answer> {
    let (user, account) = (granted.target(), granted.account());
    let made = change!(granted.directory(), async |change| {
        let mut owner = Owner::read(change, account, user).await?;
        if KEYS_PER_USER_MAX <= owner.keys().len() {
            return Err(failure::quota("AccessKeysPerUser", KEYS_PER_USER_MAX));
        }
        let made = change.make_key(account, owner.name()).await?;
        owner.keys_mut().push(made.key.id.clone());
        owner.write(change, account)?;
        Ok(made)
    })?;
    result(|xml| {
        xml.node("AccessKey", |xml| {
            xml.text("UserName", made.key.user.as_deref().unwrap_or(account));
            xml.text("AccessKeyId", &made.key.id);
            xml.text("Status", status(&made.key));
            xml.text("SecretAccessKey", made.secret.reveal());
            shapes::date(xml, "CreateDate", made.key.created_at_ms);
        });
    })
}

pub(crate) async fn list(granted: &Granted<'_>) -> Result<Answer> {
    let (account, directory) = (granted.account(), granted.directory());
    let paging = params::paging(granted.form())?;
    let ids = match granted.target() {
        Some(user) => directory.get::<User>(account, user).await?.keys,
        None => {
            directory.read::<Account>(&principals::account(account)).await?.map(|root| root.keys).unwrap_or_default()
        }
    };
    let stored_as: Vec<_> = ids.iter().map(|id| principals::access_key(id)).collect();
    let keys: Vec<Option<AccessKey>> = directory.read_all(&stored_as).await?;
    let listed = paging.page(keys.into_iter().flatten().collect(), |key| &key.id);
    super::page("AccessKeyMetadata", listed, |key| &key.id, |xml, key| metadata(xml, account, key))
}

fn metadata(xml: &mut Xml, account: &str, key: &AccessKey) {
    xml.text("UserName", key.user.as_deref().unwrap_or(account));
    xml.text("AccessKeyId", &key.id);
    xml.text("Status", status(key));
    shapes::date(xml, "CreateDate", key.created_at_ms);
}

fn status(key: &AccessKey) -> &'static str {
    if key.active { "Active" } else { "Inactive" }
}

pub(crate) async fn update(granted: &Granted<'_>) -> Result<Answer> {
    let (form, user, account) = (granted.form(), granted.target(), granted.account());
    let id = params::required(form, "AccessKeyId")?;
    params::required(form, "Status")?;
    let active = params::one_of(form, "Status", &["Active", "Inactive"])? == Some("Active");
    change!(granted.directory(), async |change| {
        let owner = Owner::read(change, account, user).await?;
        let mut key = owner.key(change, id).await?;
        key.active = active;
        change.write(principals::access_key(id), &key)
    })?;
    Ok(Answer::Done)
}

pub(crate) async fn delete(granted: &Granted<'_>) -> Result<Answer> {
    let (user, account) = (granted.target(), granted.account());
    let id = params::required(granted.form(), "AccessKeyId")?;
    change!(granted.directory(), async |change| {
        let mut owner = Owner::read(change, account, user).await?;
        owner.key(change, id).await?;
        owner.keys_mut().retain(|key| key != id);
        owner.write(change, account)?;
        change.remove_key(id);
        Ok(())
    })?;
    Ok(Answer::Done)
}

pub(crate) async fn last_used(granted: &Granted<'_>) -> Result<Answer> {
    let (account, directory) = (granted.account(), granted.directory());
    let id = params::required(granted.form(), "AccessKeyId")?;
    let key: Option<AccessKey> = directory.read(&principals::access_key(id)).await?;
    // AWS tells of a key of another account, or of none, that access is denied.
    let key = key.filter(|key| key.account == account).ok_or_else(|| no_such_key(id))?;
    let last = directory.last_uses(std::slice::from_ref(&key.id)).await?.pop().flatten();
    result(|xml| {
        xml.text("UserName", key.user.as_deref().unwrap_or(account));
        shapes::last_use(xml, last.as_ref());
    })
}

fn no_such_key(id: &str) -> failure::Failure {
    failure::no_such_entity(format!("The Access Key with id {id} cannot be found."))
}

/// Whose keys they are.
enum Owner {
    Root(Account),
    User(User),
}

impl Owner {
    async fn read(change: &mut Change<'_>, account: &str, user: Option<&str>) -> Result<Self> {
        match user {
            Some(user) => Ok(Self::User(change.get(account, user).await?)),
            None => {
                let root = change.read(&principals::account(account)).await?;
                root.map(Self::Root).ok_or_else(|| failure::no_such("user", account))
            }
        }
    }

    fn write(&self, change: &mut Change<'_>, account: &str) -> Result<()> {
        match self {
            Self::Root(root) => change.write(principals::account(account), root),
            Self::User(user) => change.put(account, user),
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Root(_) => None,
            Self::User(user) => Some(&user.name),
        }
    }

    fn keys(&self) -> &[String] {
        match self {
            Self::Root(root) => &root.keys,
            Self::User(user) => &user.keys,
        }
    }

    fn keys_mut(&mut self) -> &mut Vec<String> {
        match self {
            Self::Root(root) => &mut root.keys,
            Self::User(user) => &mut user.keys,
        }
    }

    /// One of its keys.
    async fn key(&self, change: &mut Change<'_>, id: &str) -> Result<AccessKey> {
        let is_own = self.keys().iter().any(|key| key == id);
        let key = if is_own { change.read(&principals::access_key(id)).await? } else { None };
        key.ok_or_else(|| no_such_key(id))
    }
}
