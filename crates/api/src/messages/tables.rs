//! Words of operations on tables as a whole.

use super::{constraints_broken, invalid, validation};
use crate::{Error, ErrorKind};
use std::fmt::Display;

/// A LimitExceededException.
pub(super) fn limit_exceeded(words: impl Display) -> Error {
    ErrorKind::LimitExceeded { message: format!("Subscriber limit exceeded: {words}").into() }.into()
}

/// A parameter asks for what this version does not have, such as `resource policies are`. Our own words: AWS has it.
pub fn unavailable(parameter: &str, feature: &str) -> Error {
    validation(format!("{parameter} cannot be specified: {feature} not available in this version"))
}

/// Members that CreateTable needs although the service model has them optional, for copies of global tables.
pub fn members_missing(paths: &[&str]) -> Error {
    let each = |path: &&str| format!("Value null at '{path}' failed to satisfy constraint: Member must not be null");
    constraints_broken(&paths.iter().map(each).collect::<Vec<_>>())
}

/// The table of a table operation is not there.
pub fn table_not_found(table: &str) -> Error {
    ErrorKind::ResourceNotFound { message: format!("Requested resource not found: Table: {table} not found").into() }
        .into()
}

/// The table of an operation on backups is not there.
pub fn backup_table_not_found(table: &str) -> Error {
    ErrorKind::TableNotFound { message: format!("Table not found: {table}").into() }.into()
}

/// The table to create is there already (recorded by dynoxide; dynalite has no words).
pub fn table_exists(table: &str) -> Error {
    ErrorKind::ResourceInUse { message: format!("Table already exists: {table}").into() }.into()
}

/// A table that cannot be changed while something happens to it: `created`, `updated`, `deleted`.
pub fn table_in_use(table: &str, doing: &str) -> Error {
    let message = format!("Attempt to change a resource which is still in use: Table is being {doing}: {table}");
    ErrorKind::ResourceInUse { message: message.into() }.into()
}

/// The account has as many tables as it may have.
pub fn too_many_tables(max: usize) -> Error {
    limit_exceeded(format!("There is a limit of {max} tables per subscriber"))
}

/// DeleteTable of a protected table.
pub fn deletion_protected() -> Error {
    validation(
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    )
}

/// UpdateTable that asks for nothing.
pub fn nothing_to_update() -> Error {
    validation(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or \
         SSESpecification or ReplicaUpdates is required",
    )
}

/// UpdateTable that combines what stands alone: `DeletionProtection modification`, `TableClass modification`, `Server-Side Encryption
/// modification`, `WarmThroughput`. Of several the message names encryption, class, protection, warm throughput, in this order. Measured
/// (documentation of AWS's controllers for Kubernetes, October 2026).
pub fn sole_modification(what: &str) -> Error {
    invalid(format!("{what} must be the only operation in the request"))
}

/// UpdateTable that combines limits of requests with anything but a billing mode. Measured (documentation of AWS's controllers for
/// Kubernetes, October 2026).
pub fn on_demand_combined() -> Error {
    invalid("OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
}

/// Provisioned throughput of a table that is paid by request.
pub fn throughput_of_on_demand() -> Error {
    invalid("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
}

/// CreateTable of a provisioned table without throughput.
pub fn throughput_missing_in_create() -> Error {
    invalid("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
}

/// UpdateTable to provisioned throughput that does not say it.
pub fn throughput_missing_in_update() -> Error {
    invalid("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
}

/// Capacity units beyond what any setting may say.
pub fn capacity_out_of_bounds(member: &str, value: i64) -> Error {
    validation(format!("Given value {value} for {member} is out of bounds"))
}

/// UpdateTable to the throughput that is there, read and write units; of an index, if it is named.
pub fn throughput_unchanged(index: Option<&str>, (read, write): (i64, i64)) -> Error {
    let (what, noun) = match index {
        Some(index) => (format!("index {index}"), "index"),
        None => ("table".to_owned(), "table"),
    };
    validation(format!(
        "The provisioned throughput for the {what} will not change. The requested value equals the current value. Current \
         ReadCapacityUnits provisioned for the {noun}: {read}. Requested ReadCapacityUnits: {read}. Current \
         WriteCapacityUnits provisioned for the {noun}: {write}. Requested WriteCapacityUnits: {write}. Refer to the \
         Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    ))
}

/// CreateTable with limits of requests where capacity is provisioned (captures of July 2026).
pub fn on_demand_of_provisioned_in_create(member: &str) -> Error {
    invalid(format!("{member} for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED."))
}

/// UpdateTable with limits of requests where capacity is provisioned (captures of July 2026).
pub fn on_demand_of_provisioned_in_update(member: &str) -> Error {
    invalid(format!("{member} for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"))
}

/// A limit of requests that is none (captures of July 2026).
pub fn on_demand_out_of_range(member: &str) -> Error {
    invalid(format!("Requested {member} for OnDemandThroughput for table is outside of valid range"))
}

/// Warm throughput of `table` or `index NAME` below what it has. Words from reports of users, not recorded.
pub fn warm_throughput_lowered(member: &str, what: &str) -> Error {
    invalid(format!(
        "Requested {member} for WarmThroughput for {what} is lower than current WarmThroughput, decreasing WarmThroughput \
         is not supported"
    ))
}

/// Encryption that is off has no other member: `SSEType`, `KMSMasterKeyId`. Measured (observations for AWS's controllers for Kubernetes,
/// October 2026).
pub fn encryption_off_with(member: &str) -> Error {
    invalid(format!("{member} can not be specified if Enabled is false"))
}

/// Encryption without a KMS, which tables do not have. Measured, as above.
pub fn encryption_without_kms() -> Error {
    invalid("SSEType AES256 is not supported")
}

/// A key of a KMS without the type that goes with it. Measured, as above.
pub fn encryption_type_missing() -> Error {
    invalid("SSEType KMS is required if KMSMasterKeyId is specified")
}

/// Encryption where the store is not encrypted. Our own words: on AWS everything is.
pub fn store_not_encrypted() -> Error {
    invalid("Encryption cannot be enabled: this server does not encrypt what it stores")
}

/// A key of a KMS where the store is encrypted under a key that is in none. Our own words.
pub fn master_key_of_no_kms() -> Error {
    invalid("SSEType KMS cannot be specified: the master key of this server is not a key of a KMS")
}

/// A key of a KMS that is not the one under which the store is encrypted. Our own words.
pub fn other_master_key(asked: &str, arn: &str) -> Error {
    invalid(format!("KMSMasterKeyId {asked} cannot be specified: this server encrypts everything under {arn}"))
}

/// The resource of a tag operation is no ARN of a table.
pub fn not_a_table_arn(arn: &str) -> Error {
    validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}"))
}

/// The resource of a tag operation belongs to another account.
pub fn access_denied(account: &str, operation: &str, arn: &str) -> Error {
    not_authorized(format!(
        "User: arn:aws:iam::{account}:root is not authorized to perform: dynamodb:{operation} on resource: {arn}"
    ))
}

/// Policies do not allow the request: why, in their words.
pub fn not_authorized(message: String) -> Error {
    ErrorKind::AccessDenied { message: message.into() }.into()
}

/// The table whose tags are meant is not there.
pub fn tagged_resource_not_found(arn: &str) -> Error {
    ErrorKind::ResourceNotFound { message: format!("Requested resource not found: ResourcArn: {arn} not found").into() }
        .into()
}

/// TagResource without tags.
pub fn no_tags() -> Error {
    validation("Atleast one Tag needs to be provided as Input.")
}

/// UntagResource without keys.
pub fn no_tag_keys() -> Error {
    validation("Atleast one Tag Key needs to be provided as Input.")
}

/// More tags than a resource may have. Our own words.
pub fn too_many_tags(max: usize) -> Error {
    invalid(format!("Number of tags exceeds the limit of {max} tags of a resource"))
}
