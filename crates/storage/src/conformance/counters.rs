//! Counters: `Add` commutes, never conflicts, and meets every other mutation in the order of the batch.

use super::{Harness, commit, conflict, number, read, refused, value, version};
use crate::{Batch, Limit, StoreError, counter};

pub async fn a_counter_starts_at_zero_and_stays_at_zero(harness: &dyn Harness) {
    let store = harness.open();
    for (delta, expected) in [(5, 5), (-7, -2), (2, 0), (0, 0), (1, 1)] {
        commit(&*store, |batch| {
            batch.add("counter", delta);
        })
        .await;
        assert_eq!(number(&*store, b"counter").await, expected);
    }
}

pub async fn additions_inside_one_batch_add_up(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.add("a", 1).add("b", 10).add("a", 2).set("c", "x").add("a", -4);
    })
    .await;
    assert_eq!(number(&*store, b"a").await, -1);
    assert_eq!(number(&*store, b"b").await, 10);
}

pub async fn a_counter_can_be_set_and_deleted(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.add("counter", 3);
    })
    .await;
    // Across batches.
    commit(&*store, |batch| {
        batch.set("counter", counter::encode(100).to_vec());
    })
    .await;
    commit(&*store, |batch| {
        batch.add("counter", 1);
    })
    .await;
    assert_eq!(number(&*store, b"counter").await, 101);
    commit(&*store, |batch| {
        batch.delete("counter");
    })
    .await;
    assert_eq!(read(&*store, b"counter").await, None);
    commit(&*store, |batch| {
        batch.add("counter", 1);
    })
    .await;
    assert_eq!(number(&*store, b"counter").await, 1);
    // Inside one batch.
    commit(&*store, |batch| {
        batch.add("counter", 1).set("counter", counter::encode(50).to_vec()).add("counter", 1);
    })
    .await;
    assert_eq!(number(&*store, b"counter").await, 51);
    commit(&*store, |batch| {
        batch.delete("counter").add("counter", 7);
    })
    .await;
    assert_eq!(number(&*store, b"counter").await, 7);
    commit(&*store, |batch| {
        batch.add("counter", 1).set("counter", "text");
    })
    .await;
    assert_eq!(value(&*store, b"counter").await, "text");
    commit(&*store, |batch| {
        batch.delete("counter").add("counter", 7).delete("counter");
    })
    .await;
    assert_eq!(read(&*store, b"counter").await, None);
}

pub async fn additions_after_a_range_delete_count_from_zero(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.add("counter-1", 5).add("counter-2", 5).add("counter-3", 5);
    })
    .await;
    // Removed by an earlier batch.
    commit(&*store, |batch| {
        batch.delete_range("counter-1", "counter-2");
    })
    .await;
    commit(&*store, |batch| {
        batch.add("counter-1", 1).add("counter-2", 1);
    })
    .await;
    assert_eq!(number(&*store, b"counter-1").await, 1);
    assert_eq!(number(&*store, b"counter-2").await, 6);
    // Removed by the same batch, before and between additions.
    commit(&*store, |batch| {
        batch.add("counter-2", 100).delete_range("counter-", "counter-3").add("counter-2", 2).add("counter-3", 2);
    })
    .await;
    assert_eq!(read(&*store, b"counter-1").await, None);
    assert_eq!(number(&*store, b"counter-2").await, 2);
    assert_eq!(number(&*store, b"counter-3").await, 7);
}

pub async fn additions_before_a_range_delete_are_forgotten(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.add("counter", 5).delete_range("a", "z");
    })
    .await;
    assert_eq!(read(&*store, b"counter").await, None);
    commit(&*store, |batch| {
        batch.add("counter", 1).delete_range("z", "a");
    })
    .await;
    assert_eq!(number(&*store, b"counter").await, 1, "a reversed range removes nothing");
}

pub async fn an_addition_moves_the_version(harness: &dyn Harness) {
    let store = harness.open();
    let first = commit(&*store, |batch| {
        batch.add("counter", 1);
    })
    .await;
    assert_eq!(version(&*store, b"counter").await, first);
    let second = commit(&*store, |batch| {
        batch.add("counter", 0);
    })
    .await;
    assert_eq!(version(&*store, b"counter").await, second);
    let error = refused(&*store, |batch| {
        batch.check("counter", Some(first)).add("counter", 1);
    });
    assert_eq!(conflict(error.await), 0);
    assert_eq!(number(&*store, b"counter").await, 1);
}

pub async fn an_addition_to_something_else_is_corruption(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.set("text", "no counter");
    })
    .await;
    let error = refused(&*store, |batch| {
        batch.add("text", 1);
    });
    assert!(matches!(error.await, StoreError::Corrupted { .. }));
    let error = refused(&*store, |batch| {
        batch.set("new", "text").add("new", 1);
    });
    assert!(matches!(error.await, StoreError::Corrupted { .. }));
    assert_eq!(value(&*store, b"text").await, "no counter");
    assert_eq!(read(&*store, b"new").await, None);
}

pub async fn an_overflowing_addition_is_refused(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.add("counter", i64::MAX);
    })
    .await;
    for _ in 0..2 {
        let error = refused(&*store, |batch| {
            batch.add("other", 1).add("counter", 1);
        });
        assert!(matches!(error.await, StoreError::Limit(Limit::CounterOverflow)));
    }
    assert_eq!(number(&*store, b"counter").await, i64::MAX);
    assert_eq!(read(&*store, b"other").await, None);
    commit(&*store, |batch| {
        batch.add("counter", -1).add("other", 1);
    })
    .await;
    assert_eq!(number(&*store, b"counter").await, i64::MAX - 1);
    assert_eq!(number(&*store, b"other").await, 1);
}

pub async fn counters_survive_a_reopen(harness: &dyn Harness) {
    let mut store = harness.open();
    for round in 1..=3 {
        commit(&*store, |batch| {
            batch.add("counter", 10).add("other", -1);
        })
        .await;
        store = harness.reopen(store);
        assert_eq!(number(&*store, b"counter").await, 10 * round);
        assert_eq!(number(&*store, b"other").await, -round);
    }
}

pub async fn additions_from_many_threads_add_up(harness: &dyn Harness) {
    const THREADS: i64 = 8;
    const ROUNDS: i64 = 200;
    let store = harness.open();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                harness.block_on(Box::pin(async move {
                    for round in 0..ROUNDS {
                        let mut batch = Batch::new();
                        batch.add("shared", 1).add(format!("own-{thread}"), 2);
                        batch.set(format!("item-{thread}-{round}"), "1");
                        store.commit(batch).await.unwrap();
                    }
                }));
            });
        }
    });
    assert_eq!(number(&*store, b"shared").await, THREADS * ROUNDS);
    for thread in 0..THREADS {
        assert_eq!(number(&*store, format!("own-{thread}").as_bytes()).await, 2 * ROUNDS);
    }
}
