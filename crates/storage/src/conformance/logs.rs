//! Logs: what is appended stands in the order of commits, and a reader that follows misses nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use super::{Harness, commit, refused};
use crate::batch::KEY_BYTES_MAX;
use crate::{Batch, Direction, Limit, Position, Scan, Store, StoreError};

const LOG: &[u8] = b"log/";

pub async fn entries_stand_in_the_order_of_commits_and_mutations(harness: &dyn Harness) {
    let store = harness.open();
    let first = commit(&*store, |batch| {
        batch.append(LOG, "a").set("log.", "beside").append("other/", "x").append(LOG, "b");
    })
    .await;
    let second = commit(&*store, |batch| {
        batch.append(LOG, "c");
    })
    .await;
    let at = |version, ordinal| Position { version, ordinal };
    let expected =
        [(at(first, 0), "a"), (at(first, 2), "b"), (at(second, 0), "c")].map(|(at, value)| (at, Bytes::from(value)));
    assert_eq!(entries(&*store, Position::default()).await, expected);
    assert_eq!(entries(&*store, expected[0].0.next()).await, expected[1..]);
    assert_eq!(entries(&*store, Position::behind(first)).await, expected[2..]);
}

pub async fn entries_survive_a_reopen_and_later_ones_follow(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.append(LOG, "a");
    })
    .await;
    let store = harness.reopen(store);
    commit(&*store, |batch| {
        batch.append(LOG, "b");
    })
    .await;
    assert_eq!(values(&*store).await, ["a", "b"]);
}

pub async fn what_is_refused_is_not_appended(harness: &dyn Harness) {
    let store = harness.open();
    refused(&*store, |batch| {
        batch.check("key", Some(1)).append(LOG, "a");
    })
    .await;
    for reserved in [&b""[..], b"\0log"] {
        let error = refused(&*store, |batch| {
            batch.append(Bytes::from_static(reserved), "a");
        });
        assert!(matches!(error.await, StoreError::Limit(Limit::ReservedKey)));
    }
    let error = refused(&*store, |batch| {
        batch.append(vec![1; KEY_BYTES_MAX - 11], "a");
    });
    assert!(matches!(error.await, StoreError::Limit(Limit::KeyTooLong { .. })));
    assert!(values(&*store).await.is_empty());
}

pub async fn a_trimmed_log_goes_on(harness: &dyn Harness) {
    let store = harness.open();
    let mut last = 0;
    for value in ["a", "b", "c"] {
        last = commit(&*store, |batch| {
            batch.append(LOG, value);
        })
        .await;
    }
    commit(&*store, |batch| {
        batch.delete_range(LOG, Position::before(last).key(LOG)).append(LOG, "d");
    })
    .await;
    assert_eq!(values(&*store).await, ["c", "d"]);
}

pub async fn a_reader_that_follows_misses_nothing(harness: &dyn Harness) {
    const WRITERS: usize = 3;
    const COMMITS: usize = 200;
    const READS_AFTER_THE_LAST_MAX: usize = 10_000;
    let store = harness.open();
    let running = AtomicUsize::new(WRITERS);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (store, running) = (&store, &running);
            scope.spawn(move || {
                let _left = Leaving(running);
                harness.block_on(Box::pin(async move {
                    for round in 0..COMMITS {
                        let mut batch = Batch::new();
                        // Every second commit also appends elsewhere, before and behind.
                        if round % 2 == 0 {
                            batch.append("log.", "x");
                        }
                        batch.append(LOG, format!("{writer} {round}")).append("log0", "x");
                        store.commit(batch).await.unwrap();
                    }
                }));
            });
        }
        harness.block_on(Box::pin(async {
            let mut next = Position::default();
            let mut seen = vec![0; WRITERS];
            let mut reads_after_the_last = 0;
            loop {
                let is_last = running.load(Ordering::SeqCst) == 0;
                let settled = store.settled().await.unwrap();
                for (position, value) in entries(&*store, next).await {
                    if settled < position.version {
                        break;
                    }
                    let text = std::str::from_utf8(&value).unwrap();
                    let (writer, round) = text.split_once(' ').unwrap();
                    let seen = &mut seen[writer.parse::<usize>().unwrap()];
                    assert_eq!(
                        round,
                        seen.to_string(),
                        "writer {writer}: an entry is missing, out of order or seen twice"
                    );
                    *seen += 1;
                    next = position.next();
                }
                // What was committed is settled before long.
                reads_after_the_last += usize::from(is_last);
                if seen == [COMMITS; WRITERS] || READS_AFTER_THE_LAST_MAX < reads_after_the_last {
                    break;
                }
            }
            assert_eq!(seen, [COMMITS; WRITERS]);
        }));
    });
}

/// Counts a thread out, also when it panics: who waits for it must not wait for ever.
struct Leaving<'a>(&'a AtomicUsize);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The entries of the log from a place on.
async fn entries(store: &dyn Store, from: Position) -> Vec<(Position, Bytes)> {
    let scan = Scan {
        from: from.key(LOG),
        to: Bytes::from_static(b"log0"),
        direction: Direction::Forward,
        max_entries: usize::MAX,
        max_bytes: usize::MAX,
    };
    let page = store.scan(scan).await.unwrap();
    page.iter().map(|entry| (Position::of_key(LOG, entry.key).unwrap(), entry.value_bytes())).collect()
}

async fn values(store: &dyn Store) -> Vec<Bytes> {
    entries(store, Position::default()).await.into_iter().map(|(_, value)| value).collect()
}
