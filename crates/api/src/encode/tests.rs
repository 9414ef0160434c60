//! Answers: exact text, and values that come back as they went.

use crate::*;
use model::{AttributeValue, EncodedItem, Item, Number};
use std::borrow::Cow;

fn text(value: &impl Encode) -> String {
    let mut out = Vec::new();
    value.encode(&mut out);
    String::from_utf8(out).unwrap()
}

const ITEM: &str = r#"{"B":{"B":"AAH/"},"BS":{"BS":["AA==","/w=="]},"F":{"BOOL":false},"L":{"L":[{"S":"x"},{"L":[]},{"N":"-0.5"}]},"M":{"M":{" ":{"S":""},"q\"":{"M":{}}}},"N":{"N":"12345678901234567890.000001"},"NS":{"NS":["-1","9","10"]},"NULL":{"NULL":true},"S":{"S":"a\n\"é\\😀"},"SS":{"SS":["","a","b"]},"T":{"BOOL":true}}"#;

#[test]
fn items_come_back_as_they_went() {
    let body = format!(r#"{{"TableName":"t","Item":{ITEM}}}"#);
    let decoded = decode_put_item(body.as_bytes()).unwrap();
    assert!(decoded.faults.is_empty());
    let item = decoded.input.item;
    assert_eq!(text(&item), ITEM);
    let stored = EncodedItem::from_item(&item);
    assert_eq!(text(&stored), ITEM);
    assert_eq!(stored.view().to_item(), item);
    for (name, value) in stored.view().iter() {
        assert_eq!(text(&value), text(item.get(name).unwrap()));
    }
    serde_json::from_str::<serde_json::Value>(ITEM).unwrap();
}

#[test]
fn answers_of_items() {
    assert_eq!(text(&PutItemOutput::default()), "{}");
    let item = EncodedItem::from_item(&Item::from_pairs(vec![("p".into(), AttributeValue::N(Number::ZERO))]));
    let capacity = ConsumedCapacity {
        table_name: Some("t".into()),
        capacity_units: Some(0.5),
        table: Some(Capacity { capacity_units: Some(0.5), ..Capacity::default() }),
        global_secondary_indexes: Some(
            [(Cow::Borrowed("g"), Capacity { capacity_units: Some(2.0), ..Capacity::default() })].into_iter().collect(),
        ),
        ..ConsumedCapacity::default()
    };
    let output = GetItemOutput { item: Some(item.clone()), consumed_capacity: Some(capacity) };
    assert_eq!(
        text(&output),
        r#"{"Item":{"p":{"N":"0"}},"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5,"Table":{"CapacityUnits":0.5},"GlobalSecondaryIndexes":{"g":{"CapacityUnits":2.0}}}}"#
    );
    let output = QueryOutput {
        items: Some(vec![item.clone(), item.clone()]),
        count: Some(2),
        scanned_count: Some(3),
        ..QueryOutput::default()
    };
    assert_eq!(text(&output), r#"{"Items":[{"p":{"N":"0"}},{"p":{"N":"0"}}],"Count":2,"ScannedCount":3}"#);
    let output = BatchGetItemOutput {
        responses: Some([(Cow::Borrowed("t"), vec![item])].into_iter().collect()),
        unprocessed_keys: Some(Map::new()),
        ..BatchGetItemOutput::default()
    };
    assert_eq!(text(&output), r#"{"Responses":{"t":[{"p":{"N":"0"}}]},"UnprocessedKeys":{}}"#);
    let metrics =
        ItemCollectionMetrics { item_collection_key: Some(Item::new()), size_estimate_range_gb: Some(vec![0.0, 1.0]) };
    assert_eq!(text(&metrics), r#"{"ItemCollectionKey":{},"SizeEstimateRangeGB":[0.0,1.0]}"#);
}

#[test]
fn answers_about_tables() {
    let description = TableDescription {
        table_name: Some("t".into()),
        table_status: Some(TableStatus::Active),
        creation_date_time: Some(Timestamp::from_milliseconds(1_763_890_000_123)),
        key_schema: Some(vec![KeySchemaElement { attribute_name: "p".into(), key_type: KeyType::Hash }]),
        table_size_bytes: Some(0),
        deletion_protection_enabled: Some(false),
        ..TableDescription::default()
    };
    assert_eq!(
        text(&DescribeTableOutput { table: Some(description) }),
        r#"{"Table":{"TableName":"t","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"TableStatus":"ACTIVE","CreationDateTime":1763890000.123,"TableSizeBytes":0,"DeletionProtectionEnabled":false}}"#
    );
    assert_eq!(
        text(&ListTablesOutput { table_names: Some(Vec::new()), ..ListTablesOutput::default() }),
        r#"{"TableNames":[]}"#
    );
    let endpoints =
        DescribeEndpointsResponse { endpoints: vec![Endpoint { address: "h".into(), cache_period_in_minutes: 1440 }] };
    assert_eq!(text(&endpoints), r#"{"Endpoints":[{"Address":"h","CachePeriodInMinutes":1440}]}"#);
}

#[test]
fn answers_of_streams() {
    let image = |value: &str| {
        let pairs = vec![("p".into(), AttributeValue::string("k")), ("v".into(), AttributeValue::string(value))];
        Some(EncodedItem::from_item(&Item::from_pairs(pairs)))
    };
    let keys = Item::from_pairs(vec![("p".into(), AttributeValue::string("k"))]);
    let record = Record {
        event_id: Some("0123456789abcdef0123456789abcdef".into()),
        event_name: Some(OperationType::Modify),
        event_version: Some("1.1".into()),
        event_source: Some("aws:dynamodb".into()),
        aws_region: Some("us-east-1".into()),
        dynamodb: Some(StreamRecord {
            approximate_creation_date_time: Some(Timestamp::second_of_milliseconds(1_763_890_000_123)),
            keys: Some(EncodedItem::from_item(&keys)),
            new_image: image("b"),
            old_image: image("a"),
            sequence_number: Some("000000000000000000001".into()),
            size_bytes: Some(8),
            stream_view_type: Some(StreamViewType::NewAndOldImages),
        }),
        user_identity: Some(Identity {
            principal_id: Some("dynamodb.amazonaws.com".into()),
            r#type: Some("Service".into()),
        }),
    };
    let records = GetRecordsOutput { records: Some(vec![record]), next_shard_iterator: Some("n".into()) };
    assert_eq!(
        text(&records),
        r#"{"Records":[{"eventID":"0123456789abcdef0123456789abcdef","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":1763890000,"Keys":{"p":{"S":"k"}},"NewImage":{"p":{"S":"k"},"v":{"S":"b"}},"OldImage":{"p":{"S":"k"},"v":{"S":"a"}},"SequenceNumber":"000000000000000000001","SizeBytes":8,"StreamViewType":"NEW_AND_OLD_IMAGES"},"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}}],"NextShardIterator":"n"}"#
    );
    let shard = Shard {
        shard_id: Some("shardId-00000001763890000123-00000001".into()),
        sequence_number_range: Some(SequenceNumberRange {
            starting_sequence_number: Some("000000000000000000001".into()),
            ending_sequence_number: None,
        }),
        parent_shard_id: None,
    };
    let description = StreamDescription {
        stream_status: Some(StreamStatus::Enabled),
        creation_request_date_time: Some(Timestamp::from_milliseconds(1_763_890_000_123)),
        key_schema: Some(vec![KeySchemaElement { attribute_name: "p".into(), key_type: KeyType::Hash }]),
        shards: Some(vec![shard]),
        ..StreamDescription::default()
    };
    assert_eq!(
        text(&DescribeStreamOutput { stream_description: Some(description) }),
        r#"{"StreamDescription":{"StreamStatus":"ENABLED","CreationRequestDateTime":1763890000.123,"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"Shards":[{"ShardId":"shardId-00000001763890000123-00000001","SequenceNumberRange":{"StartingSequenceNumber":"000000000000000000001"}}]}}"#
    );
}

#[test]
fn operations_have_targets() {
    assert_eq!(Operation::ALL.len(), 66);
    for operation in Operation::ALL {
        let is_streams =
            ["ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"].contains(&operation.name());
        let prefix = if is_streams { "DynamoDBStreams_20120810" } else { "DynamoDB_20120810" };
        assert_eq!(Operation::from_target(&format!("{prefix}.{}", operation.name())), Some(operation));
    }
    for target in [
        "",
        "DynamoDB_20120810",
        "DynamoDB_20120810.",
        "DynamoDB_20120810.Nope",
        "DynamoDB_20120810.ListStreams",
        "PutItem",
    ] {
        assert_eq!(Operation::from_target(target), None);
    }
}
