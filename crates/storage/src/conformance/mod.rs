//! The suite that every store must pass: what the trait promises, case by case.
//!
//! A store's test file implements [`Harness`], which says how to make an empty store, and calls
//! [`conformance_tests!`](crate::conformance_tests), which becomes one `#[test]` per case, so that a failure names the
//! promise that was broken. The cases are `async` and name no runtime; those about concurrency start threads of their
//! own and run each with [`Harness::block_on`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code behind a feature of its own: a failed expectation must fail the test"
)]
#![allow(missing_docs, reason = "the name of a case says what it expects")]

pub mod commits;
pub mod concurrency;
pub mod counters;
pub mod generator;
pub mod logs;
pub mod long_keys;
pub mod model;
pub mod reads;
pub mod scans;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use bytes::Bytes;

use crate::{Batch, Store, StoreError, Version, Versioned, counter};

/// How the suite gets its stores. One harness serves one case.
pub trait Harness: Send + Sync {
    /// An empty store. Called once.
    fn open(&self) -> Arc<dyn Store>;

    /// The store after a clean close and a new start, for stores that survive one.
    fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        store
    }

    /// Runs a future to its end on the calling thread. A store that needs a certain runtime overrides this.
    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        block_on(future);
    }
}

/// Runs one case; called by [`conformance_tests!`](crate::conformance_tests).
pub fn run<'a, F>(case: impl FnOnce(&'a dyn Harness) -> F, harness: &'a dyn Harness)
where
    F: Future<Output = ()> + 'a,
{
    harness.block_on(Box::pin(case(harness)));
}

/// Runs a future to its end on the calling thread, which sleeps while the future waits.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Wakes the thread that sleeps in [`block_on`].
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// One `#[test]` per case of the suite. The argument is an expression that makes a [`Harness`]; it is evaluated once
/// per case. To run the suite on several kinds of store in one file, call it in a module for each.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr) => {
        $crate::conformance_tests! { $harness =>
            commits: a_batch_is_applied_completely_or_not_at_all,
            commits: a_batch_sees_its_mutations_in_order,
            commits: a_check_fails_after_any_write_of_its_key,
            commits: a_check_of_an_absent_key_holds_only_while_it_is_absent,
            commits: a_check_since_a_version_fails_after_any_write_of_its_key,
            commits: a_check_since_a_version_holds_while_others_write,
            commits: a_check_since_a_version_survives_a_reopen,
            commits: a_commit_is_read_by_its_writer,
            commits: a_conflict_names_the_first_check_that_failed,
            commits: a_deleted_and_rewritten_key_has_a_new_version,
            commits: an_empty_batch_only_evaluates_its_checks,
            commits: big_values_and_long_keys_survive,
            commits: checks_are_evaluated_before_the_mutations,
            commits: delete_range_removes_its_keys_alone,
            commits: latest_covers_every_commit,
            commits: limits_refuse_before_anything_is_applied,
            commits: versions_grow_and_belong_to_the_last_write,
            concurrency: a_reader_never_sees_half_a_commit,
            concurrency: reads_never_go_back_in_time,
            concurrency: checks_since_a_version_lose_nothing,
            concurrency: compare_and_set_increments_lose_nothing,
            concurrency: durable_serves_many_waiters,
            concurrency: exactly_one_of_many_creations_wins,
            counters: a_counter_can_be_set_and_deleted,
            counters: a_counter_starts_at_zero_and_stays_at_zero,
            counters: additions_after_a_range_delete_count_from_zero,
            counters: additions_before_a_range_delete_are_forgotten,
            counters: additions_from_many_threads_add_up,
            counters: additions_inside_one_batch_add_up,
            counters: an_addition_moves_the_version,
            counters: an_addition_to_something_else_is_corruption,
            counters: an_overflowing_addition_is_refused,
            counters: counters_survive_a_reopen,
            logs: a_reader_that_follows_misses_nothing,
            logs: a_trimmed_log_goes_on,
            logs: entries_stand_in_the_order_of_commits_and_mutations,
            logs: entries_survive_a_reopen_and_later_ones_follow,
            logs: what_is_refused_is_not_appended,
            long_keys: neighbours_are_told_apart_and_guarded,
            long_keys: pages_go_through_keys_of_one_head_in_order,
            long_keys: ranges_between_long_keys_are_exact,
            model: random_batches_agree_with_a_model,
            model: random_batches_of_long_keys_agree_with_a_model,
            reads: a_closed_store_refuses_everything,
            reads: a_multi_key_read_keeps_the_order_of_its_keys,
            reads: everything_survives_a_reopen,
            reads: reserved_keys_are_never_seen,
            reads: the_absent_and_the_empty_value_differ,
            scans: a_page_obeys_its_byte_limit_but_always_gets_on,
            scans: a_scan_sees_bounds_and_order_in_both_directions,
            scans: an_empty_or_reversed_range_is_an_empty_page,
            scans: entries_carry_versions_and_share_the_page,
            scans: keys_are_ordered_as_unsigned_bytes,
            scans: more_says_whether_the_range_goes_on,
            scans: pages_continue_where_the_last_one_ended,
        }
    };
    ($harness:expr => $($file:ident: $case:ident,)+) => {
        $(
            #[test]
            fn $case() {
                $crate::conformance::run($crate::conformance::$file::$case, &$harness);
            }
        )+
    };
}

/// Commits a batch that is filled by the closure, which must succeed.
pub(crate) async fn commit(store: &dyn Store, fill: impl FnOnce(&mut Batch)) -> Version {
    let mut batch = Batch::new();
    fill(&mut batch);
    store.commit(batch).await.unwrap()
}

/// Commits a batch that is filled by the closure, which must be refused.
pub(crate) async fn refused(store: &dyn Store, fill: impl FnOnce(&mut Batch)) -> StoreError {
    let mut batch = Batch::new();
    fill(&mut batch);
    store.commit(batch).await.expect_err("the batch should have been refused")
}

/// The index of the check that failed; any other error fails the test.
pub(crate) fn conflict(error: StoreError) -> usize {
    match error {
        StoreError::Conflict { check } => check,
        other => panic!("expected a conflict, got: {other}"),
    }
}

pub(crate) async fn read(store: &dyn Store, key: &[u8]) -> Option<Versioned> {
    store.get_one(key).await.unwrap()
}

/// The value of a key that must exist.
pub(crate) async fn value(store: &dyn Store, key: &[u8]) -> Bytes {
    read(store, key).await.expect("the key should exist").value
}

/// The version of a key that must exist.
pub(crate) async fn version(store: &dyn Store, key: &[u8]) -> Version {
    read(store, key).await.expect("the key should exist").version
}

/// The number of a counter that must exist.
pub(crate) async fn number(store: &dyn Store, key: &[u8]) -> i64 {
    counter::decode(&value(store, key).await).unwrap()
}
