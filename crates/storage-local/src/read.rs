//! Reads: each call sees one sequence number of RocksDB and copies each value once, from the block or memory table into
//! its answer.

use bytes::Bytes;
use rocksdb::{DBPinnableSlice, DEFAULT_COLUMN_FAMILY_NAME, ReadOptions};
use storage::batch::{self, FIRST_KEY};
use storage::{Direction, Page, PageBuilder, Pushed, Scan, StoreError, Versioned};

use crate::store::Shared;
use crate::{error, options, record};

/// The record of a key, still in RocksDB's memory.
pub fn pinned<'a>(shared: &'a Shared, key: &[u8]) -> Result<Option<DBPinnableSlice<'a>>, StoreError> {
    shared.db.get_pinned_opt(key, &shared.read_options).map_err(|source| error::translate("reading a key", source))
}

/// One key.
pub fn get_one(shared: &Shared, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
    if batch::is_reserved(key) {
        return Ok(None);
    }
    pinned(shared, key)?.map(|found| versioned(key, &found)).transpose()
}

/// Several keys. RocksDB answers a multi-key read of one column family from one sequence number, which it takes before
/// the first key.
pub fn get(shared: &Shared, keys: &[Bytes]) -> Result<Vec<Option<Versioned>>, StoreError> {
    if let [key] = keys {
        return Ok(vec![get_one(shared, key)?]);
    }
    let Some(family) = shared.db.cf_handle(DEFAULT_COLUMN_FAMILY_NAME) else {
        return Err(StoreError::corrupted("the database has no default column family"));
    };
    let found = shared.db.batched_multi_get_cf_opt(family, keys, false, &shared.read_options);
    keys.iter()
        .zip(found)
        .map(|(key, found)| match found.map_err(|source| error::translate("reading keys", source))? {
            Some(found) if !batch::is_reserved(key) => Ok(Some(versioned(key, &found)?)),
            Some(_) | None => Ok(None),
        })
        .collect()
}

fn versioned(key: &[u8], found: &[u8]) -> Result<Versioned, StoreError> {
    let (version, value) = record::decode(key, found)?;
    Ok(Versioned { version, value: Bytes::copy_from_slice(value) })
}

/// One page of a range. The iterator is a snapshot: it sees the sequence number at which it was made.
pub fn scan(shared: &Shared, scan: &Scan) -> Result<Page, StoreError> {
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
    while let Some((key, found)) = entries.item() {
        let (version, value) = record::decode(key, found)?;
        if page.push(key, version, value) == Pushed::Full {
            return Ok(page.finish_with_more());
        }
        match scan.direction {
            Direction::Forward => entries.next(),
            Direction::Backward => entries.prev(),
        }
    }
    // An iterator that meets damage looks like one at its end, but for this.
    entries.status().map_err(|source| error::translate("reading a range", source))?;
    Ok(page.finish())
}

/// Bounds let RocksDB skip files and stop before the deleted keys of a neighbour.
fn bounded(from: &[u8], to: &[u8]) -> ReadOptions {
    let mut options = options::reads();
    options.set_iterate_lower_bound(from);
    options.set_iterate_upper_bound(to);
    options
}
