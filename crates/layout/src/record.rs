//! The values that are stored: descriptors as JSON, items and index entries as records.
//!
//! ```text
//! record = format:u8 (1) size:u32le item       size: the item's size in DynamoDB's arithmetic, kept because every write and read needs it
//! ```

use bytes::Bytes;
use model::stream::{ShardClosing, ShardOpening, StreamRecord};
use model::{EncodedItem, ItemView, Table};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const FORMAT: u8 = 1;
const HEADER: usize = 5;

/// A stored value that does not decode. It is never taken for an absent one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Corrupted;

impl std::fmt::Display for Corrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stored value does not decode")
    }
}

impl std::error::Error for Corrupted {}

/// A stored item or index entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemRecord {
    /// The item's size in DynamoDB's arithmetic.
    pub size: usize,
    /// The item, or what an index entry carries of it.
    pub item: EncodedItem,
}

impl ItemRecord {
    /// Reads a stored value.
    pub fn decode(value: &Bytes) -> Result<Self, Corrupted> {
        let header = value.first_chunk::<HEADER>().ok_or(Corrupted)?;
        let [FORMAT, size @ ..] = *header else { return Err(Corrupted) };
        let item = EncodedItem::parse(value.slice(HEADER..)).map_err(|_| Corrupted)?;
        Ok(Self { size: u32::from_le_bytes(size) as usize, item })
    }

    /// The value to store.
    pub fn encode(size: usize, item: ItemView<'_>) -> Bytes {
        let mut value = Vec::with_capacity(HEADER + item.bytes().len());
        value.push(FORMAT);
        value.extend_from_slice(&(size as u32).to_le_bytes());
        value.extend_from_slice(item.bytes());
        value.into()
    }
}

/// What is stored as JSON: few, small, and members may be added.
pub trait Descriptor: Serialize + DeserializeOwned {}

impl Descriptor for Table {}
impl Descriptor for StreamRecord {}
impl Descriptor for ShardOpening {}
impl Descriptor for ShardClosing {}
impl Descriptor for Lease {}
impl Descriptor for PolicyRecord {}

/// Who of several servers does a work, and until when the others leave it to him.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// The server, by an id of its own.
    pub holder: String,
    /// When it ends unless it is renewed, in milliseconds since 1970.
    pub until_ms: i64,
}

/// The resource policy of a table or a stream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// The revision that it is: the one that the resource's descriptor names, or the reader has not read the newest descriptor.
    pub revision: i64,
    /// The document, in its canonical form.
    pub document: String,
    /// The unique ids that the users and roles had whom the document names, by their names there. Of who is not among them the name counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub principals: BTreeMap<String, String>,
}

/// The value that stores a descriptor.
pub fn encode<T: Descriptor>(descriptor: &T) -> Result<Bytes, Corrupted> {
    serde_json::to_vec(descriptor).map(Bytes::from).map_err(|_| Corrupted)
}

/// Reads a stored descriptor.
pub fn decode<T: Descriptor>(value: &[u8]) -> Result<T, Corrupted> {
    serde_json::from_slice(value).map_err(|_| Corrupted)
}

/// Reads a stored counter.
pub fn decode_counter(value: &[u8]) -> Result<i64, Corrupted> {
    value.try_into().map(i64::from_be_bytes).map_err(|_| Corrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{AttributeValue, Item};

    #[test]
    fn records_round_trip_and_damage_is_noticed() {
        let item = Item::from_pairs(vec![("pk".into(), AttributeValue::string("a"))]);
        let encoded = EncodedItem::from_item(&item);
        let value = ItemRecord::encode(3, encoded.view());
        assert_eq!(ItemRecord::decode(&value), Ok(ItemRecord { size: 3, item: encoded }));
        assert_eq!(ItemRecord::decode(&value.slice(..value.len() - 1)), Err(Corrupted));
        assert_eq!(ItemRecord::decode(&Bytes::from_static(&[2, 0, 0, 0, 0, 0])), Err(Corrupted));
        assert_eq!(ItemRecord::decode(&Bytes::new()), Err(Corrupted));
    }
}
