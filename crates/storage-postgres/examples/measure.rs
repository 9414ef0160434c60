//! Measures a store over PostgreSQL beside bare statements on as many connections: `measure URL [TASKS] [SECONDS]`.
//!
//! Works in the schema `stator_measure` of that database and leaves it there.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for those who develop the store"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use runtime::{Clock, Random, spawn};
use storage::{Batch, Direction, Scan, Store, StoreError};
use storage_postgres::{PostgresSettings, PostgresStore};
use tokio_postgres::{Client, NoTls, Statement};

const ITEMS: u64 = 20_000;
const SCHEMA: &str = "stator_measure";

struct Measurement {
    tasks: usize,
    seconds: u64,
    clock: Clock,
    random: Random,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().expect("the address of a database");
    let tasks = arguments.next().map_or(32, |text| text.parse().unwrap());
    let seconds = arguments.next().map_or(3, |text| text.parse().unwrap());
    let measurement = Measurement { tasks, seconds, clock: Clock::system(), random: Random::system() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measurement.run(&url));
}

impl Measurement {
    async fn run(&self, url: &str) {
        let settings = PostgresSettings { schema: SCHEMA.to_owned(), ..PostgresSettings::new(url) };
        let store = Arc::new(PostgresStore::open(&settings).await.unwrap());
        let table = fill(&store).await;
        let bare = Arc::new(connect(url, settings.writers).await);

        let get = |key: Bytes, store: Arc<PostgresStore>| async move { store.get_one(&key).await.map(drop).is_ok() };
        self.time("get_one", &store, get).await;
        let scan = |key: Bytes, store: Arc<PostgresStore>| async move { store.scan(ten_from(key)).await.is_ok() };
        self.time("scan of 10", &store, scan).await;
        let put = move |key: Bytes, store: Arc<PostgresStore>| async move { put(&store, key, table).await };
        self.time("read and put", &store, put).await;
        let blind = |key: Bytes, store: Arc<PostgresStore>| async move {
            let mut batch = Batch::new();
            batch.set(key, vec![1_u8; 300]);
            store.commit(batch).await.is_ok()
        };
        self.time("commit of one set", &store, blind).await;
        let count = |_: Bytes, store: Arc<PostgresStore>| async move {
            let mut batch = Batch::new();
            batch.add("count", 1);
            store.commit(batch).await.is_ok()
        };
        self.time("commit of one addition, all to one counter", &store, count).await;
        self.time("bare: select", &bare, |key, bare| async move { bare.select(&key).await }).await;
        self.time("bare: upsert", &bare, |key, bare| async move { bare.upsert(&key).await }).await;
        self.time("bare: begin, select for update, upsert, commit", &bare, |key, bare| async move {
            bare.transaction(&key).await
        })
        .await;
    }

    /// Runs an operation on random items, in all tasks at once.
    async fn time<S, F>(
        &self,
        name: &str,
        subject: &Arc<S>,
        run: impl Fn(Bytes, Arc<S>) -> F + Copy + Send + Sync + 'static,
    ) where
        S: Send + Sync + 'static,
        F: Future<Output = bool> + Send,
    {
        let (done, failed, ended) =
            (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let started = self.clock.moment();
        let tasks: Vec<_> = (0..self.tasks)
            .map(|_| {
                let (subject, random) = (subject.clone(), self.random.clone());
                let (done, failed, ended) = (done.clone(), failed.clone(), ended.clone());
                spawn(async move {
                    while !ended.load(Ordering::Relaxed) {
                        let count = if run(item(random.below(ITEMS)), subject.clone()).await { &done } else { &failed };
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        self.clock.sleep(Duration::from_secs(self.seconds)).await;
        ended.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await.unwrap();
        }
        let seconds = self.clock.moment().since(started).as_secs_f64();
        let done = done.load(Ordering::Relaxed) as f64;
        let micros = seconds * 1e6 * self.tasks as f64 / done.max(1.0);
        println!(
            "{name:50} {:8.0} /s {micros:8.0} us each, {} refused",
            done / seconds,
            failed.load(Ordering::Relaxed)
        );
    }
}

fn item(number: u64) -> Bytes {
    // Spread as hashes are.
    let mut key = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes().to_vec();
    key.insert(0, b'i');
    key.into()
}

async fn fill(store: &PostgresStore) -> u64 {
    for part in 0..ITEMS / 1000 {
        let mut batch = Batch::new();
        for number in part * 1000..(part + 1) * 1000 {
            batch.set(item(number), vec![0_u8; 300]);
        }
        store.commit(batch).await.unwrap();
    }
    let mut batch = Batch::new();
    batch.set("table", "descriptor").add("count", 0).add("bytes", 0);
    store.commit(batch).await.unwrap()
}

fn ten_from(from: Bytes) -> Scan {
    Scan { from, to: Bytes::from_static(b"j"), direction: Direction::Forward, max_entries: 10, max_bytes: 1 << 20 }
}

/// What PutItem does: reads the item, commits under a check of it and of the table, and counts.
async fn put(store: &PostgresStore, key: Bytes, table: u64) -> bool {
    let found = store.get_one(&key).await.unwrap();
    let mut batch = Batch::new();
    batch.check("table", Some(table)).check(key.clone(), found.map(|found| found.version));
    batch.set(key, vec![2_u8; 300]).add("count", 0).add("bytes", 1);
    match store.commit(batch).await {
        Ok(_) => true,
        Err(StoreError::Conflict { .. }) => false,
        Err(other) => {
            println!("{other}");
            false
        }
    }
}

/// Connections without a store.
struct Bare {
    sessions: Vec<tokio::sync::Mutex<Session>>,
    next: AtomicU64,
}

struct Session {
    client: Client,
    select: Statement,
    lock: Statement,
    upsert: Statement,
}

async fn connect(url: &str, many: usize) -> Bare {
    let mut sessions = Vec::new();
    for _ in 0..many {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        spawn(async move { connection.await.ok() });
        let select = format!("SELECT value FROM {SCHEMA}.kv WHERE key = $1");
        let upsert = format!(
            "INSERT INTO {SCHEMA}.kv AS k (key, value, version, mark) VALUES ($1, $2, 1, 0)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = k.version"
        );
        let session = Session {
            select: client.prepare(&select).await.unwrap(),
            lock: client.prepare(&format!("{select} FOR UPDATE")).await.unwrap(),
            upsert: client.prepare(&upsert).await.unwrap(),
            client,
        };
        sessions.push(tokio::sync::Mutex::new(session));
    }
    Bare { sessions, next: AtomicU64::new(0) }
}

impl Bare {
    async fn session(&self) -> tokio::sync::MutexGuard<'_, Session> {
        let next = usize::try_from(self.next.fetch_add(1, Ordering::Relaxed)).unwrap();
        self.sessions[next % self.sessions.len()].lock().await
    }

    async fn select(&self, key: &Bytes) -> bool {
        let session = self.session().await;
        session.client.query(&session.select, &[&key.as_ref()]).await.is_ok()
    }

    async fn upsert(&self, key: &Bytes) -> bool {
        self.session().await.upsert(key).await
    }

    async fn transaction(&self, key: &Bytes) -> bool {
        let session = self.session().await;
        let (begin, select, upsert, end) = futures_util::join!(
            session.client.batch_execute("BEGIN"),
            async { session.client.query(&session.lock, &[&key.as_ref()]).await },
            session.upsert(key),
            session.client.batch_execute("COMMIT"),
        );
        begin.is_ok() && select.is_ok() && upsert && end.is_ok()
    }
}

impl Session {
    async fn upsert(&self, key: &Bytes) -> bool {
        self.client.query(&self.upsert, &[&key.as_ref(), &[3_u8; 300].as_slice()]).await.is_ok()
    }
}
