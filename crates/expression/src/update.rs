//! Updates: what UpdateItem makes of an item.
//!
//! An update is a list of actions on paths that do not meet, so their order does not matter; every value is computed from the item as it
//! was. Parsing is in `update/parse`, applying in `update/apply`, writes into nested values in `update/document`, and what
//! `ReturnValues` answers in `update/returned`.

mod apply;
mod document;
mod parse;
mod returned;

use crate::check::static_type;
use crate::error::EvaluationError;
use crate::operand::{Function, Operand};
use crate::path::{Path, Step};
use model::value::AttributeType;
use model::{AttributeValue, KeySchema, limits, size};

pub use parse::parse_update;

/// A parsed update.
#[derive(Clone, PartialEq, Debug)]
pub struct Update<'a> {
    pub(crate) actions: Vec<Action<'a>>,
    pub(crate) dialect: Dialect,
}

/// The parameter that an update came in. It decides what ADD may do and how its failures read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    /// `UpdateExpression`.
    Expression,
    /// `AttributeUpdates`.
    AttributeUpdates,
}

/// One action of an update.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Action<'a> {
    /// Where it writes.
    pub(crate) target: Path<'a>,
    /// What it does there.
    pub(crate) change: Change<'a>,
}

/// What an action does.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Change<'a> {
    Set(SetValue<'a>),
    Remove,
    Add(&'a AttributeValue<'a>),
    Delete(&'a AttributeValue<'a>),
    /// Something whose error is noted; never applied.
    Invalid,
}

/// The right side of a SET.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum SetValue<'a> {
    Operand(Operand<'a>),
    Sum([Operand<'a>; 2]),
    Difference([Operand<'a>; 2]),
}

impl<'a> SetValue<'a> {
    fn operands(&self) -> &[Operand<'a>] {
        match self {
            Self::Operand(operand) => std::slice::from_ref(operand),
            Self::Sum(operands) | Self::Difference(operands) => operands,
        }
    }
}

/// What an update gives a whole attribute, as far as the request tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Assignment<'a> {
    /// The attribute.
    pub attribute: &'a str,
    /// The type of its new value; `None` where that depends on the item.
    pub kind: Option<AttributeType>,
}

impl<'a> Update<'a> {
    /// The paths that the update writes, in the order of the request.
    pub fn targets(&self) -> impl Iterator<Item = &Path<'a>> {
        self.actions.iter().map(|action| &action.target)
    }

    /// Every path that the update reads or writes.
    pub fn paths(&self) -> Vec<&Path<'a>> {
        let mut paths = Vec::new();
        for action in &self.actions {
            paths.push(&action.target);
            if let Change::Set(value) = &action.change {
                value.operands().iter().for_each(|operand| operand.collect_paths(&mut paths));
            }
        }
        paths
    }

    /// Checks that no attribute of the table's key is written.
    pub fn check_key(&self, schema: &KeySchema) -> Result<(), EvaluationError> {
        let written = |name: &str| self.targets().any(|target| target.attribute == name);
        match schema.attributes().find(|attribute| written(&attribute.name)) {
            Some(attribute) => Err(EvaluationError::KeyAttribute { name: attribute.name.clone() }),
            None => Ok(()),
        }
    }

    /// The attributes that SET and ADD write as a whole.
    pub fn assignments(&self) -> impl Iterator<Item = Assignment<'a>> {
        let whole = self.actions.iter().filter(|action| !action.target.is_nested());
        whole.filter_map(|action| {
            let kind = match &action.change {
                Change::Set(value) => value.static_type(),
                Change::Add(value) => Some(value.attribute_type()),
                Change::Remove | Change::Delete(_) | Change::Invalid => return None,
            };
            Some(Assignment { attribute: action.target.attribute, kind })
        })
    }

    /// The size that DynamoDB reckons for the statement itself and holds against the item limit, even when the item stays small; 0 for
    /// `AttributeUpdates` (measured on AWS with the conformance suite's item size tests, October 2026). Beyond the limit nothing more is
    /// counted: a statement may name one large value hundreds of times.
    pub fn statement_size(&self) -> usize {
        const STATEMENT: usize = 3;
        if self.dialect == Dialect::AttributeUpdates {
            return 0;
        }
        self.actions.iter().fold(STATEMENT, |size, action| action.add_statement_size(size))
    }
}

impl SetValue<'_> {
    fn static_type(&self) -> Option<AttributeType> {
        match self {
            Self::Operand(Operand::Call(call)) if call.function == Function::ListAppend => Some(AttributeType::L),
            Self::Operand(Operand::Call(call)) => call.operands.get(1).and_then(static_type),
            Self::Operand(operand) => static_type(operand),
            Self::Sum(_) | Self::Difference(_) => Some(AttributeType::N),
        }
    }

    fn add_statement_size(&self, size: usize) -> usize {
        const SUM: usize = 34;
        const DIFFERENCE: usize = 37;
        let operator = match self {
            Self::Operand(_) => 0,
            Self::Sum(_) => SUM,
            Self::Difference(_) => DIFFERENCE,
        };
        self.operands().iter().fold(size + operator, add_operand_size)
    }
}

impl Action<'_> {
    fn add_statement_size(&self, size: usize) -> usize {
        const WRITE: usize = 19;
        const CLEAR: usize = 1;
        const STEP: usize = 4;
        let steps = self.target.rest.iter().map(|step| STEP + step_size(*step)).sum::<usize>();
        let target = self.target.attribute.len() + steps;
        match &self.change {
            Change::Set(value) => value.add_statement_size(size + WRITE + target),
            Change::Add(value) => add_value_size(size + WRITE + target, value),
            Change::Remove | Change::Delete(_) | Change::Invalid => size + CLEAR + target,
        }
    }
}

fn add_value_size(size: usize, value: &AttributeValue<'_>) -> usize {
    if size > limits::ITEM_SIZE_MAX { size } else { size + size::value(value) }
}

fn add_operand_size(size: usize, operand: &Operand<'_>) -> usize {
    const PATH: usize = 1;
    const STEP: usize = 14;
    const IF_NOT_EXISTS: usize = 39;
    const LIST_APPEND: usize = 37;
    match operand {
        Operand::Path(path) => size + PATH + path.steps().map(|step| STEP + step_size(step)).sum::<usize>(),
        Operand::Value(value) => add_value_size(size, value),
        Operand::Call(call) => {
            let function = if call.function == Function::ListAppend { LIST_APPEND } else { IF_NOT_EXISTS };
            call.operands.iter().fold(size + function, add_operand_size)
        }
        Operand::Condition(_) | Operand::Invalid => size,
    }
}

fn step_size(step: Step<'_>) -> usize {
    match step {
        Step::Name(name) => name.len(),
        Step::Index(index) => index.checked_ilog10().unwrap_or_default() as usize + 1,
    }
}
