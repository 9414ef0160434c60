//! Refused lists and maps, printed back as Java's `toString` prints AWS's classes.
//!
//! Evidence: the conformance suite for key schemas and write requests. Works on JSON text that the decoder has accepted already;
//! should it not parse, printing stops there. What must hold: what is printed stays small, though Java's form of a value may be thirty
//! times as long as the request's.

use super::{Echoed, Violation};
use crate::json::{Kind, Malformed, Reader, write_string};
use crate::rules::Echo;
use std::borrow::Cow;

/// The members of AWS's attribute value class, in its order; the retired number types are among them.
const VALUE_MEMBERS: [&str; 16] = [
    "S",
    "N",
    "B",
    "INT",
    "DECIMAL",
    "DOUBLE",
    "SS",
    "NS",
    "BS",
    "INTSET",
    "DECIMALSET",
    "DOUBLESET",
    "M",
    "L",
    "NULL",
    "BOOL",
];

/// The levels of attribute values that are printed; what lies deeper is left out.
const LEVELS_MAX: usize = 8;

/// The bytes of a value that are printed; the rest is left out (not confirmed on AWS).
const PRINTED_MAX: usize = 1 << 20;

/// Why printing stops before the end.
enum Stop {
    /// The text is not JSON. It was accepted once, so this does not happen.
    Malformed,
    /// Enough is printed.
    Enough,
}

impl From<Malformed> for Stop {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl Violation<'_> {
    /// The value between quotes, or null without.
    pub(super) fn printed(&self) -> String {
        match &self.echoed {
            Echoed::Null => "null".to_owned(),
            Echoed::Text(text) => format!("'{}'", start_of(text, PRINTED_MAX)),
            Echoed::Json(text, echo) => format!("'{}'", java(text, echo)),
        }
    }

    /// The value as compact JSON between quotes (captures of October 2026: BatchGetItem).
    pub(super) fn printed_as_json(&self) -> String {
        match &self.echoed {
            Echoed::Json(text, _) => format!("'{}'", compact(text)),
            _ => self.printed(),
        }
    }
}

/// The start of a text, of so many bytes at most.
pub(super) fn start_of(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}

/// A member's name as Java has it: the first letter is small.
pub(super) fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn java(text: &str, echo: &Echo) -> String {
    let mut out = String::new();
    if let Ok(mut reader) = Reader::new(text.as_bytes()) {
        // Either way what was printed so far is what there is.
        let (Ok(()) | Err(Stop::Malformed | Stop::Enough)) = print(&mut reader, echo, 0, &mut out);
    }
    start_of(&out, PRINTED_MAX).to_owned()
}

fn print(reader: &mut Reader<'_>, echo: &Echo, levels: usize, out: &mut String) -> Result<(), Stop> {
    if out.len() >= PRINTED_MAX {
        return Err(Stop::Enough);
    }
    match (reader.peek()?, echo) {
        (Kind::Null, _) => {
            reader.null()?;
            out.push_str("null");
        }
        (Kind::Array, Echo::List(element)) => print_list(reader, element, levels, out)?,
        (Kind::Object, Echo::Map(value)) => print_map(reader, value, levels, out)?,
        (Kind::Object, Echo::Structure(name, members)) => print_structure(reader, (name, members), levels, out)?,
        (Kind::Object, Echo::AttributeValue) if levels < LEVELS_MAX => print_value(reader, levels + 1, out)?,
        (Kind::String, _) => out.push_str(&reader.string()?),
        _ => {
            let start = reader.position();
            reader.skip_value()?;
            out.push_str(reader.since(start).trim_start());
        }
    }
    Ok(())
}

fn print_list(reader: &mut Reader<'_>, element: &Echo, levels: usize, out: &mut String) -> Result<(), Stop> {
    out.push('[');
    let mut separator = "";
    let mut members = reader.open_array()?;
    while reader.next_element(&mut members)? {
        out.push_str(separator);
        separator = ", ";
        print(reader, element, levels, out)?;
    }
    out.push(']');
    Ok(())
}

fn print_map(reader: &mut Reader<'_>, value: &Echo, levels: usize, out: &mut String) -> Result<(), Stop> {
    out.push('{');
    let mut separator = "";
    let mut members = reader.open_object()?;
    while let Some(name) = reader.next_member(&mut members)? {
        out.push_str(separator);
        separator = ", ";
        out.push_str(&name);
        out.push('=');
        print(reader, value, levels, out)?;
    }
    out.push('}');
    Ok(())
}

/// Members come in the class's order, whatever the request's, and absent ones are null.
fn print_structure(
    reader: &mut Reader<'_>,
    (name, echoes): (&str, &[(&str, &Echo)]),
    levels: usize,
    out: &mut String,
) -> Result<(), Stop> {
    let mut printed = vec![None; echoes.len()];
    let mut result = Ok(());
    let mut members = reader.open_object()?;
    while let (Ok(()), Some(member)) = (&result, reader.next_member(&mut members)?) {
        match echoes.iter().position(|(name, _)| *name == member) {
            Some(index) => {
                let mut text = String::new();
                result = print(reader, echoes[index].1, levels, &mut text);
                printed[index] = Some(text);
            }
            None => drop(reader.skip_value()?),
        }
    }
    let members = echoes.iter().zip(printed);
    let members =
        members.map(|((name, _), text)| format!("{}={}", lower_first(name), text.as_deref().unwrap_or("null")));
    out.push_str(&format!("{name}({})", members.collect::<Vec<_>>().join(", ")));
    result
}

fn print_value(reader: &mut Reader<'_>, levels: usize, out: &mut String) -> Result<(), Stop> {
    let echo_of = |name: &&'static str| -> (&'static str, &'static Echo) {
        match *name {
            "SS" | "NS" | "BS" => (*name, &Echo::List(&Echo::Scalar)),
            "L" => ("L", &Echo::List(&Echo::AttributeValue)),
            "M" => ("M", &Echo::Map(&Echo::AttributeValue)),
            scalar => (scalar, &Echo::Scalar),
        }
    };
    let members: Vec<(&str, &Echo)> = VALUE_MEMBERS.iter().map(echo_of).collect();
    print_structure(reader, ("AttributeValue", &members), levels, out)
}

/// JSON text without the space between its tokens. In strings only what JSON demands is escaped (dynalite and dynoxide agree).
fn compact(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && out.len() < PRINTED_MAX {
        let (token, after) = rest.split_at(rest.find('"').unwrap_or(rest.len()));
        out.extend(token.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        let (string, after) = after.split_at(string_length(after));
        let inside = Reader::new(string.as_bytes()).and_then(|mut reader| reader.string().map(Cow::into_owned));
        if let Ok(inside) = inside {
            write_string(&inside, &mut out);
        }
        rest = after;
    }
    start_of(&String::from_utf8_lossy(&out), PRINTED_MAX).to_owned()
}

/// The length of the JSON string that a text begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let ends = |(_, byte): &(usize, u8)| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    };
    text.bytes().enumerate().skip(1).find(ends).map_or(text.len(), |(at, _)| at + 1)
}
