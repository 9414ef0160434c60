//! Policies asked: the one place where what is known of a caller meets the language of policies.

use crate::context::Facts;
use crate::directory::record::Role;
use crate::failure::{self, Result};
use crate::identity::Identity;
use policy::{
    Decision, Denial, DocumentKind, Policies, Policy, PolicyError, PolicyKind, Principal, PrincipalKind, Query,
};
use std::sync::Arc;

/// A compiled policy, shared.
pub(crate) type Compiled = Arc<Policy>;

/// Parses a document of a request.
pub(crate) fn parse(text: &str, kind: DocumentKind) -> Result<Compiled> {
    Policy::parse(text, kind).map(Arc::new).map_err(malformed)
}

/// Parses a document of a managed policy, which the old version of the language is not allowed for.
pub(crate) fn parse_managed(text: &str) -> Result<Compiled> {
    let compiled = parse(text, DocumentKind::Identity)?;
    if compiled.version() < policy::Version::V2012 {
        return Err(malformed(PolicyError::Version));
    }
    Ok(compiled)
}

/// What is wrong with a document of a request.
pub(crate) fn malformed(error: PolicyError) -> failure::Failure {
    failure::malformed_policy(error.to_string())
}

/// Parses a stored document, which was parsed before it was stored.
pub(crate) fn stored(text: &str, kind: DocumentKind) -> Result<Compiled> {
    Policy::parse(text, kind).map(Arc::new).map_err(|error| {
        tracing::error!(%error, "a stored policy does not parse");
        failure::service_failure()
    })
}

/// What the resource's side says: its policy, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct ResourceSide<'a> {
    /// The account that has the resource.
    pub account: &'a str,
    /// Its policy, if it has one.
    pub policy: Option<&'a Policy>,
}

impl Identity {
    /// The caller as policies name it.
    pub fn as_policies_name_it(&self) -> Principal<'_> {
        use crate::identity::Principal as Kind;
        let kind = match self.principal() {
            Kind::Root => PrincipalKind::Root,
            Kind::User { .. } => PrincipalKind::User,
            Kind::AssumedRole { .. } => PrincipalKind::AssumedRole,
            Kind::FederatedUser { .. } => PrincipalKind::FederatedUser,
        };
        Principal {
            kind,
            account: self.account(),
            arn: self.arn(),
            issuer_arn: self.issuer_arn(),
            unique_id: self.unique_id(),
        }
    }
}

impl<'a> Facts<'a> {
    /// All policies that apply to what the caller wants of a resource.
    pub fn policies(&self, resource: ResourceSide<'a>) -> Policies<'a> {
        let permissions = self.caller().permissions();
        Policies {
            identity: &permissions.identity,
            boundary: permissions.boundary.as_deref(),
            session: permissions.session.as_deref(),
            resource: resource.policy,
            endpoint: self.origin().endpoint_policy,
            same_account: self.caller().account() == resource.account,
        }
    }

    /// Whether the caller may do this to that.
    pub fn decide(&self, action: &str, resource: &str, side: ResourceSide<'a>) -> Decision {
        let principal = self.caller().as_policies_name_it();
        let query = Query { principal: &principal, action, resource, context: self };
        policy::decide(&self.policies(side), &query)
    }
}

/// Lets the caller do this to that, of an account of its own, or refuses it, in words that name the resource so.
pub(crate) fn allowed(facts: &Facts<'_>, action: &str, (resource, told): (&str, &str)) -> Result<()> {
    let side = ResourceSide { account: facts.caller().account(), policy: None };
    match facts.decide(action, resource, side) {
        Decision::Allowed => Ok(()),
        Decision::Denied(denial) => Err(denied(facts.caller(), action, told, denial)),
    }
}

/// Lets the caller assume a role, or refuses it. A role that is not there, or whose trust does not parse, trusts nobody.
pub(crate) fn assumable(
    facts: &Facts<'_>,
    action: &str,
    role_arn: &str,
    (role, account): (Option<&Role>, &str),
) -> Result<()> {
    let Some(role) = role else {
        let denial = Denial { explicit: false, by: PolicyKind::Trust };
        return Err(denied(facts.caller(), action, role_arn, denial));
    };
    let trust = Arc::unwrap_or_clone(stored(&role.trust, DocumentKind::Trust)?);
    let trust = trust.identified(|name| role.trusted.get(name).map(String::as_str));
    let principal = facts.caller().as_policies_name_it();
    let query = Query { principal: &principal, action, resource: role_arn, context: facts };
    let side = ResourceSide { account, policy: Some(&trust) };
    match policy::decide_trust(&facts.policies(side), &query) {
        Decision::Allowed => Ok(()),
        Decision::Denied(denial) => Err(denied(facts.caller(), action, role_arn, denial)),
    }
}

fn denied(caller: &Identity, action: &str, resource: &str, denial: Denial) -> failure::Failure {
    failure::access_denied(access_denied_message(caller, action, resource, denial))
}

/// The message of AccessDenied, and of DynamoDB's AccessDeniedException.
pub fn access_denied_message(caller: &Identity, action: &str, resource: &str, denial: Denial) -> String {
    let because = denial.because(action);
    // AssumeRole tells nothing of why, so that nobody learns which roles there are (IAM's troubleshooting guide shows its message so).
    if ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"].contains(&action) {
        return format!("User: {} is not authorized to perform: {action} on resource: {resource}", caller.arn());
    }
    format!("User: {} is not authorized to perform: {action} on resource: {resource} {because}", caller.arn())
}
