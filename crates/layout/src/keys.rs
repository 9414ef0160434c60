//! The keys of everything that is stored.
//!
//! ```text
//! 00 ...                                                      reserved for the store itself
//! 01 account 00 name                                          a table's descriptor
//! 02 name                                                     counters of the server, such as the next table number
//! 03 window:u32 operation:u8 account 00 token                              a transaction that was carried out
//! 04 account 00 table-name 00 label                                        a stream
//! 05 table:u32                                                             a table whose items expire: the key of its descriptor
//! 06 name                                                     work that one of several servers does
//! 07 table:u32                                                             the document of the table's policy
//! 07 table:u32 label                                                       the document of a stream's policy
//! 08 kind:u8 ...                                              principals, their credentials and policies; see `principals`
//! 10 table:u32 hash:u64 partition-key sort-key                an item
//! 11 table:u32 index:u16 hash:u64 partition-key... sort-key... table-partition-key table-sort-key    an index entry
//! 20 table:u32 index:u16 kind:u8                              a counter of an index
//! 20 table:u32 00 00 kind:u8 partition:u32                    a counter of a partition of the table; partition 0 is not written
//! 21 table:u32 hash:u64 partition-key                         the size of an item collection
//! 22 table:u32 seconds:u64 hash:u64 partition-key sort-key    an item that expires then, seconds since 1970
//! 30 table:u32 shard:u32 version:u64 ordinal:u32              a change of an item, in the order of commits
//! 31 table:u32 shard:u32 event:u8                             the opening (0) or closing (1) of a shard
//! ```
//!
//! Integers are big-endian. The hash is XXH3-64 of the partition key's code, so partitions and scan segments are ranges of the hash.

use crate::code::{self, KeyValue};
use bytes::Bytes;
use model::ScalarType;

/// The first byte of a key: what is stored under it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Space {
    /// Table descriptors.
    Catalog = 0x01,
    /// Counters of the server.
    Server = 0x02,
    /// Tokens of transactions that were carried out.
    Token = 0x03,
    /// Streams, also of tables that are gone.
    Stream = 0x04,
    /// Tables whose items expire.
    Expiring = 0x05,
    /// Work that one of several servers does.
    Lease = 0x06,
    /// Policies of tables, and of streams, also of tables that are gone.
    Policy = 0x07,
    /// Accounts, principals, credentials and policies.
    Principal = 0x08,
    /// Items.
    Item = 0x10,
    /// Entries of secondary indexes.
    IndexEntry = 0x11,
    /// Counts and sizes of tables and indexes.
    Counter = 0x20,
    /// Sizes of item collections, of tables with local indexes.
    Collection = 0x21,
    /// Items in the order of their expiry.
    Expiry = 0x22,
    /// Records of changes, also of tables that are gone.
    Change = 0x30,
    /// Shards of the change log, also of tables that are gone.
    Shard = 0x31,
}

impl Space {
    /// The spaces that hold what belongs to a table and goes with it. Their keys begin with the table's number, so that deleting a
    /// table deletes one range of each. Shards and their records stay until they are over.
    pub const OF_TABLES: [Self; 6] =
        [Self::Expiring, Self::Item, Self::IndexEntry, Self::Counter, Self::Collection, Self::Expiry];
}

/// What a counter counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Counted {
    /// Items of a table, entries of an index.
    Count = 0,
    /// Their bytes, in DynamoDB's arithmetic.
    Size = 1,
}

/// The index number under which the counters of a table's partitions are kept.
pub const TABLE_ITSELF: u16 = 0;

/// What becomes of a shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ShardEvent {
    /// It takes records from here on.
    Opened = 0,
    /// It takes no record any more.
    Closed = 1,
}

/// Keys from one (included) to another (excluded).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Range {
    /// The first key.
    pub from: Bytes,
    /// The key behind the last.
    pub to: Bytes,
}

impl Range {
    /// All keys that begin with these bytes.
    pub fn prefixed(prefix: Vec<u8>) -> Self {
        let to = successor(&prefix);
        Self { from: prefix.into(), to: to.into() }
    }
}

/// The first key behind all keys that begin with these bytes.
pub fn successor(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end;
        }
    }
    // Every space is below ff, so only the empty prefix comes here.
    vec![0xff]
}

/// The key of a table's descriptor.
pub fn table(account: &str, name: &str) -> Bytes {
    let mut key = tables_of(account);
    key.extend_from_slice(name.as_bytes());
    key.into()
}

/// What the keys of all descriptors of an account begin with.
pub fn tables_of(account: &str) -> Vec<u8> {
    let mut key = vec![Space::Catalog as u8];
    key.extend_from_slice(account.as_bytes());
    key.push(0);
    key
}

/// All descriptors of all accounts.
pub fn all_tables() -> Range {
    Range::prefixed(vec![Space::Catalog as u8])
}

/// The counter that gives the next table its number.
pub fn next_table_number() -> Bytes {
    let mut key = vec![Space::Server as u8];
    key.extend_from_slice(b"next-table");
    key.into()
}

/// The operation that a token was sent to: each has tokens of its own (measured on AWS by dynoxide's authors, 2026).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Tokened {
    /// TransactWriteItems.
    TransactWriteItems = 1,
    /// ExecuteTransaction.
    ExecuteTransaction = 2,
}

/// The token of a transaction that was carried out in a window of time; see [`crate::token`].
pub fn token(window: u32, operation: Tokened, account: &str, token: &str) -> Bytes {
    let mut key = tokens_of(window);
    key.push(operation as u8);
    key.extend_from_slice(account.as_bytes());
    key.push(0);
    key.extend_from_slice(token.as_bytes());
    key.into()
}

/// All tokens of all windows before one.
pub fn tokens_before(window: u32) -> Range {
    Range { from: vec![Space::Token as u8].into(), to: tokens_of(window).into() }
}

/// All tokens.
pub fn all_tokens() -> Range {
    Range::prefixed(vec![Space::Token as u8])
}

fn tokens_of(window: u32) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.push(Space::Token as u8);
    key.extend_from_slice(&window.to_be_bytes());
    key
}

/// All that is stored for a table in one space.
pub fn of_table(space: Space, table: u32) -> Range {
    Range::prefixed(in_table(space, table))
}

/// All entries of an index.
pub fn of_index(table: u32, index: u16) -> Range {
    Range::prefixed(index_prefix(table, index))
}

/// A counter of an index.
pub fn counter(table: u32, index: u16, counted: Counted) -> Bytes {
    counter_key(table, index, counted).into()
}

/// A counter of a partition of the table.
pub fn partition_counter(table: u32, partition: u32, counted: Counted) -> Bytes {
    let mut key = counter_key(table, TABLE_ITSELF, counted);
    // Most tables have one partition: its counters are as short as those of an index.
    if partition != 0 {
        key.extend_from_slice(&partition.to_be_bytes());
    }
    key.into()
}

/// What the key of a partition's counter counts, and the partition's number; `None` for any other key.
pub fn parse_partition_counter(key: &[u8]) -> Option<(Counted, u32)> {
    let ([0, 0, kind], partition) = key.get(TABLE_PREFIX_LENGTH..)?.split_first_chunk()? else { return None };
    let counted = match kind {
        0 => Counted::Count,
        1 => Counted::Size,
        _ => return None,
    };
    let partition = if partition.is_empty() { 0 } else { u32::from_be_bytes(partition.try_into().ok()?) };
    Some((counted, partition))
}

fn counter_key(table: u32, index: u16, counted: Counted) -> Vec<u8> {
    let mut key = in_table(Space::Counter, table);
    key.extend_from_slice(&index.to_be_bytes());
    key.push(counted as u8);
    key
}

/// The counters of an index, or with [`TABLE_ITSELF`] those of all partitions of the table.
pub fn counters_of_index(table: u32, index: u16) -> Range {
    let mut key = in_table(Space::Counter, table);
    key.extend_from_slice(&index.to_be_bytes());
    Range::prefixed(key)
}

/// How long the part of a key is that names its space and its table.
const TABLE_PREFIX_LENGTH: usize = 5;

fn in_table(space: Space, table: u32) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.push(space as u8);
    key.extend_from_slice(&table.to_be_bytes());
    key
}

fn index_prefix(table: u32, index: u16) -> Vec<u8> {
    let mut key = in_table(Space::IndexEntry, table);
    key.extend_from_slice(&index.to_be_bytes());
    key
}

/// Where items or entries are stored: a table, or one of its indexes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The items of a table.
    Table(u32),
    /// The entries of an index: the table's number, the index's number.
    Index(u32, u16),
}

impl Source {
    fn prefix(self) -> Vec<u8> {
        match self {
            Self::Table(table) => in_table(Space::Item, table),
            Self::Index(table, index) => index_prefix(table, index),
        }
    }

    /// All items or entries.
    pub fn all(self) -> Range {
        Range::prefixed(self.prefix())
    }

    /// The part of all items or entries that one of `segments` equal ranges of the hash holds.
    pub fn segment(self, segment: u32, segments: u32) -> Range {
        let bound = |segment: u32| {
            let mut key = self.prefix();
            if segment == segments {
                return successor(&key);
            }
            let hash = (u128::from(segment) << 64) / u128::from(segments.max(1));
            key.extend_from_slice(&(hash as u64).to_be_bytes());
            key
        };
        Range { from: bound(segment).into(), to: bound(segment + 1).into() }
    }

    /// What the keys of a partition begin with: source, hash, partition key.
    pub fn partition<'a>(self, values: impl IntoIterator<Item = KeyValue<'a>>) -> Vec<u8> {
        let mut key = self.prefix();
        let hash_at = key.len();
        key.extend_from_slice(&[0; 8]);
        values.into_iter().for_each(|value| value.write(&mut key));
        let hash = partition_hash(&key[hash_at + 8..]);
        key[hash_at..hash_at + 8].copy_from_slice(&hash.to_be_bytes());
        key
    }
}

/// The hash of a partition key's code.
fn partition_hash(code: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(code)
}

/// The key of the counter of an item collection's size, from the key of any of its items' partition as [`Source::partition`] gives it.
pub fn collection(table: u32, partition: &[u8]) -> Bytes {
    let mut key = in_table(Space::Collection, table);
    // Behind the space and the table's number, which both keys have, the two are the same.
    key.extend_from_slice(partition.get(key.len()..).unwrap_or_default());
    key.into()
}

/// The hash of the partition key of an item, from the item's key.
pub fn hash_of_item(key: &[u8]) -> u64 {
    let hash = key.get(TABLE_PREFIX_LENGTH..).and_then(<[u8]>::first_chunk);
    hash.map_or(0, |hash| u64::from_be_bytes(*hash))
}

/// How much of an item's key, from the start, all items of the same partition key share, by the type of the partition key.
pub fn partition_length(item_key: &[u8], kind: ScalarType) -> Option<usize> {
    let values_at = TABLE_PREFIX_LENGTH + size_of::<u64>();
    Some(values_at + code::length(kind, item_key.get(values_at..)?)?)
}

/// A stream, by its table's account and name and its label.
pub fn stream(account: &str, table: &str, label: &str) -> Bytes {
    let mut key = streams_of(account, table);
    key.extend_from_slice(label.as_bytes());
    key.into()
}

/// What the keys of all streams of all tables of a name begin with.
pub fn streams_of(account: &str, table: &str) -> Vec<u8> {
    let mut key = streams_of_account(account);
    key.extend_from_slice(table.as_bytes());
    key.push(0);
    key
}

/// What the keys of all streams of an account begin with.
pub fn streams_of_account(account: &str) -> Vec<u8> {
    let mut key = vec![Space::Stream as u8];
    key.extend_from_slice(account.as_bytes());
    key.push(0);
    key
}

/// All streams of all accounts.
pub fn all_streams() -> Range {
    Range::prefixed(vec![Space::Stream as u8])
}

/// The log of a shard: what the keys of its records begin with.
pub fn change_log(table: u32, shard: u32) -> Bytes {
    let mut key = in_table(Space::Change, table);
    key.extend_from_slice(&shard.to_be_bytes());
    key.into()
}

/// All records of a shard.
pub fn changes(table: u32, shard: u32) -> Range {
    Range::prefixed(change_log(table, shard).to_vec())
}

/// The opening or the closing of a shard.
pub fn shard(table: u32, shard: u32, event: ShardEvent) -> Bytes {
    let mut key = shards_from(table, shard);
    key.push(event as u8);
    key.into()
}

/// The shards of a table from one number on, up to another (included) if there is a last one.
pub fn shards(table: u32, first: u32, last: Option<u32>) -> Range {
    let to = last.map(|last| successor(&shards_from(table, last)).into());
    Range { from: shards_from(table, first).into(), to: to.unwrap_or_else(|| of_table(Space::Shard, table).to) }
}

/// The number and the event of a shard's key.
pub fn parse_shard(key: &[u8]) -> Option<(u32, ShardEvent)> {
    let (number, event) = key.get(TABLE_PREFIX_LENGTH..)?.split_first_chunk()?;
    let event = match event {
        [0] => ShardEvent::Opened,
        [1] => ShardEvent::Closed,
        _ => return None,
    };
    Some((u32::from_be_bytes(*number), event))
}

fn shards_from(table: u32, shard: u32) -> Vec<u8> {
    let mut key = in_table(Space::Shard, table);
    key.extend_from_slice(&shard.to_be_bytes());
    key
}

/// A table whose items expire.
pub fn expiring(table: u32) -> Bytes {
    in_table(Space::Expiring, table).into()
}

/// The lease on a work.
pub fn lease(name: &str) -> Bytes {
    let mut key = vec![Space::Lease as u8];
    key.extend_from_slice(name.as_bytes());
    key.into()
}

/// All leases.
pub fn all_leases() -> Range {
    Range::prefixed(vec![Space::Lease as u8])
}

/// The document of a table's policy.
pub fn table_policy(table: u32) -> Bytes {
    in_table(Space::Policy, table).into()
}

/// The document of a stream's policy, by the number of its table and its label.
pub fn stream_policy(table: u32, label: &str) -> Bytes {
    let mut key = in_table(Space::Policy, table);
    key.extend_from_slice(label.as_bytes());
    key.into()
}

/// All documents of policies of tables and streams.
pub fn all_policies() -> Range {
    Range::prefixed(vec![Space::Policy as u8])
}

/// All tables whose items expire.
pub fn all_expiring() -> Range {
    Range::prefixed(vec![Space::Expiring as u8])
}

/// The place of an item in the order of expiry.
pub fn expiry(item_key: &[u8], seconds: u64) -> Bytes {
    let (prefix, rest) = item_key.split_at(item_key.len().min(TABLE_PREFIX_LENGTH));
    let mut key = Vec::with_capacity(item_key.len() + 8);
    key.extend_from_slice(prefix);
    key[0] = Space::Expiry as u8;
    key.extend_from_slice(&seconds.to_be_bytes());
    key.extend_from_slice(rest);
    key.into()
}

/// The items of a table that expire from one second on and before another.
pub fn expiries(table: u32, from: u64, to: u64) -> Range {
    let bound = |seconds: u64| {
        let mut key = in_table(Space::Expiry, table);
        key.extend_from_slice(&seconds.to_be_bytes());
        Bytes::from(key)
    };
    Range { from: bound(from), to: bound(to) }
}

/// The second and the key of the item that a place in the order of expiry stands for.
pub fn parse_expiry(key: &[u8]) -> Option<(u64, Bytes)> {
    let (prefix, rest) = key.split_at_checked(TABLE_PREFIX_LENGTH)?;
    let (seconds, rest) = rest.split_first_chunk()?;
    let mut item = Vec::with_capacity(prefix.len() + rest.len());
    item.extend_from_slice(prefix);
    item[0] = Space::Item as u8;
    item.extend_from_slice(rest);
    Some((u64::from_be_bytes(*seconds), item.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cover_everything_once() {
        let source = Source::Table(7);
        for segments in [1, 2, 3, 7, 1_000_000] {
            let mut at = source.all().from;
            let checked = segments.min(1000);
            for segment in 0..checked {
                let range = source.segment(segment, segments);
                assert!(range.from >= at && range.from < range.to);
                assert!(segment == 0 || range.from == at);
                at = range.to;
            }
            assert_eq!(source.segment(segments - 1, segments).to, source.all().to);
        }
    }

    #[test]
    fn the_stored_format_does_not_drift() {
        let key = Source::Table(1).partition([KeyValue::S("user")]);
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "1000000001HASH757365720001".replace("HASH", &format!("{:016x}", partition_hash(b"user\x00\x01")))
        );
        assert_eq!(partition_hash(b""), 0x2d06_8005_38d3_94c2);
    }

    #[test]
    fn what_is_read_back_from_keys() {
        let item = Source::Table(7).partition([KeyValue::S("a")]);
        assert_eq!(hash_of_item(&item), partition_hash(&item[13..]));
        assert_eq!(partition_length(&[&item[..], b"sort"].concat(), ScalarType::S), Some(item.len()));
        let expiry = expiry(&item, 99);
        assert_eq!(parse_expiry(&expiry), Some((99, Bytes::from(item))));
        let due = expiries(7, 0, 100);
        assert!(due.from < expiry && expiry < due.to && expiries(7, 0, 99).to < expiry);
        for partition in [0, 1, u32::MAX] {
            let key = partition_counter(7, partition, Counted::Size);
            assert_eq!(parse_partition_counter(&key), Some((Counted::Size, partition)));
            let all = counters_of_index(7, TABLE_ITSELF);
            assert!(all.from < key && key < all.to);
        }
        assert_eq!(parse_partition_counter(&counter(7, 1, Counted::Size)), None);
        let key = shard(7, 3, ShardEvent::Closed);
        assert_eq!(parse_shard(&key), Some((3, ShardEvent::Closed)));
        let all = shards(7, 3, None);
        assert!(all.from < key && key < shards(7, 4, None).from && key < all.to);
        assert!(key < shards(7, 3, Some(3)).to && shards(7, 3, Some(2)).to < key);
        assert_eq!(shards(7, 3, Some(3)).to, shards(7, 4, None).from);
        assert_eq!(shards(7, 3, Some(u32::MAX)).to, all.to);
    }

    #[test]
    fn successor_is_behind_all_with_the_prefix() {
        assert_eq!(successor(&[1, 0xff, 0xff]), [2]);
        assert_eq!(successor(&[1, 2]), [1, 3]);
    }
}
