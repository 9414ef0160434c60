//! The engine over a simulated store, clock and scheduler: everything that happens in a run follows from its seed.
//!
//! ```text
//! seed -> plan -> servers start -> clients write, somebody changes tables, servers die, time jumps
//!      -> all is calm -> jobs come to their end -> what clients saw, what streams tell and what is stored is checked
//! ```
//!
//! What is checked: the store as a crash left it and as it is in the end, by the engine's offline check (indexes equal items, counts and
//! sizes are right); that lists which were read and appended to are strictly serializable; that money is conserved and no token counts
//! twice; that streams tell every change once and in order; and that every job ends.
//!
//! A run whose trace is another one for the same seed is a fault of the simulation: something depends on more than the seed.

// A simulation stops where it is wrong itself.
#![allow(clippy::panic, reason = "a request that the simulation does not know is a mistake in it")]

mod breach;
mod checks;
mod disturbance;
mod image;
mod plan;
mod requests;
mod store;
mod workload;
mod world;

pub use breach::Breach;
pub use plan::Plan;

use checks::changes::Deeds;
use checks::history::History;
use runtime::{Random, Task};
use serde_json::{Value, json};
use std::time::Duration;
use workload::bank::Ledger;
use workload::{bank, changes, registers};
use world::World;

/// More polls than any run takes.
const POLLS_MAX: u64 = 30_000_000;
/// How long jobs may take to come to their end when nothing goes wrong any more.
const ENDS_WITHIN: Duration = Duration::from_secs(600);

/// What a run came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// One number for everything that happened.
    pub trace: u64,
    /// How often a task was polled.
    pub polls: u64,
    /// How much time passed, on the simulated clock.
    pub passed: Duration,
    /// What must not be, and was seen.
    pub faults: Vec<String>,
}

/// Runs a plan, over a store that breaks a promise or none.
pub fn run(plan: Plan, breach: Breach) -> Outcome {
    let world = World::new(plan, breach);
    let began = world.clock().now();
    let inside = world.clone();
    let ended = world.simulation().run(POLLS_MAX, async move { live(&inside).await });
    let mut faults = world.take_faults();
    if let Err(stuck) = ended {
        faults.push(format!("the run does not end: {stuck}"));
    }
    let passed = world.clock().now().since(began);
    Outcome { trace: world.simulation().trace(), polls: world.simulation().polls(), passed, faults }
}

/// What happens in a run.
async fn live(world: &World) {
    let random = world.plan().random("course");
    for at in 0..world.plan().servers {
        world.start(at, &random).await;
    }
    registers::set_up(world, &random).await;
    bank::set_up(world, &random).await;
    changes::set_up(world, &random).await;
    world.store().set_rates(world.plan().rates);
    let (history, ledger, deeds) = (History::default(), Ledger::default(), Deeds::default());
    let disturbing = disturbance::start(world);
    for client in clients(world, &history, &ledger, &deeds) {
        if client.await.is_err() {
            world.fault("a client was lost".to_owned());
        }
    }
    disturbing.end().await;
    world.calm();
    for at in 0..world.plan().servers {
        if !world.serves(at) {
            world.kill(at);
        }
        world.start(at, &random).await;
    }
    // Somebody may have deleted it last, and not have known it.
    changes::set_up(world, &random).await;
    end_jobs(world, &random).await;
    registers::read_at_last(world, &random, &history).await;
    bank::check(world, &random, &ledger).await;
    checks::changes::check(world, &random, &deeds).await;
    checks::history::check(&history.take()).into_iter().for_each(|fault| world.fault(fault));
    world.check_store().await;
}

fn clients(world: &World, history: &History, ledger: &Ledger, deeds: &Deeds) -> Vec<Task<()>> {
    let mut clients = vec![runtime::spawn(changes::administer(world.clone(), world.plan().random("administrator")))];
    for at in 0..world.plan().clients {
        let random = |kind: &str| -> Random { world.plan().random(&format!("{kind} {at}")) };
        clients.push(runtime::spawn(registers::Client::new(world, random("registers"), history).run()));
        clients.push(runtime::spawn(bank::run(world.clone(), random("bank"), ledger.clone())));
        clients.push(runtime::spawn(changes::run(world.clone(), random("changes"), deeds.clone())));
    }
    clients
}

/// Waits until no table is being changed any more, and what has expired is gone.
async fn end_jobs(world: &World, random: &Random) {
    let began = world.clock().now();
    while world.clock().now().since(began) < ENDS_WITHIN {
        world.clock().sleep(Duration::from_secs(5)).await;
        if has_ended(world, random).await {
            return;
        }
    }
    let now = world.clock().now().as_seconds();
    for operation in ["DescribeTimeToLive", "Scan", "DescribeTable"] {
        let answer = world.insist(random, operation, json!({ "TableName": changes::TABLE })).await;
        world.fault(format!("at {now} jobs have not ended: {}", answer.unwrap_or_else(|refusal| refusal.body)));
    }
}

async fn has_ended(world: &World, random: &Random) -> bool {
    let name = json!({ "TableName": changes::TABLE });
    let Ok(described) = world.insist(random, "DescribeTable", name.clone()).await else { return false };
    let Ok(expiry) = world.insist(random, "DescribeTimeToLive", name.clone()).await else { return false };
    let Ok(scanned) = world.insist(random, "Scan", name).await else { return false };
    let table = &described["Table"];
    let indexes = table["GlobalSecondaryIndexes"].as_array().cloned().unwrap_or_default();
    let is_active = table["TableStatus"] == "ACTIVE" && indexes.iter().all(|index| index["IndexStatus"] == "ACTIVE");
    let expiry = &expiry["TimeToLiveDescription"]["TimeToLiveStatus"];
    let now = world.clock().now().as_seconds();
    let is_left = |item: &Value| changes::expires(item).is_some_and(|seconds| engine::expiry::is_due(seconds, now));
    let has_expired = expiry == "ENABLED" && scanned["Items"].as_array().is_some_and(|items| items.iter().any(is_left));
    is_active && (expiry == "ENABLED" || expiry == "DISABLED") && !has_expired
}
