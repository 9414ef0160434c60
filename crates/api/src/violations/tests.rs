//! Requests that break constraints, and the exact words that they are answered.

use crate::*;

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.http_status()), ("ValidationException", 400), "{error}");
    error.message().to_owned()
}

fn put(body: &str) -> String {
    refused(decode_put_item(body.as_bytes()))
}

fn update(body: &str) -> String {
    refused(decode_update_item(body.as_bytes()))
}

fn delete(body: &str) -> String {
    refused(decode_delete_item(body.as_bytes()))
}

fn create(body: &str) -> String {
    refused(decode_create_table(body.as_bytes()))
}

fn get_batch(body: &str) -> String {
    refused(decode_batch_get_item(body.as_bytes()))
}

fn write_batch(body: &str) -> String {
    refused(decode_batch_write_item(body.as_bytes()))
}

fn iterator(body: &str) -> String {
    refused(decode_get_shard_iterator(body.as_bytes()))
}

const ONE: &str = "1 validation error detected: ";
const RETURN_VALUES: &str = "Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]";
const CAPACITY: &str = "Value 'INVALID' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum \
    value set: [INDEXES, TOTAL, NONE]";
const EMPTY_NAME: &str =
    "Value at 'TableName' failed to satisfy constraint: Member must have length greater than or equal to 1";
const NAME_PATTERN: &str = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
const MAP_KEYS: &str = "Map keys must satisfy constraint: [Member must have length less than or equal to 255, Member must \
    have length greater than or equal to 3, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]";

#[test]
fn put_item() {
    let missing = "Value null at 'tableName' failed to satisfy constraint: Member must not be null";
    assert_eq!(put(r#"{"Item":{}}"#), format!("{ONE}{missing}"));
    assert_eq!(put(r#"{"TableName":null,"Item":{}}"#), format!("{ONE}{missing}"));
    assert_eq!(
        put("{}"),
        format!(
            "2 validation errors detected: {missing}; Value null at 'item' failed to satisfy constraint: Member must not be null"
        )
    );
    assert_eq!(put(r#"{"TableName":"","Item":{},"ReturnValues":"INVALID"}"#), format!("{ONE}{EMPTY_NAME}"));
    let long = "a".repeat(256);
    assert_eq!(
        put(&format!(r#"{{"TableName":"{long}","Item":{{}}}}"#)),
        format!(
            "{ONE}Value '{long}' at 'tableName' failed to satisfy constraint: Member must have length less than or equal to 255"
        )
    );
    assert_eq!(
        put(r#"{"TableName":"bad table!@#","Item":{}}"#),
        format!("{ONE}Value 'bad table!@#' at 'tableName' failed to satisfy constraint: {NAME_PATTERN}")
    );
    let bad_enums = r#"{"TableName":"t","Item":{},"ReturnItemCollectionMetrics":"INVALID","ReturnValues":"INVALID","ReturnConsumedCapacity":"INVALID"}"#;
    assert_eq!(
        put(bad_enums),
        format!(
            "3 validation errors detected: {CAPACITY}; {RETURN_VALUES}; Value 'INVALID' at 'returnItemCollectionMetrics' failed \
             to satisfy constraint: Member must satisfy enum value set: [SIZE, NONE]"
        )
    );
    assert_eq!(
        put(r#"{"TableName":"t","Item":{},"Expected":{"a":{"ComparisonOperator":"X"}}}"#),
        format!(
            "{ONE}Value 'X' at 'expected.a.member.comparisonOperator' failed to satisfy constraint: Member must satisfy enum \
             value set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"
        )
    );
}

#[test]
fn update_item() {
    assert_eq!(
        update(r#"{"TableName":"t","Key":{},"ReturnConsumedCapacity":"INVALID","ReturnValues":"INVALID"}"#),
        format!("{ONE}{RETURN_VALUES}")
    );
    assert_eq!(update(r#"{"TableName":"","Key":{}}"#), format!("{ONE}{EMPTY_NAME}"));
    let old_name =
        "Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1";
    let no_key = "Value null at 'key' failed to satisfy constraint: Member must not be null";
    assert_eq!(update(r#"{"TableName":""}"#), format!("2 validation errors detected: {old_name}; {no_key}"));
    assert_eq!(
        update(r#"{"TableName":"","ReturnConsumedCapacity":"INVALID","ReturnValues":"INVALID"}"#),
        format!(
            "4 validation errors detected: {CAPACITY}; {old_name}; Value 'INVALID' at 'returnValues' failed to satisfy \
             constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]; {no_key}"
        )
    );
    assert_eq!(
        update(r#"{"TableName":"t","ConditionalOperator":"XOR"}"#),
        format!(
            "2 validation errors detected: {no_key}; Value 'XOR' at 'conditionalOperator' failed to satisfy constraint: Member \
             must satisfy enum value set: [OR, AND]"
        )
    );
    assert_eq!(
        update(r#"{"TableName":"t","Key":{},"AttributeUpdates":{"a":{"Action":"SET"}}}"#),
        format!(
            "{ONE}Value 'SET' at 'attributeUpdates.a.member.action' failed to satisfy constraint: Member must satisfy enum value \
             set: [ADD, PUT, DELETE]"
        )
    );
}

#[test]
fn delete_item() {
    assert_eq!(
        delete(r#"{"TableName":"t","Key":{},"ReturnValues":"INVALID","ReturnConsumedCapacity":"INVALID"}"#),
        format!("2 validation errors detected: {CAPACITY}; {RETURN_VALUES}")
    );
    let nested = |levels: usize| {
        let value = r#"{"M":{"a":"#.repeat(levels) + r#"{"S":"x"}"# + &"}}".repeat(levels);
        format!(r#"{{"TableName":"t","Key":{{"a":{value}}},"ReturnValues":"BOGUS"}}"#)
    };
    assert_eq!(delete(&nested(40)), format!("{ONE}{RETURN_VALUES}"));
    assert_eq!(
        delete(&nested(63)),
        format!(
            "{ONE}Value 'BOGUS' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, \
             UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
        )
    );
}

#[test]
fn reads() {
    let query = |body: &str| refused(decode_query(body.as_bytes()));
    assert_eq!(
        query(r#"{"TableName":"t","Limit":0}"#),
        format!(
            "{ONE}Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"
        )
    );
    assert_eq!(
        query(r#"{"TableName":"t","ConditionalOperator":"XOR","Select":"BAD"}"#),
        "Failed to satisfy constraint: Member must satisfy enum value set: [ALL, OR]"
    );
    assert_eq!(
        query(r#"{"TableName":"t","Select":"INVALID_VALUE"}"#),
        format!(
            "{ONE}Value 'INVALID_VALUE' at 'select' failed to satisfy constraint: Member must satisfy enum value set: \
             [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"
        )
    );
    assert_eq!(
        query(r#"{"TableName":"t","IndexName":"x!","KeyConditions":{"a":{}}}"#),
        format!(
            "3 validation errors detected: Value 'x!' at 'indexName' failed to satisfy constraint: {NAME_PATTERN}; Value 'x!' at \
             'indexName' failed to satisfy constraint: Member must have length greater than or equal to 3; Value null at \
             'keyConditions.a.member.comparisonOperator' failed to satisfy constraint: Member must not be null"
        )
    );
    let scan = |body: &str| refused(decode_scan(body.as_bytes()));
    assert_eq!(
        scan(r#"{"TableName":"t","Limit":0,"Segment":-1,"TotalSegments":1000001,"AttributesToGet":[]}"#),
        "4 validation errors detected: Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must have value \
         less than or equal to 1000000; Value '-1' at 'segment' failed to satisfy constraint: Member must have value greater than \
         or equal to 0; Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1; \
         Value '[]' at 'attributesToGet' failed to satisfy constraint: Member must have length greater than or equal to 1"
    );
    let get = refused(decode_get_item(b"{}"));
    assert_eq!(
        get,
        "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null \
         at 'key' failed to satisfy constraint: Member must not be null"
    );
}

#[test]
fn create_table() {
    assert_eq!(create("{}"), "The parameter 'TableName' is required but was not present in the request");
    assert_eq!(
        create(r#"{"TableName":"ab"}"#),
        format!(
            "{ONE}Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3"
        )
    );
    let key = |name: &str| format!(r#"{{"AttributeName":"{name}","KeyType":"HASH"}}"#);
    assert_eq!(
        create(&format!(r#"{{"TableName":"tab","KeySchema":[{},{},{}]}}"#, key("a"), key("b"), key("c"))),
        format!(
            "{ONE}Value '[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=b, keyType=HASH), \
             KeySchemaElement(attributeName=c, keyType=HASH)]' at 'keySchema' failed to satisfy constraint: Member must have \
             length less than or equal to 2"
        )
    );
    assert_eq!(
        create(r#"{"TableName":"tab","BillingMode":"X","KeySchema":[{"AttributeName":"pk","KeyType":"INVALID"}]}"#),
        "2 validation errors detected: Value 'X' at 'billingMode' failed to satisfy constraint: Member must satisfy enum value set: \
         [PROVISIONED, PAY_PER_REQUEST]; Value 'INVALID' at 'keySchema.1.member.keyType' failed to satisfy constraint: Member must \
         satisfy enum value set: [HASH, RANGE]"
    );
    assert_eq!(
        create(r#"{"TableName":"tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"INVALID"}]}"#),
        format!(
            "{ONE}Value 'INVALID' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy \
             enum value set: [B, N, S]"
        )
    );
    let index = |name: &str| format!(r#"{{"IndexName":"{name}","KeySchema":[{}],"Projection":{{}}}}"#, key("a"));
    assert_eq!(
        create(&format!(
            r#"{{"TableName":"tab","LocalSecondaryIndexes":[{}],"GlobalSecondaryIndexes":[{}]}}"#,
            index("l1"),
            index("g1")
        )),
        "2 validation errors detected: Value 'g1' at 'globalSecondaryIndexes.1.member.indexName' failed to satisfy constraint: \
         Member must have length greater than or equal to 3; Value 'l1' at 'localSecondaryIndexes.1.member.indexName' failed to \
         satisfy constraint: Member must have length greater than or equal to 3"
    );
    assert_eq!(
        create(r#"{"TableName":"tab","ProvisionedThroughput":{"ReadCapacityUnits":0}}"#),
        "2 validation errors detected: Value null at 'provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member \
         must not be null; Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have \
         value greater than or equal to 1"
    );
    assert_eq!(
        create(r#"{"TableName":"tab","KeySchema":[null]}"#),
        format!("{ONE}Value null at 'keySchema.1.member' failed to satisfy constraint: Member must not be null")
    );
}

#[test]
fn other_operations_on_tables() {
    let describe = |body: &str| refused(decode_describe_table(body.as_bytes()));
    assert_eq!(describe("{}"), "The parameter 'TableName' is required but was not present in the request");
    assert_eq!(
        describe(r#"{"TableName":"ab"}"#),
        "TableName must be at least 3 characters long and at most 255 characters long"
    );
    assert_eq!(
        describe(r#"{"TableName":"a!c"}"#),
        format!("{ONE}Value 'a!c' at 'tableName' failed to satisfy constraint: {NAME_PATTERN}")
    );
    assert!(decode_describe_table(br#"{"TableName":"arn:aws:dynamodb:us-east-1:1:table/a"}"#).is_ok());
    assert_eq!(
        refused(decode_list_tables(br#"{"Limit":101,"ExclusiveStartTableName":"a;"}"#)),
        format!(
            "3 validation errors detected: Value 'a;' at 'exclusiveStartTableName' failed to satisfy constraint: {NAME_PATTERN}; \
             Value 'a;' at 'exclusiveStartTableName' failed to satisfy constraint: Member must have length greater than or equal to \
             3; Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"
        )
    );
    assert_eq!(refused(decode_list_tags_of_resource(b"{}")), "Invalid TableArn");
    assert_eq!(
        refused(decode_tag_resource(br#"{"ResourceArn":"arn:x"}"#)),
        format!("{ONE}Value null at 'tags' failed to satisfy constraint: Member must not be null")
    );
    assert_eq!(
        refused(decode_tag_resource(br#"{"ResourceArn":"arn:x","Tags":[{"Key":"","Value":"v"}]}"#)),
        format!(
            "{ONE}Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1"
        )
    );
}

#[test]
fn batch_get_item() {
    let length = |rule: &str| format!("Member must have length {rule}");
    assert_eq!(
        get_batch(r#"{"RequestItems":{}}"#),
        format!("{ONE}Value at 'RequestItems' failed to satisfy constraint: {}", length("greater than or equal to 1"))
    );
    assert_eq!(
        get_batch("{}"),
        format!("{ONE}Value null at 'requestItems' failed to satisfy constraint: Member must not be null")
    );
    assert_eq!(
        get_batch(r#"{"RequestItems":{"tab":{"Keys":[]}}}"#),
        format!(
            "{ONE}Value at 'RequestItems.tab.member.Keys' failed to satisfy constraint: {}",
            length("greater than or equal to 1")
        )
    );
    let keys = vec![r#"{"pk":{"S":"a"}}"#; 101].join(",");
    assert_eq!(
        get_batch(&format!(r#"{{"RequestItems":{{"tab":{{"Keys":[{keys}]}}}}}}"#)),
        format!(
            "{ONE}Value at 'RequestItems.tab.member.Keys' failed to satisfy constraint: {}",
            length("less than or equal to 100")
        )
    );
    let bad_name = format!(
        r#"Value '{{"bad!name":{{"Keys":[{{"pk":{{"S":"a b"}}}}]}}}}' at 'requestItems' failed to satisfy constraint: {MAP_KEYS}"#
    );
    assert_eq!(
        get_batch(r#"{"RequestItems": { "b\u00e4d\\\u0022 \u0001!" : {"Keys": [{"pk": {"S": "\ud83d\ude00\/"}}]} } }"#),
        format!(
            r#"{ONE}Value '{{"bäd\\\" \u0001!":{{"Keys":[{{"pk":{{"S":"😀/"}}}}]}}}}' at 'requestItems' failed to satisfy constraint: {MAP_KEYS}"#
        )
    );
    assert_eq!(
        get_batch(r#"{"RequestItems": { "bad!name": {"Keys": [{"pk": {"S": "a b"}}]} } }"#),
        format!("{ONE}{bad_name}")
    );
    assert_eq!(
        get_batch(r#"{"RequestItems":{"bad!name":{"Keys":[{"pk":{"S":"a b"}}]}},"ReturnConsumedCapacity":"INVALID"}"#),
        format!("2 validation errors detected: {CAPACITY}; {bad_name}")
    );
}

#[test]
fn batch_write_item() {
    const LENGTHS: &str = "Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have \
        length greater than or equal to 1]";
    assert_eq!(write_batch(r#"{"RequestItems":{}}"#), "The requestItems parameter is required for BatchWriteItem");
    assert_eq!(
        write_batch(r#"{"RequestItems":{"tab":[]}}"#),
        format!("{ONE}Value '{{tab=[]}}' at 'requestItems' failed to satisfy constraint: {LENGTHS}")
    );
    let many = vec![r#"{"DeleteRequest":{"Key":{"pk":{"N":"1"}}}}"#; 26].join(",");
    let message = write_batch(&format!(r#"{{"RequestItems":{{"tab":[{many}]}}}}"#));
    assert!(message.starts_with(&format!("{ONE}Value '{{tab=[WriteRequest(")), "{message}");
    assert!(message.ends_with(LENGTHS), "{message}");
    let bad_name = r#"{"RequestItems":{"bad!name":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}}]}"#;
    let message = write_batch(&format!("{bad_name}}}"));
    let printed = "{bad!name=[WriteRequest(putRequest=PutRequest(item={pk=AttributeValue(s=a, n=null, b=null, iNT=null, \
        dECIMAL=null, dOUBLE=null, sS=null, nS=null, bS=null, iNTSET=null, dECIMALSET=null, dOUBLESET=null, m=null, l=null, \
        nULL=null, bOOL=null)}), deleteRequest=null)]}";
    assert_eq!(message, format!("{ONE}Value '{printed}' at 'requestItems' failed to satisfy constraint: {MAP_KEYS}"));
    assert_eq!(write_batch(&format!(r#"{bad_name},"ReturnConsumedCapacity":"INVALID"}}"#)), format!("{ONE}{CAPACITY}"));
}

#[test]
fn at_most_ten_are_listed_and_memory_is_bounded() {
    let bad = vec![r#"{"AttributeName":"","AttributeType":"X"}"#; 50_000].join(",");
    let message = create(&format!(r#"{{"TableName":"tab","AttributeDefinitions":[{bad}]}}"#));
    assert!(
        message.starts_with("10 validation errors detected: Value '' at 'attributeDefinitions.1.member.attributeName'")
    );
    assert!(message.len() < 2_000);
}

/// However much is wrong with a request, the answer stays small, and so does what is kept until then.
#[test]
fn answers_to_long_requests_are_short() {
    const LONG: usize = 1 << 20;
    const ANSWER_MAX: usize = 11 << 20;
    let long = "x".repeat(LONG);
    let many = |element: &str| vec![element; LONG / element.len()].join(",");
    let answers = [
        put(&format!(r#"{{"TableName":"{long}","Item":{{}}}}"#)),
        get_batch(&format!(r#"{{"RequestItems":{{"{long}":{{"Keys":[{}]}}}}}}"#, many("null"))),
        get_batch(&format!(r#"{{"RequestItems":{{"a!":{{"Keys":[{{"a":{{"S":"{long}"}}}}]}}}}}}"#)),
        write_batch(&format!(
            r#"{{"RequestItems":{{"tab":[{}]}}}}"#,
            many(r#"{"DeleteRequest":{"Key":{"":{"S":""}}}}"#)
        )),
        write_batch(&format!(
            r#"{{"RequestItems":{{"tab":[{}]}}}}"#,
            vec![format!(r#"{{"DeleteRequest":{{"Key":{{"a":{{"L":[{}]}}}}}}}}"#, many(r#"{"S":""}"#)); 26].join(",")
        )),
    ];
    for answer in answers {
        assert!(answer.len() < ANSWER_MAX, "{} bytes: {}", answer.len(), &answer[..200]);
    }
}

#[test]
fn streams() {
    let null = |path: &str| format!("Value null at '{path}' failed to satisfy constraint: Member must not be null");
    assert_eq!(
        iterator("{}"),
        format!(
            "3 validation errors detected: {}; {}; {}",
            null("streamArn"),
            null("shardId"),
            null("shardIteratorType")
        )
    );
    assert_eq!(
        iterator(r#"{"StreamArn":"x","ShardId":"short","ShardIteratorType":"FIRST","SequenceNumber":"1"}"#),
        "3 validation errors detected: Value 'short' at 'shardId' failed to satisfy constraint: Member must have length \
         greater than or equal to 28; Value 'FIRST' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy \
         enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]; Value '1' at \
         'sequenceNumber' failed to satisfy constraint: Member must have length greater than or equal to 21"
    );
    let limit =
        |value: i64, rule: &str| format!("{ONE}Value '{value}' at 'limit' failed to satisfy constraint: {rule}");
    let at_least_one = "Member must have value greater than or equal to 1";
    let at_most = |max: u32| format!("Member must have value less than or equal to {max}");
    assert_eq!(refused(decode_list_streams(br#"{"Limit":0}"#)), limit(0, at_least_one));
    assert_eq!(refused(decode_list_streams(br#"{"Limit":101}"#)), limit(101, &at_most(100)));
    assert_eq!(refused(decode_describe_stream(br#"{"StreamArn":"x","Limit":101}"#)), limit(101, &at_most(100)));
    assert_eq!(refused(decode_get_records(br#"{"ShardIterator":"x","Limit":-1}"#)), limit(-1, at_least_one));
    assert_eq!(refused(decode_get_records(br#"{"ShardIterator":"x","Limit":1001}"#)), limit(1001, &at_most(1000)));
    assert!(decode_get_records(br#"{"ShardIterator":"x","Limit":1000}"#).is_ok());
    assert!(decode_list_streams(br#"{"ExclusiveStartStreamArn":"x","Limit":100}"#).is_ok());
}

/// The words of both are measured (documentation of AWS's controllers for Kubernetes, October 2026).
#[test]
fn specifications_of_streams_and_time_to_live() {
    let create_with = |specification: &str| {
        create(&format!(
            r#"{{"TableName":"tab","AttributeDefinitions":[],"KeySchema":[{{"AttributeName":"p","KeyType":"HASH"}}],
                "StreamSpecification":{specification}}}"#
        ))
    };
    assert_eq!(
        create_with("{}"),
        format!(
            "{ONE}Value null at 'streamSpecification.streamEnabled' failed to satisfy constraint: Member must not be null"
        )
    );
    assert_eq!(
        create_with(r#"{"StreamEnabled":true,"StreamViewType":"new_image"}"#),
        format!(
            "{ONE}Value 'new_image' at 'streamSpecification.streamViewType' failed to satisfy constraint: Member must satisfy \
             enum value set: [OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE]"
        )
    );
    let update = |specification: &str| {
        let body = format!(r#"{{"TableName":"tab","TimeToLiveSpecification":{specification}}}"#);
        refused(decode_update_time_to_live(body.as_bytes()))
    };
    let name = |value: &str, rule: &str| {
        format!("{ONE}Value {value} at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: {rule}")
    };
    assert_eq!(update(r#"{"Enabled":true}"#), name("null", "Member must not be null"));
    assert_eq!(
        update(r#"{"Enabled":true,"AttributeName":""}"#),
        name("''", "Member must have length greater than or equal to 1")
    );
    let long = "a".repeat(256);
    assert_eq!(
        update(&format!(r#"{{"Enabled":true,"AttributeName":"{long}"}}"#)),
        name(&format!("'{long}'"), "Member must have length less than or equal to 255")
    );
    assert_eq!(
        update(r#"{"AttributeName":"a"}"#),
        format!(
            "{ONE}Value null at 'timeToLiveSpecification.enabled' failed to satisfy constraint: Member must not be null"
        )
    );
}
