//! The offline check of what is stored of accounts, principals, credentials and policies: does every record decode, and do records that name
//! each other agree?
//!
//! All records are read into memory: quotas bound them. Secrets stay sealed. Nothing is written; nobody may write meanwhile.

use crate::directory::record::{self, AccessKey, Account, Entity, Group, LastUse, ManagedPolicy, Record, Role, User};
use crate::managed;
use bytes::Bytes;
use layout::principals::{self, Kept, Named};
use policy::{DocumentKind, Policy};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use storage::{Direction, Scan, Store, StoreError, counter};

/// How much one read brings.
const PAGE_ENTRIES: usize = 1000;
const PAGE_BYTES: usize = 4 << 20;

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The key under which it was found.
    pub key: Bytes,
    /// What is wrong.
    pub why: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "principals: {}; key ", self.why)?;
        self.key.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// What is wrong with the principals of a store.
///
/// # Errors
/// Those of the store: what cannot be read cannot be checked.
pub async fn check(store: &dyn Store) -> Result<Vec<Fault>, StoreError> {
    let mut all = All::default();
    let range = principals::all();
    let direction = Direction::Forward;
    let first = Scan { from: range.from, to: range.to, direction, max_entries: PAGE_ENTRIES, max_bytes: PAGE_BYTES };
    let mut scan = Some(first);
    while let Some(next) = scan {
        let page = store.scan(next.clone()).await?;
        page.iter().for_each(|entry| all.take(entry.key_bytes(), entry.value));
        scan = next.after(&page);
    }
    all.compare();
    Ok(all.faults)
}

/// Everything that is stored, by key.
#[derive(Default)]
struct All {
    accounts: BTreeMap<Bytes, Account>,
    keys: BTreeMap<Bytes, AccessKey>,
    uses: Vec<Bytes>,
    users: BTreeMap<Bytes, User>,
    groups: BTreeMap<Bytes, Group>,
    roles: BTreeMap<Bytes, Role>,
    policies: BTreeMap<Bytes, ManagedPolicy>,
    faults: Vec<Fault>,
}

impl All {
    fn fault(&mut self, key: &Bytes, why: &'static str) {
        self.faults.push(Fault { key: key.clone(), why });
    }

    fn take(&mut self, key: Bytes, value: &[u8]) {
        let decodes = match Kept::of(&key) {
            None => return self.fault(&key, "it is of no kind that is known"),
            Some(Kept::Generation) => counter::decode(value).is_ok(),
            // Wrapped: what is in it only the master key knows.
            Some(Kept::SealingKey) => true,
            Some(Kept::LastUse) => {
                self.uses.push(key.clone());
                record::decode::<LastUse>(value).is_ok()
            }
            Some(Kept::AccessKey) => put(&mut self.keys, &key, value),
            Some(Kept::Account) => put(&mut self.accounts, &key, value),
            Some(Kept::Named(Named::User)) => put(&mut self.users, &key, value),
            Some(Kept::Named(Named::Group)) => put(&mut self.groups, &key, value),
            Some(Kept::Named(Named::Role)) => put(&mut self.roles, &key, value),
            Some(Kept::Named(Named::Policy)) => put(&mut self.policies, &key, value),
        };
        if !decodes {
            self.fault(&key, "the record does not decode");
        }
    }

    fn compare(&mut self) {
        let mut faults = Vec::new();
        self.compare_keys(&mut faults);
        self.compare_groups(&mut faults);
        self.compare_policies(&mut faults);
        for (key, why) in faults {
            self.fault(&key, why);
        }
    }

    /// Access keys and those who have them name each other.
    fn compare_keys(&self, faults: &mut Vec<(Bytes, &'static str)>) {
        for (stored_as, key) in &self.keys {
            let listed = match &key.user {
                None => self.accounts.get(&principals::account(&key.account)).map(|account| &account.keys),
                Some(user) => {
                    self.users.get(&principals::named(Named::User, &key.account, user)).map(|user| &user.keys)
                }
            };
            if principals::access_key(&key.id) != *stored_as {
                faults.push((stored_as.clone(), "the record belongs under another key"));
            }
            if !listed.is_some_and(|keys| keys.contains(&key.id)) {
                faults.push((stored_as.clone(), "nobody has the access key"));
            }
        }
        let of_users = self.users.iter().map(|(stored_as, user)| (stored_as, &user.keys));
        let of_accounts = self.accounts.iter().map(|(stored_as, account)| (stored_as, &account.keys));
        for (stored_as, keys) in of_users.chain(of_accounts) {
            if keys.iter().any(|id| !self.keys.contains_key(&principals::access_key(id))) {
                faults.push((stored_as.clone(), "an access key is not there"));
            }
        }
        for used in &self.uses {
            let id = used.get(2..).and_then(|id| std::str::from_utf8(id).ok()).unwrap_or_default();
            if !self.keys.contains_key(&principals::access_key(id)) {
                faults.push((used.clone(), "the use is one of no access key"));
            }
        }
    }

    /// Users name groups that are there, and groups count them.
    fn compare_groups(&self, faults: &mut Vec<(Bytes, &'static str)>) {
        let mut members: BTreeMap<Bytes, u64> = BTreeMap::new();
        for (stored_as, user) in &self.users {
            let account = account_of(stored_as);
            for group in &user.groups {
                let group = principals::named(Named::Group, account, group);
                if !self.groups.contains_key(&group) {
                    faults.push((stored_as.clone(), "a group of the user is not there"));
                }
                *members.entry(group).or_default() += 1;
            }
        }
        for (stored_as, group) in &self.groups {
            if group.members != members.get(stored_as).copied().unwrap_or_default() {
                faults.push((stored_as.clone(), "the group counts other members than it has"));
            }
        }
    }

    /// Documents are policies, what is attached is there, and policies count where they are.
    fn compare_policies(&self, faults: &mut Vec<(Bytes, &'static str)>) {
        let mut attached: BTreeMap<String, u64> = BTreeMap::new();
        let mut bounded: BTreeMap<String, u64> = BTreeMap::new();
        let users = self.users.iter().map(|(key, user)| (key, user.policies(), user.boundary.as_ref()));
        let groups = self.groups.iter().map(|(key, group)| (key, group.policies(), None));
        let roles = self.roles.iter().map(|(key, role)| (key, role.policies(), role.boundary.as_ref()));
        for (stored_as, policies, boundary) in users.chain(groups).chain(roles) {
            if policies.inline.values().any(|text| Policy::parse(text, DocumentKind::Identity).is_err()) {
                faults.push((stored_as.clone(), "an inline policy does not parse"));
            }
            policies.attached.iter().for_each(|arn| *attached.entry(arn.clone()).or_default() += 1);
            boundary.into_iter().for_each(|arn| *bounded.entry(arn.clone()).or_default() += 1);
            if policies.attached.iter().chain(boundary).any(|arn| !self.has_policy(arn)) {
                faults.push((stored_as.clone(), "a managed policy is not there"));
            }
        }
        for (stored_as, role) in &self.roles {
            if Policy::parse(&role.trust, DocumentKind::Trust).is_err() {
                faults.push((stored_as.clone(), "the trust policy does not parse"));
            }
        }
        for (stored_as, policy) in &self.policies {
            let arn = policy.arn(account_of(stored_as));
            let counts = [&attached, &bounded].map(|counts| counts.get(&arn).copied().unwrap_or_default());
            if counts != [policy.attachments, policy.boundaries] {
                faults.push((stored_as.clone(), "the policy counts other attachments than it has"));
            }
            if policy.versions.iter().any(|version| Policy::parse(&version.document, DocumentKind::Identity).is_err()) {
                faults.push((stored_as.clone(), "a version of the policy does not parse"));
            }
            if policy.version(policy.default_version).is_none() {
                faults.push((stored_as.clone(), "the version of the policy that is in force is not there"));
            }
        }
    }

    fn has_policy(&self, arn: &str) -> bool {
        managed::AwsManaged::find(arn).is_some()
            || managed::policy_parts(arn).is_some_and(|parts| {
                self.policies.contains_key(&principals::named(Named::Policy, parts.account, parts.name))
            })
    }
}

fn put<T: DeserializeOwned>(all: &mut BTreeMap<Bytes, T>, key: &Bytes, value: &[u8]) -> bool {
    record::decode(value).map(|record| all.insert(key.clone(), record)).is_ok()
}

/// The account in the key of something that it has by name.
fn account_of(key: &[u8]) -> &str {
    let account = key.get(2..).and_then(|rest| rest.split(|byte| *byte == 0).next());
    account.and_then(|account| std::str::from_utf8(account).ok()).unwrap_or_default()
}
