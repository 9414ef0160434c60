//! Heat: how much is asked of which part of a table, counted in memory and forgotten with the process.
//!
//! The range of the hash is cut into cells of equal width. A request adds its units to the cell of its item's hash, with one addition that
//! waits for nobody; whoever watches reads the cells once a second and compares. So the cost to a request does not depend on how many
//! partitions there are, and a partition can be divided between any two of its cells.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many cells a table has.
pub const CELLS: usize = 256;

/// How far a hash is shifted to give its cell.
const SHIFT: u32 = u64::BITS - CELLS.ilog2();

/// The cell that a hash belongs to.
pub fn cell_of(hash: u64) -> usize {
    (hash >> SHIFT) as usize
}

/// The lowest hash of a cell.
pub fn first_hash(cell: usize) -> u64 {
    (cell as u64) << SHIFT
}

/// What was asked of a table since it was opened, in half units: an eventually consistent read of a small item is half a read unit.
#[derive(Debug, Default)]
pub struct Heat {
    /// Made with the first request: most tables of a large server are idle.
    cells: OnceLock<Box<[Cell; CELLS]>>,
}

#[derive(Debug, Default)]
struct Cell {
    reads: AtomicU64,
    writes: AtomicU64,
}

/// What was asked of a part of a table, in units.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Units {
    /// Read units.
    pub reads: f64,
    /// Write units.
    pub writes: f64,
}

impl Heat {
    /// Counts read units.
    pub fn read(&self, hash: u64, units: f64) {
        self.cell(hash).reads.fetch_add((units * 2.0) as u64, Ordering::Relaxed);
    }

    /// Counts write units.
    pub fn write(&self, hash: u64, units: f64) {
        self.cell(hash).writes.fetch_add((units * 2.0) as u64, Ordering::Relaxed);
    }

    fn cell(&self, hash: u64) -> &Cell {
        let cells = self.cells.get_or_init(|| Box::new(std::array::from_fn(|_| Cell::default())));
        &cells[cell_of(hash)]
    }

    /// What was asked of every cell so far; `None` where nothing was.
    pub fn totals(&self) -> Option<Vec<Units>> {
        let half = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / 2.0;
        let cells = self.cells.get()?;
        Some(cells.iter().map(|cell| Units { reads: half(&cell.reads), writes: half(&cell.writes) }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_counted_where_they_were_asked_for() {
        let heat = Heat::default();
        assert_eq!(heat.totals(), None);
        heat.read(0, 0.5);
        heat.write(u64::MAX, 3.0);
        heat.write(first_hash(CELLS - 1), 1.0);
        let totals = heat.totals().unwrap_or_default();
        assert_eq!(totals.len(), CELLS);
        assert_eq!(totals[0], Units { reads: 0.5, writes: 0.0 });
        assert_eq!(totals[CELLS - 1], Units { reads: 0.0, writes: 4.0 });
        assert_eq!(totals[1..CELLS - 1], [Units::default(); CELLS - 2]);
    }
}
