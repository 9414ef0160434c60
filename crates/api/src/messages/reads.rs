//! Query and Scan: what a table's definition or a combination of parameters refuses.

use super::{kind_name, validation};
use crate::Error;
use model::ScalarType;

/// An index that the table does not have.
pub fn index_not_found(index: &str) -> Error {
    validation(format!("The table does not have the specified index: {index}"))
}

/// A global index that is not complete yet.
pub fn index_is_backfilling(index: &str) -> Error {
    validation(format!("Cannot read from backfilling global secondary index: {index}"))
}

/// A consistent read of a global index.
pub fn consistent_read_of_global_index() -> Error {
    validation("Consistent reads are not supported on global secondary indexes")
}

/// A Query without key conditions of either kind.
pub fn key_conditions_missing() -> Error {
    validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
}

/// `KeyConditions` without an entry, or with too many.
pub fn key_conditions_empty() -> Error {
    validation("Conditions can be of length 1 or 2 only")
}

/// `Segment` alone.
pub fn total_segments_missing() -> Error {
    validation(
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    )
}

/// `TotalSegments` alone.
pub fn segment_missing() -> Error {
    validation(
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    )
}

/// A segment that is not among the total.
pub fn segment_out_of_range(segment: i32, total_segments: i32) -> Error {
    validation(format!(
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {segment} is not \
         less than TotalSegments: {total_segments}"
    ))
}

/// `Select: ALL_ATTRIBUTES` of a global index that does not carry them.
pub fn all_attributes_of_global_index(index: &str) -> Error {
    validation(format!(
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary \
         index {index} because its projection type is not ALL"
    ))
}

/// Attributes that a global index does not carry. Not in the evidence at hand: the words are known from users' reports.
pub fn global_index_does_not_project(index: &str, attributes: &[&str]) -> Error {
    validation(format!(
        "One or more parameter values were invalid: Global secondary index {index} does not project [{}]",
        attributes.join(", ")
    ))
}

/// A filter on attributes that an index does not carry. Not in the evidence at hand: the words are known from users' reports.
pub fn index_does_not_project_filter(index: &str, attributes: &[&str]) -> Error {
    validation(format!(
        "One or more parameter values were invalid: Secondary index {index} does not project one or more filter \
         attributes: [{}]",
        attributes.join(", ")
    ))
}

/// A filter of a Query on its key. `parameter` is what messages call the filter.
pub fn filter_on_key_attribute(parameter: &str, name: &str) -> Error {
    validation(format!("{parameter} can only contain non-primary key attributes: Primary key attribute: {name}"))
}

/// A path into a table's key attribute.
pub fn nested_key_path(name: &str) -> Error {
    validation(format!(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: {name}"
    ))
}

/// A path into an index's key attribute.
pub fn nested_index_key_path(name: &str) -> Error {
    validation(format!(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: {name}"
    ))
}

/// A starting key that is none of what is read.
pub fn starting_key_invalid() -> Error {
    validation("The provided starting key is invalid")
}

/// A starting key that is none of the table's.
pub fn starting_key_does_not_match_schema() -> Error {
    validation("The provided starting key is invalid: The provided key element does not match the schema")
}

/// A start key with a wrong value.
pub fn value_in_starting_key(words: &str) -> Error {
    validation(format!("The provided starting key is invalid: {words}"))
}

/// An empty string or binary in a starting key.
pub fn empty_value_in_starting_key(name: &str, kind: ScalarType) -> Error {
    let kind = kind_name(kind);
    validation(format!(
        "The provided starting key is invalid: One or more parameter values are not valid. The AttributeValue for a key \
         attribute cannot contain an empty {kind} value. Key: {name}"
    ))
}

/// A starting key of another partition.
pub fn starting_key_outside_query() -> Error {
    validation("The provided starting key is outside query boundaries based on provided conditions")
}

/// A starting key that the sort key's condition leaves out.
pub fn starting_key_outside_range() -> Error {
    validation("The provided starting key does not match the range key predicate")
}

/// A starting key of another partition in a Query with a condition on the sort key.
pub fn query_cannot_be_restarted() -> Error {
    validation("The query can return at most one row and cannot be restarted")
}

/// A starting key of another segment.
pub fn starting_key_of_other_segment(segment: u32, total_segments: u32) -> Error {
    validation(format!(
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct \
         Segment. TotalSegments: {total_segments} Segment: {segment}"
    ))
}
