//! Items and keys: what a table's definition or a limit refuses.

use super::{kind_name, type_name, validation};
use crate::Error;
use model::ScalarType;
use model::value::AttributeType;

/// A put item without one of its key attributes.
pub fn missing_key_in_item(name: &str) -> Error {
    validation(format!("One or more parameter values were invalid: Missing the key {name} in the item"))
}

/// A put item whose key attribute has another type.
pub fn key_type_mismatch(name: &str, expected: ScalarType, actual: AttributeType) -> Error {
    let (expected, actual) = (type_name(expected), actual.name());
    validation(format!(
        "One or more parameter values were invalid: Type mismatch for key {name} expected: {expected} actual: {actual}"
    ))
}

/// A key with other attributes or types than the table's.
pub fn key_element_does_not_match_schema() -> Error {
    validation("The provided key element does not match the schema")
}

/// An empty string or binary as a table's key.
pub fn empty_key_value(name: &str, kind: ScalarType) -> Error {
    let kind = kind_name(kind);
    validation(format!(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
         {kind} value. Key: {name}"
    ))
}

/// A partition key value over its limit. The missing space is DynamoDB's.
pub fn partition_key_too_large() -> Error {
    validation(
        "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
    )
}

/// Sort key values over their limit.
pub fn sort_key_too_large() -> Error {
    validation(
        "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of \
         1024 bytes",
    )
}

/// An index's key attribute of another type.
pub fn index_key_type_mismatch(name: &str, expected: ScalarType, actual: AttributeType, index: &str) -> Error {
    let (expected, actual) = (type_name(expected), actual.name());
    validation(format!(
        "One or more parameter values were invalid: Type mismatch for Index Key {name} Expected: {expected} Actual: \
         {actual} IndexName: {index}"
    ))
}

/// An empty string or binary as an index's key in a put item.
pub fn empty_index_key_value(index: &str, name: &str, kind: ScalarType) -> Error {
    let kind = kind_name(kind);
    validation(format!(
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The \
         AttributeValue for a key attribute cannot contain an empty {kind} value. IndexName: {index}, IndexKey: {name}"
    ))
}

/// An empty string or binary as an index's key from an update expression.
pub fn empty_index_key_in_update(kind: ScalarType) -> Error {
    let kind = kind_name(kind);
    validation(format!(
        "One or more parameter values are not valid. The update expression attempted to update a secondary index key to \
         a value that is not supported. The AttributeValue for a key attribute cannot contain an empty {kind} value."
    ))
}

/// An update that sets an index's key to another type, known only when it runs.
pub fn index_key_unsupported_in_update() -> Error {
    validation("The update expression attempted to update the secondary index key to unsupported type")
}

/// An update of a key attribute.
pub fn cannot_update_key(name: &str) -> Error {
    validation(format!(
        "One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of the key"
    ))
}

/// A put item over the limit.
pub fn item_too_large() -> Error {
    validation("Item size has exceeded the maximum allowed size")
}

/// An updated item over the limit.
pub fn item_to_update_too_large() -> Error {
    validation("Item size to update has exceeded the maximum allowed size")
}

/// One key twice in a batch of reads.
pub fn duplicate_keys_in_batch_get() -> Error {
    validation("Provided list of item keys contains duplicates")
}

/// One key twice in a batch of writes; the words are the reads'.
pub fn duplicate_keys_in_batch_write() -> Error {
    validation("Provided list of item keys contains duplicates")
}

/// More keys over all tables than a batch of reads may have.
pub fn too_many_items_in_batch_get() -> Error {
    validation("Too many items requested for the BatchGetItem call")
}

/// More requests over all tables than a batch of writes may have.
pub fn too_many_items_in_batch_write() -> Error {
    validation("Too many items requested for the BatchWriteItem call")
}

/// A write request that neither puts nor deletes, or does both.
pub fn write_request_without_one_action() -> Error {
    validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    )
}
