//! Changes of tables that were made although their clients were told of a failure.
//!
//! The job of a table used to be started only by a request that could tell that its commit had been made. Where the store failed right
//! after it, an index stayed CREATING and expiry ENABLING until the server was started again, and requests for items went on with the
//! definition as it had been.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use std::sync::Arc;
use support::uncertain::{Failure, Uncertain};
use support::{Server, composite, defining, index};

const FAILURES: [Failure; 2] = [Failure::Commit, Failure::NextRead];

fn named() -> Value {
    json!({ "TableName": "tab" })
}

fn item() -> Value {
    json!({ "pk": { "S": "a" }, "sk": { "N": "1" }, "artist": { "S": "b" } })
}

/// A server with a table of one item.
async fn start() -> (Server, Arc<Uncertain>) {
    let store = Arc::new(Uncertain::default());
    let server = Server::open(store.clone(), 0);
    server.engine.start_jobs().await.unwrap();
    server.ask("CreateTable", composite("tab")).await;
    server.ask("PutItem", json!({ "TableName": "tab", "Item": item() })).await;
    (server, store)
}

/// A change that is made and fails.
async fn fail(server: &Server, store: &Uncertain, failure: Failure, operation: &str, request: Value) {
    store.fail_after_next_commit(failure);
    let refusal = server.refused(operation, request).await;
    assert_eq!(refusal.0, "InternalServerError", "{operation} {failure:?}");
    server.advance(1000).await;
}

#[tokio::test]
async fn an_index_is_filled() {
    for failure in FAILURES {
        let (server, store) = start().await;
        let create = json!([{ "Create": index("by_artist", &[("artist", "HASH")]) }]);
        let request = json!({ "TableName": "tab", "GlobalSecondaryIndexUpdates": create });
        fail(&server, &store, failure, "UpdateTable", defining(request, &["artist"])).await;
        assert_eq!(server.status("tab").await, "ACTIVE");
        let found = server.ask("Scan", json!({ "TableName": "tab", "IndexName": "by_artist" })).await;
        assert_eq!(found["Count"], 1, "{failure:?}");
        server.assert_sound().await;
    }
}

#[tokio::test]
async fn items_expire() {
    for failure in FAILURES {
        let (server, store) = start().await;
        let specification = json!({ "Enabled": true, "AttributeName": "until" });
        let request = json!({ "TableName": "tab", "TimeToLiveSpecification": specification });
        fail(&server, &store, failure, "UpdateTimeToLive", request).await;
        let described = server.ask("DescribeTimeToLive", named()).await;
        assert_eq!(described["TimeToLiveDescription"]["TimeToLiveStatus"], "ENABLED", "{failure:?}");
        server.assert_sound().await;
    }
}

#[tokio::test]
async fn a_table_that_is_gone_is_gone() {
    for failure in FAILURES {
        let (server, store) = start().await;
        fail(&server, &store, failure, "DeleteTable", named()).await;
        assert_eq!(server.refused("Scan", named()).await.0, "ResourceNotFoundException", "{failure:?}");
        server.assert_sound().await;
    }
}

#[tokio::test]
async fn a_table_that_was_made_is_there() {
    for failure in FAILURES {
        let (server, store) = start().await;
        fail(&server, &store, failure, "CreateTable", composite("other")).await;
        assert_eq!(server.ask("Scan", json!({ "TableName": "other" })).await["Count"], 0, "{failure:?}");
        server.assert_sound().await;
    }
}
