//! What a batch comes to: which keys are locked and checked, which rows are deleted, written, added to.
//!
//! Two forms. A [`Plan`] is made before anything is read and travels as a whole. Where it would not do, because an addition meets something
//! else in the same batch, a range is deleted, or a key's row carries a mark, the commit is made exclusively from a [`Net`], which knows
//! what is stored.

use std::collections::BTreeMap;

use bytes::Bytes;
use storage::log::POSITION_BYTES;
use storage::{Batch, Check, Mutation, Position, StoreError, Version, counter, log};

use crate::long::HEAD_BYTES;
use crate::sql::{ABSENT, ANY, COUNTER, DELTA_MAX, MARKED_COUNTER_MAX, NEW, PLAIN};
use crate::version::to_sql;

/// The most that a plan adds to one counter; a lane's sum is bounded apart.
const ADDED_MAX: i64 = DELTA_MAX / 4;

/// A commit that needs nothing but its own lane and the rows it writes.
#[derive(Debug, Default)]
pub struct Plan {
    /// What is checked or written, in the order of keys.
    pub touched: Vec<Touched>,
    /// What is written, in the order of keys.
    pub sets: Vec<(Bytes, Bytes, i16)>,
    /// What is removed, in the order of keys.
    pub deletes: Vec<Bytes>,
    /// What is or may be absent, and must be so until the commit is visible, though it is not written: a row is made and deleted, so that
    /// nobody else makes one meanwhile.
    pub placeholders: Vec<Bytes>,
    /// What is added to counters.
    pub adds: Vec<(Bytes, i64)>,
    /// What is appended: the log, the value, the ordinal.
    pub entries: Vec<(Bytes, Bytes, u32)>,
}

/// A key that a plan locks.
#[derive(Debug)]
pub struct Touched {
    /// The key.
    pub key: Bytes,
    /// Its version, [`ABSENT`] or [`ANY`].
    pub expected: i64,
    /// Whether it is written, rather than only checked.
    pub written: bool,
}

/// Whether what a plan deletes is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletes {
    /// All of it, as nearly always; else the commit is refused.
    Present,
    /// Perhaps not: a row is made first, which is locked then. Else another commit could make the key beside this one, which would be the
    /// earlier of the two and have the higher version.
    PerhapsAbsent,
}

/// How a batch is committed.
#[derive(Debug)]
pub enum Way {
    /// As planned.
    Planned(Plan),
    /// Alone: see exclusive.rs.
    Exclusive,
    /// Not at all: two checks contradict each other.
    Impossible,
}

/// What the mutations before left of a key.
enum State {
    Set(Bytes),
    Deleted,
    Added(i64),
}

impl Way {
    /// Looks at a batch that is valid and has the keys of rows.
    pub fn of(batch: &Batch, deletes: Deletes) -> Self {
        let Some(checks) = merged(&batch.checks) else {
            return Self::Impossible;
        };
        match Plan::new(&checks, &batch.mutations, deletes) {
            Some(plan) => Self::Planned(plan),
            None => Self::Exclusive,
        }
    }
}

/// The expectation of each checked key, or `None` where two of one key differ.
fn merged(checks: &[Check]) -> Option<BTreeMap<&Bytes, i64>> {
    let mut merged = BTreeMap::new();
    for check in checks {
        let expected = check.expected.map_or(ABSENT, to_sql);
        if *merged.entry(&check.key).or_insert(expected) != expected {
            return None;
        }
    }
    Some(merged)
}

impl Plan {
    /// `None` where the batch must be committed exclusively.
    fn new(checks: &BTreeMap<&Bytes, i64>, mutations: &[Mutation], deletes: Deletes) -> Option<Self> {
        let mut states: BTreeMap<&Bytes, State> = BTreeMap::new();
        let mut plan = Self::default();
        let mut ordinal = 0;
        for mutation in mutations {
            match mutation {
                Mutation::Set { key, value } => put(&mut states, key, State::Set(value.clone()))?,
                Mutation::Delete { key } => put(&mut states, key, State::Deleted)?,
                Mutation::Add { key, delta } => add(&mut states, key, *delta)?,
                Mutation::DeleteRange { from, to } if from < to => return None,
                Mutation::DeleteRange { .. } => (),
                // The key of its entry would get another digest with another version.
                Mutation::Append { log, .. } if HEAD_BYTES < log.len() + POSITION_BYTES => return None,
                Mutation::Append { log, value } => {
                    plan.entries.push((log.clone(), value.clone(), ordinal));
                    ordinal += 1;
                }
            }
        }
        for (key, state) in &states {
            let expected = checks.get(*key).copied();
            plan.write(key, state, expected, deletes)?;
        }
        for (key, expected) in checks.iter().filter(|(key, _)| !states.contains_key(**key)) {
            plan.only_check(key, *expected);
        }
        plan.touched.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        plan.sets.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        Some(plan)
    }

    fn write(&mut self, key: &Bytes, state: &State, expected: Option<i64>, deletes: Deletes) -> Option<()> {
        match state {
            State::Set(value) => {
                let mark = if expected == Some(ABSENT) { NEW } else { PLAIN };
                self.sets.push((key.clone(), value.clone(), mark));
            }
            State::Deleted if expected == Some(ABSENT) => {
                self.only_check(key, ABSENT);
                return Some(());
            }
            State::Deleted if expected.is_none() && deletes == Deletes::PerhapsAbsent => {
                self.sets.push((key.clone(), Bytes::new(), PLAIN));
                self.placeholders.push(key.clone());
            }
            State::Deleted => self.deletes.push(key.clone()),
            // Additions go on beside each other, so only who commits alone can check a counter.
            State::Added(_) if expected.is_some() => return None,
            State::Added(delta) => {
                self.adds.push((key.clone(), *delta));
                return Some(());
            }
        }
        self.touched.push(Touched { key: key.clone(), expected: expected.unwrap_or(ANY), written: true });
        Some(())
    }

    fn only_check(&mut self, key: &Bytes, expected: i64) {
        self.touched.push(Touched { key: key.clone(), expected, written: false });
        if expected == ABSENT {
            self.sets.push((key.clone(), Bytes::new(), NEW));
            self.placeholders.push(key.clone());
        }
    }
}

fn put<'a>(states: &mut BTreeMap<&'a Bytes, State>, key: &'a Bytes, state: State) -> Option<()> {
    // What was added before must have met a counter, though nothing of it is left.
    match states.insert(key, state) {
        Some(State::Added(_)) => None,
        _ => Some(()),
    }
}

fn add<'a>(states: &mut BTreeMap<&'a Bytes, State>, key: &'a Bytes, delta: i64) -> Option<()> {
    let state = match states.get(key) {
        None => State::Added(delta),
        Some(State::Added(before)) => State::Added(before.checked_add(delta)?),
        Some(State::Deleted) => State::Set(Bytes::copy_from_slice(&counter::encode(delta))),
        Some(State::Set(value)) => {
            let sum = counter::add(counter::decode(value).ok()?, delta).ok()?;
            State::Set(Bytes::copy_from_slice(&counter::encode(sum)))
        }
    };
    if matches!(&state, State::Added(sum) if !(-ADDED_MAX..=ADDED_MAX).contains(sum))
        || !(-ADDED_MAX..=ADDED_MAX).contains(&delta)
    {
        return None;
    }
    states.insert(key, state);
    Some(())
}

/// What an exclusive commit writes, after its ranges are deleted.
#[derive(Debug, Default)]
pub struct Net {
    /// What is removed.
    pub deletes: Vec<Bytes>,
    /// Key, value and mark of what is written.
    pub sets: Vec<(Bytes, Bytes, i16)>,
    /// The ranges.
    pub ranges: Vec<(Bytes, Bytes)>,
}

impl Net {
    /// `stored` reads a counter as it is before the batch.
    ///
    /// # Errors
    /// Those of [`counter::resolve`].
    pub fn new(
        mut mutations: Vec<Mutation>,
        version: Version,
        stored: impl FnMut(&Bytes) -> Result<i64, StoreError>,
    ) -> Result<Self, StoreError> {
        log::place(&mut mutations, version);
        let counters = counter::resolve(&mutations, stored)?;
        let mut states: BTreeMap<Bytes, Option<(Bytes, i16)>> = BTreeMap::new();
        let mut net = Self::default();
        for mutation in &mutations {
            match mutation {
                Mutation::Set { key, value } => {
                    states.insert(key.clone(), Some((value.clone(), PLAIN)));
                }
                Mutation::Delete { key } => {
                    states.insert(key.clone(), None);
                }
                Mutation::DeleteRange { from, to } if from < to => {
                    states.extract_if(from.clone()..to.clone(), |_, _| true).for_each(drop);
                    net.ranges.push((from.clone(), to.clone()));
                }
                // An empty range removes nothing, counters follow, and entries of logs are set by now.
                Mutation::DeleteRange { .. } | Mutation::Add { .. } | Mutation::Append { .. } => (),
            }
        }
        for (key, number) in counters {
            let fits = (-MARKED_COUNTER_MAX..=MARKED_COUNTER_MAX).contains(&number);
            let value = Bytes::copy_from_slice(&counter::encode(number));
            states.insert(key.clone(), Some((value, if fits { COUNTER } else { PLAIN })));
        }
        for (key, state) in states {
            match state {
                Some((value, mark)) => net.sets.push((key, value, mark)),
                None => net.deletes.push(key),
            }
        }
        Ok(net)
    }
}

/// The key of a log's entry in a commit of this version.
pub fn entry_key(log: &[u8], version: Version, ordinal: u32) -> Bytes {
    Position { version, ordinal }.key(log)
}
