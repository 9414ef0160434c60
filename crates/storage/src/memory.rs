//! The reference store: an ordered map behind a mutex. It defines what the trait means, in the fewest words, and
//! serves tests and `--in-memory`. Everything is durable at once, as far as memory can be.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::{
    Batch, Direction, Mutation, Page, PageBuilder, Pushed, Reply, Scan, Store, StoreError, Version, Versioned, batch,
    counter, log,
};

/// The in-memory store.
#[derive(Debug, Default)]
pub struct Memory {
    /// Everything, under one lock: a reference needs order, not speed.
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// All keys that exist. Reserved keys never get in: `Batch::validate` refuses them.
    entries: BTreeMap<Bytes, Versioned>,
    /// The version of the newest commit, 0 before the first.
    latest: Version,
    /// Set by `close`, never unset.
    closed: bool,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own with the same content and versions.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { state: Mutex::new(self.state.lock().clone()) }
    }

    /// Runs one call on the state, unless the store is closed.
    fn call<T>(&self, run: impl FnOnce(&mut State) -> Result<T, StoreError>) -> Reply<'static, T> {
        let mut state = self.state.lock();
        Reply::ready(if state.closed { Err(StoreError::Closed) } else { run(&mut state) })
    }
}

impl Store for Memory {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.call(|state| Ok(keys.iter().map(|key| state.entries.get(key).cloned()).collect()))
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        self.call(|state| Ok(state.entries.get(key).cloned()))
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.call(|state| Ok(state.scan(&scan)))
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        self.call(|state| state.commit(batch))
    }

    fn durable(&self, _version: Version) -> Reply<'_, ()> {
        self.call(|_| Ok(()))
    }

    fn latest(&self) -> Version {
        self.state.lock().latest
    }

    fn checkpoint<'a>(&'a self, _dir: &'a Path) -> Reply<'a, ()> {
        self.call(|_| Err(StoreError::Unsupported { operation: "checkpoint" }))
    }

    fn close(&self) -> Reply<'_, ()> {
        self.state.lock().closed = true;
        Reply::ready(Ok(()))
    }
}

impl State {
    fn scan(&self, scan: &Scan) -> Page {
        let mut page = PageBuilder::new(scan);
        // The map's `range` takes no reversed bounds.
        if scan.to <= scan.from {
            return page.finish();
        }
        let mut range = self.entries.range::<Bytes, _>(&scan.from..&scan.to);
        loop {
            let entry = match scan.direction {
                Direction::Forward => range.next(),
                Direction::Backward => range.next_back(),
            };
            let Some((key, found)) = entry else {
                return page.finish();
            };
            if page.push(key, found.version, &found.value) == Pushed::Full {
                return page.finish_with_more();
            }
        }
    }

    fn commit(&mut self, mut batch: Batch) -> Result<Version, StoreError> {
        batch.validate()?;
        for (index, check) in batch.checks.iter().enumerate() {
            if self.entries.get(&check.key).map(|found| found.version) != check.expected {
                return Err(StoreError::Conflict { check: index });
            }
        }
        if batch.mutations.is_empty() {
            return Ok(self.latest);
        }
        let version = self.latest + 1;
        log::place(&mut batch.mutations, version);
        let counters = counter::resolve(&batch.mutations, |key| self.counter(key))?;
        // Nothing below can fail, so the batch is applied completely or not at all.
        self.latest = version;
        for mutation in &batch.mutations {
            self.apply(mutation);
        }
        for (key, number) in counters {
            self.set(key, Bytes::copy_from_slice(&counter::encode(number)));
        }
        Ok(self.latest)
    }

    fn counter(&self, key: &Bytes) -> Result<i64, StoreError> {
        self.entries.get(key).map_or(Ok(0), |found| counter::decode(&found.value))
    }

    fn apply(&mut self, mutation: &Mutation) {
        match mutation {
            Mutation::Set { key, value } => self.set(key, value.clone()),
            Mutation::Delete { key } => {
                self.entries.remove(key);
            }
            Mutation::DeleteRange { from, to } if from < to => {
                self.entries.extract_if(from.clone()..to.clone(), |_, _| true).for_each(drop);
            }
            // An empty or reversed range removes nothing; counters are written at the end, see `counter::resolve`; what is
            // appended was given its key and is set.
            Mutation::DeleteRange { .. } | Mutation::Add { .. } | Mutation::Append { .. } => (),
        }
    }

    fn set(&mut self, key: &Bytes, value: Bytes) {
        debug_assert!(!batch::is_reserved(key), "a reserved key passed the validation");
        self.entries.insert(key.clone(), Versioned { version: self.latest, value, is_sound: false });
    }
}
