//! Words about keys and indexes as tables define them.

use super::{invalid, validation};
use crate::{Error, ErrorKind, KeyType, ProjectionType};

/// The table's key has more attributes than are defined.
pub fn key_without_definition() -> Error {
    validation("Invalid KeySchema: Some index key attribute have no definition")
}

/// A key has an attribute that is not defined.
pub fn keys_not_defined(keys: &[&str], definitions: &[&str]) -> Error {
    invalid(format!(
        "Some index key attributes are not defined in AttributeDefinitions. Keys: [{}], AttributeDefinitions: [{}]",
        keys.join(", "),
        definitions.join(", ")
    ))
}

/// A key element stands where another type belongs: `first`, `second`.
pub fn key_type_expected(which: &str, key_type: KeyType) -> Error {
    validation(format!("Invalid KeySchema: The {which} KeySchemaElement is not a {} key type", key_type.name()))
}

/// The two attributes of a key are one.
pub fn key_names_equal() -> Error {
    validation("Both the Hash Key and the Range Key element in the KeySchema have the same name")
}

/// Of more than two attributes of a key two are one. Our own words.
pub fn key_name_repeated() -> Error {
    validation("Invalid KeySchema: Two KeySchemaElements have the same name")
}

/// In a key of several attributes a HASH follows a RANGE. Our own words.
pub fn hash_behind_range(element: usize) -> Error {
    validation(format!("Invalid KeySchema: KeySchemaElement {element} is a HASH key type behind a RANGE key type"))
}

/// A key has more attributes of a type than it may. Our own words.
pub fn too_many_key_attributes(max: usize) -> Error {
    validation(format!(
        "Invalid KeySchema: A key can have at most {max} attributes of each of the key types HASH and RANGE"
    ))
}

/// Without indexes, definitions and key attributes must be as many.
pub fn definitions_not_exact() -> Error {
    invalid(
        "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
    )
}

/// With indexes, every definition must be used.
pub fn definitions_not_used(definitions: &[&str], keys: &[&str]) -> Error {
    invalid(format!(
        "Some AttributeDefinitions are not used. AttributeDefinitions: [{}], keys used: [{}]",
        definitions.join(", "),
        keys.join(", ")
    ))
}

/// An empty list of indexes: `LocalSecondaryIndexes`, `GlobalSecondaryIndexes`.
pub fn index_list_empty(parameter: &str) -> Error {
    invalid(format!("List of {parameter} is empty"))
}

/// Local indexes need a table with a sort key.
pub fn table_without_range_key() -> Error {
    invalid("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
}

/// A local index needs a sort key.
pub fn index_without_range_key(index: &str) -> Error {
    invalid(format!("Index KeySchema does not have a range key for index: {index}"))
}

/// A local index has the table's partition key.
pub fn index_hash_key_differs(index: &str, hash_key: &str, table_hash_key: &str) -> Error {
    invalid(format!(
        "Index KeySchema does not have the same leading hash key as table KeySchema for index: {index}. index hash key: \
         {hash_key}, table hash key: {table_hash_key}"
    ))
}

/// A projection without its type.
pub fn projection_type_missing() -> Error {
    invalid("Unknown ProjectionType: null")
}

/// Attributes are named in a projection that takes none.
pub fn projection_with_attributes(projection: ProjectionType) -> Error {
    invalid(format!("ProjectionType is {}, but NonKeyAttributes is specified", projection.name()))
}

/// No attributes are named in a projection that needs them.
pub fn projection_without_attributes() -> Error {
    invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
}

/// The indexes of a table together project more attributes than they may. Our own words.
pub fn too_many_projected_attributes(max: usize) -> Error {
    invalid(format!("Number of NonKeyAttributes of all indexes exceeds the per-table limit of {max}"))
}

/// Too many local indexes.
pub fn too_many_local_indexes(max: usize) -> Error {
    invalid(format!("Number of LocalSecondaryIndexes exceeds per-table limit of {max}"))
}

/// Too many global indexes.
pub fn too_many_global_indexes(max: usize) -> Error {
    invalid(format!("GlobalSecondaryIndex count exceeds the per-table limit of {max}"))
}

/// Two indexes of one name.
pub fn duplicate_index_name(index: &str) -> Error {
    invalid(format!("Duplicate index name: {index}"))
}

/// Provisioned throughput of an index of a table that is paid by request.
pub fn index_throughput_of_on_demand(index: &str) -> Error {
    invalid(format!(
        "ProvisionedThroughput should not be specified for index: {index} when BillingMode is PAY_PER_REQUEST"
    ))
}

/// A new index of a provisioned table without provisioned throughput (an answer of AWS quoted in a report of a fault in the developer guide).
pub fn index_throughput_not_specified(index: &str) -> Error {
    invalid(format!("ProvisionedThroughput is not specified for index: {index}"))
}

/// No provisioned throughput for indexes of a table that becomes a provisioned one.
pub fn index_throughput_missing(indexes: &[&str]) -> Error {
    invalid(format!("ProvisionedThroughput must be specified for index: {}", indexes.join(",")))
}

/// An element of GlobalSecondaryIndexUpdates that says nothing.
pub fn index_update_empty() -> Error {
    invalid(
        "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete \
         must not be null",
    )
}

/// Two elements of GlobalSecondaryIndexUpdates about one index.
pub fn index_updated_twice(index: &str) -> Error {
    invalid(format!("Only one global secondary index update per index is allowed simultaneously. Index: {index}"))
}

/// The index to create is there already (recorded by dynoxide).
pub fn index_exists(index: &str) -> Error {
    invalid(format!("Index already exists: {index}"))
}

/// The index to delete is not there.
pub fn index_to_delete_not_found() -> Error {
    ErrorKind::ResourceNotFound { message: "Requested resource not found".into() }.into()
}

/// Settings of an index that is not there, or that no index may have.
pub fn index_update_blocked() -> Error {
    validation(
        "This operation cannot be performed with given input values. Please contact DynamoDB service team for more info: \
         Action Blocked: IndexUpdate",
    )
}

/// One index at a time is made or deleted.
pub fn one_index_at_a_time() -> Error {
    super::tables::limit_exceeded("Only 1 online index can be created or deleted simultaneously per table")
}
