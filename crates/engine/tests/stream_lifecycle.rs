//! What becomes of streams and their shards in time: on, off, continued, over, and without their table.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use layout::keys::{self, Range, Space};
use serde_json::{Value, json};
use std::sync::Arc;
use storage::{Batch, Direction, Memory, Scan};
use support::changes::{events, only_shard, put, start, streaming};
use support::{Server, composite, with};

const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;

/// How much is stored in a space.
async fn stored_in(server: &Server, space: Space) -> usize {
    let Range { from, to } = Range::prefixed(vec![space as u8]);
    let scan = Scan { from, to, direction: Direction::Forward, max_entries: usize::MAX, max_bytes: usize::MAX };
    server.store.scan(scan).await.unwrap().len()
}

#[tokio::test]
async fn a_stream_goes_on_and_off_and_is_over_a_day_later() {
    let server = Server::start(0).await;
    server.ask("CreateTable", composite("tab")).await;
    let described = server.describe("tab").await;
    assert!(described.get("LatestStreamArn").is_none() && described.get("StreamSpecification").is_none());
    put(&server, 1, "before").await;
    let first = server.enable_stream("tab", "NEW_IMAGE").await;
    put(&server, 2, "first").await;
    let shard = only_shard(&server, &first).await;
    let iterator = server.oldest(&first, &shard).await;
    server.disable_stream("tab").await;
    let described = server.describe("tab").await;
    assert_eq!(described["LatestStreamArn"], first.as_str());
    assert!(described.get("StreamSpecification").is_none());
    put(&server, 3, "between").await;
    // In the same millisecond: the label is another one nevertheless.
    let second = server.enable_stream("tab", "KEYS_ONLY").await;
    put(&server, 4, "second").await;
    let described = server.describe("tab").await;
    assert_eq!(described["LatestStreamArn"], second.as_str());
    assert!(second.ends_with(described["LatestStreamLabel"].as_str().unwrap()) && first < second);
    assert_eq!(described["StreamSpecification"], json!({ "StreamEnabled": true, "StreamViewType": "KEYS_ONLY" }));
    assert_eq!(server.read_on(iterator.clone()).await.1, None);
    for (arn, expected, status) in [(&first, ["INSERT 2"], "DISABLED"), (&second, ["INSERT 4"], "ENABLED")] {
        assert_eq!(events(&server.records(arn).await), expected);
        let described = server.ask("DescribeStream", json!({ "StreamArn": arn })).await;
        assert_eq!(described["StreamDescription"]["StreamStatus"], status);
    }
    server.assert_sound().await;
    server.advance(24 * HOUR - 1).await;
    assert_eq!(server.shards(&first).await.len(), 1);
    server.advance(2 * MINUTE).await;
    assert_eq!(server.refused("DescribeStream", json!({ "StreamArn": first })).await.0, "ResourceNotFoundException");
    let gone = json!({ "StreamArn": first, "ShardId": shard, "ShardIteratorType": "LATEST" });
    assert_eq!(server.refused("GetShardIterator", gone).await.0, "ResourceNotFoundException");
    let listed = server.ask("ListStreams", json!({})).await;
    assert_eq!(listed["Streams"].as_array().unwrap().len(), 1);
    server.assert_sound().await;
    server.disable_stream("tab").await;
    server.advance(25 * HOUR).await;
    assert_eq!(server.ask("ListStreams", json!({})).await, json!({ "Streams": [] }));
    assert_eq!([stored_in(&server, Space::Change).await, stored_in(&server, Space::Shard).await], [0, 0]);
    server.assert_sound().await;
}

#[tokio::test]
async fn a_stream_outlives_its_table() {
    for delay in [0, 5_000] {
        let server = Server::start(delay).await;
        server.ask("CreateTable", streaming(composite("tab"), "KEYS_ONLY")).await;
        server.advance(10_000).await;
        let old = server.stream_arn("tab").await;
        put(&server, 1, "x").await;
        server.ask("DeleteTable", json!({ "TableName": "tab" })).await;
        server.advance(5_000).await;
        assert_eq!(server.status("tab").await, "ResourceNotFoundException");
        assert_eq!(events(&server.records(&old).await), ["INSERT 1"]);
        server.assert_sound().await;
        server.ask("CreateTable", streaming(composite("tab"), "NEW_IMAGE")).await;
        server.advance(10_000).await;
        let new = server.stream_arn("tab").await;
        put(&server, 2, "x").await;
        assert!(old < new);
        assert_eq!(events(&server.records(&old).await), ["INSERT 1"]);
        assert_eq!(events(&server.records(&new).await), ["INSERT 2"]);
        let described = server.ask("DescribeStream", json!({ "StreamArn": old })).await;
        assert_eq!(described["StreamDescription"]["StreamStatus"], "DISABLED");
        let listed = server.ask("ListStreams", json!({ "TableName": "tab" })).await;
        let arns: Vec<_> = listed["Streams"].as_array().unwrap().iter().map(|stream| &stream["StreamArn"]).collect();
        assert_eq!(arns, [old.as_str(), new.as_str()]);
        server.assert_sound().await;
        server.advance(24 * HOUR + 2 * MINUTE).await;
        assert_eq!(server.refused("DescribeStream", json!({ "StreamArn": old })).await.0, "ResourceNotFoundException");
        put(&server, 3, "x").await;
        assert!(events(&server.records(&new).await).contains(&"INSERT 3".to_owned()));
        server.assert_sound().await;
    }
}

#[tokio::test]
async fn streams_are_listed_page_by_page_and_by_table() {
    let server = Server::start(0).await;
    let mut arns = Vec::new();
    for table in ["aaa", "bbb", "bbb.", "bbbb", "zzz"] {
        server.ask("CreateTable", streaming(composite(table), "KEYS_ONLY")).await;
        arns.push(server.stream_arn(table).await);
        server.disable_stream(table).await;
        arns.push(server.enable_stream(table, "NEW_IMAGE").await);
    }
    let walk = async |filter: Value, limit: usize| {
        let mut found: Vec<String> = Vec::new();
        let mut request = with(filter, json!({ "Limit": limit }));
        loop {
            let answer = server.ask("ListStreams", request.clone()).await;
            let page = answer["Streams"].as_array().unwrap();
            assert!(page.len() <= limit);
            found.extend(page.iter().map(|stream| {
                let arn = stream["StreamArn"].as_str().unwrap();
                assert!(arn.contains(&format!(":table/{}/stream/", stream["TableName"].as_str().unwrap())));
                assert!(arn.ends_with(stream["StreamLabel"].as_str().unwrap()));
                arn.to_owned()
            }));
            match answer.get("LastEvaluatedStreamArn") {
                Some(last) => request["ExclusiveStartStreamArn"] = last.clone(),
                None => return found,
            }
        }
    };
    for limit in [1, 2, 3, 10, 100] {
        assert_eq!(walk(json!({}), limit).await, arns, "{limit}");
        assert_eq!(walk(json!({ "TableName": "bbb" }), limit).await, arns[2..4], "{limit}");
    }
    assert_eq!(walk(json!({ "TableName": "none" }), 5).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_shard_is_continued_by_another_after_four_hours_and_goes_a_day_later() {
    let (server, arn) = start("KEYS_ONLY").await;
    let mut written = 0;
    let mut last_parent = Value::Null;
    for generation in 1..=12 {
        written += 1;
        put(&server, written, "x").await;
        server.advance(4 * HOUR - MINUTE).await;
        written += 1;
        put(&server, written, "x").await;
        let shards = server.shards(&arn).await;
        let (last, before) = shards.split_last().unwrap();
        assert!(last["SequenceNumberRange"].get("EndingSequenceNumber").is_none());
        assert!(before.iter().all(|shard| shard["SequenceNumberRange"].get("EndingSequenceNumber").is_some()));
        assert_eq!(last.get("ParentShardId").cloned().unwrap_or_default(), last_parent);
        let records = server.records_of(&arn, &last["ShardId"]).await;
        assert_eq!(events(&records), [format!("INSERT {}", written - 1), format!("INSERT {written}")]);
        for pair in shards.windows(2) {
            assert_eq!(pair[1]["ParentShardId"], pair[0]["ShardId"]);
            assert!(pair[0]["ShardId"].as_str() < pair[1]["ShardId"].as_str());
            assert_eq!(
                pair[0]["SequenceNumberRange"]["EndingSequenceNumber"],
                pair[1]["SequenceNumberRange"]["StartingSequenceNumber"]
            );
            let children =
                json!({ "StreamArn": arn, "ShardFilter": { "Type": "CHILD_SHARDS", "ShardId": pair[0]["ShardId"] } });
            let answer = server.ask("DescribeStream", children).await;
            assert_eq!(answer["StreamDescription"]["Shards"], json!([pair[1]]));
        }
        last_parent = last["ShardId"].clone();
        // Those that were closed in the last 24 hours, and the open one.
        assert!(
            before.len() == usize::min(generation - 1, 6) || before.len() == usize::min(generation - 1, 5),
            "{before:?}"
        );
        let expected: Vec<_> =
            ((written - 2 * shards.len() as i64 + 1)..=written).map(|n| format!("INSERT {n}")).collect();
        assert_eq!(events(&server.records(&arn).await), expected);
        server.assert_sound().await;
        server.advance(2 * MINUTE).await;
    }
    assert_eq!(server.stream_arn("tab").await, arn);
}

#[tokio::test]
async fn what_is_trimmed_is_told() {
    let (server, arn) = start("KEYS_ONLY").await;
    put(&server, 1, "x").await;
    let shard = only_shard(&server, &arn).await;
    server.advance(4 * HOUR + 2 * MINUTE).await;
    server.advance(24 * HOUR - 10 * MINUTE).await;
    let mut iterator = server.oldest(&arn, &shard).await;
    server.advance(14 * MINUTE).await;
    assert_eq!(
        server.refused("GetRecords", json!({ "ShardIterator": iterator })).await.0,
        "TrimmedDataAccessException"
    );
    let request = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    assert_eq!(server.refused("GetShardIterator", request).await.0, "ResourceNotFoundException");
    let left = server.shards(&arn).await;
    // The child still names the parent that is gone.
    assert!(left.iter().any(|child| child["ParentShardId"] == shard));
    iterator = server.oldest(&arn, &left[0]["ShardId"]).await;
    assert_eq!(server.read_on(iterator).await.0, Vec::<Value>::new());
}

#[tokio::test]
async fn what_no_stream_can_become_is_refused() {
    let server = Server::start(0).await;
    let enabled = |enabled: bool, view: Option<&str>| match view {
        Some(view) => json!({ "StreamSpecification": { "StreamEnabled": enabled, "StreamViewType": view } }),
        None => json!({ "StreamSpecification": { "StreamEnabled": enabled } }),
    };
    for members in [enabled(true, None), enabled(false, Some("KEYS_ONLY")), enabled(true, Some("ALL"))] {
        let refusal = server.refused("CreateTable", with(composite("tab"), members)).await;
        assert_eq!(refusal.0, "ValidationException");
    }
    server.ask("CreateTable", with(composite("tab"), enabled(false, None))).await;
    let update = |members: Value| with(json!({ "TableName": "tab" }), members);
    assert_eq!(
        server.refused("UpdateTable", update(enabled(false, None))).await.1,
        "Table has no stream to disable: TableName: tab"
    );
    server.ask("UpdateTable", update(enabled(true, Some("KEYS_ONLY")))).await;
    let arn = server.stream_arn("tab").await;
    for view in ["KEYS_ONLY", "NEW_IMAGE"] {
        let refusal = server.refused("UpdateTable", update(enabled(true, Some(view)))).await;
        assert_eq!(refusal.1, "Table already has an enabled stream: TableName: tab");
    }
    server.refused("UpdateTable", update(enabled(false, Some("KEYS_ONLY")))).await;
    assert_eq!(server.stream_arn("tab").await, arn);
    let delete = json!({ "GlobalSecondaryIndexUpdates": [{ "Delete": { "IndexName": "i" } }] });
    server.refused("UpdateTable", update(with(enabled(false, None), delete))).await;
    server.assert_sound().await;
}

#[tokio::test]
async fn a_stream_that_is_damaged_keeps_no_other() {
    let (server, arn) = start("KEYS_ONLY").await;
    put(&server, 1, "x").await;
    server.ask("CreateTable", streaming(composite("aaa"), "KEYS_ONLY")).await;
    let Range { from, to } = keys::all_streams();
    let scan = Scan { from, to, direction: Direction::Forward, max_entries: 1, max_bytes: usize::MAX };
    let page = server.store.scan(scan).await.unwrap();
    let mut batch = Batch::new();
    batch.set(page.last().unwrap().key_bytes(), Bytes::from_static(b"{"));
    server.store.commit(batch).await.unwrap();
    server.advance(4 * HOUR + 2 * MINUTE).await;
    assert_eq!(server.shards(&arn).await.len(), 2);
    server.disable_stream("tab").await;
    server.advance(24 * HOUR + 2 * MINUTE).await;
    assert_eq!(server.refused("DescribeStream", json!({ "StreamArn": arn })).await.0, "ResourceNotFoundException");
    assert_eq!(stored_in(&server, Space::Change).await, 0);
}

/// A table whose deletion is due and that no job has removed is removed by the creation of the next one.
#[tokio::test]
async fn tables_of_one_name_and_one_moment_have_streams_of_their_own() {
    for delay in [0, 1_000] {
        let server = Server::open(Arc::new(Memory::new()), delay);
        let mut arns = Vec::new();
        for n in 1..=4 {
            server.ask("CreateTable", streaming(composite("tab"), "KEYS_ONLY")).await;
            server.advance(delay as u64).await;
            arns.push(server.stream_arn("tab").await);
            put(&server, n, "x").await;
            server.ask("DeleteTable", json!({ "TableName": "tab" })).await;
            server.advance(delay as u64).await;
        }
        server.ask("CreateTable", composite("tab")).await;
        assert!(arns.is_sorted_by(|left, right| left < right), "{arns:?}");
        for (arn, n) in arns.iter().zip(1..) {
            assert_eq!(events(&server.records(arn).await), [format!("INSERT {n}")]);
        }
        server.assert_sound().await;
    }
}
