//! Reads of keys, and what a restart and a close leave of them.

use bytes::Bytes;

use super::{Harness, commit, number, read, value, version};
use crate::{Batch, Direction, Scan, StoreError};

pub async fn a_multi_key_read_keeps_the_order_of_its_keys(harness: &dyn Harness) {
    let store = harness.open();
    let first = commit(&*store, |batch| {
        batch.set("a", "1").set("b", "2");
    })
    .await;
    let second = commit(&*store, |batch| {
        batch.set("c", "3");
    })
    .await;
    let keys = ["c", "absent", "a", "c", "b"].map(Bytes::from_static_str);
    let found = store.get(&keys).await.unwrap();
    let found: Vec<_> =
        found.iter().map(|found| found.as_ref().map(|found| (found.version, &found.value[..]))).collect();
    let expected = [Some((second, &b"3"[..])), None, Some((first, b"1")), Some((second, b"3")), Some((first, b"2"))];
    assert_eq!(found, expected);
    assert_eq!(store.get(&[]).await.unwrap(), []);
    assert_eq!(store.get(&keys[1..2]).await.unwrap(), [None]);
}

/// `Bytes::from_static` of a text.
trait FromStaticStr {
    fn from_static_str(text: &'static str) -> Self;
}

impl FromStaticStr for Bytes {
    fn from_static_str(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes())
    }
}

pub async fn the_absent_and_the_empty_value_differ(harness: &dyn Harness) {
    let store = harness.open();
    assert_eq!(read(&*store, b"key").await, None);
    commit(&*store, |batch| {
        batch.set("key", "");
    })
    .await;
    assert_eq!(value(&*store, b"key").await, "");
    // Neither a prefix nor an extension of a key is that key.
    assert_eq!(read(&*store, b"ke").await, None);
    assert_eq!(read(&*store, b"key\0").await, None);
}

pub async fn reserved_keys_are_never_seen(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.set("key", "1");
    })
    .await;
    assert_eq!(read(&*store, b"").await, None);
    assert_eq!(read(&*store, b"\0format").await, None);
    let keys = ["", "\0format", "key"].map(Bytes::from_static_str);
    let found = store.get(&keys).await.unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, false, true]);
    for direction in [Direction::Forward, Direction::Backward] {
        let scan =
            Scan { from: Bytes::new(), to: Bytes::from_static(b"\xff"), direction, max_entries: 10, max_bytes: 1000 };
        let page = store.scan(scan).await.unwrap();
        assert_eq!(page.iter().map(|entry| entry.key).collect::<Vec<_>>(), [b"key"]);
        assert!(!page.more());
    }
    // What the store keeps for itself also survives a delete of everything, and with it the store.
    commit(&*store, |batch| {
        batch.delete_range("", "\u{7f}");
    })
    .await;
    let store = harness.reopen(store);
    commit(&*store, |batch| {
        batch.set("key", "2");
    })
    .await;
    assert_eq!(value(&*store, b"key").await, "2");
}

pub async fn everything_survives_a_reopen(harness: &dyn Harness) {
    let mut store = harness.open();
    let mut newest = 0;
    for round in 1..5_i64 {
        let written = commit(&*store, |batch| {
            batch.set("key", round.to_string()).add("counter", round);
            for index in 0..500 {
                batch.set(format!("many-{round}-{index}"), vec![b'v'; 100]);
            }
        })
        .await;
        assert!(newest < written, "versions go on growing");
        newest = written;
        store = harness.reopen(store);
        assert_eq!(version(&*store, b"key").await, written);
        assert_eq!(value(&*store, b"key").await, round.to_string());
        assert_eq!(number(&*store, b"counter").await, (1..=round).sum());
        assert_eq!(value(&*store, format!("many-{round}-499").as_bytes()).await.len(), 100);
    }
}

pub async fn a_closed_store_refuses_everything(harness: &dyn Harness) {
    let store = harness.open();
    let written = commit(&*store, |batch| {
        batch.set("key", "1");
    })
    .await;
    store.close().await.unwrap();
    store.close().await.unwrap();
    expect_closed(store.get_one(b"key").await);
    expect_closed(store.get(&[Bytes::from_static(b"key")]).await);
    expect_closed(store.get(&[Bytes::from_static(b"key"), Bytes::from_static(b"other")]).await);
    expect_closed(store.scan(whole_range()).await);
    expect_closed(store.commit(Batch::new()).await);
    expect_closed(store.durable(written).await);
    expect_closed(store.checkpoint(std::path::Path::new("unused")).await);
}

fn whole_range() -> Scan {
    Scan {
        from: Bytes::new(),
        to: Bytes::from_static(b"\xff"),
        direction: Direction::Forward,
        max_entries: 1,
        max_bytes: 1,
    }
}

fn expect_closed<T>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Closed)), "a call on a closed store was served");
}
