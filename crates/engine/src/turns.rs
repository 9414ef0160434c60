//! Taking turns at an item, over a store across a network.
//!
//! Where a commit takes a round trip, the writers of a hot item would conflict nearly always: each reads, and of those who read the same only
//! one commits. So over a shared store the writers of one server wait for one another, in the order in which they came, and only the
//! servers still meet in the store. That saves work and protects nothing: what a write rests on is checked by its commit as ever. Over a
//! store of the same process a commit takes microseconds, and nobody waits.

use bytes::Bytes;
use runtime::{Turn, TurnTaken};
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// How many turns there are; items that share one wait for each other now and then.
const TURNS: usize = 1024;

/// The turns of a server.
#[derive(Debug, Default)]
pub struct Turns(OnceLock<(RandomState, Box<[Turn]>)>);

impl Turns {
    /// Waits until it is this writer's turn at all of some items; until what is returned is dropped, it is nobody else's.
    pub async fn take(&self, keys: &[Bytes]) -> Vec<TurnTaken<'_>> {
        let (hasher, turns) =
            self.0.get_or_init(|| (RandomState::new(), (0..TURNS).map(|_| Turn::default()).collect()));
        // In one order, whatever that of the items is: so no two wait for each other.
        let mut wanted: Vec<usize> = keys.iter().map(|key| hasher.hash_one(key) as usize % TURNS).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut taken = Vec::with_capacity(wanted.len());
        for turn in wanted {
            taken.push(turns[turn].lock().await);
        }
        taken
    }
}
