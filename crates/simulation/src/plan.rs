//! What a seed decides before a run begins: how many servers, how much goes wrong, how large partitions become.

use crate::store::Rates;
use engine::partitions::Limits;
use runtime::Random;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

/// The plan of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What everything follows from.
    pub seed: u64,
    /// One server over a store of its own, or several over one.
    pub servers: usize,
    /// How many clients there are of each kind.
    pub clients: usize,
    /// How many times each of them does something.
    pub rounds: usize,
    /// How often what goes wrong.
    pub rates: Rates,
    /// How long on average between two deaths of servers, in milliseconds; 0 is never.
    pub kill_every_ms: u64,
    /// How long a client thinks at most, in milliseconds.
    pub thinks_ms_max: u64,
    /// How long tables stay CREATING, UPDATING and DELETING, in milliseconds.
    pub table_delay_ms: i64,
    /// When partitions are divided.
    pub partitions: Limits,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let random = Random::seeded(seed ^ 0x5157_AD0B);
        let one_of = |choices: &[u64]| choices[random.below(choices.len() as u64) as usize];
        let rates = Rates {
            delay_us_max: one_of(&[0, 200, 5_000, 50_000]),
            read_fails: one_of(&[0, 0, 200, 50]),
            commit_fails: one_of(&[0, 0, 50, 15]),
            conflicts: one_of(&[0, 0, 20, 5]),
            sync_fails: one_of(&[0, 0, 0, 100]),
        };
        Self {
            seed,
            servers: one_of(&[1, 1, 1, 2, 3]) as usize,
            clients: one_of(&[1, 2, 3]) as usize,
            rounds: one_of(&[20, 40, 60]) as usize,
            rates,
            kill_every_ms: one_of(&[0, 500, 2_000, 5_000]),
            thinks_ms_max: one_of(&[0, 5, 50, 400]),
            table_delay_ms: one_of(&[0, 0, 300]) as i64,
            partitions: Limits {
                bytes: one_of(&[3_000, 100_000]) as i64,
                read_units: 30.0,
                write_units: one_of(&[3, 10, 1_000]) as f64,
                sustained: Duration::from_secs(1),
            },
        }
    }

    /// Whether several servers write one store.
    pub fn is_shared(&self) -> bool {
        self.servers > 1
    }

    /// Randomness for a part of the run, apart from all other parts.
    pub fn random(&self, part: &str) -> Random {
        let mut hasher = DefaultHasher::new();
        (self.seed, part).hash(&mut hasher);
        Random::seeded(hasher.finish())
    }
}
