//! Reads: each call sees one point of the order of commits. A point read asks the cache of values first, a short
//! range that of pages; what comes from RocksDB is copied once, from the block or memory table into the answer.

use bytes::Bytes;
use rocksdb::{DBPinnableSlice, DEFAULT_COLUMN_FAMILY_NAME, ReadOptions};
use storage::batch::{self, FIRST_KEY};
use storage::{Direction, Page, PageBuilder, Pushed, Scan, StoreError, Version, Versioned};

use crate::recent::hash;
use crate::store::Shared;
use crate::{error, options, record};

/// The record of a key, still in RocksDB's memory.
pub fn pinned<'a>(shared: &'a Shared, key: &[u8]) -> Result<Option<DBPinnableSlice<'a>>, StoreError> {
    shared.db.get_pinned_opt(key, &shared.read_options).map_err(|source| error::of_key(key, source))
}

/// One key.
pub fn get_one(shared: &Shared, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
    if batch::is_reserved(key) {
        return Ok(None);
    }
    let hash = hash(key);
    let found = match shared.values.get(hash, key) {
        Some(found) => Some(found),
        None => read_through(shared, key, hash, shared.progress.newest_written())?,
    };
    if found.is_none() {
        expect_durable(shared, |durable| shared.recent.is_untouched_since(durable, hash))?;
    }
    Ok(found)
}

/// Refuses an absence that is not durable while the store has failed, for then there is no version that a caller could wait for. What was
/// found has its version. To be called after the read: what it has seen is noted.
fn expect_durable(shared: &Shared, is_durable: impl FnOnce(Version) -> bool) -> Result<(), StoreError> {
    if shared.is_relaxed {
        return Ok(());
    }
    match shared.progress.failure("reading what is not durable") {
        Some(failure) if !is_durable(shared.progress.newest_durable()) => Err(failure),
        Some(_) | None => Ok(()),
    }
}

/// Reads a key from RocksDB and leaves it in the cache, unless a commit after the version `visible` has written it.
fn read_through(shared: &Shared, key: &[u8], hash: u64, visible: Version) -> Result<Option<Versioned>, StoreError> {
    let found = pinned(shared, key)?.map(|found| versioned(shared, key, &found)).transpose()?;
    if let Some(found) = &found {
        shared.values.offer(hash, key, found, || shared.recent.is_untouched_since(visible, hash));
    }
    Ok(found)
}

/// Several keys, as of one point.
pub fn get(shared: &Shared, keys: &[Bytes]) -> Result<Vec<Option<Versioned>>, StoreError> {
    if let [key] = keys {
        return Ok(vec![get_one(shared, key)?]);
    }
    let found = match get_as_of_now(shared, keys)? {
        Some(found) => found,
        None => get_from_one_snapshot(shared, keys)?,
    };
    let mut absent = keys.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(key, _)| key);
    expect_durable(shared, |durable| absent.all(|key| shared.recent.is_untouched_since(durable, hash(key))))?;
    Ok(found)
}

/// The keys one by one, as of the newest commit at the start; `None` where one of them was written meanwhile.
fn get_as_of_now(shared: &Shared, keys: &[Bytes]) -> Result<Option<Vec<Option<Versioned>>>, StoreError> {
    let visible = shared.progress.newest_written();
    let mut all = Vec::with_capacity(keys.len());
    for key in keys {
        let hash = hash(key);
        let found = match shared.values.get(hash, key) {
            Some(found) => Some(found),
            None if batch::is_reserved(key) => None,
            None => read_through(shared, key, hash, visible)?,
        };
        let is_as_of_then = match &found {
            Some(found) => found.version <= visible,
            None => shared.recent.is_untouched_since(visible, hash),
        };
        if !is_as_of_then {
            return Ok(None);
        }
        all.push(found);
    }
    touch(&all);
    Ok(Some(all))
}

/// Brings the beginnings of values near the processor. They lie anywhere in memory: whoever looks at one after the other, with work between,
/// waits for each, and here the waits overlap. For a BatchGetItem of 25 items that were not asked for lately it is a twentieth of its time.
fn touch(all: &[Option<Versioned>]) {
    let first = |found: &Versioned| found.value.first().copied().unwrap_or_default();
    std::hint::black_box(all.iter().flatten().fold(0, |touched, found| touched | first(found)));
}

/// The keys from one snapshot: RocksDB answers a multi-key read of one column family from one sequence number, which it takes before the
/// first key.
fn get_from_one_snapshot(shared: &Shared, keys: &[Bytes]) -> Result<Vec<Option<Versioned>>, StoreError> {
    let Some(family) = shared.db.cf_handle(DEFAULT_COLUMN_FAMILY_NAME) else {
        return Err(StoreError::corrupted("the database has no default column family"));
    };
    let found = shared.db.batched_multi_get_cf_opt(family, keys, false, &shared.read_options);
    keys.iter()
        .zip(found)
        .map(|(key, found)| match found.map_err(|source| error::of_key(key, source))? {
            Some(found) if !batch::is_reserved(key) => Ok(Some(versioned(shared, key, &found)?)),
            Some(_) | None => Ok(None),
        })
        .collect()
}

fn versioned(shared: &Shared, key: &[u8], found: &[u8]) -> Result<Versioned, StoreError> {
    let (version, value) = record::decode(key, found)?;
    Ok(Versioned { version, value: Bytes::copy_from_slice(value), is_sound: is_sound(shared, key, value) })
}

fn is_sound(shared: &Shared, key: &[u8], value: &[u8]) -> bool {
    shared.soundness.is_some_and(|is_sound| is_sound(key, value))
}

/// One page of a range.
pub fn scan(shared: &Shared, scan: &Scan) -> Result<Page, StoreError> {
    // While the store has failed, what is not durable is refused, and a kept page does not tell.
    if shared.progress.has_failed() {
        return read_range(shared, scan);
    }
    let is_untouched_since = |version, neighbourhood| shared.recent.is_untouched_since(version, neighbourhood);
    let visible = shared.progress.newest_written();
    shared.pages.get_or_read(scan, visible, is_untouched_since, || read_range(shared, scan))
}

/// One page of a range from RocksDB. The iterator is a snapshot: it sees the sequence number at which it was made.
fn read_range(shared: &Shared, scan: &Scan) -> Result<Page, StoreError> {
    let mut page = PageBuilder::new(scan);
    let from = scan.from.as_ref().max(FIRST_KEY);
    if scan.to.as_ref() <= from {
        return Ok(page.finish());
    }
    let mut entries = shared.db.raw_iterator_opt(bounded(from, &scan.to));
    match scan.direction {
        Direction::Forward => entries.seek_to_first(),
        Direction::Backward => entries.seek_to_last(),
    }
    let mut newest = 0;
    let mut all_sound = true;
    let mut is_full = false;
    while let Some((key, found)) = entries.item() {
        let (version, value) = record::decode(key, found)?;
        newest = newest.max(version);
        if page.push(key, version, value) == Pushed::Full {
            is_full = true;
            break;
        }
        all_sound = all_sound && is_sound(shared, key, value);
        match scan.direction {
            Direction::Forward => entries.next(),
            Direction::Backward => entries.prev(),
        }
    }
    // An iterator that meets damage looks like one at its end, but for this.
    entries.status().map_err(|source| error::of_range(from, source))?;
    expect_durable(shared, |durable| newest <= durable && !shared.removals.touch_since(durable, from, &scan.to))?;
    let page = if is_full { page.finish_with_more() } else { page.finish() };
    Ok(if all_sound { page.sound() } else { page })
}

/// Bounds let RocksDB skip files and stop before the deleted keys of a neighbour.
fn bounded(from: &[u8], to: &[u8]) -> ReadOptions {
    let mut options = options::reads();
    options.set_iterate_lower_bound(from);
    options.set_iterate_upper_bound(to);
    options
}
