//! Random batches, reads and restarts on a store and on a plain ordered map, which must agree after every step.
//!
//! A failure prints its seed; `STATOR_SEED=<number>` runs that seed alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::Harness;
use super::generator::Generator;
use crate::{Batch, Check, Direction, Mutation, Scan, Store, StoreError, Version, counter, log};

const STEPS: usize = 1500;

/// Few keys, so that mutations meet: some are prefixes of others, some hold zero bytes.
const KEYS: [&[u8]; 12] =
    [b"a", b"a\0", b"a\0b", b"aa", b"b", b"b\xff", b"c", b"ca", b"cb", b"\x01", b"\xfe", b"\xff\xff"];

/// The bounds of ranges: the keys and some places between and around them.
const BOUNDS: [&[u8]; 8] = [b"", b"\0", b"a\0\0", b"az", b"c", b"cb", b"\xff", b"\xff\xff\xff"];

pub async fn random_batches_agree_with_a_model(harness: &dyn Harness) {
    run(harness, vec![Bytes::new()], STEPS).await;
}

/// The same keys behind heads of which each is the beginning of the next: around lengths where a store may store keys otherwise.
pub async fn random_batches_of_long_keys_agree_with_a_model(harness: &dyn Harness) {
    let mut generator = Generator::new(1);
    let mut longest = vec![b'b'];
    longest.extend((0..12_000).map(|_| generator.number().to_le_bytes()[0]));
    let heads = [0, 100, 2598, 2600, 12_000].map(|length| Bytes::copy_from_slice(&longest[..length]));
    run(harness, heads.to_vec(), STEPS / 2).await;
}

async fn run(harness: &dyn Harness, heads: Vec<Bytes>, steps: usize) {
    let seed = match std::env::var("STATOR_SEED") {
        Ok(seed) => seed.parse().expect("STATOR_SEED is a number"),
        Err(_) => 20_261_123,
    };
    let _report = SeedReport(seed);
    let mut run = Run {
        heads,
        generator: Generator::new(seed),
        model: BTreeMap::new(),
        newest: 0,
        seen: Vec::new(),
        store: harness.open(),
    };
    for _ in 0..steps {
        match run.generator.below(10) {
            0..=5 => run.commit().await,
            6 => run.get().await,
            7 if run.generator.one_in(20) => run.store = harness.reopen(run.store),
            _ => run.scan().await,
        }
    }
    run.compare_everything().await;
}

/// Names the seed when the test fails.
struct SeedReport(u64);

impl Drop for SeedReport {
    #[allow(clippy::print_stderr, reason = "the output of a failed test")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat with STATOR_SEED={}", self.0);
        }
    }
}

/// What the store must hold: the version and the value of each key.
type Model = BTreeMap<Bytes, Held>;

/// The version and the value of a key.
type Held = (Version, Bytes);

struct Run {
    /// What keys and bounds begin with.
    heads: Vec<Bytes>,
    generator: Generator,
    model: Model,
    /// The version of the newest commit.
    newest: Version,
    /// Checks of what earlier reads found, true then and perhaps no more.
    seen: Vec<Check>,
    store: Arc<dyn Store>,
}

impl Run {
    async fn commit(&mut self) {
        let batch = self.batch();
        let failing = batch
            .checks
            .iter()
            .position(|check| self.model.get(&check.key).map(|(version, _)| *version) != check.expected);
        // Version 0 stands for the one that the store has yet to choose; appended keys are known when it has.
        let after = applied(&self.model, &batch.mutations);
        let outcome = self.store.commit(batch.clone()).await;
        let after = match outcome {
            Ok(version) => {
                let mut mutations = batch.mutations.clone();
                log::place(&mut mutations, version);
                applied(&self.model, &mutations)
            }
            Err(_) => after,
        };
        match (outcome, failing, after) {
            (Err(StoreError::Conflict { check }), Some(expected), _) => assert_eq!(check, expected, "{batch:?}"),
            (Err(StoreError::Corrupted { .. }), None, None) => (),
            (Ok(version), None, Some(mut after)) => {
                if self.model == after || batch.mutations.is_empty() {
                    assert!(self.newest <= version, "{batch:?}");
                } else {
                    assert!(self.newest < version, "{batch:?}");
                }
                for (entry_version, _) in after.values_mut().filter(|(version, _)| *version == 0) {
                    *entry_version = version;
                }
                self.newest = version;
                self.model = after;
            }
            (outcome, failing, after) => {
                panic!("{batch:?} came to {outcome:?}; the model: failing check {failing:?}, after {after:?}")
            }
        }
    }

    fn batch(&mut self) -> Batch {
        let mut batch = Batch::new();
        for _ in 0..self.generator.below(3) {
            let key = self.key();
            let mut expected = self.model.get(&key).map(|(version, _)| *version);
            if self.generator.one_in(8) {
                expected = if expected.is_none() { Some(self.newest) } else { None };
            }
            batch.check(key, expected);
        }
        if !self.seen.is_empty() && self.generator.one_in(3) {
            let stale = self.generator.below(self.seen.len());
            batch.checks.push(self.seen.swap_remove(stale));
        }
        for _ in 0..self.generator.below(6) {
            let mutation = self.mutation();
            batch.mutations.push(mutation);
        }
        batch
    }

    fn mutation(&mut self) -> Mutation {
        let key = self.key();
        match self.generator.below(12) {
            0..=4 => Mutation::Set { key, value: self.value() },
            5 | 6 => Mutation::Delete { key },
            7 => Mutation::DeleteRange { from: self.bound(), to: self.bound() },
            8 => Mutation::Append { log: key, value: self.value() },
            // Most additions go to few keys, so that they meet each other.
            _ => {
                let counters = KEYS.len() / 2;
                let key = KEYS[self.generator.below(counters)];
                let key = self.behind_a_head(key);
                let delta = i64::try_from(self.generator.below(100)).unwrap() - 50;
                Mutation::Add { key, delta }
            }
        }
    }

    fn value(&mut self) -> Bytes {
        if self.generator.one_in(2) {
            let number = i64::try_from(self.generator.below(1000)).unwrap();
            return Bytes::copy_from_slice(&counter::encode(number));
        }
        let length = if self.generator.one_in(50) { 100_000 } else { self.generator.below(30) };
        let byte = self.generator.number().to_le_bytes()[0];
        Bytes::from(vec![byte; length])
    }

    fn key(&mut self) -> Bytes {
        let key = KEYS[self.generator.below(KEYS.len())];
        self.behind_a_head(key)
    }

    fn behind_a_head(&mut self, key: &[u8]) -> Bytes {
        let head = &self.heads[self.generator.below(self.heads.len())];
        [head, key].concat().into()
    }

    fn bound(&mut self) -> Bytes {
        if self.generator.one_in(2) {
            self.key()
        } else {
            let bound = BOUNDS[self.generator.below(BOUNDS.len())];
            self.behind_a_head(bound)
        }
    }

    async fn get(&mut self) {
        let keys: Vec<Bytes> = (0..self.generator.below(6)).map(|_| self.key()).collect();
        let as_of = self.store.visible();
        let found = self.store.get(&keys).await.unwrap();
        assert_eq!(found.len(), keys.len());
        for (key, found) in keys.iter().zip(found) {
            let one = self.store.get_one(key).await.unwrap();
            assert_eq!(one, found, "get_one and get differ at {key:?}");
            let expected = found.as_ref().map(|found| found.version);
            assert_eq!(found.map(|found| (found.version, found.value)).as_ref(), self.model.get(key), "{key:?}");
            self.seen.push(Check { key: key.clone(), expected, as_of });
        }
    }

    async fn scan(&mut self) {
        let direction = if self.generator.one_in(2) { Direction::Forward } else { Direction::Backward };
        let scan = Scan {
            from: self.bound(),
            to: self.bound(),
            direction,
            max_entries: self.generator.below(8),
            max_bytes: self.generator.below(200 + 3 * self.heads.last().map_or(0, Bytes::len)),
        };
        let page = self.store.scan(scan.clone()).await.unwrap();
        let found: Vec<_> =
            page.iter().map(|entry| (entry.key_bytes(), (entry.version, entry.value_bytes()))).collect();
        assert_eq!((found, page.more()), expected_page(&self.model, &scan), "{scan:?}");
    }

    async fn compare_everything(&mut self) {
        let scan = Scan {
            from: Bytes::new(),
            to: Bytes::from_static(&[0xff; 4]),
            direction: Direction::Forward,
            max_entries: usize::MAX,
            max_bytes: usize::MAX,
        };
        let page = self.store.scan(scan).await.unwrap();
        let found: Model = page.iter().map(|entry| (entry.key_bytes(), (entry.version, entry.value_bytes()))).collect();
        assert_eq!(found, self.model);
    }
}

/// The model after the mutations one by one, or `None` when an addition meets something that is no counter.
fn applied(model: &Model, mutations: &[Mutation]) -> Option<Model> {
    let mut after = model.clone();
    for mutation in mutations {
        match mutation {
            Mutation::Set { key, value } => {
                after.insert(key.clone(), (0, value.clone()));
            }
            Mutation::Delete { key } => {
                after.remove(key);
            }
            Mutation::DeleteRange { from, to } => after.retain(|key, _| key < from || to <= key),
            // Where the commit is refused nothing is appended.
            Mutation::Append { .. } => (),
            Mutation::Add { key, delta } => {
                let before = after.get(key).map_or(Ok(0), |(_, value)| counter::decode(value)).ok()?;
                let sum = Bytes::copy_from_slice(&counter::encode(before + delta));
                after.insert(key.clone(), (0, sum));
            }
        }
    }
    Some(after)
}

/// The entries that a scan of the model answers, and whether there are more.
fn expected_page(model: &Model, scan: &Scan) -> (Vec<(Bytes, Held)>, bool) {
    let mut range: Vec<_> = model
        .iter()
        .filter(|(key, _)| scan.from <= **key && **key < scan.to)
        .map(|(key, entry)| (key.clone(), entry.clone()))
        .collect();
    if scan.direction == Direction::Backward {
        range.reverse();
    }
    let mut bytes = 0;
    let mut fitting = 0;
    for (key, (_, value)) in &range {
        bytes += key.len() + value.len();
        if scan.max_entries <= fitting || (0 < fitting && scan.max_bytes < bytes) {
            break;
        }
        fitting += 1;
    }
    let more = fitting < range.len();
    range.truncate(fitting);
    (range, more)
}
