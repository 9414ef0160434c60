//! Commits: under one lock the checks are read, the version is assigned, and one RocksDB batch is written, unsynced.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use rocksdb::WriteBatch;
use storage::batch::FIRST_KEY;
use storage::{Batch, Check, Mutation, StoreError, Version, Versioned, counter, log};

use crate::pages::neighbourhood;
use crate::recent::hash;
use crate::store::Shared;
use crate::{error, read, record, replay};

/// How many counters are remembered; beyond, all are forgotten and read again when they are next used.
const REMEMBERED_COUNTERS_MAX: usize = 100_000;

/// Where a store that has failed tries whether it can be written. Keys that begin with the byte 0 are the store's own.
const PROBE_KEY: &[u8] = b"\0probe";

/// How large a record may leave the buffer in which records are assembled.
const KEPT_BUFFER_BYTES_MAX: usize = 1024 * 1024;

/// What a commit needs and the lock protects.
#[derive(Debug)]
pub struct Writer {
    /// The counters that were used lately, as RocksDB holds them: an `Add` needs no read.
    counters: BTreeMap<Bytes, i64>,
    /// Where a version and a value are put together.
    record: Vec<u8>,
    /// The hash of each mutation's key, 0 for a range, of the batch that is being committed.
    hashes: Vec<u64>,
}

impl Writer {
    /// A writer that remembers nothing yet.
    pub fn new() -> Self {
        Self { counters: BTreeMap::new(), record: Vec::new(), hashes: Vec::new() }
    }

    /// Commits one batch, which was validated. The caller holds the lock that this writer is under.
    pub fn commit(&mut self, shared: &Shared, batch: &mut Batch) -> Result<Version, StoreError> {
        if let Some(failure) = shared.progress.failure("committing") {
            return Err(failure);
        }
        check(shared, &batch.checks)?;
        // Writes happen only here, so the first entry of this batch gets this number.
        let version = shared.db.latest_sequence_number() + 1;
        log::place(&mut batch.mutations, version);
        let counters = counter::resolve(&batch.mutations, |key| self.counter(shared, key))?;
        let written = self.assemble(version, shared.progress.newest_durable(), &batch.mutations, &counters);
        if written.is_empty() {
            return Ok(shared.progress.latest());
        }
        shared.progress.ordered(version);
        self.hide(shared, version, &batch.mutations);
        if let Err(error) = shared.db.write_opt(written, &shared.write_options) {
            // RocksDB shows a batch only when the log has taken all of it. The keys stay hidden in the cache, so they are read from RocksDB.
            shared.progress.given_back(version);
            shared.progress.fail("writing a commit", Arc::new(error.clone()));
            return Err(error::translate("writing a commit", error));
        }
        self.show(shared, version, &batch.mutations);
        shared.progress.written(version);
        self.remember(&batch.mutations, &counters);
        Ok(version)
    }

    /// Writes a record of the store's own, which no caller sees: to try whether the store can be written, and to leave a mark in the log.
    pub fn probe(&mut self, shared: &Shared) -> Result<(), rocksdb::Error> {
        let version = shared.db.latest_sequence_number() + 1;
        record::encode(&mut self.record, version, &[]);
        let mut written = WriteBatch::default();
        written.put_log_data(replay::mark(shared.progress.newest_durable()));
        written.put(PROBE_KEY, &self.record);
        shared.progress.ordered(version);
        match shared.db.write_opt(written, &shared.write_options) {
            Ok(()) => shared.progress.written(version),
            Err(error) => {
                shared.progress.given_back(version);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Tells readers that the keys of the batch are about to change. What it sets and also removes as part of a range is forgotten.
    fn hide(&mut self, shared: &Shared, version: Version, mutations: &[Mutation]) {
        self.hashes.clear();
        let mut ranges = Vec::new();
        for mutation in mutations {
            let key = match mutation {
                Mutation::Set { key, .. } | Mutation::Delete { key } | Mutation::Add { key, .. } => key,
                Mutation::DeleteRange { from, to } => {
                    ranges.push((from, to));
                    self.hashes.push(0);
                    continue;
                }
                // Was given its key, and is set.
                Mutation::Append { .. } => {
                    self.hashes.push(0);
                    continue;
                }
            };
            let hash = hash(key);
            shared.recent.note(version, hash);
            shared.recent.note(version, neighbourhood(key));
            match mutation {
                Mutation::Set { value, .. } => shared.values.hide(hash, key, value.len()),
                Mutation::Delete { .. } => {
                    shared.removals.note(version, key, shared.progress.newest_durable());
                    shared.values.forget(hash, key);
                }
                _ => shared.values.forget(hash, key),
            }
            self.hashes.push(hash);
        }
        if !ranges.is_empty() {
            shared.recent.note_range(version);
            shared.removals.note_range(version);
            shared.values.forget_ranges(&ranges);
        }
    }

    /// Gives readers the new values. Of several values of one key the last is shown, so they are gone through from the end.
    fn show(&self, shared: &Shared, version: Version, mutations: &[Mutation]) {
        for (mutation, hash) in mutations.iter().zip(&self.hashes).rev() {
            if let Mutation::Set { key, value } = mutation {
                // Those who commit write what they can read.
                let is_sound = shared.soundness.is_some();
                shared.values.show(*hash, key, Versioned { version, value: value.clone(), is_sound });
            }
        }
    }

    /// The number of a counter before the batch.
    fn counter(&self, shared: &Shared, key: &Bytes) -> Result<i64, StoreError> {
        if let Some(number) = self.counters.get(key) {
            return Ok(*number);
        }
        match read::pinned(shared, key)? {
            Some(found) => counter::decode(record::decode(key, &found)?.1),
            None => Ok(0),
        }
    }

    fn assemble(
        &mut self,
        version: Version,
        durable: Version,
        mutations: &[Mutation],
        counters: &[(&Bytes, i64)],
    ) -> WriteBatch {
        let mut written = WriteBatch::with_capacity_bytes(written_bytes(mutations, counters.len()));
        written.put_log_data(replay::mark(durable));
        for mutation in mutations {
            match mutation {
                Mutation::Set { key, value } => {
                    record::encode(&mut self.record, version, value);
                    written.put(key, &self.record);
                }
                Mutation::Delete { key } => written.delete(key),
                Mutation::DeleteRange { from, to } => {
                    // What lies below the first key is the store's own.
                    let from = from.as_ref().max(FIRST_KEY);
                    if from < to.as_ref() {
                        written.delete_range(from, to.as_ref());
                    }
                }
                // Counters are written below, as absolute numbers; what is appended was given its key, and is set.
                Mutation::Add { .. } | Mutation::Append { .. } => (),
            }
        }
        for (key, number) in counters {
            record::encode(&mut self.record, version, &counter::encode(*number));
            written.put(key, &self.record);
        }
        self.record.shrink_to(KEPT_BUFFER_BYTES_MAX);
        written
    }

    /// Keeps the remembered counters equal to what the batch left.
    fn remember(&mut self, mutations: &[Mutation], counters: &[(&Bytes, i64)]) {
        for mutation in mutations {
            match mutation {
                Mutation::Set { key, .. } | Mutation::Delete { key } => {
                    self.counters.remove(key);
                }
                Mutation::DeleteRange { from, to } if from < to => {
                    self.counters.extract_if(from.clone()..to.clone(), |_, _| true).for_each(drop);
                }
                Mutation::DeleteRange { .. } | Mutation::Add { .. } | Mutation::Append { .. } => (),
            }
        }
        if REMEMBERED_COUNTERS_MAX < self.counters.len().saturating_add(counters.len()) {
            self.counters.clear();
        }
        for (key, number) in counters {
            self.counters.insert(Bytes::clone(key), *number);
        }
    }
}

/// About how many bytes RocksDB's batch will take, so that it need not grow while it is filled.
fn written_bytes(mutations: &[Mutation], counters: usize) -> usize {
    /// RocksDB's own bytes of an entry, and the version.
    const ENTRY_BYTES: usize = 24;
    /// A counter's key and number; the batch's head is as large.
    const COUNTER_BYTES: usize = 48;
    let bytes = mutations.iter().map(|mutation| match mutation {
        Mutation::Set { key, value } => ENTRY_BYTES + key.len() + value.len(),
        Mutation::Delete { key } => ENTRY_BYTES + key.len(),
        Mutation::DeleteRange { from, to } => ENTRY_BYTES + from.len() + to.len(),
        Mutation::Add { .. } | Mutation::Append { .. } => 0,
    });
    bytes.sum::<usize>() + COUNTER_BYTES * (counters + 1)
}

/// Compares the version of each key with the expected one. Where nothing was written to the key since it was read, that is known without
/// reading again.
fn check(shared: &Shared, checks: &[Check]) -> Result<(), StoreError> {
    for (index, check) in checks.iter().enumerate() {
        if shared.recent.is_untouched_since(check.as_of, hash(&check.key)) {
            continue;
        }
        let found = match read::pinned(shared, &check.key)? {
            Some(found) => Some(record::decode(&check.key, &found)?.0),
            None => None,
        };
        if found != check.expected {
            return Err(StoreError::Conflict { check: index });
        }
    }
    Ok(())
}
