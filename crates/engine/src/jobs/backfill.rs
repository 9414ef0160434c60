//! Entering the items that were there before an index into it.
//!
//! Writers maintain the index from the commit on that made it. The job walks the items page by page and enters those whose entry is
//! missing. Every entry is committed with checks that the descriptor and the item are still what was read and the entry is still absent;
//! so an entry is counted once, by whoever makes it, and never stands for an item as it no longer is. A conflict reads the items again.
//!
//! The place of the walk is kept in memory alone. After a restart it starts over and skips the entries that are there.

use super::{TableName, undecodable, undecodable_under};
use crate::Engine;
use crate::catalog::OpenTable;
use crate::entry;
use crate::tables::change;
use bytes::Bytes;
use layout::ItemRecord;
use layout::keys::{self, Counted, Source};
use model::Index;
use model::table::Status;
use std::collections::VecDeque;
use storage::{Batch, Direction, Scan, StoreError, Version, Versioned};

/// How many items are entered in one commit, and how many bytes of them are read for it: a foreground write waits for no more than that.
const PAGE_ITEMS: usize = 64;
const PAGE_BYTES: usize = 256 * 1024;
/// How often the items of a page are tried again after conflicts before the job gives up and starts over.
const ATTEMPTS_MAX: usize = 10_000;

/// An item as it was read.
struct StoredItem {
    key: Bytes,
    version: Version,
    record: ItemRecord,
}

/// The filling of one index.
struct Backfill<'e> {
    engine: &'e Engine,
    name: &'e TableName,
    /// The table as last read.
    table: OpenTable,
    /// The number of the index.
    number: u16,
}

/// What became of an attempt.
enum Outcome {
    /// All entries are there.
    Entered,
    /// Somebody was faster: the items are to be read again.
    Conflict(StoreError),
    /// The index is not being filled any more.
    Obsolete,
}

/// Fills an index and makes it active. Returns early when the index is not to be filled any more.
pub(super) async fn fill(engine: &Engine, name: &TableName, table: OpenTable, number: u16) -> Result<(), StoreError> {
    let range = Source::Table(table.descriptor.number).all();
    let (from, to) = (range.from, range.to);
    let scan = Scan { from, to, direction: Direction::Forward, max_entries: PAGE_ITEMS, max_bytes: PAGE_BYTES };
    let mut backfill = Backfill { engine, name, table, number };
    let mut next = Some(scan);
    while let Some(scan) = next {
        let page = engine.store.scan(scan.clone()).await?;
        let items = page
            .iter()
            .map(|entry| stored_item(entry.key_bytes(), entry.versioned()))
            .collect::<Result<Vec<_>, _>>()?;
        if !backfill.enter_page(items).await? {
            return Ok(());
        }
        if !super::lease::hold(engine, &name.work()).await? {
            return Ok(());
        }
        next = scan.after(&page);
        runtime::give_way().await;
    }
    backfill.finish().await
}

fn stored_item(key: Bytes, stored: Versioned) -> Result<StoredItem, StoreError> {
    let record = ItemRecord::decode(&stored.value).map_err(|_| undecodable_under("item", &key))?;
    Ok(StoredItem { key, version: stored.version, record })
}

impl Backfill<'_> {
    /// Enters items, in smaller and smaller groups where writers are faster. Returns whether the index is still to be filled.
    async fn enter_page(&mut self, items: Vec<StoredItem>) -> Result<bool, StoreError> {
        let mut groups = VecDeque::from([items]);
        let mut attempts = 0;
        while let Some(group) = groups.pop_front() {
            match self.enter(&group).await? {
                Outcome::Entered => continue,
                Outcome::Obsolete => return Ok(false),
                Outcome::Conflict(error) if attempts >= ATTEMPTS_MAX => return Err(error),
                Outcome::Conflict(_) => {}
            }
            attempts += 1;
            runtime::give_way().await;
            let mut again = self.read_again(&group).await?;
            let half = again.split_off(again.len() / 2);
            groups.extend([again, half].into_iter().filter(|group| !group.is_empty()));
        }
        Ok(true)
    }

    /// Enters items whose entries are missing, all in one commit.
    async fn enter(&mut self, items: &[StoredItem]) -> Result<Outcome, StoreError> {
        let Some(index) = filling(&self.table, self.number) else { return Ok(Outcome::Obsolete) };
        let table = &self.table.descriptor;
        let wanted: Vec<_> =
            items.iter().filter_map(|item| Some((item, entry::of_item(table, index, &item.record)?))).collect();
        let entry_keys: Vec<Bytes> = wanted.iter().map(|(_, entry)| entry.key.clone()).collect();
        let found = self.engine.store.get(&entry_keys).await?;
        let mut batch = Batch::new();
        batch.check(self.table.key.clone(), Some(self.table.version));
        for ((item, entry), found) in wanted.into_iter().zip(found) {
            if found.is_some() {
                continue;
            }
            let size = i64::try_from(entry.record.size).unwrap_or(i64::MAX);
            batch.check(item.key.clone(), Some(item.version));
            batch.check(entry.key.clone(), None);
            batch.set(entry.key, ItemRecord::encode(entry.record.size, entry.record.item.view()));
            batch.add(keys::counter(table.number, index.number, Counted::Count), 1);
            batch.add(keys::counter(table.number, index.number, Counted::Size), size);
        }
        if batch.mutations.is_empty() {
            return Ok(Outcome::Entered);
        }
        match self.engine.store.commit(batch).await {
            Ok(_) => Ok(Outcome::Entered),
            Err(error @ StoreError::Conflict { .. }) => Ok(Outcome::Conflict(error)),
            Err(error) => Err(error),
        }
    }

    /// Reads the table and the items again; items that were deleted meanwhile need no entry.
    async fn read_again(&mut self, items: &[StoredItem]) -> Result<Vec<StoredItem>, StoreError> {
        self.read_table().await?;
        let item_keys: Vec<Bytes> = items.iter().map(|item| item.key.clone()).collect();
        let found = self.engine.store.get(&item_keys).await?;
        let present = item_keys.into_iter().zip(found).filter_map(|(key, found)| Some((key, found?)));
        present.map(|(key, found)| stored_item(key, found)).collect()
    }

    /// Reads the table again. A table that is gone has no index that is being filled.
    async fn read_table(&mut self) -> Result<(), StoreError> {
        match super::read(self.engine, self.name).await? {
            Some(table) if table.descriptor.number == self.table.descriptor.number => self.table = table,
            Some(_) | None => self.table.descriptor.indexes.clear(),
        }
        Ok(())
    }

    /// Makes the index active.
    async fn finish(&mut self) -> Result<(), StoreError> {
        loop {
            if filling(&self.table, self.number).is_none() {
                return Ok(());
            }
            let mut next = self.table.descriptor.clone();
            for index in next.indexes.iter_mut().filter(|index| index.number == self.number) {
                index.status = Status::Active;
                index.backfilling = false;
            }
            let mut batch = Batch::new();
            batch.check(self.table.key.clone(), Some(self.table.version));
            change::set(&mut batch, &next).map_err(|_| undecodable(self.name))?;
            match self.engine.store.commit(batch).await {
                Ok(_) => {
                    tracing::info!(table = next.name, index = self.number, "an index is filled");
                    return Ok(());
                }
                Err(StoreError::Conflict { .. }) => self.read_table().await?,
                Err(error) => return Err(error),
            }
        }
    }
}

/// The index, if it is being filled.
fn filling(table: &OpenTable, number: u16) -> Option<&Index> {
    let is_filling = |index: &&Index| index.number == number && index.status == Status::Creating && index.backfilling;
    table.descriptor.indexes.iter().find(is_filling)
}
