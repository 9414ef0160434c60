//! Promises of stores that are broken on purpose: what the checks of the simulation must notice, or they prove nothing.

use crate::image::Image;
use bytes::Bytes;
use layout::keys::Space;
use runtime::Random;
use storage::{Batch, Mutation, Versioned};

/// The promise that is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Breach {
    /// None.
    None,
    /// A commit is refused when a check of it does not hold.
    LostChecks,
    /// A read sees every commit that returned before it.
    StaleReads,
    /// A commit happens completely or not at all.
    TornBatches,
    /// What is durable survives a crash.
    EarlyAnswers,
    /// Everything that a commit sets is there afterwards.
    LostEntries,
    /// Everything that is appended to a log is in it.
    LostRecords,
    /// A commit that was applied is not applied again.
    RepeatedCommits,
}

impl Breach {
    /// All promises, with the names by which they are chosen.
    pub const ALL: [(&'static str, Breach); 8] = [
        ("none", Breach::None),
        ("lost-checks", Breach::LostChecks),
        ("stale-reads", Breach::StaleReads),
        ("torn-batches", Breach::TornBatches),
        ("early-answers", Breach::EarlyAnswers),
        ("lost-entries", Breach::LostEntries),
        ("lost-records", Breach::LostRecords),
        ("repeated-commits", Breach::RepeatedCommits),
    ];

    /// One chance in so many is taken to break it. Checks that do not hold are rare by themselves.
    fn rarity(self) -> u64 {
        match self {
            Self::LostChecks => 2,
            Self::EarlyAnswers => 1,
            _ => 20,
        }
    }
}

/// Breaks one promise now and then.
#[derive(Clone)]
pub struct Breaker {
    breach: Breach,
    random: Random,
}

impl Breaker {
    /// Breaks this promise.
    pub fn new(breach: Breach, random: Random) -> Self {
        Self { breach, random }
    }

    fn breaks(&self, promise: Breach) -> bool {
        self.breach == promise && self.random.below(promise.rarity()) == 0
    }

    /// What a read of this key answers, given what is there.
    pub fn seen(&self, live: &Image, key: &[u8], found: Option<Versioned>) -> Option<Versioned> {
        if is_item(key) && self.breaks(Breach::StaleReads) { live.before(key).unwrap_or(found) } else { found }
    }

    /// What is committed for a batch.
    pub fn before_commit(&self, mut batch: Batch) -> Vec<Batch> {
        let mutations = &mut batch.mutations;
        let items = mutations.iter().filter(|one| set_key(one).is_some_and(|key| is_item(key))).count();
        if items > 1 && self.breaks(Breach::TornBatches) {
            remove_first(mutations, |one| set_key(one).is_some_and(|key| is_item(key)));
        }
        if items > 0 && self.breaks(Breach::LostEntries) {
            remove_first(mutations, |one| set_key(one).is_some_and(|key| is_of(Space::IndexEntry, key)));
        }
        if self.breaks(Breach::LostRecords) {
            remove_first(mutations, |one| matches!(one, Mutation::Append { .. }));
        }
        if items > 0 && self.breaks(Breach::RepeatedCommits) {
            let again = Batch { checks: Vec::new(), mutations: batch.mutations.clone() };
            return vec![batch, again];
        }
        vec![batch]
    }

    /// What is committed although a check does not hold.
    pub fn after_conflict(&self, mut batch: Batch) -> Option<Batch> {
        if !self.breaks(Breach::LostChecks) {
            return None;
        }
        batch.checks.clear();
        Some(batch)
    }

    /// Whether a sync is answered and not done.
    pub fn forgets_to_sync(&self) -> bool {
        self.breaks(Breach::EarlyAnswers)
    }
}

fn is_item(key: &[u8]) -> bool {
    is_of(Space::Item, key)
}

fn is_of(space: Space, key: &[u8]) -> bool {
    key.first() == Some(&(space as u8))
}

fn set_key(mutation: &Mutation) -> Option<&Bytes> {
    match mutation {
        Mutation::Set { key, .. } => Some(key),
        _ => None,
    }
}

fn remove_first(mutations: &mut Vec<Mutation>, wanted: impl Fn(&Mutation) -> bool) {
    if let Some(at) = mutations.iter().position(wanted) {
        mutations.remove(at);
    }
}
