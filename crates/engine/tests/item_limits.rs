//! Limits that only show on an item as it is stored: the depth and size that updates build up, the size of an item collection.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use layout::KeyValue;
use layout::keys::{self, Source};
use serde_json::json;
use storage::Batch;
use support::{Server, composite, index, with};

#[tokio::test]
async fn an_item_collection_that_has_reached_its_limit_does_not_grow() {
    let server = Server::start(0).await;
    let indexes = json!([index("by-sort", &[("pk", "HASH"), ("sk", "RANGE")])]);
    server.ask("CreateTable", with(composite("music"), json!({ "LocalSecondaryIndexes": indexes }))).await;
    let put = |text: &str| {
        let item = json!({ "pk": { "S": "a" }, "sk": { "N": "1" }, "text": { "S": text } });
        json!({ "TableName": "music", "Item": item })
    };
    server.ask("PutItem", put("long")).await;
    // Ten gigabytes are said to be there: the first table has the number 1.
    let collection = keys::collection(1, &Source::Table(1).partition([KeyValue::S("a")]));
    let mut batch = Batch::new();
    batch.add(collection, model::limits::ITEM_COLLECTION_SIZE_MAX);
    server.store.commit(batch).await.unwrap();
    let (error, _) = server.refused("PutItem", put("longer")).await;
    assert_eq!(error, "ItemCollectionSizeLimitExceededException");
    server.ask("PutItem", put("less")).await;
    server.ask("DeleteItem", json!({ "TableName": "music", "Key": { "pk": { "S": "a" }, "sk": { "N": "1" } } })).await;
}

#[tokio::test]
async fn updates_cannot_nest_deeper_than_requests() {
    let server = Server::start(0).await;
    server.ask("CreateTable", composite("music")).await;
    let key = json!({ "pk": { "S": "a" }, "sk": { "N": "1" } });
    let item = with(key.clone(), json!({ "a": { "M": { "x": { "S": "e" } } } }));
    server.ask("PutItem", json!({ "TableName": "music", "Item": item })).await;
    let grow = json!({ "TableName": "music", "Key": key, "UpdateExpression": "SET a.x = a" });
    for _ in 0..model::limits::NESTING_LEVELS_MAX - 1 {
        server.ask("UpdateItem", grow.clone()).await;
    }
    let (_, words) = server.refused("UpdateItem", grow).await;
    assert!(words.starts_with("Nesting Levels have exceeded supported limits"), "{words}");
    assert_eq!(server.ask("Scan", json!({ "TableName": "music" })).await["Count"], 1);
}

#[tokio::test]
async fn an_update_that_copies_a_large_value_many_times_is_refused_for_its_size() {
    const WORDS: &str = "Item size to update has exceeded the maximum allowed size";
    let server = Server::start(0).await;
    server.ask("CreateTable", composite("music")).await;
    let key = json!({ "pk": { "S": "a" }, "sk": { "N": "1" } });
    let item = with(key.clone(), json!({ "big": { "L": [{ "S": "x".repeat(390_000) }] } }));
    server.ask("PutItem", json!({ "TableName": "music", "Item": item })).await;
    let targets = |source: &str| {
        let targets: Vec<String> = (0..300).map(|at| format!("a{at}={source}")).collect();
        format!("SET {}", targets.join(","))
    };
    let update = json!({ "TableName": "music", "Key": key, "UpdateExpression": targets("big") });
    assert_eq!(server.refused("UpdateItem", update).await.1, WORDS);
    let update = json!({
        "TableName": "music", "Key": key, "UpdateExpression": targets(":v"),
        "ExpressionAttributeValues": { ":v": { "S": "x".repeat(2_000_000) } },
    });
    assert_eq!(server.refused("UpdateItem", update.clone()).await.1, WORDS);
    let transaction = json!({ "TransactItems": [{ "Update": update }] });
    let (_, body) = server.refused_with_body("TransactWriteItems", transaction).await;
    assert_eq!(body["CancellationReasons"][0]["Message"], WORDS);
    // What goes is not counted.
    let swap = json!({
        "TableName": "music", "Key": key, "UpdateExpression": "SET copied = big REMOVE big",
        "ReturnValues": "UPDATED_NEW",
    });
    assert_eq!(server.ask("UpdateItem", swap).await["Attributes"].as_object().unwrap().len(), 1);
}
