//! Ranges that are read again and again, while what is in them changes: a page that is kept is never an old one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "also the functions around the tests fail the test")]

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use storage::conformance::block_on;
use storage::conformance::generator::Generator;
use storage::{Batch, Direction, Scan, Store, counter};
use storage_local::{LocalSettings, LocalStore};
use tempfile::TempDir;

/// What the keys of a partition begin with.
const PARTITIONS: [&str; 3] = ["the-partition-1-", "the-partition-2-", "another-part-1-"];

/// Keys of a partition.
const KEYS: usize = 8;

fn key(partition: usize, number: usize) -> String {
    format!("{}{number}", PARTITIONS[partition])
}

fn scan(partition: usize, from: usize, to: usize, direction: Direction, max_entries: usize) -> Scan {
    let (from, to) = (key(partition, from).into(), key(partition, to).into());
    Scan { from, to, direction, max_entries, max_bytes: usize::MAX }
}

/// Everything that a batch can do, at random, and after each batch the same few scans as ever.
#[test]
fn scans_agree_with_a_model_after_every_commit() {
    let dir = TempDir::new().unwrap();
    let store = LocalStore::open(&LocalSettings { memory_bytes: 1 << 20, ..LocalSettings::new(dir.path()) }).unwrap();
    let mut generator = Generator::new(11);
    let mut model: BTreeMap<String, Bytes> = BTreeMap::new();
    for step in 0..3000_u32 {
        let mut batch = Batch::new();
        for _ in 0..generator.below(3) {
            let (partition, number) = (generator.below(PARTITIONS.len()), generator.below(KEYS));
            let key = key(partition, number);
            match generator.below(10) {
                0..5 => {
                    let value = Bytes::from(step.to_string().repeat(generator.below(300)));
                    model.insert(key.clone(), value.clone());
                    batch.set(key, value);
                }
                5..8 => {
                    model.remove(&key);
                    batch.delete(key);
                }
                8 => {
                    let counter = format!("{}counter", PARTITIONS[partition]);
                    let before = model.get(&counter).map_or(0, |number| counter::decode(number).unwrap());
                    model.insert(counter.clone(), Bytes::copy_from_slice(&counter::encode(before + 1)));
                    batch.add(counter, 1);
                }
                _ => {
                    let to = self::key(partition, KEYS);
                    model.retain(|other, _| !(key.as_str()..to.as_str()).contains(&other.as_str()));
                    batch.delete_range(key, to);
                }
            }
            // One change of a key in a batch is enough: their order is not what this is about.
            block_on(store.commit(std::mem::take(&mut batch))).unwrap();
        }
        for partition in 0..PARTITIONS.len() {
            for (from, to, direction, most) in [
                (0, KEYS, Direction::Forward, 100),
                (0, KEYS, Direction::Backward, 2),
                (3, 6, Direction::Forward, 1),
                (4, 4, Direction::Forward, 9),
            ] {
                let scan = scan(partition, from, to, direction, most);
                let page = block_on(store.scan(scan.clone())).unwrap();
                let found: Vec<_> = page.iter().map(|entry| (entry.key_bytes(), entry.value_bytes())).collect();
                let bounds =
                    String::from_utf8_lossy(&scan.from).into_owned()..String::from_utf8_lossy(&scan.to).into_owned();
                let mut expected: Vec<_> =
                    model.range(bounds).map(|(key, value)| (Bytes::from(key.clone()), value.clone())).collect();
                if direction == Direction::Backward {
                    expected.reverse();
                }
                let more = most < expected.len();
                expected.truncate(most);
                assert_eq!((found, page.more()), (expected, more), "after {step}: {scan:?}");
            }
        }
    }
}

/// Whoever begins to read after a commit has returned finds it, and nobody who has found a commit finds an older one later.
#[test]
fn readers_beside_writers_never_go_back() {
    const COMMITS: u64 = 20_000;
    let dir = TempDir::new().unwrap();
    let store = common::open(dir.path());
    let returned = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let read = || {
        let page = block_on(store.scan(scan(0, 0, KEYS, Direction::Forward, 100))).unwrap();
        page.iter().map(|entry| u64::from_be_bytes(entry.value.try_into().unwrap())).max().unwrap_or(0)
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut seen = 0;
                while !is_over.load(Ordering::Acquire) {
                    let least = seen.max(returned.load(Ordering::Acquire));
                    seen = read();
                    assert!(least <= seen, "{seen} after {least}");
                }
                assert_eq!(read(), COMMITS);
            });
        }
        for number in 1..=COMMITS {
            let mut batch = Batch::new();
            batch.set(key(0, usize::try_from(number).unwrap() % KEYS), number.to_be_bytes().to_vec());
            block_on(store.commit(batch)).unwrap();
            returned.store(number, Ordering::Release);
        }
        is_over.store(true, Ordering::Release);
    });
}
