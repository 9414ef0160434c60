//! Streams and shards as they are stored.

use crate::context::Context;
use crate::error::corrupted;
use api::Error;
use layout::keys::{self, Range, ShardEvent};
use layout::record::{self, Descriptor};
use model::partition::OpenShard;
use model::stream::{ShardClosing, ShardOpening, Stream, StreamRecord};
use std::collections::BTreeMap;
use storage::{Direction, Page, Scan, Version, Versioned};

/// How many entries one read brings.
const PAGE_ENTRIES: usize = 500;

/// A shard as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Its number and the moment of its opening.
    pub shard: OpenShard,
    /// The id of the shard that it continues, if it does.
    pub parent: Option<String>,
    /// The commit that opened it: all its records are of later ones.
    pub opened: Version,
    /// The commit that closed it, and when: all its records are of earlier ones.
    pub closed: Option<(Version, i64)>,
}

impl Shard {
    fn of(number: u32, opened: Version, opening: ShardOpening) -> Self {
        let shard = OpenShard { number, opened_ms: opening.opened_ms };
        Self { shard, parent: opening.parent, opened, closed: None }
    }
}

/// Reads a stream by its table's account and name and its label.
pub async fn stream(
    context: &Context<'_>,
    account: &str,
    table: &str,
    label: &str,
) -> Result<Option<StreamRecord>, Error> {
    let key = keys::stream(account, table, label);
    let found = context.get(&key).await?;
    found.map(|found| decode(&key, &found.value)).transpose()
}

/// A moment at which a stream of a new table of this name can be enabled: now, unless a stream of an earlier table of the name was enabled
/// in this very millisecond.
pub async fn moment_of_next(context: &Context<'_>, account: &str, table: &str) -> Result<i64, Error> {
    let range = Range::prefixed(keys::streams_of(account, table));
    let newest = Scan { direction: Direction::Backward, max_entries: 1, ..scan(range) };
    let page = context.scan(newest).await?;
    let now_ms = context.engine.now_ms();
    let Some(entry) = page.last() else { return Ok(now_ms) };
    let newest: StreamRecord = decode(entry.key, entry.value)?;
    Ok(now_ms.max(newest.stream.created_ms + 1))
}

/// Reads a shard of a stream, by number; `None` where there is no such shard, or not any more.
pub async fn shard(context: &Context<'_>, stream: &StreamRecord, number: u32) -> Result<Option<Shard>, Error> {
    if number < stream.stream.first_shard {
        return Ok(None);
    }
    let keys = [ShardEvent::Opened, ShardEvent::Closed].map(|event| keys::shard(stream.table_number, number, event));
    let read = context.get_many(&keys).await?;
    let [Some(opening), closing] = <[Option<Versioned>; 2]>::try_from(read).unwrap_or_default() else {
        return Ok(None);
    };
    let mut shard = Shard::of(number, opening.version, decode(&keys[0], &opening.value)?);
    if let Some(closing) = closing {
        let ShardClosing { closed_ms } = decode(&keys[1], &closing.value)?;
        shard.closed = Some((closing.version, closed_ms));
    }
    Ok(Some(shard).filter(|shard| is_of(stream, shard)))
}

/// Reads all shards of a stream, in the order of their numbers.
pub async fn shards(context: &Context<'_>, stream: &StreamRecord) -> Result<Vec<Shard>, Error> {
    let mut shards = Shards::default();
    let mut next = Some(scan(Shards::range(stream)));
    while let Some(scan) = next {
        let page = context.scan(scan.clone()).await?;
        shards.take(&page)?;
        next = scan.after(&page);
    }
    Ok(shards.of(stream))
}

/// The shards of a table, put together from their openings and closings.
#[derive(Default)]
pub struct Shards(BTreeMap<u32, Shard>);

impl Shards {
    /// Where a stream's shards are stored. If the stream was on when it was read, those of later streams of its table may be there too.
    pub fn range(stream: &StreamRecord) -> Range {
        let Stream { first_shard, last_shard, .. } = stream.stream;
        keys::shards(stream.table_number, first_shard, last_shard)
    }

    /// Takes in a page of the scan.
    pub fn take(&mut self, page: &Page) -> Result<(), Error> {
        for entry in page.iter() {
            match keys::parse_shard(entry.key).ok_or_else(|| corrupted(entry.key))? {
                (number, ShardEvent::Opened) => {
                    self.0.insert(number, Shard::of(number, entry.version, decode(entry.key, entry.value)?));
                }
                (number, ShardEvent::Closed) => {
                    let ShardClosing { closed_ms } = decode(entry.key, entry.value)?;
                    // Without an opening it was removed between two pages.
                    if let Some(shard) = self.0.get_mut(&number) {
                        shard.closed = Some((entry.version, closed_ms));
                    }
                }
            }
        }
        Ok(())
    }

    /// Those of a stream.
    pub fn of(self, stream: &StreamRecord) -> Vec<Shard> {
        self.0.into_values().filter(|shard| is_of(stream, shard)).collect()
    }
}

/// Whether a shard behind a stream's first one is the stream's and not a later one's.
fn is_of(stream: &StreamRecord, shard: &Shard) -> bool {
    stream.stream.last_shard.is_none_or(|last| shard.shard.number <= last)
}

/// Decodes a stored descriptor.
pub fn decode<T: Descriptor>(key: &[u8], value: &[u8]) -> Result<T, Error> {
    record::decode(value).map_err(|_| corrupted(key))
}

/// A scan of a whole range, page by page.
pub fn scan(range: Range) -> Scan {
    let Range { from, to } = range;
    Scan { from, to, direction: Direction::Forward, max_entries: PAGE_ENTRIES, max_bytes: usize::MAX }
}
