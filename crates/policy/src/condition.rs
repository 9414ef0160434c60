//! A condition: an operator, a key, and the values that the key is compared with.
//!
//! The rules, from "IAM User Guide: IAM JSON policy elements: Condition operators" and "...: Creating a condition with multiple keys or
//! values":
//!
//! - A key's value matches if it matches one of the policy's; a negated operator holds if it matches none.
//! - An absent key makes a condition false, a negated one true, one with `IfExists` true, with `ForAllValues:` true, with `ForAnyValue:`
//!   false.
//! - `ForAllValues:` asks that every value of the request passes, `ForAnyValue:` that one does. To both a single empty string is no value
//!   ("if the key values resolve to a null data set, such as an empty string").
//! - AWS does not say what an operator without a prefix does with a key of several values. Here it holds if one value matches, and a
//!   negated one if none does.

mod date;
mod ip;
mod operator;
mod value;

pub(crate) use operator::{Operator, Quantifier};
pub(crate) use value::Test;

use crate::{Context, Key, Values};

/// A compiled condition.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub operator: Operator,
    pub key: Key,
    /// What the context is told beside the key.
    pub name: Box<str>,
    pub test: Test,
}

impl Condition {
    /// The bits of the keys that it asks for.
    pub fn keys(&self) -> u128 {
        self.key.bit() | self.test.keys()
    }

    pub fn holds(&self, context: &dyn Context) -> bool {
        let values = context.values(self.key, &self.name);
        let absent = values.is_absent();
        if let Test::Null(expected) = &self.test {
            return expected.contains(&absent);
        }
        let operator = self.operator;
        if absent && operator.if_exists {
            return true;
        }
        let passes = |value| self.test.matches(value, context) != operator.negated;
        match operator.quantifier {
            Some(Quantifier::All) => is_null_set(values) || values.iter().all(passes),
            Some(Quantifier::Any) => !is_null_set(values) && values.iter().any(passes),
            None => values.iter().any(|value| self.test.matches(value, context)) != operator.negated,
        }
    }
}

fn is_null_set(values: Values<'_>) -> bool {
    values.is_absent() || values.len() == 1 && values.get(0).is_none_or(str::is_empty)
}
