//! The limit for an item, as puts and updates meet it.

use crate::entry;
use api::{Error, messages};
use layout::ItemRecord;
use model::{Table, limits};

/// Refuses an item that is too large to be put, before any table is looked at.
pub fn check(size: usize) -> Result<(), Error> {
    if size <= limits::ITEM_SIZE_MAX { Ok(()) } else { Err(messages::item_too_large()) }
}

/// Refuses an item whose entries in local indexes make it too large to be put.
pub fn check_put(table: &Table, record: &ItemRecord) -> Result<(), Error> {
    if fits(table, record) { Ok(()) } else { Err(messages::item_too_large()) }
}

/// Refuses what an update made of an item, if it is too large.
pub fn check_updated(table: &Table, record: &ItemRecord) -> Result<(), Error> {
    if fits(table, record) { Ok(()) } else { Err(messages::item_to_update_too_large()) }
}

fn fits(table: &Table, record: &ItemRecord) -> bool {
    let size = if table.has_local_index() { entry::size_with_local_entries(table, record) } else { record.size };
    size <= limits::ITEM_SIZE_MAX
}
