//! What a scan asks for and the page it answers.
//!
//! A page keeps all its keys and values in one buffer: one allocation for a page of any length, and a value can be
//! handed on as a slice that shares the buffer.

use bytes::{Bytes, BytesMut};

use crate::{Version, Versioned};

/// In which order a scan walks its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the lowest key up.
    Forward,
    /// From the highest key down.
    Backward,
}

/// One page of a range of keys. An empty or reversed range is an empty page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    /// The first key of the range.
    pub from: Bytes,
    /// The first key after the range.
    pub to: Bytes,
    /// At which end the page begins.
    pub direction: Direction,
    /// The most entries of a page. 0 only asks whether the range holds anything.
    pub max_entries: usize,
    /// The most bytes, keys and values together, of a page. The first entry is answered whatever its size, so that a
    /// scan always gets on.
    pub max_bytes: usize,
}

impl Scan {
    /// The same scan continued behind the last entry of its page, or `None` when the page says that nothing is left.
    /// The next page is read at a newer point of the commit order.
    #[must_use]
    pub fn after(mut self, page: &Page) -> Option<Self> {
        if !page.more() {
            return None;
        }
        if let Some(last) = page.last() {
            match self.direction {
                Direction::Forward => self.from = successor(last.key),
                Direction::Backward => self.to = Bytes::copy_from_slice(last.key),
            }
        }
        Some(self)
    }
}

/// The next key in the order of bytes: nothing lies between a key and its successor.
#[must_use]
pub fn successor(key: &[u8]) -> Bytes {
    let mut next = BytesMut::with_capacity(key.len().saturating_add(1));
    next.extend_from_slice(key);
    next.extend_from_slice(&[0]);
    next.freeze()
}

/// Entries of a range in the scan's direction, as of one point of the commit order.
#[derive(Clone, Debug)]
pub struct Page {
    /// Key, value, key, value... of all entries.
    buffer: Bytes,
    /// Where each entry lies in the buffer.
    spans: Vec<Span>,
    /// Whether the range holds a further entry in the scan's direction.
    more: bool,
    /// Whether every value is known to be sound.
    is_sound: bool,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    key_end: usize,
    value_end: usize,
    version: Version,
}

/// One entry of a page.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The commit that last wrote the key.
    pub version: Version,
    /// The value.
    pub value: &'a [u8],
    page: &'a Page,
}

impl Entry<'_> {
    /// The value as a slice that keeps the page's buffer alive instead of copying.
    #[must_use]
    pub fn value_bytes(&self) -> Bytes {
        self.page.buffer.slice_ref(self.value)
    }

    /// The value as a point read would answer it, with a slice that keeps the page's buffer alive.
    #[must_use]
    pub fn versioned(&self) -> Versioned {
        Versioned { version: self.version, value: self.value_bytes(), is_sound: self.page.is_sound }
    }

    /// The key as a slice that keeps the page's buffer alive instead of copying.
    #[must_use]
    pub fn key_bytes(&self) -> Bytes {
        self.page.buffer.slice_ref(self.key)
    }
}

impl Page {
    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether the page has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether the range held a further entry, at the same point of the commit order, behind the last one of the page.
    #[must_use]
    pub fn more(&self) -> bool {
        self.more
    }

    /// The entries in the scan's direction.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Entry<'_>> + ExactSizeIterator {
        self.spans.iter().map(|span| self.entry(span))
    }

    /// The last entry in the scan's direction.
    #[must_use]
    pub fn last(&self) -> Option<Entry<'_>> {
        self.spans.last().map(|span| self.entry(span))
    }

    /// The bytes of all keys and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// The same page in no more memory than it needs, to be kept.
    #[must_use]
    pub fn compact(&self) -> Self {
        let buffer = Bytes::copy_from_slice(&self.buffer);
        Self { buffer, spans: self.spans.clone(), more: self.more, is_sound: self.is_sound }
    }

    /// The same page, with every value known to be [sound](crate::Soundness).
    #[must_use]
    pub fn sound(self) -> Self {
        Self { is_sound: true, ..self }
    }

    fn entry(&self, span: &Span) -> Entry<'_> {
        Entry {
            key: &self.buffer[span.start..span.key_end],
            version: span.version,
            value: &self.buffer[span.key_end..span.value_end],
            page: self,
        }
    }
}

/// For how many entries a page reserves its buffer at once.
const EXPECTED_ENTRIES_MAX: usize = 16;

/// The most that a page reserves at once for entries that may never come.
const RESERVED_BYTES_MAX: usize = 64 * 1024;

/// Room for an ordinary page: a few items of a partition. Longer ones grow by doubling.
const FIRST_PAGE_BYTES: usize = 8 * 1024;
const FIRST_PAGE_ENTRIES: usize = 16;

/// Fills a page within the limits of its scan; every store builds its pages with this.
#[derive(Debug)]
pub struct PageBuilder {
    buffer: BytesMut,
    spans: Vec<Span>,
    max_entries: usize,
    max_bytes: usize,
}

/// Whether an entry found its place in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is in the page.
    Added,
    /// The page was full: there is more.
    Full,
}

impl PageBuilder {
    /// An empty page with the limits of the scan.
    #[must_use]
    pub fn new(scan: &Scan) -> Self {
        Self {
            buffer: BytesMut::with_capacity(scan.max_bytes.min(FIRST_PAGE_BYTES)),
            spans: Vec::with_capacity(scan.max_entries.min(FIRST_PAGE_ENTRIES)),
            max_entries: scan.max_entries,
            max_bytes: scan.max_bytes,
        }
    }

    /// Copies the entry into the page unless the page is full.
    pub fn push(&mut self, key: &[u8], version: Version, value: &[u8]) -> Pushed {
        let start = self.buffer.len();
        let key_end = start.saturating_add(key.len());
        let value_end = key_end.saturating_add(value.len());
        let too_many = self.max_entries <= self.spans.len();
        let too_large = !self.spans.is_empty() && self.max_bytes < value_end;
        if too_many || too_large {
            return Pushed::Full;
        }
        if self.spans.is_empty() {
            self.reserve_for_entries_of(value_end);
        }
        self.buffer.extend_from_slice(key);
        self.buffer.extend_from_slice(value);
        self.spans.push(Span { start, key_end, value_end, version });
        Pushed::Added
    }

    /// Reserves the buffer for a short page of entries as large as the first one, so that filling it moves nothing. A
    /// longer page grows by doubling: most scans end before their limits.
    fn reserve_for_entries_of(&mut self, bytes: usize) {
        let expected = self.max_entries.min(EXPECTED_ENTRIES_MAX);
        let reserved = bytes.saturating_mul(expected).min(self.max_bytes).min(RESERVED_BYTES_MAX);
        self.buffer.reserve(reserved.max(bytes));
        self.spans.reserve(expected);
    }

    /// The page as filled so far, with nothing left in the range.
    #[must_use]
    pub fn finish(self) -> Page {
        self.build(false)
    }

    /// The page as filled so far, with more entries left in the range.
    #[must_use]
    pub fn finish_with_more(self) -> Page {
        self.build(true)
    }

    fn build(self, more: bool) -> Page {
        Page { buffer: self.buffer.freeze(), spans: self.spans, more, is_sound: false }
    }
}
