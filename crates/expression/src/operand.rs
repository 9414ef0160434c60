//! Operands: what operators and functions work on, and the functions themselves.
//!
//! Built by the parser and by the legacy parameters, looked at by the checks, and evaluated in `evaluate` (conditions) and `update/apply`.

use crate::condition::Condition;
use crate::path::Path;
use model::AttributeValue;

/// A function of any expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are DynamoDB's and say all")]
pub enum Function {
    AttributeExists,
    AttributeNotExists,
    AttributeType,
    BeginsWith,
    Contains,
    Size,
    IfNotExists,
    ListAppend,
}

impl Function {
    /// The function of a name; names are compared with regard to case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "attribute_exists" => Self::AttributeExists,
            "attribute_not_exists" => Self::AttributeNotExists,
            "attribute_type" => Self::AttributeType,
            "begins_with" => Self::BeginsWith,
            "contains" => Self::Contains,
            "size" => Self::Size,
            "if_not_exists" => Self::IfNotExists,
            "list_append" => Self::ListAppend,
            _ => return None,
        })
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AttributeExists => "attribute_exists",
            Self::AttributeNotExists => "attribute_not_exists",
            Self::AttributeType => "attribute_type",
            Self::BeginsWith => "begins_with",
            Self::Contains => "contains",
            Self::Size => "size",
            Self::IfNotExists => "if_not_exists",
            Self::ListAppend => "list_append",
        }
    }

    /// How many operands the function takes.
    pub(crate) fn operands(self) -> usize {
        match self {
            Self::AttributeExists | Self::AttributeNotExists | Self::Size => 1,
            _ => 2,
        }
    }

    /// Whether the function belongs to updates; the others belong to conditions.
    pub(crate) fn is_of_updates(self) -> bool {
        matches!(self, Self::IfNotExists | Self::ListAppend)
    }
}

/// An operand of an operator or a function.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Operand<'a> {
    /// What stands at a path of the item.
    Path(Path<'a>),
    /// A value of the request.
    Value(&'a AttributeValue<'a>),
    /// The result of a function.
    Call(Box<Call<'a>>),
    /// Whether a condition holds, as a boolean; only PartiQL has such operands.
    Condition(Box<Condition<'a>>),
    /// A placeholder that is not defined, or a function that does not exist. The error is noted, so that this is never evaluated.
    Invalid,
}

/// A function with its operands, as many as it takes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) function: Function,
    pub(crate) operands: Vec<Operand<'a>>,
}

/// A function by its form: a name before a parenthesis.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Callee {
    /// The token of the name.
    pub(crate) at: usize,
    /// The function of that name, if there is one.
    pub(crate) function: Option<Function>,
}

impl<'a> Operand<'a> {
    /// Appends the paths in the operand.
    pub(crate) fn collect_paths<'s>(&'s self, paths: &mut Vec<&'s Path<'a>>) {
        match self {
            Self::Path(path) => paths.push(path),
            Self::Call(call) => call.operands.iter().for_each(|operand| operand.collect_paths(paths)),
            Self::Condition(condition) => condition.collect_paths(paths),
            Self::Value(_) | Self::Invalid => {}
        }
    }
}
