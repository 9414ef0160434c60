//! One row per constructor: its words, to the letter.

use super::*;
use crate::{Layer, Select, ValueFault};
use model::ScalarType;
use model::value::AttributeType;

/// Checks that all are ValidationException of these words.
fn check(rows: &[(Error, &str)]) {
    for (error, words) in rows {
        assert_eq!((error.code(), error.message(), error.http_status()), ("ValidationException", *words, 400));
    }
}

#[test]
fn constraints() {
    check(&[
        (validation("x"), "x"),
        (enveloped("x"), "1 validation error detected: x"),
        (
            value_fault(&ValueFault::Empty, Layer::Older),
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        ),
        (required_parameter("TableName"), "The parameter 'TableName' is required but was not present in the request"),
        (table_name_length(), "TableName must be at least 3 characters long and at most 255 characters long"),
        (invalid_table_arn(), "Invalid TableArn"),
        (request_items_required("BatchWriteItem"), "The requestItems parameter is required for BatchWriteItem"),
        (constraints_broken(&["a".to_owned()]), "1 validation error detected: a"),
        (constraints_broken(&["a".to_owned(), "b".to_owned()]), "2 validation errors detected: a; b"),
        (constraint_broken_bare("a".to_owned()), "a"),
    ]);
}

#[test]
fn keys() {
    check(&[
        (missing_key_in_item("k"), "One or more parameter values were invalid: Missing the key k in the item"),
        (
            key_type_mismatch("k", ScalarType::S, AttributeType::N),
            "One or more parameter values were invalid: Type mismatch for key k expected: S actual: N",
        ),
        (key_element_does_not_match_schema(), "The provided key element does not match the schema"),
        (
            empty_key_value("k", ScalarType::S),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: k",
        ),
        (
            empty_key_value("k", ScalarType::B),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: k",
        ),
        (
            partition_key_too_large(),
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
        ),
        (
            sort_key_too_large(),
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
        ),
        (
            index_key_type_mismatch("k", ScalarType::S, AttributeType::Bool, "i"),
            "One or more parameter values were invalid: Type mismatch for Index Key k Expected: S Actual: BOOL IndexName: i",
        ),
        (
            empty_index_key_value("i", "k", ScalarType::S),
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: i, IndexKey: k",
        ),
        (
            empty_index_key_in_update(ScalarType::B),
            "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty binary value.",
        ),
        (
            index_key_unsupported_in_update(),
            "The update expression attempted to update the secondary index key to unsupported type",
        ),
        (
            cannot_update_key("k"),
            "One or more parameter values were invalid: Cannot update attribute k. This attribute is part of the key",
        ),
    ]);
}

#[test]
fn sizes_and_batches() {
    check(&[
        (item_too_large(), "Item size has exceeded the maximum allowed size"),
        (item_to_update_too_large(), "Item size to update has exceeded the maximum allowed size"),
        (duplicate_keys_in_batch_get(), "Provided list of item keys contains duplicates"),
        (duplicate_keys_in_batch_write(), "Provided list of item keys contains duplicates"),
        (too_many_items_in_batch_get(), "Too many items requested for the BatchGetItem call"),
        (too_many_items_in_batch_write(), "Too many items requested for the BatchWriteItem call"),
        (
            write_request_without_one_action(),
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        ),
    ]);
}

#[test]
fn parameters_of_reads() {
    check(&[
        (index_not_found("i"), "The table does not have the specified index: i"),
        (index_is_backfilling("i"), "Cannot read from backfilling global secondary index: i"),
        (consistent_read_of_global_index(), "Consistent reads are not supported on global secondary indexes"),
        (
            key_conditions_missing(),
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
        ),
        (key_conditions_empty(), "Conditions can be of length 1 or 2 only"),
        (
            total_segments_missing(),
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        ),
        (
            segment_missing(),
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
        ),
        (
            segment_out_of_range(5, 5),
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5",
        ),
        (
            projection_of_count("AttributesToGet"),
            "Cannot specify the AttributesToGet when choosing to get only the Count",
        ),
        (
            projection_of_select("ProjectionExpression", Select::AllAttributes),
            "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
        ),
        (all_projected_without_index(), "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
        (
            all_attributes_of_global_index("i"),
            "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index i because its projection type is not ALL",
        ),
        (
            global_index_does_not_project("i", &["a", "b"]),
            "One or more parameter values were invalid: Global secondary index i does not project [a, b]",
        ),
        (
            index_does_not_project_filter("i", &["a"]),
            "One or more parameter values were invalid: Secondary index i does not project one or more filter attributes: [a]",
        ),
    ]);
}

#[test]
fn keys_of_reads() {
    check(&[
        (
            filter_on_key_attribute("Filter Expression", "k"),
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: k",
        ),
        (
            nested_key_path("k"),
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: k",
        ),
        (
            nested_index_key_path("k"),
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: k",
        ),
        (starting_key_invalid(), "The provided starting key is invalid"),
        (
            starting_key_does_not_match_schema(),
            "The provided starting key is invalid: The provided key element does not match the schema",
        ),
        (
            empty_value_in_starting_key("k", ScalarType::S),
            "The provided starting key is invalid: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: k",
        ),
        (
            starting_key_outside_query(),
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
        (starting_key_outside_range(), "The provided starting key does not match the range key predicate"),
        (query_cannot_be_restarted(), "The query can return at most one row and cannot be restarted"),
        (
            starting_key_of_other_segment(1, 4),
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 4 Segment: 1",
        ),
    ]);
}

#[test]
fn texts() {
    let rows = [
        (
            text::mixed_parameters(&["AttributeUpdates", "Expected"], &["UpdateExpression"]),
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributeUpdates, Expected} Expression parameters: {UpdateExpression}",
        ),
        (text::names_without_expression(), "ExpressionAttributeNames can only be specified when using expressions"),
        (
            text::values_without_expression(&[]),
            "ExpressionAttributeValues can only be specified when using expressions",
        ),
        (
            text::values_without_expression(&["FilterExpression"]),
            "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null",
        ),
        (
            text::values_without_expression(&["FilterExpression", "KeyConditionExpression"]),
            "ExpressionAttributeValues can only be specified when using expressions: FilterExpression and KeyConditionExpression are null",
        ),
        (
            text::attributes_not_specified(),
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
        ),
        (text::return_values_old_or_none(), "ReturnValues can only be ALL_OLD or NONE"),
        (
            text::duplicate_attribute_to_get("a"),
            "One or more parameter values were invalid: Duplicate value in attribute name: a",
        ),
        (text::invalid_placeholder_value("x", ":v"), "ExpressionAttributeValues contains invalid value: x for key :v"),
    ];
    for (words, expected) in rows {
        assert_eq!(words, expected);
    }
}

#[test]
fn serialization_messages() {
    let rows = [
        (cannot_be_converted("TRUE_VALUE", "String"), "TRUE_VALUE cannot be converted to String"),
        (unrecognized_class("java.lang.String"), "Unrecognized collection type class java.lang.String"),
        (unrecognized_map("X"), "Unrecognized collection type java.util.Map<java.lang.String, X>"),
        (structure_not_expected(), "Start of structure or map found where not expected"),
        (unexpected_field_type(), "Unexpected field type"),
        (unexpected_value_type(), "Unexpected value type in payload"),
        (unexpected_token(), "Unexpected token received from parser"),
        (
            parameterized_type(),
            "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')",
        ),
        (not_base64(), "only base-64-encoded strings are convertible to bytes"),
        (base64_length(5), "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
        (base64_last_character(), "Invalid last non-pad Base64 character dectected"),
    ];
    for (error, words) in rows {
        assert_eq!((error.code(), error.message()), ("SerializationException", words));
    }
}

#[test]
fn bodies_of_errors() {
    const DYNAMODB: &str = "com.amazonaws.dynamodb.v20120810#";
    const SERVICE: &str = "com.amazon.coral.service#";
    let item =
        model::EncodedItem::from_item(&model::Item::from_pairs(vec![("a".into(), model::AttributeValue::string("x"))]));
    let parts =
        [SignaturePart::Credential, SignaturePart::Signature, SignaturePart::SignedHeaders, SignaturePart::Date];
    let rows = [
        (validation("a \"b\""), 400, r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"a \"b\""}"#.to_owned()),
        (internal_server_error(), 500, format!(r#"{{"__type":"{DYNAMODB}InternalServerError","message":"Internal server error"}}"#)),
        (requested_resource_not_found(), 400, format!(r#"{{"__type":"{DYNAMODB}ResourceNotFoundException","message":"Requested resource not found"}}"#)),
        (conditional_check_failed(None), 400, format!(r#"{{"__type":"{DYNAMODB}ConditionalCheckFailedException","message":"The conditional request failed"}}"#)),
        (conditional_check_failed(Some(item)), 400, format!(r#"{{"__type":"{DYNAMODB}ConditionalCheckFailedException","message":"The conditional request failed","Item":{{"a":{{"S":"x"}}}}}}"#)),
        (item_collection_too_large(), 400, format!(r#"{{"__type":"{DYNAMODB}ItemCollectionSizeLimitExceededException","message":"Collection size exceeded."}}"#)),
        (unexpected_field_type(), 400, format!(r#"{{"__type":"{SERVICE}SerializationException","Message":"Unexpected field type"}}"#)),
        (malformed_body(), 400, format!(r#"{{"__type":"{SERVICE}SerializationException"}}"#)),
        (unknown_operation(), 400, format!(r#"{{"__type":"{SERVICE}UnknownOperationException"}}"#)),
        (missing_authentication_token(), 400, format!(r#"{{"__type":"{SERVICE}MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}}"#)),
        (two_signatures(), 400, format!(r#"{{"__type":"{SERVICE}InvalidSignatureException","message":"Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."}}"#)),
        (incomplete_signature(&parts, "AWS4-X"), 400, format!(r#"{{"__type":"{SERVICE}IncompleteSignatureException","message":"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-X"}}"#)),
        (incomplete_query_signature(&["X-Amz-Date"]), 400, format!(r#"{{"__type":"{SERVICE}IncompleteSignatureException","message":"AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."}}"#)),
        (request_too_large(), 413, format!(r#"{{"__type":"{SERVICE}RequestEntityTooLargeException"}}"#)),
        (service_unavailable(), 503, r#"{"__type":"com.amazon.coral.availability#ServiceUnavailableException","message":"Service is unavailable. Please try again."}"#.to_owned()),
    ];
    for (error, status, body) in rows {
        let mut out = Vec::new();
        error.encode(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), body);
        assert_eq!(error.http_status(), status, "{body}");
    }
}
