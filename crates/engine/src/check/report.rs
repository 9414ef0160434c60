//! What a check found.

use bytes::Bytes;
use model::Table;
use std::fmt;

/// How many findings are kept; more are counted.
const FINDINGS_MAX: usize = 100;

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The value does not decode.
    Undecodable,
    /// The key is not the one that the value belongs under.
    WrongKey,
    /// The size beside the item is not the item's.
    WrongSize {
        /// What is stored.
        stored: usize,
        /// What the item measures.
        measured: usize,
    },
    /// An item has no entry in an index in which it belongs.
    MissingEntry {
        /// The index.
        index: String,
    },
    /// The entry of an item is not what the item implies.
    WrongEntry {
        /// The index.
        index: String,
    },
    /// An entry stands for an item that is not there.
    EntryWithoutItem {
        /// The index.
        index: String,
    },
    /// An entry stands where its item is no longer.
    StaleEntry {
        /// The index.
        index: String,
    },
    /// An item that expires is not in the order of expiry.
    MissingExpiry,
    /// A place in the order of expiry is that of no item, or not its item's any more.
    StaleExpiry,
    /// A table whose items expire is not among those where expired items are looked for.
    ExpiringNotListed,
    /// Partitions do not cover all hashes in order, or have a number that was given twice or will be given again.
    PartitionsOutOfOrder,
    /// A partition of a table with a stream has no open shard, or one of a table without has a shard.
    PartitionWithoutShard {
        /// The partition's number.
        partition: u32,
    },
    /// A stream that is on is none of its table's: nothing will ever end it.
    StreamWithoutTable,
    /// The policy that a descriptor names is not there.
    WrongPolicy {
        /// The revision that it names.
        revision: i64,
    },
    /// A counter is not what was counted.
    WrongCounter {
        /// What it counts.
        counts: String,
        /// What is stored.
        stored: i64,
        /// What was counted.
        counted: i64,
    },
    /// Two tables have one number.
    SharedNumber {
        /// The other table.
        other: String,
    },
    /// A table's number is one that a later table will get.
    NumberNotCounted {
        /// The number.
        number: u32,
    },
    /// An index's number is one that a later index will get, or the table's own.
    IndexNumberNotCounted,
    /// It belongs to no table, no index and nothing else that is known.
    Unknown,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable => f.write_str("the value does not decode"),
            Self::WrongKey => f.write_str("the value belongs under another key"),
            Self::WrongSize { stored, measured } => write!(f, "the size is {measured}, stored is {stored}"),
            Self::MissingEntry { index } => write!(f, "the item has no entry in index {index}"),
            Self::WrongEntry { index } => write!(f, "the item's entry in index {index} is not what the item implies"),
            Self::EntryWithoutItem { index } => write!(f, "the entry in index {index} has no item"),
            Self::StaleEntry { index } => write!(f, "the entry in index {index} stands where its item is no longer"),
            Self::MissingExpiry => f.write_str("the item is not in the order of expiry"),
            Self::StaleExpiry => f.write_str("the place in the order of expiry is not its item's"),
            Self::ExpiringNotListed => f.write_str("the table's expired items are not looked for"),
            Self::PartitionsOutOfOrder => f.write_str("the partitions are not in order"),
            Self::PartitionWithoutShard { partition } => {
                write!(f, "what partition {partition} says of its shard is not so")
            }
            Self::StreamWithoutTable => f.write_str("the stream is on and no table has it"),
            Self::WrongPolicy { revision } => write!(f, "revision {revision} of the policy is not there"),
            Self::WrongCounter { counts, stored, counted } => {
                write!(f, "the {counts}: counted {counted}, stored is {stored}")
            }
            Self::SharedNumber { other } => write!(f, "the table has the same number as table {other}"),
            Self::NumberNotCounted { number } => write!(f, "the table's number {number} will be given again"),
            Self::IndexNumberNotCounted => f.write_str("the number of an index will be given again"),
            Self::Unknown => f.write_str("it belongs to nothing that is known"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The table, where it is known.
    pub table: Option<String>,
    /// The key under which it was found.
    pub key: Bytes,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(table) = &self.table {
            write!(f, "table {table}: ")?;
        }
        write!(f, "{}; key ", self.fault)?;
        self.key.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What was there to check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Tables.
    pub tables: u64,
    /// Items of all tables.
    pub items: u64,
    /// Entries of all indexes.
    pub entries: u64,
    /// Records of change logs.
    pub changes: u64,
    /// Sizes of all items together, in DynamoDB's arithmetic.
    pub item_bytes: u64,
}

/// What a check found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// What was there.
    pub totals: Totals,
    /// The first findings.
    pub findings: Vec<Finding>,
    /// How many findings there are, with those that are not kept.
    pub found: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.found == 0
    }

    pub(super) fn add(&mut self, table: Option<&Table>, key: &[u8], fault: Fault) {
        self.found += 1;
        if self.findings.len() < FINDINGS_MAX {
            let table = table.map(|table| table.name.clone());
            self.findings.push(Finding { table, key: super::own(key), fault });
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))?;
        let kept = self.findings.len() as u64;
        if self.found > kept {
            writeln!(f, "and {} more", self.found - kept)?;
        }
        let Totals { tables, items, entries, changes, item_bytes } = self.totals;
        write!(
            f,
            "{tables} tables, {items} items of {item_bytes} bytes, {entries} index entries, {changes} changes: "
        )?;
        match self.found {
            0 => f.write_str("nothing is wrong"),
            1 => f.write_str("1 fault"),
            found => write!(f, "{found} faults"),
        }
    }
}
