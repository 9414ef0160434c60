//! Processor time, as the kernel accounts for it: of a process, and what the whole machine had left over.
//!
//! The scheduler's figures are exact to the nanosecond, and hold whatever else the machine is doing.

use std::fs;

/// The processor time that the threads of a process have used, in nanoseconds. Threads that ended in between are missed: a server
/// keeps its threads.
pub fn used_ns(process: &str) -> u64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return 0 };
    let used = |folder: std::path::PathBuf| {
        let text = fs::read_to_string(folder.join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    threads.flatten().filter_map(|thread| used(thread.path())).sum()
}

/// The ticks of all processors so far.
#[derive(Clone, Copy, Default)]
pub struct Machine {
    idle: u64,
    all: u64,
}

/// Of these columns of `/proc/stat` the fourth is idle, the fifth waits for a disk; those after the eighth are contained in others.
const COLUMNS: usize = 8;

impl Machine {
    /// As of now.
    pub fn now() -> Machine {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        let ticks: Vec<u64> =
            first.split_whitespace().skip(1).take(COLUMNS).filter_map(|column| column.parse().ok()).collect();
        Machine { idle: ticks.iter().skip(3).take(2).sum(), all: ticks.iter().sum() }
    }

    /// Adds what passed since an earlier point.
    pub fn add(&mut self, earlier: Machine, later: Machine) {
        self.idle += later.idle - earlier.idle;
        self.all += later.all - earlier.all;
    }

    /// The share in which processors had nothing to do.
    pub fn idle_share(self) -> f64 {
        self.idle as f64 / self.all.max(1) as f64
    }
}
