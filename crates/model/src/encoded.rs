//! The stored form of an item: one run of bytes that is read in place.
//!
//! ```text
//! item   = count:varint (name value)*            names ascending, unique
//! name   = length:varint utf8
//! value  = tag:u8 body
//! body   = S: length:varint utf8    N: length:varint normal-form text    B: length:varint bytes
//!          SS, NS, BS: bytes:u32le count:varint (length:varint member)*  members ascending, unique
//!          L: bytes:u32le count:varint value*     M: bytes:u32le item
//!          true, false, null: nothing
//! ```
//!
//! Containers carry their length in bytes, so that an attribute is found without looking into those before it. A number is kept as the
//! text that DynamoDB answers, so that an answer is written by copying. [`ItemView::parse`] checks the structure once; whoever holds a
//! view may rely on it. `stator check` looks deeper: [`ItemView::check_deep`].

mod raw;

pub use raw::{RawAttributes, RawValue, RawValues};

use crate::value::AttributeType;
use crate::{AttributeValue, Item, Number};
use bytes::Bytes;
use std::borrow::Cow;

const TAG_S: u8 = 1;
const TAG_N: u8 = 2;
const TAG_B: u8 = 3;
const TAG_TRUE: u8 = 4;
const TAG_FALSE: u8 = 5;
const TAG_NULL: u8 = 6;
const TAG_SS: u8 = 7;
const TAG_NS: u8 = 8;
const TAG_BS: u8 = 9;
const TAG_L: u8 = 10;
const TAG_M: u8 = 11;

/// The levels of nesting that a reader follows. Writers allow fewer (`limits::NESTING_LEVELS_MAX`).
const DEPTH_MAX: u32 = 64;

/// Bytes that should be an encoded item and are not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the bytes are not an encoded item")
    }
}

impl std::error::Error for Malformed {}

/// An item in its stored form, shared without copying.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncodedItem(Bytes);

impl EncodedItem {
    /// Takes bytes that hold exactly one encoded item.
    pub fn parse(bytes: Bytes) -> Result<Self, Malformed> {
        ItemView::parse(&bytes)?;
        Ok(Self(bytes))
    }

    /// Takes bytes that [`EncodedItem::parse`] has taken before, without looking again.
    pub fn parsed_before(bytes: Bytes) -> Self {
        debug_assert!(ItemView::parse(&bytes).is_ok(), "the bytes were parsed before");
        Self(bytes)
    }

    /// Encodes a tree.
    pub fn from_item(item: &Item<'_>) -> Self {
        let mut out = Vec::with_capacity(256);
        write_item(item, &mut out);
        Self(out.into())
    }

    /// The item, to read.
    pub fn view(&self) -> ItemView<'_> {
        ItemView(&self.0)
    }

    /// The encoded bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

/// Puts an encoded item together from attributes, some of them already encoded. Names must come in ascending order.
pub struct ItemBuilder {
    attributes: Vec<u8>,
    count: u32,
}

impl ItemBuilder {
    /// A builder that has room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { attributes: Vec::with_capacity(capacity), count: 0 }
    }

    /// Adds an attribute by its value.
    pub fn push(&mut self, name: &str, value: &AttributeValue<'_>) {
        self.count += 1;
        write_bytes(name.as_bytes(), &mut self.attributes);
        write_value(value, &mut self.attributes);
    }

    /// Adds an attribute whose value is encoded already.
    pub fn push_view(&mut self, name: &str, value: ValueView<'_>) {
        self.count += 1;
        write_bytes(name.as_bytes(), &mut self.attributes);
        value.write_encoded(&mut self.attributes);
    }

    /// The item.
    pub fn finish(self) -> EncodedItem {
        let mut out = Vec::with_capacity(self.attributes.len() + 3);
        write_varint(self.count, &mut out);
        out.extend_from_slice(&self.attributes);
        EncodedItem(out.into())
    }
}

/// An encoded item, borrowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ItemView<'a>(&'a [u8]);

impl<'a> ItemView<'a> {
    /// Checks that the bytes are exactly one encoded item.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor(bytes);
        cursor.skip_item(0)?;
        if cursor.0.is_empty() { Ok(Self(bytes)) } else { Err(Malformed) }
    }

    /// The encoded bytes.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// How many attributes there are.
    pub fn len(self) -> usize {
        Cursor(self.0).varint().unwrap_or_default() as usize
    }

    /// Whether there is no attribute.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The value of an attribute.
    pub fn get(self, name: &str) -> Option<ValueView<'a>> {
        let wanted = name.as_bytes();
        let mut cursor = Cursor(self.0);
        let count = cursor.varint().ok()?;
        for _ in 0..count {
            let candidate = cursor.bytes().ok()?;
            match candidate.cmp(wanted) {
                std::cmp::Ordering::Less => cursor.skip_value().ok()?,
                std::cmp::Ordering::Equal => return cursor.value().ok(),
                std::cmp::Ordering::Greater => return None,
            }
        }
        None
    }

    /// The attributes in order of their names.
    pub fn iter(self) -> Attributes<'a> {
        let mut cursor = Cursor(self.0);
        let left = cursor.varint().unwrap_or_default();
        Attributes { cursor, left }
    }

    /// The item as a tree that borrows from the encoded bytes.
    pub fn to_item(self) -> Item<'a> {
        Item::from_pairs(self.iter().map(|(name, value)| (Cow::Borrowed(name), value.to_value())).collect())
    }

    /// How many lists and maps stand inside each other at most; 0 for an item of plain values.
    pub fn levels(self) -> usize {
        self.iter().map(|(_, value)| value.levels()).max().unwrap_or_default()
    }

    /// Checks everything that [`ItemView::parse`] leaves out: text encoding, order, uniqueness, the normal form of numbers.
    pub fn check_deep(self) -> Result<(), Malformed> {
        let mut again = Vec::with_capacity(self.0.len());
        write_item(&self.to_item(), &mut again);
        // Decoding sorts, removes duplicates and normalizes; so only a well-formed item comes back byte for byte.
        if again == self.0 { Ok(()) } else { Err(Malformed) }
    }
}

/// The attributes of an encoded item or map.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, ValueView<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = self.cursor.text().ok()?;
        Some((name, self.cursor.value().ok()?))
    }
}

/// The values of an encoded list.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> Iterator for Values<'a> {
    type Item = ValueView<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.cursor.value().ok()
    }
}

/// The members of an encoded set, as bytes; those of string and number sets are text.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.cursor.bytes().ok()
    }
}

/// A borrowed body of a container: what stands behind its length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn open(self) -> (Cursor<'a>, u32) {
        let mut cursor = Cursor(self.0);
        let left = cursor.varint().unwrap_or_default();
        (cursor, left)
    }

    /// How many elements, members or attributes there are.
    pub fn len(self) -> usize {
        self.open().1 as usize
    }

    /// Whether the container is empty.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The body of a list as values.
    pub fn values(self) -> Values<'a> {
        let (cursor, left) = self.open();
        Values { cursor, left }
    }

    /// The body of a set as members.
    pub fn members(self) -> Members<'a> {
        let (cursor, left) = self.open();
        Members { cursor, left }
    }

    /// The members of a string or number set.
    pub fn texts(self) -> impl Iterator<Item = &'a str> {
        self.members().map(text_of)
    }

    /// The body of a map as an item.
    pub fn attributes(self) -> ItemView<'a> {
        ItemView(self.0)
    }
}

/// An encoded value, borrowed. Numbers are the text of their normal form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueView<'a> {
    /// String.
    S(&'a str),
    /// Number, in normal form.
    N(&'a str),
    /// Binary.
    B(&'a [u8]),
    /// Boolean.
    Bool(bool),
    /// Null.
    Null,
    /// String set.
    Ss(Body<'a>),
    /// Number set.
    Ns(Body<'a>),
    /// Binary set.
    Bs(Body<'a>),
    /// List.
    L(Body<'a>),
    /// Map.
    M(Body<'a>),
}

impl<'a> ValueView<'a> {
    /// The value's type.
    pub fn attribute_type(self) -> AttributeType {
        match self {
            Self::S(_) => AttributeType::S,
            Self::N(_) => AttributeType::N,
            Self::B(_) => AttributeType::B,
            Self::Bool(_) => AttributeType::Bool,
            Self::Null => AttributeType::Null,
            Self::Ss(_) => AttributeType::Ss,
            Self::Ns(_) => AttributeType::Ns,
            Self::Bs(_) => AttributeType::Bs,
            Self::L(_) => AttributeType::L,
            Self::M(_) => AttributeType::M,
        }
    }

    /// How many lists and maps stand inside each other at most; 0 for a plain value.
    pub fn levels(self) -> usize {
        match self {
            Self::L(body) => 1 + body.values().map(Self::levels).max().unwrap_or_default(),
            Self::M(body) => 1 + body.attributes().levels(),
            _ => 0,
        }
    }

    /// The value as a tree that borrows from the encoded bytes.
    pub fn to_value(self) -> AttributeValue<'a> {
        match self {
            Self::S(text) => AttributeValue::S(Cow::Borrowed(text)),
            Self::N(text) => AttributeValue::N(stored_number(text)),
            Self::B(bytes) => AttributeValue::B(Cow::Borrowed(bytes)),
            Self::Bool(value) => AttributeValue::Bool(value),
            Self::Null => AttributeValue::Null,
            Self::Ss(body) => AttributeValue::Ss(body.texts().map(Cow::Borrowed).collect()),
            Self::Ns(body) => AttributeValue::Ns(body.texts().map(stored_number).collect()),
            Self::Bs(body) => AttributeValue::Bs(body.members().map(Cow::Borrowed).collect()),
            Self::L(body) => AttributeValue::L(body.values().map(ValueView::to_value).collect()),
            Self::M(body) => AttributeValue::M(body.attributes().to_item()),
        }
    }

    /// Appends the value in its encoded form.
    pub fn write_encoded(self, out: &mut Vec<u8>) {
        let (tag, body) = match self {
            Self::S(text) => return write_tagged(TAG_S, text.as_bytes(), out),
            Self::N(text) => return write_tagged(TAG_N, text.as_bytes(), out),
            Self::B(bytes) => return write_tagged(TAG_B, bytes, out),
            Self::Bool(true) => return out.push(TAG_TRUE),
            Self::Bool(false) => return out.push(TAG_FALSE),
            Self::Null => return out.push(TAG_NULL),
            Self::Ss(body) => (TAG_SS, body),
            Self::Ns(body) => (TAG_NS, body),
            Self::Bs(body) => (TAG_BS, body),
            Self::L(body) => (TAG_L, body),
            Self::M(body) => (TAG_M, body),
        };
        out.push(tag);
        out.extend_from_slice(&stored_length(body.0.len()).to_le_bytes());
        out.extend_from_slice(body.0);
    }
}

/// The number of a stored text. The structure was checked when it was written; anything else is found by `check_deep`.
pub fn stored_number(text: &str) -> Number {
    let number = Number::parse(text);
    debug_assert!(number.is_ok(), "a stored number is in normal form: {text}");
    number.unwrap_or(Number::ZERO)
}

fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// A place in encoded bytes. Every read is bounded by what is there.
#[derive(Clone, Debug)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    #[inline]
    fn varint(&mut self) -> Result<u32, Malformed> {
        let (&first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        if first < 0x80 {
            return Ok(u32::from(first));
        }
        let mut value = u64::from(first & 0x7f);
        for shift in [7, 14, 21, 28] {
            let (&byte, rest) = self.0.split_first().ok_or(Malformed)?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).map_err(|_| Malformed);
            }
        }
        Err(Malformed)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.varint()?;
        self.take(length as usize)
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    #[inline]
    fn body(&mut self) -> Result<Body<'a>, Malformed> {
        let length = self.take(4)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes)).ok_or(Malformed)?;
        self.take(length as usize).map(Body)
    }

    fn value(&mut self) -> Result<ValueView<'a>, Malformed> {
        Ok(match self.take(1)? {
            [TAG_S] => ValueView::S(self.text()?),
            [TAG_N] => ValueView::N(self.text()?),
            [TAG_B] => ValueView::B(self.bytes()?),
            [TAG_TRUE] => ValueView::Bool(true),
            [TAG_FALSE] => ValueView::Bool(false),
            [TAG_NULL] => ValueView::Null,
            [TAG_SS] => ValueView::Ss(self.body()?),
            [TAG_NS] => ValueView::Ns(self.body()?),
            [TAG_BS] => ValueView::Bs(self.body()?),
            [TAG_L] => ValueView::L(self.body()?),
            [TAG_M] => ValueView::M(self.body()?),
            _ => return Err(Malformed),
        })
    }

    fn skip_item(&mut self, depth: u32) -> Result<(), Malformed> {
        let count = self.varint()?;
        for _ in 0..count {
            self.bytes()?;
            self.check_value(depth)?;
        }
        Ok(())
    }

    /// Passes a value without looking into containers.
    fn skip_value(&mut self) -> Result<(), Malformed> {
        match self.take(1)? {
            [TAG_S | TAG_N | TAG_B] => self.bytes().map(drop),
            [TAG_TRUE | TAG_FALSE | TAG_NULL] => Ok(()),
            [TAG_SS | TAG_NS | TAG_BS | TAG_L | TAG_M] => self.body().map(drop),
            _ => Err(Malformed),
        }
    }

    /// Passes a value and checks the structure of all that it contains.
    fn check_value(&mut self, depth: u32) -> Result<(), Malformed> {
        let tag = self.0.first().copied().ok_or(Malformed)?;
        if tag < TAG_SS {
            return self.skip_value();
        }
        if depth == DEPTH_MAX {
            return Err(Malformed);
        }
        self.0 = &self.0[1..];
        let mut inner = Cursor(self.body()?.0);
        match tag {
            TAG_M => inner.skip_item(depth + 1)?,
            TAG_L => {
                for _ in 0..inner.varint()? {
                    inner.check_value(depth + 1)?;
                }
            }
            TAG_SS | TAG_NS | TAG_BS => {
                for _ in 0..inner.varint()? {
                    inner.bytes()?;
                }
            }
            _ => return Err(Malformed),
        }
        if inner.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

fn write_varint(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A length or count as it is stored. A request is at most 16 MiB, and what an update makes of an item is given up long before it comes
/// near this; bytes with a length that wrapped around would be another item.
fn stored_length(length: usize) -> u32 {
    assert!(length <= u32::MAX as usize, "no item has a part of {length} bytes");
    length as u32
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(stored_length(bytes.len()), out);
    out.extend_from_slice(bytes);
}

fn write_tagged(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    write_bytes(bytes, out);
}

/// Appends an item in its encoded form.
pub fn write_item(item: &Item<'_>, out: &mut Vec<u8>) {
    write_varint(stored_length(item.len()), out);
    for (name, value) in item.iter() {
        write_bytes(name.as_bytes(), out);
        write_value(value, out);
    }
}

/// Appends a value in its encoded form.
pub fn write_value(value: &AttributeValue<'_>, out: &mut Vec<u8>) {
    match value {
        AttributeValue::S(text) => write_tagged(TAG_S, text.as_bytes(), out),
        AttributeValue::N(number) => {
            out.push(TAG_N);
            write_number(*number, out);
        }
        AttributeValue::B(bytes) => write_tagged(TAG_B, bytes, out),
        AttributeValue::Bool(true) => out.push(TAG_TRUE),
        AttributeValue::Bool(false) => out.push(TAG_FALSE),
        AttributeValue::Null => out.push(TAG_NULL),
        AttributeValue::Ss(set) => {
            write_container(TAG_SS, set.len(), out, |out| set.iter().for_each(|m| write_bytes(m.as_bytes(), out)))
        }
        AttributeValue::Ns(set) => {
            write_container(TAG_NS, set.len(), out, |out| set.iter().for_each(|m| write_number(*m, out)))
        }
        AttributeValue::Bs(set) => {
            write_container(TAG_BS, set.len(), out, |out| set.iter().for_each(|m| write_bytes(m, out)))
        }
        AttributeValue::L(list) => {
            write_container(TAG_L, list.len(), out, |out| list.iter().for_each(|v| write_value(v, out)))
        }
        AttributeValue::M(map) => write_container(TAG_M, map.len(), out, |out| {
            for (name, value) in map.iter() {
                write_bytes(name.as_bytes(), out);
                write_value(value, out);
            }
        }),
    }
}

fn write_number(number: Number, out: &mut Vec<u8>) {
    // The length of a normal form, at most 171, may need two bytes; nearly always it needs one, so one is reserved and checked.
    let length_at = out.len();
    out.push(0);
    number.write_to(out);
    let length = out.len() - length_at - 1;
    if length < 0x80 {
        out[length_at] = length as u8;
    } else {
        let text = out.split_off(length_at + 1);
        out.truncate(length_at);
        write_bytes(&text, out);
    }
}

/// Writes a container: its tag, the length of its body in bytes, the count, and what `elements` writes.
fn write_container(tag: u8, count: usize, out: &mut Vec<u8>, elements: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    write_varint(stored_length(count), out);
    elements(out);
    let length = stored_length(out.len() - length_at - 4);
    out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
}

#[cfg(test)]
mod tests;
