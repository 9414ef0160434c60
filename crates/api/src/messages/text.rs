//! Words that some operations put into the envelope and others do not: the operation wraps them, in [`super::enveloped`] or
//! [`super::validation`].

use crate::Select;

/// Expression parameters beside legacy ones.
pub fn mixed_parameters(legacy: &[&str], expressions: &[&str]) -> String {
    format!(
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {{{}}} \
         Expression parameters: {{{}}}",
        legacy.join(", "),
        expressions.join(", ")
    )
}

/// `ExpressionAttributeNames` without any expression.
pub fn names_without_expression() -> String {
    "ExpressionAttributeNames can only be specified when using expressions".to_owned()
}

/// `ExpressionAttributeValues` without an expression that could use them: `absent` are those that could, none for the current words.
pub fn values_without_expression(absent: &[&str]) -> String {
    let words = "ExpressionAttributeValues can only be specified when using expressions";
    match absent {
        [] => words.to_owned(),
        [one] => format!("{words}: {one} is null"),
        several => format!("{words}: {} are null", several.join(" and ")),
    }
}

/// `Select: SPECIFIC_ATTRIBUTES` without a projection.
pub fn attributes_not_specified() -> String {
    "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES".to_owned()
}

/// A projection beside `Select: COUNT`. `parameter` is the one that the projection came in.
pub fn projection_of_count(parameter: &str) -> String {
    format!("Cannot specify the {parameter} when choosing to get only the Count")
}

/// A projection beside another `Select` that leaves no choice.
pub fn projection_of_select(parameter: &str, select: Select) -> String {
    format!("Cannot specify the {parameter} when choosing to get {}", select.name())
}

/// `Select: ALL_PROJECTED_ATTRIBUTES` of a table.
pub fn all_projected_without_index() -> String {
    "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName".to_owned()
}

/// Return values that PutItem and DeleteItem do not have.
pub fn return_values_old_or_none() -> String {
    "ReturnValues can only be ALL_OLD or NONE".to_owned()
}

/// A name twice in `AttributesToGet`.
pub fn duplicate_attribute_to_get(name: &str) -> String {
    format!("One or more parameter values were invalid: Duplicate value in attribute name: {name}")
}

/// A wrong value among `ExpressionAttributeValues`, in the older words.
pub fn invalid_placeholder_value(words: &str, placeholder: &str) -> String {
    format!("ExpressionAttributeValues contains invalid value: {words} for key {placeholder}")
}
