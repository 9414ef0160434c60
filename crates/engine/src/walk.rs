//! Walking over a whole range of the store, page by page: for jobs and checks, which need no one point of the order of commits.

use layout::Range;
use storage::{Direction, Page, Scan, Store, StoreError};

/// How much one read brings.
const PAGE_ENTRIES: usize = 1000;
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// A walk over a range.
pub struct Walk<'s> {
    store: &'s dyn Store,
    /// The scan of the next page.
    next: Option<Scan>,
}

impl<'s> Walk<'s> {
    /// A walk from the first key of a range on.
    pub fn new(store: &'s dyn Store, range: Range) -> Self {
        let Range { from, to } = range;
        let scan = Scan { from, to, direction: Direction::Forward, max_entries: PAGE_ENTRIES, max_bytes: PAGE_BYTES };
        Self { store, next: Some(scan) }
    }

    /// The next page, until there is none.
    pub async fn next(&mut self) -> Result<Option<Page>, StoreError> {
        let Some(scan) = self.next.take() else { return Ok(None) };
        let page = self.store.scan(scan.clone()).await?;
        self.next = scan.after(&page);
        Ok(Some(page))
    }
}
