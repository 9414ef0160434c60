//! A store that says of itself that other servers write it too, for several engines over one memory.

use bytes::Bytes;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use storage::{Batch, Memory, Page, Reply, Scan, Store, Version, Versioned};

/// The store.
pub struct Shared {
    /// What all servers read and write.
    pub memory: Arc<Memory>,
    /// A key that somebody else writes anew, as it is, after every commit; unset until that begins.
    pub restless: OnceLock<Bytes>,
}

impl Shared {
    /// One server's view of a memory.
    pub fn of(memory: &Arc<Memory>) -> Self {
        Self { memory: memory.clone(), restless: OnceLock::new() }
    }
}

impl Store for Shared {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.memory.get(keys)
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        self.memory.get_one(key)
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.memory.scan(scan)
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        Reply::pending(async move {
            let version = self.memory.commit(batch).await?;
            if let Some(key) = self.restless.get()
                && let Some(found) = self.memory.get_one(key).await?
            {
                let mut again = Batch::new();
                again.set(key.clone(), found.value);
                self.memory.commit(again).await?;
            }
            Ok(version)
        })
    }

    fn durable(&self, version: Version) -> Reply<'_, ()> {
        self.memory.durable(version)
    }

    fn latest(&self) -> Version {
        self.memory.latest()
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()> {
        self.memory.checkpoint(dir)
    }

    fn close(&self) -> Reply<'_, ()> {
        self.memory.close()
    }
}
