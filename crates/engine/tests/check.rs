//! The offline check finds every kind of fault, and names it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use engine::check::Fault;
use layout::ItemRecord;
use layout::keys::{self, Counted, Source, Space};
use serde_json::json;
use storage::{Batch, Direction, Scan};
use support::{Server, composite, defining, index, with};

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
