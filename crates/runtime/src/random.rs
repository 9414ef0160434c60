//! Randomness: identifiers, jitter and choices. Never secrets.
//!
//! The system generator keeps its state per thread, seeded once from the operating system, so that a request id costs
//! nanoseconds and no lock. A seeded generator gives the same sequence for the same seed, whatever the machine.

use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A source of random numbers. Clones draw from the same source.
#[derive(Clone, Debug)]
pub struct Random(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Seeded(Arc<AtomicU64>),
}

/// SplitMix64's step: the state moves by this odd number, so that its period is all of 2^64.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

thread_local! {
    static STATE: Cell<[u64; 2]> = Cell::new([system_seed(), system_seed()]);
}

fn system_seed() -> u64 {
    // Where the operating system gives no randomness, the standard library's hasher keys are the next best thing: they
    // differ between processes and between calls.
    getrandom::u64().unwrap_or_else(|_| {
        use std::hash::BuildHasher as _;
        std::hash::RandomState::new().hash_one(0u8)
    })
}

/// SplitMix64's output function: spreads a counter over all 64 bits.
fn mixed(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// xoroshiro128+: 128 bits of state per thread, so that identifiers made on many threads and machines do not meet.
fn thread_u64() -> u64 {
    STATE.with(|state| {
        let [a, b] = state.get();
        let output = a.wrapping_add(b);
        let b = b ^ a;
        state.set([a.rotate_left(24) ^ b ^ (b << 16), b.rotate_left(37)]);
        mixed(output)
    })
}

impl Random {
    /// Differs from run to run.
    pub fn system() -> Random {
        Random(Source::System)
    }

    /// The same sequence for the same seed.
    pub fn seeded(seed: u64) -> Random {
        Random(Source::Seeded(Arc::new(AtomicU64::new(seed))))
    }

    /// A number of all 64 bits, each value as likely as any other.
    pub fn u64(&self) -> u64 {
        match &self.0 {
            Source::System => thread_u64(),
            Source::Seeded(state) => mixed(state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP)),
        }
    }

    /// A number below `bound`; zero when `bound` is zero.
    pub fn below(&self, bound: u64) -> u64 {
        // The high half of the product is uniform enough: the bias is below bound / 2^64.
        ((u128::from(self.u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A version 4 UUID as text, in lower case.
    pub fn uuid(&self) -> String {
        let (high, low) = (self.u64(), self.u64());
        let mut text = String::with_capacity(36);
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0x0fff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff,
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (one, two, other) = (Random::seeded(7), Random::seeded(7), Random::seeded(8));
        let first: Vec<u64> = (0..4).map(|_| one.u64()).collect();
        assert_eq!(first, (0..4).map(|_| two.u64()).collect::<Vec<_>>());
        assert_ne!(first, (0..4).map(|_| other.u64()).collect::<Vec<_>>());
    }

    #[test]
    fn the_system_source_does_not_repeat_itself() {
        let random = Random::system();
        let mut drawn: Vec<u64> = (0..10_000).map(|_| random.u64()).collect();
        drawn.extend(std::thread::spawn(move || (0..10_000).map(|_| random.u64()).collect::<Vec<_>>()).join().unwrap());
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 20_000);
    }

    #[test]
    fn a_bounded_number_stays_below_its_bound() {
        let random = Random::seeded(1);
        assert!((0..1000).all(|_| random.below(3) < 3));
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn uuids_are_version_4_of_the_standard_variant() {
        for random in [Random::system(), Random::seeded(1)] {
            let uuid = random.uuid();
            let parts: Vec<&str> = uuid.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
            assert!(parts[2].starts_with('4'));
            assert!(parts[3].starts_with(['8', '9', 'a', 'b']));
            assert!(uuid.chars().all(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c)));
        }
    }
}
