//! Streams: the change log of a table as clients read it.
//!
//! ```text
//! effects -> record in the log of the partition's shard        (in the commit of the item)
//! shards  -> openings and closings                             (in the commit of the table's change)
//! GetRecords: iterator -> shard, place in its log -> scan -> records -> next iterator
//! ```
//!
//! Every partition of a table with a stream has one open shard. A shard ends when the partition is divided, when it is some hours old, or
//! when the stream is disabled; its children begin in the same commit. That commit changes the table's descriptor, which every write of an
//! item checks: so all changes of an item before it are in the parent and all later ones in the child, and who reads parents before
//! children sees them in order. Sequence numbers are made of versions of the store, so they grow along a lineage.
//!
//! A stream outlives its table: it is stored by account, name and label, its shards and records by the table's number, which is never
//! given again.

pub mod describe;
pub mod iterator;
pub mod label;
pub mod log;
pub mod records;
pub mod sequence;
pub mod shards;
pub mod stored;

/// How long a record is kept at least (developer guide, "Change data capture for DynamoDB Streams"), in milliseconds: 24 hours.
pub const RETENTION_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a shard takes records before another one continues it, in milliseconds: four hours, about as long as DynamoDB's do. What is
/// over is removed shard by shard, so records are kept for up to this much longer than they must be.
pub const SHARD_AGE_MAX_MS: i64 = 4 * 60 * 60 * 1000;
/// How long an iterator may be used (API reference, GetShardIterator), in milliseconds: 15 minutes.
pub const ITERATOR_VALIDITY_MS: i64 = 15 * 60 * 1000;
