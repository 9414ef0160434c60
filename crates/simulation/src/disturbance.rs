//! What goes wrong beside the store: servers die and come back, and time jumps.

use crate::world::World;
use runtime::{Random, Task};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often one looks whether a server must be started again because its store takes nothing any more.
const LOOK: Duration = Duration::from_millis(100);
/// How long all jumps together are at most: records of streams are kept for a day, and are to be read in the end.
const JUMPS_MAX: Duration = Duration::from_secs(12 * 60 * 60);

/// The disturbance of a run, which goes on until it is ended.
pub struct Disturbance {
    is_over: Arc<AtomicBool>,
    tasks: Vec<Task<()>>,
}

/// Begins to disturb.
pub fn start(world: &World) -> Disturbance {
    let is_over = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for at in 0..world.plan().servers {
        tasks.push(runtime::spawn(kill_and_start(world.clone(), at, is_over.clone())));
    }
    tasks.push(runtime::spawn(jump(world.clone(), is_over.clone())));
    Disturbance { is_over, tasks }
}

impl Disturbance {
    /// Waits until nothing is disturbed any more.
    pub async fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            // Nothing stops these tasks before the run ends.
            let _ = task.await;
        }
    }
}

/// Kills a server now and then, and starts it again; also when its store takes nothing any more, as whoever watches a process does.
async fn kill_and_start(world: World, at: usize, is_over: Arc<AtomicBool>) {
    let random = world.plan().random(&format!("death {at}"));
    let (clock, every_ms) = (world.clock(), world.plan().kill_every_ms);
    let mut next = after(&world, &random, every_ms);
    while !is_over.load(Ordering::Relaxed) {
        clock.sleep(Duration::from_micros(random.below(LOOK.as_micros() as u64))).await;
        let is_time = every_ms > 0 && next <= clock.now().as_millis();
        if !is_time && world.serves(at) {
            continue;
        }
        world.kill(at);
        clock.sleep(Duration::from_millis(random.below(200))).await;
        world.start(at, &random).await;
        next = after(&world, &random, every_ms);
    }
}

fn after(world: &World, random: &Random, every_ms: u64) -> u64 {
    world.clock().now().as_millis() + random.below(2 * every_ms + 1)
}

/// Lets hours pass at once, now and then.
async fn jump(world: World, is_over: Arc<AtomicBool>) {
    let random = world.plan().random("jumps");
    let mut left = JUMPS_MAX;
    while !is_over.load(Ordering::Relaxed) {
        world.clock().sleep(Duration::from_millis(random.below(3_000))).await;
        let minutes = [1, 11, 60, 5 * 60][random.below(4) as usize];
        let duration = Duration::from_secs(minutes * 60);
        if random.below(4) == 0 && duration <= left {
            left -= duration;
            world.jump(duration).await;
        }
    }
}
