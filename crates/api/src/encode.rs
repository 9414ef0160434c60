//! Answers straight to JSON text.
//!
//! The generated structures call [`Encode`] member by member. A stored item is written from its encoded form, value by value, without
//! a tree: this is the hot path of every read.

use crate::json::{ObjectWriter, write_base64, write_between, write_double, write_integer, write_string};
use crate::{Map, Timestamp};
use model::encoded::RawAttributes;
use model::{AttributeValue, EncodedItem, Item, ItemView, RawValue, ValueView};
use std::borrow::Cow;

/// A value that has a JSON form.
pub trait Encode {
    /// Appends the value's JSON text.
    fn encode(&self, out: &mut Vec<u8>);
}

/// An operation without an output answers with an empty body, not with an empty object (recorded by dynalite for TagResource).
impl Encode for () {
    fn encode(&self, _: &mut Vec<u8>) {}
}

impl Encode for Cow<'_, str> {
    fn encode(&self, out: &mut Vec<u8>) {
        write_string(self, out);
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Encode for i32 {
    fn encode(&self, out: &mut Vec<u8>) {
        write_integer(i64::from(*self), out);
    }
}

impl Encode for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        write_integer(*self, out);
    }
}

impl Encode for f64 {
    fn encode(&self, out: &mut Vec<u8>) {
        write_double(*self, out);
    }
}

impl Encode for Timestamp {
    fn encode(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        write_list(self.iter(), out, |element, out| element.encode(out));
    }
}

impl<V: Encode> Encode for Map<'_, V> {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::new(out);
        for (name, value) in self.iter() {
            value.encode(object.name(name));
        }
        object.end();
    }
}

impl Encode for EncodedItem {
    fn encode(&self, out: &mut Vec<u8>) {
        self.view().encode(out);
    }
}

impl Encode for ItemView<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        // Usual items grow by less than this on their way to JSON, so that the buffer grows once.
        out.reserve(self.bytes().len() * 2);
        write_attributes(self.raw(), out);
    }
}

impl Encode for RawValue<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::S(text) => write_between(b"{\"S\":\"", text, b"\"}", out),
            Self::N(text) => {
                out.extend_from_slice(b"{\"N\":\"");
                out.extend_from_slice(text);
                out.extend_from_slice(b"\"}");
            }
            Self::True => out.extend_from_slice(b"{\"BOOL\":true}"),
            Self::False => out.extend_from_slice(b"{\"BOOL\":false}"),
            Self::Null => out.extend_from_slice(b"{\"NULL\":true}"),
            Self::M(map) => {
                out.extend_from_slice(b"{\"M\":");
                write_attributes(map.raw_attributes(), out);
                out.push(b'}');
            }
            Self::L(list) => {
                out.extend_from_slice(b"{\"L\":");
                write_list(list.raw_values(), out, |value, out| value.encode(out));
                out.push(b'}');
            }
            Self::B(_) | Self::Ss(_) | Self::Ns(_) | Self::Bs(_) => write_binary_or_set(*self, out),
        }
    }
}

impl Encode for ValueView<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.raw().encode(out);
    }
}

fn write_attributes(attributes: RawAttributes<'_>, out: &mut Vec<u8>) {
    let mut object = ObjectWriter::new(out);
    for (name, value) in attributes {
        value.encode(object.raw_name(name));
    }
    object.end();
}

fn write_binary_or_set(value: RawValue<'_>, out: &mut Vec<u8>) {
    match value {
        RawValue::B(bytes) => {
            out.extend_from_slice(b"{\"B\":");
            write_base64(bytes, out);
        }
        RawValue::Ss(set) => {
            out.extend_from_slice(b"{\"SS\":");
            write_list(set.members(), out, |text, out| write_between(b"\"", text, b"\"", out));
        }
        RawValue::Ns(set) => {
            out.extend_from_slice(b"{\"NS\":");
            write_list(set.members(), out, |text, out| write_between(b"\"", text, b"\"", out));
        }
        RawValue::Bs(set) => {
            out.extend_from_slice(b"{\"BS\":");
            write_list(set.members(), out, write_base64);
        }
        _ => unreachable!("neither binary nor a set"),
    }
    out.push(b'}');
}

impl Encode for Item<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::new(out);
        for (name, value) in self.iter() {
            value.encode(object.name(name));
        }
        object.end();
    }
}

impl Encode for AttributeValue<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::S(text) => {
                out.extend_from_slice(b"{\"S\":");
                write_string(text, out);
            }
            Self::N(number) => {
                out.extend_from_slice(b"{\"N\":\"");
                number.write_to(out);
                out.push(b'"');
            }
            Self::B(bytes) => {
                out.extend_from_slice(b"{\"B\":");
                write_base64(bytes, out);
            }
            Self::Bool(true) => out.extend_from_slice(b"{\"BOOL\":true"),
            Self::Bool(false) => out.extend_from_slice(b"{\"BOOL\":false"),
            Self::Null => out.extend_from_slice(b"{\"NULL\":true"),
            Self::Ss(set) => {
                out.extend_from_slice(b"{\"SS\":");
                write_list(set.iter(), out, |text, out| write_string(text, out));
            }
            Self::Ns(set) => {
                out.extend_from_slice(b"{\"NS\":");
                write_list(set.iter(), out, |number, out| {
                    out.push(b'"');
                    number.write_to(out);
                    out.push(b'"');
                });
            }
            Self::Bs(set) => {
                out.extend_from_slice(b"{\"BS\":");
                write_list(set.iter(), out, |bytes, out| write_base64(bytes, out));
            }
            Self::L(list) => {
                out.extend_from_slice(b"{\"L\":");
                write_list(list.iter(), out, |value, out| value.encode(out));
            }
            Self::M(map) => {
                out.extend_from_slice(b"{\"M\":");
                map.encode(out);
            }
        }
        out.push(b'}');
    }
}

/// Writes a member that follows others, if it is there. `key` has its comma, quotes and colon.
pub(crate) fn write_member<T: Encode>(key: &[u8], value: &Option<T>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        out.extend_from_slice(key);
        value.encode(out);
    }
}

fn write_list<T>(elements: impl Iterator<Item = T>, out: &mut Vec<u8>, write: impl Fn(T, &mut Vec<u8>)) {
    out.push(b'[');
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(element, out);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests;
