//! What a transaction is refused for where a value is nested too deep and something else is wrong as well (captures of October 2026, the
//! conformance suite's `deepRequests`).
//!
//! A key that is too deep was told before what is wrong with the expressions of its action, an attribute without a name was told before a
//! value that is too deep wherever it stood, and a value of an expression that is too deep without its placeholder. Every table here is
//! absent: each answer comes before the table is looked up.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Server, with};

const NEST: &str =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
const FOR_KEY: &str = "ExpressionAttributeValues contains invalid value: Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit for key :deep";
const SYNTAX: &str = "Invalid ConditionExpression: Syntax error; token: \"=\", near: \"= = b\"";
const EMPTY_NAME: &str = "Empty attribute name";

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!({ "S": "leaf" }), |inner, _| json!({ "M": { "n": inner } }))
}

fn key(pk: Value) -> Value {
    json!({ "pk": pk, "sk": { "S": "1" } })
}

fn text(text: &str) -> Value {
    json!({ "S": text })
}

fn put(item: Value) -> Value {
    json!({ "Put": { "TableName": "absent", "Item": with(key(text("a")), item) } })
}

fn delete(key: Value, more: Value) -> Value {
    json!({ "Delete": with(json!({ "TableName": "absent", "Key": key }), more) })
}

fn check(key: Value, more: Value) -> Value {
    json!({ "ConditionCheck": with(json!({ "TableName": "absent", "Key": key }), more) })
}

fn update(key: Value, more: Value) -> Value {
    json!({ "Update": with(json!({ "TableName": "absent", "Key": key }), more) })
}

fn unused() -> Value {
    let values = json!({ ":v": text("x"), ":u": text("y") });
    update(key(text("a")), json!({ "UpdateExpression": "SET a = :v", "ExpressionAttributeValues": values }))
}

fn compared(levels: usize) -> Value {
    json!({ "ConditionExpression": "d = :deep", "ExpressionAttributeValues": { ":deep": deep(levels) } })
}

fn exists() -> Value {
    json!({ "ConditionExpression": "attribute_exists(a)" })
}

fn malformed() -> Value {
    json!({ "ConditionExpression": "a = = b" })
}

async fn expect(rows: &[(Vec<Value>, &str)]) {
    let server = Server::start(0).await;
    for (actions, words) in rows {
        let refusal = server.refused("TransactWriteItems", json!({ "TransactItems": actions })).await;
        assert_eq!(refusal, ("ValidationException".to_owned(), (*words).to_owned()), "{actions:?}");
    }
}

#[tokio::test]
async fn the_first_action_that_is_wrong_is_told() {
    let nameless = || put(json!({ "": text("x") }));
    let set = json!({ "UpdateExpression": "SET d = :deep", "ExpressionAttributeValues": { ":deep": deep(40) } });
    let malformed_put = json!({ "Put": with(json!({ "TableName": "absent", "Item": key(text("a")) }), malformed()) });
    expect(&[
        (vec![put(json!({ "d": deep(40) })), nameless()], NEST),
        (vec![nameless(), put(json!({ "d": deep(100) }))], EMPTY_NAME),
        (vec![nameless(), check(key(text("b")), compared(100))], EMPTY_NAME),
        (vec![check(key(text("b")), compared(40)), nameless()], FOR_KEY),
        (vec![update(key(text("a")), set), nameless()], FOR_KEY),
        (vec![delete(key(deep(40)), json!({})), malformed_put.clone()], NEST),
        (vec![check(key(deep(40)), exists()), unused()], NEST),
        (vec![malformed_put, delete(key(deep(100)), json!({}))], SYNTAX),
        (
            vec![unused(), check(key(deep(100)), exists())],
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:u}",
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_size_of_an_update_that_is_too_long_is_not_told() {
    let targets: Vec<String> = (0..500).map(|at| format!("a{at} = :v")).collect();
    let set = format!("SET {}", targets.join(", "));
    let oversized = json!({ "UpdateExpression": set, "ExpressionAttributeValues": { ":v": text("x") } });
    expect(&[(
        vec![update(key(text("a")), oversized.clone()), check(key(deep(100)), exists())],
        "Invalid UpdateExpression: Expression size has exceeded the maximum allowed size;",
    )])
    .await;
    let server = Server::start(0).await;
    let request = with(json!({ "TableName": "absent", "Key": key(text("a")) }), oversized);
    let words =
        "1 validation error detected: Invalid UpdateExpression: Expression size has exceeded the maximum allowed size;";
    assert_eq!(server.refused("UpdateItem", request).await.1, words);
    let filter = json!({ "TableName": "absent", "FilterExpression": "a".repeat(4097) });
    let words = "Invalid FilterExpression: Expression size has exceeded the maximum allowed size;";
    assert_eq!(server.refused("Scan", filter.clone()).await.1, format!("{words} expression size: 4097"));
    let query = json!({ "KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": { ":v": text("x") } });
    assert_eq!(server.refused("Query", with(filter, query)).await.1, words);
}

#[tokio::test]
async fn of_one_action_a_deep_key_is_told_last() {
    let condition = format!("a = :v{}", " AND a = :v".repeat(373));
    let oversized = json!({ "ConditionExpression": condition, "ExpressionAttributeValues": { ":v": text("x") } });
    expect(&[
        (vec![delete(key(deep(100)), malformed())], SYNTAX),
        (
            vec![delete(key(deep(100)), oversized)],
            "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4109",
        ),
        (vec![check(key(deep(100)), exists())], NEST),
        (
            vec![delete(json!({ "pk": { "SS": [] } }), malformed())],
            "One or more parameter values were invalid: An string set  may not be empty",
        ),
        (vec![delete(json!({ "": text("x") }), malformed())], EMPTY_NAME),
    ])
    .await;
}

#[tokio::test]
async fn of_one_item_depth_is_told_between_names() {
    let inside = json!({ "M": { "": text("x") } });
    expect(&[
        (vec![put(json!({ "": text("x"), "d": deep(100) }))], EMPTY_NAME),
        (vec![put(json!({ "d": deep(40), "m": inside.clone() }))], NEST),
        (vec![put(json!({ "c": inside.clone(), "d": deep(40) }))], NEST),
        (vec![put(json!({ "c": inside }))], EMPTY_NAME),
    ])
    .await;
}
