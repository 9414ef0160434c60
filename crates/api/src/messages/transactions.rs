//! Transactions: why they are cancelled, and what is wrong with them as a whole.

use super::validation;
use crate::{CancellationReason, Error, ErrorKind};
use std::borrow::Cow;

/// TransactionCanceledException: the reasons stand in the order of the actions.
pub fn transaction_canceled(reasons: Vec<CancellationReason<'static>>) -> Error {
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_deref().unwrap_or_default()).collect();
    let message =
        format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    ErrorKind::TransactionCanceled { message: message.into(), cancellation_reasons: Some(reasons) }.into()
}

/// The reason of an action that would have succeeded.
pub fn no_reason() -> CancellationReason<'static> {
    CancellationReason { code: Some("None".into()), ..CancellationReason::default() }
}

/// The reason that the refusal of one action gives; an error that is none of an action ends the request as it is.
///
/// # Errors
/// The error itself.
pub fn reason_of(error: Error) -> Result<CancellationReason<'static>, Error> {
    let (code, message, item) = match error.kind() {
        ErrorKind::ConditionalCheckFailed { message, item } => ("ConditionalCheckFailed", message, item.clone()),
        ErrorKind::DuplicateItem { message } => ("DuplicateItem", message, None),
        ErrorKind::ItemCollectionSizeLimitExceeded { message } => ("ItemCollectionSizeLimitExceeded", message, None),
        ErrorKind::ResourceNotFound { message } => ("ResourceNotFound", message, None),
        ErrorKind::TransactionConflict { message } => ("TransactionConflict", message, None),
        ErrorKind::Validation { message } => ("ValidationError", message, None),
        _ => return Err(error),
    };
    Ok(CancellationReason { code: Some(Cow::Borrowed(code)), message: Some(message.clone()), item })
}

/// TransactionConflictException: somebody else keeps writing the item (the words are those of public reports from AWS).
pub fn transaction_conflict() -> Error {
    ErrorKind::TransactionConflict { message: "Transaction is ongoing for the item".into() }.into()
}

/// TransactionInProgressException: the same token is being used (the words are the API reference's, about the error).
pub fn transaction_in_progress() -> Error {
    let message = "The transaction with the given request token is already in progress.";
    ErrorKind::TransactionInProgress { message: message.into() }.into()
}

/// IdempotentParameterMismatchException: a token that was used for other actions (the words are the API reference's, about the error).
pub fn idempotent_parameter_mismatch() -> Error {
    let message = "DynamoDB rejected the request because you retried a request with a different payload but with an \
         idempotent token that was already used.";
    ErrorKind::IdempotentParameterMismatch { message: message.into() }.into()
}

/// Two actions of a transaction on one item.
pub fn several_operations_on_one_item() -> Error {
    validation("Transaction request cannot include multiple operations on one item")
}

/// An element of a transaction with several actions in it (recorded by moto's tests against AWS).
pub fn several_actions_in_one() -> Error {
    validation("TransactItems can only contain one of Check, Put, Update or Delete")
}

/// An element of a transaction without an action (the words of AWS's DAX clients).
pub fn no_action() -> Error {
    validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
}

/// The items of a transaction are too large together (the developer guide states the limit, no source has the words).
pub fn transaction_too_large() -> Error {
    validation("The aggregate size of the items in the transaction exceeds the limit of 4 MB")
}
