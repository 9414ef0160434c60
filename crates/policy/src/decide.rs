//! What all policies that apply to a request mean together.

use crate::{Context, Key, Policy, Principal};
use std::fmt;
use std::sync::Arc;

/// What is asked: may this principal do this to that.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// Who asks.
    pub principal: &'a Principal<'a>,
    /// The action: `dynamodb:GetItem`.
    pub action: &'a str,
    /// The ARN of the resource, or `*` for an action that has none (`dynamodb:ListTables`).
    pub resource: &'a str,
    /// The facts of the request.
    pub context: &'a dyn Context,
}

/// The policies that apply to a request. The default has none, in one account.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a> {
    /// Of the user and its groups, or of the role.
    pub identity: &'a [Arc<Policy>],
    /// The permissions boundary of the user or role.
    pub boundary: Option<&'a Policy>,
    /// The session policies, if the session was made with some. An empty list allows nothing, as a session of `GetFederationToken`
    /// without policies.
    pub session: Option<&'a [Arc<Policy>]>,
    /// The policy of the resource.
    pub resource: Option<&'a Policy>,
    /// The policy of the endpoint that the request came through, if it has one.
    pub endpoint: Option<&'a Policy>,
    /// Whether the principal is of the account that the resource is of.
    pub same_account: bool,
}

impl Default for Policies<'_> {
    fn default() -> Self {
        Self { identity: &[], boundary: None, session: None, resource: None, endpoint: None, same_account: true }
    }
}

impl<'a> Policies<'a> {
    /// Whether any of them asks for this key.
    pub fn mentions(&self, key: Key) -> bool {
        self.all().any(|policy| policy.mentions(key))
    }

    fn all(&self) -> impl Iterator<Item = &'a Policy> {
        let lists = self.identity.iter().chain(self.session.unwrap_or_default()).map(Arc::as_ref);
        lists.chain(self.boundary).chain(self.resource).chain(self.endpoint)
    }
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It may.
    Allowed,
    /// It may not.
    Denied(Denial),
}

impl Decision {
    /// Whether it may.
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }
}

/// Why it may not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Denial {
    /// Whether a statement denies it; else none allows it.
    pub explicit: bool,
    /// In which kind of policy.
    pub by: PolicyKind,
}

impl Denial {
    /// How the message of AccessDenied ends: `because no identity-based policy allows the dynamodb:GetItem action`.
    pub fn because(self, action: &str) -> impl fmt::Display {
        Because { denial: self, action: action.to_owned() }
    }
}

struct Because {
    denial: Denial,
    action: String,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.denial.by.words();
        if self.denial.explicit {
            write!(f, "with an explicit deny in {} {kind}", self.denial.by.article())
        } else {
            write!(f, "because no {kind} allows the {} action", self.action)
        }
    }
}

/// The kinds of policies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names say all")]
pub enum PolicyKind {
    Identity,
    Boundary,
    Session,
    Resource,
    Endpoint,
    Trust,
}

impl PolicyKind {
    /// The kind in messages.
    pub fn words(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Resource => "resource-based policy",
            Self::Endpoint => "VPC endpoint policy",
            Self::Trust => "role trust policy",
        }
    }

    fn article(self) -> &'static str {
        if self == Self::Identity { "an" } else { "a" }
    }
}

/// Decides as AWS does ("IAM User Guide: Policy evaluation logic").
pub fn decide(policies: &Policies<'_>, query: &Query<'_>) -> Decision {
    let _ = (policies, query);
    Decision::Denied(Denial { explicit: false, by: PolicyKind::Identity })
}

/// Decides whether a principal may assume a role: `resource` is the role's trust policy, which must allow it in any case.
pub fn decide_trust(policies: &Policies<'_>, query: &Query<'_>) -> Decision {
    let _ = (policies, query);
    Decision::Denied(Denial { explicit: false, by: PolicyKind::Trust })
}
