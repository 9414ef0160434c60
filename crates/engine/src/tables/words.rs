//! The words with which table operations refuse a request.
//!
//! Texts are DynamoDB's unless the comment says that they are our own. Evidence: dynalite's recordings of AWS (2015-2020), the AWS-verified
//! suite (May 2026) and captures of AWS (July-October 2026).

use api::{Error, ErrorKind, Message};
use std::fmt::Display;

/// A ValidationException with these words.
pub fn validation(words: impl Into<Message>) -> Error {
    ErrorKind::Validation { message: words.into() }.into()
}

/// A ValidationException about the values of parameters.
pub fn invalid(words: impl Display) -> Error {
    validation(format!("One or more parameter values were invalid: {words}"))
}

/// Something that this version does not have. Our own words: AWS has it.
pub fn unavailable(parameter: &str, feature: &str) -> Error {
    validation(format!("{parameter} cannot be specified: {feature} not available in this version"))
}

/// The members that CreateTable requires in fact, though the service model has them optional (for copies of global tables).
pub fn null_members(paths: &[&str]) -> Error {
    let each = |path: &&str| format!("Value null at '{path}' failed to satisfy constraint: Member must not be null");
    let (count, plural) = (paths.len(), if paths.len() == 1 { "" } else { "s" });
    let list: Vec<String> = paths.iter().map(each).collect();
    validation(format!("{count} validation error{plural} detected: {}", list.join("; ")))
}

/// The table that an operation names is not there.
pub fn table_not_found(table: &str) -> Error {
    ErrorKind::ResourceNotFound { message: format!("Requested resource not found: Table: {table} not found").into() }
        .into()
}

/// As [`table_not_found`], of the operations on backups.
pub fn backup_table_not_found(table: &str) -> Error {
    ErrorKind::TableNotFound { message: format!("Table not found: {table}").into() }.into()
}

/// The index that UpdateTable is to delete is not there.
pub fn index_not_found() -> Error {
    ErrorKind::ResourceNotFound { message: "Requested resource not found".into() }.into()
}

/// The table to create is there already.
pub fn table_exists(table: &str) -> Error {
    ErrorKind::ResourceInUse { message: format!("Table already exists: {table}").into() }.into()
}

/// The table cannot be changed while something happens to it: `created`, `updated`, `deleted`.
pub fn table_in_use(table: &str, doing: &str) -> Error {
    let message = format!("Attempt to change a resource which is still in use: Table is being {doing}: {table}");
    ErrorKind::ResourceInUse { message: message.into() }.into()
}

/// One index at a time.
pub fn one_index_at_a_time() -> Error {
    limit_exceeded("Only 1 online index can be created or deleted simultaneously per table")
}

/// The account has as many tables as it may have.
pub fn too_many_tables() -> Error {
    limit_exceeded(format!("There is a limit of {} tables per subscriber", model::limits::TABLES_MAX))
}

fn limit_exceeded(words: impl Display) -> Error {
    ErrorKind::LimitExceeded { message: format!("Subscriber limit exceeded: {words}").into() }.into()
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

/// UpdateTable's settings of an index that is not there, or that no index may have.
pub fn index_update_blocked() -> Error {
    validation(
        "This operation cannot be performed with given input values. Please contact DynamoDB service team for more info: \
         Action Blocked: IndexUpdate",
    )
}

/// The resource of a tag operation is no table ARN.
pub fn not_a_table_arn(arn: &str) -> Error {
    validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}"))
}

/// The resource of a tag operation belongs to another account.
pub fn access_denied(account: &str, operation: &str, arn: &str) -> Error {
    let message = format!(
        "User: arn:aws:iam::{account}:root is not authorized to perform: dynamodb:{operation} on resource: {arn}"
    );
    ErrorKind::AccessDenied { message: message.into() }.into()
}

/// The table whose tags are meant is not there (the missing letter is DynamoDB's).
pub fn tagged_resource_not_found(arn: &str) -> Error {
    ErrorKind::ResourceNotFound { message: format!("Requested resource not found: ResourcArn: {arn} not found").into() }
        .into()
}
