//! Whom policies name: whether there are such, which unique ids they have, and what they are called now.
//!
//! A policy means the user or role that there was when it was saved, so beside its document is kept which ids the names in it had
//! ([`Ids`]). Whoever has a name later is another ("IAM User Guide: AWS JSON policy elements: Principal").
//!
//! What is read here no commit checks: who is deleted between the read and the commit is as one who is deleted after it.

use super::Directory;
use super::record::{Account, Record as _, Role, User};
use crate::arn;
use crate::failure::Result;
use bytes::Bytes;
use layout::principals::{self, Named};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use storage::{Direction, Scan};

/// The unique ids of the users and roles that a policy names, by the names. Accounts and federated users have none.
pub type Ids = BTreeMap<String, String>;

/// How many accounts are read at once.
const PAGE_ACCOUNTS: usize = 256;
const PAGE_BYTES: usize = 1 << 20;

/// What a name in a policy leads to.
enum Place<'n> {
    Account(&'n str),
    /// A user or a role.
    Entity(Named, arn::Parts<'n>),
    Session {
        account: &'n str,
        role: &'n str,
    },
    UniqueId,
}

/// What records of users and roles have in common; of an account nothing of it is there.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Known {
    name: String,
    path: String,
    id: String,
}

impl Directory {
    /// The ids of whom a policy names. If somebody is not there, that name instead.
    pub(crate) async fn identify(&self, names: &BTreeSet<String>) -> Result<std::result::Result<Ids, String>> {
        let mut ids = Ids::new();
        let by_id: BTreeSet<&str> = names.iter().map(String::as_str).filter(|name| is_unique_id(name)).collect();
        let known_ids = self.arns_of(&by_id).await?;
        for (name, known) in names.iter().zip(self.with_names(names).await?) {
            let is_there = known.is_some() || known_ids.contains_key(name);
            if !is_there {
                return Ok(Err(name.clone()));
            }
            match known {
                Some(known) if known.id.is_empty() => {}
                Some(known) => drop(ids.insert(name.clone(), known.id)),
                None => drop(ids.insert(name.clone(), name.clone())),
            }
        }
        Ok(Ok(ids))
    }

    /// How policies show those of these names who are not called so any more: by the ARN that they have now, or by the id of who is gone.
    pub(crate) async fn shown(&self, ids: &BTreeSet<(String, String)>) -> Result<BTreeMap<(String, String), String>> {
        let names: Vec<&String> = ids.iter().map(|(name, _)| name).collect();
        let now = self.with_names(names).await?;
        let others: Vec<&(String, String)> = ids
            .iter()
            .zip(now)
            .filter(|((_, id), known)| known.as_ref().is_none_or(|known| known.id != *id))
            .map(|(named, _)| named)
            .collect();
        let arns = self.arns_of(&others.iter().map(|(_, id)| id.as_str()).collect()).await?;
        let shown = |name: &String, id: &String| match place(name) {
            // A session is not called otherwise while its role is there.
            Some(Place::Session { .. }) => format!("{id}:{}", name.rsplit('/').next().unwrap_or_default()),
            _ => arns.get(id).unwrap_or(id).clone(),
        };
        Ok(others.into_iter().map(|named| (named.clone(), shown(&named.0, &named.1))).collect())
    }

    /// The ids of whom the policy of a resource names; `None` if somebody is not there.
    ///
    /// # Errors
    /// The directory could not be read.
    pub async fn ids_of_named(&self, names: &BTreeSet<String>) -> Result<Option<Ids>> {
        let store_epoch = self.store_epoch();
        let ids = self.identify(names).await?;
        // Who was made by a change that is not durable yet must not be told of before it is.
        self.settle(store_epoch).await?;
        Ok(ids.ok())
    }

    /// How the policy of a resource shows those of these names who are not called so any more: by the ARN that they have now, or by the id
    /// of who is gone.
    ///
    /// # Errors
    /// The directory could not be read.
    pub async fn other_names(&self, ids: &Ids) -> Result<Ids> {
        let store_epoch = self.store_epoch();
        let shown = self.shown(&ids.clone().into_iter().collect()).await?;
        self.settle(store_epoch).await?;
        Ok(shown.into_iter().map(|((name, _), other)| (name, other)).collect())
    }

    /// What has each of these names, exactly as it is written.
    async fn with_names(&self, names: impl IntoIterator<Item = &String>) -> Result<Vec<Option<Known>>> {
        let places: Vec<(&String, Option<Place<'_>>)> = names.into_iter().map(|name| (name, place(name))).collect();
        let keys: Vec<Bytes> = places.iter().filter_map(|(_, place)| place.as_ref()?.key()).collect();
        let mut found = self.read_all::<Known>(&keys).await?.into_iter();
        let known = places.into_iter().map(|(name, place)| {
            let place = place?;
            place.key()?;
            found.next().flatten().filter(|known| place.is_of(name, known))
        });
        Ok(known.collect())
    }

    /// The ARNs of the users and roles of all accounts that have these ids.
    async fn arns_of(&self, ids: &BTreeSet<&str>) -> Result<BTreeMap<String, String>> {
        let mut arns = BTreeMap::new();
        if ids.is_empty() {
            return Ok(arns);
        }
        for account in self.accounts().await? {
            let users = self.list_all::<User>(&account, |user| ids.contains(user.id.as_str())).await?;
            arns.extend(users.into_iter().map(|user| (user.id.clone(), user.arn(&account))));
            let roles = self.list_all::<Role>(&account, |role| ids.contains(role.id.as_str())).await?;
            arns.extend(roles.into_iter().map(|role| (role.id.clone(), role.arn(&account))));
        }
        Ok(arns)
    }

    /// The numbers of all accounts.
    async fn accounts(&self) -> Result<Vec<String>> {
        let range = principals::all_accounts();
        let direction = Direction::Forward;
        let (max_entries, max_bytes) = (PAGE_ACCOUNTS, PAGE_BYTES);
        let mut scan = Some(Scan { from: range.from, to: range.to, direction, max_entries, max_bytes });
        let mut numbers = Vec::new();
        while let Some(next) = scan {
            let page = self.store().scan(next.clone()).await?;
            for entry in page.iter() {
                numbers.push(super::record::decode::<Account>(entry.value)?.number);
            }
            scan = next.after(&page);
        }
        Ok(numbers)
    }
}

impl Place<'_> {
    /// Where it is stored; of who is named by an id that is not known.
    fn key(&self) -> Option<Bytes> {
        match self {
            Self::Account(account) => Some(principals::account(account)),
            Self::Entity(kind, parts) => Some(principals::named(*kind, parts.account, parts.name)),
            Self::Session { account, role } => Some(principals::named(Named::Role, account, role)),
            Self::UniqueId => None,
        }
    }

    /// Whether that is what is stored there: keys do not tell case, and nothing of paths.
    fn is_of(&self, name: &str, known: &Known) -> bool {
        match self {
            Self::Account(_) => true,
            Self::Entity(_, parts) => arn::named(parts.account, parts.kind, &known.path, &known.name) == name,
            Self::Session { role, .. } => *role == known.name,
            Self::UniqueId => false,
        }
    }
}

/// What a name that policies may have leads to; nothing if it is of another partition.
fn place(name: &str) -> Option<Place<'_>> {
    if is_unique_id(name) {
        return Some(Place::UniqueId);
    }
    if !name.starts_with("arn:") {
        return Some(Place::Account(name));
    }
    if let Some(parts) = arn::parse(name) {
        let kind = if parts.kind == "user" { Named::User } else { Named::Role };
        return Some(Place::Entity(kind, parts));
    }
    if let Some(account) = name.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root")) {
        return Some(Place::Account(account));
    }
    let (account, rest) = name.strip_prefix("arn:aws:sts::")?.split_once(':')?;
    match rest.split_once('/')? {
        ("assumed-role", rest) => rest.split_once('/').map(|(role, _)| Place::Session { account, role }),
        _ => Some(Place::Account(account)),
    }
}

/// Parsing has made sure that it is an id if it begins so and no ARN if it does not.
fn is_unique_id(name: &str) -> bool {
    name.starts_with("AIDA") || name.starts_with("AROA")
}
