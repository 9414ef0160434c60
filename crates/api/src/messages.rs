//! The words that clients read, one constructor per message.
//!
//! Words are written nowhere else, but for those of expressions, which have their own module, and no code reads them. Clients depend on
//! them to the letter: DynamoDB's own slips of spelling are kept. Unless a constructor says otherwise its words stand in the AWS-verified
//! conformance suite of May 2026 or in what dynalite recorded from AWS. Each has a row in the tests.

mod constraints;
mod indexes;
mod items;
mod policies;
mod protocol;
mod reads;
mod serialization;
mod statements;
mod streams;
mod tables;
pub mod text;
mod time_to_live;
mod transactions;

pub(crate) use constraints::{
    constraint, constraint_anonymous, constraint_broken_bare, constraint_without_value, constraints_broken,
    request_items_required,
};
pub use constraints::{enveloped, invalid_table_arn, required_parameter, table_name_length, validation, value_fault};
pub use indexes::*;
pub use items::*;
pub use policies::*;
pub use protocol::*;
pub use reads::*;
pub(crate) use serialization::*;
pub use statements::*;
pub use streams::*;
pub use tables::*;
pub use time_to_live::*;
pub use transactions::*;

use crate::{Error, ErrorKind};
use std::fmt::Display;

/// InternalServerError: the server failed, the client may retry. Tells nothing else.
pub fn internal_server_error() -> Error {
    ErrorKind::InternalServerError { message: "Internal server error".into() }.into()
}

/// ThrottlingException: the server has more to do than it can, the client is to come again later (API reference, "Common errors").
pub fn rate_exceeds_throughput() -> Error {
    let message = "Rate of requests exceeds the allowed throughput.".into();
    ErrorKind::Throttling { message, throttling_reasons: None }.into()
}

/// ResourceNotFoundException of an operation on items: it does not name the table.
pub fn requested_resource_not_found() -> Error {
    ErrorKind::ResourceNotFound { message: "Requested resource not found".into() }.into()
}

/// ConditionalCheckFailedException, with the item if the request asked for it.
pub fn conditional_check_failed(item: Option<model::EncodedItem>) -> Error {
    ErrorKind::ConditionalCheckFailed { message: "The conditional request failed".into(), item }.into()
}

/// A local index's item collection would grow over its limit.
pub fn item_collection_too_large() -> Error {
    ErrorKind::ItemCollectionSizeLimitExceeded { message: "Collection size exceeded.".into() }.into()
}

/// A ValidationException about the values of parameters.
fn invalid(words: impl Display) -> Error {
    validation(format!("One or more parameter values were invalid: {words}"))
}

/// The name of a key attribute's type in words about empty values.
fn kind_name(kind: model::ScalarType) -> &'static str {
    match kind {
        model::ScalarType::S => "string",
        model::ScalarType::N => "number",
        model::ScalarType::B => "binary",
    }
}

/// The name of a key attribute's type on the wire.
fn type_name(kind: model::ScalarType) -> &'static str {
    match kind {
        model::ScalarType::S => "S",
        model::ScalarType::N => "N",
        model::ScalarType::B => "B",
    }
}

#[cfg(test)]
mod tests;
