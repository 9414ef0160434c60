//! The offline check of a store: does everything that is stored agree with everything else?
//!
//! ```text
//! descriptors -> for each table: items -> entries of each index -> order of expiry -> item collections -> counters
//! streams -> shards -> records; policies of tables and streams; then what nobody knows
//! ```
//!
//! Items and entries are compared in both directions through the same [`crate::entry`] that writes use. The store is read page by page,
//! so memory stays bounded whatever the store holds; of many findings the first are kept and all are counted. Nothing is written. The
//! check supposes that nobody writes meanwhile.

mod collections;
mod expiry;
mod policies;
mod report;
mod strangers;
mod streams;
mod table;

pub use report::{Fault, Finding, Report, Totals};

use crate::catalog::OpenTable;
use crate::walk::Walk;
use bytes::Bytes;
use layout::keys::{self, Range};
use layout::{TokenRecord, record};
use model::Table;
use std::collections::BTreeMap;
use storage::{Direction, Scan, Store, StoreError};

/// Checks a store.
///
/// # Errors
/// Those of the store: what cannot be read cannot be checked. What is wrong with what was read is in the report.
pub async fn check(store: &dyn Store) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let tables = read_tables(store, &mut report).await?;
    check_numbers(store, &tables, &mut report).await?;
    for table in &tables {
        table::check(store, table, &mut report).await?;
    }
    check_tokens(store, &mut report).await?;
    let shards = streams::check(store, &tables, &mut report).await?;
    policies::check(store, &tables, &mut report).await?;
    strangers::check(store, (&tables, &shards), &mut report).await?;
    Ok(report)
}

/// Every token of a transaction decodes.
async fn check_tokens(store: &dyn Store, report: &mut Report) -> Result<(), StoreError> {
    let mut walk = Walk::new(store, keys::all_tokens());
    while let Some(page) = walk.next().await? {
        for entry in page.iter().filter(|entry| TokenRecord::decode(entry.value).is_err()) {
            report.add(None, entry.key, Fault::Undecodable);
        }
    }
    Ok(())
}

/// All tables whose descriptors decode. Their number is bounded by the quota of tables.
async fn read_tables(store: &dyn Store, report: &mut Report) -> Result<Vec<Table>, StoreError> {
    let mut tables = Vec::new();
    let mut walk = Walk::new(store, keys::all_tables());
    while let Some(page) = walk.next().await? {
        for entry in page.iter() {
            let Ok(table) = OpenTable::decode(entry.key_bytes(), entry.version, entry.value) else {
                report.add(None, entry.key, Fault::Undecodable);
                continue;
            };
            let table = table.descriptor;
            report.totals.tables += 1;
            if keys::table(&table.account, &table.name) != entry.key {
                report.add(Some(&table), entry.key, Fault::WrongKey);
            }
            tables.push(table);
        }
    }
    Ok(tables)
}

/// Every table has a number of its own, and the next table will have one of its own.
async fn check_numbers(store: &dyn Store, tables: &[Table], report: &mut Report) -> Result<(), StoreError> {
    let key = keys::next_table_number();
    let last = match counter(store, &key).await? {
        Ok(last) => last,
        Err(fault) => {
            report.add(None, &key, fault);
            return Ok(());
        }
    };
    let mut owners: BTreeMap<u32, &Table> = BTreeMap::new();
    for table in tables {
        let descriptor = keys::table(&table.account, &table.name);
        if let Some(other) = owners.insert(table.number, table) {
            report.add(Some(table), &descriptor, Fault::SharedNumber { other: other.name.clone() });
        }
        if i64::from(table.number) > last {
            report.add(Some(table), &descriptor, Fault::NumberNotCounted { number: table.number });
        }
        if table
            .indexes
            .iter()
            .any(|index| index.number == keys::TABLE_ITSELF || index.number >= table.next_index_number)
        {
            report.add(Some(table), &descriptor, Fault::IndexNumberNotCounted);
        }
    }
    Ok(())
}

/// The value of a counter; a missing one is 0.
async fn counter(store: &dyn Store, key: &[u8]) -> Result<Result<i64, Fault>, StoreError> {
    let Some(found) = store.get_one(key).await? else { return Ok(Ok(0)) };
    Ok(record::decode_counter(&found.value).map_err(|_| Fault::Undecodable))
}

/// Whether a range holds anything.
async fn holds_anything(store: &dyn Store, range: Range) -> Result<bool, StoreError> {
    let Range { from, to } = range;
    let scan = Scan { from, to, direction: Direction::Forward, max_entries: 1, max_bytes: usize::MAX };
    Ok(!store.scan(scan).await?.is_empty())
}

/// What was counted on the way, to compare with a counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Tally {
    items: i64,
    bytes: i64,
}

impl Tally {
    fn add(&mut self, size: usize) {
        self.items += 1;
        self.bytes = self.bytes.saturating_add(i64::try_from(size).unwrap_or(i64::MAX));
    }
}

/// The key as a slice of its own.
fn own(key: &[u8]) -> Bytes {
    Bytes::copy_from_slice(key)
}
