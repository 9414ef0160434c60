//! Values are looked at once, when they come from the files; what is not sound is answered, and never said to be sound.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "also the functions around the tests fail the test")]

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use storage::conformance::block_on;
use storage::{Direction, Scan, Store};
use storage_local::{LocalSettings, LocalStore};
use tempfile::TempDir;

static LOOKED: AtomicUsize = AtomicUsize::new(0);

fn is_even(_: &[u8], value: &[u8]) -> bool {
    LOOKED.fetch_add(1, Ordering::Relaxed);
    value.len().is_multiple_of(2)
}

fn open(dir: &Path) -> LocalStore {
    LocalStore::open(&LocalSettings { soundness: Some(is_even), ..LocalSettings::new(dir) }).unwrap()
}

/// How often values were looked at in the meantime.
fn looked(run: impl FnOnce()) -> usize {
    let before = LOOKED.load(Ordering::Relaxed);
    run();
    LOOKED.load(Ordering::Relaxed) - before
}

fn is_sound(store: &LocalStore, key: &str) -> bool {
    block_on(store.get_one(key.as_bytes())).unwrap().unwrap().is_sound
}

fn are_sound(store: &LocalStore, from: &'static str, to: &'static str) -> Vec<bool> {
    let scan = Scan {
        from: from.into(),
        to: to.into(),
        direction: Direction::Forward,
        max_entries: usize::MAX,
        max_bytes: usize::MAX,
    };
    let page = block_on(store.scan(scan)).unwrap();
    page.iter().map(|entry| entry.versioned().is_sound).collect()
}

#[test]
fn each_value_is_looked_at_once() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    common::set(&store, "a-partition-of-mine-1", "even");
    common::set(&store, "a-partition-of-mine-2", "odd");
    common::set(&store, "a-partition-of-others", "even");
    assert_eq!(looked(|| assert!(is_sound(&store, "a-partition-of-mine-1"))), 0, "what was written here");
    drop(store);

    let store = open(dir.path());
    for expected in [1, 0, 0] {
        assert_eq!(looked(|| assert!(is_sound(&store, "a-partition-of-mine-1"))), expected);
    }
    for expected in [1, 0, 0] {
        assert_eq!(looked(|| assert!(!is_sound(&store, "a-partition-of-mine-2"))), expected);
    }
    for _ in 0..3 {
        assert_eq!(are_sound(&store, "a-partition-of-mine-", "a-partition-of-mine-9"), [false, false]);
    }
    for expected in [1, 0, 0] {
        let page = || assert_eq!(are_sound(&store, "a-partition-of-o", "a-partition-of-p"), [true]);
        assert_eq!(looked(page), expected);
    }
    drop(store);

    let store = common::open(dir.path());
    assert!(!is_sound(&store, "a-partition-of-mine-1"), "nobody can tell");
}
