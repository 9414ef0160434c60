//! The identities that are known, by the ids of their access keys.
//!
//! What must hold: a reader waits for no more than a map's insertion; memory is bounded whatever keys are presented. Only identities
//! that exist come in, and every part of the map has room for so many; where it is full those go that nobody asked for since the last
//! time that it was.

use super::Identity;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Parts with locks of their own.
const PARTS: usize = 16;

/// The most identities of a part. An identity without policies takes some hundred bytes, one with all that quotas allow some 100 KB.
const PART_ENTRIES_MAX: usize = 512;

/// The identities that are known.
pub(super) struct Cache {
    parts: [RwLock<Part>; PARTS],
    hasher: RandomState,
}

type Part = HashMap<Box<str>, Entry>;

struct Entry {
    identity: Arc<Identity>,
    /// Whether it was asked for since it came, or since the part was full.
    asked_for: AtomicBool,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self { parts: std::array::from_fn(|_| RwLock::default()), hasher: RandomState::new() }
    }

    /// The identity of an access key, if it is known.
    pub(super) fn get(&self, key_id: &str) -> Option<Arc<Identity>> {
        let part = self.part(key_id).read();
        let entry = part.get(key_id)?;
        // Written only when it changes: what is only read stays in every processor's cache.
        if !entry.asked_for.load(Ordering::Relaxed) {
            entry.asked_for.store(true, Ordering::Relaxed);
        }
        Some(entry.identity.clone())
    }

    /// Keeps an identity.
    pub(super) fn keep(&self, identity: Arc<Identity>) {
        let mut part = self.part(&identity.access_key_id).write();
        if PART_ENTRIES_MAX <= part.len() && !part.contains_key(identity.access_key_id.as_str()) {
            make_room(&mut part);
        }
        part.insert(identity.access_key_id.as_str().into(), Entry { identity, asked_for: AtomicBool::new(false) });
    }

    /// Forgets what was known before this epoch, which nobody will ask for.
    pub(super) fn forget_before(&self, epoch: u64) {
        for part in &self.parts {
            part.write().retain(|_, entry| epoch <= entry.identity.epoch);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.read().len()).sum()
    }

    fn part(&self, key_id: &str) -> &RwLock<Part> {
        let hash = self.hasher.hash_one(key_id) as usize;
        &self.parts[hash % PARTS]
    }
}

/// Takes out those that nobody asked for since last time, at least one.
fn make_room(part: &mut Part) {
    part.retain(|_, entry| entry.asked_for.swap(false, Ordering::Relaxed));
    if PART_ENTRIES_MAX <= part.len()
        && let Some(any) = part.keys().next().cloned()
    {
        part.remove(&any);
    }
}
