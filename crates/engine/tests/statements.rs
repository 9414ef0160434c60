//! PartiQL statements on the in-memory store: the scripts in `tests/statements`, then what one line cannot show.
//!
//! A row of a script is `statement => answer`, carried out in order on one server. The answer is the items, or the name and words of the
//! error. Behind `??` stand parameters, separated by spaces. `@put TABLE {item}` puts an item; `@set Name=value` sets a member of the
//! requests that follow, `@set Name` takes it away. Values are in the notation of `expression`'s tests. Lines that begin with `//` are
//! comments. The tables are made by [`tables`].

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../expression/tests/notation/mod.rs"]
mod notation;
mod support;

use api::Encode;
use model::{AttributeValue, EncodedItem, Item};
use serde_json::{Map, Value, json};
use support::{Refusal, Server, with};

/// `plain` (pk, sk: S), `hash` (pk: S), `number` (pk: N), and `indexed` (pk, sk: S) with local and global indexes.
async fn tables() -> Server {
    let server = Server::start(0).await;
    let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    let strings = |names: &[&str]| -> Value {
        names.iter().map(|name| json!({ "AttributeName": name, "AttributeType": "S" })).collect()
    };
    let sorted = |name: &str, attributes: &[&str]| {
        json!({
            "TableName": name, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": strings(attributes),
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
        })
    };
    server.ask("CreateTable", sorted("plain", &["pk", "sk"])).await;
    for (name, kind) in [("hash", "S"), ("number", "N")] {
        let table = json!({
            "TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [key("pk", "HASH")],
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": kind }],
        });
        server.ask("CreateTable", table).await;
    }
    let index = |name: &str, keys: Value, projection: Value| json!({ "IndexName": name, "KeySchema": keys, "Projection": projection });
    let keys_only = json!({ "ProjectionType": "KEYS_ONLY" });
    let include = json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": ["projattr"] });
    let all = json!({ "ProjectionType": "ALL" });
    let indexes = json!({
        "GlobalSecondaryIndexes": [
            index("gsi-all", json!([key("g", "HASH")]), all.clone()),
            index("gsi-inc", json!([key("g2", "HASH")]), include),
            index("gsi-keys", json!([key("g2", "HASH")]), keys_only.clone()),
            index("multi", json!([key("g", "HASH"), key("g2", "HASH")]), all),
        ],
        "LocalSecondaryIndexes": [index("lsi-keys", json!([key("pk", "HASH"), key("l", "RANGE")]), keys_only)],
    });
    server.ask("CreateTable", with(sorted("indexed", &["pk", "sk", "g", "g2", "l"]), indexes)).await;
    server
}

/// A value as it stands in requests.
fn wire(value: AttributeValue<'static>) -> Value {
    let item = EncodedItem::from_item(&Item::from_pairs(vec![("v".into(), value)]));
    let mut out = Vec::new();
    item.encode(&mut out);
    serde_json::from_slice::<Value>(&out).unwrap()["v"].take()
}

/// Parameters from a text like `1, "a"`.
fn parameters(text: &str) -> Vec<Value> {
    match notation::value(&format!("[{text}]")) {
        AttributeValue::L(values) => values.into_iter().map(wire).collect(),
        other => panic!("{other:?}"),
    }
}

/// An item of an answer in the notation.
fn shown(item: &Value) -> String {
    let put = json!({ "TableName": "x", "Item": item });
    let body = serde_json::to_vec(&put).unwrap();
    let request = api::decode_put_item(&body).unwrap();
    notation::shown(EncodedItem::from_item(&request.input.item).view())
}

fn items(answer: &Value) -> String {
    let items: Vec<String> = answer["Items"].as_array().unwrap().iter().map(shown).collect();
    if items.is_empty() { "nothing".to_owned() } else { items.join(" ") }
}

/// What a statement answers.
async fn execute(server: &Server, statement: &str, members: &Map<String, Value>) -> Result<Value, Refusal> {
    let (statement, given) =
        statement.split_once(" ?? ").map_or((statement, None), |(text, given)| (text, Some(given)));
    let mut request = json!({ "Statement": statement });
    request.as_object_mut().unwrap().extend(members.clone());
    if let Some(given) = given {
        request["Parameters"] = Value::Array(parameters(given));
    }
    server.call("ExecuteStatement", &request).await
}

async fn run(name: &str) -> usize {
    let server = tables().await;
    // Tests run in their crate's folder.
    let path = format!("tests/statements/{name}.txt");
    let script = std::fs::read_to_string(&path).unwrap();
    let (mut rows, mut failures, mut members) = (0, Vec::new(), Map::new());
    for (number, line) in script.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with("//")) {
        if let Some(put) = line.strip_prefix("@put ") {
            let (table, item) = put.split_once(' ').unwrap();
            let item = wire(AttributeValue::M(notation::item(item)))["M"].take();
            server.ask("PutItem", json!({ "TableName": table, "Item": item })).await;
            continue;
        }
        if let Some(set) = line.strip_prefix("@set ") {
            match set.split_once('=') {
                Some((name, value)) => members.insert(name.to_owned(), serde_json::from_str(value).unwrap()),
                None => members.remove(set),
            };
            continue;
        }
        let (statement, expected) = line.split_once(" => ").unwrap_or_else(|| panic!("{name}:{}", number + 1));
        let actual = match execute(&server, statement, &members).await {
            Ok(answer) => items(&answer),
            Err((code, message)) => format!("{code}: {message}"),
        };
        rows += 1;
        if actual.trim_end() != expected.trim_end() {
            failures.push(format!("{name}:{}: {statement}\n  expected {expected}\n  actual   {actual}", number + 1));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    server.assert_sound().await;
    rows
}

#[tokio::test]
async fn selects() {
    assert!(run("selects").await > 60);
}

#[tokio::test]
async fn writes() {
    assert!(run("writes").await > 60);
}

#[tokio::test]
async fn indexes() {
    assert!(run("indexes").await > 25);
}

/// Asks for page after page and returns the items of each.
async fn pages(server: &Server, request: &Value) -> Vec<String> {
    let (mut pages, mut request) = (Vec::new(), request.clone());
    loop {
        let answer = server.ask("ExecuteStatement", request.clone()).await;
        pages.push(items(&answer));
        let Some(token) = answer["NextToken"].as_str() else { return pages };
        request["NextToken"] = json!(token);
    }
}

async fn with_items() -> Server {
    let server = tables().await;
    for pk in ["o", "p"] {
        for sk in ["1", "2", "3"] {
            let item = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "big": { "S": "x".repeat(1000) } });
            server.ask("PutItem", json!({ "TableName": "plain", "Item": item })).await;
        }
    }
    server
}

fn select(rest: &str, limit: usize) -> Value {
    json!({ "Statement": format!("SELECT pk, sk FROM plain {rest}"), "Limit": limit })
}

#[tokio::test]
async fn pages_go_on_where_they_ended() {
    let server = with_items().await;
    let item = |pk: &str, sk: &str| format!(r#"{{pk: "{pk}", sk: "{sk}"}}"#);
    let rows = [
        (select("WHERE pk = 'o'", 2), vec!["o1 o2", "o3"]),
        (select("WHERE pk = 'o'", 3), vec!["o1 o2 o3", ""]),
        (select("WHERE pk = 'o' ORDER BY sk DESC", 2), vec!["o3 o2", "o1"]),
        (select("WHERE pk IN ['p', 'o']", 2), vec!["o1 o2", "o3 p1", "p2 p3", ""]),
        (select("WHERE pk IN ['o', 'p'] ORDER BY pk DESC", 2), vec!["p3 p2", "p1 o3", "o2 o1", ""]),
        (select("WHERE pk = 'o' AND (sk = '1' OR sk > '2')", 1), vec!["o1", "o3", ""]),
        (select("WHERE pk IN ['o', 'p'] AND sk = '2'", 1), vec!["o2", "p2", ""]),
        (select("WHERE pk = 'o' AND sk <> '2'", 2), vec!["o1", "o3"]),
        (select("WHERE pk = 'o' AND sk = '1'", 1), vec!["o1"]),
        (select("WHERE pk = 'o' AND pk = 'p'", 1), vec![""]),
    ];
    for (request, expected) in rows {
        let expected: Vec<String> = expected
            .into_iter()
            .map(|page| {
                let items: Vec<String> = page.split_whitespace().map(|name| item(&name[..1], &name[1..])).collect();
                if items.is_empty() { "nothing".to_owned() } else { items.join(" ") }
            })
            .collect();
        assert_eq!(pages(&server, &request).await, expected, "{request}");
    }
    let all = pages(&server, &select("", 4)).await.join(" ");
    assert_eq!(all.matches("pk").count(), 6, "{all}");
}

#[tokio::test]
async fn tokens_of_other_statements() {
    let server = with_items().await;
    let request = select("WHERE pk = 'o'", 1);
    let first = server.ask("ExecuteStatement", request.clone()).await;
    assert_eq!(first["LastEvaluatedKey"], json!({ "pk": { "S": "o" }, "sk": { "S": "1" } }));
    let token = &first["NextToken"];
    let more = json!({ "NextToken": token, "Limit": 3, "ConsistentRead": true });
    let answer = server.ask("ExecuteStatement", with(request.clone(), more)).await;
    assert_eq!(answer["Items"].as_array().unwrap().len(), 2);
    for other in ["WHERE pk = 'p'", "WHERE pk='o'", "", "WHERE pk = 'o' AND sk = '1'"] {
        let refusal = server.refused("ExecuteStatement", with(select(other, 1), json!({ "NextToken": token }))).await;
        assert_eq!(refusal.1, "NextToken does not match request", "{other}");
    }
    let refusal = server.refused("ExecuteStatement", with(request, json!({ "NextToken": "garbage" }))).await;
    assert_eq!(refusal.1, "Invalid NextToken");
    let write = json!({ "Statement": "DELETE FROM plain WHERE pk = 'o' AND sk = '1'", "NextToken": token });
    assert_eq!(server.refused("ExecuteStatement", write).await.1, "NextToken is only allowed for SELECT statements");
}

#[tokio::test]
async fn capacity() {
    let server = with_items().await;
    let units = async |statement: &str, members: Value| {
        let request = with(json!({ "Statement": statement, "ReturnConsumedCapacity": "INDEXES" }), members);
        let capacity = server.ask("ExecuteStatement", request).await["ConsumedCapacity"].take();
        assert_eq!(capacity["TableName"], "plain");
        capacity["CapacityUnits"].as_f64().unwrap()
    };
    assert_eq!(units("SELECT * FROM plain WHERE pk = 'o'", json!({})).await, 0.5);
    assert_eq!(units("SELECT * FROM plain WHERE pk = 'o'", json!({ "ConsistentRead": true })).await, 1.0);
    assert_eq!(units("SELECT * FROM plain", json!({})).await, 1.0);
    assert_eq!(units("SELECT * FROM plain WHERE pk IN ['o', 'p']", json!({})).await, 1.0);
    assert_eq!(units("SELECT * FROM plain WHERE pk = 'o' AND sk = '1'", json!({})).await, 0.5);
    assert_eq!(units("SELECT * FROM plain WHERE pk = 'o' AND sk = '9'", json!({})).await, 0.5);
    assert_eq!(units("INSERT INTO plain VALUE {'pk': 'q', 'sk': '1'}", json!({})).await, 1.0);
    assert_eq!(units("UPDATE plain SET a = 1 WHERE pk = 'o' AND sk = '1'", json!({})).await, 1.0);
    assert_eq!(units("DELETE FROM plain WHERE pk = 'x' AND sk = '1'", json!({})).await, 1.0);
}

#[tokio::test]
async fn a_page_holds_one_megabyte() {
    let server = tables().await;
    for number in 0..12 {
        let item =
            json!({ "pk": { "S": format!("{number:02}") }, "sk": { "S": "1" }, "big": { "S": "x".repeat(200_000) } });
        server.ask("PutItem", json!({ "TableName": "plain", "Item": item })).await;
    }
    let keys: Vec<String> = (0..12).map(|number| format!("'{number:02}'")).collect();
    let statement = format!("SELECT pk FROM plain WHERE pk IN [{}]", keys.join(", "));
    let pages = pages(&server, &json!({ "Statement": statement })).await;
    let counts: Vec<usize> = pages.iter().map(|page| page.matches("pk").count()).collect();
    assert_eq!(counts, [6, 6]);
}

fn list(count: usize) -> String {
    let values: Vec<String> = (0..count).map(|number| format!("'v{number}'")).collect();
    format!("[{}]", values.join(","))
}

/// Captures of September 2026.
#[tokio::test]
async fn too_many_reads_and_operands() {
    let server = tables().await;
    let select = |filter: String| json!({ "Statement": format!("SELECT sk FROM plain WHERE {filter}") });
    let reads = "Too many decomposed read operations for a given query.";
    let operands = "The IN operator is provided with too many operands; number of operands: 101";
    let rows = [
        (format!("pk IN {}", list(51)), Some(reads)),
        (format!("pk = 'a' AND sk IN {}", list(51)), Some(reads)),
        (format!("pk IN {} AND sk IN ['1', '2']", list(26)), Some(reads)),
        (format!("pk IN {} AND flag IN {}", list(50), list(100)), None),
        (format!("pk IN {} OR flag = 'one'", list(51)), None),
        (format!("pk = 'a' AND flag IN {}", list(101)), Some(operands)),
        (format!("pk IN {}", list(101)), Some(operands)),
    ];
    for (filter, words) in rows {
        match words {
            Some(words) => assert_eq!(server.refused("ExecuteStatement", select(filter)).await.1, words),
            None => assert_eq!(server.ask("ExecuteStatement", select(filter)).await["Items"], json!([])),
        }
    }
}

/// Both kinds of writes are held against the item's own size (AWS-verified suite, item sizes by surface, August 2026).
#[tokio::test]
async fn item_sizes() {
    let server = tables().await;
    // The rest of the item is pk, its value and the name p.
    let filled = |size: usize| json!({ "S": "x".repeat(size - "pk".len() - "a".len() - "p".len()) });
    let insert = |value| json!({ "Statement": "INSERT INTO hash VALUE {'pk': 'a', 'p': ?}", "Parameters": [value] });
    let update = |value| json!({ "Statement": "UPDATE hash SET p = ? WHERE pk = 'a'", "Parameters": [value] });
    let most = model::limits::ITEM_SIZE_MAX;
    let over = server.refused("ExecuteStatement", insert(filled(most + 1))).await;
    assert_eq!(over.1, "Item size has exceeded the maximum allowed size");
    server.ask("ExecuteStatement", insert(filled(most))).await;
    server.ask("ExecuteStatement", update(filled(most))).await;
    let over = server.refused("ExecuteStatement", update(filled(most + 1))).await;
    assert_eq!(over.1, "Item size to update has exceeded the maximum allowed size");
}

#[tokio::test]
async fn constraints() {
    let server = tables().await;
    let limit = json!({ "Statement": "SELECT * FROM hash", "Limit": 0 });
    let words = "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1";
    assert_eq!(server.refused("ExecuteStatement", limit).await.1, words);
    let none = json!({ "Statements": [] });
    let words = "1 validation error detected: Value '[]' at 'statements' failed to satisfy constraint: Member must have length greater than or equal to 1";
    assert_eq!(server.refused("BatchExecuteStatement", none).await.1, words);
    let long = json!({ "Statement": format!("SELECT * FROM hash -- {}", "x".repeat(8192)) });
    assert_eq!(server.refused("ExecuteStatement", long).await.0, "ValidationException");
}
