//! Runs seeds, one after another, and tells how to run one again.
//!
//! `simulate [--first N] [--seeds N] [--seconds N] [--break PROMISE]`

// A command line tool talks to the terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use runtime::Clock;
use simulation::{Breach, Plan};
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: simulate [--first N] [--seeds N] [--seconds N] [--break PROMISE]
  --first    the first seed; 1
  --seeds    how many seeds; 1 where --first is given alone, otherwise 100
  --seconds  as many seeds as there is time for
  --break    a promise that the store breaks, to see that it is noticed";
/// How many faults of a run are told.
const SHOWN_MAX: usize = 5;

struct Options {
    first: u64,
    seeds: u64,
    seconds: Option<u64>,
    breach: (&'static str, Breach),
}

fn options(arguments: &[String]) -> Option<Options> {
    let mut options = Options { first: 1, seeds: 100, seconds: None, breach: Breach::ALL[0] };
    let (mut is_first_given, mut is_count_given) = (false, false);
    for pair in arguments.chunks(2) {
        let [flag, value] = pair else { return None };
        match flag.as_str() {
            "--first" => (options.first, is_first_given) = (value.parse().ok()?, true),
            "--seeds" => (options.seeds, is_count_given) = (value.parse().ok()?, true),
            "--seconds" => options.seconds = Some(value.parse().ok()?),
            "--break" => options.breach = *Breach::ALL.iter().find(|(name, _)| name == value)?,
            _ => return None,
        }
    }
    match (options.seconds, is_count_given) {
        (Some(_), false) => options.seeds = u64::MAX,
        (None, false) if is_first_given => options.seeds = 1,
        _ => {}
    }
    Some(options)
}

/// Runs a seed. Whether nothing was found.
fn run(seed: u64, options: &Options) -> bool {
    let (name, breach) = options.breach;
    let faults = match catch_unwind(|| simulation::run(Plan::of(seed), breach)) {
        Ok(outcome) => {
            if options.seeds == 1 {
                println!("  {:?}", Plan::of(seed));
                println!("  {} polls, {:?} passed, trace {:016x}", outcome.polls, outcome.passed, outcome.trace);
            }
            outcome.faults
        }
        Err(_) => vec!["it panicked".to_owned()],
    };
    if faults.is_empty() {
        return true;
    }
    println!("seed {seed}: {} faults", faults.len());
    faults.iter().take(SHOWN_MAX).for_each(|fault| println!("  {fault}"));
    let broken = if breach == Breach::None { String::new() } else { format!(" --break {name}") };
    println!("  to run it again: tests/run simulate --seed {seed}{broken}");
    false
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(options) = options(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let clock = Clock::system();
    let began = clock.moment();
    let (mut passed, mut failed) = (0_u64, 0_u64);
    for seed in (options.first..).take(usize::try_from(options.seeds).unwrap_or(usize::MAX)) {
        if options.seconds.is_some_and(|seconds| Duration::from_secs(seconds) <= clock.moment().since(began)) {
            break;
        }
        if run(seed, &options) { passed += 1 } else { failed += 1 }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
