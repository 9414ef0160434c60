//! What all policies that apply to a request mean together.

use crate::policy::Finding;
use crate::principal::Closeness;
use crate::statement::Asked;
use crate::{Context, Key, Policy, Principal, PrincipalKind};
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
    /// ("IAM User Guide: Troubleshoot access denied error messages").
    pub fn because(self, action: &str) -> impl fmt::Display {
        Because { denial: self, action }
    }
}

struct Because<'a> {
    denial: Denial,
    action: &'a str,
}

impl fmt::Display for Because<'_> {
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
        match self {
            Self::Identity => "an",
            Self::Boundary | Self::Session | Self::Resource | Self::Endpoint => "a",
            Self::Trust => "the",
        }
    }
}

/// Decides as AWS does ("IAM User Guide: Policy evaluation logic", and "...: Cross-account policy evaluation logic"):
///
/// 1. A statement that denies, in any policy, decides. Policies of identities, boundaries and sessions do not concern the root user.
/// 2. The policy of the endpoint must allow.
/// 3. In one account, the policy of the resource may allow, and what else must depends on whom it names: nothing, if it names who asks (a
///    user, the session of a role, a federated user) or everyone; the boundary and the session policies, if it names the role or the user
///    whose session it is; everything, if it names the account, which is left to give permissions then.
/// 4. Otherwise the policies of the identity must allow (the root user is allowed), and the boundary and the session policies, if there
///    are any. From another account the policy of the resource must allow as well, whomever it names.
///
/// Services and who did not sign have no policies of their own: the policy of the resource must name them.
pub fn decide(policies: &Policies<'_>, query: &Query<'_>) -> Decision {
    let findings = Findings::new(policies, query, PolicyKind::Resource);
    match findings.denial().or_else(|| findings.refusal(policies, query.principal)) {
        Some(denial) => Decision::Denied(denial),
        None => Decision::Allowed,
    }
}

/// Decides whether a principal may assume a role, tag its session and so on: as [`decide`], with the role's trust policy as `resource`. But
/// a trust policy "must explicitly allow access": without it, or if it does not name who asks, the policies of the identity allow nothing,
/// in its own account too.
pub fn decide_trust(policies: &Policies<'_>, query: &Query<'_>) -> Decision {
    let findings = Findings::new(policies, query, PolicyKind::Trust);
    let trusted = matches!(findings.resource, Finding::Allow(_));
    let mistrust = || (!trusted).then_some(Denial { explicit: false, by: PolicyKind::Trust });
    match findings.denial().or_else(mistrust).or_else(|| findings.refusal(policies, query.principal)) {
        Some(denial) => Decision::Denied(denial),
        None => Decision::Allowed,
    }
}

/// What each kind of policy says.
struct Findings {
    identity: Finding,
    boundary: Finding,
    session: Finding,
    resource: Finding,
    endpoint: Finding,
    /// What the policy of the resource is called.
    resource_kind: PolicyKind,
}

impl Findings {
    fn new(policies: &Policies<'_>, query: &Query<'_>, resource_kind: PolicyKind) -> Self {
        let kind = query.principal.kind;
        let has_own = query.principal.has_account() && kind != PrincipalKind::Root;
        let boundary = policies.boundary.filter(|_| has_own);
        let asked = Asked::new(query, boundary.is_some());
        let one = |policy: Option<&Policy>| policy.map_or(Finding::Nothing, |policy| policy.find(&asked));
        let all = |list: &[Arc<Policy>]| list.iter().map(|policy| one(Some(policy))).max().unwrap_or(Finding::Nothing);
        Self {
            identity: match kind {
                PrincipalKind::Root => Finding::Allow(Closeness::Direct),
                _ if has_own => all(policies.identity),
                _ => Finding::Nothing,
            },
            boundary: one(boundary),
            session: if has_own { all(policies.session.unwrap_or_default()) } else { Finding::Nothing },
            resource: one(policies.resource),
            endpoint: one(policies.endpoint),
            resource_kind,
        }
    }

    /// The statement that denies. Of several kinds AWS names one, without saying which.
    fn denial(&self) -> Option<Denial> {
        let kinds = [
            (self.identity, PolicyKind::Identity),
            (self.boundary, PolicyKind::Boundary),
            (self.session, PolicyKind::Session),
            (self.resource, self.resource_kind),
            (self.endpoint, PolicyKind::Endpoint),
        ];
        let denies = kinds.into_iter().find(|(finding, _)| *finding == Finding::Deny);
        denies.map(|(_, by)| Denial { explicit: true, by })
    }

    /// Who does not allow, where nothing denies.
    fn refusal(&self, policies: &Policies<'_>, principal: &Principal<'_>) -> Option<Denial> {
        let missing = |by| Some(Denial { explicit: false, by });
        let allows = |finding| matches!(finding, Finding::Allow(_));
        if policies.endpoint.is_some() && !allows(self.endpoint) {
            return missing(PolicyKind::Endpoint);
        }
        if !principal.has_account() {
            return if allows(self.resource) { None } else { missing(self.resource_kind) };
        }
        // What the policy of the resource makes unnecessary.
        let given = if policies.same_account { self.resource } else { Finding::Nothing };
        if given == Finding::Allow(Closeness::Direct) {
            return None;
        }
        if !allows(self.identity) && given != Finding::Allow(Closeness::Issuer) {
            return missing(PolicyKind::Identity);
        }
        // The root user has neither of the two.
        let limited = principal.kind != PrincipalKind::Root;
        if limited && policies.boundary.is_some() && !allows(self.boundary) {
            return missing(PolicyKind::Boundary);
        }
        if limited && policies.session.is_some() && !allows(self.session) {
            return missing(PolicyKind::Session);
        }
        if policies.same_account || allows(self.resource) { None } else { missing(self.resource_kind) }
    }
}
