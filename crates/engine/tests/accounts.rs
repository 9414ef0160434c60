//! Two accounts: whose tables a name means and whose an ARN, and which operations are for the owner's account only.
//!
//! The lists are those of the developer guide, "DynamoDB API operations supported by resource-based policies". Whether somebody may do
//! what is asked here is decided before the engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::changes::streaming;
use support::{Server, composite, defining, index, with};

const TABLE: &str = "arn:aws:dynamodb:eu-west-1:000000000000:table/music";

/// The owner of a table with an index, a stream and an item, and somebody of another account.
async fn two_accounts() -> (Server, Server, String) {
    let owner = Server::start(0).await;
    let indexed = defining(composite("music"), &["text"]);
    let indexed = with(indexed, json!({ "GlobalSecondaryIndexes": [index("by-text", &[("text", "HASH")])] }));
    owner.ask("CreateTable", streaming(indexed, "NEW_IMAGE")).await;
    owner.ask("PutItem", json!({ "TableName": "music", "Item": item("a") })).await;
    let stream = owner.describe("music").await["LatestStreamArn"].as_str().unwrap().to_owned();
    let guest = owner.of_account("111122223333");
    (owner, guest, stream)
}

fn key(pk: &str) -> Value {
    json!({ "pk": { "S": pk }, "sk": { "N": "1" } })
}

fn item(pk: &str) -> Value {
    with(key(pk), json!({ "text": { "S": "t" } }))
}

#[tokio::test]
async fn a_name_is_of_the_callers_own_account() {
    let (owner, guest, _) = two_accounts().await;
    let get = |table: &str| json!({ "TableName": table, "Key": key("a") });
    assert_eq!(guest.refused("GetItem", get("music")).await.0, "ResourceNotFoundException");
    assert_eq!(guest.ask("ListTables", json!({})).await, json!({ "TableNames": [] }));
    guest.ask("CreateTable", composite("music")).await;
    assert_eq!(guest.ask("GetItem", get("music")).await, json!({}));
    assert_eq!(guest.ask("GetItem", get(TABLE)).await, json!({ "Item": item("a") }));
    assert_eq!(owner.ask("GetItem", get(&TABLE.replace("000000000000", "111122223333"))).await, json!({}));
    guest.ask("DeleteTable", json!({ "TableName": "music" })).await;
    assert_eq!(owner.ask("GetItem", get("music")).await, json!({ "Item": item("a") }));
    owner.assert_sound().await;
}

#[tokio::test]
async fn an_arn_finds_the_table_of_its_account() {
    let (owner, guest, _) = two_accounts().await;
    guest.ask("CreateTable", composite("own")).await;
    let values = json!({ ":t": { "S": "t" } });
    let rows = vec![
        ("PutItem", json!({ "TableName": TABLE, "Item": item("b") })),
        (
            "UpdateItem",
            json!({ "TableName": TABLE, "Key": key("b"), "UpdateExpression": "SET n = :t", "ExpressionAttributeValues": values }),
        ),
        (
            "Query",
            json!({ "TableName": TABLE, "IndexName": "by-text", "KeyConditionExpression": "#t = :t",
                    "ExpressionAttributeNames": { "#t": "text" }, "ExpressionAttributeValues": values }),
        ),
        ("Scan", json!({ "TableName": TABLE, "IndexName": "by-text" })),
        ("BatchGetItem", json!({ "RequestItems": { TABLE: { "Keys": [key("b")] }, "own": { "Keys": [key("b")] } } })),
        (
            "BatchWriteItem",
            json!({ "RequestItems": { TABLE: [{ "PutRequest": { "Item": item("c") } }],
                                      "own": [{ "PutRequest": { "Item": item("c") } }] } }),
        ),
        (
            "TransactWriteItems",
            json!({ "TransactItems": [{ "Put": { "TableName": TABLE, "Item": item("d") } },
                                      { "Put": { "TableName": "own", "Item": item("d") } }] }),
        ),
        (
            "TransactGetItems",
            json!({ "TransactItems": [{ "Get": { "TableName": TABLE, "Key": key("d") } },
                                      { "Get": { "TableName": "own", "Key": key("d") } }] }),
        ),
        ("DeleteItem", json!({ "TableName": TABLE, "Key": key("a") })),
        ("DescribeTable", json!({ "TableName": TABLE })),
        ("UpdateTable", json!({ "TableName": TABLE, "DeletionProtectionEnabled": true })),
        ("TagResource", json!({ "ResourceArn": TABLE, "Tags": [{ "Key": "k", "Value": "v" }] })),
        ("ListTagsOfResource", json!({ "ResourceArn": TABLE })),
        ("UntagResource", json!({ "ResourceArn": TABLE, "TagKeys": ["k"] })),
        ("UpdateTable", json!({ "TableName": TABLE, "DeletionProtectionEnabled": false })),
    ];
    for (operation, request) in rows {
        let answer = guest.ask(operation, request).await;
        match operation {
            "Query" | "Scan" => assert_eq!(answer["Count"], 2, "{operation}"),
            "BatchGetItem" => assert_eq!(answer["Responses"][TABLE].as_array().unwrap().len(), 1),
            "TransactGetItems" => {
                assert_eq!(answer["Responses"], json!([{ "Item": item("d") }, { "Item": item("d") }]));
            }
            "DescribeTable" => assert_eq!(answer["Table"]["TableArn"], TABLE),
            "ListTagsOfResource" => assert_eq!(answer["Tags"], json!([{ "Key": "k", "Value": "v" }])),
            _ => (),
        }
    }
    for (server, table, count) in [(&owner, "music", 3), (&guest, "own", 2)] {
        assert_eq!(server.ask("Scan", json!({ "TableName": table })).await["Count"], count, "{table}");
    }
    owner.assert_sound().await;
    guest.ask("DeleteTable", json!({ "TableName": TABLE })).await;
    assert_eq!(owner.status("music").await, "ResourceNotFoundException");
    owner.assert_sound().await;
}

#[tokio::test]
async fn an_arn_finds_the_stream_of_its_account() {
    let (owner, guest, stream) = two_accounts().await;
    let described = guest.ask("DescribeStream", json!({ "StreamArn": stream })).await;
    let shard = &described["StreamDescription"]["Shards"][0]["ShardId"];
    let from = json!({ "StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    let iterator = guest.ask("GetShardIterator", from).await["ShardIterator"].take();
    let records = guest.ask("GetRecords", json!({ "ShardIterator": iterator })).await;
    assert_eq!(records["Records"].as_array().unwrap().len(), 1);
    for request in [json!({}), json!({ "TableName": "music" })] {
        assert_eq!(guest.ask("ListStreams", request).await["Streams"], json!([]));
    }
    assert_eq!(owner.ask("ListStreams", json!({})).await["Streams"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn some_operations_are_for_the_owners_account_alone() {
    let (_, guest, stream) = two_accounts().await;
    let time_to_live = json!({ "Enabled": true, "AttributeName": "t" });
    let select = |table: &str| json!({ "Statement": format!("SELECT * FROM \"{table}\" WHERE pk = 'a' AND sk = 1") });
    let (bad, none) = ("ValidationException", "ResourceNotFoundException");
    let rows = vec![
        ("CreateTable", with(composite("x"), json!({ "TableName": TABLE })), bad),
        ("DescribeTimeToLive", json!({ "TableName": TABLE }), none),
        ("UpdateTimeToLive", json!({ "TableName": TABLE, "TimeToLiveSpecification": time_to_live }), none),
        ("DescribeContinuousBackups", json!({ "TableName": TABLE }), "TableNotFoundException"),
        ("ExecuteStatement", select(TABLE), none),
        ("GetResourcePolicy", json!({ "ResourceArn": TABLE }), bad),
        ("PutResourcePolicy", json!({ "ResourceArn": TABLE, "Policy": "{}" }), bad),
        ("DeleteResourcePolicy", json!({ "ResourceArn": stream }), bad),
    ];
    for (operation, request, code) in rows {
        assert_eq!(guest.refused(operation, request).await.0, code, "{operation}");
    }
    let batch = guest.ask("BatchExecuteStatement", json!({ "Statements": [select(TABLE)] })).await;
    assert_eq!(batch["Responses"][0]["Error"]["Code"], "ResourceNotFound");
    let transaction = json!({ "TransactStatements": [select(TABLE)] });
    assert_eq!(guest.refused("ExecuteTransaction", transaction).await.0, "TransactionCanceledException");
}

#[tokio::test]
async fn an_arn_of_another_region_finds_nothing() {
    let (_, guest, stream) = two_accounts().await;
    let elsewhere = |arn: &str| arn.replace("eu-west-1", "us-east-1");
    for (operation, request) in [
        ("GetItem", json!({ "TableName": elsewhere(TABLE), "Key": key("a") })),
        ("DescribeTable", json!({ "TableName": elsewhere(TABLE) })),
        ("DescribeStream", json!({ "StreamArn": elsewhere(&stream) })),
    ] {
        assert_eq!(guest.refused(operation, request).await.0, "ResourceNotFoundException", "{operation}");
    }
}
