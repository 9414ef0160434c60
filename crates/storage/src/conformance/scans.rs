//! Scans: bounds, directions, limits, continuation.

use bytes::Bytes;

use super::{Harness, commit};
use crate::{Direction, Page, Scan, Store, Version};

fn range(from: &'static str, to: &'static str) -> Scan {
    Scan {
        from: Bytes::from_static(from.as_bytes()),
        to: Bytes::from_static(to.as_bytes()),
        direction: Direction::Forward,
        max_entries: usize::MAX,
        max_bytes: usize::MAX,
    }
}

fn backward(scan: Scan) -> Scan {
    Scan { direction: Direction::Backward, ..scan }
}

fn at_most(max_entries: usize, scan: Scan) -> Scan {
    Scan { max_entries, ..scan }
}

/// Writes each key with itself as the value.
async fn write(store: &dyn Store, keys: &[&'static str]) -> Version {
    commit(store, |batch| {
        for key in keys {
            batch.set(*key, *key);
        }
    })
    .await
}

async fn page(store: &dyn Store, scan: Scan) -> Page {
    store.scan(scan).await.unwrap()
}

fn keys(page: &Page) -> Vec<&str> {
    page.iter()
        .map(|entry| {
            assert_eq!(entry.key, entry.value, "an entry has the value of its key");
            std::str::from_utf8(entry.key).unwrap()
        })
        .collect()
}

pub async fn a_scan_sees_bounds_and_order_in_both_directions(harness: &dyn Harness) {
    let store = harness.open();
    write(&*store, &["c", "a", "e", "b", "d", "b1"]).await;
    for (from, to, expected) in [
        ("a", "f", &["a", "b", "b1", "c", "d", "e"][..]),
        ("", "z", &["a", "b", "b1", "c", "d", "e"]),
        ("b", "d", &["b", "b1", "c"]),
        ("b0", "b9", &["b1"]),
        ("a", "a\0", &["a"]),
        ("e", "z", &["e"]),
        ("f", "z", &[]),
        ("", "a", &[]),
    ] {
        let forward = page(&*store, range(from, to)).await;
        assert_eq!(keys(&forward), expected, "{from} .. {to}");
        assert!(!forward.more());
        let mut reversed = expected.to_vec();
        reversed.reverse();
        let backward = page(&*store, backward(range(from, to))).await;
        assert_eq!(keys(&backward), reversed, "{from} .. {to} backward");
        assert!(!backward.more());
    }
}

pub async fn an_empty_or_reversed_range_is_an_empty_page(harness: &dyn Harness) {
    let store = harness.open();
    write(&*store, &["a", "b", "c"]).await;
    for scan in [range("b", "b"), range("c", "a"), range("", ""), range("z", "")] {
        for scan in [scan.clone(), backward(scan)] {
            let page = page(&*store, scan).await;
            assert!(page.is_empty() && !page.more() && page.last().is_none());
        }
    }
}

pub async fn more_says_whether_the_range_goes_on(harness: &dyn Harness) {
    let store = harness.open();
    write(&*store, &["a", "b", "c", "outside"]).await;
    for direction in [Direction::Forward, Direction::Backward] {
        let scan = Scan { direction, ..range("a", "d") };
        for (max_entries, expected, more) in [(0, 0, true), (1, 1, true), (2, 2, true), (3, 3, false), (4, 3, false)] {
            let page = page(&*store, at_most(max_entries, scan.clone())).await;
            assert_eq!((page.len(), page.more()), (expected, more), "{direction:?} at most {max_entries}");
        }
        let nothing = Scan { direction, ..range("x", "z") };
        assert!(!page(&*store, at_most(0, nothing)).await.more());
    }
    // A deleted neighbour is no reason to go on.
    commit(&*store, |batch| {
        batch.delete("c").delete_range("b", "b1");
    })
    .await;
    let page = page(&*store, at_most(1, range("a", "d"))).await;
    assert_eq!((keys(&page), page.more()), (vec!["a"], false));
}

pub async fn a_page_obeys_its_byte_limit_but_always_gets_on(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        for key in ["a", "b", "c", "d"] {
            batch.set(key, vec![b'v'; 99]);
        }
    })
    .await;
    for (max_bytes, expected, more) in
        [(0, 1, true), (99, 1, true), (100, 1, true), (199, 1, true), (200, 2, true), (399, 3, true), (400, 4, false)]
    {
        let scan = Scan { max_bytes, ..range("a", "z") };
        let page = page(&*store, scan).await;
        assert_eq!((page.len(), page.more()), (expected, more), "at most {max_bytes} bytes");
    }
}

pub async fn pages_continue_where_the_last_one_ended(harness: &dyn Harness) {
    let store = harness.open();
    let all: Vec<String> = (0..1000).map(|index| format!("key-{index:04}")).collect();
    commit(&*store, |batch| {
        for key in &all {
            batch.set(key.clone(), key.clone());
        }
    })
    .await;
    for direction in [Direction::Forward, Direction::Backward] {
        for max_entries in [1, 7, 250, 999, 1000] {
            let mut next = Some(Scan { direction, ..at_most(max_entries, range("key-", "key-9999")) });
            let mut found = Vec::new();
            while let Some(scan) = next {
                let page = page(&*store, scan.clone()).await;
                found.extend(keys(&page).into_iter().map(str::to_owned));
                next = scan.after(&page);
            }
            if direction == Direction::Backward {
                found.reverse();
            }
            assert_eq!(found, all, "{direction:?} by {max_entries}");
        }
    }
}

pub async fn entries_carry_versions_and_share_the_page(harness: &dyn Harness) {
    let store = harness.open();
    let first = write(&*store, &["a", "b"]).await;
    let second = write(&*store, &["b", "c"]).await;
    let page = page(&*store, range("a", "z")).await;
    let versions: Vec<_> = page.iter().map(|entry| entry.version).collect();
    assert_eq!(versions, [first, second, second]);
    let values: Vec<Bytes> = page.iter().map(|entry| entry.value_bytes()).collect();
    assert_eq!(page.iter().next_back().unwrap().key_bytes(), "c");
    drop(page);
    assert_eq!(values, ["a", "b", "c"], "a value outlives its page");
}

pub async fn keys_are_ordered_as_unsigned_bytes(harness: &dyn Harness) {
    let store = harness.open();
    let sorted: [&'static [u8]; 7] = [b"\x01", b"\x01\x00", b"\x7f", b"\x80", b"\xfe\xff", b"\xff", b"\xff\xff"];
    commit(&*store, |batch| {
        for key in sorted.iter().rev() {
            batch.set(Bytes::from_static(key), "1");
        }
    })
    .await;
    let scan = Scan { to: Bytes::from_static(b"\xff\xff\xff"), ..range("", "") };
    let forward = page(&*store, scan.clone()).await;
    assert_eq!(forward.iter().map(|entry| entry.key).collect::<Vec<_>>(), sorted);
    let backward = page(&*store, backward(scan)).await;
    assert_eq!(backward.iter().rev().map(|entry| entry.key).collect::<Vec<_>>(), sorted);
}
