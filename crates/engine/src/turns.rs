//! Taking turns at an item, over a store across a network.
//!
//! Where a commit takes a round trip, the writers of a hot item would conflict nearly always: each reads, and of those who read the same only
//! one commits. So over a shared store the writers of one server wait for one another, in the order in which they came, and only the
//! servers still meet in the store. That saves work and protects nothing: what a write rests on is checked by its commit as ever. Over a
//! store of the same process a commit takes microseconds, and nobody waits.
//!
//! Where those in front stand still because the store does, who waits is told so as soon as they are, not one after the other.

use bytes::Bytes;
use runtime::{Clock, Random, Turn, TurnTaken};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::pin::pin;
use std::sync::LazyLock;
use std::time::Duration;

/// How many turns there are; items that share one wait for each other now and then.
const TURNS: usize = 1024;

/// How often somebody who waits looks whether those in front can get on.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// The turns of a server.
#[derive(Debug)]
pub struct Turns {
    /// Which items share a turn is the server's secret: nobody can choose keys that all wait for each other.
    secret: u64,
    turns: LazyLock<Box<[Turn]>>,
}

impl Turns {
    /// The turns of a server that nobody waits for yet.
    pub fn new(random: &Random) -> Self {
        Self { secret: random.u64(), turns: LazyLock::new(|| (0..TURNS).map(|_| Turn::default()).collect()) }
    }

    /// Waits until it is this writer's turn at all of some items; until what is returned is dropped, it is nobody else's. `None` when nobody
    /// gets on while he waits.
    pub async fn take(&self, keys: &[Bytes], clock: &Clock, gets_on: impl Fn() -> bool) -> Option<Vec<TurnTaken<'_>>> {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        // In one order, whatever that of the items is: so no two wait for each other.
        let mut wanted: Vec<usize> =
            keys.iter().map(|key| hasher.hash_one((self.secret, key)) as usize % TURNS).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut taken = Vec::with_capacity(wanted.len());
        for turn in wanted {
            // Waiting goes on where it was, so that nobody loses his place.
            let mut waiting = pin!(self.turns[turn].lock());
            taken.push(loop {
                match clock.timeout(LOOK_PAUSE, waiting.as_mut()).await {
                    Ok(turn) => break turn,
                    Err(_) if gets_on() => (),
                    Err(_) => return None,
                }
            });
        }
        Some(taken)
    }
}
