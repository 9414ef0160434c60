//! Conditions: operators over what the request's context holds.
//!
//! As in the IAM user guide, "IAM JSON policy elements: Condition operators" and "Set operators for multi-valued context keys": all operators
//! and all keys of a block must hold; of several values for a key one must match, or none for a negated operator. A key that the request
//! does not have makes an operator false, a negated one and one with `IfExists` true; `ForAllValues` is true without values, `ForAnyValue` is
//! false.

use crate::error::PolicyError;
use crate::pattern::{ArnPattern, Meaning, Pattern};
use crate::time;
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

/// A condition key. Keys are compared without regard to case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// The key of a name, as in `aws:SourceIp` or `aws:PrincipalTag/team`.
    pub fn new(name: &str) -> Self {
        Self(name.to_ascii_lowercase())
    }

    /// The name in lower case.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// What follows a prefix such as `aws:principaltag/`: the tag's key in lower case.
    pub fn tag(&self, prefix: &str) -> Option<&str> {
        self.0.strip_prefix(prefix)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a request has for a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Values<'a> {
    /// Nothing.
    Absent,
    /// A single value.
    One(Cow<'a, str>),
    /// Any number of values, of a key that may have several.
    Many(&'a [String]),
}

impl<'a> Values<'a> {
    /// A value that may be there.
    pub fn of(value: Option<&'a str>) -> Self {
        value.map_or(Self::Absent, |value| Self::One(value.into()))
    }
}

/// What a request knows of itself.
pub trait Context {
    /// What it has for a key.
    fn values<'a>(&'a self, key: &Key) -> Values<'a>;
}

/// One operator with one key.
#[derive(Clone, Debug)]
pub struct Condition {
    key: Key,
    set: Option<Set>,
    if_exists: bool,
    negated: bool,
    test: Test,
}

/// How an operator takes several values of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Set {
    All,
    Any,
}

/// What is compared, with the values of the policy.
#[derive(Clone, Debug)]
enum Test {
    Text(Vec<Pattern>),
    IgnoringCase(Vec<String>),
    Number(Relation, Vec<f64>),
    Date(Relation, Vec<f64>),
    Bool(Vec<bool>),
    Network(Vec<Network>),
    Arn(Vec<ArnPattern>),
    /// Whether the key must be absent.
    Null(Vec<bool>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug)]
struct Network {
    address: u128,
    mask: u128,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(bits);
        if bits < length {
            return None;
        }
        // IPv4 is compared as what IPv6 maps it to.
        let length = length + 128 - bits;
        let mask = if length == 0 { 0 } else { u128::MAX << (128 - length) };
        Some(Self { address: number(address) & mask, mask })
    }

    fn holds(self, address: IpAddr) -> bool {
        number(address) & self.mask == self.address
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Condition {
    /// Compiles an operator, a key and values.
    pub fn new(operator: &str, key: &str, values: &[String], variables: bool) -> Result<Self, PolicyError> {
        let unknown = || PolicyError::Operator(operator.to_owned());
        let lower = operator.to_ascii_lowercase();
        let (set, rest) = match lower.split_once(':') {
            None => (None, lower.as_str()),
            Some(("forallvalues", rest)) => (Some(Set::All), rest),
            Some(("foranyvalue", rest)) => (Some(Set::Any), rest),
            Some(_) => return Err(unknown()),
        };
        let (base, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |base| (base, true));
        let (test, negated) = test(base, values, variables)?.ok_or_else(unknown)?;
        if matches!(test, Test::Null(_)) && (if_exists || set.is_some()) {
            return Err(unknown());
        }
        Ok(Self { key: Key::new(key), set, if_exists, negated, test })
    }

    /// The keys that it asks for.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        let variables: Box<dyn Iterator<Item = &Key>> = match &self.test {
            Test::Text(patterns) => Box::new(patterns.iter().flat_map(Pattern::keys)),
            Test::Arn(patterns) => Box::new(patterns.iter().flat_map(ArnPattern::keys)),
            _ => Box::new(std::iter::empty()),
        };
        std::iter::once(&self.key).chain(variables)
    }

    /// Whether it holds.
    pub fn holds(&self, context: &dyn Context) -> bool {
        let values = context.values(&self.key);
        if let Test::Null(expected) = &self.test {
            let is_absent = matches!(values, Values::Absent | Values::Many([]));
            return expected.contains(&is_absent);
        }
        let fits = |value: &str| self.test.matches(value, context) != self.negated;
        match (values, self.set) {
            (Values::Absent | Values::Many([]), Some(Set::All)) => true,
            (Values::Absent | Values::Many([]), Some(Set::Any)) => self.if_exists,
            (Values::Absent | Values::Many([]), None) => self.if_exists || self.negated,
            (Values::One(value), _) => fits(&value),
            (Values::Many(values), Some(Set::Any)) => values.iter().any(|value| fits(value)),
            (Values::Many(values), Some(Set::All)) => values.iter().all(|value| fits(value)),
            // Without a set operator: one value must match, or none for a negated operator.
            (Values::Many(values), None) if self.negated => values.iter().all(|value| fits(value)),
            (Values::Many(values), None) => values.iter().any(|value| fits(value)),
        }
    }
}

impl Test {
    /// Whether a value of the request matches one of the policy's.
    fn matches(&self, value: &str, context: &dyn Context) -> bool {
        match self {
            Self::Text(patterns) => patterns.iter().any(|pattern| pattern.matches(value, context)),
            Self::IgnoringCase(texts) => texts.iter().any(|text| text.to_lowercase() == value.to_lowercase()),
            Self::Number(relation, numbers) => {
                value.parse().is_ok_and(|value: f64| numbers.iter().any(|number| relation.holds(value, *number)))
            }
            Self::Date(relation, dates) => {
                time::seconds_of(value).is_some_and(|value| dates.iter().any(|date| relation.holds(value, *date)))
            }
            Self::Bool(expected) => value.parse().is_ok_and(|value: bool| expected.contains(&value)),
            Self::Network(networks) => {
                value.parse().is_ok_and(|address: IpAddr| networks.iter().any(|network| network.holds(address)))
            }
            Self::Arn(patterns) => patterns.iter().any(|pattern| pattern.matches(value, context)),
            Self::Null(_) => false,
        }
    }
}

/// The test of an operator's name in lower case, and whether it is negated; `None` where there is no such operator.
fn test(operator: &str, values: &[String], variables: bool) -> Result<Option<(Test, bool)>, PolicyError> {
    let (base, negated) = match operator {
        "stringnotequals" => ("stringequals", true),
        "stringnotequalsignorecase" => ("stringequalsignorecase", true),
        "stringnotlike" => ("stringlike", true),
        "numericnotequals" => ("numericequals", true),
        "datenotequals" => ("dateequals", true),
        "notipaddress" => ("ipaddress", true),
        "arnnotequals" | "arnnotlike" => ("arnlike", true),
        "arnequals" => ("arnlike", false),
        operator => (operator, false),
    };
    let text = |wildcards| {
        let meaning = Meaning { wildcards, variables };
        values.iter().map(|value| Pattern::new(value, meaning)).collect()
    };
    let test = match base {
        "stringequals" | "binaryequals" => Test::Text(text(false)),
        "stringlike" => Test::Text(text(true)),
        "stringequalsignorecase" => Test::IgnoringCase(values.to_vec()),
        "bool" => Test::Bool(parsed(values, |value| value.to_ascii_lowercase().parse().ok())?),
        "null" => Test::Null(parsed(values, |value| value.to_ascii_lowercase().parse().ok())?),
        "ipaddress" => Test::Network(parsed(values, Network::parse)?),
        "arnlike" => {
            let meaning = Meaning { wildcards: true, variables };
            Test::Arn(parsed(values, |value| ArnPattern::new(value, meaning))?)
        }
        _ => match (base.strip_prefix("numeric"), base.strip_prefix("date")) {
            (Some(relation), _) => match relation_of(relation) {
                Some(relation) => Test::Number(relation, parsed(values, |value| value.parse().ok())?),
                None => return Ok(None),
            },
            (None, Some(relation)) => match relation_of(relation) {
                Some(relation) => Test::Date(relation, parsed(values, time::seconds_of)?),
                None => return Ok(None),
            },
            (None, None) => return Ok(None),
        },
    };
    Ok(Some((test, negated)))
}

fn relation_of(name: &str) -> Option<Relation> {
    Some(match name {
        "equals" => Relation::Equal,
        "lessthan" => Relation::Less,
        "lessthanequals" => Relation::LessOrEqual,
        "greaterthan" => Relation::Greater,
        "greaterthanequals" => Relation::GreaterOrEqual,
        _ => return None,
    })
}

fn parsed<T>(values: &[String], parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, PolicyError> {
    values.iter().map(|value| parse(value).ok_or_else(|| PolicyError::Operand(value.clone()))).collect()
}
