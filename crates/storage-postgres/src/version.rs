//! Versions: the number that a commit proposes for itself, without asking anybody.
//!
//! ```text
//! version = microseconds since 2020:51 bits, lane:12 bits        so no two lanes ever propose the same
//! ```
//!
//! A proposal is no more than a good guess. The commit's last statement takes a higher number where the database holds one that is not
//! below it (see sql.rs), so no promise rests on any clock. Clocks that differ only make commits of the slower one work more; so a server
//! that learns of a higher version than its own clock makes goes ahead by the difference from then on.

use std::sync::atomic::{AtomicU64, Ordering};

use runtime::{Clock, Moment};
use storage::Version;

/// How many bits of a version name the lane.
pub const LANE_BITS: u32 = 12;

/// How many lanes there can be.
pub const LANES: i64 = 1 << LANE_BITS;

/// Milliseconds from the Unix epoch to 2020.
const FIRST_MILLIS: u64 = 1_577_836_800_000;

/// Proposes versions.
#[derive(Debug)]
pub struct Versions {
    clock: Clock,
    /// When this was made, by both clocks: the wall clock has milliseconds, the other one what passed since.
    start: (Moment, u64),
    /// How far this goes ahead of the clock, in microseconds.
    ahead: AtomicU64,
    /// The microseconds of the newest proposal.
    newest: AtomicU64,
}

impl Versions {
    /// Proposals by this clock.
    pub fn new(clock: Clock) -> Self {
        let start = (clock.moment(), wall_micros(&clock));
        Self { clock, start, ahead: AtomicU64::new(0), newest: AtomicU64::new(0) }
    }

    /// A number for a commit in this lane, above all that were proposed or learned before.
    pub fn propose(&self, lane: i32) -> i64 {
        let now = self.micros().saturating_add(self.ahead.load(Ordering::Relaxed));
        let before = self.newest.fetch_max(now, Ordering::Relaxed);
        // Two at once within a microsecond are kept apart by their lanes, or by the lane's lock and `learn`.
        let micros = if before < now { now } else { self.newest.fetch_add(1, Ordering::Relaxed).saturating_add(1) };
        let lane = u64::try_from(lane).unwrap_or(0);
        i64::try_from((micros << LANE_BITS) | lane).unwrap_or(i64::MAX)
    }

    /// Takes notice of a version: later proposals are higher.
    pub fn learn(&self, version: Version) {
        let seen = version >> LANE_BITS;
        if seen <= self.newest.load(Ordering::Relaxed) {
            return;
        }
        self.newest.fetch_max(seen, Ordering::Relaxed);
        let ahead = seen.saturating_sub(self.micros());
        self.ahead.fetch_max(ahead, Ordering::Relaxed);
    }

    /// Takes notice of a version that a caller expects, if it can be one: a caller may expect anything.
    pub fn learn_expected(&self, version: Version) {
        const BELIEVED_MICROS: u64 = 60_000_000;
        if (version >> LANE_BITS) < self.micros().saturating_add(BELIEVED_MICROS) {
            self.learn(version);
        }
    }

    fn micros(&self) -> u64 {
        let (start, micros) = self.start;
        let passed = self.clock.moment().since(start).as_micros();
        let counted = micros.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX));
        counted.max(wall_micros(&self.clock))
    }
}

fn wall_micros(clock: &Clock) -> u64 {
    clock.now().as_millis().saturating_sub(FIRST_MILLIS).saturating_mul(1000)
}

/// A version as the database holds it. What no commit can have becomes the highest number, which no commit has either.
pub fn to_sql(version: Version) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// A version as the database returned it.
pub fn from_sql(version: i64) -> Version {
    u64::try_from(version).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::Timestamp;
    use std::time::Duration;

    #[test]
    fn proposals_grow_also_when_the_clock_stands() {
        let (clock, hand) = Clock::manual(Timestamp::from_millis(FIRST_MILLIS + 1));
        let versions = Versions::new(clock);
        let mut proposed: Vec<i64> = (0..10).map(|_| versions.propose(7)).collect();
        hand.advance(Duration::from_millis(1));
        proposed.push(versions.propose(1));
        versions.learn(from_sql(proposed[10] + 4096 * 1_000_000));
        proposed.push(versions.propose(1));
        hand.advance(Duration::from_millis(1));
        proposed.push(versions.propose(1));
        assert!(proposed.is_sorted_by(|one, two| one < two), "{proposed:?}");
        assert!(proposed.iter().take(10).all(|version| version % LANES == 7));
        assert!(proposed[12] - proposed[10] > 4096 * 1_000_000, "it stays ahead");
    }
}
