//! Strings, numbers, points in time, booleans, blobs and enums.
//!
//! Of each JSON type that is not the expected one AWS says something of its own; the words are `messages`'.

use super::{Decoder, Enumeration, Path, Slot};
use crate::json::Kind;
use crate::rules::{IntegerRule, Pattern, Sizes, StringRule, TableNameRule};
use crate::violations::{Constraint, Echoed};
use crate::{Error, Timestamp, messages};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// The Java class of a scalar, by its short name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scalar {
    String,
    Boolean,
    Integer,
    Long,
    Date,
}

impl Scalar {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Boolean => "Boolean",
            Self::Integer => "Integer",
            Self::Long => "Long",
            Self::Date => "Date",
        }
    }

    /// The name with its package. That a point in time is Java's `Date` is our inference: no answer of AWS is known.
    fn class(self) -> &'static str {
        match self {
            Self::String => "java.lang.String",
            Self::Boolean => "java.lang.Boolean",
            Self::Integer => "java.lang.Integer",
            Self::Long => "java.lang.Long",
            Self::Date => "java.util.Date",
        }
    }
}

const TABLE_NAME_LENGTH_MAX: u32 = 255;
const TABLE_ARN_LENGTH_MAX: u32 = 1024;

impl<'a> Decoder<'a> {
    /// A string under a rule.
    pub fn string(&mut self, path: &Path<'_>, rule: &StringRule) -> Result<Slot<Cow<'a, str>>, Error> {
        let Some(text) = self.text()? else { return Ok(Slot::Absent) };
        if let Some(pattern) = rule.pattern.filter(|pattern| !pattern.matches(&text)) {
            self.violations.add(path, Constraint::Pattern(pattern), Echoed::text(&text));
        }
        self.check_length(path, &text, rule.sizes);
        Ok(Slot::Present(text))
    }

    /// A table's name or ARN.
    pub fn table_name(&mut self, path: &Path<'_>, rule: TableNameRule) -> Result<Slot<Cow<'a, str>>, Error> {
        let Some(text) = self.text()? else { return Ok(Slot::Absent) };
        if is_arn(&text) {
            self.check_length(path, &text, Sizes { min: 1, max: TABLE_ARN_LENGTH_MAX });
            return Ok(Slot::Present(text));
        }
        // Of an empty name only the length is reported (AWS-verified suite, May 2026).
        if !text.is_empty() && !Pattern::Name.matches(&text) {
            self.violations.add(path, Constraint::Pattern(Pattern::Name), Echoed::text(&text));
        }
        let min = if rule == TableNameRule::New { 3 } else { 1 };
        self.check_length(path, &text, Sizes { min, max: TABLE_NAME_LENGTH_MAX });
        Ok(Slot::Present(text))
    }

    /// A value of an enum.
    pub fn enumeration<E: Enumeration>(&mut self, path: &Path<'_>) -> Result<Slot<E>, Error> {
        let Some(text) = self.text()? else { return Ok(Slot::Absent) };
        Ok(match E::from_name(&text) {
            Some(value) => Slot::Present(value),
            None => {
                self.violations.add(path, Constraint::EnumSet(E::SET), Echoed::text(&text));
                Slot::Refused
            }
        })
    }

    /// A 32-bit integer under a rule.
    pub fn integer(&mut self, path: &Path<'_>, rule: &IntegerRule) -> Result<Slot<i32>, Error> {
        Ok(match self.whole_number(Scalar::Integer)? {
            None => Slot::Absent,
            Some(number) => {
                // Java's int wraps what does not fit; nothing sensible can be meant, so the nearest value stands for it.
                let number = number.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
                self.check_range(path, number, rule);
                Slot::Present(i32::try_from(number).unwrap_or_default())
            }
        })
    }

    /// A 64-bit integer under a rule.
    pub fn long(&mut self, path: &Path<'_>, rule: &IntegerRule) -> Result<Slot<i64>, Error> {
        Ok(match self.whole_number(Scalar::Long)? {
            None => Slot::Absent,
            Some(number) => {
                self.check_range(path, number, rule);
                Slot::Present(number)
            }
        })
    }

    /// A point in time: seconds since 1970, with or without a fraction. SDKs send either.
    pub fn timestamp(&mut self, _path: &Path<'_>) -> Result<Slot<Timestamp>, Error> {
        match self.reader.peek()? {
            Kind::Number => {
                // The reader has checked the number's form, and a number beyond all doubles is infinite, not an error.
                let seconds = self.reader.number()?.parse().unwrap_or_default();
                Ok(Slot::Present(Timestamp::from_seconds(seconds)))
            }
            Kind::Null => {
                self.reader.null()?;
                Ok(Slot::Absent)
            }
            other => Err(self.not_a(Scalar::Date, other)),
        }
    }

    /// A boolean. Some strings count as one (recorded by dynalite).
    pub fn boolean(&mut self, _path: &Path<'_>) -> Result<Slot<bool>, Error> {
        Ok(match self.flag()? {
            Some(value) => Slot::Present(value),
            None => Slot::Absent,
        })
    }

    /// The text of a string, none for null.
    #[inline]
    pub(super) fn text(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        match self.reader.peek()? {
            Kind::String => Ok(Some(self.reader.string()?)),
            Kind::Null => self.null(),
            other => Err(self.not_a(Scalar::String, other)),
        }
    }

    /// A boolean, none for null.
    pub(super) fn flag(&mut self) -> Result<Option<bool>, Error> {
        match self.reader.peek()? {
            Kind::True | Kind::False => Ok(Some(self.reader.boolean()?)),
            Kind::Null => self.null(),
            Kind::String => {
                let text = self.reader.string()?;
                let is = |names: [&str; 3]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
                match () {
                    () if is(["true", "1", "yes"]) => Ok(Some(true)),
                    () if is(["false", "0", "no"]) => Ok(Some(false)),
                    () => Err(messages::unexpected_token()),
                }
            }
            other => Err(self.not_a(Scalar::Boolean, other)),
        }
    }

    /// The bytes of a base64 string, none for null.
    pub(super) fn bytes(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match self.reader.peek()? {
            Kind::String => decode_base64(&self.reader.string()?).map(Some),
            Kind::Null => self.null(),
            Kind::Array => Err(messages::unrecognized_class("java.nio.ByteBuffer")),
            Kind::Object => Err(messages::structure_not_expected()),
            Kind::Number | Kind::True | Kind::False => Err(messages::not_base64()),
        }
    }

    pub(super) fn null<T>(&mut self) -> Result<Option<T>, Error> {
        self.reader.null()?;
        Ok(None)
    }

    /// A number without its fraction, none for null.
    fn whole_number(&mut self, scalar: Scalar) -> Result<Option<i64>, Error> {
        match self.reader.peek()? {
            Kind::Number => Ok(Some(floor(self.reader.number()?))),
            Kind::Null => self.null(),
            other => Err(self.not_a(scalar, other)),
        }
    }

    /// The error of a JSON type that is not a scalar's.
    #[cold]
    fn not_a(&mut self, scalar: Scalar, found: Kind) -> Error {
        let token = match found {
            Kind::Object => return messages::structure_not_expected(),
            Kind::Array => return messages::unrecognized_class(scalar.class()),
            Kind::True => "TRUE_VALUE",
            Kind::False => "FALSE_VALUE",
            Kind::String => "STRING_VALUE",
            Kind::Null => "NULL_VALUE",
            Kind::Number => match self.reader.number() {
                Ok(number) if number.contains(['.', 'e', 'E']) => "DECIMAL_VALUE",
                Ok(_) => "NUMBER_VALUE",
                Err(malformed) => return malformed.into(),
            },
        };
        messages::cannot_be_converted(token, scalar.name())
    }

    fn check_length(&mut self, path: &Path<'_>, text: &str, sizes: Sizes) {
        if sizes == Sizes::ANY {
            return;
        }
        // Lengths are Java's: UTF-16 units.
        let length = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
        if let Some(constraint) = Constraint::of_length(length, sizes) {
            self.violations.add(path, constraint, Echoed::text(text));
        }
    }

    fn check_range(&mut self, path: &Path<'_>, number: i64, rule: &IntegerRule) {
        let constraint = match (rule.min, rule.max) {
            (Some(min), _) if number < min => Constraint::MinValue(min),
            (_, Some(max)) if number > max => Constraint::MaxValue(max),
            _ => return,
        };
        self.violations.add(path, constraint, Echoed::text(&number.to_string()));
    }
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// A JSON number rounded down to an integer, as AWS reads it (recorded by dynalite); out of range, the nearest there is.
fn floor(number: &str) -> i64 {
    match number.parse::<i64>() {
        Ok(value) => value,
        // Beyond 2^53 a fraction has no place in a double, and the conversion saturates.
        Err(_) => number.parse::<f64>().map_or(0, |value| value.floor() as i64),
    }
}

/// Base64 with padding, as Jackson accepts it (messages recorded by dynalite).
pub(super) fn decode_base64(text: &str) -> Result<Vec<u8>, Error> {
    if !text.len().is_multiple_of(4) {
        return Err(messages::base64_length(text.len()));
    }
    STANDARD.decode(text).map_err(|_| messages::base64_last_character())
}
