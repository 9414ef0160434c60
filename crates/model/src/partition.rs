//! Partitions: the ranges of the hash of the partition key into which a table is divided.
//!
//! A partition has a share of the table's throughput, a size, and, where the table has a change log, a shard of it. It is divided in two
//! when it is large or hot for long; it never grows together again.

use serde::{Deserialize, Serialize};

/// A range of the hash: from its first hash to the next partition's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Partition {
    /// The number under which its size is counted; never used again for another partition of the table.
    pub number: u32,
    /// The lowest hash that belongs to it.
    pub first_hash: u64,
    /// About how large it was when it was divided from another, in bytes; its counters count from there.
    pub inherited_bytes: i64,
    /// The shard to which changes of its items are appended, where the table has a reader of its change log.
    pub shard: Option<OpenShard>,
}

/// A shard of a change log that takes records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenShard {
    /// The number under which its records are stored; never used again for another shard of the table.
    pub number: u32,
    /// When it was opened, in milliseconds since 1970.
    pub opened_ms: i64,
}

impl OpenShard {
    /// `ShardId`: sorted by it, shards stand in the order of their opening, and every shard of a table has one of its own.
    pub fn id(self) -> String {
        format!("shardId-{:020}-{:08x}", self.opened_ms, self.number)
    }

    /// The shard that an id names, if it can be one of ours.
    pub fn parse(id: &str) -> Option<Self> {
        let (opened_ms, number) = id.strip_prefix("shardId-")?.split_once('-')?;
        let shard = Self { number: u32::from_str_radix(number, 16).ok()?, opened_ms: opened_ms.parse().ok()? };
        (shard.id() == id).then_some(shard)
    }
}

/// The partitions of a table that was never divided.
pub fn undivided() -> Vec<Partition> {
    even(1)
}

/// So many partitions of equal width, numbered from 0.
pub fn even(count: u32) -> Vec<Partition> {
    let count = count.max(1);
    let first_hash = |number: u32| (u128::from(number) << 64) / u128::from(count);
    (0..count)
        .map(|number| Partition { number, first_hash: first_hash(number) as u64, inherited_bytes: 0, shard: None })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_partitions_begin_at_zero_and_are_equally_wide() {
        assert_eq!(undivided(), [Partition { number: 0, first_hash: 0, inherited_bytes: 0, shard: None }]);
        let firsts: Vec<u64> = even(4).iter().map(|partition| partition.first_hash).collect();
        assert_eq!(firsts, [0, 1 << 62, 1 << 63, 3 << 62]);
        assert_eq!(even(0).len(), 1);
    }

    #[test]
    fn shard_ids_are_read_back_and_nothing_else_is() {
        let shard = OpenShard { number: 42, opened_ms: 1_414_576_573_621 };
        assert_eq!(shard.id(), "shardId-00000001414576573621-0000002a");
        assert_eq!(OpenShard::parse(&shard.id()), Some(shard));
        for other in
            ["", "shardId-1-2", "shardId-00000001414576573621-0000002A", "shardId-+0000001414576573621-0000002a"]
        {
            assert_eq!(OpenShard::parse(other), None, "{other}");
        }
    }
}
