//! The values of a policy's conditions, compiled by the operator, and how a value of the request is compared with them.

use super::date::Instant;
use super::ip::Network;
use super::operator::{Comparison, Family};
use crate::Context;
use crate::arn::{ArnPattern, ArnText};
use crate::pattern::{Case, Notation, Pattern};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::cmp::Ordering;

/// What a value of the request is compared with.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Text(Box<[Pattern]>),
    Arn(Box<[ArnPattern]>),
    Numeric(Comparison, Box<[Number]>),
    Date(Comparison, Box<[Instant]>),
    /// Base64 as it is always written.
    Binary(Box<[Box<str>]>),
    IpAddress(Box<[Network]>),
    /// Whether the key is to be absent.
    Null(Box<[bool]>),
}

impl Test {
    /// Compiles the values of an operator; `None` if one has not the form that the operator needs.
    pub fn compile(family: Family, values: &[String], variables: bool) -> Option<Self> {
        let texts = |wildcards, case| {
            let notation = Notation { wildcards, variables, case };
            Self::Text(values.iter().map(|value| Pattern::compile(value, notation)).collect())
        };
        Some(match family {
            Family::String => texts(false, Case::Sensitive),
            // "You can use a policy variable with the Boolean condition operator."
            Family::StringIgnoreCase | Family::Bool => texts(false, Case::Ignored),
            Family::StringLike => texts(true, Case::Sensitive),
            Family::Arn => Self::Arn(values.iter().map(|value| ArnPattern::compile(value, variables)).collect()),
            Family::Numeric(comparison) => Self::Numeric(comparison, all(values, Number::parse)?),
            Family::Date(comparison) => Self::Date(comparison, all(values, Instant::parse)?),
            Family::Binary => Self::Binary(all(values, canonical_base64)?),
            Family::IpAddress => Self::IpAddress(all(values, Network::parse)?),
            Family::Null => Self::Null(all(values, boolean)?),
        })
    }

    /// The bits of the keys that its variables ask for.
    pub fn keys(&self) -> u128 {
        match self {
            Self::Text(patterns) => patterns.iter().fold(0, |keys, pattern| keys | pattern.keys()),
            Self::Arn(patterns) => patterns.iter().fold(0, |keys, pattern| keys | pattern.keys()),
            Self::Numeric(..) | Self::Date(..) | Self::Binary(_) | Self::IpAddress(_) | Self::Null(_) => 0,
        }
    }

    /// Whether a value of the request matches one of the policy's. What does not have the operator's form matches none.
    pub fn matches(&self, value: &str, context: &dyn Context) -> bool {
        match self {
            Self::Text(patterns) => patterns.iter().any(|pattern| pattern.matches(value, context)),
            Self::Arn(patterns) => {
                let arn = ArnText::new(value);
                patterns.iter().any(|pattern| pattern.matches(&arn, context))
            }
            Self::Numeric(comparison, numbers) => Number::parse(value).is_some_and(|value| {
                numbers.iter().any(|number| value.order(*number).is_some_and(|order| comparison.accepts(order)))
            }),
            Self::Date(comparison, dates) => {
                Instant::parse(value).is_some_and(|value| dates.iter().any(|date| comparison.accepts(value.cmp(date))))
            }
            Self::Binary(values) => values.iter().any(|known| **known == *value),
            Self::IpAddress(networks) => {
                value.parse().is_ok_and(|address| networks.iter().any(|network| network.contains(address)))
            }
            // Asks for no value.
            Self::Null(_) => false,
        }
    }
}

fn all<T>(values: &[String], parse: impl Fn(&str) -> Option<T>) -> Option<Box<[T]>> {
    values.iter().map(|value| parse(value)).collect()
}

fn canonical_base64(text: &str) -> Option<Box<str>> {
    STANDARD.decode(text).ok().map(|bytes| STANDARD.encode(bytes).into())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// "An integer or decimal value"; integers are compared exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Integer(i128),
    Decimal(f64),
}

impl Number {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        // The words `inf` and `nan` that Rust reads are no decimals.
        let decimal =
            text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
        text.parse().ok().filter(|number: &f64| decimal && number.is_finite()).map(Self::Decimal)
    }

    fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => Some(one.cmp(&other)),
            _ => self.approximate().partial_cmp(&other.approximate()),
        }
    }

    fn approximate(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Decimal(decimal) => decimal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let order = |one, other| Number::parse(one)?.order(Number::parse(other)?);
        assert_eq!(order("9007199254740993", "9007199254740992"), Some(Ordering::Greater));
        assert_eq!(order("10", "10.0"), Some(Ordering::Equal));
        assert_eq!(order("-1.5", "-1"), Some(Ordering::Less));
        for text in ["", "x", "inf", "NaN", "1 ", "1e999", "0x10"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }
}
