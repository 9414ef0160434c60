//! A store that says of itself that other servers write it too, for several engines over one memory.

use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;
use storage::{Batch, Memory, Page, Reply, Scan, Store, Version, Versioned};

/// The store.
pub struct Shared(pub Arc<Memory>);

impl Store for Shared {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.0.get(keys)
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        self.0.get_one(key)
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.0.scan(scan)
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        self.0.commit(batch)
    }

    fn durable(&self, version: Version) -> Reply<'_, ()> {
        self.0.durable(version)
    }

    fn latest(&self) -> Version {
        self.0.latest()
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()> {
        self.0.checkpoint(dir)
    }

    fn close(&self) -> Reply<'_, ()> {
        self.0.close()
    }
}
