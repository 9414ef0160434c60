//! BatchExecuteStatement and ExecuteTransaction: what they answer statement by statement, and what refuses or cancels them. Unless a test
//! says otherwise its expectations are captures from AWS of September and October 2026.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Server, with};

/// `plain` (pk, sk: S) with the index `gsi`, and `hash` (pk: S).
async fn tables() -> Server {
    let server = Server::start(0).await;
    let strings = |names: &[&str]| -> Value {
        names.iter().map(|name| json!({ "AttributeName": name, "AttributeType": "S" })).collect()
    };
    let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    let index = |name: &str, keys: Value| json!({ "IndexName": name, "KeySchema": keys, "Projection": { "ProjectionType": "ALL" } });
    let plain = json!({
        "TableName": "plain", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": strings(&["pk", "sk", "g", "h"]),
        "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
        "GlobalSecondaryIndexes": [
            index("gsi", json!([key("g", "HASH")])), index("multi", json!([key("g", "HASH"), key("h", "HASH")])),
        ],
    });
    let hash = json!({
        "TableName": "hash", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": strings(&["pk"]),
        "KeySchema": [key("pk", "HASH")],
    });
    server.ask("CreateTable", plain).await;
    server.ask("CreateTable", hash).await;
    for sk in ["1", "2"] {
        let item = json!({ "pk": { "S": "a" }, "sk": { "S": sk }, "flag": { "S": "right" } });
        server.ask("PutItem", json!({ "TableName": "plain", "Item": item })).await;
    }
    server
}

fn batch(statements: &[&str]) -> Value {
    let statements: Vec<Value> = statements.iter().map(|text| json!({ "Statement": text })).collect();
    json!({ "Statements": statements })
}

fn transaction(statements: &[&str]) -> Value {
    let statements: Vec<Value> = statements.iter().map(|text| json!({ "Statement": text })).collect();
    json!({ "TransactStatements": statements })
}

/// The answers of a batch, each as an item, or as code, words and table.
async fn answers(server: &Server, request: Value) -> Vec<Value> {
    let answer = server.ask("BatchExecuteStatement", request).await;
    answer["Responses"].as_array().unwrap().clone()
}

fn error(code: &str, message: &str) -> Value {
    json!({ "Error": { "Code": code, "Message": message } })
}

const HASH_KEY_TOO_LARGE: &str =
    "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes";

const WITHOUT_KEY: &str =
    "Select statements within BatchExecuteStatement must specify the primary key in the where clause.";

#[tokio::test]
async fn a_batch_reads_items_by_their_keys() {
    let server = tables().await;
    let invalid = |message: &str| error("ValidationError", message);
    let item = |sk: &str| json!({ "TableName": "plain", "Item": { "sk": { "S": sk } } });
    let request = batch(&[
        "SELECT sk FROM plain WHERE pk = 'a' AND sk = '1'",
        "SELECT sk FROM plain WHERE sk IN ['2'] AND pk = 'a'",
        "SELECT sk FROM plain WHERE pk = 'a' AND sk = '9'",
        "SLECT * FROM plain",
        "SELECT * FROM nope WHERE pk = 'a'",
        "SELECT * FROM plain WHERE pk = 'a'",
        "SELECT * FROM plain.gsi WHERE g = 'a'",
        "SELECT * FROM plain.multi WHERE g = 'a'",
        "SELECT * FROM plain WHERE pk = 'a' AND sk = '1' AND flag = 'right'",
        "SELECT * FROM plain WHERE pk = 'a' AND sk = '1' AND pk = 'b'",
        "SELECT * FROM plain WHERE pk IN ['a', 'a'] AND sk = '1'",
        "SELECT * FROM plain WHERE pk = true AND sk = '1'",
        "SELECT * FROM plain WHERE pk = 'a' AND sk = 1",
        &format!("SELECT * FROM plain WHERE pk = '{}' AND sk = '1'", "x".repeat(2049)),
    ]);
    let multi =
        "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.";
    let expected = [
        item("1"),
        item("2"),
        json!({ "TableName": "plain" }),
        invalid("Statement wasn't well formed, can't be processed: Expected data manipulation"),
        error("ResourceNotFound", "Requested resource not found"),
        invalid(WITHOUT_KEY),
        invalid(WITHOUT_KEY),
        invalid(multi),
        invalid(WITHOUT_KEY),
        invalid(WITHOUT_KEY),
        invalid("Overlapping conditions with range keys are not supported in where clause"),
        invalid("Key value must be of type S, N, or B. Key name: pk, Key type: BOOL"),
        invalid("Key attribute's data type should match its data type in table's schema: Key sk"),
        with(invalid(HASH_KEY_TOO_LARGE), json!({ "TableName": "plain" })),
    ];
    let answers = answers(&server, request).await;
    for (answer, expected) in answers.iter().zip(&expected) {
        assert_eq!(answer, expected);
    }
    assert_eq!(answers.len(), expected.len());
}

#[tokio::test]
async fn a_batch_writes_items_one_by_one() {
    let server = tables().await;
    let text = "INSERT INTO hash VALUE {'pk': 'text', 'flag': 'x'}";
    server.ask("ExecuteStatement", json!({ "Statement": text })).await;
    let request = batch(&[
        "INSERT INTO hash VALUE {'pk': 'new', 'n': 1}",
        "UPDATE plain SET n = 1 WHERE pk = 'a' AND sk = '1' RETURNING MODIFIED NEW *",
        "UPDATE plain SET n = 1 WHERE pk = 'a' AND sk = '2' AND flag = 'wrong'",
        "DELETE FROM plain WHERE pk = 'a' AND sk = '9' RETURNING MODIFIED OLD *",
        "UPDATE plain SET n = 1 WHERE pk = 'a'",
        "EXISTS(SELECT * FROM plain WHERE pk = 'a' AND sk = '3' AND n IS MISSING)",
        "UPDATE hash SET flag = flag + 1 WHERE pk = 'text'",
        "UPDATE plain SET sk = '7' WHERE pk = 'a' AND sk = '3'",
        &format!("DELETE FROM plain WHERE pk = 'a' AND sk = '{}'", "x".repeat(1025)),
    ]);
    let first = answers(&server, request).await;
    let returning =
        "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.";
    let expected = [
        json!({ "TableName": "hash" }),
        json!({ "TableName": "plain", "Item": { "n": { "N": "1" } } }),
        json!({
            "Error": { "Code": "ConditionalCheckFailed", "Message": "The conditional request failed" }, "TableName": "plain",
        }),
        error("ValidationError", returning),
        error("ValidationError", "Where clause does not contain a mandatory equality on all key attributes"),
        error("ValidationError", "EXISTS can only be used in ExecuteTransaction write requests."),
        // Of what is invalid a table is told only by what is refused before anything is read.
        error("ValidationError", "An operand in the update expression has an incorrect data type"),
        with(
            error(
                "ValidationError",
                "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key",
            ),
            json!({ "TableName": "plain" }),
        ),
        with(
            error(
                "ValidationError",
                "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
            ),
            json!({ "TableName": "plain" }),
        ),
    ];
    assert_eq!(first, expected);
    let second = answers(&server, batch(&["INSERT INTO hash VALUE {'pk': 'new'}"])).await;
    let words = "Duplicate primary key exists in table";
    assert_eq!(second, [json!({ "Error": { "Code": "DuplicateItem", "Message": words }, "TableName": "hash" })]);
    server.assert_sound().await;
}

#[tokio::test]
async fn batches_that_are_refused() {
    let server = tables().await;
    let rows = [
        (
            vec!["SELECT * FROM hash WHERE pk = 'a'", "DELETE FROM hash WHERE pk = 'b'"],
            "Read and write requests together in the same batch is not supported.",
        ),
        (
            vec!["DELETE FROM hash WHERE pk = 'a'", "UPDATE hash SET n = 1 WHERE pk = 'a'"],
            "Provided list of item keys contains duplicates",
        ),
        (
            vec!["SELECT * FROM hash WHERE pk = 'a'", "SELECT n FROM hash WHERE pk IN ['a']"],
            "Provided list of item keys contains duplicates",
        ),
    ];
    for (statements, words) in rows {
        let refusal = server.refused("BatchExecuteStatement", batch(&statements)).await;
        assert_eq!(refusal, ("ValidationException".to_owned(), words.to_owned()));
    }
    assert_eq!(server.refused("BatchExecuteStatement", batch(&[])).await.0, "ValidationException");
    assert_eq!(server.refused("BatchExecuteStatement", batch(&["x"; 26])).await.0, "ValidationException");
}

#[tokio::test]
async fn parameters_are_told_statement_by_statement() {
    let server = tables().await;
    let statement = "SELECT * FROM hash WHERE pk = ?";
    let with_parameters = |parameters: Value| json!({ "Statement": statement, "Parameters": parameters });
    let request = json!({ "Statements": [
        with_parameters(json!([{ "N": "1e99999999999" }])),
        with_parameters(json!([{ "S": "x" }])),
        with_parameters(json!([{ "SS": [] }])),
        with_parameters(json!([{ "S": "y" }, { "N": "abc" }])),
        with_parameters(json!([{ "S": "z" }, { "S": "more than is used" }])),
        json!({ "Statement": statement }),
    ] });
    let answers = answers(&server, request).await;
    let words: Vec<&str> = answers.iter().map(|answer| answer["Error"]["Message"].as_str().unwrap_or("fine")).collect();
    assert_eq!(
        words,
        [
            "The parameter cannot be converted to a numeric value: 1e99999999999",
            "fine",
            "One or more parameter values were invalid: An string set  may not be empty",
            "The parameter cannot be converted to a numeric value: abc",
            "fine",
            "Number of parameters in request and statement don't match.",
        ]
    );
}

#[tokio::test]
async fn what_batches_cost() {
    let server = tables().await;
    let read = with(
        batch(&["SELECT * FROM hash WHERE pk = 'a'", "SELECT * FROM plain WHERE pk = 'a' AND sk = '1'"]),
        json!({ "ReturnConsumedCapacity": "TOTAL" }),
    );
    let answer = server.ask("BatchExecuteStatement", read).await;
    let capacity = json!([
        { "TableName": "hash", "CapacityUnits": 0.5 }, { "TableName": "plain", "CapacityUnits": 0.5 },
    ]);
    assert_eq!(answer["ConsumedCapacity"], capacity);
    let failing = with(batch(&["SELECT * FROM hash"]), json!({ "ReturnConsumedCapacity": "TOTAL" }));
    let answer = server.ask("BatchExecuteStatement", failing).await;
    assert!(answer.get("ConsumedCapacity").is_none());
}

#[tokio::test]
async fn writes_that_failed_are_charged_beside_others_of_their_table() {
    let server = tables().await;
    let large = "x".repeat(2500);
    server.ask("ExecuteStatement", json!({ "Statement": "INSERT INTO hash VALUE {'pk': 'small'}" })).await;
    let statement = format!("INSERT INTO hash VALUE {{'pk': 'large', 'text': '{large}'}}");
    server.ask("ExecuteStatement", json!({ "Statement": statement })).await;
    let request = batch(&[
        "INSERT INTO hash VALUE {'pk': 'new'}",
        "INSERT INTO hash VALUE {'pk': 'large'}",
        &format!("INSERT INTO hash VALUE {{'pk': 'small', 'text': '{large}'}}"),
        "UPDATE hash SET n = 1 WHERE pk = 'nope'",
        "UPDATE hash SET pk = 'other' WHERE pk = 'again'",
        "UPDATE hash SET n = 1",
        "UPDATE plain SET n = 1 WHERE pk = 'nope' AND sk = '1'",
    ]);
    let request = with(request, json!({ "ReturnConsumedCapacity": "INDEXES" }));
    let answer = server.ask("BatchExecuteStatement", request).await;
    let used = json!([{ "TableName": "hash", "CapacityUnits": 8.0, "Table": { "CapacityUnits": 1.0 } }]);
    assert_eq!(answer["ConsumedCapacity"], used);
}

#[tokio::test]
async fn an_item_that_failed_a_condition_is_returned_where_it_is_wanted() {
    let server = tables().await;
    let statement = json!({
        "Statement": "UPDATE plain SET n = 1 WHERE pk = 'a' AND sk = '1' AND flag = 'wrong'",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    let item = json!({ "pk": { "S": "a" }, "sk": { "S": "1" }, "flag": { "S": "right" } });
    let (code, body) = server.refused_with_body("ExecuteStatement", statement.clone()).await;
    assert_eq!((code.as_str(), &body["Item"]), ("ConditionalCheckFailedException", &item));
    let answers = answers(&server, json!({ "Statements": [statement.clone()] })).await;
    assert_eq!(answers[0]["Error"]["Item"], item);
    let (_, body) = server.refused_with_body("ExecuteTransaction", json!({ "TransactStatements": [statement] })).await;
    assert_eq!(body["CancellationReasons"][0]["Item"], item);
}

#[tokio::test]
async fn transactions_write_all() {
    let server = tables().await;
    let request = transaction(&[
        "INSERT INTO hash VALUE {'pk': 'new', 'n': 1}",
        "UPDATE plain SET n = 1 WHERE pk = 'a' AND sk = '1' AND flag = 'right'",
        "FROM hash WHERE pk = 'x' SET n = 2",
        "EXISTS(SELECT * FROM plain WHERE (pk = 'a' AND sk = '2') AND n IS MISSING)",
        "DELETE FROM hash WHERE pk = 'gone'",
    ]);
    server.ask("ExecuteStatement", json!({ "Statement": "INSERT INTO hash VALUE {'pk': 'x'}" })).await;
    let capacity = json!({ "ReturnConsumedCapacity": "TOTAL" });
    let answer = server.ask("ExecuteTransaction", with(request, capacity)).await;
    assert_eq!(answer["Responses"], json!([]));
    let used = json!([
        { "TableName": "hash", "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0 },
        { "TableName": "plain", "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0 },
    ]);
    assert_eq!(answer["ConsumedCapacity"], used);
    let read = transaction(&[
        "SELECT n FROM hash WHERE pk = 'new'",
        "SELECT n FROM plain WHERE pk = 'a' AND sk IN ['1']",
        "SELECT n FROM hash WHERE pk = 'nope'",
    ]);
    let answer = server.ask("ExecuteTransaction", read).await;
    let one = json!({ "Item": { "n": { "N": "1" } } });
    assert_eq!(answer["Responses"], json!([one, one, {}]));
    server.assert_sound().await;
}

#[tokio::test]
async fn a_token_is_carried_out_once() {
    let server = tables().await;
    server.ask("ExecuteStatement", json!({ "Statement": "INSERT INTO hash VALUE {'pk': 'c', 'n': 0}" })).await;
    let token = json!({ "ClientRequestToken": "token", "ReturnConsumedCapacity": "INDEXES" });
    let request = with(transaction(&["UPDATE hash SET n = n + 1 WHERE pk = 'c'"]), token.clone());
    let first = server.ask("ExecuteTransaction", request.clone()).await;
    let again = server.ask("ExecuteTransaction", request).await;
    assert_eq!(first["ConsumedCapacity"][0]["WriteCapacityUnits"], 2.0);
    assert_eq!(again["ConsumedCapacity"][0]["ReadCapacityUnits"], 2.0);
    let item = server.ask("ExecuteStatement", json!({ "Statement": "SELECT n FROM hash WHERE pk = 'c'" })).await;
    assert_eq!(item["Items"], json!([{ "n": { "N": "1" } }]));
    let with_mode = |mode: &str| {
        let mut request = with(transaction(&["UPDATE hash SET n = n + 1 WHERE pk = 'c'"]), token.clone());
        request["TransactStatements"][0]["ReturnValuesOnConditionCheckFailure"] = json!(mode);
        request
    };
    server.ask("ExecuteTransaction", with_mode("NONE")).await;
    let refused = server.refused("ExecuteTransaction", with_mode("ALL_OLD")).await.0;
    assert_eq!(refused, "IdempotentParameterMismatchException");
    let other = with(transaction(&["UPDATE hash SET n = n + 2 WHERE pk = 'c'"]), token);
    assert_eq!(server.refused("ExecuteTransaction", other).await.0, "IdempotentParameterMismatchException");
}

#[tokio::test]
async fn transactions_that_are_refused() {
    let server = tables().await;
    let update = "UPDATE plain SET n = 1 WHERE pk = 'a' AND sk = '1'";
    let select = "SELECT * FROM plain WHERE pk = 'a' AND sk = '1'";
    let key = "Select statements within ExecuteTransaction must specify the primary key in the where clause.";
    let overlap = "Overlapping conditions with range keys are not supported in where clause";
    let at = |index: usize, words: &str| format!("Validation failed in TransactStatements[{index}]: {words}");
    let read = |rest: &str| format!("SELECT * FROM plain WHERE {rest}");
    let rows = [
        (vec![read("")], at(0, "Statement wasn't well formed, can't be processed: Unexpected term")),
        (vec![read("pk = 'a' AND sk = '1' AND flag = 'right'")], at(0, key)),
        (vec![read("pk = 'a' AND sk = '1' AND pk = 'b'")], at(0, key)),
        (vec![read("pk = 'a'")], at(0, key)),
        (vec![read("attribute_exists(sk)")], at(0, key)),
        (vec![read("pk IN ['b'] AND pk = 'a' AND sk = '1'")], at(0, key)),
        (vec![read("pk IN ['a', 'a'] AND sk = '1'")], at(0, overlap)),
        (
            vec!["SELECT * FROM nope WHERE pk = 'x'".to_owned(), "SELECT * FROM plain.gsi WHERE g = 'x'".to_owned()],
            at(1, "Reads on indices are not supported within transactions."),
        ),
        (
            vec![
                "DELETE FROM nope WHERE pk = 'x' RETURNING ALL OLD *".to_owned(),
                format!("{update} RETURNING ALL NEW *"),
            ],
            at(1, "RETURNING clause is not supported in ExecuteTransaction."),
        ),
        (
            vec![format!("EXISTS({select})"), "UPDATE hash SET z = 1 WHERE pk = 'x'".to_owned()],
            at(0, "EXISTS() must contain a single item read with additional condition"),
        ),
        (
            vec![
                "EXISTS(SELECT * FROM plain WHERE pk IN ['a'] AND sk = '1' AND flag = 'x')".to_owned(),
                update.to_owned(),
            ],
            at(0, "EXISTS() must contain a single item read with additional condition"),
        ),
        (
            vec![select.to_owned(), update.to_owned()],
            "ExecuteTransaction API does not support both read and write operations in the same request.".to_owned(),
        ),
        (
            vec![update.to_owned(), "DELETE FROM plain WHERE pk = 'b' AND sk = true".to_owned()],
            at(1, "Key value must be of type S, N, or B. Key name: sk, Key type: BOOL"),
        ),
        (vec![select.to_owned(), read("sk = '1' AND pk = 'a'")], ONE_ITEM.to_owned()),
        (vec![update.to_owned(), update.to_owned()], ONE_ITEM.to_owned()),
        (
            vec!["INSERT INTO plain VALUE {'pk': 'b', 'sk': '1', 'x': [<<'a', 'a'>>]}".to_owned()],
            at(0, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."),
        ),
    ];
    for (statements, words) in rows {
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let refusal = server.refused("ExecuteTransaction", transaction(&statements)).await;
        assert_eq!(refusal, ("ValidationException".to_owned(), words), "{statements:?}");
    }
    let wrong = json!({ "TransactStatements": [
        { "Statement": "UPDATE hash SET n = ? WHERE pk = 'x'", "Parameters": [{ "N": "1" }] },
        { "Statement": "UPDATE hash SET n =", "Parameters": [{ "SS": ["a", "a"] }] },
    ] });
    let words = "One or more parameter values were invalid: Input collection [a, a] contains duplicates.";
    assert_eq!(server.refused("ExecuteTransaction", wrong).await.1, words);
}

const ONE_ITEM: &str = "Transaction request cannot include multiple operations on one item";

/// Code and words of each reason of a transaction that must be cancelled.
async fn reasons(server: &Server, statements: &[&str]) -> Vec<(String, String)> {
    let (code, body) = server.refused_with_body("ExecuteTransaction", transaction(statements)).await;
    assert_eq!(code, "TransactionCanceledException", "{statements:?}");
    let text = |reason: &Value, name: &str| reason[name].as_str().unwrap_or_default().to_owned();
    let reasons = body["CancellationReasons"].as_array().unwrap();
    reasons.iter().map(|reason| (text(reason, "Code"), text(reason, "Message"))).collect()
}

#[tokio::test]
async fn transactions_that_are_cancelled() {
    let server = tables().await;
    let mismatch = "The provided key element does not match the schema";
    let failed = "The conditional request failed";
    let missing = "Requested resource not found";
    let update = |rest: &str| format!("UPDATE plain SET n = 1 WHERE {rest}");
    let read = |rest: &str| format!("SELECT * FROM plain WHERE {rest}");
    let good = "pk = 'a' AND sk = '1'";
    let none = ("None", "");
    let invalid = |words| ("ValidationError", words);
    let rows = [
        (
            vec![update("pk = 'a'"), update("pk IN ['a'] AND sk = '1'"), update("pk = 'a' AND sk = 1"), update(good)],
            vec![invalid(mismatch), invalid(mismatch), invalid(mismatch), none],
        ),
        (vec![update("pk = 'a' AND sk = '1' AND pk = 'b'")], vec![invalid(mismatch)]),
        (
            vec!["INSERT INTO plain VALUE {'pk': 'x'}".to_owned(), "DELETE FROM plain WHERE sk = '1'".to_owned()],
            vec![
                invalid("One or more parameter values were invalid: Missing the key sk in the item"),
                invalid(mismatch),
            ],
        ),
        (vec![read(good), read(good), read("pk = 1 AND sk = '1'")], vec![none, none, invalid(mismatch)]),
        (vec![read(good), read("pk = true AND sk = '1'")], vec![none, invalid(mismatch)]),
        (
            vec!["INSERT INTO plain VALUE {'pk': 'x', 'sk': 1}".to_owned()],
            vec![invalid("One or more parameter values were invalid: Type mismatch for key sk expected: S actual: N")],
        ),
        (
            vec![read(good), "SELECT * FROM nope.idx WHERE pk = 'x'".to_owned()],
            vec![none, ("ResourceNotFound", missing)],
        ),
        (
            vec!["UPDATE nope SET n = 1 WHERE pk = 'x' RETURNING ALL NEW *".to_owned(), update(good)],
            vec![("ResourceNotFound", missing), none],
        ),
        (
            vec![update("pk = 'a' AND sk = '1' AND flag = 'wrong'"), update("pk = 'a' AND sk = '2'")],
            vec![("ConditionalCheckFailed", failed), none],
        ),
        (
            vec!["INSERT INTO plain VALUE {'pk': 'a', 'sk': '1'}".to_owned(), update("pk = 'a' AND sk = '9'")],
            vec![("DuplicateItem", "Duplicate primary key exists in table"), ("ConditionalCheckFailed", failed)],
        ),
        (
            vec![format!("EXISTS({})", read("pk = 'a' AND sk = '2' AND pk = 'b' AND flag = 'right'")), update(good)],
            vec![("ConditionalCheckFailed", failed), none],
        ),
        (
            vec![format!("EXISTS({})", read("pk = 'z' AND sk = '2' AND flag IS MISSING")), update(good)],
            vec![("ConditionalCheckFailed", failed), none],
        ),
    ];
    for (statements, expected) in rows {
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let reasons = reasons(&server, &statements).await;
        let expected: Vec<_> = expected.into_iter().map(|(code, words)| (code.to_owned(), words.to_owned())).collect();
        assert_eq!(reasons, expected, "{statements:?}");
    }
    let item = server.ask("ExecuteStatement", json!({ "Statement": "SELECT * FROM plain WHERE n = 1" })).await;
    assert_eq!(item["Items"], json!([]));
}

#[tokio::test]
async fn conditions_beside_what_cancels_a_transaction() {
    let server = tables().await;
    let of_nothing = "DELETE FROM plain WHERE pk = 'z' AND sk = '1' AND flag = 'right'";
    let failing = "UPDATE plain SET n = 1 WHERE pk = 'a' AND sk = '1' AND flag = 'wrong'";
    let code = |reasons: Vec<(String, String)>| reasons.into_iter().map(|(code, _)| code).collect::<Vec<_>>();
    // A DELETE of no item does nothing, but a condition that it has counts as failed where others fail.
    assert_eq!(server.ask("ExecuteTransaction", transaction(&[of_nothing])).await, json!({ "Responses": [] }));
    let reasons_of_nothing =
        reasons(&server, &[of_nothing, "DELETE FROM plain WHERE pk = 'z' AND sk = '2'", failing]).await;
    assert_eq!(code(reasons_of_nothing), ["ConditionalCheckFailed", "None", "ConditionalCheckFailed"]);
    // Where a key is wrong no condition is looked at.
    let wrong_key = "UPDATE plain SET n = 1 WHERE pk = 'a' AND sk = 2";
    assert_eq!(code(reasons(&server, &[wrong_key, failing]).await), ["ValidationError", "None"]);
}
