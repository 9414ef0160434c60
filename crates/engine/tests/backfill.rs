//! Global indexes that come and go on a live table: whatever writers do meanwhile, the index ends up exact.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use runtime::Random;
use serde_json::{Value, json};
use std::sync::Arc;
use storage::{Memory, Store};
use support::unsteady::Unsteady;
use support::{Server, composite, defining, index, with};

const TABLE: &str = "music";

/// UpdateTable that makes an index of the attribute `artist`, ordered by `year`.
fn create(projection: Value) -> Value {
    let keys = [("artist", "HASH"), ("year", "RANGE")];
    let index = with(index("by_artist", &keys), json!({ "Projection": projection }));
    defining(json!({ "TableName": TABLE, "GlobalSecondaryIndexUpdates": [{ "Create": index }] }), &["artist", "year"])
}

fn delete() -> Value {
    json!({ "TableName": TABLE, "GlobalSecondaryIndexUpdates": [{ "Delete": { "IndexName": "by_artist" } }] })
}

fn key(number: u64) -> Value {
    json!({ "pk": { "S": (number % 7).to_string() }, "sk": { "N": number.to_string() } })
}

/// An item that may or may not stand in the index, at one of few places.
fn item(random: &Random, number: u64) -> Value {
    let mut item = key(number);
    if random.below(5) > 0 {
        item["artist"] = json!({ "S": random.below(3).to_string() });
    }
    if random.below(5) > 0 {
        item["year"] = json!({ "S": (1970 + random.below(2)).to_string() });
    }
    item["title"] = json!({ "S": "x".repeat(random.below(3) as usize) });
    item
}

/// One write of a random kind to a random item.
async fn write(server: &Server, random: &Random, items: u64) {
    let number = random.below(items);
    let (operation, input) = match random.below(6) {
        0 => ("DeleteItem", json!({ "TableName": TABLE, "Key": key(number) })),
        1 => {
            let update = json!({
                "TableName": TABLE, "Key": key(number), "UpdateExpression": "SET title = :t REMOVE artist",
                "ExpressionAttributeValues": { ":t": { "S": "removed" } },
            });
            ("UpdateItem", update)
        }
        2 => {
            // What no index holds as its key.
            let update = json!({
                "TableName": TABLE, "Key": key(number), "UpdateExpression": "SET title = :t",
                "ExpressionAttributeValues": { ":t": { "S": random.below(9).to_string() } },
            });
            ("UpdateItem", update)
        }
        _ => ("PutItem", json!({ "TableName": TABLE, "Item": item(random, number) })),
    };
    server.ask(operation, input).await;
}

/// Every item that belongs into the index is found through it, and nothing else.
async fn assert_index_equals_table(server: &Server) {
    let all = server.ask("Scan", json!({ "TableName": TABLE })).await;
    let belongs = |item: &&Value| item.get("artist").is_some() && item.get("year").is_some();
    let expected = all["Items"].as_array().unwrap().iter().filter(belongs).count();
    let found = server.ask("Scan", json!({ "TableName": TABLE, "IndexName": "by_artist" })).await;
    assert_eq!(found["Count"], expected);
    let described = server.describe(TABLE).await["GlobalSecondaryIndexes"][0].take();
    assert_eq!((&described["ItemCount"], &described["IndexStatus"]), (&json!(expected), &json!("ACTIVE")));
    assert!(described.get("Backfilling").is_none());
    server.assert_sound().await;
}

/// A server on an unsteady store with a table of items. Its store is kept apart, for the check.
async fn unsteady(seed: u64, items: u64) -> Arc<Server> {
    let memory = Arc::new(Memory::new());
    let mut server = Server::open(Arc::new(Unsteady::new(memory.clone(), seed, u64::MAX)), 0);
    server.store = memory;
    server.engine.start_jobs().await.unwrap();
    server.ask("CreateTable", composite(TABLE)).await;
    let random = Random::seeded(seed);
    for number in 0..items {
        server.ask("PutItem", json!({ "TableName": TABLE, "Item": item(&random, number) })).await;
    }
    Arc::new(server)
}

#[tokio::test]
async fn an_index_is_filled_while_its_status_says_so() {
    let server = unsteady(1, 300).await;
    let answer = server.ask("UpdateTable", create(json!({ "ProjectionType": "ALL" }))).await["TableDescription"].take();
    assert_eq!(answer["TableStatus"], "UPDATING");
    let index = &answer["GlobalSecondaryIndexes"][0];
    assert_eq!((&index["IndexStatus"], &index["Backfilling"]), (&json!("CREATING"), &json!(true)));
    assert_eq!(server.status(TABLE).await, "UPDATING");
    assert_eq!(
        server.refused("DeleteTable", json!({ "TableName": TABLE })).await,
        (
            "ResourceInUseException".to_owned(),
            "Attempt to change a resource which is still in use: Table is being updated: music".to_owned()
        )
    );
    let query = json!({ "TableName": TABLE, "IndexName": "by_artist" });
    assert_eq!(server.refused("Scan", query).await.0, "ValidationException");
    server.until_active(TABLE).await;
    assert_index_equals_table(&server).await;
}

#[tokio::test]
async fn writers_and_the_backfill_meet_in_every_order() {
    for seed in 0..40 {
        let server = unsteady(seed, 90).await;
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let server = server.clone();
                runtime::spawn(async move {
                    let random = Random::seeded(seed * 10 + writer);
                    for _ in 0..60 {
                        write(&server, &random, 100).await;
                    }
                })
            })
            .collect();
        let projection = match seed % 3 {
            0 => json!({ "ProjectionType": "ALL" }),
            1 => json!({ "ProjectionType": "KEYS_ONLY" }),
            _ => json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": ["title"] }),
        };
        server.ask("UpdateTable", create(projection.clone())).await;
        if seed % 2 == 0 {
            // Given up while it is being filled, or deleted when it was; and made again under the same name.
            for _ in 0..seed {
                runtime::give_way().await;
            }
            server.ask("UpdateTable", delete()).await;
            server.assert_sound().await;
            server.ask("UpdateTable", create(projection)).await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        server.until_active(TABLE).await;
        assert_index_equals_table(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_on_other_threads_do_not_disturb_the_backfill() {
    let server = Arc::new(Server::start(0).await);
    server.ask("CreateTable", composite(TABLE)).await;
    let random = Random::seeded(3);
    for number in 0..2000 {
        server.ask("PutItem", json!({ "TableName": TABLE, "Item": item(&random, number) })).await;
    }
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let server = server.clone();
            runtime::spawn(async move {
                let random = Random::seeded(writer);
                for _ in 0..1500 {
                    write(&server, &random, 2500).await;
                    runtime::give_way().await;
                }
            })
        })
        .collect();
    for _ in 0..3 {
        server.ask("UpdateTable", create(json!({ "ProjectionType": "ALL" }))).await;
        server.until_active(TABLE).await;
        server.ask("UpdateTable", delete()).await;
    }
    server.ask("UpdateTable", create(json!({ "ProjectionType": "ALL" }))).await;
    for writer in writers {
        writer.await.unwrap();
    }
    server.until_active(TABLE).await;
    assert_index_equals_table(&server).await;
}

#[tokio::test]
async fn a_backfill_that_a_crash_interrupts_is_completed_after_the_restart() {
    // The job reads and writes a few times for 300 items; it is stopped at each of its calls.
    for calls in 0..40 {
        let memory = Arc::new(Memory::new());
        let before = Server::open(memory.clone(), 0);
        before.ask("CreateTable", composite(TABLE)).await;
        let random = Random::seeded(calls);
        for number in 0..300 {
            before.ask("PutItem", json!({ "TableName": TABLE, "Item": item(&random, number) })).await;
        }
        before.ask("UpdateTable", create(json!({ "ProjectionType": "ALL" }))).await;
        let crashing = Server::open(Arc::new(Unsteady::new(memory.clone(), calls, calls)), 0);
        let started = crashing.engine.start_jobs().await;
        assert_eq!(started.is_ok(), calls > 0);
        for _ in 0..500 {
            runtime::give_way().await;
        }
        let after = Server::open(memory, 0);
        after.assert_sound().await;
        // Writes go on before and after the job comes back.
        for _ in 0..50 {
            write(&after, &random, 300).await;
        }
        after.assert_sound().await;
        after.engine.start_jobs().await.unwrap();
        after.until_active(TABLE).await;
        assert_index_equals_table(&after).await;
    }
}

#[tokio::test]
async fn items_that_cannot_stand_in_the_index_are_passed_over() {
    let server = Server::start(0).await;
    server.ask("CreateTable", composite(TABLE)).await;
    let values = [
        json!({ "S": "right" }),
        json!({ "N": "1" }),
        json!({ "SS": ["a"] }),
        json!({ "S": "" }),
        json!({ "S": "x".repeat(2049) }),
        json!({ "NULL": true }),
    ];
    for (number, value) in values.into_iter().enumerate() {
        let item = with(key(number as u64), json!({ "artist": value, "year": { "S": "1970" } }));
        server.ask("PutItem", json!({ "TableName": TABLE, "Item": item })).await;
    }
    server.ask("UpdateTable", create(json!({ "ProjectionType": "ALL" }))).await;
    server.until_active(TABLE).await;
    server.assert_sound().await;
    assert_eq!(server.ask("Scan", json!({ "TableName": TABLE, "IndexName": "by_artist" })).await["Count"], 1);
    // Such an item can still be replaced and deleted.
    server.ask("DeleteItem", json!({ "TableName": TABLE, "Key": key(1) })).await;
    let item = with(key(2), json!({ "artist": { "S": "b" }, "year": { "S": "1970" } }));
    server.ask("PutItem", json!({ "TableName": TABLE, "Item": item })).await;
    server.assert_sound().await;
}

#[tokio::test]
async fn one_index_at_a_time_and_statuses_over_time() {
    let server = Server::start(1000).await;
    server.ask("CreateTable", composite(TABLE)).await;
    server.advance(1000).await;
    server.ask("PutItem", json!({ "TableName": TABLE, "Item": item(&Random::seeded(1), 1) })).await;
    server.ask("UpdateTable", create(json!({ "ProjectionType": "ALL" }))).await;
    let status = |described: &Value| {
        let index = &described["GlobalSecondaryIndexes"][0];
        (index["IndexStatus"].clone(), index["Backfilling"].clone())
    };
    assert_eq!(status(&server.describe(TABLE).await), (json!("CREATING"), json!(false)));
    // While resources are allocated, nothing can be changed.
    assert_eq!(server.refused("UpdateTable", delete()).await.0, "ResourceInUseException");
    server.advance(1000).await;
    assert_eq!(status(&server.describe(TABLE).await), (json!("ACTIVE"), json!(null)));
    assert_eq!(server.status(TABLE).await, "ACTIVE");
    server.ask("UpdateTable", delete()).await;
    assert_eq!(status(&server.describe(TABLE).await), (json!("DELETING"), json!(null)));
    assert_eq!(server.status(TABLE).await, "UPDATING");
    server.assert_sound().await;
    server.advance(1000).await;
    let described = server.describe(TABLE).await;
    assert!(described.get("GlobalSecondaryIndexes").is_none());
    assert_eq!(described["AttributeDefinitions"], composite(TABLE)["AttributeDefinitions"]);
    server.assert_sound().await;
}

#[tokio::test]
async fn a_second_index_waits_for_the_first() {
    // Without jobs the first index stays as it is.
    let server = Server::open(Arc::new(Memory::new()) as Arc<dyn Store>, 0);
    server.ask("CreateTable", composite(TABLE)).await;
    server.ask("UpdateTable", create(json!({ "ProjectionType": "ALL" }))).await;
    let other = json!({
        "TableName": TABLE, "AttributeDefinitions": [{ "AttributeName": "label", "AttributeType": "S" }],
        "GlobalSecondaryIndexUpdates": [{ "Create": index("by_label", &[("label", "HASH")]) }],
    });
    let words = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table";
    let refusal = ("LimitExceededException".to_owned(), words.to_owned());
    assert_eq!(server.refused("UpdateTable", other.clone()).await, refusal);
    // Other settings can be changed, and the index can be given up.
    server.ask("UpdateTable", json!({ "TableName": TABLE, "TableClass": "STANDARD" })).await;
    server.ask("UpdateTable", delete()).await;
    server.ask("UpdateTable", other).await;
    server.assert_sound().await;
}
