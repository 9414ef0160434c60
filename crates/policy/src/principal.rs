//! Who asks, and what a resource's policy says of whom it is for.

use crate::condition::Context;
use crate::pattern::{Meaning, Pattern};

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Principal<'a> {
    /// The account, twelve digits.
    pub account: &'a str,
    /// The ARN: of the user, of the session of a role, or of the account's root.
    pub arn: &'a str,
    /// Of a session of a role, the ARN of the role.
    pub role_arn: Option<&'a str>,
    /// Whether it is the account's root.
    pub is_root: bool,
    /// A service of AWS's names, as in `lambda.amazonaws.com`, that asks by itself.
    pub service: Option<&'a str>,
}

/// How closely a statement names somebody. What it grants depends on that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Named {
    /// By the account: the account's own policies decide who of it may.
    Account,
    /// As anybody, or by the role: boundary and session policies still limit it.
    Broadly,
    /// By the very ARN of the user or session.
    Exactly,
}

/// The `Principal` element.
#[derive(Clone, Debug)]
pub enum Whom {
    /// Anybody.
    Anyone,
    /// These.
    These(Vec<One>),
}

/// One entry of a `Principal` element.
#[derive(Clone, Debug)]
pub enum One {
    /// `"AWS": "*"`.
    Anyone,
    /// An account, by its number or its root's ARN.
    Account(String),
    /// A user, role or session.
    Arn(String),
    /// A service.
    Service(Pattern),
    /// Something that nobody here is: a federated or canonical user.
    Nobody,
}

impl Whom {
    /// How closely somebody is named, if at all.
    pub fn names(&self, principal: &Principal<'_>, context: &dyn Context) -> Option<Named> {
        match self {
            Self::Anyone => Some(Named::Broadly),
            Self::These(ones) => ones.iter().filter_map(|one| one.names(principal, context)).max(),
        }
    }
}

impl One {
    /// Reads an entry under `AWS`; `None` for what is none.
    pub fn of_aws(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Anyone);
        }
        if is_account(text) {
            return Some(Self::Account(text.to_owned()));
        }
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let (_partition, service, _region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let resource = parts.next()?;
        if !matches!(service, "iam" | "sts") || !is_account(account) || resource.is_empty() || resource.contains('*') {
            return None;
        }
        Some(if resource == "root" { Self::Account(account.to_owned()) } else { Self::Arn(text.to_owned()) })
    }

    /// Reads an entry under `Service`.
    pub fn of_service(text: &str) -> Self {
        Self::Service(Pattern::new(text, Meaning { wildcards: false, variables: false }))
    }

    fn names(&self, principal: &Principal<'_>, context: &dyn Context) -> Option<Named> {
        match self {
            Self::Anyone => Some(Named::Broadly),
            Self::Account(account) if account == principal.account && principal.service.is_none() => {
                Some(if principal.is_root { Named::Exactly } else { Named::Account })
            }
            Self::Arn(arn) if arn == principal.arn => Some(Named::Exactly),
            Self::Arn(arn) if principal.role_arn == Some(arn) => Some(Named::Broadly),
            Self::Service(pattern) => {
                principal.service.filter(|service| pattern.matches(service, context)).map(|_| Named::Exactly)
            }
            Self::Account(_) | Self::Arn(_) | Self::Nobody => None,
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
