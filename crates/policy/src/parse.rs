//! A document becomes a policy.
//!
//! In the order in which IAM finds problems: the form of all statements (here and in `form`), what its older parser refuses (`Legacy`),
//! the identifiers, whether there are actions, the resources, the actions, whether there are resources. So the first problem of a
//! document with several is the one that IAM names (moto's tests of policy documents).

mod condition;
mod form;
mod names;
mod principal;

use crate::arn::ArnPattern;
use crate::json::Json;
use crate::pattern::{Case, Notation, Pattern};
use crate::statement::{Patterns, Statement};
use crate::{DocumentKind, Effect, Policy, PolicyError, Version};
use form::{Document, Form};

pub(crate) fn document(text: &str, kind: DocumentKind) -> Result<Policy, PolicyError> {
    let json = Json::parse(text)?;
    let Document { version, statements: forms } = Document::read(json)?;
    let mut statements = Vec::with_capacity(forms.len());
    for form in &forms {
        statements.push(compile(form, kind, version)?);
    }
    check_sids(&forms, kind)?;
    for form in &forms {
        check_actions_exist(form, kind)?;
    }
    for form in &forms {
        if let Some(resources) = &form.resources {
            resources.values.iter().try_for_each(|resource| names::check_resource(resource))?;
        }
    }
    for form in &forms {
        check_actions(form, kind)?;
        check_resources_exist(form, kind)?;
    }
    Ok(Policy::new(version, statements))
}

/// Compiles a statement, and finds what the older parser refuses.
fn compile(form: &Form, kind: DocumentKind, version: Version) -> Result<Statement, PolicyError> {
    let variables = version == Version::V2012;
    let effect = match form.effect.as_str() {
        "Allow" => Effect::Allow,
        "Deny" => Effect::Deny,
        _ => return Err(PolicyError::Legacy),
    };
    let conditions = condition::compile(&form.conditions, variables)?;
    let principals = principal::compile(form, kind, effect)?;
    let resources = match &form.resources {
        Some(resources) => {
            resources.values.iter().try_for_each(|resource| names::check_legacy(resource, variables))?;
            let patterns = resources.values.iter().map(|resource| ArnPattern::compile(resource, variables)).collect();
            Some(Patterns { negated: resources.negated, patterns })
        }
        None => None,
    };
    let notation = Notation { wildcards: true, variables: false, case: Case::Ascii };
    let actions = form.actions.iter().flat_map(|actions| &actions.values);
    Ok(Statement {
        effect,
        principals,
        actions: Patterns {
            negated: form.actions.as_ref().is_some_and(|actions| actions.negated),
            patterns: actions.map(|action| Pattern::compile(action, notation)).collect(),
        },
        resources,
        conditions,
    })
}

fn check_sids(forms: &[Form], kind: DocumentKind) -> Result<(), PolicyError> {
    let mut sids: Vec<&str> =
        forms.iter().filter_map(|form| form.sid.as_deref()).filter(|sid| !sid.is_empty()).collect();
    // "For IAM policies, basic alphanumeric characters are the only allowed characters"; other services allow more ("IAM User Guide:
    // Grammar of the IAM JSON policy language").
    if kind != DocumentKind::Resource && sids.iter().any(|sid| !sid.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return Err(PolicyError::SidCharacters);
    }
    sids.sort_unstable();
    if sids.array_windows().any(|[one, next]| one == next) { Err(PolicyError::SidRepeated) } else { Ok(()) }
}

fn check_actions_exist(form: &Form, kind: DocumentKind) -> Result<(), PolicyError> {
    match &form.actions {
        Some(actions) if !actions.values.is_empty() => Ok(()),
        _ if kind == DocumentKind::Trust => Err(PolicyError::TrustActionMissing),
        _ => Err(PolicyError::NoActions),
    }
}

fn check_actions(form: &Form, kind: DocumentKind) -> Result<(), PolicyError> {
    for action in form.actions.iter().flat_map(|actions| &actions.values) {
        names::check_action(action)?;
        let of_sts = action.split_once(':').is_some_and(|(service, _)| service.eq_ignore_ascii_case("sts"));
        if kind == DocumentKind::Trust && !of_sts {
            return Err(PolicyError::TrustAction);
        }
    }
    Ok(())
}

fn check_resources_exist(form: &Form, kind: DocumentKind) -> Result<(), PolicyError> {
    match (kind, &form.resources) {
        (DocumentKind::Trust, None) => Ok(()),
        (DocumentKind::Trust, Some(resources)) if resources.negated => Err(PolicyError::TrustNotResource),
        (DocumentKind::Trust, Some(_)) => Err(PolicyError::TrustResource),
        (_, Some(resources)) if !resources.values.is_empty() => Ok(()),
        _ => Err(PolicyError::NoResources),
    }
}

#[cfg(test)]
mod tests;
