//! The values that are stored: descriptors as JSON, items and index entries as records.
//!
//! ```text
//! record = format:u8 (1) size:u32le item       size: the item's size in DynamoDB's arithmetic, kept because every write and read needs it
//! ```

use crate::keys::Space;
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
        if is_record(value) { Self::of_sound(value) } else { Err(Corrupted) }
    }

    /// Reads a stored value that [`is_sound`] has been asked for.
    pub fn of_sound(value: &Bytes) -> Result<Self, Corrupted> {
        let size = size_of_record(value).ok_or(Corrupted)?;
        Ok(Self { size, item: EncodedItem::parsed_before(value.slice(HEADER..)) })
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

/// Whether a stored value is one that its key may have. Only items and index entries are looked at: they are read without looking
/// again. Everything else is parsed whenever it is used.
pub fn is_sound(key: &[u8], value: &[u8]) -> bool {
    match key.first() {
        Some(&space) if space == Space::Item as u8 || space == Space::IndexEntry as u8 => is_record(value),
        Some(_) | None => true,
    }
}

fn is_record(value: &[u8]) -> bool {
    size_of_record(value).is_some() && ItemView::parse(&value[HEADER..]).is_ok()
}

/// The size of the item, from the header of its record.
fn size_of_record(value: &[u8]) -> Option<usize> {
    let [FORMAT, size @ ..] = *value.first_chunk::<HEADER>()? else { return None };
    Some(u32::from_le_bytes(size) as usize)
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

    #[test]
    fn items_and_index_entries_are_sound_when_they_decode_and_all_else_is() {
        let item = Item::from_pairs(vec![("pk".into(), AttributeValue::string("a"))]);
        let value = ItemRecord::encode(3, EncodedItem::from_item(&item).view());
        assert_eq!(ItemRecord::of_sound(&value), ItemRecord::decode(&value));
        let cut = value.slice(..value.len() - 1);
        for space in [Space::Item, Space::IndexEntry] {
            let key = [space as u8, 7];
            assert_eq!([&value, &cut, &Bytes::new()].map(|value| is_sound(&key, value)), [true, false, false]);
        }
        assert!(is_sound(&[Space::Counter as u8, 7], &cut) && is_sound(&[], &cut));
    }
}
