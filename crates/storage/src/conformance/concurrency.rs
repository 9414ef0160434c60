//! What several threads at once may and may not see.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;

use super::{Harness, commit, number, read};
use crate::{Batch, Direction, Scan, Store, StoreError, Version, counter};

pub async fn compare_and_set_increments_lose_nothing(harness: &dyn Harness) {
    increments_lose_nothing(harness, |_| 0);
}

pub async fn checks_since_a_version_lose_nothing(harness: &dyn Harness) {
    increments_lose_nothing(harness, |store| store.visible());
}

fn increments_lose_nothing(harness: &dyn Harness, as_of: fn(&dyn Store) -> Version) {
    const THREADS: i64 = 4;
    const ROUNDS: i64 = 100;
    let store = harness.open();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                harness.block_on(Box::pin(async {
                    for _ in 0..ROUNDS {
                        increment(&*store, as_of).await;
                    }
                }));
            });
        }
    });
    harness.block_on(Box::pin(async {
        assert_eq!(number(&*store, b"key").await, THREADS * ROUNDS);
    }));
}

/// Reads, adds one, and writes under a check, until no other thread came between.
async fn increment(store: &dyn Store, as_of: fn(&dyn Store) -> Version) {
    loop {
        let as_of = as_of(store);
        let found = read(store, b"key").await;
        let number = found.as_ref().map_or(0, |found| counter::decode(&found.value).unwrap());
        let mut batch = Batch::new();
        batch.check_since("key", found.map(|found| found.version), as_of);
        batch.set("key", counter::encode(number + 1).to_vec());
        match store.commit(batch).await {
            Ok(_) => return,
            Err(StoreError::Conflict { check: 0 }) => (),
            Err(other) => panic!("{other}"),
        }
    }
}

pub async fn exactly_one_of_many_creations_wins(harness: &dyn Harness) {
    const ROUNDS: usize = 50;
    let store = harness.open();
    let wins = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let (store, wins) = (&store, &wins);
            scope.spawn(move || {
                harness.block_on(Box::pin(async move {
                    for round in 0..ROUNDS {
                        let key = format!("key-{round}");
                        let mut batch = Batch::new();
                        batch.check(key.clone(), None).set(key, thread.to_string());
                        if store.commit(batch).await.is_ok() {
                            wins.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                }));
            });
        }
    });
    assert_eq!(wins.load(Ordering::SeqCst), ROUNDS);
}

pub async fn a_reader_never_sees_half_a_commit(harness: &dyn Harness) {
    const KEYS: usize = 20;
    let store = harness.open();
    write_everywhere(&*store, 0, KEYS).await;
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                harness.block_on(Box::pin(async {
                    while !done.load(Ordering::SeqCst) {
                        expect_one_commit(&store, KEYS).await;
                    }
                }));
            });
        }
        harness.block_on(Box::pin(async {
            for round in 1..500_u32 {
                write_everywhere(&*store, round, KEYS).await;
            }
            done.store(true, Ordering::SeqCst);
        }));
    });
}

async fn write_everywhere(store: &dyn Store, round: u32, keys: usize) {
    commit(store, |batch| {
        // The keys are removed and written again, so that half a commit would also show as absence.
        batch.delete_range("key-", "key-z");
        for index in 0..keys {
            batch.set(format!("key-{index:02}"), round.to_string());
        }
    })
    .await;
}

/// Reads all keys in each way and expects that one commit wrote all that one call answered.
async fn expect_one_commit(store: &Arc<dyn Store>, keys: usize) {
    let names: Vec<Bytes> = (0..keys).map(|index| Bytes::from(format!("key-{index:02}"))).collect();
    let found = store.get(&names).await.unwrap();
    let first = found[0].clone().expect("a key is absent in the middle of a commit");
    assert!(found.iter().all(|found| found.as_ref() == Some(&first)), "a multi-key read mixes two commits");
    for direction in [Direction::Forward, Direction::Backward] {
        let scan = Scan {
            from: Bytes::from_static(b"key-"),
            to: Bytes::from_static(b"key-z"),
            direction,
            max_entries: usize::MAX,
            max_bytes: usize::MAX,
        };
        let page = store.scan(scan).await.unwrap();
        assert_eq!(page.len(), keys);
        let first = page.last().unwrap();
        assert!(page.iter().all(|entry| (entry.version, entry.value) == (first.version, first.value)));
    }
}

pub async fn reads_never_go_back_in_time(harness: &dyn Harness) {
    const KEYS: usize = 4;
    let store = harness.open();
    let done = AtomicBool::new(false);
    // The newest round of each reader, which the others start from: what one was told, all later reads see.
    let told = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for reader in 0..3 {
            let (store, done, told) = (&store, &done, &told);
            scope.spawn(move || {
                harness.block_on(Box::pin(async move {
                    let mut turn = reader;
                    while !done.load(Ordering::SeqCst) {
                        let least = told.load(Ordering::SeqCst);
                        let round = round_of_one_read(&**store, turn, KEYS).await;
                        assert!(round >= least, "a read saw round {round} after one that saw {least}");
                        told.fetch_max(round, Ordering::SeqCst);
                        turn += 1;
                    }
                }));
            });
        }
        harness.block_on(Box::pin(async {
            for round in 1..3000_u64 {
                commit(&*store, |batch| {
                    // Now and then a key is also written twice, or removed and written, in one commit.
                    match round % 5 {
                        0 => batch.set("key-1", "no round"),
                        1 => batch.delete("key-2"),
                        _ => batch,
                    };
                    (0..KEYS).for_each(|index| {
                        batch.set(format!("key-{index}"), round.to_be_bytes().to_vec());
                    });
                })
                .await;
                told.fetch_max(round, Ordering::SeqCst);
            }
            done.store(true, Ordering::SeqCst);
        }));
    });
}

/// The round that one read sees: of one key, of several, or of a range, in turn. Before the first commit it is 0.
async fn round_of_one_read(store: &dyn Store, turn: usize, keys: usize) -> u64 {
    let round = |value: &[u8]| u64::from_be_bytes(value.try_into().expect("a value of no round"));
    match turn % 4 {
        0 => {
            let names: Vec<Bytes> = (0..keys).map(|index| Bytes::from(format!("key-{index}"))).collect();
            let found = store.get(&names).await.unwrap();
            assert!(found.iter().all(|one| *one == found[0]), "a multi-key read mixes two commits");
            found[0].as_ref().map_or(0, |found| round(&found.value))
        }
        1 => {
            let scan = Scan {
                from: Bytes::from_static(b"key-"),
                to: Bytes::from_static(b"key-z"),
                direction: Direction::Forward,
                max_entries: 1,
                max_bytes: usize::MAX,
            };
            store.scan(scan).await.unwrap().last().map_or(0, |entry| round(entry.value))
        }
        _ => {
            let key = format!("key-{}", turn % keys);
            read(store, key.as_bytes()).await.map_or(0, |found| round(&found.value))
        }
    }
}

pub async fn durable_serves_many_waiters(harness: &dyn Harness) {
    let store = harness.open();
    std::thread::scope(|scope| {
        for thread in 0..8_u32 {
            let store = &store;
            scope.spawn(move || {
                harness.block_on(Box::pin(async move {
                    for round in 0..50_u32 {
                        let version = commit(&**store, |batch| {
                            batch.set(format!("key-{thread}"), round.to_string());
                        })
                        .await;
                        store.durable(version).await.unwrap();
                        store.durable(store.latest()).await.unwrap();
                    }
                }));
            });
        }
    });
}
