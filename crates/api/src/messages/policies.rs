//! Words of operations on resource policies. Measured, unless a constructor says otherwise: AWS-verified tests of moto, and observations for
//! AWS's controllers for Kubernetes of October 2026, which show the first two hundred letters of each message.

use super::{invalid, validation};
use crate::{Error, ErrorKind};
use std::fmt::Display;

/// A resource that is no ARN.
pub fn policy_resource_no_arn(text: &str) -> Error {
    invalid(format!("ARNs must start with 'arn:': {text}"))
}

/// The ARN of nothing that this service has.
pub fn policy_resource_unknown(arn: &str) -> Error {
    invalid(format!("Provided Arn is not a DynamoDB resource arn: {arn}"))
}

/// The ARN of something that has no policy of its own, such as an index.
pub fn policy_resource_without_policy(arn: &str) -> Error {
    invalid(format!("Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {arn}"))
}

/// The ARN of another partition or Region.
pub fn policy_resource_elsewhere(arn: &str) -> Error {
    invalid(format!("Invalid resource Arn: {arn}"))
}

/// The resource belongs to another account.
pub fn policy_resource_of_other_account() -> Error {
    validation("This action is only supported by accounts that match the resource owner\u{2019}s account.")
}

/// The stream of a table is not there.
pub fn policy_stream_not_found(table: &str, label: &str) -> Error {
    let message = format!("Requested resource not found: Stream: {label} not found for Table: {table}");
    ErrorKind::ResourceNotFound { message: message.into() }.into()
}

/// A document is too long.
pub fn policy_too_large(max: usize) -> Error {
    invalid(format!("Maximum policy size of {max} bytes exceeded"))
}

/// A document that is no policy, and why.
pub fn invalid_policy(why: impl Display) -> Error {
    invalid(format!("Invalid policy document: {why}"))
}

/// A document names somebody who cannot be a principal, or who is not there.
pub fn invalid_policy_principal() -> Error {
    invalid("Invalid principal in policy document.")
}

/// A document that lets everybody in. The end of the sentence is inferred.
pub fn public_policy() -> Error {
    validation(
        "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure \
         least-privilege form of access.",
    )
}

/// GetResourcePolicy of a resource without: it names the ARN.
pub fn policy_not_found(words: impl Display) -> Error {
    let message = format!("Resource-based policy not found for the provided ResourceArn: {words}");
    ErrorKind::PolicyNotFound { message: message.into() }.into()
}

/// `ExpectedRevisionId` is not the revision that the resource has: `table t`, `stream s`. Of streams the words are inferred.
pub fn other_policy_revision(resource: &str, expected: &str, revision: &str) -> Error {
    policy_not_found(format!(
        "Requested update for policy with revision id {expected}, but the policy associated to target {resource} has revision \
         id {revision}."
    ))
}

/// `ExpectedRevisionId` names a revision, and the resource has never had a policy. The end of the sentence is inferred.
pub fn no_policy_revision(resource: &str, expected: &str) -> Error {
    policy_not_found(format!(
        "Requested update for policy with revision id {expected}, but {resource} has no associated policy."
    ))
}

/// `ExpectedRevisionId` is `NO_POLICY`, and there is one.
pub fn policy_exists(resource: &str, revision: &str) -> Error {
    policy_not_found(format!(
        "Requested policy update expecting none to be present for {resource}, but a policy exists with revision id {revision}."
    ))
}
