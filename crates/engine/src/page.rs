//! The one loop that executes plans: reads pages of the store, evaluates entry by entry, and stops where DynamoDB stops.
//!
//! A page of an answer ends with the entry that reaches `Limit`, or with the one that carries what was read to 1 MB; that entry is still
//! part of it. Both count entries before the filter. A page that ended this way names its last entry, even if nothing follows it; one
//! that came to the end of the range does not.
//!
//! Entries are not copied: what is answered shares the buffer that the store read them into.

use crate::capacity::{Consumed, read_units};
use crate::checks::Wording;
use crate::context::Context;
use crate::error::corrupted;
use crate::plan::{Plan, Returned};
use crate::write;
use api::Error;
use layout::ItemRecord;
use model::limits::PAGE_SIZE_MAX;
use model::{EncodedItem, Item};
use storage::{Page, Scan};

/// How many entries are read at once where the item of each is then read from the table: together they may be large.
const FETCHED_AT_ONCE: usize = 32;

/// What one page of a plan came to.
#[derive(Debug)]
pub struct Answer {
    /// What is answered of the items that passed the filter; nothing where only their number was asked for.
    pub items: Vec<EncodedItem>,
    /// How many items passed the filter.
    pub count: usize,
    /// How many items were evaluated.
    pub scanned_count: usize,
    /// The size of what was read, in DynamoDB's arithmetic.
    pub read_size: usize,
    /// The place of the last entry, where the page stopped before the end of the range.
    pub last_evaluated_key: Option<Item<'static>>,
    /// The units used.
    pub consumed: Consumed,
}

/// Where a page stands.
struct Progress<'p> {
    plan: &'p Plan<'p>,
    items: Vec<EncodedItem>,
    count: usize,
    scanned_count: usize,
    /// The size of all entries evaluated, in DynamoDB's arithmetic.
    entries_size: usize,
    /// The size of what was read, which the 1 MB are counted on: entries, or the items fetched for them.
    read_size: usize,
    /// The units for items fetched from the table. Each is a read of its own (captures of August 2026).
    fetched_units: f64,
}

impl Plan<'_> {
    /// Reads one page.
    pub async fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let mut progress = Progress::new(self);
        let mut next = Some(Scan {
            from: self.range.from.clone(),
            to: self.range.to.clone(),
            direction: self.direction,
            max_entries: 0,
            max_bytes: 0,
        });
        while let Some(mut scan) = next {
            scan.max_entries = progress.entries_wanted();
            scan.max_bytes = progress.bytes_wanted();
            let page = context.scan(scan.clone()).await?;
            let last =
                if self.fetches { progress.take_fetched(context, &page).await? } else { progress.take(&page)? };
            if let Some(last) = last {
                return Ok(progress.finish(Some(last)));
            }
            next = scan.after(&page);
        }
        Ok(progress.finish(None))
    }
}

impl<'p> Progress<'p> {
    fn new(plan: &'p Plan<'p>) -> Self {
        Self { plan, items: Vec::new(), count: 0, scanned_count: 0, entries_size: 0, read_size: 0, fetched_units: 0.0 }
    }

    /// How many entries the store should read next.
    fn entries_wanted(&self) -> usize {
        let left = self.plan.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.scanned_count));
        if self.plan.fetches { left.min(FETCHED_AT_ONCE) } else { left }
    }

    /// How many bytes the store should read next. An entry is stored in somewhat more bytes than its size counts, its key among them.
    fn bytes_wanted(&self) -> usize {
        let left = PAGE_SIZE_MAX.saturating_sub(self.read_size);
        left + left / 4
    }

    /// Whether the entry that was evaluated last ends the page.
    fn is_full(&self) -> bool {
        self.plan.limit.is_some_and(|limit| self.scanned_count >= limit) || self.read_size >= PAGE_SIZE_MAX
    }

    /// Evaluates entries as they are stored. Returns the place of the one that ended the page, if one did.
    fn take(&mut self, page: &Page) -> Result<Option<Item<'static>>, Error> {
        if self.plan.filter.is_none() && !matches!(self.plan.returned, Returned::Count) {
            self.items.reserve(page.len());
        }
        for entry in page.iter() {
            let record = write::decode(entry.key, &entry.versioned())?;
            if let Some(last) = self.evaluate(&record, &record)? {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }

    /// Evaluates the items that index entries stand for, read from the table.
    async fn take_fetched(&mut self, context: &Context<'_>, page: &Page) -> Result<Option<Item<'static>>, Error> {
        let mut entries = Vec::with_capacity(page.len());
        let mut keys = Vec::with_capacity(page.len());
        for entry in page.iter() {
            let record = write::decode(entry.key, &entry.versioned())?;
            let key = self.plan.target.item_key_of(record.item.view()).ok_or_else(|| corrupted(entry.key))?;
            entries.push(record);
            keys.push(key.bytes);
        }
        let items = context.get_many(&keys).await?;
        for ((entry, key), item) in entries.iter().zip(&keys).zip(items) {
            // An item that was deleted since its entry was read is not there any more.
            let Some(item) = item else { continue };
            let item = write::decode(key, &item)?;
            self.fetched_units += read_units(item.size, self.plan.consistency);
            if let Some(last) = self.evaluate(entry, &item)? {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }

    /// Evaluates one item. Returns the place of its entry if that ends the page.
    fn evaluate(&mut self, entry: &ItemRecord, item: &ItemRecord) -> Result<Option<Item<'static>>, Error> {
        self.entries_size += entry.size;
        self.read_size += item.size;
        self.scanned_count += 1;
        let passes = match &self.plan.filter {
            Some(filter) => filter.holds(Some(item.item.view())).map_err(|problem| Wording::Bare.refuse(problem))?,
            None => true,
        };
        if passes {
            self.count += 1;
            match &self.plan.returned {
                Returned::Count => (),
                Returned::Whole => self.items.push(item.item.clone()),
                Returned::Attributes(projection) => self.items.push(projection.project(item.item.view())),
            }
        }
        Ok(self.is_full().then(|| self.plan.target.place_of(entry.item.view())))
    }

    fn finish(self, last_evaluated_key: Option<Item<'static>>) -> Answer {
        let units = read_units(self.entries_size, self.plan.consistency);
        let consumed = match self.plan.target.index {
            None => Consumed::table(units),
            Some(index) => {
                let mut consumed = Consumed::table(self.fetched_units);
                consumed.add_index(&index.name, index.kind, units);
                consumed
            }
        };
        let Self { items, count, scanned_count, read_size, .. } = self;
        Answer { items, count, scanned_count, read_size, last_evaluated_key, consumed }
    }
}
