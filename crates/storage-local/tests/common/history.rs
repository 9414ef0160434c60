//! What was committed to a store, and whether an image of its disk agrees with it.
//!
//! An image must hold the commits up to some version, each whole, in their order, and nothing else; and this version must be at least the
//! one up to which everything was promised to be durable.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use storage::conformance::block_on;
use storage::conformance::generator::Generator;
use storage::{Batch, Direction, Scan, Store, StoreError, Version, counter};
use storage_local::{Disk as Below, LocalSettings, LocalStore};
use tempfile::TempDir;

use super::disk::{Directory, Disk, Event, Hasty, Left};

/// What one commit does to one key, or to all.
#[derive(Clone, Debug)]
enum Change {
    Set(String, Bytes),
    Delete(String),
    Add(String, i64),
    /// From the first key to before the second.
    DeleteRange(String, String),
}

/// All commits of a run that have returned.
#[derive(Default)]
pub struct History {
    commits: Mutex<BTreeMap<Version, Vec<Change>>>,
}

const KEYS: usize = 40;

impl History {
    /// Makes a batch of several keys, commits it, and remembers it when it became visible.
    pub fn commit(&self, store: &dyn Store, generator: &mut Generator) -> Result<Version, StoreError> {
        let changes = draw(generator);
        let mut batch = Batch::new();
        for change in &changes {
            match change {
                Change::Set(key, value) => batch.set(key.clone(), value.clone()),
                Change::Delete(key) => batch.delete(key.clone()),
                Change::Add(key, number) => batch.add(key.clone(), *number),
                Change::DeleteRange(from, to) => batch.delete_range(from.clone(), to.clone()),
            };
        }
        let version = block_on(store.commit(batch))?;
        self.commits.lock().insert(version, changes);
        Ok(version)
    }

    /// The newest commit that became visible.
    pub fn newest(&self) -> Version {
        self.commits.lock().last_key_value().map_or(0, |(version, _)| *version)
    }

    /// What the store must hold after the commits up to the version.
    fn state(&self, version: Version) -> BTreeMap<String, Bytes> {
        let mut state = BTreeMap::new();
        for change in self.commits.lock().range(..=version).flat_map(|(_, changes)| changes) {
            match change {
                Change::Set(key, value) => {
                    state.insert(key.clone(), value.clone());
                }
                Change::Delete(key) => {
                    state.remove(key);
                }
                Change::Add(key, number) => {
                    let before = state.get(key).map_or(0, |value| counter::decode(value).unwrap());
                    state.insert(key.clone(), Bytes::copy_from_slice(&counter::encode(before + number)));
                }
                Change::DeleteRange(from, to) => state.retain(|key, _| !(from..to).contains(&key)),
            }
        }
        state
    }

    /// Whether the store holds exactly the commits up to the version that it has come to.
    ///
    /// # Errors
    /// What is wrong.
    pub fn compare(&self, store: &dyn Store, reached: Version) -> Result<(), String> {
        let expected = self.state(reached);
        let found = everything(store)?;
        for key in expected.keys().chain(found.keys()) {
            if expected.get(key) != found.get(key) {
                return Err(format!("{key} is not as the commits up to {reached} have left it"));
            }
        }
        Ok(())
    }

    /// Opens what power loss would have left and looks whether that may be.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self, directory: &Directory, left: Left, keys: Option<&Path>) -> Result<(), String> {
        // Where there is one, a file system in memory saves the disk a few thousand files.
        let memory = Path::new("/dev/shm");
        let image = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
        directory.write_image(left, image.path());
        if let Some(keys) = keys {
            std::fs::copy(keys.join(keyring::KEY_FILE), image.path().join(keyring::KEY_FILE)).unwrap();
        }
        let settings = LocalSettings {
            memory_bytes: 1,
            disk: Below::observed(Arc::new(Hasty)),
            ..LocalSettings::new(image.path())
        };
        let settings = if keys.is_some() { super::encrypted(image.path(), settings) } else { settings };
        let store = LocalStore::open(&settings).map_err(|error| error.to_string())?;
        let (reached, promised) = (store.latest(), directory.promised());
        if reached < promised {
            return Err(format!("everything up to {promised} was promised, and there is everything up to {reached}"));
        }
        self.compare(&store, reached)?;
        let next = super::set_durably(&store, "next", "1");
        if next <= reached { Err(format!("version {next} was given twice")) } else { Ok(()) }
    }

    /// Checks an image of every moment at which the disk ended a sync, just before that counts, and of the end; says how many they were.
    ///
    /// # Errors
    /// What is wrong with the first that is.
    pub fn check_all(&self, disk: &Disk, seed: u64, keys: Option<&Path>) -> Result<usize, String> {
        let mut directory = Directory::default();
        let mut images = 0;
        let events = disk.events();
        for (index, event) in events.iter().enumerate() {
            if matches!(event, Event::Synced { .. } | Event::DirectorySynced { .. }) {
                for left in [Left::Nothing, Left::Something(seed.wrapping_add(images))] {
                    let at = |error| format!("event {index} of {}, {left:?} left: {error}", events.len());
                    self.check(&directory, left, keys).map_err(at)?;
                    images += 1;
                }
            }
            directory.apply(event);
        }
        for left in [Left::Nothing, Left::Everything] {
            self.check(&directory, left, keys).map_err(|error| format!("at the end, {left:?} left: {error}"))?;
        }
        Ok(usize::try_from(images).unwrap() + 2)
    }
}

/// A few changes of different keys; most batches are large enough that some dozens fill RocksDB's memory.
fn draw(generator: &mut Generator) -> Vec<Change> {
    let first = generator.below(KEYS);
    let mut changes: Vec<Change> = (0..2 + generator.below(5))
        .map(|offset| {
            let key = format!("key-{:02}", (first + offset) % KEYS);
            if generator.one_in(4) {
                return Change::Delete(key);
            }
            // Bytes that do not compress.
            let value = (0..1 + generator.below(1500)).flat_map(|_| generator.number().to_le_bytes()).collect();
            Change::Set(key, value)
        })
        .collect();
    changes.push(Change::Add("total".to_owned(), 1));
    if generator.one_in(20) {
        let from = generator.below(KEYS);
        // Alone: within a batch the order of a range and a key in it is another matter.
        return vec![Change::DeleteRange(format!("key-{from:02}"), format!("key-{:02}", from + 5))];
    }
    changes
}

/// All keys and values.
fn everything(store: &dyn Store) -> Result<BTreeMap<String, Bytes>, String> {
    let page = block_on(store.scan(Scan {
        from: Bytes::from_static(b"a"),
        to: Bytes::from_static(b"z"),
        direction: Direction::Forward,
        max_entries: usize::MAX,
        max_bytes: usize::MAX,
    }))
    .map_err(|error| error.to_string())?;
    Ok(page
        .iter()
        .map(|entry| (String::from_utf8_lossy(entry.key).into_owned(), Bytes::copy_from_slice(entry.value)))
        .collect())
}
