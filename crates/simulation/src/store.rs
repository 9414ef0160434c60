//! A store that is slow, fails and loses its memory as a seed says, and keeps every promise of stores meanwhile; or breaks one.
//!
//! ```text
//! commit -> some time passes -> applied to what everybody sees -> some time passes -> answered
//! durable -> some time passes -> applied to what a crash leaves -> answered
//! ```
//!
//! What can go wrong, and still keeps the promises: a call takes long, so that calls overtake each other; a read fails; a commit fails
//! before or after it was applied, and nobody can tell which; a commit conflicts for no reason that its sender could know; a sync fails,
//! after which nothing is taken until the store is opened again; and a [`crash`](SimulatedStore::crash) leaves what was synced and, of what
//! was not, as many commits as the seed says, from the oldest on.

use crate::breach::{Breach, Breaker};
use crate::image::Image;
use bytes::Bytes;
use runtime::{Clock, Group, Random, Simulation};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use storage::{Batch, Memory, Page, Reply, Scan, Store, StoreError, Version, Versioned};

/// How often what goes wrong: one call in so many; 0 is never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// The longest that a call waits before it is carried out, and again before it is answered.
    pub delay_us_max: u64,
    /// Reads that fail.
    pub read_fails: u64,
    /// Commits that fail, half of them after they were applied.
    pub commit_fails: u64,
    /// Commits that conflict although nobody was faster.
    pub conflicts: u64,
    /// Syncs that fail.
    pub sync_fails: u64,
}

/// The store. Clones are the same one.
#[derive(Clone)]
pub struct SimulatedStore {
    simulation: Simulation,
    clock: Clock,
    random: Random,
    /// Several servers write it, and it lives on when one of them dies.
    is_shared: bool,
    breaker: Breaker,
    state: Arc<Mutex<State>>,
}

struct State {
    rates: Rates,
    /// What everybody sees.
    live: Image,
    /// What a crash leaves.
    disk: Image,
    /// What was committed and not synced, oldest first.
    unsynced: VecDeque<(Version, Batch)>,
    /// A sync has failed: what was not synced before may never be.
    is_broken: bool,
    /// What must not be, and was seen.
    faults: Vec<String>,
}

impl SimulatedStore {
    /// An empty store.
    pub fn new(simulation: &Simulation, random: Random, is_shared: bool, breach: Breach) -> Self {
        let state = State {
            rates: Rates::default(),
            live: Image::default(),
            disk: Image::default(),
            unsynced: VecDeque::new(),
            is_broken: false,
            faults: Vec::new(),
        };
        Self {
            simulation: simulation.clone(),
            clock: simulation.clock(),
            breaker: Breaker::new(breach, Random::seeded(random.u64())),
            random,
            is_shared,
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on so much goes wrong.
    pub fn set_rates(&self, rates: Rates) {
        self.state().rates = rates;
    }

    /// What must not be and was seen.
    pub fn take_faults(&self) -> Vec<String> {
        std::mem::take(&mut self.state().faults)
    }

    /// The process that has the store open dies. What it leaves is what is found when the store is opened again.
    pub fn crash(&self) {
        let mut state = self.state();
        let kept = self.random.below(state.unsynced.len() as u64 + 1) as usize;
        self.simulation.note(kept as u64);
        state.sync_first(kept);
        state.unsynced.clear();
        state.live = state.disk.copy();
        state.is_broken = false;
    }

    /// A copy of what everybody sees, for the offline check.
    pub fn image(&self) -> Memory {
        self.state().live.memory.copy()
    }

    async fn pause(&self) {
        let longest = self.state().rates.delay_us_max;
        // Most calls are quick and a few are very slow: so calls overtake each other in many ways.
        let bound = if self.random.below(10) == 0 { longest } else { longest / 10 };
        let wait = Duration::from_micros(self.random.below(bound + 1));
        self.clock.sleep(wait).await;
    }

    fn happens(&self, one_in: u64) -> bool {
        one_in > 0 && self.random.below(one_in) == 0
    }

    fn note(&self, what: &impl Hash) {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        self.simulation.note(hasher.finish());
    }

    async fn read<T>(&self, run: impl FnOnce(&mut State) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.pause().await;
        let rate = self.state().rates.read_fails;
        if self.happens(rate) {
            return Err(failed("reading"));
        }
        let result = run(&mut self.state());
        self.pause().await;
        result
    }

    async fn commit_slowly(self, batch: Batch) -> Result<Version, StoreError> {
        self.pause().await;
        let rates = self.state().rates;
        if self.happens(rates.conflicts) && !batch.checks.is_empty() {
            let check = self.random.below(batch.checks.len() as u64) as usize;
            return Err(StoreError::Conflict { check });
        }
        let fails = self.happens(rates.commit_fails);
        if fails && self.random.below(2) == 0 {
            return Err(failed("committing"));
        }
        let result = self.apply(batch);
        self.note(&result.as_ref().ok());
        self.pause().await;
        if fails { Err(failed("committing")) } else { result }
    }

    fn apply(&self, batch: Batch) -> Result<Version, StoreError> {
        let mut state = self.state();
        if state.is_broken {
            return Err(failed("committing after a sync that failed"));
        }
        for batch in self.breaker.before_commit(batch) {
            let mut result = state.live.commit(batch.clone());
            let mut applied = batch;
            if let Err(StoreError::Conflict { check }) = result {
                if let Some(fault) = state.live.vouched_wrongly(&applied, check) {
                    state.faults.push(fault);
                }
                let Some(unchecked) = self.breaker.after_conflict(applied.clone()) else {
                    return Err(StoreError::Conflict { check });
                };
                applied = unchecked;
                result = state.live.commit(applied.clone());
            }
            let version = result?;
            if !applied.mutations.is_empty() {
                for mutation in &applied.mutations {
                    self.note(&crate::image::key_of(mutation));
                }
                applied.checks.clear();
                state.unsynced.push_back((version, applied));
            }
        }
        Ok(state.live.latest())
    }

    async fn sync(&self, version: Version) -> Result<(), StoreError> {
        if self.is_shared || self.breaker.forgets_to_sync() {
            return Ok(());
        }
        let upto = version.min(self.state().live.latest());
        self.pause().await;
        let rate = self.state().rates.sync_fails;
        let fails = self.happens(rate);
        let mut state = self.state();
        if state.disk.latest() < upto {
            state.is_broken |= fails;
            if state.is_broken {
                return Err(failed("syncing"));
            }
            let count = state.unsynced.iter().take_while(|(version, _)| *version <= upto).count();
            state.sync_first(count);
        }
        Ok(())
    }
}

impl State {
    /// Syncs the oldest commits.
    fn sync_first(&mut self, count: usize) {
        for (version, batch) in self.unsynced.drain(..count) {
            let synced = self.disk.commit(batch);
            if !matches!(synced, Ok(got) if got == version) {
                self.faults.push(format!("the simulation is wrong: synced {version} as {synced:?}"));
            }
        }
    }
}

impl Store for SimulatedStore {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        Reply::pending(self.read(move |state| {
            let found = state.live.get(keys)?;
            let seen = keys.iter().zip(found).map(|(key, found)| self.breaker.seen(&state.live, key, found));
            Ok(seen.collect())
        }))
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        Reply::pending(self.read(move |state| {
            let found = state.live.get_one(key)?;
            Ok(self.breaker.seen(&state.live, key, found))
        }))
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        Reply::pending(self.read(move |state| state.live.scan(scan)))
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        if !self.is_shared {
            return Reply::pending(self.clone().commit_slowly(batch));
        }
        // What was sent to another process is carried out although the sender dies.
        let carried_out = self.simulation.spawn_in(Group::MAIN, self.clone().commit_slowly(batch));
        Reply::pending(async move { carried_out.await.map_err(|lost| StoreError::io("committing", lost))? })
    }

    fn durable(&self, version: Version) -> Reply<'_, ()> {
        Reply::pending(self.sync(version))
    }

    fn latest(&self) -> Version {
        self.state().live.latest()
    }

    fn visible(&self) -> Version {
        self.state().live.latest()
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    fn accepts_commits(&self) -> bool {
        !self.state().is_broken
    }

    fn checkpoint<'a>(&'a self, _dir: &'a Path) -> Reply<'a, ()> {
        Reply::ready(Err(StoreError::Unsupported { operation: "checkpoint" }))
    }

    fn close(&self) -> Reply<'_, ()> {
        Reply::ready(Ok(()))
    }
}

fn failed(doing: &'static str) -> StoreError {
    StoreError::io(doing, io::Error::other("the simulation wanted it so"))
}
