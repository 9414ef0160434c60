//! What clients do.

pub mod bank;
pub mod changes;
pub mod registers;

use crate::requests::Refusal;
use crate::world::World;
use runtime::{Random, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

/// A token counts for ten minutes; who tries again much later does again what was done.
const TOKEN_USED_MAX: Duration = Duration::from_secs(8 * 60);

/// Whether a token that was first used at a time still counts, also for a request that is sent without waiting for anything else.
pub async fn token_counts(world: &World, since: Timestamp) -> bool {
    world.pass_jump().await;
    world.clock().now().since(since) < TOKEN_USED_MAX
}

/// A number as an attribute value.
pub fn number(value: impl ToString) -> Value {
    json!({ "N": value.to_string() })
}

/// The number in an attribute value.
pub fn parsed(value: &Value) -> Option<u64> {
    value["N"].as_str()?.parse().ok()
}

/// Lets some time pass, as a client that thinks.
pub async fn think(world: &World, random: &Random) {
    let thinks_us = random.below(world.plan().thinks_ms_max * 1000 + 1);
    world.clock().sleep(Duration::from_micros(thinks_us)).await;
}

/// Makes a table, unless it is there, and waits until it is active.
pub async fn create(world: &World, random: &Random, request: Value) {
    let name = request["TableName"].clone();
    for _ in 0..1000 {
        match world.insist(random, "DescribeTable", json!({ "TableName": name })).await {
            Ok(described) if described["Table"]["TableStatus"] == "ACTIVE" => return,
            Ok(_) => world.clock().sleep(Duration::from_millis(50)).await,
            // A request that was carried out and not answered is refused the second time.
            Err(_) => drop(world.insist(random, "CreateTable", request.clone()).await),
        }
    }
    world.fault(format!("{name} does not become active"));
}

/// Why each action of a transaction was refused, as `None` or the code of its error; nothing where the transaction was refused as a whole.
pub fn reasons(refusal: &Refusal) -> Vec<String> {
    let reasons = refusal.body["CancellationReasons"].as_array().cloned().unwrap_or_default();
    reasons.iter().map(|reason| reason["Code"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Whether a refusal says no more than that others were faster, or that it is too much at once.
pub fn is_contention(refusal: &Refusal) -> bool {
    let of_parts = || reasons(refusal).iter().any(|code| code == "TransactionConflict");
    matches!(refusal.code.as_str(), "TransactionConflictException" | "TransactionInProgressException")
        || refusal.code == "TransactionCanceledException" && of_parts()
}

/// A table with one partition key, `pk`.
pub fn simple_table(name: &str) -> Value {
    json!({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
    })
}
