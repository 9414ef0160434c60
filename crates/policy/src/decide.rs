//! The order in which kinds of policies decide.
//!
//! As in the IAM user guide, "Policy evaluation logic": a statement that denies, in whatever policy, is the end of it. Otherwise an endpoint's
//! policy must allow, if there is one, and then the principal's side and the resource's side decide. In one account either may allow; what the
//! resource's policy grants to a user's or session's own ARN needs nothing else, what it grants to a role or to anybody is still limited
//! by boundary and session policy, and what it grants to the account only says that the account's own policies may. Across accounts
//! both sides must allow.

use crate::document::Policy;
use crate::principal::Named;
use crate::statement::{Effect, Query};
use std::fmt;

/// The policies that a request meets.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a> {
    /// Those of the user and its groups, or of the role.
    pub identity: &'a [&'a Policy],
    /// The permissions boundary of the user or role.
    pub boundary: Option<&'a Policy>,
    /// Those of the session: all of them together allow what one does.
    pub session: Option<&'a [&'a Policy]>,
    /// That of the resource.
    pub resource: Option<&'a Policy>,
    /// That of the endpoint through which the request came.
    pub endpoint: Option<&'a Policy>,
    /// The account that owns the resource.
    pub resource_account: &'a str,
}

/// What was decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// The request may go on.
    Allowed,
    /// It may not.
    Denied(Refused),
}

/// Why a request may not go on. Its words end the message of an AccessDeniedException (IAM user guide, "Troubleshoot access denied error
/// messages").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// A statement of this kind of policy denies it.
    Explicitly(Kind),
    /// No statement of this kind of policy allows it.
    Silently(Kind),
}

/// A kind of policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Of a user, group or role.
    Identity,
    /// A permissions boundary.
    Boundary,
    /// Of a session.
    Session,
    /// Of a resource.
    Resource,
    /// Of an endpoint.
    Endpoint,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Resource => "resource-based policy",
            Self::Endpoint => "VPC endpoint policy",
        }
    }
}

impl Refused {
    /// The end of the message that a client reads.
    pub fn words(self, action: &str) -> String {
        match self {
            Self::Explicitly(kind) => {
                let article = if kind == Kind::Identity { "an" } else { "a" };
                format!("with an explicit deny in {article} {}", kind.words())
            }
            Self::Silently(kind) => format!("because no {} allows the {action} action", kind.words()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.words())
    }
}

/// What one policy says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Says {
    Denies,
    Allows(Named),
    Nothing,
}

/// The longest action there is; a longer one is none.
const ACTION_MAX: usize = 128;

/// Decides.
pub fn decide(policies: &Policies<'_>, query: &Query<'_>) -> Decision {
    let mut buffer = [0; ACTION_MAX];
    let Some(action) = lower_case(query.action, &mut buffer) else {
        return Decision::Denied(Refused::Silently(Kind::Identity));
    };
    match refused(policies, query, action) {
        None => Decision::Allowed,
        Some(why) => Decision::Denied(why),
    }
}

/// Whether a role's trust policy lets somebody take it. An account that is named may let its own take the role; that is for their policies to
/// say, so whoever is of the account needs to be allowed there too. Returns whether it is trusted by name, or only through its account.
pub fn trusts(policy: &Policy, query: &Query<'_>) -> Option<bool> {
    let mut buffer = [0; ACTION_MAX];
    match says(policy, query, lower_case(query.action, &mut buffer)?) {
        Says::Allows(named) => Some(named != Named::Account),
        Says::Denies | Says::Nothing => None,
    }
}

fn lower_case<'b>(action: &str, buffer: &'b mut [u8; ACTION_MAX]) -> Option<&'b [u8]> {
    let lower = buffer.get_mut(..action.len())?;
    lower.copy_from_slice(action.as_bytes());
    lower.make_ascii_lowercase();
    Some(lower)
}

fn refused(policies: &Policies<'_>, query: &Query<'_>, action: &[u8]) -> Option<Refused> {
    let identity = together(policies.identity, query, action);
    let boundary = policies.boundary.map(|policy| says(policy, query, action));
    let session = policies.session.map(|policies| together(policies, query, action));
    let resource = policies.resource.map_or(Says::Nothing, |policy| says(policy, query, action));
    let endpoint = policies.endpoint.map(|policy| says(policy, query, action));
    let all = [
        (Kind::Identity, Some(identity)),
        (Kind::Resource, Some(resource)),
        (Kind::Boundary, boundary),
        (Kind::Session, session),
        (Kind::Endpoint, endpoint),
    ];
    if let Some((kind, _)) = all.iter().find(|(_, says)| *says == Some(Says::Denies)) {
        return Some(Refused::Explicitly(*kind));
    }
    if endpoint == Some(Says::Nothing) {
        return Some(Refused::Silently(Kind::Endpoint));
    }
    let own = query.principal.account == policies.resource_account;
    let granted = match resource {
        Says::Allows(named) => Some(named),
        Says::Denies | Says::Nothing => None,
    };
    if !own && granted.is_none() {
        return Some(Refused::Silently(Kind::Resource));
    }
    if query.principal.is_root || (own && granted == Some(Named::Exactly)) {
        return None;
    }
    if boundary == Some(Says::Nothing) {
        return Some(Refused::Silently(Kind::Boundary));
    }
    if session == Some(Says::Nothing) {
        return Some(Refused::Silently(Kind::Session));
    }
    let by_resource = own && granted == Some(Named::Broadly);
    if by_resource || identity != Says::Nothing { None } else { Some(Refused::Silently(Kind::Identity)) }
}

/// What several policies say that are one: a denial of one, or else what one allows.
fn together(policies: &[&Policy], query: &Query<'_>, action: &[u8]) -> Says {
    let mut result = Says::Nothing;
    for policy in policies {
        match says(policy, query, action) {
            Says::Denies => return Says::Denies,
            Says::Allows(named) => result = Says::Allows(named),
            Says::Nothing => (),
        }
    }
    result
}

fn says(policy: &Policy, query: &Query<'_>, action: &[u8]) -> Says {
    let mut closest = None;
    for statement in &policy.statements {
        if let Some(named) = statement.applies(query, action) {
            match statement.effect {
                Effect::Deny => return Says::Denies,
                Effect::Allow => closest = closest.max(Some(named)),
            }
        }
    }
    closest.map_or(Says::Nothing, Says::Allows)
}
