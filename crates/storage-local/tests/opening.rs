//! Opening: new and existing directories, those that must be refused, damage, reading alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod common;

use std::fs;
use std::path::Path;

use bytes::Bytes;
use common::{files, get, open, set, set_durably};
use rocksdb::{DB, Options, WriteBatch};
use storage::conformance::block_on;
use storage::{Batch, Direction, Scan, Store, StoreError};
use storage_local::{FORMAT_VERSION, LocalSettings, LocalStore, OpenError};
use tempfile::TempDir;

fn refused(dir: &Path) -> OpenError {
    LocalStore::open(&LocalSettings::new(dir)).expect_err("the directory should have been refused")
}

#[test]
fn a_missing_directory_is_created_with_its_parents() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("one/two/three");
    set(&open(&dir), "key", "1");
    assert_eq!(get(&open(&dir), "key").unwrap(), "1");
}

#[test]
fn a_second_open_is_refused_and_names_the_directory() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    let error = refused(dir.path());
    assert!(matches!(&error, OpenError::InUse { dir: named } if named == dir.path()), "{error}");
    assert!(error.to_string().contains(&*dir.path().to_string_lossy()));
    set(&store, "key", "the first one goes on");
    drop(store);
    open(dir.path());
}

#[test]
fn a_newer_format_is_refused_and_both_numbers_are_named() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path()));
    write_format(dir.path(), FORMAT_VERSION + 41);
    let error = refused(dir.path());
    assert!(matches!(error, OpenError::NewerFormat { found, supported, .. }
            if found == FORMAT_VERSION + 41 && supported == FORMAT_VERSION));
    let message = error.to_string();
    assert!(message.contains("has format 42") && message.contains("up to 1:"), "{message}");
    let error = LocalStore::open_read_only(&LocalSettings::new(dir.path())).unwrap_err();
    assert!(matches!(error, OpenError::NewerFormat { .. }));
}

/// Writes the format version as another version of the program would.
fn write_format(dir: &Path, number: u32) {
    let db = DB::open(&Options::default(), dir).unwrap();
    let mut batch = WriteBatch::default();
    batch.put(b"\0format", [&1_u64.to_be_bytes()[..], &number.to_be_bytes()].concat());
    db.write(batch).unwrap();
}

#[test]
fn a_directory_with_something_else_is_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("thesis.txt"), "do not touch").unwrap();
    let error = refused(dir.path());
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_foreign_database_is_refused() {
    let dir = TempDir::new().unwrap();
    let mut options = Options::default();
    options.create_if_missing(true);
    DB::open(&options, dir.path()).unwrap().put("key", "of another program").unwrap();
    let error = refused(dir.path());
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
}

/// RocksDB would take the table files for leftovers, delete them and start anew.
#[test]
fn a_store_that_lost_its_first_file_is_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    set(&open(dir.path()), "key", "1");
    // The second start writes what it replays into a table file.
    drop(open(dir.path()));
    let current = fs::read(dir.path().join("CURRENT")).unwrap();
    fs::remove_file(dir.path().join("CURRENT")).unwrap();
    let error = refused(dir.path());
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
    fs::write(dir.path().join("CURRENT"), current).unwrap();
    assert_eq!(get(&open(dir.path()), "key").unwrap(), "1");
}

#[test]
fn a_first_start_that_was_cut_short_is_taken_up() {
    let dir = TempDir::new().unwrap();
    for name in ["LOCK", "LOG", "MANIFEST-000001", "OPTIONS-000003.dbtmp", "stator.lock"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    set(&open(dir.path()), "key", "1");
    assert_eq!(get(&open(dir.path()), "key").unwrap(), "1");
}

#[test]
fn a_flipped_byte_in_a_table_file_is_damage_not_absence() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    for index in 0..200 {
        set(&store, &format!("key-{index:03}"), vec![b'v'; 1000]);
    }
    drop(store);
    // The second start writes what it replays into a table file.
    drop(open(dir.path()));
    let table = files(dir.path(), ".sst").pop().unwrap();
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&table, bytes).unwrap();

    let store = open(dir.path());
    assert_eq!(get(&store, "key-000").unwrap().len(), 1000, "other blocks can be read");
    assert_eq!(get(&store, "key-199").unwrap().len(), 1000, "other blocks can be read");
    let keys: Vec<String> = (0..200).map(|index| format!("key-{index:03}")).collect();
    let key = keys.iter().find(|key| block_on(store.get_one(key.as_bytes())).is_err()).unwrap();
    expect_damage(block_on(store.get_one(key.as_bytes())));
    expect_damage(block_on(store.get(&[Bytes::from(key.clone()), Bytes::from_static(b"key-199")])));
    for direction in [Direction::Forward, Direction::Backward] {
        expect_damage(block_on(store.scan(everything(direction))));
    }
    let mut batch = Batch::new();
    batch.check(key.clone(), None).set(key.clone(), "overwritten");
    expect_damage(block_on(store.commit(batch)));
    set_durably(&store, "other", "writes that need no damaged block go on");
}

fn everything(direction: Direction) -> Scan {
    Scan {
        from: Bytes::new(),
        to: Bytes::from_static(b"\xff"),
        direction,
        max_entries: usize::MAX,
        max_bytes: usize::MAX,
    }
}

fn expect_damage<T>(result: Result<T, StoreError>) {
    match result {
        Err(StoreError::Corrupted { source: Some(_), .. }) => (),
        Err(other) => panic!("expected damage, got: {other}"),
        Ok(_) => panic!("damage was not noticed"),
    }
}

#[test]
fn a_record_without_a_version_is_damage() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path()));
    DB::open(&Options::default(), dir.path()).unwrap().put("key", "short").unwrap();
    let error = block_on(open(dir.path()).get_one(b"key")).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupted { what, .. } if what.contains("6b6579")), "{error}");
}

#[test]
fn a_store_opened_for_reading_reads_and_does_not_write() {
    let dir = TempDir::new().unwrap();
    let settings = LocalSettings::new(dir.path());
    let error = LocalStore::open_read_only(&settings).unwrap_err();
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
    let version = set(&open(dir.path()), "key", "1");

    let store = LocalStore::open_read_only(&settings).unwrap();
    assert_eq!(get(&store, "key").unwrap(), "1");
    assert!(version <= store.latest());
    assert_eq!(block_on(store.scan(everything(Direction::Backward))).unwrap().len(), 1);
    block_on(store.durable(store.latest())).unwrap();
    let mut batch = Batch::new();
    batch.set("key", "2");
    assert!(matches!(block_on(store.commit(batch)), Err(StoreError::Unsupported { .. })));
    assert!(matches!(refused(dir.path()), OpenError::InUse { .. }));
    block_on(store.close()).unwrap();
    drop(store);
    assert_eq!(get(&open(dir.path()), "key").unwrap(), "1");
}

#[test]
fn a_checkpoint_is_a_store_of_its_own() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir.path().join("store"));
    let version = set(&store, "key", "before");
    let checkpoint = dir.path().join("backups/first");
    block_on(store.checkpoint(&checkpoint)).unwrap();
    assert!(block_on(store.checkpoint(&checkpoint)).is_err(), "an existing directory is not overwritten");
    set(&store, "key", "after");

    let copy = open(&checkpoint);
    assert_eq!(get(&copy, "key").unwrap(), "before");
    assert!(version < set(&copy, "key", "its own"));
    drop(copy);
    assert_eq!(get(&store, "key").unwrap(), "after");
    assert_eq!(get(&open(&checkpoint), "key").unwrap(), "its own");
}
