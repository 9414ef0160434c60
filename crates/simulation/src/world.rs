//! What a run consists of: servers over a store, a clock, and clients who ask.
//!
//! A server is a group of tasks. When it dies its tasks stop where they are; over a store of its own the store forgets what was not synced.
//! A client who waited for an answer then knows nothing: what it asked for may have happened or not.

use crate::breach::Breach;
use crate::plan::Plan;
use crate::requests::{self, Refusal};
use crate::store::{Rates, SimulatedStore};
use engine::{Caller, Engine, Settings};
use runtime::{Clock, Group, Random, Simulation, Timestamp};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What o'clock it is when a run begins, in milliseconds since 1970.
const START_MS: u64 = 1_790_000_000_000;
/// How long a client waits before it looks again for a server.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How often a client tries to get an answer when nothing goes wrong any more.
const ATTEMPTS_MAX: usize = 200;

/// What became of a request.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// It was carried out.
    Done(Value),
    /// It was refused, and nothing of it was carried out.
    Refused(Refusal),
    /// Nobody can tell.
    Unknown,
    /// It was not sent: no server was up.
    Unsent,
}

/// A run. Clones are the same one.
#[derive(Clone)]
pub struct World(Arc<Parts>);

struct Parts {
    simulation: Simulation,
    plan: Plan,
    store: SimulatedStore,
    caller: Caller,
    servers: Mutex<Vec<Option<Server>>>,
    /// Numbers invocations and completions in the order in which they happen.
    moments: AtomicU64,
    /// Numbers what clients write.
    values: AtomicU64,
    /// How many requests are on their way.
    pending: AtomicU64,
    /// Nobody may ask: the clock is about to jump.
    is_held: AtomicU64,
    /// What must not be, and was seen.
    faults: Mutex<Vec<String>>,
}

struct Server {
    engine: Arc<Engine>,
    group: Group,
}

/// Counts a request that is on its way, until it is dropped.
struct Pending<'w>(&'w AtomicU64);

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl World {
    /// A run of a plan, with no server up yet.
    pub fn new(plan: Plan, breach: Breach) -> Self {
        let simulation = Simulation::new(plan.seed, Timestamp::from_millis(START_MS));
        let store = SimulatedStore::new(&simulation, plan.random("store"), plan.is_shared(), breach);
        let servers = (0..plan.servers).map(|_| None).collect();
        Self(Arc::new(Parts {
            simulation,
            plan,
            store,
            caller: Caller { account: "000000000000".to_owned() },
            servers: Mutex::new(servers),
            moments: AtomicU64::new(1),
            values: AtomicU64::new(1),
            pending: AtomicU64::new(0),
            is_held: AtomicU64::new(0),
            faults: Mutex::default(),
        }))
    }

    /// What the seed decided beforehand.
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// What everything runs on.
    pub fn simulation(&self) -> &Simulation {
        &self.0.simulation
    }

    /// What all servers write.
    pub fn store(&self) -> &SimulatedStore {
        &self.0.store
    }

    /// The time.
    pub fn clock(&self) -> Clock {
        self.0.simulation.clock()
    }

    /// The number of the present moment.
    pub fn moment(&self) -> u64 {
        self.0.moments.fetch_add(1, Ordering::Relaxed)
    }

    /// A value that nobody else writes.
    pub fn new_value(&self) -> u64 {
        self.0.values.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes something that must not be.
    pub fn fault(&self, text: String) {
        self.0.faults.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What must not be and was seen.
    pub fn take_faults(&self) -> Vec<String> {
        let mut faults = std::mem::take(&mut *self.0.faults.lock().unwrap_or_else(PoisonError::into_inner));
        faults.extend(self.0.store.take_faults());
        faults
    }

    fn servers(&self) -> MutexGuard<'_, Vec<Option<Server>>> {
        self.0.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a server, unless it is up. What it finds in the store must be sound.
    pub async fn start(&self, at: usize, random: &Random) {
        if self.servers()[at].is_some() {
            return;
        }
        if !self.plan().is_shared() {
            self.check_store().await;
        }
        let store = Arc::new(self.store().clone());
        let settings = Settings {
            expiry_pause: Duration::from_secs(2),
            partitions: self.plan().partitions,
            table_delay_ms: self.plan().table_delay_ms,
            ..Settings::of_region("eu-west-1".to_owned())
        };
        let engine = Arc::new(Engine::new(store, self.clock(), Random::seeded(random.u64()), settings));
        let group = self.simulation().new_group();
        self.servers()[at] = Some(Server { engine: engine.clone(), group });
        let started = self.simulation().spawn_in(group, async move { engine.start_jobs().await });
        if !matches!(started.await, Ok(Ok(()))) {
            // As a process that gives up; or it was killed meanwhile.
            self.kill(at);
        }
    }

    /// Kills a server where it is.
    pub fn kill(&self, at: usize) {
        let Some(server) = self.servers()[at].take() else { return };
        self.simulation().stop(server.group);
        drop(server);
        if !self.plan().is_shared() {
            self.store().crash();
        }
    }

    /// Whether a server is up and its store takes commits.
    pub fn serves(&self, at: usize) -> bool {
        self.servers()[at].as_ref().is_some_and(|server| server.engine.store.accepts_commits())
    }

    /// Waits while the clock is about to jump. Who asks right after, without waiting for anything else, asks before the next jump.
    pub async fn pass_jump(&self) {
        while self.0.is_held.load(Ordering::Relaxed) > 0 {
            self.clock().sleep(LOOK_AGAIN).await;
        }
    }

    /// Asks one of the servers.
    pub async fn ask(&self, random: &Random, operation: &'static str, input: Value) -> Answer {
        self.pass_jump().await;
        let chosen = {
            let servers = self.servers();
            let up: Vec<_> = servers.iter().flatten().collect();
            let at = random.below(up.len() as u64) as usize;
            up.get(at).map(|server| (server.engine.clone(), server.group))
        };
        let Some((engine, group)) = chosen else {
            self.clock().sleep(LOOK_AGAIN).await;
            return Answer::Unsent;
        };
        self.0.pending.fetch_add(1, Ordering::Relaxed);
        let _pending = Pending(&self.0.pending);
        let caller = self.0.caller.clone();
        let answering = async move { requests::answer(&engine, &caller, operation, &input).await };
        match self.simulation().spawn_in(group, answering).await {
            Ok(Ok(answer)) => Answer::Done(answer),
            Ok(Err(refusal)) if refusal.code == "InternalServerError" => Answer::Unknown,
            Ok(Err(refusal)) => Answer::Refused(refusal),
            Err(_) => Answer::Unknown,
        }
    }

    /// Asks until there is an answer. For what may be asked twice.
    pub async fn insist(&self, random: &Random, operation: &'static str, input: Value) -> Result<Value, Refusal> {
        for _ in 0..ATTEMPTS_MAX {
            match self.ask(random, operation, input.clone()).await {
                Answer::Done(answer) => return Ok(answer),
                Answer::Refused(refusal) => return Err(refusal),
                Answer::Unknown | Answer::Unsent => self.clock().sleep(LOOK_AGAIN).await,
            }
        }
        self.fault(format!("there is no answer to {operation} {input}"));
        Err(Refusal { code: "none".to_owned(), body: Value::Null })
    }

    /// Lets time pass at once, as for a machine that stood still, when no request is on its way: what a client may do twice within minutes
    /// would be another thing hours later.
    pub async fn jump(&self, duration: Duration) {
        self.0.is_held.fetch_add(1, Ordering::Relaxed);
        while self.0.pending.load(Ordering::Relaxed) > 0 {
            self.clock().sleep(Duration::from_millis(1)).await;
        }
        self.simulation().jump(duration);
        self.0.is_held.fetch_sub(1, Ordering::Relaxed);
    }

    /// From now on nothing goes wrong any more.
    pub fn calm(&self) {
        self.store().set_rates(Rates { delay_us_max: 100, ..Rates::default() });
    }

    /// The offline check of what is stored.
    pub async fn check_store(&self) {
        match engine::check::check(&self.store().image()).await {
            Ok(report) if report.is_clean() => {}
            Ok(report) => self.fault(format!("what is stored does not agree:\n{report}")),
            Err(error) => self.fault(format!("what is stored cannot be checked: {error}")),
        }
    }
}
