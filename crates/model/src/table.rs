//! Descriptors: what is known of a table and its indexes apart from their items. They are stored as JSON, so members may be added.

use crate::key::{KeySchema, ScalarType};
use crate::partition::{self, Partition};
use crate::policy::PolicyState;
use crate::stream::{Stream, TimeToLive};
use serde::{Deserialize, Serialize};

/// How a table is paid for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BillingMode {
    /// Read and write capacity units are provisioned.
    Provisioned,
    /// Requests are paid one by one.
    PayPerRequest,
}

/// The storage class of a table. It is kept and described; nothing depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TableClass {
    /// `STANDARD`.
    Standard,
    /// `STANDARD_INFREQUENT_ACCESS`.
    StandardInfrequentAccess,
}

/// The life of a table or an index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Status {
    /// Being made; a table in this state has no items yet.
    Creating,
    /// In use.
    Active,
    /// In use, while settings change.
    Updating,
    /// Going away.
    Deleting,
}

/// Which attributes an index entry carries beside the keys of the index and of the table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Projection {
    /// All attributes.
    All,
    /// None.
    KeysOnly,
    /// These.
    Include(Vec<String>),
}

/// Provisioned capacity units per second, and when they last changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProvisionedThroughput {
    /// Read capacity units per second; 0 for a table that is paid by request.
    pub read_units: i64,
    /// Write capacity units per second; 0 for a table that is paid by request.
    pub write_units: i64,
    /// When a value was last raised, in milliseconds since 1970.
    pub increased_ms: Option<i64>,
    /// When a value was last lowered, in milliseconds since 1970.
    pub decreased_ms: Option<i64>,
    /// How often values were lowered on the day of `decreased_ms` (UTC).
    pub decreases_today: i64,
}

/// The most that a table paid by request may use per second. `None` is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OnDemandThroughput {
    /// Read request units per second.
    pub max_read_units: Option<i64>,
    /// Write request units per second.
    pub max_write_units: Option<i64>,
}

/// The throughput that a table or index is warmed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WarmThroughput {
    /// Read units per second.
    pub read_units: i64,
    /// Write units per second.
    pub write_units: i64,
}

/// The declared type of an attribute that some key uses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AttributeDefinition {
    /// The attribute's name.
    pub name: String,
    /// Its type.
    pub kind: ScalarType,
}

/// Which kind of secondary index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum IndexKind {
    /// Shares the table's partition key.
    Local,
    /// Has a partition key of its own.
    Global,
}

/// A secondary index.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Index {
    /// The name, unique within the table.
    pub name: String,
    /// The number under which its entries are stored; never used again for another index of the table.
    pub number: u16,
    /// Local or global.
    pub kind: IndexKind,
    /// The key of the index. Entries with equal keys are told apart by the table's key.
    pub key_schema: KeySchema,
    /// What entries carry.
    pub projection: Projection,
    /// Where the index is in its life. Writes maintain entries in every state but `Deleting`.
    pub status: Status,
    /// Whether items that were there before the index are still being entered.
    pub backfilling: bool,
    /// Provisioned throughput, of a global index.
    pub throughput: ProvisionedThroughput,
    /// Limits of a global index of a table that is paid by request.
    pub on_demand: Option<OnDemandThroughput>,
    /// Warm throughput that was asked for, of a global index.
    pub warm: Option<WarmThroughput>,
}

/// A change of status that waits for its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transition {
    /// The status until then.
    pub status: Status,
    /// When it ends, in milliseconds since 1970.
    pub until_ms: i64,
}

/// A tag of a table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tag {
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

/// A table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Table {
    /// The account that it belongs to, twelve digits.
    pub account: String,
    /// The name, unique within account and Region.
    pub name: String,
    /// The number under which items, entries and counters are stored; never used again.
    pub number: u32,
    /// `TableId`, a UUID.
    pub id: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// The primary key.
    pub key_schema: KeySchema,
    /// Declared types, in the order in which the request gave them.
    pub attribute_definitions: Vec<AttributeDefinition>,
    /// Local and global secondary indexes, in the order of their creation.
    pub indexes: Vec<Index>,
    /// The number for the next index.
    pub next_index_number: u16,
    /// How the table is paid for.
    pub billing_mode: BillingMode,
    /// Whether the request named a billing mode; only then is it described for a provisioned table.
    pub billing_mode_stated: bool,
    /// When the table was last set to be paid by request, in milliseconds since 1970.
    pub pay_per_request_since_ms: Option<i64>,
    /// Provisioned throughput.
    pub throughput: ProvisionedThroughput,
    /// Limits of a table that is paid by request.
    pub on_demand: Option<OnDemandThroughput>,
    /// Warm throughput that was asked for.
    pub warm: Option<WarmThroughput>,
    /// Storage class; `None` where no request named one.
    pub table_class: Option<TableClass>,
    /// Whether DeleteTable is refused.
    pub deletion_protection: bool,
    /// Tags, in the order in which their keys were first set.
    pub tags: Vec<Tag>,
    /// The status that is described until a time has come; `None`: `Active`, but for what the indexes say.
    pub transition: Option<Transition>,
    /// The ranges of the hash into which the table is divided, ascending, the first from 0 on.
    #[serde(default = "partition::undivided")]
    pub partitions: Vec<Partition>,
    /// The number for the next partition.
    #[serde(default = "one")]
    pub next_partition_number: u32,
    /// The number for the next shard.
    #[serde(default)]
    pub next_shard_number: u32,
    /// The newest stream, enabled or not.
    #[serde(default)]
    pub stream: Option<Stream>,
    /// When items expire, if they do.
    #[serde(default)]
    pub time_to_live: Option<TimeToLive>,
    /// Whether a request asked for encryption at rest; only then is it described.
    #[serde(default)]
    pub encryption_stated: bool,
    /// The resource policy; `None` where there never was one. Its document is stored apart.
    #[serde(default)]
    pub policy: Option<PolicyState>,
}

fn one() -> u32 {
    1
}

impl Table {
    /// The stream that shows the table's changes now.
    pub fn enabled_stream(&self) -> Option<&Stream> {
        self.stream.as_ref().filter(|stream| stream.disabled_ms.is_none())
    }

    /// The partition to which a hash belongs.
    pub fn partition_of(&self, hash: u64) -> Option<&Partition> {
        let behind = self.partitions.partition_point(|partition| partition.first_hash <= hash);
        self.partitions.get(behind.checked_sub(1)?)
    }

    /// The index of a name.
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// The indexes of a kind, in the order of their creation.
    pub fn indexes_of(&self, kind: IndexKind) -> impl Iterator<Item = &Index> {
        self.indexes.iter().filter(move |index| index.kind == kind)
    }

    /// Whether the table has a local secondary index, and so counts the sizes of item collections.
    pub fn has_local_index(&self) -> bool {
        self.indexes_of(IndexKind::Local).next().is_some()
    }
}
