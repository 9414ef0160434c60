//! What requests touch: the action, the resource, and the facts that policies may ask for, request by request.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use engine::access::{Access, Facts, Touches, Wanted};
use engine::policies::compiled;
use engine::{Caller, Context};
use policy::{Absent, Effect, Policy, Principal, PrincipalKind, Query};
use serde_json::{Value, json};
use std::sync::Arc;
use storage::Memory;
use support::changes::streaming;
use support::shared::Shared;
use support::{ACCOUNT, REGION, Server, composite, index, with};

const GUEST: &str = "111122223333";
const TABLE: &str = "arn:aws:dynamodb:eu-west-1:000000000000:table/music";

/// Every operation that is served, with its decoder.
macro_rules! touched {
    ($context:ident, $operation:ident, $body:ident, $wanted:ident: $($name:literal $decode:ident),* $(,)?) => {
        match $operation {
            $($name => api::$decode($body).unwrap().input.touches($context, $wanted).await,)*
            other => panic!("{other} is not served"),
        }
    };
}

async fn touched(server: &Server, operation: &str, input: &Value, wanted: Wanted) -> Vec<Access> {
    let caller = Caller { account: ACCOUNT.to_owned() };
    loop {
        let context = Context::new(&server.engine, &caller);
        let found = touched_once(&context, operation, input, wanted).await;
        if !context.must_repeat().await {
            return found.unwrap();
        }
    }
}

async fn touched_once(
    context: &Context<'_>,
    operation: &str,
    input: &Value,
    wanted: Wanted,
) -> Result<Vec<Access>, api::Error> {
    let body = &serde_json::to_vec(input).unwrap();
    touched!(context, operation, body, wanted:
        "BatchExecuteStatement" decode_batch_execute_statement,
        "BatchGetItem" decode_batch_get_item,
        "BatchWriteItem" decode_batch_write_item,
        "CreateTable" decode_create_table,
        "DeleteItem" decode_delete_item,
        "DeleteResourcePolicy" decode_delete_resource_policy,
        "DeleteTable" decode_delete_table,
        "DescribeContinuousBackups" decode_describe_continuous_backups,
        "DescribeEndpoints" decode_describe_endpoints,
        "DescribeLimits" decode_describe_limits,
        "DescribeStream" decode_describe_stream,
        "DescribeTable" decode_describe_table,
        "DescribeTimeToLive" decode_describe_time_to_live,
        "ExecuteStatement" decode_execute_statement,
        "ExecuteTransaction" decode_execute_transaction,
        "GetItem" decode_get_item,
        "GetResourcePolicy" decode_get_resource_policy,
        "GetShardIterator" decode_get_shard_iterator,
        "ListStreams" decode_list_streams,
        "ListTables" decode_list_tables,
        "ListTagsOfResource" decode_list_tags_of_resource,
        "PutItem" decode_put_item,
        "PutResourcePolicy" decode_put_resource_policy,
        "Query" decode_query,
        "Scan" decode_scan,
        "TagResource" decode_tag_resource,
        "TransactGetItems" decode_transact_get_items,
        "TransactWriteItems" decode_transact_write_items,
        "UntagResource" decode_untag_resource,
        "UpdateItem" decode_update_item,
        "UpdateTable" decode_update_table,
        "UpdateTimeToLive" decode_update_time_to_live,
    )
}

/// A server with a table that has a global index.
async fn server() -> Server {
    let server = Server::start(0).await;
    let by_text = index("by-text", &[("text", "HASH")]);
    let definition = with(
        composite("music"),
        json!({
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" },
                { "AttributeName": "sk", "AttributeType": "N" },
                { "AttributeName": "text", "AttributeType": "S" },
            ],
            "GlobalSecondaryIndexes": [by_text],
        }),
    );
    server.ask("CreateTable", definition).await;
    server
}

fn key(sort: u32) -> Value {
    json!({ "pk": { "S": "a" }, "sk": { "N": sort.to_string() } })
}

/// An operation, its input, and the actions with their resources.
type Row<'r> = (&'r str, Value, Vec<(&'r str, &'r str)>);

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table")]
async fn actions_and_resources() {
    let server = server().await;
    let get = |statement: &str| json!({ "Statement": statement });
    let stream = format!("{TABLE}/stream/2026-11-28T00:00:00.000");
    let index = format!("{TABLE}/index/by-text");
    let any_stream = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/*/stream/*");
    let other = "arn:aws:dynamodb:eu-west-1:111122223333:table/theirs";
    let rows: Vec<Row<'_>> = vec![
        ("GetItem", json!({ "TableName": "music", "Key": key(1) }), vec![("GetItem", TABLE)]),
        ("GetItem", json!({ "TableName": TABLE, "Key": key(1) }), vec![("GetItem", TABLE)]),
        ("GetItem", json!({ "TableName": other, "Key": key(1) }), vec![("GetItem", other)]),
        ("PutItem", json!({ "TableName": "music", "Item": key(1) }), vec![("PutItem", TABLE)]),
        ("DeleteItem", json!({ "TableName": "music", "Key": key(1) }), vec![("DeleteItem", TABLE)]),
        ("UpdateItem", json!({ "TableName": "music", "Key": key(1) }), vec![("UpdateItem", TABLE)]),
        ("Query", json!({ "TableName": "music" }), vec![("Query", TABLE)]),
        ("Query", json!({ "TableName": "music", "IndexName": "by-text" }), vec![("Query", &index)]),
        ("Scan", json!({ "TableName": "music", "IndexName": "by-text" }), vec![("Scan", &index)]),
        (
            "BatchGetItem",
            json!({ "RequestItems": { "music": { "Keys": [key(1)] }, "none": { "Keys": [key(1)] } } }),
            vec![("BatchGetItem", TABLE), ("BatchGetItem", "arn:aws:dynamodb:eu-west-1:000000000000:table/none")],
        ),
        (
            "BatchWriteItem",
            json!({ "RequestItems": { "music": [{ "PutRequest": { "Item": key(1) } }] } }),
            vec![("BatchWriteItem", TABLE)],
        ),
        (
            "TransactGetItems",
            json!({ "TransactItems": [{ "Get": { "TableName": "music", "Key": key(1) } }] }),
            vec![("GetItem", TABLE)],
        ),
        (
            "TransactWriteItems",
            json!({ "TransactItems": [
                { "Put": { "TableName": "music", "Item": key(1) } },
                { "Delete": { "TableName": "music", "Key": key(2) } },
                { "Update": { "TableName": "music", "Key": key(3), "UpdateExpression": "SET a = b" } },
                { "ConditionCheck": { "TableName": "music", "Key": key(4), "ConditionExpression": "attribute_exists(pk)" } },
            ] }),
            vec![("PutItem", TABLE), ("DeleteItem", TABLE), ("UpdateItem", TABLE), ("ConditionCheckItem", TABLE)],
        ),
        ("ExecuteStatement", get("SELECT * FROM music"), vec![("PartiQLSelect", TABLE)]),
        ("ExecuteStatement", get("SELECT * FROM music.\"by-text\""), vec![("PartiQLSelect", &index)]),
        ("ExecuteStatement", get("INSERT INTO music VALUE {'pk':'a','sk':1}"), vec![("PartiQLInsert", TABLE)]),
        ("ExecuteStatement", get("UPDATE music SET a = 1 WHERE pk = 'a' AND sk = 1"), vec![("PartiQLUpdate", TABLE)]),
        ("ExecuteStatement", get("DELETE FROM music WHERE pk = 'a' AND sk = 1"), vec![("PartiQLDelete", TABLE)]),
        ("ExecuteStatement", get("no statement"), vec![]),
        (
            "BatchExecuteStatement",
            json!({ "Statements": [get("SELECT * FROM music WHERE pk = 'a' AND sk = 1")] }),
            vec![("PartiQLSelect", TABLE)],
        ),
        (
            "ExecuteTransaction",
            json!({ "TransactStatements": [
                get("DELETE FROM music WHERE pk = 'a' AND sk = 1"),
                get("EXISTS(SELECT * FROM music WHERE pk = 'a' AND sk = 2 AND b = 1)"),
            ] }),
            vec![("PartiQLDelete", TABLE), ("PartiQLSelect", TABLE)],
        ),
        ("CreateTable", json!({ "TableName": "music" }), vec![("CreateTable", TABLE)]),
        (
            "CreateTable",
            json!({ "TableName": "music", "Tags": [{ "Key": "a", "Value": "b" }], "ResourcePolicy": "{}" }),
            vec![("CreateTable", TABLE), ("TagResource", TABLE), ("PutResourcePolicy", TABLE)],
        ),
        ("DeleteTable", json!({ "TableName": "music" }), vec![("DeleteTable", TABLE)]),
        ("DescribeTable", json!({ "TableName": "music" }), vec![("DescribeTable", TABLE)]),
        ("UpdateTable", json!({ "TableName": "music" }), vec![("UpdateTable", TABLE)]),
        ("DescribeContinuousBackups", json!({ "TableName": "music" }), vec![("DescribeContinuousBackups", TABLE)]),
        ("DescribeTimeToLive", json!({ "TableName": "music" }), vec![("DescribeTimeToLive", TABLE)]),
        (
            "UpdateTimeToLive",
            json!({ "TableName": "music", "TimeToLiveSpecification": { "Enabled": true, "AttributeName": "t" } }),
            vec![("UpdateTimeToLive", TABLE)],
        ),
        ("TagResource", json!({ "ResourceArn": TABLE, "Tags": [] }), vec![("TagResource", TABLE)]),
        ("UntagResource", json!({ "ResourceArn": TABLE, "TagKeys": [] }), vec![("UntagResource", TABLE)]),
        ("ListTagsOfResource", json!({ "ResourceArn": TABLE }), vec![("ListTagsOfResource", TABLE)]),
        ("GetResourcePolicy", json!({ "ResourceArn": TABLE }), vec![("GetResourcePolicy", TABLE)]),
        ("GetResourcePolicy", json!({ "ResourceArn": stream }), vec![("GetResourcePolicy", &stream)]),
        ("PutResourcePolicy", json!({ "ResourceArn": TABLE, "Policy": "" }), vec![("PutResourcePolicy", TABLE)]),
        ("PutResourcePolicy", json!({ "ResourceArn": stream, "Policy": "" }), vec![("PutResourcePolicy", &stream)]),
        ("DeleteResourcePolicy", json!({ "ResourceArn": other }), vec![("DeleteResourcePolicy", other)]),
        ("DeleteResourcePolicy", json!({ "ResourceArn": stream }), vec![("DeleteResourcePolicy", &stream)]),
        ("ListTables", json!({}), vec![("ListTables", "*")]),
        ("DescribeLimits", json!({}), vec![("DescribeLimits", "*")]),
        ("DescribeEndpoints", json!({}), vec![("DescribeEndpoints", "*")]),
        ("ListStreams", json!({}), vec![("ListStreams", &any_stream)]),
        ("DescribeStream", json!({ "StreamArn": stream }), vec![("DescribeStream", &stream)]),
        (
            "GetShardIterator",
            json!({ "StreamArn": stream, "ShardId": "shardId-00000000000000000000-00000001", "ShardIteratorType": "LATEST" }),
            vec![("GetShardIterator", &stream)],
        ),
    ];
    for (operation, input, expected) in rows {
        let found = touched(&server, operation, &input, Wanted::default()).await;
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|access| (access.action.strip_prefix("dynamodb:").unwrap(), access.resource.as_str()))
            .collect();
        assert_eq!(found, expected, "{operation} {input}");
    }
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table")]
async fn facts() {
    let server = server().await;
    let all = Some("ALL_ATTRIBUTES");
    let some = Some("SPECIFIC_ATTRIBUTES");
    let rows: Vec<(&str, Value, Facts)> = vec![
        (
            "GetItem",
            json!({ "TableName": "music", "Key": key(1), "ProjectionExpression": "#a, b.c", "ReturnConsumedCapacity": "TOTAL",
                    "ExpressionAttributeNames": { "#a": "x" } }),
            Facts {
                partition_values: vec![texts(&["a"])],
                attributes: texts(&["pk", "sk", "b", "x"]),
                select: some,
                return_consumed_capacity: Some("TOTAL"),
                ..Facts::default()
            },
        ),
        (
            "UpdateItem",
            json!({ "TableName": "music", "Key": key(1), "UpdateExpression": "SET a = b + :n", "ReturnValues": "ALL_NEW",
                    "ConditionExpression": "attribute_exists(c)", "ExpressionAttributeValues": { ":n": { "N": "1" } } }),
            Facts {
                partition_values: vec![texts(&["a"])],
                attributes: texts(&["pk", "sk", "a", "b", "c"]),
                return_values: Some("ALL_NEW"),
                ..Facts::default()
            },
        ),
        (
            "Query",
            json!({ "TableName": "music", "KeyConditionExpression": "pk = :p AND sk > :s", "FilterExpression": "d = :p",
                    "ExpressionAttributeValues": { ":p": { "S": "z" }, ":s": { "N": "1" } } }),
            Facts {
                partition_values: vec![texts(&["z"])],
                attributes: texts(&["pk", "sk", "d"]),
                select: all,
                ..Facts::default()
            },
        ),
        (
            "Query",
            json!({ "TableName": "music", "IndexName": "by-text", "Select": "COUNT", "KeyConditions": { "text": {
                "ComparisonOperator": "EQ", "AttributeValueList": [{ "S": "y" }] } } }),
            Facts {
                partition_values: vec![texts(&["y"])],
                attributes: texts(&["text"]),
                select: Some("COUNT"),
                ..Facts::default()
            },
        ),
        (
            "BatchGetItem",
            json!({ "RequestItems": { "music": { "Keys": [key(1), { "pk": { "S": "b" }, "sk": { "N": "1" } }] } } }),
            Facts {
                partition_values: vec![texts(&["a", "b"])],
                attributes: texts(&["pk", "sk"]),
                select: all,
                ..Facts::default()
            },
        ),
        (
            "TransactWriteItems",
            json!({ "TransactItems": [{ "Update": { "TableName": "music", "Key": key(3), "UpdateExpression": "REMOVE e" } }] }),
            Facts {
                partition_values: vec![texts(&["a"])],
                attributes: texts(&["pk", "sk", "e"]),
                return_values: Some("NONE"),
                enclosing_operation: Some("TransactWriteItems"),
                ..Facts::default()
            },
        ),
        (
            "ExecuteStatement",
            json!({ "Statement": "SELECT a FROM music WHERE pk IN ['x', 'y'] AND b = 1" }),
            Facts {
                partition_values: vec![texts(&["x", "y"])],
                attributes: texts(&["a", "pk", "b"]),
                select: some,
                full_table_scan: Some(false),
                ..Facts::default()
            },
        ),
        (
            "ExecuteStatement",
            json!({ "Statement": "SELECT * FROM music WHERE pk = 'x' OR b = 1" }),
            Facts { attributes: texts(&["pk", "b"]), select: all, full_table_scan: Some(true), ..Facts::default() },
        ),
        (
            "ExecuteStatement",
            json!({ "Statement": "DELETE FROM music WHERE pk = 'x' AND sk = 1 RETURNING ALL OLD *" }),
            Facts {
                partition_values: vec![texts(&["x"])],
                attributes: texts(&["pk", "sk"]),
                return_values: Some("ALL_OLD"),
                ..Facts::default()
            },
        ),
        (
            "TagResource",
            json!({ "ResourceArn": TABLE, "Tags": [{ "Key": "team", "Value": "blue" }] }),
            Facts {
                request_tags: vec![("team".to_owned(), "blue".to_owned())],
                tag_keys: texts(&["team"]),
                ..Facts::default()
            },
        ),
    ];
    for (operation, input, expected) in rows {
        let found = touched(&server, operation, &input, Wanted::ALL).await;
        let [access] = found.as_slice() else { panic!("{operation} {input}: {found:?}") };
        assert_eq!(access.facts, expected, "{operation} {input}");
        assert!(access.table.is_some(), "{operation}");
        let cheap = touched(&server, operation, &input, Wanted::default()).await;
        assert!(cheap[0].facts.partition_values.is_empty(), "{operation}: nobody asked for the keys");
        assert!(cheap[0].facts.attributes.is_empty(), "{operation}: nobody asked for the attributes");
    }
}

#[tokio::test]
async fn a_table_that_is_not_there_is_touched_all_the_same() {
    let server = server().await;
    let input = json!({ "TableName": "none", "Key": key(1) });
    let found = touched(&server, "GetItem", &input, Wanted::ALL).await;
    assert_eq!(found[0].resource, "arn:aws:dynamodb:eu-west-1:000000000000:table/none");
    assert!(found[0].table.is_none());
}

/// A policy that lets an account take an action.
fn allowing(action: &str) -> String {
    json!({ "Statement": [{ "Effect": "Allow", "Principal": { "AWS": GUEST }, "Action": action, "Resource": "*" }] })
        .to_string()
}

/// The one policy of what a request touches.
async fn policy_of(server: &Server, operation: &str, input: Value) -> Option<Arc<Policy>> {
    let found = touched(server, operation, &input, Wanted::default()).await;
    let [access] = found.as_slice() else { panic!("{operation} {input}: {found:?}") };
    access.policy.clone()
}

/// Whether a policy lets somebody take an action.
fn allows(policy: Option<&Policy>, action: &str) -> bool {
    let arn = &format!("arn:aws:iam::{GUEST}:root");
    let principal = Principal { kind: PrincipalKind::Root, account: GUEST, arn, issuer_arn: None, unique_id: "" };
    let query = Query { principal: &principal, action, resource: TABLE, context: &Absent };
    policy.is_some_and(|policy| policy.evaluate(&query) == Some(Effect::Allow))
}

/// Two servers of one store, with a table that has an index and a stream.
async fn two_servers() -> ([Server; 2], String) {
    let memory = Arc::new(Memory::new());
    let servers = [(); 2].map(|()| Server::open(Arc::new(Shared::of(&memory)), 0));
    servers[0].ask("CreateTable", streaming(composite("music"), "KEYS_ONLY")).await;
    let stream = servers[0].describe("music").await["LatestStreamArn"].as_str().unwrap().to_owned();
    (servers, stream)
}

#[tokio::test]
async fn the_policy_of_a_resource_is_known_to_every_server_at_once() {
    let (servers, stream) = two_servers().await;
    let get = || json!({ "TableName": "music", "Key": key(1) });
    let query = || json!({ "TableName": "music", "IndexName": "by-text" });
    let describe = || json!({ "StreamArn": stream });
    let set = |arn: &str, action: &str| json!({ "ResourceArn": arn, "Policy": allowing(action) });
    let [one, other] = &servers;
    for server in [one, other] {
        assert!(policy_of(server, "GetItem", get()).await.is_none());
        assert!(policy_of(server, "DescribeStream", describe()).await.is_none());
    }
    for action in ["dynamodb:GetItem", "dynamodb:Query"] {
        one.ask("PutResourcePolicy", set(TABLE, action)).await;
        one.ask("PutResourcePolicy", set(&stream, "dynamodb:GetRecords")).await;
        for server in [other, one] {
            let of_table = policy_of(server, "GetItem", get()).await;
            assert_eq!(allows(of_table.as_deref(), "dynamodb:GetItem"), action == "dynamodb:GetItem");
            assert_eq!(allows(of_table.as_deref(), "dynamodb:Query"), action == "dynamodb:Query");
            // It is the index's too, and compiled once.
            let of_index = policy_of(server, "Query", query()).await;
            assert!(Arc::ptr_eq(&of_table.unwrap(), &of_index.unwrap()));
            let of_stream = policy_of(server, "DescribeStream", describe()).await;
            assert!(allows(of_stream.as_deref(), "dynamodb:GetRecords"));
            let again = policy_of(server, "DescribeStream", describe()).await;
            assert!(Arc::ptr_eq(&of_stream.unwrap(), &again.unwrap()));
        }
    }
    one.ask("DeleteResourcePolicy", json!({ "ResourceArn": TABLE })).await;
    assert!(policy_of(other, "GetItem", get()).await.is_none());
    assert!(policy_of(other, "DescribeStream", describe()).await.is_some());
    // A stream keeps its policy when it is not the newest any more, and when its table is gone.
    one.disable_stream("music").await;
    one.enable_stream("music", "KEYS_ONLY").await;
    assert!(allows(policy_of(other, "DescribeStream", describe()).await.as_deref(), "dynamodb:GetRecords"));
    one.ask("DeleteTable", json!({ "TableName": "music" })).await;
    assert!(allows(policy_of(other, "DescribeStream", describe()).await.as_deref(), "dynamodb:GetRecords"));
    one.ask("DeleteResourcePolicy", json!({ "ResourceArn": stream })).await;
    assert!(policy_of(other, "DescribeStream", describe()).await.is_none());
}

#[tokio::test]
async fn no_document_of_another_revision_is_taken() {
    let server = server().await;
    let caller = Caller { account: ACCOUNT.to_owned() };
    let context = Context::new(&server.engine, &caller);
    let set = |action: &str| json!({ "ResourceArn": TABLE, "Policy": allowing(action) });
    server.ask("PutResourcePolicy", set("dynamodb:GetItem")).await;
    let old = context.find_table("music").await.unwrap();
    server.ask("PutResourcePolicy", set("dynamodb:Query")).await;
    let mut table = old.clone();
    let policy = compiled::of_table(&context, &mut table).await.unwrap();
    assert!(allows(policy.as_deref(), "dynamodb:Query"));
    assert!(old.as_ref().unwrap().version < table.unwrap().version);
    server.ask("DeleteTable", json!({ "TableName": "music" })).await;
    let mut table = old;
    assert!(compiled::of_table(&context, &mut table).await.unwrap().is_none());
    assert!(table.is_none());
}
