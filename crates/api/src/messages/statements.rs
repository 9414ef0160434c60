//! PartiQL statements: what a table's definition, an item or the operation refuses. What is wrong with a statement by itself is worded in
//! `partiql::error`.
//!
//! Unless a constructor says otherwise its words are from captures of the AWS-verified suite (October 2026) or of floci's tests (September
//! 2026).

use super::validation;
use crate::{BatchStatementError, BatchStatementErrorCodeEnum, Error, ErrorKind};
use model::value::AttributeType;

/// DuplicateItemException: an INSERT of an item that is there.
pub fn duplicate_item() -> Error {
    ErrorKind::DuplicateItem { message: "Duplicate primary key exists in table".into() }.into()
}

/// An UPDATE or DELETE that does not name one item.
pub fn key_equality_missing() -> Error {
    validation("Where clause does not contain a mandatory equality on all key attributes")
}

/// An UPDATE or DELETE that names two items.
pub fn several_conditions_on_key(name: &str) -> Error {
    validation(format!("Multiple conditions on same key {name}. Only single item Update/Insert/Delete are supported"))
}

/// A key value of a type that no key has, outside of INSERT (dynoxide, captured October 2026).
pub fn key_value_type(name: &str, actual: AttributeType) -> Error {
    let actual = actual.name();
    validation(format!("Key value must be of type S, N, or B. Key name: {name}, Key type: {actual}"))
}

/// A key value of another type than the key's; in an INSERT also of one that no key has (the INSERT, UPDATE and DELETE: dynoxide, captured
/// October 2026).
pub fn key_condition_type(name: &str) -> Error {
    validation(format!("Key attribute's data type should match its data type in table's schema: Key {name}"))
}

/// A SELECT whose reads have items in common.
pub fn overlapping_conditions() -> Error {
    validation("Overlapping conditions with range keys are not supported in where clause")
}

/// A SELECT that would be too many reads.
pub fn too_many_reads() -> Error {
    validation("Too many decomposed read operations for a given query.")
}

/// A SELECT from an index that the table does not have (dynoxide, captured August 2026).
pub fn statement_index_not_found() -> Error {
    validation("The table does not have the specified index")
}

/// A consistent SELECT from a global index (dynoxide, captured August 2026).
pub fn consistent_select_of_global_index() -> Error {
    validation("Strongly consistent read is not supported on Global Secondary Indexes")
}

/// A SELECT from an index whose key has several partition or sort attributes.
pub fn select_of_multi_attribute_key() -> Error {
    validation(
        "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.",
    )
}

/// ORDER BY without WHERE.
pub fn order_without_where() -> Error {
    validation("Must have WHERE clause in the statement when using ORDER BY clause.")
}

/// ORDER BY an attribute that is not of the key.
pub fn order_by_other_attribute(name: &str) -> Error {
    validation(format!("Attribute {name} in ORDER BY clause must be part of the primary key"))
}

/// ORDER BY in a scan.
pub fn order_of_scan() -> Error {
    validation("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
}

/// ORDER BY the sort key alone, over several partitions.
pub fn order_without_partition_key() -> Error {
    validation("Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.")
}

/// EXISTS where there is no transaction of writes.
pub fn exists_outside_transaction() -> Error {
    validation("EXISTS can only be used in ExecuteTransaction write requests.")
}

/// A token that is none (dynoxide, captured July 2026).
pub fn next_token_invalid() -> Error {
    validation("Invalid NextToken")
}

/// A token of another statement (dynoxide, captured July 2026).
pub fn next_token_mismatch() -> Error {
    validation("NextToken does not match request")
}

/// A token for a statement that has no pages. Without evidence.
pub fn next_token_of_write() -> Error {
    validation("NextToken is only allowed for SELECT statements")
}

/// An UPDATE that makes an item too deep.
pub fn updated_too_deep() -> Error {
    validation("Nesting Levels have exceeded supported limits")
}

/// A batch of reads and writes (dynoxide, August 2026).
pub fn reads_and_writes_in_batch() -> Error {
    validation("Read and write requests together in the same batch is not supported.")
}

/// Two statements of a batch on one item (dynoxide, August 2026).
pub fn duplicate_keys_in_statements() -> Error {
    validation("Provided list of item keys contains duplicates")
}

/// A SELECT of a batch that is no read of one item by its key.
pub fn select_without_key_in_batch() -> Error {
    validation("Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
}

/// A SELECT of a transaction that is no read of one item by its key.
pub fn select_without_key_in_transaction() -> Error {
    validation("Select statements within ExecuteTransaction must specify the primary key in the where clause.")
}

/// A SELECT from an index in a transaction.
pub fn select_from_index_in_transaction() -> Error {
    validation("Reads on indices are not supported within transactions.")
}

/// RETURNING in a transaction.
pub fn returning_in_transaction() -> Error {
    validation("RETURNING clause is not supported in ExecuteTransaction.")
}

/// EXISTS of an item by its key and nothing else.
pub fn exists_without_condition() -> Error {
    validation("EXISTS() must contain a single item read with additional condition")
}

/// A transaction of reads and writes.
pub fn reads_and_writes_in_transaction() -> Error {
    validation("ExecuteTransaction API does not support both read and write operations in the same request.")
}

/// What is wrong with one statement of a transaction, where it refuses the request. Other errors than of validation stay as they are.
pub fn in_transact_statement(index: usize, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Validation { message } => {
            validation(format!("Validation failed in TransactStatements[{index}]: {message}"))
        }
        _ => error,
    }
}

/// The error of one statement in a batch. An error that is none of a statement is the request's.
///
/// # Errors
/// The error itself.
pub fn batch_statement_error(error: Error) -> Result<BatchStatementError<'static>, Error> {
    use BatchStatementErrorCodeEnum as Code;
    let (code, message, item) = match error.kind() {
        ErrorKind::ConditionalCheckFailed { message, item } => (Code::Conditionalcheckfailed, message, item.clone()),
        ErrorKind::DuplicateItem { message } => (Code::Duplicateitem, message, None),
        ErrorKind::ItemCollectionSizeLimitExceeded { message } => {
            (Code::Itemcollectionsizelimitexceeded, message, None)
        }
        ErrorKind::ResourceNotFound { message } => (Code::Resourcenotfound, message, None),
        ErrorKind::TransactionConflict { message } => (Code::Transactionconflict, message, None),
        ErrorKind::Validation { message } => (Code::Validationerror, message, None),
        _ => return Err(error),
    };
    Ok(BatchStatementError { code: Some(code), message: Some(message.clone()), item })
}
