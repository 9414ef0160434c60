//! Dividing partitions that are large or have been hot for long.
//!
//! Once a second the heat of every open table is compared with what it was before. A partition is hot while more is asked of it than a
//! partition serves; if it stays hot for as long as the settings say, it is divided between two of the heat's cells, where the load is
//! most even. What cannot be divided with some profit, such as the heat of a single item, is left as it is.

use super::TableName;
use super::periodic::{self, Chore, Due, Share};
use crate::Engine;
use crate::catalog::OpenTable;
use crate::partitions::heat::{self, Units};
use crate::partitions::sizes::Sizes;
use crate::partitions::{self, Division, Limits, PARTITIONS_MAX};
use crate::tables::change;
use model::Table;
use runtime::Moment;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use storage::{Batch, StoreError};

/// How often heat is looked at.
pub(super) const PAUSE: Duration = Duration::from_secs(1);
/// How often sizes are looked at.
const SIZES_EVERY: Duration = Duration::from_secs(30);
/// The share of the load that each of two parts must have for a division to be worth it.
const LEAST_SHARE: f64 = 0.1;
/// How often a division is planned anew after a conflict before it is left to the next look.
const ATTEMPTS_MAX: usize = 10;

/// What was seen of tables, by their numbers.
#[derive(Default)]
pub(super) struct Watch {
    tables: HashMap<u32, Seen>,
}

/// What was seen of a table.
struct Seen {
    /// When heat was last looked at.
    at: Moment,
    totals: Vec<Units>,
    /// Since when partitions are hot, by their numbers.
    hot_since: HashMap<u32, Moment>,
    /// When sizes were last looked at.
    sizes_at: Moment,
}

impl Chore for Watch {
    const WHAT: &'static str = "dividing partitions";
    // Each server knows what is asked of it alone.
    const SHARED: Share = Share::All;

    /// Looks at all open tables once, and divides what is to be divided: of each table one partition at a time.
    async fn run(&mut self, engine: &Engine) -> Result<Due, StoreError> {
        let mut seen = HashMap::new();
        for table in engine.catalog.open_tables() {
            let Some(totals) = table.heat.totals() else { continue };
            let (now_seen, wanted) = match self.see(engine, &table, totals).await {
                Ok(known) => known,
                Err(error) => {
                    periodic::keep_no_other::<Self>(Err(error))?;
                    continue;
                }
            };
            seen.insert(table.descriptor.number, now_seen);
            if let Some(division) = wanted {
                periodic::keep_no_other::<Self>(divide(engine, &table, division).await)?;
            }
        }
        // Tables that are not open any more are forgotten.
        self.tables = seen;
        Ok(Due::Later)
    }
}

impl Watch {
    async fn see(
        &mut self,
        engine: &Engine,
        table: &Arc<OpenTable>,
        totals: Vec<Units>,
    ) -> Result<(Seen, Option<Division>), StoreError> {
        let now = engine.clock.moment();
        let limits = engine.settings.partitions;
        let Some(mut seen) = self.tables.remove(&table.descriptor.number) else {
            let seen = Seen { at: now, totals, hot_since: HashMap::new(), sizes_at: now };
            return Ok((seen, None));
        };
        let elapsed = now.since(seen.at);
        if elapsed.is_zero() {
            return Ok((seen, None));
        }
        let rates = rates(&seen.totals, &totals, elapsed);
        let mut wanted = seen.hottest(&table.descriptor, &rates, limits, now);
        if SIZES_EVERY <= now.since(seen.sizes_at) {
            seen.sizes_at = now;
            wanted = wanted.or(largest(engine, &table.descriptor, limits).await?);
        }
        (seen.at, seen.totals) = (now, totals);
        Ok((seen, wanted.filter(|_| table.descriptor.partitions.len() < PARTITIONS_MAX)))
    }
}

/// Units per second of each cell.
fn rates(before: &[Units], now: &[Units], elapsed: Duration) -> Vec<Units> {
    let seconds = elapsed.as_secs_f64();
    let rate = |(now, before): (&Units, &Units)| Units {
        reads: (now.reads - before.reads) / seconds,
        writes: (now.writes - before.writes) / seconds,
    };
    now.iter().zip(before).map(rate).collect()
}

impl Seen {
    /// Notes which partitions are hot, and says where one that has been for long is to be divided.
    fn hottest(&mut self, table: &Table, rates: &[Units], limits: Limits, now: Moment) -> Option<Division> {
        let mut still_hot = HashMap::new();
        let mut wanted = None;
        for (at, partition) in table.partitions.iter().enumerate() {
            let cells = cells_of(table, at);
            let load = cells.clone().map(|cell| load(rates[cell], limits)).sum::<f64>();
            if load <= 1.0 {
                continue;
            }
            let since = self.hot_since.get(&partition.number).copied().unwrap_or(now);
            still_hot.insert(partition.number, since);
            if wanted.is_none() && limits.sustained <= now.since(since) {
                wanted = fairest(cells, rates, limits).map(|cell| Division { at, boundary: heat::first_hash(cell) });
            }
        }
        self.hot_since = still_hot;
        wanted
    }
}

/// How much of what one partition serves is asked for: 1 is all of it.
fn load(rate: Units, limits: Limits) -> f64 {
    (rate.reads / limits.read_units).max(rate.writes / limits.write_units)
}

/// The cells of the heat that belong to a partition; a partition narrower than a cell shares it with others.
fn cells_of(table: &Table, at: usize) -> Range<usize> {
    let first = |at: usize| table.partitions.get(at).map(|partition| partition.first_hash);
    let from = heat::cell_of(first(at).unwrap_or_default());
    from..first(at + 1).map_or(heat::CELLS, heat::cell_of).max(from)
}

/// The cell before which two parts of some cells have loads most alike; `None` where one part would have nearly all of it.
fn fairest(cells: Range<usize>, rates: &[Units], limits: Limits) -> Option<usize> {
    let load = |cells: Range<usize>| cells.map(|cell| load(rates[cell], limits)).sum::<f64>();
    let whole = load(cells.clone());
    let smaller = |cell: &usize| {
        let left = load(cells.start..*cell);
        left.min(whole - left)
    };
    let fairest = (cells.start + 1..cells.end).max_by(|a, b| smaller(a).total_cmp(&smaller(b)))?;
    (whole * LEAST_SHARE <= smaller(&fairest)).then_some(fairest)
}

/// Where a partition that has grown too large is to be divided.
async fn largest(engine: &Engine, table: &Table, limits: Limits) -> Result<Option<Division>, StoreError> {
    let sizes = sizes(engine, table).await?;
    let at = table.partitions.iter().position(|partition| limits.bytes < sizes.estimate(partition));
    Ok(at.map(|at| Division::in_the_middle(table, at)))
}

async fn sizes(engine: &Engine, table: &Table) -> Result<Sizes, StoreError> {
    let page = engine.store.scan(Sizes::scan(table)).await?;
    Sizes::of(&page).map_err(|_| StoreError::corrupted(format!("a counter of table {} does not decode", table.name)))
}

/// Divides a partition of the table as it is now, if it still is as it was seen.
async fn divide(engine: &Engine, seen: &OpenTable, division: Division) -> Result<(), StoreError> {
    let Table { account, name, .. } = &seen.descriptor;
    let name = TableName { account: account.clone(), name: name.clone() };
    for _ in 0..ATTEMPTS_MAX {
        let Some(table) = super::read(engine, &name).await? else { return Ok(()) };
        if table.descriptor.number != seen.descriptor.number
            || table.descriptor.partitions != seen.descriptor.partitions
        {
            return Ok(());
        }
        let mut next = table.descriptor.clone();
        let mut batch = Batch::new();
        table.check(&mut batch);
        let sizes = sizes(engine, &next).await?;
        partitions::divide(&mut next, division, &sizes, engine.now_ms(), &mut batch)
            .and_then(|()| change::set(&mut batch, &next))
            .map_err(|_| super::undecodable(&name))?;
        match engine.store.commit(batch).await {
            Ok(_) => {
                tracing::info!(table = name.name, partitions = next.partitions.len(), "a partition was divided");
                return super::refresh(engine, &name).await;
            }
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { bytes: 1000, read_units: 3000.0, write_units: 1000.0, sustained: Duration::from_secs(60) };

    fn written(cells: &[(usize, f64)]) -> Vec<Units> {
        let mut rates = vec![Units::default(); heat::CELLS];
        cells.iter().for_each(|(cell, writes)| rates[*cell].writes = *writes);
        rates
    }

    #[test]
    fn load_is_divided_where_it_is_most_even() {
        let even = written(&(0..heat::CELLS).map(|cell| (cell, 10.0)).collect::<Vec<_>>());
        assert_eq!(fairest(0..heat::CELLS, &even, LIMITS), Some(heat::CELLS / 2));
        assert_eq!(fairest(10..20, &written(&[(10, 900.0), (11, 900.0)]), LIMITS), Some(11));
        assert_eq!(
            fairest(10..20, &written(&[(10, 100.0), (19, 900.0)]), LIMITS).map(|cell| (11..20).contains(&cell)),
            Some(true)
        );
    }

    #[test]
    fn the_heat_of_a_single_item_is_not_divided() {
        assert_eq!(fairest(0..heat::CELLS, &written(&[(7, 5000.0)]), LIMITS), None);
        assert_eq!(fairest(10..20, &written(&[(10, 5000.0), (19, 50.0)]), LIMITS), None);
        assert_eq!(fairest(10..11, &written(&[(10, 5000.0)]), LIMITS), None);
    }
}
