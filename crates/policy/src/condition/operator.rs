//! The names of condition operators.

use std::cmp::Ordering;

/// An operator with what stands before and after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Operator {
    pub quantifier: Option<Quantifier>,
    pub family: Family,
    pub negated: bool,
    pub if_exists: bool,
}

/// `ForAllValues:` and `ForAnyValue:`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Quantifier {
    All,
    Any,
}

/// What is compared, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    String,
    StringIgnoreCase,
    StringLike,
    Numeric(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    IpAddress,
    Arn,
    Null,
}

/// How what has an order is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Comparison {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

impl Comparison {
    pub fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equals => order.is_eq(),
            Self::LessThan => order.is_lt(),
            Self::LessThanEquals => order.is_le(),
            Self::GreaterThan => order.is_gt(),
            Self::GreaterThanEquals => order.is_ge(),
        }
    }
}

/// Each operator once: its name, what it is, whether it is negated.
const OPERATORS: &[(&str, Family, bool)] = &[
    ("StringEquals", Family::String, false),
    ("StringNotEquals", Family::String, true),
    ("StringEqualsIgnoreCase", Family::StringIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Family::StringIgnoreCase, true),
    ("StringLike", Family::StringLike, false),
    ("StringNotLike", Family::StringLike, true),
    ("NumericEquals", Family::Numeric(Comparison::Equals), false),
    ("NumericNotEquals", Family::Numeric(Comparison::Equals), true),
    ("NumericLessThan", Family::Numeric(Comparison::LessThan), false),
    ("NumericLessThanEquals", Family::Numeric(Comparison::LessThanEquals), false),
    ("NumericGreaterThan", Family::Numeric(Comparison::GreaterThan), false),
    ("NumericGreaterThanEquals", Family::Numeric(Comparison::GreaterThanEquals), false),
    ("DateEquals", Family::Date(Comparison::Equals), false),
    ("DateNotEquals", Family::Date(Comparison::Equals), true),
    ("DateLessThan", Family::Date(Comparison::LessThan), false),
    ("DateLessThanEquals", Family::Date(Comparison::LessThanEquals), false),
    ("DateGreaterThan", Family::Date(Comparison::GreaterThan), false),
    ("DateGreaterThanEquals", Family::Date(Comparison::GreaterThanEquals), false),
    ("Bool", Family::Bool, false),
    ("BinaryEquals", Family::Binary, false),
    ("IpAddress", Family::IpAddress, false),
    ("NotIpAddress", Family::IpAddress, true),
    ("ArnEquals", Family::Arn, false),
    ("ArnLike", Family::Arn, false),
    ("ArnNotEquals", Family::Arn, true),
    ("ArnNotLike", Family::Arn, true),
    ("Null", Family::Null, false),
];

impl Operator {
    /// The operator of a name, in which letters have no case.
    pub fn parse(name: &str) -> Option<Self> {
        let (quantifier, name) = if let Some(name) = strip_prefix(name, "ForAllValues:") {
            (Some(Quantifier::All), name)
        } else if let Some(name) = strip_prefix(name, "ForAnyValue:") {
            (Some(Quantifier::Any), name)
        } else {
            (None, name)
        };
        let (if_exists, name) = match name.len().checked_sub("IfExists".len()).and_then(|at| name.split_at_checked(at))
        {
            Some((name, end)) if end.eq_ignore_ascii_case("IfExists") => (true, name),
            _ => (false, name),
        };
        let (_, family, negated) = *OPERATORS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))?;
        // "You can add IfExists to the end of any condition operator name except the Null condition."
        (family != Family::Null || !if_exists).then_some(Self { quantifier, family, negated, if_exists })
    }
}

fn strip_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, family, negated) in OPERATORS {
            let plain = Operator { quantifier: None, family: *family, negated: *negated, if_exists: false };
            assert_eq!(Operator::parse(name), Some(plain));
            assert_eq!(Operator::parse(&name.to_uppercase()), Some(plain));
            let all = Operator { quantifier: Some(Quantifier::All), ..plain };
            assert_eq!(Operator::parse(&format!("forallvalues:{name}")), Some(all));
            let expected = (*family != Family::Null).then_some(Operator {
                quantifier: Some(Quantifier::Any),
                if_exists: true,
                ..plain
            });
            assert_eq!(Operator::parse(&format!("ForAnyValue:{name}IfExists")), expected);
        }
        for unknown in [
            "",
            "IfExists",
            "ForAnyValue:",
            "ForAnyValue::StringEquals",
            "StringEqualsIf",
            "StringEqualsIfExistsIfExists",
            "ä",
        ] {
            assert_eq!(Operator::parse(unknown), None, "{unknown}");
        }
    }
}
