//! Bodies and what becomes of them: inputs, SerializationException, faults of values.

use crate::*;
use model::{AttributeValue, Number};
use std::borrow::Cow;

fn put(item: &str) -> Decoded<PutItemInput<'static>> {
    let body = format!(r#"{{"TableName":"t","Item":{{"a":{item}}}}}"#).leak();
    decode_put_item(body.as_bytes()).unwrap_or_else(|error| panic!("{item}: {error}"))
}

fn value(item: &str) -> AttributeValue<'static> {
    let decoded = put(item);
    assert_eq!(decoded.faults.first(), None, "{item}");
    decoded.input.item.get("a").unwrap().clone()
}

fn fault(item: &str) -> ValueFault {
    let decoded = put(item);
    let fault = decoded.faults.first().unwrap_or_else(|| panic!("{item} has no fault"));
    assert_eq!((fault.member, fault.key.as_str()), ("Item", "a"));
    fault.fault.clone()
}

/// The message of a SerializationException.
fn serialization<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.code(), "SerializationException", "{error}");
    error.message().to_owned()
}

fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

#[test]
fn values_of_every_type() {
    assert_eq!(value(r#"{"S":"x\ny"}"#), AttributeValue::S(Cow::Borrowed("x\ny")));
    assert_eq!(value(r#"{"S":""}"#), AttributeValue::string(""));
    assert_eq!(value(r#"{"N":"1.50"}"#), AttributeValue::N(number("1.5")));
    assert_eq!(value(r#"{"B":"AAE="}"#), AttributeValue::B(Cow::Borrowed(b"\0\x01")));
    assert_eq!(value(r#"{"BOOL":false}"#), AttributeValue::Bool(false));
    assert_eq!(value(r#"{"BOOL":"Yes"}"#), AttributeValue::Bool(true));
    assert_eq!(value(r#"{"NULL":true}"#), AttributeValue::Null);
    assert_eq!(value(r#"{"SS":["b","","a"]}"#), AttributeValue::Ss(vec!["".into(), "a".into(), "b".into()]));
    assert_eq!(value(r#"{"NS":["10","-1","9"]}"#), AttributeValue::Ns(vec![number("-1"), number("9"), number("10")]));
    assert_eq!(
        value(r#"{"BS":["/w==","AA=="]}"#),
        AttributeValue::Bs(vec![Cow::Borrowed(b"\0"), Cow::Borrowed(b"\xff")])
    );
    assert_eq!(
        value(r#"{"L":[{"N":"1"},{"L":[]}]}"#),
        AttributeValue::L(vec![AttributeValue::N(number("1")), AttributeValue::L(Vec::new())])
    );
    let AttributeValue::M(map) = value(r#"{"M":{"z":{"S":"1"},"b":{"M":{}},"z":{"S":"2"}}}"#) else { panic!("a map") };
    assert_eq!((map.len(), map.get("z")), (2, Some(&AttributeValue::string("2"))));
}

#[test]
fn unknown_members_and_nulls_are_nothing() {
    assert_eq!(value(r#"{"X":{"deep":[1,{"a":null}]},"S":"x","N":null}"#), AttributeValue::string("x"));
    let decoded = decode_put_item(br#"{"TableName":"t","Item":{},"New":[{}],"ReturnValues":null}"#).unwrap();
    assert_eq!(decoded.input.return_values, None);
    assert!(decoded.faults.is_empty());
}

#[test]
fn strings_of_a_request_are_borrowed() {
    let body = br#"{"TableName":"t","Item":{"a":{"S":"x"}}}"#;
    let input = decode_put_item(body).unwrap().input;
    assert!(matches!(input.table_name, Cow::Borrowed("t")));
    assert!(matches!(input.item.get("a"), Some(AttributeValue::S(Cow::Borrowed("x")))));
}

#[test]
fn wrong_values_are_noted_not_refused() {
    let numeric = |text: &str| ValueFault::Number { error: Number::parse(text).unwrap_err(), text: text.to_owned() };
    assert_eq!(fault("{}"), ValueFault::Empty);
    assert_eq!(fault("null"), ValueFault::Empty);
    assert_eq!(fault(r#"{"S":null}"#), ValueFault::Empty);
    assert_eq!(fault(r#"{"X":"y"}"#), ValueFault::Empty);
    assert_eq!(fault(r#"{"S":"a","N":"1"}"#), ValueFault::SeveralTypes);
    assert_eq!(fault(r#"{"S":"a","N":"x"}"#), numeric("x"));
    assert_eq!(fault(r#"{"N":""}"#), numeric(""));
    assert_eq!(fault(r#"{"NS":["1","1e126"]}"#), numeric("1e126"));
    assert_eq!(fault(r#"{"NULL":false}"#), ValueFault::NullFalse);
    assert_eq!(fault(r#"{"SS":[]}"#), ValueFault::EmptySet(SetKind::String));
    assert_eq!(fault(r#"{"NS":[]}"#), ValueFault::EmptySet(SetKind::Number));
    assert_eq!(fault(r#"{"BS":[]}"#), ValueFault::EmptySet(SetKind::Binary));
    assert_eq!(fault(r#"{"SS":["a",null]}"#), ValueFault::Empty);
    assert_eq!(fault(r#"{"L":[{"M":{"x":{"N":"-"}}},{}]}"#), numeric("-"));
    let duplicates = |kind, members: &[&[u8]]| ValueFault::DuplicateMembers {
        kind,
        members: members.iter().map(|member| member.to_vec()).collect(),
    };
    assert_eq!(fault(r#"{"SS":["b","a","b"]}"#), duplicates(SetKind::String, &[b"b", b"a", b"b"]));
    assert_eq!(fault(r#"{"BS":["AA==","AA=="]}"#), duplicates(SetKind::Binary, &[b"\0", b"\0"]));
    assert_eq!(fault(r#"{"NS":["1","1.0"]}"#), duplicates(SetKind::Number, &[b"", b""]));
}

#[test]
fn the_first_fault_of_each_member_is_kept() {
    let body = br##"{"TableName":"t","Item":{"p":{"S":"a"},"q":{"N":"x"},"r":{}},
        "ConditionExpression":"c","ExpressionAttributeValues":{":u":{"BOOL":true},":v":{}},
        "Expected":{"e":{"Value":{"SS":[]}}}}"##;
    let faults = decode_put_item(body).unwrap().faults;
    let kept = |member| faults.in_member(member).map(|fault| fault.key.as_str());
    assert_eq!(kept("Item"), Some("q"));
    assert_eq!(kept("ExpressionAttributeValues"), Some(":v"));
    assert_eq!(kept("Expected"), Some("e"));
    assert_eq!(kept("Key"), None);
    assert_eq!(faults.first().unwrap().member, "Item");
}

fn nested(levels: usize) -> String {
    r#"{"M":{"a":"#.repeat(levels) + r#"{"S":"x"}"# + &"}}".repeat(levels)
}

#[test]
fn nesting_has_a_limit() {
    value(&nested(31));
    for levels in [32, 62, 63, 100, 5_000, 100_000] {
        assert_eq!(fault(&nested(levels)), ValueFault::TooDeep, "{levels}");
        assert_eq!(put(&nested(levels)).faults.is_nested_far(), levels > 62, "{levels}");
    }
    let lists = r#"{"L":["#.repeat(32) + &"]}".repeat(32);
    assert_eq!(fault(&lists), ValueFault::TooDeep);
    let unclosed = format!(r#"{{"TableName":"t","Item":{{"a":{}"#, r#"{"M":{"a":"#.repeat(200_000));
    assert_eq!(serialization(decode_put_item(unclosed.as_bytes())), "");
}

#[test]
fn wrong_json_types_in_values() {
    const CLASS: &str = "com.amazonaws.dynamodb.v20120810.AttributeValue";
    let rows = [
        ("5", "Unexpected value type in payload".to_owned()),
        (r#""x""#, "Unexpected value type in payload".to_owned()),
        ("true", "Unexpected value type in payload".to_owned()),
        ("[]", format!("Unrecognized collection type class {CLASS}")),
        (r#"{"S":true}"#, "TRUE_VALUE cannot be converted to String".to_owned()),
        (r#"{"S":false}"#, "FALSE_VALUE cannot be converted to String".to_owned()),
        (r#"{"S":23}"#, "NUMBER_VALUE cannot be converted to String".to_owned()),
        (r#"{"N":-2147483648}"#, "NUMBER_VALUE cannot be converted to String".to_owned()),
        (r#"{"N":34.56}"#, "DECIMAL_VALUE cannot be converted to String".to_owned()),
        (r#"{"S":[]}"#, "Unrecognized collection type class java.lang.String".to_owned()),
        (r#"{"S":{}}"#, "Start of structure or map found where not expected".to_owned()),
        (r#"{"BOOL":"23"}"#, "Unexpected token received from parser".to_owned()),
        (r#"{"BOOL":23}"#, "NUMBER_VALUE cannot be converted to Boolean".to_owned()),
        (r#"{"NULL":34.56}"#, "DECIMAL_VALUE cannot be converted to Boolean".to_owned()),
        (r#"{"BOOL":[]}"#, "Unrecognized collection type class java.lang.Boolean".to_owned()),
        (r#"{"BOOL":{}}"#, "Start of structure or map found where not expected".to_owned()),
        (r#"{"B":true}"#, "only base-64-encoded strings are convertible to bytes".to_owned()),
        (r#"{"B":1.5}"#, "only base-64-encoded strings are convertible to bytes".to_owned()),
        (r#"{"B":[]}"#, "Unrecognized collection type class java.nio.ByteBuffer".to_owned()),
        (r#"{"B":{}}"#, "Start of structure or map found where not expected".to_owned()),
        (r#"{"B":"23456"}"#, "Base64 encoded length is expected a multiple of 4 bytes but found: 5".to_owned()),
        (r#"{"B":"=+/="}"#, "Invalid last non-pad Base64 character dectected".to_owned()),
        (r#"{"B":"+/+="}"#, "Invalid last non-pad Base64 character dectected".to_owned()),
        (r#"{"SS":"a"}"#, "Unexpected field type".to_owned()),
        (r#"{"NS":{}}"#, "Start of structure or map found where not expected".to_owned()),
        (r#"{"SS":[1]}"#, "NUMBER_VALUE cannot be converted to String".to_owned()),
        (r#"{"BS":[true]}"#, "only base-64-encoded strings are convertible to bytes".to_owned()),
        (r#"{"L":"a"}"#, "Unexpected field type".to_owned()),
        (r#"{"L":{}}"#, "Start of structure or map found where not expected".to_owned()),
        (r#"{"L":["a"]}"#, "Unexpected value type in payload".to_owned()),
        (r#"{"L":[[]]}"#, format!("Unrecognized collection type class {CLASS}")),
        (r#"{"M":"a"}"#, "Unexpected field type".to_owned()),
        (r#"{"M":[]}"#, format!("Unrecognized collection type java.util.Map<java.lang.String, {CLASS}>")),
        (r#"{"M":{"x":1}}"#, "Unexpected value type in payload".to_owned()),
    ];
    for (item, message) in rows {
        let body = format!(r#"{{"TableName":"t","Item":{{"a":{item}}}}}"#);
        assert_eq!(serialization(decode_put_item(body.as_bytes())), message, "{item}");
    }
}

#[test]
fn wrong_json_types_of_members() {
    const PACKAGE: &str = "com.amazonaws.dynamodb.v20120810";
    const CAST: &str = "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class \
        java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module \
        java.base of loader 'bootstrap')";
    let map_of = |class: &str| format!("Unrecognized collection type java.util.Map<java.lang.String, {class}>");
    type Decode = fn(&[u8]) -> Option<Error>;
    let (put, query, create, update, get_batch, write_batch): (Decode, Decode, Decode, Decode, Decode, Decode) = (
        |body| decode_put_item(body).err(),
        |body| decode_query(body).err(),
        |body| decode_create_table(body).err(),
        |body| decode_update_item(body).err(),
        |body| decode_batch_get_item(body).err(),
        |body| decode_batch_write_item(body).err(),
    );
    let rows: [(Decode, &str, String); 33] = [
        (put, r#"{"TableName":1}"#, "NUMBER_VALUE cannot be converted to String".into()),
        (put, r#"{"ReturnValues":[]}"#, "Unrecognized collection type class java.lang.String".into()),
        (put, r#"{"Item":"x"}"#, "Unexpected field type".into()),
        (put, r#"{"Item":[]}"#, map_of(&format!("{PACKAGE}.AttributeValue"))),
        (put, r#"{"Expected":[]}"#, map_of(&format!("{PACKAGE}.ExpectedAttributeValue"))),
        (put, r#"{"Expected":{"a":1}}"#, "Unexpected value type in payload".into()),
        (
            put,
            r#"{"Expected":{"a":[]}}"#,
            format!("Unrecognized collection type class {PACKAGE}.ExpectedAttributeValue"),
        ),
        (put, r#"{"Expected":{"a":{"Value":"x"}}}"#, "Unexpected field type".into()),
        (put, r#"{"Expected":{"a":{"Exists":1}}}"#, "NUMBER_VALUE cannot be converted to Boolean".into()),
        (put, r#"{"ExpressionAttributeNames":[]}"#, map_of("java.lang.String")),
        (put, r##"{"ExpressionAttributeNames":{"#a":1}}"##, "NUMBER_VALUE cannot be converted to String".into()),
        (put, r#"{"ExpressionAttributeValues":3}"#, "Unexpected field type".into()),
        (update, r#"{"AttributeUpdates":[]}"#, map_of(&format!("{PACKAGE}.AttributeValueUpdate"))),
        (
            update,
            r#"{"AttributeUpdates":{"a":{"Value":[]}}}"#,
            format!("Unrecognized collection type class {PACKAGE}.AttributeValue"),
        ),
        (query, r#"{"Limit":"23"}"#, "STRING_VALUE cannot be converted to Integer".into()),
        (query, r#"{"Limit":true}"#, "TRUE_VALUE cannot be converted to Integer".into()),
        (query, r#"{"Limit":[]}"#, "Unrecognized collection type class java.lang.Integer".into()),
        (query, r#"{"Limit":{}}"#, "Start of structure or map found where not expected".into()),
        (query, r#"{"KeyConditions":[]}"#, map_of(&format!("{PACKAGE}.Condition"))),
        (
            query,
            r#"{"QueryFilter":{"a":{"AttributeValueList":{}}}}"#,
            "Start of structure or map found where not expected".into(),
        ),
        (query, r#"{"QueryFilter":{"a":{"AttributeValueList":["x"]}}}"#, "Unexpected value type in payload".into()),
        (query, r#"{"AttributesToGet":"x"}"#, "Unexpected field type".into()),
        (create, r#"{"KeySchema":{}}"#, "Start of structure or map found where not expected".into()),
        (create, r#"{"KeySchema":["x"]}"#, "Unexpected value type in payload".into()),
        (create, r#"{"KeySchema":[[]]}"#, format!("Unrecognized collection type class {PACKAGE}.KeySchemaElement")),
        (create, r#"{"ProvisionedThroughput":"x"}"#, "Unexpected field type".into()),
        (
            create,
            r#"{"ProvisionedThroughput":{"ReadCapacityUnits":"1"}}"#,
            "STRING_VALUE cannot be converted to Long".into(),
        ),
        (get_batch, r#"{"RequestItems":[]}"#, map_of(&format!("{PACKAGE}.KeysAndAttributes"))),
        (get_batch, r#"{"RequestItems":{"t":{"Keys":["x"]}}}"#, CAST.into()),
        (get_batch, r#"{"RequestItems":{"t":{"Keys":[[]]}}}"#, map_of(&format!("{PACKAGE}.AttributeValue"))),
        (write_batch, r#"{"RequestItems":[]}"#, map_of(&format!("java.util.List<{PACKAGE}.WriteRequest>"))),
        (write_batch, r#"{"RequestItems":{"t":"x"}}"#, CAST.into()),
        (write_batch, r#"{"RequestItems":{"t":{}}}"#, "Start of structure or map found where not expected".into()),
    ];
    for (decode, body, message) in rows {
        let error = decode(body.as_bytes()).unwrap_or_else(|| panic!("{body} was accepted"));
        assert_eq!((error.code(), error.message()), ("SerializationException", message.as_str()), "{body}");
    }
}

#[test]
fn bodies_that_are_no_object() {
    for body in ["", " ", "{", r#"{"TableName":"t","Item":{}} x"#, "nul", r#"{"TableName":"\ud800"}"#] {
        let error = decode_put_item(body.as_bytes()).unwrap_err();
        let mut out = Vec::new();
        error.encode(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"__type":"com.amazon.coral.service#SerializationException"}"#,
            "{body}"
        );
    }
    for body in ["[]", "1", r#""x""#, "null"] {
        assert_eq!(serialization(decode_put_item(body.as_bytes())), "Unexpected value type in payload", "{body}");
    }
}

#[test]
fn numbers_of_requests() {
    let limit =
        |text: &str| decode_scan(format!(r#"{{"TableName":"t","Limit":{text}}}"#).as_bytes()).unwrap().input.limit;
    assert_eq!(limit("7"), Some(7));
    assert_eq!(limit("7.9"), Some(7));
    assert_eq!(limit("1e2"), Some(100));
    assert_eq!(limit("99999999999999999999"), Some(i32::MAX));
    assert_eq!(limit("null"), None);
}

#[test]
fn structures_lists_and_maps() {
    let body = br#"{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/t","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],
        "GlobalSecondaryIndexes":[{"IndexName":"g.1","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],
            "Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x","y"]}}],
        "Tags":[{"Key":"k","Value":""}],"DeletionProtectionEnabled":true}"#;
    let input = decode_create_table(body).unwrap().input;
    assert_eq!(input.billing_mode, Some(BillingMode::PayPerRequest));
    let index = &input.global_secondary_indexes.unwrap()[0];
    assert_eq!(index.projection.non_key_attributes.as_deref(), Some(&["x".into(), "y".into()][..]));
    assert_eq!(input.tags.unwrap()[0], Tag { key: "k".into(), value: "".into() });
    assert_eq!(input.deletion_protection_enabled, Some(true));

    let body = br#"{"RequestItems":{"tab":[{"PutRequest":{"Item":{"p":{"S":"1"}}}},{"DeleteRequest":{"Key":{"p":{"S":"2"}}}}]}}"#;
    let input = decode_batch_write_item(body).unwrap().input;
    let requests = input.request_items.get("tab").unwrap();
    assert_eq!(requests[0].put_request.as_ref().unwrap().item.len(), 1);
    assert!(requests[1].delete_request.is_some());
}

const STREAM: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-11-27T12:00:00.000";
const SHARD: &str = "shardId-00000001763890000123-00000001";

#[test]
fn requests_of_streams() {
    let body = format!(
        r#"{{"StreamArn":"{STREAM}","Limit":100,"ExclusiveStartShardId":"{SHARD}",
            "ShardFilter":{{"Type":"CHILD_SHARDS","ShardId":"{SHARD}"}}}}"#
    );
    let input = decode_describe_stream(body.as_bytes()).unwrap().input;
    assert_eq!((input.stream_arn.as_ref(), input.limit), (STREAM, Some(100)));
    let filter = ShardFilter { r#type: Some(ShardFilterType::ChildShards), shard_id: Some(SHARD.into()) };
    assert_eq!((input.exclusive_start_shard_id.as_deref(), input.shard_filter), (Some(SHARD), Some(filter)));

    let input = decode_list_streams(b"{}").unwrap().input;
    assert_eq!(input, ListStreamsInput::default());
    let input = decode_get_records(br#"{"ShardIterator":"x","Limit":null}"#).unwrap().input;
    assert_eq!(input, GetRecordsInput { shard_iterator: "x".into(), limit: None });
}

#[test]
fn points_in_time_of_requests() {
    let body = |timestamp: &str| {
        format!(
            r#"{{"StreamArn":"{STREAM}","ShardId":"{SHARD}","ShardIteratorType":"AT_TIMESTAMP","Timestamp":{timestamp}}}"#
        )
    };
    let milliseconds = |timestamp: &str| {
        let body = body(timestamp);
        let input = decode_get_shard_iterator(body.as_bytes()).unwrap().input;
        assert_eq!(input.shard_iterator_type, ShardIteratorType::AtTimestamp);
        input.timestamp.map(Timestamp::milliseconds)
    };
    assert_eq!(milliseconds("1763890000"), Some(1_763_890_000_000));
    assert_eq!(milliseconds("1763890000.123"), Some(1_763_890_000_123));
    assert_eq!(milliseconds("1.7638900001234E9"), Some(1_763_890_000_123));
    assert_eq!(milliseconds("-0.5"), Some(-500));
    assert_eq!(milliseconds("1e999"), Some(i64::MAX));
    assert_eq!(milliseconds("null"), None);
    let message = |timestamp: &str| serialization(decode_get_shard_iterator(body(timestamp).as_bytes()));
    assert_eq!(message(r#""2026-11-27""#), "STRING_VALUE cannot be converted to Date");
    assert_eq!(message("[]"), "Unrecognized collection type class java.util.Date");
    assert_eq!(message("{}"), "Start of structure or map found where not expected");
}

#[test]
fn time_to_live_of_requests() {
    let body = br#"{"TableName":"tab","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"expires"}}"#;
    let input = decode_update_time_to_live(body).unwrap().input;
    let specification = TimeToLiveSpecification { enabled: true, attribute_name: "expires".into() };
    assert_eq!((input.table_name.as_ref(), input.time_to_live_specification), ("tab", specification));
}

/// A small generator of pseudo-random numbers; the seed makes a failure repeatable.
struct Seed(u64);

impl Seed {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}

#[test]
fn mutated_bodies_never_panic() {
    let bodies: [&[u8]; 5] = [
        br##"{"TableName":"t","Item":{"a":{"S":"x\u00e9"},"b":{"N":"-1.5e3"},"c":{"SS":["a","b"]},"d":{"M":{"e":{"L":[{"NULL":true}]}}},"f":{"B":"AAE="}},"Expected":{"q":{"Value":{"BS":["AA=="]},"Exists":true}},"ExpressionAttributeNames":{"#a":"b"}}"##,
        br#"{"TableName":"tab","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"},{}],"ProvisionedThroughput":{"ReadCapacityUnits":0}}"#,
        br#"{"RequestItems":{"x!":[{"PutRequest":{"Item":{"p":{"NS":["1","1"]}}}}]},"ReturnConsumedCapacity":"NO"}"#,
        br#"{"RequestItems":{"tab":{"Keys":[{"p":{"S":"1"}}],"AttributesToGet":[]}}}"#,
        br#"{"StreamArn":"arn:aws:dynamodb:us-east-1:0:table/t/stream/1","ShardId":"s","ShardIteratorType":"LATEST","Timestamp":1.5e9}"#,
    ];
    let pieces: [&[u8]; 12] =
        [b"{", b"}", b"[", b"]", b"\"", b",", b":", b"null", b"\\", b"1e9", b"\xc3", b"{\"M\":{\"a\":"];
    let mut seed = Seed(0x9E37_79B9_7F4A_7C15);
    for round in 0..60_000 {
        let mut body = bodies[round % bodies.len()].to_vec();
        for _ in 0..=seed.next(4) {
            let at = seed.next(body.len());
            match seed.next(4) {
                0 => drop(body.remove(at)),
                1 => body[at] = seed.next(256) as u8,
                2 => drop(body.splice(at..at, pieces[seed.next(pieces.len())].iter().copied())),
                _ => drop(body.drain(at..(at + seed.next(12)).min(body.len()))),
            }
            if body.is_empty() {
                break;
            }
        }
        let errors = [
            decode_put_item(&body).err(),
            decode_create_table(&body).err(),
            decode_batch_write_item(&body).err(),
            decode_batch_get_item(&body).err(),
            decode_get_shard_iterator(&body).err(),
        ];
        let is_json = crate::json::is_valid(&body);
        assert_eq!(
            is_json,
            serde_json::from_slice::<serde_json::Value>(&body).is_ok(),
            "{}",
            String::from_utf8_lossy(&body)
        );
        for error in errors.into_iter().flatten() {
            let mut out = Vec::new();
            error.encode(&mut out);
            serde_json::from_slice::<serde_json::Value>(&out).unwrap();
        }
    }
}

#[test]
fn of_several_faults_of_a_map_the_one_that_ranks_first_is_noted() {
    let deep = format!("{}{{\"S\":\"leaf\"}}{}", "{\"M\":{\"n\":".repeat(40), "}}".repeat(40));
    let noted = |item: &str| {
        let decoded = decode_put_item(format!(r#"{{"TableName":"t","Item":{{{item}}}}}"#).leak().as_bytes()).unwrap();
        let fault = decoded.faults.first().unwrap().clone();
        assert!(decoded.faults.in_member("Item") == Some(&fault));
        (fault.key, fault.fault)
    };
    let (nameless, inside, number) = (r#""":{"S":"x"}"#, r#""m":{"M":{"":{"S":"x"}}}"#, r#""n":{"N":"x"}"#);
    let deep = format!(r#""d":{deep}"#);
    let rows = [
        ([nameless, &deep], "", ValueFault::EmptyName),
        ([&deep, nameless], "", ValueFault::EmptyName),
        ([inside, nameless], "", ValueFault::EmptyName),
        ([inside, &deep], "d", ValueFault::TooDeep),
        ([&deep, inside], "d", ValueFault::TooDeep),
        ([number, &deep], "n", fault(r#"{"N":"x"}"#)),
        ([&deep, number], "d", ValueFault::TooDeep),
    ];
    for (attributes, key, fault) in rows {
        assert_eq!(noted(&attributes.join(",")), (key.to_owned(), fault), "{attributes:?}");
    }
}
