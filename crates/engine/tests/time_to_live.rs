//! Time to live: which items go and which stay, what else goes with them, and how it is switched on and off.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use layout::keys::{self, Source, Space};
use serde_json::{Value, json};
use std::sync::Arc;
use storage::{Batch, Direction, Memory, Scan};
use support::changes::{events, item, key, streaming};
use support::unsteady::Unsteady;
use support::{ACCOUNT, START_MS, Server, composite, defining, index, with};

/// What o'clock it is when a server starts, in seconds.
const NOW: u64 = START_MS / 1000;
/// As long as the sweep pauses, and a bit.
const SWEEP_MS: u64 = 10_500;
const YEAR: u64 = 365 * 24 * 60 * 60;

/// The item `n` that expires at a time.
fn expiring(n: i64, at: &Value) -> Value {
    with(item(n, "x"), json!({ "expires": at }))
}

fn number(at: impl ToString) -> Value {
    json!({ "N": at.to_string() })
}

async fn put(server: &Server, item: Value) {
    server.ask("PutItem", json!({ "TableName": "tab", "Item": item })).await;
}

async fn put_all(server: &Server, items: impl Iterator<Item = Value>) {
    let requests: Vec<Value> = items.map(|item| json!({ "PutRequest": { "Item": item } })).collect();
    for requests in requests.chunks(25) {
        server.ask("BatchWriteItem", json!({ "RequestItems": { "tab": requests } })).await;
    }
}

fn specification(attribute: &str, enabled: bool) -> Value {
    let specification = json!({ "AttributeName": attribute, "Enabled": enabled });
    json!({ "TableName": "tab", "TimeToLiveSpecification": specification })
}

async fn switch(server: &Server, attribute: &str, enabled: bool) {
    let request = specification(attribute, enabled);
    let answer = server.ask("UpdateTimeToLive", request.clone()).await;
    assert_eq!(answer["TimeToLiveSpecification"], request["TimeToLiveSpecification"]);
}

async fn described(server: &Server) -> Value {
    server.ask("DescribeTimeToLive", json!({ "TableName": "tab" })).await["TimeToLiveDescription"].take()
}

/// The sort keys of all items.
async fn left(server: &Server) -> Vec<i64> {
    let answer = server.ask("Scan", json!({ "TableName": "tab" })).await;
    let items = answer["Items"].as_array().unwrap().iter();
    items.map(|item| item["sk"]["N"].as_str().unwrap().parse().unwrap()).collect()
}

async fn start() -> Server {
    let server = Server::start(0).await;
    server.ask("CreateTable", streaming(composite("tab"), "OLD_IMAGE")).await;
    server
}

/// How many items the order of expiry holds, of whatever table.
async fn waiting(server: &Server) -> usize {
    let keys::Range { from, to } = keys::Range::prefixed(vec![Space::Expiry as u8]);
    let scan = Scan { from, to, direction: Direction::Forward, max_entries: usize::MAX, max_bytes: usize::MAX };
    server.store.scan(scan).await.unwrap().len()
}

#[tokio::test]
async fn what_is_due_goes_and_all_else_stays() {
    let server = start().await;
    switch(&server, "expires", true).await;
    server.advance(0).await;
    let rows = [
        (number(NOW - 1), false),
        (number(NOW - 60), false),
        // As AWS does (Alternator's tests): the fraction is cut off, and the exponent is only a way to write it.
        (number(format!("{}.9", NOW - 60)), false),
        (number(format!("{}e1", NOW / 10 - 6)), false),
        (number(NOW - 5 * YEAR + 60), false),
        (number(NOW - 5 * YEAR - 60), true),
        (number(NOW + SWEEP_MS / 1000 + 100), true),
        (number(START_MS), true),
        (number(0), true),
        (number("0.5"), true),
        (number(-1), true),
        (number(-1_789_999_000), true),
        (number("1e125"), true),
        (number("1e-130"), true),
        (number("18446744073709551615"), true),
        (number("18446744073709551616"), true),
        (json!({ "S": (NOW - 60).to_string() }), true),
        (json!({ "NS": [(NOW - 60).to_string()] }), true),
        (json!({ "L": [{ "N": (NOW - 60).to_string() }] }), true),
        (json!({ "NULL": true }), true),
    ];
    for (n, (value, _)) in rows.iter().enumerate() {
        put(&server, expiring(n as i64, value)).await;
    }
    put(&server, item(100, "no such attribute")).await;
    put(&server, with(item(101, "x"), json!({ "map": { "M": { "expires": number(NOW - 60) } } }))).await;
    server.assert_sound().await;
    server.advance(SWEEP_MS).await;
    let stays = rows.iter().enumerate().filter(|(_, (_, stays))| *stays).map(|(n, _)| n as i64);
    assert_eq!(left(&server).await, stays.chain([100, 101]).collect::<Vec<_>>());
    server.assert_sound().await;
}

#[tokio::test]
async fn an_item_goes_soon_after_its_second_has_passed() {
    let server = start().await;
    switch(&server, "expires", true).await;
    put(&server, expiring(1, &number(NOW + 15))).await;
    server.advance(10_000).await;
    // The sweep of second 20 finds it, that of second 10 does not.
    server.advance(9_000).await;
    assert_eq!(left(&server).await, [1]);
    server.advance(1_500).await;
    assert_eq!(left(&server).await, [0; 0]);
    server.assert_sound().await;
}

#[tokio::test]
async fn a_deletion_is_told_as_the_services() {
    let server = start().await;
    let arn = server.stream_arn("tab").await;
    switch(&server, "expires", true).await;
    let gone = expiring(1, &number(NOW - 60));
    put(&server, gone.clone()).await;
    put(&server, expiring(2, &number(NOW - 60))).await;
    server.ask("DeleteItem", json!({ "TableName": "tab", "Key": key(2) })).await;
    server.advance(SWEEP_MS).await;
    let records = server.records(&arn).await;
    assert_eq!(events(&records), ["INSERT 1", "INSERT 2", "REMOVE 2", "REMOVE 1"]);
    let service = json!({ "Type": "Service", "PrincipalId": "dynamodb.amazonaws.com" });
    assert_eq!(records[3]["userIdentity"], service);
    assert_eq!(records[3]["dynamodb"]["OldImage"], gone);
    assert_eq!(records[3]["dynamodb"]["Keys"], key(1));
    assert!(records[..3].iter().all(|record| record.get("userIdentity").is_none()), "{records:?}");
}

#[tokio::test]
async fn items_that_were_there_before_are_entered_first() {
    let server = Server::start(0).await;
    server.ask("CreateTable", composite("tab")).await;
    assert_eq!(described(&server).await, json!({ "TimeToLiveStatus": "DISABLED" }));
    // More than a page of those that are entered and deleted together.
    put_all(&server, (0..150).map(|n| expiring(n, &number(if n % 3 == 0 { NOW + 1000 } else { NOW - 1000 })))).await;
    let by = |status: &str| json!({ "TimeToLiveStatus": status, "AttributeName": "expires" });
    switch(&server, "expires", true).await;
    assert_eq!(described(&server).await, by("ENABLING"));
    server.assert_sound().await;
    // Written before the job has come to them.
    put(&server, expiring(0, &number(NOW - 2000))).await;
    put(&server, expiring(1, &number(NOW + 2000))).await;
    put(&server, item(3, "does not expire any more")).await;
    server.ask("DeleteItem", json!({ "TableName": "tab", "Key": key(6) })).await;
    server.assert_sound().await;
    server.advance(0).await;
    assert_eq!(described(&server).await, by("ENABLED"));
    server.assert_sound().await;
    server.advance(SWEEP_MS).await;
    let stays = (0..150).filter(|n| *n == 1 || (n % 3 == 0 && ![0, 6].contains(n)));
    assert_eq!(left(&server).await, stays.collect::<Vec<_>>());
    assert_eq!(server.describe("tab").await["ItemCount"], 49);
    server.assert_sound().await;
}

#[tokio::test]
async fn indexes_and_counts_follow() {
    let server = Server::start(0).await;
    let indexes = json!({
        "LocalSecondaryIndexes": [index("local", &[("pk", "HASH"), ("v", "RANGE")])],
        "GlobalSecondaryIndexes": [index("global", &[("v", "HASH")])],
    });
    server.ask("CreateTable", with(defining(composite("tab"), &["v"]), indexes)).await;
    switch(&server, "expires", true).await;
    put_all(&server, (0..200).map(|n| expiring(n, &number(NOW - 60)))).await;
    put(&server, item(500, "x")).await;
    server.advance(SWEEP_MS).await;
    assert_eq!(left(&server).await, [500]);
    let table = server.describe("tab").await;
    for counted in [&table, &table["LocalSecondaryIndexes"][0], &table["GlobalSecondaryIndexes"][0]] {
        assert_eq!(counted["ItemCount"], 1);
    }
    let query = json!({
        "TableName": "tab", "IndexName": "global", "Select": "COUNT", "KeyConditionExpression": "v = :v",
        "ExpressionAttributeValues": { ":v": { "S": "x" } },
    });
    assert_eq!(server.ask("Query", query).await["Count"], 1);
    assert_eq!(waiting(&server).await, 0);
    server.assert_sound().await;
}

#[tokio::test]
async fn a_key_may_say_when_its_item_expires() {
    let server = start().await;
    switch(&server, "sk", true).await;
    put(&server, item(NOW as i64 - 60, "x")).await;
    put(&server, item(NOW as i64 + 60, "x")).await;
    server.advance(SWEEP_MS).await;
    assert_eq!(left(&server).await, [NOW as i64 + 60]);
    server.assert_sound().await;
}

#[tokio::test]
async fn every_write_moves_an_item_in_the_order_of_expiry() {
    let server = start().await;
    switch(&server, "expires", true).await;
    let soon = number(NOW + 5);
    let later = number(NOW + 1000);
    put_all(&server, (1..=6).map(|n| expiring(n, &soon))).await;
    let values = json!({ ":at": later });
    let update = |n: i64, expression: &str| {
        let mut request = json!({ "TableName": "tab", "Key": key(n), "UpdateExpression": expression });
        if expression.contains(":at") {
            request["ExpressionAttributeValues"] = values.clone();
        }
        request
    };
    put(&server, expiring(1, &later)).await;
    server.ask("UpdateItem", update(2, "SET expires = :at")).await;
    server.ask("UpdateItem", update(3, "REMOVE expires")).await;
    server.ask("TransactWriteItems", json!({ "TransactItems": [{ "Update": update(4, "SET expires = :at") }] })).await;
    let statement = format!("UPDATE tab SET expires = {} WHERE pk = 'a' AND sk = 5", NOW + 1000);
    server.ask("ExecuteStatement", json!({ "Statement": statement })).await;
    server.assert_sound().await;
    assert_eq!(waiting(&server).await, 5);
    server.advance(SWEEP_MS).await;
    assert_eq!(left(&server).await, [1, 2, 3, 4, 5]);
    server.advance(1_000_000).await;
    server.advance(SWEEP_MS).await;
    assert_eq!(left(&server).await, [3]);
    assert_eq!(waiting(&server).await, 0);
    server.assert_sound().await;
}

#[tokio::test]
async fn switching_off_stops_it_and_another_attribute_may_follow() {
    let server = start().await;
    switch(&server, "expires", true).await;
    server.advance(0).await;
    let both = |n: i64, at: u64, until: u64| with(expiring(n, &number(at)), json!({ "until": number(until) }));
    put(&server, both(1, NOW + 30, NOW + 1000)).await;
    put(&server, both(2, NOW + 1000, NOW + 30)).await;
    switch(&server, "expires", false).await;
    assert_eq!(described(&server).await, json!({ "TimeToLiveStatus": "DISABLED" }));
    assert_eq!(waiting(&server).await, 0);
    server.assert_sound().await;
    server.advance(60_000).await;
    assert_eq!(left(&server).await, [1, 2]);
    put(&server, both(3, NOW + 30, NOW + 30)).await;
    put(&server, both(4, NOW + 30, NOW + 1000)).await;
    switch(&server, "until", true).await;
    server.advance(SWEEP_MS).await;
    server.advance(SWEEP_MS).await;
    assert_eq!(described(&server).await, json!({ "TimeToLiveStatus": "ENABLED", "AttributeName": "until" }));
    assert_eq!(left(&server).await, [1, 4]);
    server.assert_sound().await;
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_table() {
    for delay in [0, 3_000] {
        let server = Server::start(delay).await;
        server.ask("CreateTable", composite("tab")).await;
        server.advance(delay as u64).await;
        switch(&server, "expires", true).await;
        put_all(&server, (0..100).map(|n| expiring(n, &number(NOW + 20)))).await;
        server.ask("DeleteTable", json!({ "TableName": "tab" })).await;
        server.assert_sound().await;
        server.advance(delay as u64).await;
        assert_eq!(waiting(&server).await, 0);
        // Another table of the name has nothing to do with it.
        server.ask("CreateTable", composite("tab")).await;
        server.advance(delay as u64).await;
        assert_eq!(described(&server).await, json!({ "TimeToLiveStatus": "DISABLED" }));
        put(&server, expiring(1, &number(NOW - 20))).await;
        server.advance(60_000).await;
        assert_eq!(left(&server).await, [1]);
        server.assert_sound().await;
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let server = Server::start(3_000).await;
    let (invalid, missing) = ("ValidationException", "ResourceNotFoundException");
    let refused = async |operation: &str, request: Value, code: &str, words: &str| {
        let expected = (code.to_owned(), words.to_owned());
        assert_eq!(server.refused(operation, request.clone()).await, expected, "{operation} {request}");
    };
    let name = json!({ "TableName": "tab" });
    let absent = "Requested resource not found: Table: tab not found";
    refused("DescribeTimeToLive", name.clone(), missing, absent).await;
    refused("UpdateTimeToLive", specification("expires", true), missing, absent).await;
    server.ask("CreateTable", composite("tab")).await;
    let creating = "Cannot describe time to live while table is in CREATING state: Current table state is CREATING";
    refused("DescribeTimeToLive", name.clone(), invalid, creating).await;
    let in_use = "Attempt to change a resource which is still in use: Table tab is being created";
    refused("UpdateTimeToLive", specification("expires", true), "ResourceInUseException", in_use).await;
    server.advance(3_000).await;
    let disabled = "TimeToLive is already disabled";
    refused("UpdateTimeToLive", specification("expires", false), invalid, disabled).await;
    switch(&server, "expires", true).await;
    let too_often = "Time to live has been modified multiple times within a fixed interval";
    refused("UpdateTimeToLive", specification("expires", false), invalid, too_often).await;
    server.advance(0).await;
    let other = "TimeToLive is active on a different AttributeName: current AttributeName is expires";
    for enabled in [true, false] {
        refused("UpdateTimeToLive", specification("until", enabled), invalid, other).await;
    }
    refused("UpdateTimeToLive", specification("expires", true), invalid, "TimeToLive is already enabled").await;
    switch(&server, "expires", false).await;
    refused("UpdateTimeToLive", specification("expires", false), invalid, disabled).await;
    server.assert_sound().await;
}

#[tokio::test]
async fn what_is_damaged_keeps_nothing_else() {
    let server = start().await;
    switch(&server, "expires", true).await;
    put_all(&server, (0..200).map(|n| expiring(n, &number(NOW + 5)))).await;
    // A table that comes before it and whose descriptor is damaged, and an item in the middle of the first page.
    let mut batch = Batch::new();
    batch.set(keys::expiring(0), keys::table(ACCOUNT, "damaged"));
    batch.set(keys::table(ACCOUNT, "damaged"), Bytes::from_static(b"{"));
    let keys::Range { from, to } = Source::Table(1).all();
    let scan = Scan { from, to, direction: Direction::Forward, max_entries: 10, max_bytes: usize::MAX };
    let page = server.store.scan(scan).await.unwrap();
    batch.set(page.last().unwrap().key_bytes(), Bytes::from_static(b"damaged"));
    server.store.commit(batch).await.unwrap();
    server.advance(SWEEP_MS).await;
    assert_eq!(waiting(&server).await, 1);
    assert_eq!(server.describe("tab").await["ItemCount"], 1);
}

/// Writers, the entering of items, switching and the sweep at the same time, in many orders.
#[tokio::test]
async fn nothing_goes_wrong_between_jobs_and_writers() {
    for seed in 0..20 {
        let memory = Arc::new(Memory::new());
        let server = Server::open(Arc::new(Unsteady::new(memory, seed, u64::MAX)), 0);
        server.engine.start_jobs().await.unwrap();
        server.ask("CreateTable", streaming(composite("tab"), "KEYS_ONLY")).await;
        put_all(&server, (0..100).map(|n| expiring(n, &number(NOW + 10 * (n as u64 % 3))))).await;
        let writer = async |first: i64| {
            for n in (first..100).step_by(7) {
                put(&server, expiring(n, &number(NOW + 10_000))).await;
                let delete = json!({ "TableName": "tab", "Key": key(n + 1) });
                server.ask("DeleteItem", delete).await;
            }
        };
        let switcher = async {
            switch(&server, "expires", true).await;
            server.advance(5_000).await;
            let _ = server.call("UpdateTimeToLive", &specification("expires", false)).await;
            let _ = server.call("UpdateTimeToLive", &specification("expires", true)).await;
            server.advance(15_000).await;
        };
        tokio::join!(writer(0), switcher, writer(3));
        server.assert_sound().await;
        for _ in 0..4 {
            server.advance(SWEEP_MS).await;
        }
        assert_eq!(described(&server).await["TimeToLiveStatus"], "ENABLED", "seed {seed}");
        let expected = server.ask("Scan", json!({ "TableName": "tab" })).await;
        for item in expected["Items"].as_array().unwrap() {
            assert_eq!(item["expires"], number(NOW + 10_000), "seed {seed}");
        }
        server.assert_sound().await;
    }
}

/// The same work may be done by several jobs of a table. One that is late must not take the items of an earlier enabling for those of a
/// later one.
#[tokio::test]
async fn a_job_that_is_late_does_not_finish_what_a_later_enabling_began() {
    for seed in 0..8 {
        let server = Server::open(Arc::new(Unsteady::new(Arc::new(Memory::new()), seed, u64::MAX)), 0);
        server.engine.start_jobs().await.unwrap();
        server.ask("CreateTable", composite("tab")).await;
        // Those that the second attribute is about come first, those of the first one last.
        put_all(&server, (0..64).map(|n| with(item(n, "x"), json!({ "until": number(NOW + 10) })))).await;
        put_all(&server, (64..600).map(|n| item(n, "x"))).await;
        put_all(&server, (600..610).map(|n| expiring(n, &number(NOW + 10)))).await;
        switch(&server, "expires", true).await;
        let table = server.engine.read_table(ACCOUNT, "tab").await.unwrap().unwrap();
        while described(&server).await["TimeToLiveStatus"] == "ENABLING" {
            server.engine.start_job(&table.descriptor);
        }
        switch(&server, "expires", false).await;
        switch(&server, "until", true).await;
        server.advance(1).await;
        assert_eq!(described(&server).await["TimeToLiveStatus"], "ENABLED", "seed {seed}");
        let report = server.check().await;
        assert!(report.is_clean(), "seed {seed}: {report}");
    }
}
