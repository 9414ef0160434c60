//! Streams: what a table's change log shows to readers, and the settings of a table that go with it.

use crate::{KeySchema, PolicyState};
use serde::{Deserialize, Serialize};

/// Which images of an item a stream's records carry beside the key: `StreamViewType`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum StreamView {
    /// None.
    KeysOnly,
    /// The item after the change.
    NewImage,
    /// The item before the change.
    OldImage,
    /// Both.
    NewAndOldImages,
}

impl StreamView {
    /// Whether records carry the item before the change.
    pub fn has_old(self) -> bool {
        matches!(self, Self::OldImage | Self::NewAndOldImages)
    }

    /// Whether records carry the item after the change.
    pub fn has_new(self) -> bool {
        matches!(self, Self::NewImage | Self::NewAndOldImages)
    }
}

/// A stream of a table, from its enabling to its disabling.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stream {
    /// When it was enabled, as text: the last part of its ARN, and no other stream's of the table's name.
    pub label: String,
    /// What its records carry.
    pub view: StreamView,
    /// When it was enabled, in milliseconds since 1970.
    pub created_ms: i64,
    /// The number of its first shard.
    pub first_shard: u32,
    /// The number of its last shard, once it is disabled. Its shards are all from the first to this one.
    pub last_shard: Option<u32>,
    /// When it was disabled, in milliseconds since 1970. It stays readable until its records are over.
    pub disabled_ms: Option<i64>,
    /// The stream's own resource policy; `None` where there never was one. Its document is stored apart.
    #[serde(default)]
    pub policy: Option<PolicyState>,
}

/// What is stored of a stream, so that it can be read when its table is gone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StreamRecord {
    /// The account of the table.
    pub account: String,
    /// The table's name.
    pub table: String,
    /// The table's number, under which shards and records are stored.
    pub table_number: u32,
    /// The table's primary key.
    pub key_schema: KeySchema,
    /// The stream.
    pub stream: Stream,
}

/// What is stored when a shard is opened. The version under which it is stored is where the shard begins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShardOpening {
    /// When, in milliseconds since 1970.
    pub opened_ms: i64,
    /// The id of the shard that it continues, if it does.
    pub parent: Option<String>,
}

/// What is stored when a shard is closed. The version under which it is stored is where the shard ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShardClosing {
    /// When, in milliseconds since 1970.
    pub closed_ms: i64,
}

/// Where the expiry of a table's items stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ExpiryStatus {
    /// Items that were there before are still being entered into the order of expiry.
    Enabling,
    /// All items that expire are known.
    Enabled,
}

/// `TimeToLive`: which attribute says when an item expires.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TimeToLive {
    /// The attribute's name.
    pub attribute: String,
    /// How far it is.
    pub status: ExpiryStatus,
}
