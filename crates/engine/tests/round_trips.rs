//! How often an operation waits for a database across the network. What is sent together is waited for together.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../../storage-postgres/tests/cluster/mod.rs"]
mod cluster;
mod support;

use bytes::Bytes;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::{Batch, Page, Reply, Scan, Store, StoreError, Version, Versioned};
use storage_postgres::PostgresStore;
use support::{Server, composite, with};

/// A store that counts the waves of calls: those that begin while another one is waited for belong to its wave.
struct Waves {
    inner: PostgresStore,
    waiting: AtomicU64,
    waves: AtomicU64,
    calls: AtomicU64,
    /// Waves in which a call took the store more than one round trip.
    longer: AtomicU64,
}

impl Waves {
    fn wave<'a, T: Send + 'a>(&'a self, call: Reply<'a, T>) -> Reply<'a, T> {
        Reply::pending(async move {
            let before = (self.inner.round_trips(), self.calls.fetch_add(1, Ordering::SeqCst));
            let is_first = self.waiting.fetch_add(1, Ordering::SeqCst) == 0;
            let outcome: Result<T, StoreError> = call.await;
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            if is_first {
                let (trips, calls) =
                    (self.inner.round_trips() - before.0, self.calls.load(Ordering::SeqCst) - before.1);
                self.waves.fetch_add(u64::from(0 < trips), Ordering::SeqCst);
                self.longer.fetch_add(u64::from(calls < trips), Ordering::SeqCst);
            }
            outcome
        })
    }
}

impl Store for Waves {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.wave(self.inner.get(keys))
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        self.wave(self.inner.get_one(key))
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.wave(self.inner.scan(scan))
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        self.wave(self.inner.commit(batch))
    }

    fn durable(&self, version: Version) -> Reply<'_, ()> {
        self.wave(self.inner.durable(version))
    }

    fn latest(&self) -> Version {
        self.inner.latest()
    }

    fn settled(&self) -> Reply<'_, Version> {
        self.wave(self.inner.settled())
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()> {
        self.inner.checkpoint(dir)
    }

    fn close(&self) -> Reply<'_, ()> {
        self.inner.close()
    }
}

fn key(pk: &str) -> Value {
    json!({ "TableName": "music", "Key": { "pk": { "S": pk }, "sk": { "N": "1" } } })
}

fn put(pk: &str) -> Value {
    json!({ "TableName": "music", "Item": { "pk": { "S": pk }, "sk": { "N": "1" } } })
}

/// Each operation, and how many waves it may take.
fn rows() -> Vec<(&'static str, Value, u64)> {
    let values = json!({ ":a": { "S": "a" } });
    let by_key = json!({ "KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": values });
    let update = json!({
        "UpdateExpression": "SET seen = :n", "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": { ":n": { "N": "1" } },
    });
    let ten: Vec<Value> = (0..10).map(|number| json!({ "Put": put(&format!("t{number}")) })).collect();
    vec![
        ("GetItem", key("a"), 1),
        ("GetItem", with(key("a"), json!({ "ConsistentRead": true })), 1),
        ("PutItem", put("a"), 2),
        ("UpdateItem", with(key("a"), update), 2),
        ("DeleteItem", key("b"), 2),
        ("Query", with(json!({ "TableName": "music" }), by_key), 1),
        ("Scan", json!({ "TableName": "music" }), 1),
        ("BatchGetItem", json!({ "RequestItems": { "music": { "Keys": [key("a")["Key"], key("b")["Key"]] } } }), 1),
        ("TransactWriteItems", json!({ "TransactItems": ten }), 3),
        ("TransactWriteItems", json!({ "TransactItems": ten, "ClientRequestToken": "once" }), 3),
    ]
}

#[test]
fn operations_wait_for_the_database_as_seldom_as_they_can() {
    cluster::run(async {
        let inner = cluster::open(&cluster::settings()).await;
        let store = Arc::new(Waves { inner, waiting: 0.into(), waves: 0.into(), calls: 0.into(), longer: 0.into() });
        // No jobs: their reads would be counted.
        let server = Server::open(store.clone(), 0);
        server.ask("CreateTable", composite("music")).await;
        for pk in ["a", "b"] {
            server.ask("PutItem", put(pk)).await;
        }
        for (operation, request, most) in rows() {
            // The first one opens connections and learns what is often written.
            for _ in 0..3 {
                server.ask(operation, request.clone()).await;
            }
            store.waves.store(0, Ordering::SeqCst);
            store.longer.store(0, Ordering::SeqCst);
            server.ask(operation, request.clone()).await;
            let (waves, longer) = (store.waves.load(Ordering::SeqCst), store.longer.load(Ordering::SeqCst));
            assert!(0 < waves && waves <= most, "{operation} {request}: {waves} round trips");
            assert_eq!(longer, 0, "{operation} {request}");
        }
    });
}
