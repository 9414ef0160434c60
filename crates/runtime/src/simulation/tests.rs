//! Seeds decide, time passes by itself, and what is stopped stays stopped.

use super::*;
use crate::{give_way, spawn};

const START: Timestamp = Timestamp::from_millis(1_000);
const POLLS: u64 = 100_000;

/// The order in which three tasks of four steps each get on.
fn order(seed: u64) -> (Vec<usize>, u64) {
    let simulation = Simulation::new(seed, START);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = seen.clone();
    let run = simulation.run(POLLS, async move {
        let step = |task: usize| {
            let notes = notes.clone();
            spawn(async move {
                for _ in 0..4 {
                    notes.lock().unwrap().push(task);
                    give_way().await;
                }
            })
        };
        for task in [step(0), step(1), step(2)] {
            task.await.unwrap();
        }
    });
    run.unwrap();
    let seen = seen.lock().unwrap().clone();
    (seen, simulation.trace())
}

#[test]
fn a_seed_decides_who_goes_on() {
    assert_eq!(order(1), order(1));
    let orders: std::collections::BTreeSet<_> = (0..20).map(|seed| order(seed).0).collect();
    assert!(orders.len() > 15, "{orders:?}");
    let traces: std::collections::BTreeSet<_> = (0..20).map(|seed| order(seed).1).collect();
    assert_eq!(traces.len(), 20);
}

#[test]
fn the_clock_moves_to_whoever_waits() {
    let simulation = Simulation::new(1, START);
    let clock = simulation.clock();
    let woken = simulation.run(POLLS, async move {
        let sleep = |seconds| {
            let clock = clock.clone();
            spawn(async move {
                clock.sleep(Duration::from_secs(seconds)).await;
                clock.now()
            })
        };
        let (late, early) = (sleep(3600), sleep(60));
        let early = early.await.unwrap();
        (early, late.await.unwrap())
    });
    let (early, late) = woken.unwrap();
    assert_eq!((early.as_seconds(), late.as_seconds()), (61, 3601));
}

#[test]
fn a_group_is_stopped_with_all_that_it_started() {
    let simulation = Simulation::new(1, START);
    let group = simulation.new_group();
    let (clock, here) = (simulation.clock(), simulation.clone());
    let ended = simulation.run(POLLS, async move {
        let inner = clock.clone();
        let outer = here.spawn_in(group, async move {
            let forever = spawn(async move { inner.sleep(Duration::from_secs(1_000_000)).await });
            forever.await
        });
        clock.sleep(Duration::from_secs(1)).await;
        here.stop(group);
        let other = here.spawn_in(here.new_group(), async { 7 });
        (outer.await.map_err(|lost| lost.to_string()), other.await, clock.now().as_seconds())
    });
    assert_eq!(ended, Ok((Err("the task was stopped".to_owned()), Ok(7), 2)));
}

#[test]
fn what_never_ends_is_told() {
    let deadlock = Simulation::new(1, START).run(POLLS, std::future::pending::<()>());
    assert_eq!(deadlock, Err(Stuck::Deadlock));
    let endless = Simulation::new(1, START).run(POLLS, async {
        loop {
            give_way().await;
        }
    });
    assert_eq!(endless, Err::<(), _>(Stuck::TooLong));
}
