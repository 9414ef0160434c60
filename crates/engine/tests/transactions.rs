//! Transactions: what they write, why they are cancelled, how they are recognized when they come again, and that they hold under
//! concurrency.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use storage::Memory;
use support::contended::Contended;
use support::unsteady::Unsteady;
use support::{Server, composite, defining, index, with};

/// The item `n` of the table `tab`.
fn key(n: i64) -> Value {
    json!({ "pk": { "S": "a" }, "sk": { "N": n.to_string() } })
}

fn item(n: i64, value: &str) -> Value {
    with(key(n), json!({ "v": { "S": value } }))
}

fn put(n: i64, value: &str) -> Value {
    json!({ "Put": { "TableName": "tab", "Item": item(n, value) } })
}

fn check(n: i64, condition: &str) -> Value {
    json!({ "ConditionCheck": { "TableName": "tab", "Key": key(n), "ConditionExpression": condition } })
}

fn write(actions: &[Value]) -> Value {
    json!({ "TransactItems": actions })
}

async fn start() -> Server {
    let server = Server::start(0).await;
    server.ask("CreateTable", composite("tab")).await;
    server
}

async fn value(server: &Server, n: i64) -> Option<String> {
    let answer = server.ask("GetItem", json!({ "TableName": "tab", "Key": key(n) })).await;
    answer["Item"]["v"]["S"].as_str().map(str::to_owned)
}

/// The reasons of a transaction that must be cancelled.
async fn cancelled(server: &Server, request: Value) -> Value {
    let (code, body) = server.refused_with_body("TransactWriteItems", request).await;
    assert_eq!(code, "TransactionCanceledException", "{body}");
    body["CancellationReasons"].clone()
}

#[tokio::test]
async fn all_actions_happen_or_none() {
    let server = start().await;
    server.ask("TransactWriteItems", write(&[put(1, "one"), put(2, "two"), put(3, "three")])).await;
    let update = json!({ "Update": {
        "TableName": "tab", "Key": key(2), "UpdateExpression": "SET v = :v, w = v",
        "ExpressionAttributeValues": { ":v": { "S": "new" } },
    } });
    let delete = json!({ "Delete": { "TableName": "tab", "Key": key(3) } });
    let answer = server.ask("TransactWriteItems", write(&[update, delete, check(1, "attribute_exists(v)")])).await;
    assert_eq!(answer, json!({}));
    let seen = [value(&server, 1).await, value(&server, 2).await, value(&server, 3).await];
    assert_eq!(seen, [Some("one".to_owned()), Some("new".to_owned()), None]);

    let request = write(&[put(1, "lost"), check(2, "attribute_not_exists(v)"), put(4, "lost")]);
    let reasons = cancelled(&server, request).await;
    let failed = json!({ "Code": "ConditionalCheckFailed", "Message": "The conditional request failed" });
    assert_eq!(reasons, json!([{ "Code": "None" }, failed, { "Code": "None" }]));
    assert_eq!((value(&server, 1).await, value(&server, 4).await), (Some("one".to_owned()), None));
    server.assert_sound().await;
}

#[tokio::test]
async fn reasons_tell_what_each_action_met() {
    let server = Server::start(0).await;
    let by_v = json!({ "GlobalSecondaryIndexes": [index("by-v", &[("v", "HASH")])] });
    server.ask("CreateTable", defining(with(composite("tab"), by_v), &["v"])).await;
    server.ask("PutItem", json!({ "TableName": "tab", "Item": item(1, "one") })).await;
    let with_old = |mut action: Value| {
        action["ConditionCheck"]["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
        action
    };
    let update = |n: i64, expression: &str| {
        json!({ "Update": {
            "TableName": "tab", "Key": key(n), "UpdateExpression": expression,
            "ExpressionAttributeValues": { ":n": { "N": "1" } },
        } })
    };
    let request = write(&[
        with_old(check(1, "attribute_not_exists(v)")),
        with_old(check(2, "attribute_exists(v)")),
        json!({ "Delete": { "TableName": "tab", "Key": { "pk": { "S": "a" } } } }),
        json!({ "Put": { "TableName": "tab", "Item": { "pk": { "S": "a" }, "sk": { "S": "x" } } } }),
        json!({ "Put": { "TableName": "tab", "Item": with(key(3), json!({ "v": { "N": "1" } })) } }),
        update(4, "SET sk = :n"),
        update(5, "SET w = w + :n"),
        put(6, "fine"),
    ]);
    let reasons = cancelled(&server, request).await;
    let invalid = |message: &str| json!({ "Code": "ValidationError", "Message": message });
    assert_eq!(
        reasons,
        json!([
            { "Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": item(1, "one") },
            { "Code": "ConditionalCheckFailed", "Message": "The conditional request failed" },
            invalid("The provided key element does not match the schema"),
            invalid("One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S"),
            invalid(
                "One or more parameter values were invalid: Type mismatch for Index Key v Expected: S Actual: N IndexName: by-v"
            ),
            invalid(
                "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key"
            ),
            invalid("The provided expression refers to an attribute that does not exist in the item"),
            { "Code": "None" },
        ])
    );
}

/// What refuses a whole request, and in which order.
#[tokio::test]
async fn requests_that_are_wrong_as_such() {
    let server = start().await;
    let unused = json!({ "ConditionCheck": {
        "TableName": "tab", "Key": key(1), "ConditionExpression": "attribute_exists(v)",
        "ExpressionAttributeValues": { ":v": { "S": "x" } },
    } });
    let absent = json!({ "Put": { "TableName": "absent", "Item": item(1, "x") } });
    let empty = json!({ "Delete": { "TableName": "tab", "Key": { "pk": { "S": "" }, "sk": { "S": "wrong" } } } });
    let number =
        json!({ "Put": { "TableName": "tab", "Item": with(key(1), json!({ "n": { "N": "1e2147483647" } })) } });
    let value = json!({ "Update": {
        "TableName": "tab", "Key": key(1), "UpdateExpression": "SET n = :v",
        "ExpressionAttributeValues": { ":v": { "N": "abc" } },
    } });
    let large = |n: i64, size: usize| put(n, &"x".repeat(size));
    let validation = "ValidationException";
    let rows = [
        (
            vec![json!({})],
            validation,
            "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request",
        ),
        (
            vec![with(put(1, "x"), json!({ "Delete": { "TableName": "tab", "Key": key(1) } }))],
            validation,
            "TransactItems can only contain one of Check, Put, Update or Delete",
        ),
        (
            vec![put(1, "x"), check(1, "attribute_exists(v)")],
            validation,
            "Transaction request cannot include multiple operations on one item",
        ),
        (vec![absent.clone()], "ResourceNotFoundException", "Requested resource not found"),
        (
            vec![absent.clone(), unused.clone()],
            validation,
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}",
        ),
        (
            vec![absent.clone(), check(1, "attribute_exists(")],
            validation,
            "Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \"(\"",
        ),
        (
            vec![put(1, "x"), empty],
            validation,
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
        ),
        (
            vec![absent, number],
            validation,
            "Number underflow. Attempting to store a number with magnitude smaller than supported range",
        ),
        (
            vec![value],
            validation,
            "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: abc for key :v",
        ),
        (vec![large(1, 409_600)], validation, "Item size has exceeded the maximum allowed size"),
        (
            (0..11).map(|n| large(n, 400_000)).collect(),
            validation,
            "The aggregate size of the items in the transaction exceeds the limit of 4 MB",
        ),
    ];
    for (actions, code, message) in rows {
        assert_eq!(server.refused("TransactWriteItems", write(&actions)).await, (code.to_owned(), message.to_owned()));
    }
    server.ask("TransactWriteItems", write(&(0..10).map(|n| large(n, 400_000)).collect::<Vec<_>>())).await;
}

#[tokio::test]
async fn a_token_stands_for_its_transaction_for_ten_minutes() {
    let server = start().await;
    let counting = |by: i64| {
        json!({
            "ClientRequestToken": "token-1", "ReturnConsumedCapacity": "TOTAL",
            "TransactItems": [{ "Update": {
                "TableName": "tab", "Key": key(1), "UpdateExpression": "ADD #n :n",
                "ExpressionAttributeNames": { "#n": "n" }, "ExpressionAttributeValues": { ":n": { "N": by.to_string() } },
            } }],
        })
    };
    let count = async || {
        let answer = server.ask("GetItem", json!({ "TableName": "tab", "Key": key(1) })).await;
        answer["Item"]["n"]["N"].as_str().unwrap().to_owned()
    };
    let units = |kind: &str| {
        let mut one = json!({ "TableName": "tab", "CapacityUnits": 2.0 });
        one[kind] = json!(2.0);
        json!({ "ConsumedCapacity": [one] })
    };
    assert_eq!(server.ask("TransactWriteItems", counting(1)).await, units("WriteCapacityUnits"));
    for minutes in [0, 3, 3, 3] {
        server.advance(minutes * 60_000).await;
        assert_eq!(server.ask("TransactWriteItems", counting(1)).await, units("ReadCapacityUnits"));
        let (code, _) = server.refused("TransactWriteItems", counting(2)).await;
        assert_eq!((code.as_str(), count().await.as_str()), ("IdempotentParameterMismatchException", "1"));
    }
    server.advance(59_999).await;
    server.ask("TransactWriteItems", counting(1)).await;
    assert_eq!(count().await, "1");
    server.advance(1).await;
    server.ask("TransactWriteItems", counting(2)).await;
    assert_eq!(count().await, "3");
    server.assert_sound().await;
}

/// A way that is not given is NONE (AWS, captures of ExecuteTransaction of October 2026).
#[tokio::test]
async fn a_token_does_not_tell_none_from_nothing() {
    let server = start().await;
    let request = |on_failure: Option<&str>| {
        let mut update = json!({
            "TableName": "tab", "Key": key(1), "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": { ":n": { "N": "1" } },
        });
        if let Some(way) = on_failure {
            update["ReturnValuesOnConditionCheckFailure"] = json!(way);
        }
        json!({ "ClientRequestToken": "token", "TransactItems": [{ "Update": update }] })
    };
    server.ask("TransactWriteItems", request(Some("NONE"))).await;
    server.ask("TransactWriteItems", request(None)).await;
    let (code, _) = server.refused("TransactWriteItems", request(Some("ALL_OLD"))).await;
    assert_eq!(code, "IdempotentParameterMismatchException");
    let answer = server.ask("GetItem", json!({ "TableName": "tab", "Key": key(1) })).await;
    assert_eq!(answer["Item"]["n"]["N"], "1");
}

/// AWS in us-east-1, captures of October 2026: without an expression nobody looks for what an expression needs.
#[tokio::test]
async fn variables_without_an_expression_are_left_alone() {
    let server = start().await;
    let variables = json!({
        "ExpressionAttributeNames": { "#v": "v" }, "ExpressionAttributeValues": { ":v": { "S": "unused" } },
    });
    let bare = with(json!({ "TableName": "tab", "Item": item(1, "one") }), variables.clone());
    server.ask("TransactWriteItems", write(&[json!({ "Put": bare }), put(2, "two")])).await;
    assert_eq!(value(&server, 1).await.as_deref(), Some("one"));
    let delete = with(json!({ "TableName": "tab", "Key": key(1) }), variables);
    server.ask("TransactWriteItems", write(&[json!({ "Delete": delete })])).await;
    assert_eq!(value(&server, 1).await, None);
    let wrong = json!({
        "TableName": "tab", "Item": item(1, "one"), "ExpressionAttributeValues": { ":v": { "N": "abc" } },
    });
    let (code, _) = server.refused("TransactWriteItems", write(&[json!({ "Put": wrong })])).await;
    assert_eq!(code, "ValidationException");
}

#[tokio::test]
async fn a_token_survives_a_restart_and_a_cancelled_transaction_leaves_none() {
    let memory = Arc::new(Memory::new());
    let server = Server::open(memory.clone(), 0);
    server.ask("CreateTable", composite("tab")).await;
    let tokened = |actions: &[Value]| with(write(actions), json!({ "ClientRequestToken": "token" }));
    cancelled(&server, tokened(&[check(1, "attribute_exists(v)")])).await;
    server.ask("TransactWriteItems", tokened(&[put(1, "one")])).await;
    server.ask("PutItem", json!({ "TableName": "tab", "Item": item(1, "later") })).await;
    let restarted = Server::open(memory, 0);
    restarted.ask("TransactWriteItems", tokened(&[put(1, "one")])).await;
    assert_eq!(value(&restarted, 1).await.as_deref(), Some("later"));
}

/// Each operation has tokens of its own (measured on AWS by dynoxide's authors).
#[tokio::test]
async fn a_token_of_one_operation_is_none_of_the_other() {
    let server = start().await;
    let token = json!({ "ClientRequestToken": "token" });
    server.ask("TransactWriteItems", with(write(&[put(1, "one")]), token.clone())).await;
    let statement = json!({ "Statement": "UPDATE tab SET v = 'two' WHERE pk = 'a' AND sk = 1" });
    server.ask("ExecuteTransaction", with(json!({ "TransactStatements": [statement] }), token)).await;
    assert_eq!(value(&server, 1).await.as_deref(), Some("two"));
    server.assert_sound().await;
}

#[tokio::test]
async fn tokens_that_are_over_are_removed() {
    let server = start().await;
    let stored = async || {
        let range = layout::keys::all_tokens();
        let scan = storage::Scan {
            from: range.from,
            to: range.to,
            direction: storage::Direction::Forward,
            max_entries: 1000,
            max_bytes: 1 << 20,
        };
        server.store.scan(scan).await.unwrap().len()
    };
    for minute in 0..60 {
        let token = json!({ "ClientRequestToken": format!("token-{minute}") });
        server.ask("TransactWriteItems", with(write(&[put(1, "x")]), token)).await;
        server.advance(60_000).await;
    }
    let left = stored().await;
    assert!((10..=20).contains(&left), "{left}");
}

#[tokio::test]
async fn what_transactions_cost() {
    let server = Server::start(0).await;
    let by_v = json!({ "GlobalSecondaryIndexes": [index("by-v", &[("v", "HASH")])] });
    server.ask("CreateTable", defining(with(composite("tab"), by_v), &["v"])).await;
    let asking = |actions: &[Value]| with(write(actions), json!({ "ReturnConsumedCapacity": "INDEXES" }));
    let long = json!({ "Put": { "TableName": "tab", "Item": with(item(2, "two"), json!({ "w": { "S": "x".repeat(1500) } })) } });
    let answer =
        server.ask("TransactWriteItems", asking(&[put(1, "one"), long, check(3, "attribute_not_exists(v)")])).await;
    let both = |units: f64, kind: &str| {
        let mut both = json!({ "CapacityUnits": units });
        both[kind] = json!(units);
        both
    };
    let write_units = |units| both(units, "WriteCapacityUnits");
    let expected = with(
        write_units(11.0),
        json!({
            "TableName": "tab", "Table": write_units(8.0), "GlobalSecondaryIndexes": { "by-v": write_units(3.0) },
        }),
    );
    assert_eq!(answer["ConsumedCapacity"], json!([expected]));
    let get = |n: i64| json!({ "Get": { "TableName": "tab", "Key": key(n) } });
    let answer = server.ask("TransactGetItems", asking(&[get(1), get(9)])).await;
    let read_units = |units| both(units, "ReadCapacityUnits");
    let expected = with(read_units(4.0), json!({ "TableName": "tab", "Table": read_units(4.0) }));
    assert_eq!(answer["ConsumedCapacity"], json!([expected]));
    assert_eq!(answer["Responses"], json!([{ "Item": item(1, "one") }, {}]));
}

#[tokio::test]
async fn reads_of_a_transaction() {
    let server = start().await;
    server
        .ask("PutItem", json!({ "TableName": "tab", "Item": with(item(1, "one"), json!({ "w": { "S": "x" } })) }))
        .await;
    let get = |n: Value, projection: &str| json!({ "Get": { "TableName": "tab", "Key": n, "ProjectionExpression": projection } });
    let answer = server.ask("TransactGetItems", write(&[get(key(1), "v"), get(key(2), "v")])).await;
    assert_eq!(answer, json!({ "Responses": [{ "Item": { "v": { "S": "one" } } }, {}] }));
    let answer = server.ask("TransactGetItems", write(&[get(key(1), "absent")])).await;
    assert_eq!(answer, json!({ "Responses": [{}] }));

    let empty = get(json!({ "pk": { "S": "" }, "sk": { "N": "1" } }), "v");
    let (code, body) = server.refused_with_body("TransactGetItems", write(&[get(key(1), "v"), empty])).await;
    assert_eq!(
        (code.as_str(), &body["CancellationReasons"][0]),
        ("TransactionCanceledException", &json!({ "Code": "None" }))
    );
    assert_eq!(body["CancellationReasons"][1]["Code"], "ValidationError");
    let (code, message) = server.refused("TransactGetItems", write(&[get(key(1), "v"), get(key(1), "w")])).await;
    let twice = "Transaction request cannot include multiple operations on one item";
    assert_eq!((code.as_str(), message.as_str()), ("ValidationException", twice));
}

/// What somebody else keeps busy for half a second is told to the client, which may try again.
#[tokio::test]
async fn conflicts_that_do_not_end() {
    let store = Arc::new(Contended::default());
    let server = Server::open(store.clone(), 0);
    server.ask("CreateTable", composite("tab")).await;
    let tries = || store.conflicts.load(Ordering::Relaxed);
    // The checks of a commit: the token's three places if there is a token; the table and the first item; the second item.
    let transaction = write(&[put(1, "one"), put(2, "two")]);
    let busy = |at: usize| {
        let mut reasons = [json!({ "Code": "None" }), json!({ "Code": "None" })];
        reasons[at] = json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" });
        json!(reasons)
    };
    for (check, at) in [(0, 0), (1, 0), (2, 1)] {
        store.contend(&server.clock, check);
        assert_eq!(cancelled(&server, transaction.clone()).await, busy(at));
        assert_eq!(tries(), 6);
    }
    let tokened = with(transaction, json!({ "ClientRequestToken": "token" }));
    for (check, code) in [(0, "TransactionInProgressException"), (2, "TransactionInProgressException")] {
        store.contend(&server.clock, check);
        assert_eq!(server.refused("TransactWriteItems", tokened.clone()).await.0, code);
    }
    store.contend(&server.clock, 5);
    assert_eq!(cancelled(&server, tokened).await, busy(1));
    let (code, message) = server.refused("PutItem", json!({ "TableName": "tab", "Item": item(1, "x") })).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("TransactionConflictException", "Transaction is ongoing for the item")
    );
}

/// Transfers between accounts over a store whose calls take turns in every possible order: the sum that a transaction reads never
/// changes, and neither does the one at the end.
#[tokio::test]
async fn money_is_conserved_whatever_the_interleaving() {
    const ACCOUNTS: i64 = 4;
    for seed in 0..20 {
        let memory = Arc::new(Memory::new());
        let server = Arc::new(Server::open(Arc::new(Unsteady::new(memory, seed, u64::MAX)), 0));
        server.ask("CreateTable", composite("tab")).await;
        let account =
            |n: i64| json!({ "Put": { "TableName": "tab", "Item": with(key(n), json!({ "n": { "N": "100" } })) } });
        server.ask("TransactWriteItems", write(&(0..ACCOUNTS).map(account).collect::<Vec<_>>())).await;
        let mut tasks = Vec::new();
        for client in 0..6 {
            let server = server.clone();
            tasks.push(runtime::spawn(async move {
                for round in 0..10 {
                    transfer(&server, (client + round) % ACCOUNTS, (client + 2 * round + 1) % ACCOUNTS).await;
                    assert_eq!(sum(&server, ACCOUNTS).await, 100 * ACCOUNTS);
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(sum(&server, ACCOUNTS).await, 100 * ACCOUNTS);
        server.assert_sound().await;
    }
}

async fn transfer(server: &Server, from: i64, to: i64) {
    if from == to {
        return;
    }
    let change = |n: i64, expression: &str, condition: Option<&str>| {
        let mut update = json!({
            "TableName": "tab", "Key": key(n), "UpdateExpression": expression,
            "ExpressionAttributeValues": { ":n": { "N": "30" } },
        });
        if let Some(condition) = condition {
            update["ConditionExpression"] = json!(condition);
        }
        json!({ "Update": update })
    };
    let request = write(&[change(from, "SET n = n - :n", Some("n >= :n")), change(to, "SET n = n + :n", None)]);
    if let Err((code, message)) = server.call("TransactWriteItems", &request).await {
        assert_eq!(code, "TransactionCanceledException");
        assert!(message.contains("[ConditionalCheckFailed, None]"), "{message}");
    }
}

async fn sum(server: &Server, accounts: i64) -> i64 {
    let get = |n: i64| json!({ "Get": { "TableName": "tab", "Key": key(n) } });
    let answer = server.ask("TransactGetItems", write(&(0..accounts).map(get).collect::<Vec<_>>())).await;
    let amount = |response: &Value| response["Item"]["n"]["N"].as_str().unwrap().parse::<i64>().unwrap();
    answer["Responses"].as_array().unwrap().iter().map(amount).sum()
}
