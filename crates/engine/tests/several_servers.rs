//! Several servers over one store: what one makes of a table, the others know before they answer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use std::sync::Arc;
use storage::Memory;
use support::shared::Shared;
use support::{Server, composite, defining, index, with};

async fn two_servers() -> [Server; 2] {
    let memory = Arc::new(Memory::new());
    let servers = [(); 2].map(|()| Server::open(Arc::new(Shared::of(&memory)), 0));
    for server in &servers {
        server.engine.start_jobs().await.unwrap();
    }
    servers
}

fn put(pk: &str) -> Value {
    json!({ "TableName": "music", "Item": { "pk": { "S": pk }, "sk": { "N": "1" }, "year": { "S": "1970" } } })
}

fn key(pk: &str) -> Value {
    json!({ "TableName": "music", "Key": { "pk": { "S": pk }, "sk": { "N": "1" } } })
}

/// Every kind of request for items, on an item that the table as it is now does not have, and what it answers.
fn requests() -> Vec<(&'static str, Value)> {
    let values = json!({ ":a": { "S": "a" } });
    let get = json!({ "TableName": "music", "Key": key("a")["Key"] });
    vec![
        ("GetItem", key("a")),
        ("DeleteItem", key("a")),
        (
            "Query",
            json!({ "TableName": "music", "KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": values }),
        ),
        ("Scan", json!({ "TableName": "music" })),
        ("BatchGetItem", json!({ "RequestItems": { "music": { "Keys": [key("a")["Key"]] } } })),
        ("TransactGetItems", json!({ "TransactItems": [{ "Get": get }] })),
        ("ExecuteStatement", json!({ "Statement": "SELECT * FROM music WHERE pk = 'a' AND sk = 1" })),
        ("UpdateItem", with(key("a"), json!({ "ConditionExpression": "attribute_exists(pk)" }))),
    ]
}

#[tokio::test]
async fn a_table_that_another_server_deleted_is_gone() {
    for (operation, request) in requests() {
        let [one, other] = two_servers().await;
        one.ask("CreateTable", composite("music")).await;
        other.ask("PutItem", put("a")).await;
        one.ask("DeleteTable", json!({ "TableName": "music" })).await;
        let refusal = other.refused(operation, request).await;
        assert_eq!(refusal.0, "ResourceNotFoundException", "{operation}");
        one.assert_sound().await;
    }
}

#[tokio::test]
async fn a_table_of_the_same_name_is_another_one() {
    for (operation, request) in requests() {
        let [one, other] = two_servers().await;
        one.ask("CreateTable", composite("music")).await;
        other.ask("PutItem", put("old")).await;
        one.ask("DeleteTable", json!({ "TableName": "music" })).await;
        one.ask("CreateTable", composite("music")).await;
        one.ask("PutItem", put("a")).await;
        let answer = other.ask(operation, request).await;
        let expected = one.ask("GetItem", key("a")).await;
        match operation {
            "DeleteItem" => assert_eq!(expected, json!({})),
            "UpdateItem" => assert!(expected["Item"].is_object()),
            _ => assert!(answer.to_string().contains("1970"), "{operation}: {answer}"),
        }
        one.assert_sound().await;
    }
}

/// A server kept what it had seen of a table that was being deleted, and went on refusing requests for the items of the next table of that
/// name, which another server had made.
#[tokio::test]
async fn a_table_that_was_being_deleted_is_another_one() {
    const DELAY_MS: i64 = 300;
    let memory = Arc::new(Memory::new());
    let [one, other] = [(); 2].map(|()| Server::open(Arc::new(Shared::of(&memory)), DELAY_MS));
    one.engine.start_jobs().await.unwrap();
    one.ask("CreateTable", composite("music")).await;
    // Longer than a lease lasts on the work of a server that does not do it.
    let pass = async || {
        one.advance(20_000).await;
        other.advance(20_000).await;
    };
    pass().await;
    other.ask("DeleteTable", json!({ "TableName": "music" })).await;
    assert_eq!(other.refused("GetItem", key("a")).await.0, "ResourceNotFoundException");
    pass().await;
    one.ask("CreateTable", composite("music")).await;
    pass().await;
    one.ask("PutItem", put("a")).await;
    assert!(other.ask("GetItem", key("a")).await["Item"].is_object());
    one.assert_sound().await;
}

#[tokio::test]
async fn an_index_that_another_server_made_is_read_and_maintained() {
    let [one, other] = two_servers().await;
    one.ask("CreateTable", defining(composite("music"), &[])).await;
    other.ask("PutItem", put("a")).await;
    let by_year = index("by_year", &[("year", "HASH")]);
    let definitions = json!([{ "AttributeName": "year", "AttributeType": "S" }]);
    let update = json!({
        "TableName": "music", "AttributeDefinitions": definitions, "GlobalSecondaryIndexUpdates": [{ "Create": by_year }],
    });
    one.ask("UpdateTable", update).await;
    one.until_active("music").await;
    other.ask("PutItem", put("b")).await;
    let query = json!({
        "TableName": "music", "IndexName": "by_year", "KeyConditionExpression": "#y = :y",
        "ExpressionAttributeNames": { "#y": "year" }, "ExpressionAttributeValues": { ":y": { "S": "1970" } },
    });
    for server in [&other, &one] {
        assert_eq!(server.ask("Query", query.clone()).await["Count"], 2);
    }
    one.assert_sound().await;
}

#[tokio::test]
async fn the_work_of_a_server_that_is_gone_is_taken_over() {
    let memory = Arc::new(Memory::new());
    let [gone, other] = [(); 2].map(|()| Server::open(Arc::new(Shared::of(&memory)), 0));
    other.engine.start_jobs().await.unwrap();
    // The jobs of this server never run.
    gone.ask("CreateTable", composite("music")).await;
    gone.ask("PutItem", put("a")).await;
    let specification = json!({ "Enabled": true, "AttributeName": "year" });
    gone.ask("UpdateTimeToLive", json!({ "TableName": "music", "TimeToLiveSpecification": specification })).await;
    let describe = json!({ "TableName": "music" });
    let status = async || {
        let described = other.ask("DescribeTimeToLive", describe.clone()).await;
        described["TimeToLiveDescription"]["TimeToLiveStatus"].as_str().unwrap().to_owned()
    };
    assert_eq!(status().await, "ENABLING");
    other.advance(11_000).await;
    assert_eq!(status().await, "ENABLED");
    other.assert_sound().await;
}

/// A batch of statements commits one by one, and what failed is charged by a read of its item. That read used to find out that another server
/// had changed the table since, and to fail the whole request, of which a part was committed and could not be repeated.
#[tokio::test]
async fn what_is_read_after_a_commit_does_not_fail_for_what_became_of_the_table() {
    let memory = Arc::new(Memory::new());
    let store = Arc::new(Shared::of(&memory));
    let server = Server::open(store.clone(), 0);
    server.ask("CreateTable", composite("music")).await;
    server.ask("PutItem", put("b")).await;
    store.restless.set(layout::keys::table(support::ACCOUNT, "music")).unwrap();
    let insert = |pk: &str| json!({ "Statement": format!("INSERT INTO music VALUE {{'pk': '{pk}', 'sk': 1}}") });
    let batch = json!({ "Statements": [insert("a"), insert("b")], "ReturnConsumedCapacity": "TOTAL" });
    let answer = server.ask("BatchExecuteStatement", batch).await;
    assert_eq!(answer["Responses"][0], json!({ "TableName": "music" }));
    assert_eq!(answer["Responses"][1]["Error"]["Code"], "DuplicateItem");
    server.assert_sound().await;
}
