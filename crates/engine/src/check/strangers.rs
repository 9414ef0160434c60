//! The check that nothing is stored that nobody knows: of a table or an index that is gone, or of no kind that this version writes.
//!
//! What is known are ranges and single keys. Everything between them must be empty.

use super::{Fault, Report, streams};
use crate::walk::Walk;
use bytes::Bytes;
use layout::keys::{self, Counted, Range, Space};
use layout::principals;
use model::Table;
use storage::{Store, StoreError, batch, scan};

/// Looks between all that is known.
pub(super) async fn check(
    store: &dyn Store,
    (tables, shards): (&[Table], &streams::Known),
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut known = known_ranges(tables);
    known.extend(streams::ranges(shards));
    known.sort_by(|left, right| left.from.cmp(&right.from));
    let mut from = Bytes::from_static(batch::FIRST_KEY);
    let end = Bytes::from(keys::successor(&[]));
    for range in known.into_iter().chain([Range { from: end.clone(), to: end }]) {
        if from < range.from {
            report_all(store, Range { from: from.clone(), to: range.from }, report).await?;
        }
        from = from.max(range.to);
    }
    Ok(())
}

async fn report_all(store: &dyn Store, range: Range, report: &mut Report) -> Result<(), StoreError> {
    let mut walk = Walk::new(store, range);
    while let Some(page) = walk.next().await? {
        page.iter().for_each(|stored| report.add(None, stored.key, Fault::Unknown));
    }
    Ok(())
}

fn known_ranges(tables: &[Table]) -> Vec<Range> {
    let mut known = vec![
        keys::all_tables(),
        single(keys::next_table_number()),
        keys::all_tokens(),
        keys::all_streams(),
        keys::all_policies(),
        keys::all_leases(),
        // Whoever knows what is in there checks it.
        principals::all(),
    ];
    for table in tables {
        known.push(keys::of_table(Space::Item, table.number));
        known.push(keys::of_table(Space::Collection, table.number));
        known.push(keys::counters_of_index(table.number, keys::TABLE_ITSELF));
        if table.time_to_live.is_some() {
            known.push(single(keys::expiring(table.number)));
            known.push(keys::of_table(Space::Expiry, table.number));
        }
        known.extend(table.indexes.iter().map(|index| keys::of_index(table.number, index.number)));
        known.extend(table.indexes.iter().flat_map(|index| {
            [Counted::Count, Counted::Size].map(|counted| single(keys::counter(table.number, index.number, counted)))
        }));
    }
    known
}

fn single(key: Bytes) -> Range {
    Range { to: scan::successor(&key), from: key }
}
