//! What is wrong with attribute values of a request, and the words for it.
//!
//! AWS has two generations of words, by operation: the current one answers PutItem, UpdateItem and DeleteItem (in the envelope
//! `1 validation error detected: `), GetItem, BatchGetItem and Query (bare); the older one answers BatchWriteItem, Scan and, in most
//! Regions, transactions. Evidence: captures of October 2026, conformance suite, `valueLayers`. The decoder only notes the first fault of
//! each member of the input, or of each action of a transaction; the operation says when it matters and in which words it is told.

use crate::decode::Site;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::NumberError;
use model::number::java_scale;
use std::fmt::Write;

/// The levels from which AWS answers a request with the words of its older front end (captures of October 2026: between 40 and 63).
const FAR_LEVELS: usize = 62;

/// The greatest exponent of a Java integer: at it the arithmetic of the older words wraps around.
const JAVA_EXPONENT_MAX: i32 = i32::MAX;

/// A generation of words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layer {
    /// PutItem, UpdateItem, DeleteItem, GetItem, BatchGetItem, Query.
    Current,
    /// BatchWriteItem, Scan, TransactWriteItems, TransactGetItems, and the parameters of PartiQL statements.
    Older,
}

/// A type of set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetKind {
    /// String set.
    String,
    /// Number set.
    Number,
    /// Binary set.
    Binary,
}

/// What is wrong with an attribute value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ValueFault {
    /// It names no type.
    Empty,
    /// It is an attribute without a name (captured in ten Regions, October 2026).
    EmptyName,
    /// A map in it has an attribute without a name.
    EmptyNameInside,
    /// It names several types.
    SeveralTypes,
    /// Its number, or a member of its number set, is none.
    Number {
        /// Why.
        error: NumberError,
        /// The text as sent.
        text: String,
    },
    /// A set without members.
    EmptySet(SetKind),
    /// A set with a member twice.
    DuplicateMembers {
        /// The set's type.
        kind: SetKind,
        /// The members as sent: text, or bytes of a binary set; empty for number sets, whose members are never told.
        members: Vec<Vec<u8>>,
    },
    /// A null that says false.
    NullFalse,
    /// More lists and maps inside each other than are supported.
    TooDeep,
}

/// A fault and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocatedFault {
    /// The input's member: `Item`, `Key`, `ExpressionAttributeValues`, ...
    pub member: &'static str,
    /// Where that member is a list, as a transaction's actions are: the element, counted from 0.
    pub element: Option<usize>,
    /// The member that is a map with the value in it: the input's own, or one of an action's.
    pub holder: &'static str,
    /// The first map key inside it: an attribute's name, a placeholder, or a table's name in a batch.
    pub key: String,
    /// What is wrong.
    pub fault: ValueFault,
}

/// The first fault of each member of an input.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ValueFaults {
    faults: Vec<LocatedFault>,
    /// The most levels of lists and maps inside each other where there were too many.
    levels: usize,
}

impl ValueFaults {
    /// Whether all values are fine.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// The fault that stands first in the request.
    pub fn first(&self) -> Option<&LocatedFault> {
        self.faults.first()
    }

    /// The first fault inside a member of the input.
    pub fn in_member(&self, member: &str) -> Option<&LocatedFault> {
        self.faults.iter().find(|fault| fault.member == member)
    }

    /// Whether values are nested so far that AWS answers in the words of its older front end.
    pub fn is_nested_far(&self) -> bool {
        self.levels > FAR_LEVELS
    }

    /// The faults inside an element of the input's list, of each map in it the first.
    pub fn in_element(&self, element: usize) -> impl Iterator<Item = &LocatedFault> {
        self.faults.iter().filter(move |fault| fault.element == Some(element))
    }

    /// Notes a fault unless its map has one that is told before it.
    pub(crate) fn record(&mut self, site: &Site<'_>, fault: ValueFault) {
        let Site { member, element, holder, key } = *site;
        // The decoder goes through the request in order, so the faults of one element stand together at the end.
        let mut near = self.faults.iter_mut().rev().take_while(|fault| fault.element == element);
        match near.find(|fault| fault.member == member && fault.holder == holder) {
            None => self.faults.push(LocatedFault { member, element, holder, key: key.to_owned(), fault }),
            Some(noted) if fault.is_told_before(&noted.fault) => {
                noted.fault = fault;
                key.clone_into(&mut noted.key);
            }
            Some(_) => (),
        }
    }

    /// Notes how far values are nested.
    pub(crate) fn note_levels(&mut self, levels: usize) {
        self.levels = self.levels.max(levels);
    }
}

impl ValueFault {
    /// Whether this is told although the other stands before it in the map: an attribute of the map itself without a name before a value
    /// that is too deep, and that before an attribute without a name inside of a value (captures of October 2026, conformance suite,
    /// `deepRequests`). How other faults rank is not known; of them the first is told.
    fn is_told_before(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::EmptyName, Self::TooDeep | Self::EmptyNameInside) | (Self::TooDeep, Self::EmptyNameInside)
        )
    }

    /// The words, without envelope.
    pub fn words(&self, layer: Layer) -> String {
        const INVALID: &str = "One or more parameter values were invalid: ";
        match self {
            Self::Empty => {
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes".to_owned()
            }
            Self::EmptyName | Self::EmptyNameInside => "Empty attribute name".to_owned(),
            Self::SeveralTypes => "Supplied AttributeValue has more than one datatypes set, must contain exactly one \
                 of the supported datatypes"
                .to_owned(),
            Self::Number { error, text } => number(*error, text, layer),
            Self::EmptySet(SetKind::String) => format!("{INVALID}An string set  may not be empty"),
            Self::EmptySet(SetKind::Number) => format!("{INVALID}An number set  may not be empty"),
            Self::EmptySet(SetKind::Binary) => format!("{INVALID}Binary sets should not be empty"),
            Self::DuplicateMembers { kind: SetKind::Number, .. } => match layer {
                Layer::Current => format!("{INVALID}Input collection contains duplicates."),
                Layer::Older => "Input collection contains duplicates".to_owned(),
            },
            Self::DuplicateMembers { kind, members } => {
                // The binary form has no space before its type.
                let of_type = if *kind == SetKind::Binary { "of type BS " } else { " " };
                format!("{INVALID}Input collection {}{of_type}contains duplicates.", print(*kind, members, layer))
            }
            Self::NullFalse => format!("{INVALID}Null attribute value types must have the value of true"),
            Self::TooDeep => "Nesting Levels have exceeded supported limits: Attributes in the item have nested \
                 levels beyond supported limit"
                .to_owned(),
        }
    }
}

/// The words for a number that is none.
pub(crate) fn number(error: NumberError, text: &str, layer: Layer) -> String {
    match error {
        NumberError::NotNumeric if text.is_empty() && layer == Layer::Older => {
            "The parameter cannot be converted to a numeric value".to_owned()
        }
        NumberError::NotNumeric => format!("The parameter cannot be converted to a numeric value: {text}"),
        // The older words come from Java's BigDecimal, which does not read an exponent beyond 32 bits.
        NumberError::Overflow | NumberError::Underflow if layer == Layer::Older && java_scale(text).is_none() => {
            format!("The parameter cannot be converted to a numeric value: {text}")
        }
        NumberError::Overflow if layer == Layer::Older && wraps_in_java(text) => {
            number_out_of_range(NumberError::Underflow)
        }
        _ => number_out_of_range(error),
    }
}

fn number_out_of_range(error: NumberError) -> String {
    match error {
        NumberError::Underflow => {
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        }
        NumberError::TooManyDigits => "Attempting to store more than 38 significant digits in a Number",
        _ => "Number overflow. Attempting to store a number with magnitude larger than supported range",
    }
    .to_owned()
}

/// `1e2147483647` counts as an underflow in the older words (captures of October 2026): its magnitude leaves 32 bits.
fn wraps_in_java(text: &str) -> bool {
    java_scale(text).is_some_and(|scale| scale <= -JAVA_EXPONENT_MAX)
}

/// Prints the members of a set that has one twice.
fn print(kind: SetKind, members: &[Vec<u8>], layer: Layer) -> String {
    let text = |member: &Vec<u8>| match kind {
        SetKind::Binary => STANDARD.encode(member),
        _ => String::from_utf8_lossy(member).into_owned(),
    };
    match layer {
        Layer::Older => format!("[{}]", members.iter().map(text).collect::<Vec<_>>().join(", ")),
        Layer::Current => {
            let separator = if kind == SetKind::Binary { "," } else { ", " };
            let mut printed = String::from("[");
            for (index, member) in as_current_prints(members).into_iter().enumerate() {
                let separator = if index > 0 { separator } else { "" };
                // Writing to a string cannot fail.
                let _ = write!(printed, "{separator}\"{}\"", text(member));
            }
            printed + "]"
        }
    }
}

/// The current order: the members up to the first repeat in byte order, then the repeat, then the rest as sent.
fn as_current_prints(members: &[Vec<u8>]) -> Vec<&Vec<u8>> {
    let mut distinct = std::collections::BTreeSet::new();
    let repeat = members.iter().position(|member| !distinct.insert(member)).unwrap_or(members.len());
    distinct.into_iter().chain(&members[repeat..]).collect()
}

#[cfg(test)]
mod tests;
