//! What the names of actions and resources must look like.

use crate::PolicyError;
use crate::arn::has_early_variable;
use crate::error::IAM_PATHS;

pub(super) fn check_action(action: &str) -> Result<(), PolicyError> {
    if action == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = action.split_once(':') else { return Err(PolicyError::ActionVendorMissing) };
    if name.contains(':') {
        return Err(PolicyError::ActionColons);
    }
    let valid = vendor == "*" || vendor.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    if valid { Ok(()) } else { Err(PolicyError::ActionVendor { vendor: vendor.to_owned() }) }
}

/// What the older parser refuses: an ARN whose service is empty or that ends where empty parts are left out, and a variable before the
/// last part ("IAM User Guide: IAM policy elements: Variables and tags"). What [`check_resource`] has words for is left to it.
pub(super) fn check_legacy(resource: &str, variables: bool) -> Result<(), PolicyError> {
    if check_resource(resource).is_err() || resource == "*" {
        return Ok(());
    }
    let cut_short = resource.matches(':').count() < 5 && resource.contains("::");
    let no_service = resource.split(':').nth(2).is_none_or(str::is_empty);
    if cut_short || no_service || variables && has_early_variable(resource) { Err(PolicyError::Legacy) } else { Ok(()) }
}

pub(super) fn check_resource(resource: &str) -> Result<(), PolicyError> {
    if resource == "*" {
        return Ok(());
    }
    let mut parts = resource.splitn(6, ':').skip(1);
    let Some(partition) = parts.next() else {
        return Err(PolicyError::ResourceFormat { resource: resource.to_owned() });
    };
    let mut rest: Vec<&str> = parts.collect();
    if !is_partition(partition) {
        rest.resize(4, "*");
        return Err(PolicyError::ResourcePartition { partition: partition.to_owned(), rest: rest.join(":") });
    }
    let Some(vendor) = rest.first() else { return Err(PolicyError::ResourceVendor) };
    if vendor.contains(['*', '?']) {
        return Err(PolicyError::ResourceVendor);
    }
    match rest.as_slice() {
        ["iam", region, ..] if !region.is_empty() => Err(PolicyError::IamRegion { resource: resource.to_owned() }),
        ["iam", _, _, path] if *path != "*" && !IAM_PATHS.iter().any(|known| path.starts_with(known)) => {
            Err(PolicyError::IamPath)
        }
        _ => Ok(()),
    }
}

/// `aws`, `aws-cn`, `aws-us-gov` and whatever comes, or a pattern for them.
fn is_partition(text: &str) -> bool {
    text == "aws" || text.starts_with("aws-") || text.contains(['*', '?'])
}
