//! Requests out of JSON, in one pass.
//!
//! A [`Decoder`] goes over the body once. The generated [`Structure`]s ask it for their members; it answers with slots. Three kinds of
//! fault part ways here: malformed JSON and wrong JSON types end the request at once (`Err`); broken constraints are recorded as
//! violations and reported together when the whole body was read; wrong attribute values are recorded as [`ValueFaults`] and handed to
//! the operation with the input, a null standing in their place. What must hold: a slot is refused only after a violation was recorded.

mod containers;
mod path;
mod scalars;
mod values;

pub(crate) use path::{Path, Site, Step};

use crate::generated::Operation;
use crate::json::{Kind, Members, Reader};
use crate::violations::Violations;
use crate::{Error, ValueFaults, messages};
use std::borrow::Cow;

/// A request's input and what is wrong with attribute values in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Decoded<T> {
    /// The input. Where an attribute value was wrong, a null stands.
    pub input: T,
    /// The wrong attribute values, for the operation to report at its place and in its words.
    pub faults: ValueFaults,
}

/// An enum of the service model.
pub trait Enumeration: Sized {
    /// All names, as messages print them.
    const SET: &'static str;

    /// The value of a name.
    fn from_name(name: &str) -> Option<Self>;
}

/// A structure of the service model.
pub(crate) trait Structure<'a>: Sized {
    /// AWS's Java class, which messages about wrong types name.
    const CLASS: &'static str;

    /// Reads the object that stands next.
    fn decode(decoder: &mut Decoder<'a>, path: &Path<'_>) -> Result<Slot<Self>, Error>;
}

/// What became of a member.
pub(crate) enum Slot<T> {
    /// It is not there, or null.
    Absent,
    /// It broke a constraint such that it has no value; the violation is recorded.
    Refused,
    /// It is there, though it may break constraints that leave it a value.
    Present(T),
}

/// Whether a value stands as a structure's member or inside a list or map; AWS words type errors by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Member,
    Element,
}

/// Reads one request.
pub(crate) struct Decoder<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) violations: Violations<'a>,
    pub(super) faults: ValueFaults,
}

/// Decodes a whole body.
pub(crate) fn decode_request<'a, T: Structure<'a>>(operation: Operation, body: &'a [u8]) -> Result<Decoded<T>, Error> {
    let mut decoder =
        Decoder { reader: Reader::new(body)?, violations: Violations::default(), faults: ValueFaults::default() };
    if decoder.reader.peek()? != Kind::Object {
        decoder.reader.skip_value()?;
        decoder.reader.finish()?;
        return Err(messages::unexpected_value_type());
    }
    let slot = T::decode(&mut decoder, &Path::ROOT)?;
    decoder.reader.finish()?;
    if !decoder.violations.is_empty() {
        return Err(decoder.violations.report(operation, decoder.faults.is_nested_far()));
    }
    match slot {
        Slot::Present(input) => Ok(Decoded { input, faults: decoder.faults }),
        Slot::Absent | Slot::Refused => unreachable!("input refused without a violation"),
    }
}

impl<'a> Decoder<'a> {
    /// Moves into the object that stands next.
    pub fn members(&mut self) -> Members {
        // The caller has seen the brace: opening cannot fail, and if it did the next read would.
        self.reader.open_object().unwrap_or_default()
    }

    /// The name of the next member.
    pub fn next_member(&mut self, members: &mut Members) -> Result<Option<Cow<'a, str>>, Error> {
        Ok(self.reader.next_member(members)?)
    }

    /// Moves over a member that the API does not know.
    pub fn skip(&mut self) -> Result<(), Error> {
        self.reader.skip_value()?;
        Ok(())
    }
}

impl<T> Slot<T> {
    /// The value of an optional member.
    pub fn optional(self) -> Option<T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Refused => None,
        }
    }

    /// The value of a required member; its absence is recorded.
    pub fn required(self, decoder: &mut Decoder<'_>, path: &Path<'_>) -> Option<T> {
        if let Self::Absent = self {
            decoder.violations.missing(path);
        }
        self.optional()
    }
}

#[cfg(test)]
mod tests;
