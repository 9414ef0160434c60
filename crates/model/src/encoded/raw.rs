//! Encoded items for those who only copy them out: texts stay bytes.
//!
//! A response is the stored bytes in another notation. Checking again that stored texts are UTF-8 would cost a fifth of writing it; they
//! were checked when the item came in, and `stator check` finds what a damaged disk made of them.

use super::{Body, Cursor, ItemView, Malformed, ValueView};
use super::{TAG_B, TAG_BS, TAG_FALSE, TAG_L, TAG_M, TAG_N, TAG_NS, TAG_NULL, TAG_S, TAG_SS, TAG_TRUE};

/// An encoded value whose texts are left as bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RawValue<'a> {
    /// String.
    S(&'a [u8]),
    /// Number, in normal form.
    N(&'a [u8]),
    /// Binary.
    B(&'a [u8]),
    /// Boolean. Two variants: with a byte as content, every move of a value would take it apart.
    True,
    /// Boolean.
    False,
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

/// The attributes of an encoded item or map: names and values.
#[derive(Clone, Debug)]
pub struct RawAttributes<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

/// The values of an encoded list.
#[derive(Clone, Debug)]
pub struct RawValues<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> ItemView<'a> {
    /// The attributes in order of their names, texts left as bytes.
    pub fn raw(self) -> RawAttributes<'a> {
        Body(self.0).raw_attributes()
    }
}

impl<'a> ValueView<'a> {
    /// The value with its texts as bytes.
    pub fn raw(self) -> RawValue<'a> {
        match self {
            Self::S(text) => RawValue::S(text.as_bytes()),
            Self::N(text) => RawValue::N(text.as_bytes()),
            Self::B(bytes) => RawValue::B(bytes),
            Self::Bool(true) => RawValue::True,
            Self::Bool(false) => RawValue::False,
            Self::Null => RawValue::Null,
            Self::Ss(body) => RawValue::Ss(body),
            Self::Ns(body) => RawValue::Ns(body),
            Self::Bs(body) => RawValue::Bs(body),
            Self::L(body) => RawValue::L(body),
            Self::M(body) => RawValue::M(body),
        }
    }
}

impl<'a> Body<'a> {
    /// The body of a map as attributes, texts left as bytes.
    pub fn raw_attributes(self) -> RawAttributes<'a> {
        let (cursor, left) = self.open();
        RawAttributes { cursor, left }
    }

    /// The body of a list as values, texts left as bytes.
    pub fn raw_values(self) -> RawValues<'a> {
        let (cursor, left) = self.open();
        RawValues { cursor, left }
    }
}

impl<'a> Iterator for RawAttributes<'a> {
    type Item = (&'a [u8], RawValue<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = self.cursor.bytes().ok()?;
        Some((name, raw_value(&mut self.cursor).ok()?))
    }
}

impl<'a> Iterator for RawValues<'a> {
    type Item = RawValue<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        raw_value(&mut self.cursor).ok()
    }
}

// Inlined always: the value is taken apart where it is made and never moves.
#[inline(always)]
fn raw_value<'a>(cursor: &mut Cursor<'a>) -> Result<RawValue<'a>, Malformed> {
    Ok(match cursor.take(1)? {
        [TAG_S] => RawValue::S(cursor.bytes()?),
        [TAG_N] => RawValue::N(cursor.bytes()?),
        [TAG_B] => RawValue::B(cursor.bytes()?),
        [TAG_TRUE] => RawValue::True,
        [TAG_FALSE] => RawValue::False,
        [TAG_NULL] => RawValue::Null,
        [TAG_SS] => RawValue::Ss(cursor.body()?),
        [TAG_NS] => RawValue::Ns(cursor.body()?),
        [TAG_BS] => RawValue::Bs(cursor.body()?),
        [TAG_L] => RawValue::L(cursor.body()?),
        [TAG_M] => RawValue::M(cursor.body()?),
        _ => return Err(Malformed),
    })
}
