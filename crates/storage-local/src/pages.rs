//! Pages of short ranges that were read lately. A range costs RocksDB a search in each memory table, each file of level 0 and each level;
//! applications ask for the same partitions again and again.
//!
//! A page is kept with the version that was visible before it was read, and is good as long as no later commit has written its neighbourhood:
//! the keys that begin as all keys of its range do. That is asked when the page is read (`recent`), so commits touch nothing here but
//! the table in which they note what they write, before it is visible.
//!
//! What must hold: whoever reads a page here would have read the same from RocksDB, at the moment when it was found untouched.

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use storage::{Page, Scan, Version};

use crate::recent::hash;

/// Keys that agree in so many bytes are neighbours. Any number would do; the keys of a partition agree in as many, and with those of other
/// partitions in fewer (layout: the space, the table, the hash of the partition key).
const NEIGHBOURHOOD_BYTES: usize = 13;

/// Larger pages stay out: they would push out many small ones, and copying them costs more than finding them.
const PAGE_BYTES_MAX: usize = 32 * 1024;

/// What an entry takes beside its keys, values and the bounds of its range.
const ENTRY_BYTES: usize = 512;

/// How large a page is expected to be; from it follows for how many there is room.
const EXPECTED_BYTES: usize = 8 * 1024;

/// The hash of a key's neighbourhood.
pub fn neighbourhood(key: &[u8]) -> u64 {
    hash(&key[..key.len().min(NEIGHBOURHOOD_BYTES)])
}

/// The hash of the one neighbourhood that a range is in, if it is in one.
fn neighbourhood_of_range(scan: &Scan) -> Option<u64> {
    let begin = scan.from.get(..NEIGHBOURHOOD_BYTES)?;
    (scan.to.get(..NEIGHBOURHOOD_BYTES)? == begin).then(|| hash(begin))
}

/// The pages that were read lately.
pub struct Pages {
    pages: Cache<Scan, Kept, Weight>,
}

#[derive(Clone)]
struct Kept {
    /// The page holds all commits up to this one.
    as_of: Version,
    page: Page,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Scan, Kept> for Weight {
    fn weight(&self, scan: &Scan, kept: &Kept) -> u64 {
        (ENTRY_BYTES + scan.from.len() + scan.to.len() + kept.page.bytes()) as u64
    }
}

impl Pages {
    /// A cache that takes about so many bytes when it is full.
    pub fn new(bytes_max: usize) -> Self {
        Self { pages: Cache::with_weighter(bytes_max / EXPECTED_BYTES, bytes_max as u64, Weight) }
    }

    /// The page of a range: from here, if it is known to be what `read` would find, which reads it otherwise. `visible` is the newest
    /// commit that every read sees, `is_untouched_since` knows of the writes of neighbourhoods.
    pub fn get_or_read<E>(
        &self,
        scan: &Scan,
        visible: Version,
        is_untouched_since: impl Fn(Version, u64) -> bool,
        read: impl FnOnce() -> Result<Page, E>,
    ) -> Result<Page, E> {
        let Some(neighbourhood) = neighbourhood_of_range(scan) else { return read() };
        if let Some(kept) = self.pages.get(scan)
            && is_untouched_since(kept.as_of, neighbourhood)
        {
            return Ok(kept.page);
        }
        let page = read()?;
        if page.bytes() <= PAGE_BYTES_MAX && is_untouched_since(visible, neighbourhood) {
            self.pages.insert(scan.clone(), Kept { as_of: visible, page: page.compact() });
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use storage::{Direction, PageBuilder};

    fn scan(from: &'static str, to: &'static str) -> Scan {
        Scan {
            from: from.into(),
            to: to.into(),
            direction: Direction::Forward,
            max_entries: usize::MAX,
            max_bytes: usize::MAX,
        }
    }

    fn page(scan: &Scan, bytes: usize) -> Page {
        let mut page = PageBuilder::new(scan);
        let _ = page.push(&scan.from, 1, &vec![7; bytes]);
        page.finish()
    }

    #[test]
    fn a_page_is_read_again_when_its_neighbourhood_was_written() {
        let pages = Pages::new(1 << 20);
        let scan = scan("neighbourhood-a", "neighbourhood-b");
        let (reads, written) = (Cell::new(0), Cell::new(5));
        let get = |scan: &Scan, visible, bytes| {
            let read = || {
                reads.set(reads.get() + 1);
                Ok::<_, ()>(page(scan, bytes))
            };
            let is_untouched = |version, of| {
                assert_eq!(of, neighbourhood(b"neighbourhood-x"));
                written.get() <= version
            };
            let found = pages.get_or_read(scan, visible, is_untouched, read).unwrap();
            assert_eq!(found.last().unwrap().value.len(), bytes);
            reads.get()
        };
        assert_eq!([get(&scan, 4, 100), get(&scan, 4, 100)], [1, 2], "what is not known to be untouched is not kept");
        assert_eq!([get(&scan, 5, 100), get(&scan, 6, 100)], [3, 3]);
        written.set(7);
        assert_eq!([get(&scan, 7, 200), get(&scan, 8, 200)], [4, 4]);
        assert_eq!(get(&Scan { max_entries: 3, ..scan.clone() }, 8, 200), 5, "another scan");
        let large = Scan { max_entries: 4, ..scan };
        assert_eq!([get(&large, 8, 40_000), get(&large, 8, 40_000)], [6, 7]);
    }

    #[test]
    fn only_ranges_within_a_neighbourhood_are_kept() {
        let pages = Pages::new(1 << 20);
        for scan in [scan("a", "b"), scan("neighbourhood-a", "neighbourhooe"), scan("neighbourhood-a", "neighbour")] {
            for _ in 0..2 {
                let read = || Ok::<_, ()>(page(&scan, 10));
                pages.get_or_read(&scan, 1, |_, _| panic!("this is not asked"), read).unwrap();
            }
        }
    }

    #[test]
    fn the_room_is_bounded() {
        let pages = Pages::new(1 << 20);
        for number in 0..1000 {
            let from = format!("neighbourhood-{number}");
            let scan = Scan { from: from.into(), ..scan("", "neighbourhood-b") };
            pages.get_or_read(&scan, 1, |_, _| true, || Ok::<_, ()>(page(&scan, 10_000))).unwrap();
        }
        assert!(pages.pages.weight() <= 1 << 20 && 50 < pages.pages.len(), "{}", pages.pages.len());
    }
}
