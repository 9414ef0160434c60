//! Refused lists and maps, printed back as Java's `toString` prints AWS's classes.
//!
//! Evidence: the conformance suite for key schemas and write requests. Works on JSON text that the decoder has accepted already;
//! should it not parse, printing stops there.

use super::{Echoed, Violation};
use crate::json::{Kind, Malformed, Reader};
use crate::rules::Echo;

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

impl Violation<'_> {
    /// The value between quotes, or null without.
    pub(super) fn printed(&self) -> String {
        match &self.echoed {
            Echoed::Null => "null".to_owned(),
            Echoed::Text(text) => format!("'{text}'"),
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

/// A member's name as Java has it: the first letter is small.
pub(super) fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn java(text: &str, echo: &Echo) -> String {
    let mut out = String::new();
    if let Ok(mut reader) = Reader::new(text.as_bytes()) {
        // A failure leaves what was printed so far; the text was accepted once, so there is none.
        let _ = print(&mut reader, echo, 0, &mut out);
    }
    out
}

fn print(reader: &mut Reader<'_>, echo: &Echo, levels: usize, out: &mut String) -> Result<(), Malformed> {
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

fn print_list(reader: &mut Reader<'_>, element: &Echo, levels: usize, out: &mut String) -> Result<(), Malformed> {
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

fn print_map(reader: &mut Reader<'_>, value: &Echo, levels: usize, out: &mut String) -> Result<(), Malformed> {
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
) -> Result<(), Malformed> {
    let mut printed = vec![None; echoes.len()];
    let mut members = reader.open_object()?;
    while let Some(member) = reader.next_member(&mut members)? {
        match echoes.iter().position(|(name, _)| *name == member) {
            Some(index) => {
                let mut text = String::new();
                print(reader, echoes[index].1, levels, &mut text)?;
                printed[index] = Some(text);
            }
            None => drop(reader.skip_value()?),
        }
    }
    let members = echoes.iter().zip(printed);
    let members =
        members.map(|((name, _), text)| format!("{}={}", lower_first(name), text.as_deref().unwrap_or("null")));
    out.push_str(&format!("{name}({})", members.collect::<Vec<_>>().join(", ")));
    Ok(())
}

fn print_value(reader: &mut Reader<'_>, levels: usize, out: &mut String) -> Result<(), Malformed> {
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

/// JSON text without the space between its tokens.
fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for letter in text.chars() {
        if in_string || !letter.is_ascii_whitespace() {
            out.push(letter);
        }
        in_string ^= letter == '"' && !escaped;
        escaped = in_string && letter == '\\' && !escaped;
    }
    out
}
