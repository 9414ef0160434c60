//! Partitions: how many a table begins with, what divides them, and that neither counts nor readers of the stream notice.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine::Settings;
use engine::partitions::Limits;
use layout::KeyValue;
use layout::keys::{self, Source};
use model::Table;
use runtime::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use storage::Memory;
use support::changes::{sequence, streaming};
use support::unsteady::Unsteady;
use support::{ACCOUNT, REGION, Server, composite, with, without};

/// Low enough to be reached by a test.
const LIMITS: Limits = Limits { bytes: 10_000, read_units: 20.0, write_units: 10.0, sustained: Duration::from_secs(5) };
/// Never reached by a test.
const NONE: Limits = Limits { bytes: i64::MAX, read_units: 1e9, write_units: 1e9, sustained: Duration::from_secs(5) };

async fn table(server: &Server) -> Table {
    server.engine.read_table(ACCOUNT, "tab").await.unwrap().unwrap().descriptor.clone()
}

/// How many partitions there are.
async fn count(server: &Server) -> usize {
    table(server).await.partitions.len()
}

/// The hash of a partition key.
fn hash(pk: &str) -> u64 {
    keys::hash_of_item(&Source::Table(1).partition([KeyValue::S(pk)]))
}

/// A partition key in the lower or the upper half of the hashes, the `n`th of them.
fn in_half(upper: bool, n: usize) -> String {
    let all = (0..).map(|n: u32| format!("key {n}"));
    all.filter(|pk| (hash(pk) >> 63 == 1) == upper).nth(n).unwrap()
}

fn item(pk: &str, value: &str) -> Value {
    json!({ "pk": { "S": pk }, "sk": { "N": "1" }, "v": { "S": value } })
}

async fn put(server: &Server, pk: &str, value: &str) {
    server.ask("PutItem", json!({ "TableName": "tab", "Item": item(pk, value) })).await;
}

async fn delete(server: &Server, pk: &str) {
    let key = without(item(pk, ""), "v");
    server.ask("DeleteItem", json!({ "TableName": "tab", "Key": key })).await;
}

/// Puts items of these keys, each as often, and lets a second pass; for so many seconds.
async fn heat(server: &Server, pks: &[String], times: usize, seconds: usize) {
    for _ in 0..seconds {
        for _ in 0..times {
            for pk in pks {
                put(server, pk, "x").await;
            }
        }
        server.advance(1000).await;
    }
}

fn provisioned(units: (i64, i64)) -> Value {
    let units = json!({ "ReadCapacityUnits": units.0, "WriteCapacityUnits": units.1 });
    json!({ "BillingMode": "PROVISIONED", "ProvisionedThroughput": units })
}

fn warm(units: (i64, i64)) -> Value {
    json!({ "WarmThroughput": { "ReadUnitsPerSecond": units.0, "WriteUnitsPerSecond": units.1 } })
}

#[tokio::test]
async fn a_table_begins_with_what_its_throughput_needs() {
    let rows = [
        (json!({}), 1),
        (provisioned((1, 1)), 1),
        (provisioned((3000, 1000)), 1),
        (provisioned((3001, 1)), 2),
        (provisioned((1, 1001)), 2),
        (provisioned((9000, 5500)), 6),
        (provisioned((40_000, 40_000)), 40),
        (with(provisioned((10, 10)), warm((12_000, 4000))), 4),
        (warm((12_000, 4000)), 4),
        (warm((15_000, 4000)), 5),
        (warm((12_001, 4000)), 5),
        (warm((12_000_000, 4_000_000)), 256),
    ];
    for (members, expected) in rows {
        let server = Server::start(0).await;
        server.ask("CreateTable", streaming(with(composite("tab"), members.clone()), "KEYS_ONLY")).await;
        let arn = server.stream_arn("tab").await;
        let shards = server.shards(&arn).await;
        assert_eq!((shards.len(), count(&server).await), (expected, expected), "{members}");
        assert!(shards.iter().all(|shard| shard.get("ParentShardId").is_none()));
        let ids: Vec<_> = shards.iter().map(|shard| shard["ShardId"].as_str().unwrap()).collect();
        assert!(ids.is_sorted_by(|left, right| left < right));
        for n in 0..64 {
            put(&server, &format!("key {n}"), "x").await;
        }
        assert_eq!(server.records(&arn).await.len(), 64);
        assert_eq!(server.describe("tab").await["ItemCount"], 64);
        server.assert_sound().await;
    }
}

#[tokio::test]
async fn a_table_is_divided_when_it_is_to_serve_more() {
    let rows = [
        (provisioned((5, 5)), without(provisioned((5, 2500)), "BillingMode"), 3),
        (provisioned((5, 5)), without(provisioned((3000, 1000)), "BillingMode"), 1),
        (provisioned((6000, 5)), without(provisioned((5, 5)), "BillingMode"), 2),
        (provisioned((6000, 5)), json!({ "BillingMode": "PAY_PER_REQUEST" }), 2),
        (provisioned((5, 5)), warm((7000, 5)), 3),
        (json!({}), warm((13_000, 4000)), 5),
        (json!({}), provisioned((3001, 5)), 2),
    ];
    for (before, change, expected) in rows {
        let server = Server::start(0).await;
        server.ask("CreateTable", streaming(with(composite("tab"), before), "NEW_IMAGE")).await;
        let arn = server.stream_arn("tab").await;
        for n in 0..50 {
            put(&server, &format!("key {n}"), "before").await;
        }
        let described = server.describe("tab").await;
        server.ask("UpdateTable", with(json!({ "TableName": "tab" }), change.clone())).await;
        assert_eq!(count(&server).await, expected, "{change}");
        for n in 0..50 {
            put(&server, &format!("key {n}"), "after").await;
        }
        let after = server.describe("tab").await;
        assert_eq!(after["ItemCount"], described["ItemCount"]);
        // `before` is a letter longer than `after`.
        let shrunk = described["TableSizeBytes"].as_i64().unwrap() - 50;
        assert_eq!(after["TableSizeBytes"], shrunk);
        assert_eq!(server.stream_arn("tab").await, arn);
        let open = server
            .shards(&arn)
            .await
            .into_iter()
            .filter(|shard| shard["SequenceNumberRange"].get("EndingSequenceNumber").is_none());
        assert_eq!(open.count(), expected, "{change}");
        assert_eq!(server.records(&arn).await.len(), 100);
        server.assert_sound().await;
    }
}

#[tokio::test]
async fn a_partition_that_is_hot_for_long_is_divided() {
    let server = Server::dividing(LIMITS).await;
    server.ask("CreateTable", streaming(composite("tab"), "KEYS_ONLY")).await;
    let arn = server.stream_arn("tab").await;
    let pks: Vec<String> = (0..8).map(|n| in_half(n % 2 == 0, n)).collect();
    // Eight units a second are not too many, whatever the time.
    heat(&server, &pks, 1, 20).await;
    assert_eq!(count(&server).await, 1);
    // The first look finds sixteen, the sixth finds them for five seconds.
    heat(&server, &pks, 2, 5).await;
    assert_eq!(count(&server).await, 1);
    heat(&server, &pks, 2, 1).await;
    let divided = table(&server).await.partitions;
    assert_eq!(divided.len(), 2);
    // Four keys on each side: both have eight units a second now, and stay as they are.
    assert_eq!(pks.iter().filter(|pk| hash(pk) < divided[1].first_hash).count(), 4);
    heat(&server, &pks, 2, 20).await;
    assert_eq!(count(&server).await, 2);
    let shards = server.shards(&arn).await;
    let parents: Vec<_> = shards.iter().map(|shard| &shard["ParentShardId"]).collect();
    assert_eq!(parents, [&Value::Null, &shards[0]["ShardId"], &shards[0]["ShardId"]]);
    let children =
        json!({ "StreamArn": arn, "ShardFilter": { "Type": "CHILD_SHARDS", "ShardId": shards[0]["ShardId"] } });
    let answer = server.ask("DescribeStream", children).await;
    assert_eq!(answer["StreamDescription"]["Shards"], json!(shards[1..]));
    server.assert_sound().await;
}

#[tokio::test]
async fn reads_are_heat_too() {
    let server = Server::dividing(LIMITS).await;
    server.ask("CreateTable", composite("tab")).await;
    let pks = [in_half(false, 0), in_half(true, 0)];
    let get = |pk: &str| json!({ "TableName": "tab", "Key": without(item(pk, ""), "v"), "ConsistentRead": true });
    for (times, seconds, expected) in [(10, 10, 1), (12, 10, 2)] {
        for _ in 0..seconds {
            for _ in 0..times {
                server.ask("GetItem", get(&pks[0])).await;
                server
                    .ask(
                        "Query",
                        json!({
                            "TableName": "tab", "KeyConditionExpression": "pk = :pk", "ConsistentRead": true,
                            "ExpressionAttributeValues": { ":pk": { "S": pks[1] } },
                        }),
                    )
                    .await;
            }
            server.advance(1000).await;
        }
        assert_eq!(count(&server).await, expected);
    }
}

#[tokio::test]
async fn heat_that_pauses_or_that_is_one_items_divides_nothing() {
    let server = Server::dividing(LIMITS).await;
    server.ask("CreateTable", composite("tab")).await;
    let pks: Vec<String> = (0..8).map(|n| in_half(n % 2 == 0, n)).collect();
    for _ in 0..4 {
        heat(&server, &pks, 3, 5).await;
        heat(&server, &pks, 1, 1).await;
    }
    assert_eq!(count(&server).await, 1);
    heat(&server, &pks[..1], 50, 20).await;
    assert_eq!(count(&server).await, 1);
    server.assert_sound().await;
}

#[tokio::test]
async fn no_table_has_more_partitions_than_heat_can_tell_apart() {
    let server = Server::dividing(Limits { write_units: 0.01, bytes: 1, sustained: Duration::ZERO, ..LIMITS }).await;
    server.ask("CreateTable", composite("tab")).await;
    let pks: Vec<String> = (0..400).map(|n| format!("key {n}")).collect();
    for pk in &pks {
        put(&server, pk, "x").await;
    }
    for _ in 0..120 {
        for pk in pks.iter().step_by(7) {
            put(&server, pk, "x").await;
        }
        server.advance(1000).await;
    }
    let divided = count(&server).await;
    assert!((20..=256).contains(&divided), "{divided}");
    assert_eq!(server.describe("tab").await["ItemCount"], 400);
    server.assert_sound().await;
}

#[tokio::test]
async fn a_partition_that_is_too_large_is_divided() {
    let server = Server::dividing(Limits { bytes: LIMITS.bytes, ..NONE }).await;
    server.ask("CreateTable", streaming(composite("tab"), "KEYS_ONLY")).await;
    let pks: Vec<String> = (0..20).map(|n| in_half(n % 2 == 0, n)).collect();
    for pk in &pks[..9] {
        put(&server, pk, &"x".repeat(1000)).await;
    }
    heat(&server, &["small".to_owned()], 1, 70).await;
    assert_eq!(count(&server).await, 1);
    for pk in &pks[9..12] {
        put(&server, pk, &"x".repeat(1000)).await;
    }
    heat(&server, &["small".to_owned()], 1, 35).await;
    assert_eq!(table(&server).await.partitions.iter().map(|one| one.first_hash).collect::<Vec<_>>(), [0, 1 << 63]);
    heat(&server, &["small".to_owned()], 1, 100).await;
    assert_eq!(count(&server).await, 2);
    let described = server.describe("tab").await;
    assert_eq!(described["ItemCount"], 13);
    for pk in &pks[..12] {
        delete(&server, pk).await;
    }
    let described = server.describe("tab").await;
    assert_eq!((&described["ItemCount"], &described["TableSizeBytes"]), (&json!(1), &json!(2 + 5 + 2 + 2 + 2)));
    server.assert_sound().await;
}

/// What happened to items, by partition key: the values that they had one after another, empty where they were deleted.
type Histories = BTreeMap<String, Vec<String>>;

/// Changes items of some keys at random, until as many changes are made.
async fn change(server: &Server, keys: std::ops::Range<u64>, seed: u64, changes: usize) -> Histories {
    let random = Random::seeded(seed);
    let mut histories = Histories::new();
    for n in 0..changes {
        let pk = format!("key {}", keys.start + random.below(keys.end - keys.start));
        let history = histories.entry(pk.clone()).or_default();
        if history.last().is_some_and(|last| !last.is_empty()) && random.below(4) == 0 {
            delete(server, &pk).await;
            history.push(String::new());
        } else {
            // Never the same again: a write that changes nothing is not told.
            let value = format!("{seed} {n}");
            put(server, &pk, &value).await;
            history.push(value);
        }
    }
    histories
}

/// What a stream with new images says of items. Every record lies in a shard that is of its item's hash, and comes after all that its
/// item's earlier records say.
async fn told(server: &Server, arn: &str) -> Histories {
    let mut histories = Histories::new();
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for record in server.records(arn).await {
        let image = &record["dynamodb"];
        let pk = image["Keys"]["pk"]["S"].as_str().unwrap().to_owned();
        let number = sequence(&record).to_owned();
        assert!(last.insert(pk.clone(), number.clone()).is_none_or(|before| before < number), "{record}");
        let value = image["NewImage"]["v"]["S"].as_str().unwrap_or_default();
        let history = histories.entry(pk).or_default();
        let expected = match (history.last().is_none_or(String::is_empty), value.is_empty()) {
            (true, false) => "INSERT",
            (false, false) => "MODIFY",
            (false, true) => "REMOVE",
            (true, true) => "nothing",
        };
        assert_eq!(record["eventName"], expected);
        history.push(value.to_owned());
    }
    histories
}

#[tokio::test]
async fn every_change_is_told_once_and_in_order_through_all_divisions() {
    let server = Server::dividing(Limits { bytes: 200, sustained: Duration::from_secs(1), ..LIMITS }).await;
    server.ask("CreateTable", streaming(composite("tab"), "NEW_IMAGE")).await;
    let arn = server.stream_arn("tab").await;
    let mut expected = Histories::new();
    for round in 0..40 {
        let keys = 40 * (round / 10)..40 * (round / 10) + 40;
        for (pk, history) in change(&server, keys, round, 30).await {
            expected.entry(pk).or_default().extend(history);
        }
        // Now and then a day's part passes, so that shards are continued too.
        server.advance(if round % 10 == 9 { 4 * 3_600_000 + 120_000 } else { 1000 }).await;
        server.assert_sound().await;
    }
    let divided = count(&server).await;
    assert!(8 < divided, "{divided}");
    assert!(2 * divided < server.shards(&arn).await.len());
    assert_eq!(told(&server, &arn).await, expected);
    let alive = expected.values().filter(|history| history.last().is_some_and(|last| !last.is_empty())).count();
    assert_eq!(server.describe("tab").await["ItemCount"], alive);
}

/// Writers, divisions by heat and size, raised throughput and the renewal of shards at the same time, in many orders.
#[tokio::test]
async fn nothing_is_lost_between_divisions_and_writers() {
    for seed in 0..10 {
        let limits = Limits { bytes: 300, sustained: Duration::ZERO, write_units: 3.0, ..LIMITS };
        let settings = Settings { partitions: limits, ..Settings::of_region(REGION.to_owned()) };
        let store = Arc::new(Unsteady::new(Arc::new(Memory::new()), seed, u64::MAX));
        let server = Server::open_with(store, settings);
        server.engine.start_jobs().await.unwrap();
        server.ask("CreateTable", streaming(composite("tab"), "NEW_IMAGE")).await;
        let arn = server.stream_arn("tab").await;
        let warmer = async {
            for step in 0..20 {
                server.advance(if step == 10 { 4 * 3_600_000 + 120_000 } else { 1000 }).await;
                if step % 5 == 0 {
                    let units = warm((12_000 + 1000 * step, 4000));
                    server.ask("UpdateTable", with(json!({ "TableName": "tab" }), units)).await;
                }
            }
        };
        let (mut expected, other, ()) =
            tokio::join!(change(&server, 0..30, seed, 150), change(&server, 30..60, seed + 100, 150), warmer);
        expected.extend(other);
        assert_eq!(told(&server, &arn).await, expected, "seed {seed}");
        assert!(5 < count(&server).await, "seed {seed}");
        server.assert_sound().await;
    }
}
