//! Broken constraints of the service model, and the envelope that they share with other failures.

use crate::error::Message;
use crate::value_faults::{Layer, ValueFault};
use crate::violations::Constraint;
use crate::{Error, ErrorKind};
use std::fmt::Display;

/// A ValidationException.
pub fn validation(words: impl Into<Message>) -> Error {
    ErrorKind::Validation { message: words.into() }.into()
}

/// A ValidationException in the envelope of a single constraint: how PutItem, UpdateItem and DeleteItem refuse most things
/// (captures of October 2026).
pub fn enveloped(words: impl Display) -> Error {
    validation(format!("1 validation error detected: {words}"))
}

/// A wrong attribute value, without envelope.
pub fn value_fault(fault: &ValueFault, layer: Layer) -> Error {
    validation(fault.words(layer))
}

/// The name of a parameter that must be there, of operations on tables.
pub fn required_parameter(name: &str) -> Error {
    validation(format!("The parameter '{name}' is required but was not present in the request"))
}

/// A table's name of a wrong length, of operations on existing tables.
pub fn table_name_length() -> Error {
    validation("TableName must be at least 3 characters long and at most 255 characters long")
}

/// No ARN where a resource's ARN belongs.
pub fn invalid_table_arn() -> Error {
    validation("Invalid TableArn")
}

/// A batch without tables.
pub(crate) fn request_items_required(operation: &str) -> Error {
    validation(format!("The requestItems parameter is required for {operation}"))
}

/// All broken constraints of a request.
pub(crate) fn constraints_broken(texts: &[String]) -> Error {
    let plural = if texts.len() == 1 { "" } else { "s" };
    validation(format!("{} validation error{plural} detected: {}", texts.len(), texts.join("; ")))
}

/// One broken constraint without envelope.
pub(crate) fn constraint_broken_bare(text: String) -> Error {
    validation(text)
}

/// One broken constraint: `value` with its quotes.
pub(crate) fn constraint(value: &str, path: &str, constraint: Constraint) -> String {
    format!("Value {value} at '{path}' failed to satisfy constraint: {}", rule(constraint))
}

/// One broken constraint as the newer front end words it.
pub(crate) fn constraint_without_value(path: &str, constraint: Constraint) -> String {
    format!("Value at '{path}' failed to satisfy constraint: {}", rule(constraint))
}

/// A name that an enum does not have, as the newer front end words it.
pub(crate) fn constraint_anonymous(set: &str) -> String {
    format!("Failed to satisfy constraint: Member must satisfy enum value set: {set}")
}

fn rule(constraint: Constraint) -> String {
    match constraint {
        Constraint::NotNull => "Member must not be null".to_owned(),
        Constraint::MinLength(min) => format!("Member must have length greater than or equal to {min}"),
        Constraint::MaxLength(max) => format!("Member must have length less than or equal to {max}"),
        Constraint::MinValue(min) => format!("Member must have value greater than or equal to {min}"),
        Constraint::MaxValue(max) => format!("Member must have value less than or equal to {max}"),
        Constraint::Pattern(pattern) => format!("Member must satisfy regular expression pattern: {}", pattern.text()),
        Constraint::EnumSet(set) => format!("Member must satisfy enum value set: {set}"),
        Constraint::MapKeys => "Map keys must satisfy constraint: [Member must have length less than or equal to 255, \
             Member must have length greater than or equal to 3, Member must satisfy regular expression pattern: \
             [a-zA-Z0-9_.-]+]"
            .to_owned(),
        Constraint::MapValues(sizes) => format!(
            "Map value must satisfy constraint: [Member must have length less than or equal to {}, Member must have \
             length greater than or equal to {}]",
            sizes.max, sizes.min
        ),
    }
}
