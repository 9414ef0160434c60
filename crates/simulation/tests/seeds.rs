//! What every change is tried with: some seeds find nothing, a seed does the same twice, and every broken promise is noticed.
//!
//! `tests/run simulate` runs many more seeds.

use simulation::{Breach, Outcome, Plan};

/// How many seeds are run over a store that keeps its promises.
const SEEDS: u64 = 150;
/// Within how many seeds a broken promise is noticed.
const NOTICED_WITHIN: u64 = 40;

fn run(seed: u64, breach: Breach) -> Outcome {
    simulation::run(Plan::of(seed), breach)
}

#[test]
fn nothing_is_found() {
    for seed in 1..=SEEDS {
        let outcome = run(seed, Breach::None);
        assert!(outcome.faults.is_empty(), "tests/run simulate --seed {seed}\n{:#?}", outcome.faults);
    }
}

#[test]
fn a_seed_does_the_same_again() {
    let mut traces = Vec::new();
    for seed in 1..=20 {
        let (first, again) = (run(seed, Breach::None), run(seed, Breach::None));
        assert_eq!(first, again, "seed {seed}");
        traces.push(first.trace);
    }
    traces.sort_unstable();
    traces.dedup();
    assert_eq!(traces.len(), 20);
}

#[test]
fn a_failure_is_replayed_exactly() {
    let failing = (1..=NOTICED_WITHIN).map(|seed| (seed, run(seed, Breach::StaleReads)));
    let (seed, outcome) = failing.into_iter().find(|(_, outcome)| !outcome.faults.is_empty()).unwrap();
    assert_eq!(run(seed, Breach::StaleReads), outcome, "seed {seed}");
}

#[test]
fn every_broken_promise_is_noticed() {
    for (name, breach) in Breach::ALL {
        let is_noticed = (1..=NOTICED_WITHIN).any(|seed| !run(seed, breach).faults.is_empty());
        assert_eq!(is_noticed, breach != Breach::None, "{name}");
    }
}
