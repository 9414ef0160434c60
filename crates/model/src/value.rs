//! One attribute value, as a tree.
//!
//! Strings and bytes are borrowed from the request or from a stored item wherever possible. Sets are kept sorted and without
//! duplicates, which makes equality of sets a plain comparison; nothing else may build them.

use crate::{Item, Number};
use std::borrow::Cow;

/// An attribute value of one of DynamoDB's ten types.
#[derive(Clone, PartialEq, Debug)]
pub enum AttributeValue<'a> {
    /// String.
    S(Cow<'a, str>),
    /// Number.
    N(Number),
    /// Binary.
    B(Cow<'a, [u8]>),
    /// Boolean.
    Bool(bool),
    /// Null.
    Null,
    /// String set: ascending by bytes, unique, not empty.
    Ss(Vec<Cow<'a, str>>),
    /// Number set: ascending, unique, not empty.
    Ns(Vec<Number>),
    /// Binary set: ascending by bytes, unique, not empty.
    Bs(Vec<Cow<'a, [u8]>>),
    /// List.
    L(Vec<AttributeValue<'a>>),
    /// Map.
    M(Item<'a>),
}

/// The name of an attribute value's type, as it stands in requests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AttributeType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
    /// Boolean.
    Bool,
    /// Null.
    Null,
    /// String set.
    Ss,
    /// Number set.
    Ns,
    /// Binary set.
    Bs,
    /// List.
    L,
    /// Map.
    M,
}

impl AttributeType {
    /// All types.
    pub const ALL: [Self; 10] =
        [Self::S, Self::N, Self::B, Self::Bool, Self::Null, Self::Ss, Self::Ns, Self::Bs, Self::L, Self::M];

    /// The name as it stands in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::N => "N",
            Self::B => "B",
            Self::Bool => "BOOL",
            Self::Null => "NULL",
            Self::Ss => "SS",
            Self::Ns => "NS",
            Self::Bs => "BS",
            Self::L => "L",
            Self::M => "M",
        }
    }

    /// The type of a name, if it is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl<'a> AttributeValue<'a> {
    /// The value's type.
    pub fn attribute_type(&self) -> AttributeType {
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

    /// The same value, borrowing from nothing.
    pub fn into_owned(self) -> AttributeValue<'static> {
        match self {
            Self::S(text) => AttributeValue::S(Cow::Owned(text.into_owned())),
            Self::N(number) => AttributeValue::N(number),
            Self::B(bytes) => AttributeValue::B(Cow::Owned(bytes.into_owned())),
            Self::Bool(value) => AttributeValue::Bool(value),
            Self::Null => AttributeValue::Null,
            Self::Ss(set) => {
                AttributeValue::Ss(set.into_iter().map(|member| Cow::Owned(member.into_owned())).collect())
            }
            Self::Ns(set) => AttributeValue::Ns(set),
            Self::Bs(set) => {
                AttributeValue::Bs(set.into_iter().map(|member| Cow::Owned(member.into_owned())).collect())
            }
            Self::L(list) => AttributeValue::L(list.into_iter().map(AttributeValue::into_owned).collect()),
            Self::M(map) => AttributeValue::M(map.into_owned()),
        }
    }

    /// A string value that borrows.
    pub fn string(text: &'a str) -> Self {
        Self::S(Cow::Borrowed(text))
    }
}
