//! The offline check finds every kind of fault, and names it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use engine::check::Fault;
use layout::keys::{self, Counted, ShardEvent, Source, Space};
use layout::record::PolicyRecord;
use layout::{ItemRecord, record};
use model::Table;
use model::partition::Partition;
use serde_json::json;
use storage::{Batch, Direction, Position, Scan};
use support::changes::streaming;
use support::{ACCOUNT, START_MS, Server, composite, defining, index, with};

/// A table with a local index (number 1), a global index (number 2) and two items in both.
async fn server() -> Server {
    let server = Server::start(0).await;
    let indexes = json!({
        "LocalSecondaryIndexes": [index("local", &[("pk", "HASH"), ("year", "RANGE")])],
        "GlobalSecondaryIndexes": [index("global", &[("year", "HASH")])],
    });
    server.ask("CreateTable", with(defining(composite("music"), &["year"]), indexes)).await;
    for sk in ["1", "2"] {
        let item = json!({ "pk": { "S": "a" }, "sk": { "N": sk }, "year": { "S": "1970" } });
        server.ask("PutItem", json!({ "TableName": "music", "Item": item })).await;
    }
    server.assert_sound().await;
    server
}

async fn commit(server: &Server, change: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::new();
    change(&mut batch);
    server.store.commit(batch).await.unwrap();
}

/// The first key and value of a range.
async fn first(server: &Server, range: keys::Range) -> (Bytes, Bytes) {
    let keys::Range { from, to } = range;
    let scan = Scan { from, to, direction: Direction::Forward, max_entries: 1, max_bytes: 1 };
    let page = server.store.scan(scan).await.unwrap();
    let entry = page.last().unwrap();
    (entry.key_bytes(), entry.value_bytes())
}

/// The faults without those of counters, which most damage brings with it.
async fn faults(server: &Server) -> Vec<Fault> {
    let report = server.check().await;
    assert_eq!(report.found, report.findings.len() as u64);
    assert!(report.to_string().lines().count() > report.findings.len());
    let is_counter = |fault: &Fault| matches!(fault, Fault::WrongCounter { .. });
    report.findings.into_iter().map(|finding| finding.fault).filter(|fault| !is_counter(fault)).collect()
}

#[tokio::test]
async fn a_missing_entry() {
    let server = server().await;
    let (entry, _) = first(&server, keys::of_index(1, 2)).await;
    commit(&server, |batch| {
        batch.delete(entry);
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::MissingEntry { index: "global".into() }]);
    let counts = server.check().await;
    let expected = Fault::WrongCounter { counts: "number of entries of index global".into(), stored: 2, counted: 1 };
    assert!(counts.findings.iter().any(|finding| finding.fault == expected), "{counts}");
}

#[tokio::test]
async fn a_missing_item() {
    let server = server().await;
    let (item, _) = first(&server, Source::Table(1).all()).await;
    commit(&server, |batch| {
        batch.delete(item);
    })
    .await;
    let without = |index: &str| Fault::EntryWithoutItem { index: index.into() };
    assert_eq!(faults(&server).await, [without("local"), without("global")]);
}

#[tokio::test]
async fn an_entry_that_differs_from_its_item() {
    let server = server().await;
    let (entry, _) = first(&server, keys::of_index(1, 2)).await;
    let item = json!({ "pk": { "S": "b" }, "sk": { "N": "1" }, "year": { "S": "1971" }, "more": { "S": "x" } });
    server.ask("PutItem", json!({ "TableName": "music", "Item": item })).await;
    // The entry of another year, with the keys of an item that is there.
    let other =
        keys::Range { from: Source::Table(1).partition([layout::KeyValue::S("b")]).into(), ..Source::Table(1).all() };
    let (_, value) = first(&server, other).await;
    commit(&server, |batch| {
        batch.set(entry, value);
    })
    .await;
    let faults = faults(&server).await;
    assert!(faults.contains(&Fault::WrongEntry { index: "global".into() }), "{faults:?}");
    assert!(faults.contains(&Fault::StaleEntry { index: "global".into() }), "{faults:?}");
}

#[tokio::test]
async fn values_that_do_not_decode_and_sizes_that_are_wrong() {
    let server = server().await;
    let (item, value) = first(&server, Source::Table(1).all()).await;
    commit(&server, |batch| {
        batch.set(item.clone(), value.slice(..value.len() - 1));
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::Undecodable]);
    let record = ItemRecord::decode(&value).unwrap();
    let wrong = ItemRecord::encode(record.size + 1, record.item.view());
    commit(&server, |batch| {
        batch.set(item, wrong);
    })
    .await;
    let faults = faults(&server).await;
    assert_eq!(faults[0], Fault::WrongSize { stored: record.size + 1, measured: record.size });
}

#[tokio::test]
async fn an_item_under_another_key() {
    let server = server().await;
    let (item, value) = first(&server, Source::Table(1).all()).await;
    let moved = Bytes::from([&item[..], b"x"].concat());
    commit(&server, |batch| {
        batch.delete(item).set(moved, value);
    })
    .await;
    assert!(faults(&server).await.contains(&Fault::WrongKey));
}

#[tokio::test]
async fn counters_that_are_wrong() {
    let server = server().await;
    let collection = first(&server, keys::of_table(Space::Collection, 1)).await.0;
    let stray = keys::collection(1, &Source::Table(1).partition([layout::KeyValue::S("nobody")]));
    commit(&server, |batch| {
        batch.add(keys::counter(1, 0, Counted::Count), 1).add(keys::counter(1, 2, Counted::Size), -1);
        batch.add(collection.clone(), 5).add(stray.clone(), 6);
    })
    .await;
    let report = server.check().await;
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.fault.to_string(), finding.key.clone())).collect();
    let size = 2 * (("pk".len() + 1) + ("sk".len() + 2) + ("year".len() + 4)) as i64;
    assert_eq!(
        found,
        [
            (format!("the size of an item collection: counted {}, stored is {}", 2 * size, 2 * size + 5), collection),
            ("the number of items: counted 2, stored is 3".to_owned(), keys::counter(1, 0, Counted::Count)),
            (
                format!("the size of entries of index global: counted {size}, stored is {}", size - 1),
                keys::counter(1, 2, Counted::Size)
            ),
            ("the size of an item collection: counted 0, stored is 6".to_owned(), stray),
        ]
    );
    assert!(report.to_string().ends_with("4 faults"), "{report}");
}

#[tokio::test]
async fn what_belongs_to_nothing() {
    let server = server().await;
    let (item, value) = first(&server, Source::Table(1).all()).await;
    let of_other_table = {
        let mut key = item.to_vec();
        key[4] = 2;
        Bytes::from(key)
    };
    let strangers = [
        of_other_table,
        keys::of_index(1, 3).from,
        keys::counter(1, 3, Counted::Count),
        keys::counter(9, 0, Counted::Count),
        Bytes::from_static(b"\x01"),
        Bytes::from_static(b"\x02other"),
        Bytes::from_static(b"\x7f"),
    ];
    commit(&server, |batch| {
        strangers.iter().for_each(|key| {
            batch.set(key.clone(), value.clone());
        })
    })
    .await;
    let report = server.check().await;
    // The one in the space of descriptors is taken for a descriptor that does not decode.
    let kinds: Vec<_> = report.findings.iter().map(|finding| &finding.fault).collect();
    assert_eq!(kinds.len(), strangers.len(), "{report}");
    assert_eq!(*kinds[0], Fault::Undecodable);
    assert!(kinds[1..].iter().all(|fault| **fault == Fault::Unknown), "{report}");
}

#[tokio::test]
async fn numbers_that_would_come_back() {
    let server = server().await;
    commit(&server, |batch| {
        batch.delete(keys::next_table_number());
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::NumberNotCounted { number: 1 }]);
    server.ask("CreateTable", composite("other")).await;
    assert_eq!(faults(&server).await[0], Fault::SharedNumber { other: "music".into() });
}

#[tokio::test]
async fn of_many_findings_the_first_are_kept() {
    let server = server().await;
    commit(&server, |batch| {
        for number in 0..250_u8 {
            batch.set(vec![0x7f, number], Bytes::new());
        }
    })
    .await;
    let report = server.check().await;
    assert_eq!((report.found, report.findings.len()), (250, 100));
    let text = report.to_string();
    assert!(text.contains("and 150 more"), "{text}");
}

/// A table `old` whose items expire and have a stream, with two items that do not expire soon.
async fn expiring() -> Server {
    let server = Server::start(0).await;
    server.ask("CreateTable", streaming(composite("old"), "NEW_IMAGE")).await;
    let specification = json!({ "AttributeName": "expires", "Enabled": true });
    server.ask("UpdateTimeToLive", json!({ "TableName": "old", "TimeToLiveSpecification": specification })).await;
    for sk in ["1", "2"] {
        let item = json!({ "pk": { "S": "a" }, "sk": { "N": sk }, "expires": { "N": "1790001000" } });
        server.ask("PutItem", json!({ "TableName": "old", "Item": item })).await;
    }
    server.advance(0).await;
    server.assert_sound().await;
    server
}

/// Damages the descriptor of the table `old`.
async fn damage(server: &Server, change: impl FnOnce(&mut Table)) {
    let key = keys::table(ACCOUNT, "old");
    let mut table: Table = record::decode(&server.store.get_one(&key).await.unwrap().unwrap().value).unwrap();
    change(&mut table);
    commit(server, |batch| {
        batch.set(key, record::encode(&table).unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_order_of_expiry_that_is_not_that_of_the_items() {
    let server = expiring().await;
    let (place, value) = first(&server, keys::of_table(Space::Expiry, 1)).await;
    let (seconds, item) = keys::parse_expiry(&place).unwrap();
    assert_eq!(seconds, 1_790_001_000);
    commit(&server, |batch| {
        batch.delete(place);
    })
    .await;
    let report = server.check().await;
    assert_eq!(report.findings[0].key, item);
    assert_eq!(faults(&server).await, [Fault::MissingExpiry]);
    let nobodys = keys::expiry(&Source::Table(1).partition([layout::KeyValue::S("nobody")]), 7);
    commit(&server, |batch| {
        batch.set(keys::expiry(&item, 1), value.clone()).set(nobodys, value);
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::MissingExpiry, Fault::StaleExpiry, Fault::StaleExpiry]);
}

#[tokio::test]
async fn expired_items_that_nobody_looks_for() {
    let server = expiring().await;
    commit(&server, |batch| {
        batch.delete(keys::expiring(1));
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::ExpiringNotListed]);
    commit(&server, |batch| {
        batch.set(keys::expiring(1), keys::table(ACCOUNT, "other"));
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::ExpiringNotListed]);
    // Where nothing expires, nothing is known of an order of expiry.
    damage(&server, |table| table.time_to_live = None).await;
    assert_eq!(faults(&server).await, [Fault::Unknown, Fault::Unknown, Fault::Unknown]);
}

#[tokio::test]
async fn partitions_that_are_not_in_order() {
    let part = |number, first_hash| Partition { number, first_hash, inherited_bytes: 0, shard: None };
    let rows = [
        (vec![part(0, 1)], true),
        (vec![part(0, 0), part(1, 0)], true),
        (vec![part(0, 0), part(2, 9), part(1, 8)], true),
        (vec![part(0, 0), part(3, 9)], true),
        (vec![part(0, 0), part(0, 9)], true),
        (Vec::new(), true),
        (vec![part(2, 0), part(1, 9)], false),
    ];
    for (partitions, wrong) in rows {
        let server = Server::start(0).await;
        server.ask("CreateTable", composite("old")).await;
        damage(&server, |table| {
            table.partitions = partitions.clone();
            table.next_partition_number = 3;
        })
        .await;
        let expected: &[Fault] = if wrong { &[Fault::PartitionsOutOfOrder] } else { &[] };
        assert_eq!(faults(&server).await, expected, "{partitions:?}");
    }
}

#[tokio::test]
async fn partitions_without_their_shards() {
    let fault = Fault::PartitionWithoutShard { partition: 0 };
    let rows: [fn(&mut Table); 4] = [
        |table| table.partitions[0].shard = None,
        |table| table.partitions[0].shard.as_mut().unwrap().number = 1,
        |table| table.next_shard_number = 0,
        |table| table.stream.as_mut().unwrap().disabled_ms = Some(0),
    ];
    for row in rows {
        let server = expiring().await;
        damage(&server, row).await;
        assert!(faults(&server).await.contains(&fault));
    }
    // The shard itself is closed, or is gone with what it holds.
    let server = expiring().await;
    server.ask("UpdateTable", json!({ "TableName": "old", "StreamSpecification": { "StreamEnabled": false } })).await;
    let (_, closing) = first(&server, keys::Range::prefixed(keys::shard(1, 0, ShardEvent::Closed).to_vec())).await;
    let server = expiring().await;
    commit(&server, |batch| {
        batch.set(keys::shard(1, 0, ShardEvent::Closed), closing);
    })
    .await;
    assert_eq!(faults(&server).await, std::slice::from_ref(&fault));
    let server = expiring().await;
    commit(&server, |batch| {
        batch.delete(keys::shard(1, 0, ShardEvent::Opened));
    })
    .await;
    assert_eq!(faults(&server).await, [fault, Fault::Unknown, Fault::Unknown]);
}

#[tokio::test]
async fn records_that_are_none_or_lie_outside_of_their_shard() {
    let log = keys::change_log(1, 0);
    let range = || keys::changes(1, 0);
    let server = expiring().await;
    let (key, value) = first(&server, range()).await;
    let report = server.check().await;
    assert_eq!(report.totals.changes, 2);
    // A record of a later commit than that which wrote it, and one from before the shard.
    let positions = [Position::behind(server.store.latest() + 9), Position::default()];
    for position in positions {
        let server = expiring().await;
        commit(&server, |batch| {
            batch.set(position.key(&log), value.clone());
        })
        .await;
        assert_eq!(faults(&server).await, [Fault::WrongKey], "{position:?}");
    }
    commit(&server, |batch| {
        batch.append(log.clone(), value.slice(..value.len() - 1));
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::Undecodable]);
    commit(&server, |batch| {
        batch.set([&key[..], b"x"].concat(), value.clone());
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::WrongKey, Fault::Undecodable]);
    // Appended to a shard that is closed, and to one that never was.
    let server = expiring().await;
    server.ask("UpdateTable", json!({ "TableName": "old", "StreamSpecification": { "StreamEnabled": false } })).await;
    server.assert_sound().await;
    commit(&server, |batch| {
        batch.append(log, value.clone()).append(keys::change_log(1, 1), value);
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::WrongKey, Fault::Unknown]);
}

#[tokio::test]
async fn a_stream_that_nothing_will_end() {
    let rows: [fn(&mut Table); 2] = [
        |table| {
            table.stream = None;
            table.partitions[0].shard = None;
        },
        |table| table.stream.as_mut().unwrap().label.push('x'),
    ];
    for row in rows {
        let server = expiring().await;
        damage(&server, row).await;
        assert_eq!(faults(&server).await, [Fault::StreamWithoutTable]);
    }
}

#[tokio::test]
async fn policies_that_are_not_what_descriptors_say() {
    let server = expiring().await;
    let arn = format!("arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/old");
    let stream = server.describe("old").await["LatestStreamArn"].as_str().unwrap().to_owned();
    let statement = json!({ "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*" });
    let document = json!({ "Statement": statement }).to_string();
    for arn in [&arn, &stream] {
        server.ask("PutResourcePolicy", json!({ "ResourceArn": arn, "Policy": document })).await;
    }
    server.assert_sound().await;
    let (of_table, of_stream) = (keys::table_policy(1), keys::stream_policy(1, stream.rsplit('/').next().unwrap()));
    let revision = START_MS as i64;
    let stored = |revision, document: &str| {
        record::encode(&PolicyRecord { revision, document: document.to_owned(), principals: Default::default() })
    };
    let rows = [
        (of_table.clone(), stored(revision + 1, &document).unwrap(), Fault::WrongPolicy { revision }),
        (of_table, stored(revision, "{}").unwrap(), Fault::Undecodable),
        (of_stream.clone(), Bytes::from_static(b"{"), Fault::Undecodable),
        (keys::table_policy(2), stored(revision, &document).unwrap(), Fault::Unknown),
        (keys::stream_policy(1, "x"), stored(revision, &document).unwrap(), Fault::Unknown),
    ];
    for (key, value, fault) in rows {
        let right = server.store.get_one(&key).await.unwrap().map(|found| found.value);
        commit(&server, |batch| {
            batch.set(key.clone(), value);
        })
        .await;
        assert_eq!(faults(&server).await, [fault]);
        commit(&server, |batch| match right {
            Some(right) => drop(batch.set(key, right)),
            None => drop(batch.delete(key)),
        })
        .await;
        server.assert_sound().await;
    }
    commit(&server, |batch| {
        batch.delete(of_stream);
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::WrongPolicy { revision }]);
}

#[tokio::test]
async fn streams_and_shards_that_do_not_decode() {
    let server = expiring().await;
    let (stream, value) = first(&server, keys::all_streams()).await;
    let shard = keys::shard(1, 0, ShardEvent::Opened);
    commit(&server, |batch| {
        batch.set(Bytes::from([&stream[..], b"x"].concat()), value.clone());
    })
    .await;
    assert_eq!(faults(&server).await, [Fault::WrongKey]);
    for key in [stream, shard] {
        let server = expiring().await;
        commit(&server, |batch| {
            batch.set(key, Bytes::from_static(b"{"));
        })
        .await;
        let faults = faults(&server).await;
        assert_eq!(faults[0], Fault::Undecodable);
        assert!(faults.contains(&Fault::PartitionWithoutShard { partition: 0 }), "{faults:?}");
    }
}
