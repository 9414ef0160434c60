//! One row per constructor: its words, to the letter.

use super::*;
use crate::{Layer, Select, ShardIteratorType, TableStatus, ValueFault};
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
        (
            text::projection_of_count("AttributesToGet"),
            "Cannot specify the AttributesToGet when choosing to get only the Count",
        ),
        (
            text::projection_of_select("ProjectionExpression", Select::AllAttributes),
            "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
        ),
        (
            text::all_projected_without_index(),
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
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
        (rate_exceeds_throughput(), 400, format!(r#"{{"__type":"{DYNAMODB}ThrottlingException","message":"Rate of requests exceeds the allowed throughput."}}"#)),
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

/// "One or more parameter values were invalid: " and these words.
fn invalid_values(rows: Vec<(Error, &str)>) {
    for (error, words) in rows {
        assert_eq!(error.message(), format!("One or more parameter values were invalid: {words}"));
        assert_eq!(error.code(), "ValidationException");
    }
}

#[test]
fn keys_and_definitions_of_tables() {
    check(&[
        (key_without_definition(), "Invalid KeySchema: Some index key attribute have no definition"),
        (
            key_type_expected("first", crate::KeyType::Hash),
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (key_names_equal(), "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
        (key_name_repeated(), "Invalid KeySchema: Two KeySchemaElements have the same name"),
        (hash_behind_range(3), "Invalid KeySchema: KeySchemaElement 3 is a HASH key type behind a RANGE key type"),
        (
            too_many_key_attributes(4),
            "Invalid KeySchema: A key can have at most 4 attributes of each of the key types HASH and RANGE",
        ),
    ]);
    invalid_values(vec![
        (
            keys_not_defined(&["a", "b"], &["c"]),
            "Some index key attributes are not defined in AttributeDefinitions. Keys: [a, b], AttributeDefinitions: [c]",
        ),
        (
            definitions_not_exact(),
            "Number of attributes in KeySchema does not exactly match number of attributes defined in \
             AttributeDefinitions",
        ),
        (
            definitions_not_used(&["a", "b"], &["a"]),
            "Some AttributeDefinitions are not used. AttributeDefinitions: [a, b], keys used: [a]",
        ),
    ]);
}

#[test]
fn indexes_of_tables() {
    invalid_values(vec![
        (index_list_empty("LocalSecondaryIndexes"), "List of LocalSecondaryIndexes is empty"),
        (
            table_without_range_key(),
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
        ),
        (index_without_range_key("i"), "Index KeySchema does not have a range key for index: i"),
        (
            index_hash_key_differs("i", "b", "a"),
            "Index KeySchema does not have the same leading hash key as table KeySchema for index: i. index hash key: b, \
             table hash key: a",
        ),
        (projection_type_missing(), "Unknown ProjectionType: null"),
        (
            projection_with_attributes(crate::ProjectionType::KeysOnly),
            "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified",
        ),
        (projection_without_attributes(), "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
        (
            too_many_projected_attributes(100),
            "Number of NonKeyAttributes of all indexes exceeds the per-table limit of 100",
        ),
        (too_many_local_indexes(5), "Number of LocalSecondaryIndexes exceeds per-table limit of 5"),
        (too_many_global_indexes(20), "GlobalSecondaryIndex count exceeds the per-table limit of 20"),
        (duplicate_index_name("i"), "Duplicate index name: i"),
        (
            index_throughput_of_on_demand("i"),
            "ProvisionedThroughput should not be specified for index: i when BillingMode is PAY_PER_REQUEST",
        ),
        (index_throughput_not_specified("i"), "ProvisionedThroughput is not specified for index: i"),
        (index_throughput_missing(&["i", "j"]), "ProvisionedThroughput must be specified for index: i,j"),
        (
            index_update_empty(),
            "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, \
             GlobalSecondaryIndexUpdate.Delete must not be null",
        ),
        (
            index_updated_twice("i"),
            "Only one global secondary index update per index is allowed simultaneously. Index: i",
        ),
        (index_exists("i"), "Index already exists: i"),
    ]);
    check(&[(
        index_update_blocked(),
        "This operation cannot be performed with given input values. Please contact DynamoDB service team for more info: \
         Action Blocked: IndexUpdate",
    )]);
}

#[test]
fn throughput_of_tables() {
    invalid_values(vec![
        (
            throughput_of_on_demand(),
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            throughput_missing_in_create(),
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (throughput_missing_in_update(), "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"),
        (
            on_demand_of_provisioned_in_create("MaxReadRequestUnits"),
            "MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.",
        ),
        (
            on_demand_of_provisioned_in_update("MaxReadRequestUnits"),
            "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED",
        ),
        (
            on_demand_out_of_range("MaxReadRequestUnits"),
            "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            sole_modification("DeletionProtection modification"),
            "DeletionProtection modification must be the only operation in the request",
        ),
        (on_demand_combined(), "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"),
        (
            warm_throughput_lowered("ReadUnitsPerSecond", "index i"),
            "Requested ReadUnitsPerSecond for WarmThroughput for index i is lower than current WarmThroughput, decreasing \
             WarmThroughput is not supported",
        ),
    ]);
    let unchanged = |what: &str, noun: &str| {
        format!(
            "The provisioned throughput for the {what} will not change. The requested value equals the current value. \
             Current ReadCapacityUnits provisioned for the {noun}: 1. Requested ReadCapacityUnits: 1. Current \
             WriteCapacityUnits provisioned for the {noun}: 2. Requested WriteCapacityUnits: 2. Refer to the Amazon \
             DynamoDB Developer Guide for current limits and how to request higher limits."
        )
    };
    check(&[
        (capacity_out_of_bounds("ReadCapacityUnits", 7), "Given value 7 for ReadCapacityUnits is out of bounds"),
        (throughput_unchanged(None, (1, 2)), &unchanged("table", "table")),
        (throughput_unchanged(Some("i"), (1, 2)), &unchanged("index i", "index")),
    ]);
}

#[test]
fn tables_and_tags() {
    check(&[
        (
            unavailable("VectorIndexes", "vector indexes are"),
            "VectorIndexes cannot be specified: vector indexes are not available in this version",
        ),
        (
            members_missing(&["a", "b"]),
            "2 validation errors detected: Value null at 'a' failed to satisfy constraint: Member must not be null; Value \
             null at 'b' failed to satisfy constraint: Member must not be null",
        ),
        (
            deletion_protected(),
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        ),
        (
            nothing_to_update(),
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or \
             SSESpecification or ReplicaUpdates is required",
        ),
        (not_a_table_arn("x"), "Invalid TableArn: Invalid ResourceArn provided as input x"),
        (no_tags(), "Atleast one Tag needs to be provided as Input."),
        (no_tag_keys(), "Atleast one Tag Key needs to be provided as Input."),
        (
            too_many_tags(50),
            "One or more parameter values were invalid: Number of tags exceeds the limit of 50 tags of a resource",
        ),
    ]);
    let rows = [
        (table_not_found("t"), "ResourceNotFoundException", "Requested resource not found: Table: t not found"),
        (index_to_delete_not_found(), "ResourceNotFoundException", "Requested resource not found"),
        (
            tagged_resource_not_found("x"),
            "ResourceNotFoundException",
            "Requested resource not found: ResourcArn: x not found",
        ),
        (backup_table_not_found("t"), "TableNotFoundException", "Table not found: t"),
        (table_exists("t"), "ResourceInUseException", "Table already exists: t"),
        (
            table_in_use("t", "updated"),
            "ResourceInUseException",
            "Attempt to change a resource which is still in use: Table is being updated: t",
        ),
        (
            too_many_tables(2500),
            "LimitExceededException",
            "Subscriber limit exceeded: There is a limit of 2500 tables per subscriber",
        ),
        (
            one_index_at_a_time(),
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        ),
        (
            access_denied("1", "ListTagsOfResource", "x"),
            "AccessDeniedException",
            "User: arn:aws:iam::1:root is not authorized to perform: dynamodb:ListTagsOfResource on resource: x",
        ),
    ];
    for (error, code, words) in rows {
        assert_eq!((error.code(), error.message()), (code, words));
    }
}

#[test]
fn encryption() {
    check(&[
        (
            encryption_off_with("SSEType"),
            "One or more parameter values were invalid: SSEType can not be specified if Enabled is false",
        ),
        (encryption_without_kms(), "One or more parameter values were invalid: SSEType AES256 is not supported"),
        (
            encryption_type_missing(),
            "One or more parameter values were invalid: SSEType KMS is required if KMSMasterKeyId is specified",
        ),
        (
            store_not_encrypted(),
            "One or more parameter values were invalid: Encryption cannot be enabled: this server does not encrypt what it stores",
        ),
        (
            master_key_of_no_kms(),
            "One or more parameter values were invalid: SSEType KMS cannot be specified: the master key of this server is \
             not a key of a KMS",
        ),
        (
            other_master_key("a", "b"),
            "One or more parameter values were invalid: KMSMasterKeyId a cannot be specified: this server encrypts \
             everything under b",
        ),
    ]);
}

#[test]
fn resource_policies() {
    let invalid = |words: &str| format!("One or more parameter values were invalid: {words}");
    let absent = |words: &str| format!("Resource-based policy not found for the provided ResourceArn: {words}");
    let (bad, none) = ("ValidationException", "PolicyNotFoundException");
    let rows = [
        (policy_resource_no_arn("x"), bad, invalid("ARNs must start with 'arn:': x")),
        (policy_resource_unknown("x"), bad, invalid("Provided Arn is not a DynamoDB resource arn: x")),
        (
            policy_resource_without_policy("x"),
            bad,
            invalid("Invalid resource arn provided, only table or stream is accepted. Provided resource arn: x"),
        ),
        (policy_resource_elsewhere("x"), bad, invalid("Invalid resource Arn: x")),
        (
            policy_resource_of_other_account(),
            bad,
            "This action is only supported by accounts that match the resource owner\u{2019}s account.".to_owned(),
        ),
        (
            policy_stream_not_found("t", "s"),
            "ResourceNotFoundException",
            "Requested resource not found: Stream: s not found for Table: t".to_owned(),
        ),
        (policy_too_large(20480), bad, invalid("Maximum policy size of 20480 bytes exceeded")),
        (invalid_policy("why"), bad, invalid("Invalid policy document: why")),
        (invalid_policy_principal(), bad, "One or more parameter values were invalid: Invalid principal in policy document.".to_owned()),
        (
            public_policy(),
            bad,
            "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure \
             least-privilege form of access."
                .to_owned(),
        ),
        (policy_not_found("x"), none, absent("x")),
        (
            other_policy_revision("table t", "1", "2"),
            none,
            absent(
                "Requested update for policy with revision id 1, but the policy associated to target table t has revision \
                 id 2.",
            ),
        ),
        (
            no_policy_revision("table t", "1"),
            none,
            absent("Requested update for policy with revision id 1, but table t has no associated policy."),
        ),
        (
            policy_exists("table t", "2"),
            none,
            absent(
                "Requested policy update expecting none to be present for table t, but a policy exists with revision id 2.",
            ),
        ),
    ];
    for (error, code, words) in rows {
        assert_eq!((error.code(), error.message()), (code, words.as_str()));
    }
}

#[test]
fn transactions() {
    check(&[
        (several_operations_on_one_item(), "Transaction request cannot include multiple operations on one item"),
        (several_actions_in_one(), "TransactItems can only contain one of Check, Put, Update or Delete"),
        (no_action(), "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"),
        (transaction_too_large(), "The aggregate size of the items in the transaction exceeds the limit of 4 MB"),
    ]);
    let codes = |error: Error| (error.code(), error.message().to_owned());
    let words = "Transaction is ongoing for the item";
    assert_eq!(codes(transaction_conflict()), ("TransactionConflictException", words.to_owned()));
    let words = "The transaction with the given request token is already in progress.";
    assert_eq!(codes(transaction_in_progress()), ("TransactionInProgressException", words.to_owned()));
    let words = "DynamoDB rejected the request because you retried a request with a different payload but with an idempotent token that was already used.";
    assert_eq!(codes(idempotent_parameter_mismatch()), ("IdempotentParameterMismatchException", words.to_owned()));
}

#[test]
fn cancellations() {
    let item = model::EncodedItem::from_item(&model::Item::new());
    let refusals = [
        conditional_check_failed(Some(item.clone())),
        validation("wrong"),
        item_collection_too_large(),
        transaction_conflict(),
    ];
    let mut reasons: Vec<_> = refusals.into_iter().map(|refusal| reason_of(refusal).unwrap()).collect();
    reasons.push(no_reason());
    let told: Vec<_> = reasons.iter().map(|reason| (reason.code.as_deref(), reason.message.as_deref())).collect();
    assert_eq!(
        told,
        [
            (Some("ConditionalCheckFailed"), Some("The conditional request failed")),
            (Some("ValidationError"), Some("wrong")),
            (Some("ItemCollectionSizeLimitExceeded"), Some("Collection size exceeded.")),
            (Some("TransactionConflict"), Some("Transaction is ongoing for the item")),
            (Some("None"), None),
        ]
    );
    assert_eq!(reasons[0].item, Some(item));
    let error = transaction_canceled(reasons);
    assert_eq!(
        error.message(),
        "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, ValidationError, ItemCollectionSizeLimitExceeded, TransactionConflict, None]"
    );
    assert_eq!(reason_of(internal_server_error()), Err(internal_server_error()));
}

#[test]
fn statements() {
    check(&[
        (key_equality_missing(), "Where clause does not contain a mandatory equality on all key attributes"),
        (
            several_conditions_on_key("k"),
            "Multiple conditions on same key k. Only single item Update/Insert/Delete are supported",
        ),
        (key_value_type("k", AttributeType::Bool), "Key value must be of type S, N, or B. Key name: k, Key type: BOOL"),
        (key_condition_type("k"), "Key attribute's data type should match its data type in table's schema: Key k"),
        (overlapping_conditions(), "Overlapping conditions with range keys are not supported in where clause"),
        (too_many_reads(), "Too many decomposed read operations for a given query."),
        (statement_index_not_found(), "The table does not have the specified index"),
        (consistent_select_of_global_index(), "Strongly consistent read is not supported on Global Secondary Indexes"),
        (
            select_of_multi_attribute_key(),
            "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.",
        ),
        (order_without_where(), "Must have WHERE clause in the statement when using ORDER BY clause."),
        (order_by_other_attribute("a"), "Attribute a in ORDER BY clause must be part of the primary key"),
        (
            order_of_scan(),
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
        ),
        (
            order_without_partition_key(),
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
        ),
        (exists_outside_transaction(), "EXISTS can only be used in ExecuteTransaction write requests."),
        (next_token_invalid(), "Invalid NextToken"),
        (next_token_mismatch(), "NextToken does not match request"),
        (next_token_of_write(), "NextToken is only allowed for SELECT statements"),
        (updated_too_deep(), "Nesting Levels have exceeded supported limits"),
    ]);
    let duplicate = duplicate_item();
    let words = "Duplicate primary key exists in table";
    assert_eq!((duplicate.code(), duplicate.message()), ("DuplicateItemException", words));
}

#[test]
fn statements_together() {
    check(&[
        (reads_and_writes_in_batch(), "Read and write requests together in the same batch is not supported."),
        (duplicate_keys_in_statements(), "Provided list of item keys contains duplicates"),
        (
            select_without_key_in_batch(),
            "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
        ),
        (
            select_without_key_in_transaction(),
            "Select statements within ExecuteTransaction must specify the primary key in the where clause.",
        ),
        (select_from_index_in_transaction(), "Reads on indices are not supported within transactions."),
        (returning_in_transaction(), "RETURNING clause is not supported in ExecuteTransaction."),
        (exists_without_condition(), "EXISTS() must contain a single item read with additional condition"),
        (
            reads_and_writes_in_transaction(),
            "ExecuteTransaction API does not support both read and write operations in the same request.",
        ),
        (in_transact_statement(3, validation("wrong")), "Validation failed in TransactStatements[3]: wrong"),
    ]);
    let other = in_transact_statement(3, requested_resource_not_found());
    assert_eq!(other, requested_resource_not_found());
    let codes = [
        (conditional_check_failed(None), "ConditionalCheckFailed"),
        (duplicate_item(), "DuplicateItem"),
        (item_collection_too_large(), "ItemCollectionSizeLimitExceeded"),
        (requested_resource_not_found(), "ResourceNotFound"),
        (transaction_conflict(), "TransactionConflict"),
        (validation("wrong"), "ValidationError"),
    ];
    for (error, code) in codes {
        let told = batch_statement_error(error.clone()).unwrap();
        assert_eq!((told.code.unwrap().name(), told.message.as_deref()), (code, Some(error.message())));
    }
    assert_eq!(batch_statement_error(internal_server_error()), Err(internal_server_error()));
}

/// Checks the type and the words of errors that are no ValidationException.
fn check_typed(rows: &[(Error, &str, &str)]) {
    for (error, code, words) in rows {
        assert_eq!((error.code(), error.message(), error.http_status()), (*code, *words, 400));
    }
}

#[test]
fn reading_streams() {
    check_typed(&[
        (
            stream_not_found("arn:aws:dynamodb:us-west-2:1:table/t/stream/l"),
            "ResourceNotFoundException",
            "Requested resource not found: Stream: arn:aws:dynamodb:us-west-2:1:table/t/stream/l not found",
        ),
        (shard_not_found(), "ResourceNotFoundException", "Requested resource not found: Shard does not exist"),
        (expired_iterator(), "ExpiredIteratorException", "The provided iterator exceeds the maximum age allowed"),
        (trimmed_data(), "TrimmedDataAccessException", "The data you are trying to access has been trimmed"),
    ]);
    check(&[
        (invalid_stream_arn(), "Invalid StreamArn"),
        (invalid_shard_iterator(), "Invalid ShardIterator"),
        (invalid_sequence_number(), "Invalid SequenceNumber"),
    ]);
    invalid_values(vec![
        (
            sequence_number_missing(ShardIteratorType::AtSequenceNumber),
            "SequenceNumber is required when ShardIteratorType is AT_SEQUENCE_NUMBER",
        ),
        (
            sequence_number_not_allowed(ShardIteratorType::TrimHorizon),
            "SequenceNumber must not be specified when ShardIteratorType is TRIM_HORIZON",
        ),
        (timestamp_missing(), "Timestamp is required when ShardIteratorType is AT_TIMESTAMP"),
        (
            timestamp_not_allowed(ShardIteratorType::Latest),
            "Timestamp must not be specified when ShardIteratorType is LATEST",
        ),
        (timestamp_in_future(), "Timestamp must not be in the future"),
        (shard_filter_incomplete("ShardId"), "ShardId must be specified in ShardFilter"),
    ]);
}

#[test]
fn specifications_of_streams() {
    invalid_values(vec![
        (
            view_of_disabled_stream(),
            "Table is being created with a stream disabled, UpdateViewType should not be specified",
        ),
        (view_of_new_stream_missing(), "Table is being created with a stream enabled, UpdateViewType is required"),
        (view_of_enabled_stream_missing(), "If stream is being enabled then UpdateViewType is required"),
        (view_of_stream_to_disable(), "If stream is being disabled, then UpdateViewType must not be specified"),
        (stream_with_throughput(), "You cannot modify stream status while updating table IOPS"),
        (stream_with_index(), "You cannot create or delete index while changing stream status"),
    ]);
    check(&[
        (stream_already_enabled("t"), "Table already has an enabled stream: TableName: t"),
        (no_stream_to_disable("t"), "Table has no stream to disable: TableName: t"),
    ]);
}

#[test]
fn time_to_live() {
    check(&[
        (time_to_live_already_enabled(), "TimeToLive is already enabled"),
        (time_to_live_already_disabled(), "TimeToLive is already disabled"),
        (
            time_to_live_of_other_attribute("a"),
            "TimeToLive is active on a different AttributeName: current AttributeName is a",
        ),
        (time_to_live_modified_too_often(), "Time to live has been modified multiple times within a fixed interval"),
        (
            time_to_live_unreadable(TableStatus::Creating),
            "Cannot describe time to live while table is in CREATING state: Current table state is CREATING",
        ),
    ]);
    check_typed(&[(
        time_to_live_of_table_in_creation("t"),
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: Table t is being created",
    )]);
}
