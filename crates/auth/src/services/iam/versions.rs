//! Versions of managed policies.

use super::{page, policies, result, shapes};
use crate::directory::record::{ManagedPolicy, PolicyVersion};
use crate::failure::{self, Failure, Result};
use crate::managed::{AWS_POLICIES_DATE_MS, AwsManaged};
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;

/// Quota of the versions of a policy.
const VERSIONS_MAX: usize = 5;

pub(crate) async fn create(granted: &Granted<'_>) -> Result<Answer> {
    let form = granted.form();
    let document = policies::document_of(form)?;
    let is_default = params::truth(form, "SetAsDefault")? == Some(true);
    let (version, default) = policies::change(granted, |policy, now_ms| {
        if VERSIONS_MAX <= policy.versions.len() {
            return Err(failure::limit_exceeded(
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
            ));
        }
        policy.newest_version += 1;
        let version =
            PolicyVersion { number: policy.newest_version, document: document.to_owned(), created_at_ms: now_ms };
        policy.versions.push(version.clone());
        policy.updated_at_ms = now_ms;
        if is_default {
            policy.default_version = version.number;
        }
        Ok((version, policy.default_version))
    })
    .await?;
    result(|xml| xml.node("PolicyVersion", |xml| shapes::version(xml, &version, default)))
}

/// The policy that is asked about as a record: the account's, or AWS's, which has one version.
async fn asked_about(granted: &Granted<'_>) -> Result<(Vec<PolicyVersion>, u32)> {
    if let Some(policy) = AwsManaged::find(granted.arn()) {
        let document = policy.document.to_owned();
        return Ok((vec![PolicyVersion { number: 1, document, created_at_ms: AWS_POLICIES_DATE_MS }], 1));
    }
    let policy = policies::own(granted).await?;
    Ok((policy.versions, policy.default_version))
}

/// The number of the version that a request names, as in `v2`.
fn number<'a>(granted: &Granted<'a>) -> Result<(&'a str, Option<u32>)> {
    let id = params::required(granted.form(), "VersionId")?;
    let well_formed = id.strip_prefix('v').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    match well_formed {
        Some(digits) if !digits.is_empty() => Ok((id, digits.parse().ok())),
        _ => {
            let rule = "Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?";
            Err(failure::constraint("VersionId", id, rule))
        }
    }
}

fn no_such_version(arn: &str, id: &str) -> Failure {
    failure::no_such_entity(format!("Policy {arn} version {id} does not exist or is not attachable."))
}

pub(crate) async fn get(granted: &Granted<'_>) -> Result<Answer> {
    let (id, number) = number(granted)?;
    let (versions, default) = asked_about(granted).await?;
    let version = versions.iter().find(|version| Some(version.number) == number);
    let version = version.ok_or_else(|| no_such_version(granted.arn(), id))?;
    result(|xml| {
        xml.node("PolicyVersion", |xml| {
            xml.document("Document", &version.document);
            shapes::version(xml, version, default);
        });
    })
}

pub(crate) async fn list(granted: &Granted<'_>) -> Result<Answer> {
    let paging = params::paging(granted.form())?;
    let (versions, default) = asked_about(granted).await?;
    // The newest first, as AWS lists them: in the order of their distance from the end.
    let placed: Vec<(String, PolicyVersion)> =
        versions.into_iter().map(|version| (format!("{:010}", u32::MAX - version.number), version)).collect();
    let listed = paging.page(placed, |(place, _)| place);
    page("Versions", listed, |(place, _)| place, |xml, (_, version)| shapes::version(xml, version, default))
}

pub(crate) async fn delete(granted: &Granted<'_>) -> Result<Answer> {
    let (id, number) = number(granted)?;
    policies::change(granted, |policy, _| {
        let number = known(policy, number).ok_or_else(|| no_such_version(granted.arn(), id))?;
        if number == policy.default_version {
            return Err(failure::delete_conflict("Cannot delete the default version of a policy."));
        }
        policy.versions.retain(|version| version.number != number);
        Ok(())
    })
    .await?;
    Ok(Answer::Done)
}

pub(crate) async fn set_default(granted: &Granted<'_>) -> Result<Answer> {
    let (id, number) = number(granted)?;
    policies::change(granted, |policy, now_ms| {
        policy.default_version = known(policy, number).ok_or_else(|| no_such_version(granted.arn(), id))?;
        policy.updated_at_ms = now_ms;
        Ok(())
    })
    .await?;
    Ok(Answer::Done)
}

fn known(policy: &ManagedPolicy, number: Option<u32>) -> Option<u32> {
    number.and_then(|number| policy.version(number)).map(|version| version.number)
}
