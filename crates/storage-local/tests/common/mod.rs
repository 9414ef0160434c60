//! What the tests of this crate share: short ways to write and read, and images of a directory.

#![allow(dead_code, reason = "every test file uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use keyring::{MasterKey, Secret};
use runtime::Clock;
use storage::conformance::block_on;
use storage::{Batch, Store, Version, counter};
use storage_local::{LocalSettings, LocalStore, open_keys};

pub mod disk;
pub mod history;

pub fn open(dir: &Path) -> LocalStore {
    LocalStore::open(&LocalSettings::new(dir)).unwrap()
}

/// The master key that the tests use unless they are about others.
pub fn master_key() -> MasterKey {
    MasterKey::of_secret(Secret::of_bytes(&[7; 32]).unwrap())
}

/// The settings for the directory, encrypted.
pub fn encrypted(dir: &Path, settings: LocalSettings) -> LocalSettings {
    let keys = block_on(open_keys(dir, &master_key(), &Clock::system())).unwrap();
    LocalSettings { keys: Some(keys), ..settings }
}

pub fn open_encrypted(dir: &Path) -> LocalStore {
    LocalStore::open(&encrypted(dir, LocalSettings::new(dir))).unwrap()
}

pub fn set(store: &dyn Store, key: &str, value: impl Into<Bytes>) -> Version {
    let mut batch = Batch::new();
    batch.set(key.to_owned(), value);
    block_on(store.commit(batch)).unwrap()
}

pub fn set_durably(store: &dyn Store, key: &str, value: impl Into<Bytes>) -> Version {
    let version = set(store, key, value);
    block_on(store.durable(version)).unwrap();
    version
}

pub fn get(store: &dyn Store, key: &str) -> Option<Bytes> {
    block_on(store.get_one(key.as_bytes())).unwrap().map(|found| found.value)
}

pub fn number(store: &dyn Store, key: &str) -> i64 {
    get(store, key).map_or(0, |value| counter::decode(&value).unwrap())
}

/// What a crash would leave: a copy of the files of a directory as they are now, open or not.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copied = fs::copy(entry.path(), to.join(entry.file_name()));
        // RocksDB removes files that it has replaced while this goes on.
        assert!(copied.is_ok() || !entry.path().exists(), "{}: {copied:?}", entry.path().display());
    }
}

/// The files of a directory with this ending, in the order of their names.
pub fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    files.sort();
    files
}
