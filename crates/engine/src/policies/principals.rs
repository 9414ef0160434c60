//! Whom the names in policies mean.
//!
//! A policy means the user or the role that there was when it was attached, not whoever has the name later. Principals are not known here:
//! who knows them is asked for their unique ids when a document comes, and for their names when it is answered.

use crate::context::Context;
use crate::error::corrupted;
use api::{Error, messages};
use layout::record::PolicyRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::Pin;

/// Unique ids of users and roles, by the names that a document has for them.
pub type Ids = BTreeMap<String, String>;

/// An answer about principals.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unknowable>> + Send + 'a>>;

/// What is known of principals cannot be read. Who says so has logged the cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unknowable;

/// Who knows the principals of all accounts.
pub trait Principals: Send + Sync {
    /// The ids of whom a document names; `None` if somebody is not there. Who has no id, such as an account, is left out.
    fn identify<'a>(&'a self, names: &'a BTreeSet<String>) -> Answer<'a, Option<Ids>>;

    /// What those are called now who are not called so any more: the name that they have, or the id of who is gone, by the name in the
    /// document.
    fn other_names<'a>(&'a self, ids: &'a Ids) -> Answer<'a, BTreeMap<String, String>>;
}

impl fmt::Debug for dyn Principals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Principals")
    }
}

/// A document that was checked, and whom it means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attached {
    /// The document, in its canonical form.
    pub document: String,
    /// The ids of whom it names. Where nobody knows principals none: there its names are taken as they are.
    pub ids: Ids,
}

/// Finds out whom a document means.
///
/// # Errors
/// ValidationException where somebody whom it names is not there.
pub async fn identify(context: &Context<'_>, document: String) -> Result<Attached, Error> {
    let ids = match &context.engine.principals {
        None => Ids::new(),
        Some(principals) => {
            let names = policy::named(&document).map_err(messages::invalid_policy)?;
            let ids = principals.identify(&names).await.map_err(|Unknowable| messages::internal_server_error())?;
            ids.ok_or_else(messages::invalid_policy_principal)?
        }
    };
    Ok(Attached { document, ids })
}

/// A stored document as it is answered.
pub async fn shown(context: &Context<'_>, key: &[u8], record: PolicyRecord) -> Result<String, Error> {
    let PolicyRecord { document, principals: ids, .. } = record;
    let Some(principals) = context.engine.principals.as_ref().filter(|_| !ids.is_empty()) else { return Ok(document) };
    let others = principals.other_names(&ids).await.map_err(|Unknowable| messages::internal_server_error())?;
    if others.is_empty() {
        return Ok(document);
    }
    policy::with_names(&document, |name| others.get(name).map(String::as_str)).map_err(|_| corrupted(key))
}
