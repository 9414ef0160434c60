//! Records of the change log: one for each change of an item, written with it.
//!
//! ```text
//! record = format:u8 (1) kind:u8 cause:u8 at:u64le (milliseconds since 1970) keys:image old:image new:image
//! image  = length:u32le item           length 0: the image is not kept
//! ```
//!
//! A record holds what the readers of its table need: the key always, the images if a reader wants them.

use crate::record::Corrupted;
use bytes::{Buf, Bytes};
use model::{EncodedItem, ItemView};

const FORMAT: u8 = 1;
const HEADER: usize = 3 + 8;

/// What happened to the item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ChangeKind {
    /// It was not there before.
    Insert = 0,
    /// It became another.
    Modify = 1,
    /// It is not there any more.
    Remove = 2,
}

/// Who changed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Cause {
    /// A request of a client.
    Request = 0,
    /// The table's time to live.
    Expiry = 1,
}

/// A record, its images in whatever form the holder has them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeRecord<I> {
    /// What happened to the item.
    pub kind: ChangeKind,
    /// Who changed it.
    pub cause: Cause,
    /// When the change was planned, in milliseconds since 1970.
    pub at_ms: u64,
    /// The attributes of the item's key.
    pub keys: I,
    /// The item before, if it was there and a reader wants it.
    pub old: Option<I>,
    /// The item after, if it is there and a reader wants it.
    pub new: Option<I>,
}

impl ChangeRecord<ItemView<'_>> {
    /// The value to store.
    pub fn encode(&self) -> Bytes {
        let images = [Some(self.keys), self.old, self.new];
        let length = images.iter().flatten().map(|image| image.bytes().len()).sum::<usize>();
        let mut value = Vec::with_capacity(HEADER + 3 * 4 + length);
        value.extend_from_slice(&[FORMAT, self.kind as u8, self.cause as u8]);
        value.extend_from_slice(&self.at_ms.to_le_bytes());
        for image in images {
            let bytes = image.map_or(&[][..], ItemView::bytes);
            // An item is far below 4 GB; one of no attributes takes a byte, so 0 is free to say that there is none.
            value.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            value.extend_from_slice(bytes);
        }
        value.into()
    }
}

impl ChangeRecord<EncodedItem> {
    /// Reads a stored value; the images share its bytes.
    pub fn decode(mut value: Bytes) -> Result<Self, Corrupted> {
        let header = *value.first_chunk::<HEADER>().ok_or(Corrupted)?;
        value.advance(HEADER);
        let [FORMAT, kind, cause, at_ms @ ..] = header else { return Err(Corrupted) };
        let kind = match kind {
            0 => ChangeKind::Insert,
            1 => ChangeKind::Modify,
            2 => ChangeKind::Remove,
            _ => return Err(Corrupted),
        };
        let cause = match cause {
            0 => Cause::Request,
            1 => Cause::Expiry,
            _ => return Err(Corrupted),
        };
        let keys = image(&mut value)?.ok_or(Corrupted)?;
        let (old, new) = (image(&mut value)?, image(&mut value)?);
        if !value.is_empty() {
            return Err(Corrupted);
        }
        Ok(Self { kind, cause, at_ms: u64::from_le_bytes(at_ms), keys, old, new })
    }
}

fn image(value: &mut Bytes) -> Result<Option<EncodedItem>, Corrupted> {
    let length = value.try_get_u32_le().map_err(|_| Corrupted)? as usize;
    if length == 0 {
        return Ok(None);
    }
    if value.len() < length {
        return Err(Corrupted);
    }
    EncodedItem::parse(value.split_to(length)).map(Some).map_err(|_| Corrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{AttributeValue, Item};

    #[test]
    fn records_round_trip_and_damage_is_noticed() {
        let item = |text: &'static str| {
            EncodedItem::from_item(&Item::from_pairs(vec![("pk".into(), AttributeValue::string(text))]))
        };
        let (keys, old) = (item("a"), item("b"));
        let record = ChangeRecord {
            kind: ChangeKind::Remove,
            cause: Cause::Expiry,
            at_ms: 1_700_000_000_123,
            keys: keys.view(),
            old: Some(old.view()),
            new: None,
        };
        let value = record.encode();
        let decoded = ChangeRecord::decode(value.clone());
        let ChangeRecord { kind, cause, at_ms, .. } = record;
        assert_eq!(decoded, Ok(ChangeRecord { kind, cause, at_ms, keys, old: Some(old), new: None }));
        for length in 0..value.len() {
            assert_eq!(ChangeRecord::decode(value.slice(..length)), Err(Corrupted), "{length}");
        }
        let longer = [&value[..], &[0]].concat();
        assert_eq!(ChangeRecord::decode(longer.into()), Err(Corrupted));
        for at in 0..3 {
            let mut damaged = value.to_vec();
            damaged[at] = 9;
            assert_eq!(ChangeRecord::decode(damaged.into()), Err(Corrupted));
        }
    }
}
