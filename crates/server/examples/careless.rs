//! The server over a store in memory that breaks one promise of stores now and then: what the checker of histories must notice.
//!
//! `cargo run --release -p server --example careless -- --listen 127.0.0.1:9903 --break stale-reads --seed 1`
//!
//! Whatever it breaks, the store lets other tasks go first before it reads and commits, so that requests overlap more than they would in
//! memory. Without a broken promise every history of it must pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "an example stops at the first problem")]

use bytes::Bytes;
use engine::Engine;
use runtime::{Clock, Random};
use server::{Dispatch, Limits, Listener, ListenerSettings, Server};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use storage::{Batch, Memory, Mutation, Page, Reply, Scan, Store, StoreError, Version, Versioned};

/// What the keys of items begin with (`layout::Space::Item`); everything else is served well, so that the server stays up.
const ITEM: u8 = 0x10;
/// How long a commit waits that would have been guarded.
const TIME_TO_INTERFERE: Duration = Duration::from_millis(3);
/// How often at most other tasks go first.
const TURNS: u64 = 20;

/// The promise that is broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// None.
    None,
    /// A commit is refused when a check of it does not hold.
    LostChecks,
    /// So is one whose check is of a key that the commit does not write.
    UnwrittenChecks,
    /// A read sees every commit that returned before it.
    StaleReads,
    /// A commit happens completely or not at all.
    TornBatches,
}

impl Broken {
    fn of(name: &str) -> Self {
        match name {
            "none" => Self::None,
            "lost-checks" => Self::LostChecks,
            "unwritten-checks" => Self::UnwrittenChecks,
            "stale-reads" => Self::StaleReads,
            "torn-batches" => Self::TornBatches,
            _ => panic!("there is no promise {name}"),
        }
    }

    /// One chance in so many is taken to break it. Checks that do not hold are rare by themselves.
    fn rarity(self) -> u64 {
        match self {
            Self::UnwrittenChecks => 1,
            Self::LostChecks => 2,
            _ => 20,
        }
    }
}

struct Careless {
    inner: Memory,
    broken: Broken,
    random: Random,
    clock: Clock,
    /// What each item was before its newest write.
    older: Mutex<HashMap<Bytes, Option<Versioned>>>,
}

impl Careless {
    async fn turn(&self) {
        for _ in 0..self.random.below(TURNS) {
            runtime::give_way().await;
        }
    }

    /// Whether to break this promise now.
    fn breaks(&self, promise: Broken) -> bool {
        self.broken == promise && self.random.below(promise.rarity()) == 0
    }

    /// What a read of this key answers, given what is there.
    fn seen(&self, key: &[u8], found: Option<Versioned>) -> Option<Versioned> {
        if self.breaks(Broken::StaleReads) {
            self.older.lock().unwrap().get(key).cloned().unwrap_or(found)
        } else {
            found
        }
    }

    /// Drops the checks of items that the batch does not write, and gives others time to write these items.
    async fn forget_unwritten(&self, batch: &mut Batch) {
        let Batch { checks, mutations } = batch;
        let all = checks.len();
        checks
            .retain(|check| !is_item(&check.key) || mutations.iter().any(|one| written_item(one) == Some(&check.key)));
        if checks.len() < all {
            self.clock.sleep(TIME_TO_INTERFERE).await;
        }
    }

    /// Keeps what the batch is about to write over.
    async fn keep_older(&self, batch: &Batch) -> Result<(), StoreError> {
        for key in batch.mutations.iter().filter_map(written_item) {
            let found = self.inner.get_one(key).await?;
            self.older.lock().unwrap().insert(key.clone(), found);
        }
        Ok(())
    }
}

impl Store for Careless {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        Reply::pending(async move {
            self.turn().await;
            let found = self.inner.get(keys).await?;
            Ok(keys.iter().zip(found).map(|(key, found)| self.seen(key, found)).collect())
        })
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        Reply::pending(async move {
            self.turn().await;
            Ok(self.seen(key, self.inner.get_one(key).await?))
        })
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.inner.scan(scan)
    }

    fn commit(&self, mut batch: Batch) -> Reply<'_, Version> {
        Reply::pending(async move {
            self.turn().await;
            if self.broken == Broken::StaleReads {
                self.keep_older(&batch).await?;
            }
            let items = batch.mutations.iter().filter_map(written_item).count();
            if items > 1 && self.breaks(Broken::TornBatches) {
                let at = batch.mutations.iter().position(|mutation| written_item(mutation).is_some()).unwrap();
                batch.mutations.remove(at);
            }
            if self.breaks(Broken::UnwrittenChecks) {
                self.forget_unwritten(&mut batch).await;
            }
            match self.inner.commit(batch.clone()).await {
                Err(StoreError::Conflict { .. }) if self.breaks(Broken::LostChecks) => {
                    batch.checks.retain(|check| !is_item(&check.key));
                    self.inner.commit(batch).await
                }
                result => result,
            }
        })
    }

    fn durable(&self, version: Version) -> Reply<'_, ()> {
        self.inner.durable(version)
    }

    fn latest(&self) -> Version {
        self.inner.latest()
    }

    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()> {
        self.inner.checkpoint(dir)
    }

    fn close(&self) -> Reply<'_, ()> {
        self.inner.close()
    }
}

fn is_item(key: &[u8]) -> bool {
    key.first() == Some(&ITEM)
}

fn written_item(mutation: &Mutation) -> Option<&Bytes> {
    match mutation {
        Mutation::Set { key, .. } if is_item(key) => Some(key),
        _ => None,
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag);
        at.and_then(|at| arguments.get(at + 1)).unwrap_or_else(|| panic!("{flag} is missing"))
    };
    let clock = Clock::system();
    let store = Careless {
        inner: Memory::new(),
        broken: Broken::of(value("--break")),
        random: Random::seeded(value("--seed").parse().unwrap()),
        clock: clock.clone(),
        older: Mutex::default(),
    };
    let region = "us-east-1".to_owned();
    let settings = engine::Settings::of_region(region.clone());
    let engine = Arc::new(Engine::new(Arc::new(store), clock.clone(), Random::system(), settings));
    engine.start_jobs().await.unwrap();
    let service = Dispatch::new(engine, "000000000000".to_owned());
    let settings = server::Settings { region, limits: Limits::default(), guard: None, audit: None };
    let server = Server::new(service, settings, clock, Random::system());
    let listener = Listener::bind(ListenerSettings::open(value("--listen").parse().unwrap())).unwrap();
    server.run(vec![listener], std::future::pending()).await;
}
