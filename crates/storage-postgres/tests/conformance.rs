//! The store passes the suite: one server alone, and two servers over one database that are asked in turn.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod cluster;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use storage::conformance::Harness;
use storage::{Batch, Page, Reply, Scan, Store, Version, Versioned};
use storage_postgres::{PostgresSettings, PostgresStore};
use tokio::runtime::Runtime;

/// So many servers over one schema.
struct Servers {
    runtime: Runtime,
    settings: PostgresSettings,
    many: usize,
}

impl Servers {
    fn new(many: usize) -> Self {
        Self { runtime: cluster::runtime(), settings: cluster::settings(), many }
    }
}

impl Harness for Servers {
    fn open(&self) -> Arc<dyn Store> {
        // The caller is inside of `block_on` on this thread.
        let open = || {
            self.runtime.block_on(async {
                let mut stores = Vec::new();
                for _ in 0..self.many {
                    stores.push(cluster::open(&self.settings).await);
                }
                stores
            })
        };
        let stores = std::thread::scope(|scope| scope.spawn(open).join().unwrap());
        Arc::new(InTurn { stores, next: AtomicUsize::new(0) })
    }

    fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        std::thread::scope(|scope| {
            scope.spawn(|| self.runtime.block_on(async { store.close().await }).unwrap());
        });
        self.open()
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        // Cases call this inside of itself, which the runtime's own `block_on` does not take.
        let _entered = self.runtime.enter();
        storage::conformance::block_on(future);
    }
}

/// Each call goes to the next server.
struct InTurn {
    stores: Vec<PostgresStore>,
    next: AtomicUsize,
}

impl InTurn {
    fn next(&self) -> &PostgresStore {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        &self.stores[next % self.stores.len()]
    }
}

impl Store for InTurn {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.next().get(keys)
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        self.next().get_one(key)
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.next().scan(scan)
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        self.next().commit(batch)
    }

    fn durable(&self, version: Version) -> Reply<'_, ()> {
        self.next().durable(version)
    }

    fn latest(&self) -> Version {
        self.next().latest()
    }

    fn visible(&self) -> Version {
        self.next().visible()
    }

    fn settled(&self) -> Reply<'_, Version> {
        self.next().settled()
    }

    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()> {
        self.next().checkpoint(dir)
    }

    fn close(&self) -> Reply<'_, ()> {
        Reply::pending(async {
            for store in &self.stores {
                store.close().await?;
            }
            Ok(())
        })
    }
}

mod one_server {
    use super::Servers;

    storage::conformance_tests!(Servers::new(1));
}

mod two_servers {
    use super::Servers;

    storage::conformance_tests!(Servers::new(2));
}
