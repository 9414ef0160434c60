//! Time to live: entering the items of a table into the order of expiry, and deleting from its front.
//!
//! Deleting goes the way of every write, so that indexes, counts and the change log know, and asks again whether the item is due: one that
//! was renewed meanwhile stays. After each page the job rests for twice as long as the page took, so that it never takes more than a third
//! of one core from those who are waiting; but not for long where the page took long because the store or the whole machine stood still.

use super::periodic::{self, Chore, Due};
use super::{TableName, undecodable, undecodable_under};
use crate::catalog::OpenTable;
use crate::effects::ItemKey;
use crate::tables::change;
use crate::walk::Walk;
use crate::write::{ItemWrite, Next};
use crate::{Caller, Context, Engine, expiry};
use api::Error;
use bytes::Bytes;
use layout::keys::{self, Range, Source};
use layout::{Cause, ItemRecord, record};
use model::Table;
use model::stream::ExpiryStatus;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use storage::{Batch, Direction, Page, Scan, StoreError};

/// How many items are deleted or entered in one commit: a foreground write waits for no more than that.
const PAGE_ITEMS: usize = 128;
/// How many pages of a table are deleted before the next table has its turn.
const TURN_PAGES: usize = 50;
/// How many bytes of items are read to enter them.
const PAGE_BYTES: usize = 256 * 1024;
/// For each part of time at work, so many parts of rest.
const REST: u32 = 2;
/// The longest rest. A page that kept somebody's core busy is through in less.
const REST_MAX: Duration = Duration::from_secs(10);

/// Deletes what has expired in all tables. They take turns, so that the backlog of one does not keep the others waiting.
#[derive(Default)]
pub(super) struct Sweep {
    /// Where to go on, of tables that have more that is due. What was deleted leaves markers in the store for a while, so beginning at the
    /// front again would cost more and more.
    next: HashMap<u32, Scan>,
}

impl Chore for Sweep {
    const WHAT: &'static str = "deleting what has expired";

    async fn run(&mut self, engine: &Engine) -> Result<Due, StoreError> {
        let mut left = HashMap::new();
        let mut walk = Walk::new(&*engine.store, keys::all_expiring());
        while let Some(page) = walk.next().await? {
            for entry in page.iter() {
                let turn = self.turn(engine, entry.value_bytes(), &mut left).await;
                periodic::keep_no_other::<Self>(turn)?;
            }
        }
        self.next = left;
        Ok(if self.next.is_empty() { Due::Later } else { Due::Now })
    }
}

impl Sweep {
    /// Deletes some of what has expired in the table that has this key, and notes where to go on.
    async fn turn(
        &mut self,
        engine: &Engine,
        table_key: Bytes,
        left: &mut HashMap<u32, Scan>,
    ) -> Result<(), StoreError> {
        let Some(stored) = engine.store.get_one(&table_key).await? else { return Ok(()) };
        let table: Table = record::decode(&stored.value).map_err(|_| undecodable_under("descriptor", &table_key))?;
        let now_seconds = engine.clock.now().as_seconds();
        let oldest = now_seconds.saturating_sub(expiry::LATEST_AGE_SECONDS);
        let all_due = || scan(keys::expiries(table.number, oldest, now_seconds), PAGE_ITEMS);
        let mut next = Some(self.next.remove(&table.number).unwrap_or_else(all_due));
        for _ in 0..TURN_PAGES {
            let Some(scan) = next else { return Ok(()) };
            let began = engine.clock.moment();
            let page = engine.store.scan(scan.clone()).await?;
            if page.is_empty() {
                return Ok(());
            }
            let due: Vec<Bytes> = page.iter().filter_map(|entry| Some(keys::parse_expiry(entry.key)?.1)).collect();
            if delete(engine, &table, due.clone()).await.is_err() && !delete_each(engine, &table, due).await {
                // The next sweep finds what is left.
                return Ok(());
            }
            let worked = engine.clock.moment().since(began);
            engine.clock.sleep(rest(worked)).await;
            next = scan.after(&page);
        }
        if let Some(next) = next {
            left.insert(table.number, next);
        }
        Ok(())
    }
}

/// How long to rest from a page that took so long.
fn rest(worked: Duration) -> Duration {
    worked.saturating_mul(REST).min(REST_MAX)
}

/// Deletes those of some items that are due, each for itself, so that one that cannot be deleted keeps no other. Returns whether any could.
async fn delete_each(engine: &Engine, table: &Table, items: Vec<Bytes>) -> bool {
    let mut any = false;
    for item in items {
        match delete(engine, table, vec![item]).await {
            Ok(()) => any = true,
            Err(error) => {
                tracing::warn!(table = table.name, %error, "an expired item could not be deleted and will be tried again");
            }
        }
    }
    any
}

/// Deletes those of some items that are due.
async fn delete(engine: &Engine, table: &Table, items: Vec<Bytes>) -> Result<(), Error> {
    let caller = Caller { account: table.account.clone() };
    let context = Context::new(engine, &caller);
    let is_it =
        |found: &Arc<OpenTable>| found.descriptor.number == table.number && engine.serves_items(&found.descriptor);
    let found = engine.find_table(&table.account, &table.name).await?;
    let Some(table) = found.filter(is_it) else { return Ok(()) };
    let item_keys = items.into_iter().filter_map(|bytes| ItemKey::stored(&table.descriptor, bytes));
    let writes = item_keys.map(|key| ItemWrite {
        table: table.clone(),
        key,
        decide: Box::new(move |table, old| Ok(decide(engine, table, old))),
    });
    context.write_items_because(Cause::Expiry, writes.collect()).await?;
    context.settle().await
}

fn decide(engine: &Engine, table: &OpenTable, old: Option<&ItemRecord>) -> Next {
    let expires_at = old.and_then(|old| expiry::expires_at(&table.descriptor, old));
    let now_seconds = engine.clock.now().as_seconds();
    if expires_at.is_some_and(|seconds| expiry::is_due(seconds, now_seconds)) { Next::Delete } else { Next::Keep }
}

/// Enters the items that were there before the table's items expired, and says that all are entered. Returns early where the table's items
/// do not expire any more.
///
/// A table may have several jobs, so one of them may be late: what it began must not be taken for the work of a later enabling. Every
/// commit therefore checks the entry that enabling makes and disabling removes; it is read before the descriptor, so that the descriptor
/// is not of an earlier enabling.
pub(super) async fn enter_all(engine: &Engine, name: &TableName, number: u32) -> Result<(), StoreError> {
    let listed = keys::expiring(number);
    let enabling = engine.store.get_one(&listed).await?.map(|found| found.version);
    let read = async || {
        let table = super::read(engine, name).await?;
        Ok(table.filter(|table| table.descriptor.number == number && is_filling(&table.descriptor)))
    };
    let Some(mut table) = read().await? else { return Ok(()) };
    let mut next = Some(Scan { max_bytes: PAGE_BYTES, ..scan(Source::Table(number).all(), PAGE_ITEMS) });
    while let Some(scan) = next {
        let page = engine.store.scan(scan.clone()).await?;
        let mut batch = places(&table.descriptor, &page)?;
        if !batch.mutations.is_empty() {
            table.check(&mut batch);
            batch.check(listed.clone(), enabling);
            match engine.store.commit(batch).await {
                Ok(_) => {}
                Err(StoreError::Conflict { .. }) => {
                    match read().await? {
                        Some(read) if enabling == engine.store.get_one(&listed).await?.map(|found| found.version) => {
                            table = read;
                        }
                        Some(_) | None => return Ok(()),
                    }
                    // Somebody writes where we read: smaller steps get through.
                    next = Some(Scan { max_entries: (scan.max_entries / 2).max(1), ..scan });
                    continue;
                }
                Err(error) => return Err(error),
            }
        }
        if !super::lease::hold(engine, &name.work()).await? {
            return Ok(());
        }
        next = scan.after(&page).map(|scan| Scan { max_entries: PAGE_ITEMS.min(scan.max_entries * 2), ..scan });
        runtime::give_way().await;
    }
    let mut batch = Batch::new();
    batch.check(listed, enabling);
    finish(engine, name, table, batch).await
}

/// Enters the items of a page.
fn places(table: &Table, page: &Page) -> Result<Batch, StoreError> {
    let mut batch = Batch::new();
    for entry in page.iter() {
        let record = ItemRecord::decode(&entry.value_bytes()).map_err(|_| undecodable_under("item", entry.key))?;
        if let Some(place) = expiry::place(table, entry.key, &record) {
            batch.check(entry.key_bytes(), Some(entry.version));
            batch.set(place, Bytes::new());
        }
    }
    Ok(batch)
}

/// Says that all items are entered.
async fn finish(engine: &Engine, name: &TableName, table: OpenTable, mut batch: Batch) -> Result<(), StoreError> {
    let mut next = table.descriptor.clone();
    if let Some(time_to_live) = &mut next.time_to_live {
        time_to_live.status = ExpiryStatus::Enabled;
    }
    table.check(&mut batch);
    change::set(&mut batch, &next).map_err(|_| undecodable(name))?;
    // After a conflict the job looks at the table again, and finds this or something else to do.
    super::commit(engine, batch).await
}

/// Whether the items of a table are still to be entered.
pub(super) fn is_filling(table: &Table) -> bool {
    table.time_to_live.as_ref().is_some_and(|time_to_live| time_to_live.status == ExpiryStatus::Enabling)
}

fn scan(range: Range, max_entries: usize) -> Scan {
    let Range { from, to } = range;
    Scan { from, to, direction: Direction::Forward, max_entries, max_bytes: usize::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that stood still for five hours while a page was deleted used to delete nothing for ten more.
    #[test]
    fn rests_are_as_long_as_work_within_reason() {
        let ms = Duration::from_millis;
        for (worked, want) in [
            (ms(0), ms(0)),
            (ms(3), ms(6)),
            (ms(5_000), REST_MAX),
            (ms(18_000_000), REST_MAX),
            (Duration::MAX, REST_MAX),
        ] {
            assert_eq!(rest(worked), want, "{worked:?}");
        }
    }
}
