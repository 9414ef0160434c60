//! Long keys: as long as they may be, and equal for as long as they may be, they are found, guarded and ordered by all of their bytes.

use bytes::Bytes;

use super::generator::Generator;
use super::{Harness, commit, conflict, number, read, refused, value};
use crate::batch::KEY_BYTES_MAX;
use crate::{Direction, Scan, Store};

/// Bytes that nothing compresses, of which shorter ones are the beginnings of longer ones.
fn head(length: usize) -> Vec<u8> {
    let mut generator = Generator::new(7);
    let mut bytes = vec![b'k'];
    bytes.extend((1..length).map(|_| generator.number().to_le_bytes()[0]));
    bytes
}

/// Keys in their order that differ late: lengths around those that a store's index may take, and the longest.
fn keys() -> Vec<Bytes> {
    let mut keys = Vec::new();
    for length in [1, 1000, 2000, 2599, 2600, 2601, 2700, 4000, 8000, 30_000, KEY_BYTES_MAX - 2] {
        for last in [&b""[..], b"\0", b"\0\xff", b"a", b"\xff\xff"] {
            keys.push(Bytes::from([&head(length), last].concat()));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

fn between(from: &[u8], to: &[u8], direction: Direction) -> Scan {
    let (from, to) = (Bytes::copy_from_slice(from), Bytes::copy_from_slice(to));
    Scan { from, to, direction, max_entries: usize::MAX, max_bytes: usize::MAX }
}

async fn found(store: &dyn Store, scan: Scan) -> Vec<Bytes> {
    store.scan(scan).await.unwrap().iter().map(|entry| entry.key_bytes()).collect()
}

pub async fn neighbours_are_told_apart_and_guarded(harness: &dyn Harness) {
    let store = harness.open();
    let keys = keys();
    for key in &keys {
        let made = commit(&*store, |batch| {
            batch.check(key.clone(), None).set(key.clone(), key.slice(..1));
        })
        .await;
        let error = refused(&*store, |batch| {
            batch.check(key.clone(), None).set("other", "1");
        });
        assert_eq!(conflict(error.await), 0, "{} bytes", key.len());
        commit(&*store, |batch| {
            batch.check(key.clone(), Some(made)).set(key.clone(), key.len().to_string());
        })
        .await;
    }
    let all = store.get(&keys).await.unwrap();
    for (key, found) in keys.iter().zip(all) {
        assert_eq!(found.unwrap().value, key.len().to_string());
    }
    // Counters and logs too, and each is gone alone.
    let counted = Bytes::from([&head(5000), &b"count"[..]].concat());
    let log = Bytes::from([&head(5000), &b"log"[..]].concat());
    for _ in 0..3 {
        commit(&*store, |batch| {
            batch.add(counted.clone(), 2).append(log.clone(), "entry");
        })
        .await;
    }
    assert_eq!(number(&*store, &counted).await, 6);
    let after = [&log[..], b"\xff"].concat();
    assert_eq!(found(&*store, between(&log, &after, Direction::Forward)).await.len(), 3);
    for (at, key) in keys.iter().enumerate() {
        commit(&*store, |batch| {
            batch.delete(key.clone());
        })
        .await;
        assert!(read(&*store, key).await.is_none());
        if let Some(next) = keys.get(at + 1) {
            assert_eq!(value(&*store, next).await, next.len().to_string());
        }
    }
}

pub async fn pages_go_through_keys_of_one_head_in_order(harness: &dyn Harness) {
    let store = harness.open();
    let mut expected = keys();
    let long = head(6000);
    expected.extend((0..300_u32).map(|index| Bytes::from([&long, &index.to_be_bytes()[..]].concat())));
    // Not in their order, and not in that of their digests.
    for part in 0..7 {
        commit(&*store, |batch| {
            for key in expected.iter().skip(part).step_by(7) {
                batch.set(key.clone(), "value");
            }
        })
        .await;
    }
    expected.sort();
    for direction in [Direction::Forward, Direction::Backward] {
        for (max_entries, max_bytes) in [(1, 1 << 20), (7, 1 << 20), (100, 50_000), (1000, 1 << 30)] {
            let scan = Scan { max_entries, max_bytes, ..between(b"a", b"z", direction) };
            let (mut next, mut found) = (Some(scan), Vec::new());
            while let Some(scan) = next {
                let page = store.scan(scan.clone()).await.unwrap();
                found.extend(page.iter().map(|entry| entry.key_bytes()));
                next = scan.after(&page);
            }
            if direction == Direction::Backward {
                found.reverse();
            }
            assert!(found == expected, "{direction:?} by {max_entries}: {} of {}", found.len(), expected.len());
        }
    }
}

pub async fn ranges_between_long_keys_are_exact(harness: &dyn Harness) {
    let store = harness.open();
    let keys = keys();
    let fill = async || {
        commit(&*store, |batch| {
            for key in &keys {
                batch.set(key.clone(), "value");
            }
            batch.add(Bytes::from([&head(9000), &b"count"[..]].concat()), 1);
        })
        .await;
    };
    fill().await;
    let pairs = keys.iter().step_by(3).flat_map(|from| keys.iter().step_by(4).map(move |to| (from, to)));
    for (from, to) in pairs.filter(|(from, to)| from < to) {
        let expected: Vec<_> = keys.iter().filter(|key| from <= *key && *key < to).collect();
        for direction in [Direction::Forward, Direction::Backward] {
            let mut found = found(&*store, between(from, to, direction)).await;
            found.retain(|key| !key.ends_with(b"count"));
            if direction == Direction::Backward {
                found.reverse();
            }
            assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        }
    }
    for step in [3, 13] {
        for (from, to) in keys.iter().zip(keys.iter().skip(step)).step_by(7) {
            fill().await;
            commit(&*store, |batch| {
                batch.delete_range(from.clone(), to.clone());
            })
            .await;
            let mut left = found(&*store, between(b"a", b"z", Direction::Forward)).await;
            left.retain(|key| !key.ends_with(b"count"));
            let expected: Vec<_> = keys.iter().filter(|key| *key < from || to <= *key).collect();
            assert_eq!(left.iter().collect::<Vec<_>>(), expected);
        }
    }
}
