//! How long answers took: counts in buckets that are at most a thirty-second wide of what they hold, from a microsecond up.

/// Buckets to each doubling.
const STEPS: u64 = 32;
/// Up to 2^40 microseconds, which is days.
const BUCKETS: usize = (41 * STEPS) as usize;

/// Counts of durations in microseconds.
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: u64,
}

impl Histogram {
    /// With nothing in it.
    pub fn new() -> Histogram {
        Histogram { counts: vec![0; BUCKETS], total: 0, longest: 0 }
    }

    /// Counts one.
    pub fn count(&mut self, microseconds: u64) {
        self.counts[bucket(microseconds).min(BUCKETS - 1)] += 1;
        self.total += 1;
        self.longest = self.longest.max(microseconds);
    }

    /// The longest of all.
    pub fn longest(&self) -> u64 {
        self.longest
    }

    /// What that share of all did not exceed, rounded up by its bucket.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper_end(at as u64).min(self.longest);
            }
        }
        self.longest
    }
}

/// The first `2 * STEPS` values have a bucket each, then each doubling has `STEPS`.
fn bucket(value: u64) -> usize {
    if value < 2 * STEPS {
        return value as usize;
    }
    let doublings = u64::from(value.ilog2() - (2 * STEPS).ilog2()) + 1;
    (doublings * STEPS + (value >> doublings)) as usize
}

/// The largest value of a bucket.
fn upper_end(bucket: u64) -> u64 {
    if bucket < 2 * STEPS {
        return bucket;
    }
    let doublings = bucket / STEPS - 1;
    (((bucket - doublings * STEPS) + 1) << doublings) - 1
}
