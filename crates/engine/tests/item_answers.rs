//! What operations on items answer beside the items, what they refuse across parameters, and lists of the length that a request has
//! room for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Server, composite, index, with};

/// As long as lists get in a test without optimization. A walk of pairs would take minutes.
const MANY: usize = 20_000;

fn key(sort: i64) -> Value {
    json!({ "pk": { "S": "a" }, "sk": { "N": sort.to_string() } })
}

/// A table `plain`, and a table `local` with a local index.
async fn two_tables() -> Server {
    let server = Server::start(0).await;
    let indexed = |request| {
        let indexes = json!([index("by-sort", &[("pk", "HASH"), ("sk", "RANGE")])]);
        with(request, json!({ "LocalSecondaryIndexes": indexes }))
    };
    server.ask("CreateTable", composite("plain")).await;
    server.ask("CreateTable", indexed(composite("local"))).await;
    server
}

#[tokio::test]
async fn batches_answer_no_empty_lists_of_what_nobody_wants() {
    let server = two_tables().await;
    let none = json!({ "ReturnConsumedCapacity": "NONE", "ReturnItemCollectionMetrics": "SIZE" });
    let write = json!({ "RequestItems": { "plain": [{ "PutRequest": { "Item": key(1) } }] } });
    assert_eq!(server.ask("BatchWriteItem", with(write, none)).await, json!({ "UnprocessedItems": {} }));
    let read = json!({ "RequestItems": { "plain": { "Keys": [key(1)] } }, "ReturnConsumedCapacity": "NONE" });
    let answer = json!({ "Responses": { "plain": [key(1)] }, "UnprocessedKeys": {} });
    assert_eq!(server.ask("BatchGetItem", read.clone()).await, answer);
    let counted = server.ask("BatchGetItem", with(read, json!({ "ReturnConsumedCapacity": "TOTAL" }))).await;
    assert_eq!(counted["ConsumedCapacity"], json!([{ "TableName": "plain", "CapacityUnits": 0.5 }]));
}

#[tokio::test]
async fn an_empty_item_collection_has_metrics() {
    let server = two_tables().await;
    let empty = json!({ "ItemCollectionKey": { "pk": { "S": "a" } }, "SizeEstimateRangeGB": [0.0, 1.0] });
    let delete = json!({ "TableName": "local", "Key": key(1), "ReturnItemCollectionMetrics": "SIZE" });
    let answer = server.ask("DeleteItem", delete.clone()).await;
    assert_eq!(answer["ItemCollectionMetrics"], empty);
    let plain = server.ask("DeleteItem", with(delete, json!({ "TableName": "plain" }))).await;
    assert_eq!(plain, json!({}));
    let batch = json!({
        "RequestItems": { "local": [{ "DeleteRequest": { "Key": key(1) } }, { "PutRequest": { "Item": key(2) } }] },
        "ReturnItemCollectionMetrics": "SIZE",
    });
    let answer = server.ask("BatchWriteItem", batch).await;
    assert_eq!(answer["ItemCollectionMetrics"], json!({ "local": [empty] }));
}

#[tokio::test]
async fn conditions_may_look_into_keys() {
    let server = two_tables().await;
    let condition = json!({ "TableName": "local", "ConditionExpression": "sk.a = pk" });
    for (operation, request) in [
        ("PutItem", json!({ "Item": key(1) })),
        ("DeleteItem", json!({ "Key": key(1) })),
        ("UpdateItem", json!({ "Key": key(1) })),
    ] {
        let refusal = server.refused(operation, with(request, condition.clone())).await;
        assert_eq!(refusal.0, "ConditionalCheckFailedException", "{operation}");
    }
}

#[tokio::test]
async fn a_conditional_operator_is_no_expression() {
    let server = two_tables().await;
    let mixed = |legacy: &str, expressions: &str| {
        let words = "1 validation error detected: Can not use both expression and non-expression parameters in the same request:";
        format!("{words} Non-expression parameters: {{{legacy}}} Expression parameters: {{{expressions}}}")
    };
    let condition = json!({ "TableName": "plain", "ConditionalOperator": "AND", "ConditionExpression": "pk = sk" });
    let put = with(json!({ "Item": key(1) }), condition.clone());
    assert_eq!(server.refused("PutItem", put).await.1, mixed("ConditionalOperator", "ConditionExpression"));
    let update = json!({
        "Key": key(1), "UpdateExpression": "REMOVE a", "AttributeUpdates": {}, "Expected": { "a": { "Exists": false } },
    });
    assert_eq!(
        server.refused("UpdateItem", with(update, condition)).await.1,
        mixed("AttributeUpdates, Expected, ConditionalOperator", "UpdateExpression, ConditionExpression")
    );
}

fn many(element: impl Fn(String) -> Value) -> Value {
    (0..MANY).map(|number| element(format!("name{number}"))).collect()
}

#[tokio::test]
async fn long_lists_in_operations_on_tables() {
    let server = two_tables().await;
    let invalid =
        |words: &str| ("ValidationException".to_owned(), format!("One or more parameter values were invalid: {words}"));
    let indexes = || many(|name| index(&name, &[("pk", "HASH"), ("sk", "RANGE")]));
    let global = with(composite("new"), json!({ "GlobalSecondaryIndexes": indexes() }));
    let words = "GlobalSecondaryIndex count exceeds the per-table limit of 20";
    assert_eq!(server.refused("CreateTable", global).await, invalid(words));
    let local = with(composite("new"), json!({ "LocalSecondaryIndexes": indexes() }));
    let words = "Number of LocalSecondaryIndexes exceeds per-table limit of 5";
    assert_eq!(server.refused("CreateTable", local).await, invalid(words));
    let definition = |name| json!({ "AttributeName": name, "AttributeType": "S" });
    let element = |name| json!({ "AttributeName": name, "KeyType": "HASH" });
    let wide = json!([{ "IndexName": "wide", "KeySchema": many(element), "Projection": { "ProjectionType": "ALL" } }]);
    let defined = with(composite("new"), json!({ "GlobalSecondaryIndexes": wide }));
    let definitions =
        [defined["AttributeDefinitions"].as_array().unwrap().clone(), many(definition).as_array().unwrap().clone()];
    let refusal =
        server.refused("CreateTable", with(defined, json!({ "AttributeDefinitions": definitions.concat() }))).await;
    assert!(refusal.1.contains("at most 4 attributes"), "{}", &refusal.1[..200]);
    let deletes = many(|name| json!({ "Delete": { "IndexName": name } }));
    let update = json!({ "TableName": "plain", "GlobalSecondaryIndexUpdates": deletes });
    assert_eq!(server.refused("UpdateTable", update).await.0, "LimitExceededException");
    let unused = json!({ "TableName": "plain", "TableClass": "STANDARD", "AttributeDefinitions": many(definition) });
    server.ask("UpdateTable", unused).await;
    let arn = server.describe("plain").await["TableArn"].take();
    let tags = json!({ "ResourceArn": arn, "Tags": many(|name| json!({ "Key": name, "Value": "" })) });
    assert_eq!(server.refused("TagResource", tags).await.0, "ValidationException");
    server.ask("UntagResource", json!({ "ResourceArn": arn, "TagKeys": many(Value::String) })).await;
}

#[tokio::test]
async fn long_lists_in_operations_on_items() {
    let server = two_tables().await;
    let get = json!({ "TableName": "plain", "Key": key(1), "AttributesToGet": many(Value::String) });
    assert_eq!(server.ask("GetItem", get).await, json!({}));
    let condition = json!({ "pk": { "ComparisonOperator": "EQ", "AttributeValueList": [{ "S": "a" }] } });
    let query = json!({
        "TableName": "local", "IndexName": "by-sort", "KeyConditions": condition, "AttributesToGet": many(Value::String),
    });
    assert_eq!(server.ask("Query", query).await["Count"], json!(0));
    let tables: Value = (0..MANY).map(|number| (format!("table{number}"), json!({ "Keys": [key(1)] }))).collect();
    assert_eq!(server.refused("BatchGetItem", json!({ "RequestItems": tables })).await.0, "ValidationException");
    let writes = many(|_| json!({ "DeleteRequest": { "Key": key(1) } }));
    let batch = json!({ "RequestItems": { "plain": writes } });
    assert_eq!(server.refused("BatchWriteItem", batch).await.0, "ValidationException");
}

/// Names may not be empty, at any depth and in keys; placeholders have words of their own.
#[tokio::test]
async fn empty_attribute_names_are_refused() {
    let server = two_tables().await;
    let empty = json!({ "": { "S": "x" } });
    let nested = json!({ "v": { "L": [{ "M": { "": { "S": "x" } } }] } });
    let enveloped = "1 validation error detected: Empty attribute name";
    for members in [empty.clone(), nested] {
        let put = json!({ "TableName": "absent", "Item": with(key(1), members.clone()) });
        let refused = server.refused("PutItem", put.clone()).await;
        assert_eq!(refused, ("ValidationException".to_owned(), enveloped.to_owned()));
        let refused = server.refused("TransactWriteItems", json!({ "TransactItems": [{ "Put": put }] })).await;
        assert_eq!(refused, ("ValidationException".to_owned(), "Empty attribute name".to_owned()));
    }
    let get = json!({ "TableName": "plain", "Key": with(key(1), empty) });
    assert_eq!(server.refused("GetItem", get).await.1, "Empty attribute name");
    let values = json!({ ":v": { "M": { "": { "S": "x" } } } });
    let scan = json!({ "TableName": "absent", "FilterExpression": "a = :v", "ExpressionAttributeValues": values });
    assert_eq!(server.refused("Scan", scan).await.1, "Empty attribute name");
    let nested = json!({ ":v": { "M": { "": { "S": "x" } } } });
    let check = json!({
        "TableName": "plain", "Key": key(1), "ConditionExpression": "v = :v", "ExpressionAttributeValues": nested,
    });
    let refused = server.refused("TransactWriteItems", json!({ "TransactItems": [{ "ConditionCheck": check }] })).await;
    assert_eq!(refused.1, "ExpressionAttributeValues contains invalid value: Empty attribute name for key :v");
    let unnamed = json!({
        "TableName": "plain", "Item": key(1), "ConditionExpression": "attribute_exists(v)",
        "ExpressionAttributeValues": { "": { "S": "x" } },
    });
    let refused = server.refused("PutItem", unnamed).await;
    let words = "1 validation error detected: ExpressionAttributeValues contains invalid key: Syntax error; key: \"\"";
    assert_eq!(refused.1, words);
}
