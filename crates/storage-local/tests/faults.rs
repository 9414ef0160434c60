//! A disk that fails: writes fail with the cause, reads of what is durable go on, nothing that was acknowledged is lost, and the store
//! recovers by itself when the disk does. Then power is lost at every sync of what happened before and after.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::disk::{Disk, Fault};
use common::history::History;
use common::{encrypted, set, set_durably};
use storage::conformance::block_on;
use storage::conformance::generator::Generator;
use storage::{Batch, Direction, Scan, Store, StoreError, Version};
use storage_local::OperationKind::{self, Append, Create, Rename, Sync, SyncDirectory};
use storage_local::{LocalSettings, LocalStore};
use tempfile::TempDir;

// Numbers of the operating system.
const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;
const EDQUOT: i32 = 122;

/// What fails until the disk is mended: the operation, the name of the file, the error.
const LASTING: [(Option<OperationKind>, &str, i32); 14] = [
    (Some(Append), ".log", ENOSPC),
    (Some(Append), ".log", EIO),
    (Some(Append), ".log", EDQUOT),
    (Some(Append), ".log", EROFS),
    (Some(Sync), ".log", EIO),
    (Some(Sync), ".log", ENOSPC),
    (Some(Create), ".log", ENOSPC),
    (Some(Append), ".sst", ENOSPC),
    (Some(Sync), ".sst", EIO),
    (Some(Create), ".sst", EROFS),
    (Some(Append), "MANIFEST", EDQUOT),
    (Some(Sync), "MANIFEST", EIO),
    (Some(SyncDirectory), "", EIO),
    (None, "", EIO),
];

/// What fails once.
const PASSING: [(Option<OperationKind>, &str, i32); 6] = [
    (Some(Append), ".log", EIO),
    (Some(Sync), ".log", EIO),
    (Some(Create), ".log", EIO),
    (Some(Sync), ".sst", EIO),
    (Some(Sync), "MANIFEST", ENOSPC),
    (Some(Rename), "", EIO),
];

#[test]
fn the_store_recovers_from_every_failure_that_passes() {
    all_at_once(&LASTING.map(|(kind, name, error)| (Fault { kind, name, error, times: usize::MAX }, false)));
}

#[test]
fn the_store_recovers_from_what_fails_once() {
    all_at_once(&PASSING.map(|(kind, name, error)| (Fault { kind, name, error, times: 1 }, false)));
}

#[test]
fn an_encrypted_store_recovers_too() {
    let lasting = |name| (Fault { kind: None, name, error: ENOSPC, times: usize::MAX }, true);
    all_at_once(&[".log", ".sst", ""].map(lasting));
}

/// They wait most of the time, each for its own store.
fn all_at_once(cases: &[(Fault, bool)]) {
    std::thread::scope(|scope| {
        for (fault, is_encrypted) in cases {
            scope.spawn(|| fail_and_mend(*fault, *is_encrypted));
        }
    });
}

fn fail_and_mend(fault: Fault, is_encrypted: bool) {
    let (dir, disk, history) = (TempDir::new().unwrap(), Arc::new(Disk::default()), History::default());
    let settings = disk.settings(dir.path());
    let settings = if is_encrypted { encrypted(dir.path(), settings) } else { settings };
    let store = LocalStore::open(&settings).unwrap();
    let mut generator = Generator::new(7);
    for _ in 0..5 {
        promise(&store, &disk, &history, &mut generator).unwrap();
    }
    disk.fail(fault);
    // Some of what fails is used only when memory is written out.
    let failed = (0..300).find_map(|_| promise(&store, &disk, &history, &mut generator).err());
    if let Some(error) = failed {
        assert!(matches!(error, StoreError::Io { .. }), "{fault:?}: {error}");
    } else {
        // RocksDB does by itself again what only it waits for.
        assert!(disk.has_failed() && fault.times == 1 || fault.name.is_empty(), "{fault:?} was not noticed");
    }
    if fault.times == usize::MAX {
        expect_stopped(&store, fault);
    }
    disk.mend();
    wait_until(&store, fault);
    history.compare(&store, Version::MAX).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
    // What was visible is durable now, acknowledged or not.
    disk.promised(history.newest());
    for _ in 0..5 {
        promise(&store, &disk, &history, &mut generator).unwrap();
    }
    let keys: Option<&Path> = is_encrypted.then_some(dir.path());
    history.check_all(&disk, 7, keys).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
}

fn promise(store: &LocalStore, disk: &Disk, history: &History, generator: &mut Generator) -> Result<(), StoreError> {
    let version = history.commit(store, generator)?;
    block_on(store.durable(version))?;
    disk.promised(version);
    Ok(())
}

fn expect_stopped(store: &LocalStore, fault: Fault) {
    assert!(!store.accepts_commits(), "{fault:?}");
    let mut batch = Batch::new();
    batch.set("refused", "1");
    let error = block_on(store.commit(batch)).unwrap_err();
    assert!(error.to_string().contains("takes no writes until its disk does again"), "{fault:?}: {error}");
}

/// Waits until the store takes commits again, for a bounded time.
fn wait_until(store: &LocalStore, fault: Fault) {
    for _ in 0..6000 {
        if store.accepts_commits() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("{fault:?}: the store did not recover");
}

fn range(from: &'static str, to: &'static str) -> Scan {
    Scan {
        from: Bytes::from_static(from.as_bytes()),
        to: Bytes::from_static(to.as_bytes()),
        direction: Direction::Forward,
        max_entries: usize::MAX,
        max_bytes: usize::MAX,
    }
}

#[test]
fn while_the_disk_fails_what_is_durable_is_read_and_the_rest_is_not() {
    let (dir, disk) = (TempDir::new().unwrap(), Arc::new(Disk::default()));
    let store = LocalStore::open(&LocalSettings { memory_bytes: 1 << 24, ..disk.settings(dir.path()) }).unwrap();
    for key in ["kept", "removed", "replaced"] {
        set_durably(&store, key, "old");
    }
    let before = store.epoch();
    let durable = store.latest();
    disk.fail(Fault { kind: Some(Sync), name: ".log", error: EIO, times: usize::MAX });
    let replaced = set(&store, "replaced", "new");
    let added = set(&store, "added", "new");
    let mut batch = Batch::new();
    batch.delete("removed");
    let removed = block_on(store.commit(batch)).unwrap();
    assert!(block_on(store.durable(replaced)).is_err());

    let epoch = store.epoch();
    assert_eq!(store.latest_since(before), removed, "a request that began before may have seen the removal");
    assert_eq!(store.latest_since(epoch), durable);
    assert!(block_on(store.durable(durable)).is_ok());
    assert!(block_on(store.durable(added)).is_err());
    let get = |key: &str| block_on(store.get_one(key.as_bytes()));
    assert_eq!(get("kept").unwrap().unwrap().value, "old");
    assert!(get("never").unwrap().is_none());
    assert_eq!(get("replaced").unwrap().unwrap().version, replaced, "its version tells that it is not durable");
    assert!(get("removed").is_err());
    let both = [Bytes::from_static(b"kept"), Bytes::from_static(b"removed")];
    assert!(block_on(store.get(&both)).is_err());
    assert_eq!(block_on(store.get(&both[..1])).unwrap().len(), 1);
    assert_eq!(block_on(store.scan(range("k", "l"))).unwrap().len(), 1);
    assert_eq!(block_on(store.scan(range("l", "m"))).unwrap().len(), 0);
    for (from, to) in [("a", "b"), ("rem", "remz"), ("rep", "repz"), ("a", "z")] {
        assert!(block_on(store.scan(range(from, to))).is_err(), "{from}");
    }

    disk.mend();
    wait_until(&store, Fault { kind: None, name: "", error: EIO, times: 0 });
    assert_eq!(get("replaced").unwrap().unwrap().version, replaced);
    assert!(get("removed").unwrap().is_none());
    assert_eq!(block_on(store.scan(range("a", "z"))).unwrap().len(), 3);
    let latest = store.latest_since(epoch);
    assert!(removed <= latest && block_on(store.durable(latest)).is_ok());
    assert!(removed < set_durably(&store, "later", "1"));
}

#[test]
fn closing_while_the_disk_fails_says_so_and_closing_when_it_recovers_loses_nothing() {
    for recovers in [false, true] {
        let (dir, disk) = (TempDir::new().unwrap(), Arc::new(Disk::default()));
        let store = LocalStore::open(&disk.settings(dir.path())).unwrap();
        set_durably(&store, "acknowledged", "1");
        disk.fail(Fault { kind: None, name: "", error: ENOSPC, times: usize::MAX });
        let version = set(&store, "seen", "1");
        assert!(block_on(store.durable(version)).is_err());
        if recovers {
            disk.mend();
            wait_until(&store, Fault { kind: None, name: "", error: ENOSPC, times: 0 });
        }
        assert_eq!(block_on(store.close()).is_ok(), recovers);
        drop(store);
        let store = common::open(dir.path());
        assert!(common::get(&store, "acknowledged").is_some());
        assert!(!recovers || common::get(&store, "seen").is_some());
    }
}
