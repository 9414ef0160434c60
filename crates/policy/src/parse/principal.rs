//! `Principal` and `NotPrincipal`.

use super::form::Form;
use crate::principal::{Named, Principals};
use crate::{DocumentKind, Effect, PolicyError};

pub(super) fn compile(form: &Form, kind: DocumentKind, effect: Effect) -> Result<Option<Principals>, PolicyError> {
    let element = match (&form.principals, kind) {
        (None, DocumentKind::Identity) => return Ok(None),
        (Some(_), DocumentKind::Identity) => return Err(PolicyError::PrincipalProhibited),
        (None, DocumentKind::Resource | DocumentKind::Trust) => return Err(PolicyError::PrincipalMissing),
        (Some(element), DocumentKind::Resource | DocumentKind::Trust) => element,
    };
    if element.negated && kind == DocumentKind::Trust {
        return Err(PolicyError::TrustNotPrincipal);
    }
    // "Using it with "Effect":"Allow" is not supported" ("IAM User Guide: AWS JSON policy elements: NotPrincipal").
    if element.negated && effect == Effect::Allow {
        return Err(PolicyError::NotPrincipalAllow);
    }
    let mut named = Vec::with_capacity(element.named.len());
    for (kind, principal) in &element.named {
        let invalid = || PolicyError::PrincipalInvalid { kind: kind.clone(), principal: principal.clone() };
        named.push(name(kind, principal).ok_or_else(invalid)?);
    }
    Ok(Some(if element.negated { Principals::Except(named.into()) } else { Principals::Only(named.into()) }))
}

fn name(kind: &str, principal: &str) -> Option<Named> {
    if kind == "AWS" {
        return aws(principal);
    }
    // "You cannot use a wildcard to match part of a principal name or ARN."
    if principal.is_empty() || principal.contains(['*', '?']) {
        return None;
    }
    match kind {
        "Service" => Some(Named::Service(principal.into())),
        "Federated" => Some(Named::Federated(principal.into())),
        "CanonicalUser" => Some(Named::CanonicalUser),
        _ => None,
    }
}

fn aws(principal: &str) -> Option<Named> {
    if principal == "*" {
        return Some(Named::Everyone);
    }
    if principal.contains(['*', '?']) {
        return None;
    }
    if is_account(principal) {
        return Some(Named::Account(principal.into()));
    }
    if is_unique_id(principal) {
        return Some(Named::UniqueId(principal.into()));
    }
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] if is_account(account) => Some(Named::Account((*account).into())),
        ["arn", _, service, "", account, path] if is_account(account) && is_identity(service, path) => {
            Some(Named::Arn(principal.into()))
        }
        _ => None,
    }
}

fn is_identity(service: &str, path: &str) -> bool {
    let Some((kind, name)) = path.split_once('/') else { return false };
    match (service, kind) {
        ("iam", "user" | "role") | ("sts", "federated-user") => !name.is_empty(),
        ("sts", "assumed-role") => {
            name.split_once('/').is_some_and(|(role, session)| !role.is_empty() && !session.is_empty())
        }
        _ => false,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `AIDA` and `AROA` begin the identifiers of users and roles ("IAM User Guide: IAM identifiers").
fn is_unique_id(text: &str) -> bool {
    let known = text.starts_with("AIDA") || text.starts_with("AROA");
    known && text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
