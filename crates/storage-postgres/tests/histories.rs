//! Random commits of two servers at once, each noted in a log by itself: replayed in the order of their versions, every check of every
//! commit must have held where the commit stands, and what is left must be what is stored.
//!
//! `STATOR_SEED=<number>` draws the same batches; what meets what remains a matter of luck.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod cluster;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runtime::{Clock, Random, Timestamp, spawn};
use storage::{Batch, Direction, Position, Scan, Store, StoreError, Version};
use storage_postgres::{PostgresSettings, PostgresStore};

const KEYS: u64 = 6;
const TASKS: u64 = 8;
const COMMITS: usize = 120;
const LOG: &[u8] = b"log/";

fn key(number: u64) -> String {
    format!("k{number}")
}

/// One commit of random checks and mutations; its record says them again.
async fn commit_something(store: &PostgresStore, random: &Random) {
    let keys: Vec<Bytes> = (0..KEYS).map(|number| Bytes::from(key(number))).collect();
    let found = store.get(&keys).await.unwrap();
    let (mut batch, mut record) = (Batch::new(), Vec::new());
    for _ in 0..random.below(4) {
        let number = random.below(KEYS);
        let expected = found[usize::try_from(number).unwrap()].as_ref().map(|found| found.version);
        batch.check(key(number), expected);
        record.push(format!("check {} {}", key(number), expected.unwrap_or(0)));
    }
    // Rarely, as each takes an exclusive commit.
    if random.below(15) == 0 {
        batch.delete_range("k1", "k4");
        record.push("range k1 k4".to_owned());
    }
    for _ in 0..=random.below(2) {
        let key = key(random.below(KEYS));
        if random.below(3) == 0 {
            batch.delete(key.clone());
            record.push(format!("delete {key}"));
        } else {
            batch.set(key.clone(), "x");
            record.push(format!("set {key}"));
        }
    }
    batch.append(LOG, record.join(","));
    match store.commit(batch).await {
        Ok(_) | Err(StoreError::Conflict { .. }) => (),
        Err(other) => panic!("{other}"),
    }
}

/// Applies one record to the versions of all keys.
fn replay(state: &mut BTreeMap<String, Version>, version: Version, record: &str) {
    for step in record.split(',') {
        let words: Vec<&str> = step.split(' ').collect();
        match words[..] {
            ["check", key, expected] => {
                let held = state.get(key).copied().unwrap_or(0);
                assert_eq!(held, expected.parse::<u64>().unwrap(), "{version}: {record}: {key} was not as expected");
            }
            ["range", from, to] => state.retain(|key, _| key.as_str() < from || to <= key.as_str()),
            ["delete", key] => drop(state.remove(key)),
            ["set", key] => drop(state.insert(key.to_owned(), version)),
            _ => panic!("{record}"),
        }
    }
}

async fn all(store: &PostgresStore, from: &'static [u8], to: &'static [u8]) -> Vec<(Bytes, Version, Bytes)> {
    let scan = Scan {
        from: Bytes::from_static(from),
        to: Bytes::from_static(to),
        direction: Direction::Forward,
        max_entries: usize::MAX,
        max_bytes: usize::MAX,
    };
    let page = store.scan(scan).await.unwrap();
    page.iter().map(|entry| (entry.key_bytes(), entry.version, entry.value_bytes())).collect()
}

#[test]
fn versions_are_the_order_of_commits() {
    let seed = std::env::var("STATOR_SEED").map_or_else(|_| Random::system().u64(), |seed| seed.parse().unwrap());
    eprintln!("STATOR_SEED={seed}");
    cluster::run(async {
        let settings = cluster::settings();
        // A clock an hour behind, so that its proposals are too low until it learns; and slow.
        let (late, hand) = Clock::manual(Timestamp::from_millis(Clock::system().now().as_millis() - 3_600_000));
        let late = PostgresSettings { clock: late, patience: Duration::from_secs(60), ..settings.clone() };
        let settings = PostgresSettings { patience: Duration::from_secs(60), ..settings };
        let stores = [Arc::new(cluster::open(&settings).await), Arc::new(cluster::open(&late).await)];
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let store = stores[usize::try_from(task % 2).unwrap()].clone();
                let random = Random::seeded(seed.wrapping_add(task));
                spawn(async move {
                    for _ in 0..COMMITS {
                        commit_something(&store, &random).await;
                    }
                })
            })
            .collect();
        while !tasks.iter().all(|task| task.is_finished()) {
            Clock::system().sleep(Duration::from_millis(2)).await;
            hand.advance(Duration::from_millis(1));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let mut state = BTreeMap::new();
        let log = all(&stores[0], LOG, b"log0").await;
        for (key, version, record) in &log {
            let position = Position::of_key(LOG, key).unwrap();
            assert_eq!(position.version, *version, "an entry's key holds its commit's version");
            replay(&mut state, *version, std::str::from_utf8(record).unwrap());
        }
        let stored: BTreeMap<String, Version> = all(&stores[1], b"k", b"l")
            .await
            .into_iter()
            .map(|(key, version, _)| (String::from_utf8(key.to_vec()).unwrap(), version))
            .collect();
        assert_eq!(stored, state);
        assert!(200 < log.len(), "only {} commits succeeded", log.len());
    });
}
