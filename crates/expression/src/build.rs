//! Conditions and updates put together piece by piece, for whoever does not have them as the text of an expression.
//!
//! PartiQL statements become expressions here, so that there is one evaluator. A piece is checked as the parser checks it, with the same
//! words; whoever builds decides what may stand where. Programs are joined as they are, which needs no recursion.

use crate::check;
use crate::condition::{Condition, Instruction, Test};
use crate::error::Problem;
use crate::operand::{Call, Operand};
use crate::path::{self, Path};
use crate::update::{Action, Change, Dialect, SetValue, Update};
use model::AttributeValue;

pub use crate::evaluate::Comparator;
pub use crate::operand::Function;

/// An operand of an operator or a function.
#[derive(Clone, PartialEq, Debug)]
pub struct Term<'a>(Operand<'a>);

impl<'a> Term<'a> {
    /// What stands at a path of the item.
    pub fn path(path: Path<'a>) -> Self {
        Self(Operand::Path(path))
    }

    /// A value of the request.
    pub fn value(value: &'a AttributeValue<'a>) -> Self {
        Self(Operand::Value(value))
    }

    /// Whether a condition holds, as a boolean.
    pub fn condition(condition: Condition<'a>) -> Self {
        Self(Operand::Condition(Box::new(condition)))
    }

    /// The result of a function.
    pub fn call(function: Function, operands: Vec<Self>) -> Result<Self, Problem> {
        checked_call(function, operands).map(|call| Self(Operand::Call(Box::new(call))))
    }
}

/// A function that is a condition.
pub fn call<'a>(function: Function, operands: Vec<Term<'a>>) -> Result<Condition<'a>, Problem> {
    checked_call(function, operands).map(|call| of_test(Test::Call(call)))
}

fn checked_call<'a>(function: Function, operands: Vec<Term<'a>>) -> Result<Call<'a>, Problem> {
    if operands.len() != function.operands() {
        return Err(Problem::OperandCount { function: function.name(), count: operands.len() });
    }
    let call = Call { function, operands: bare(operands) };
    check::call(&call)?;
    Ok(call)
}

/// `left comparator right`
pub fn comparison<'a>(comparator: Comparator, operands: [Term<'a>; 2]) -> Result<Condition<'a>, Problem> {
    let operands = operands.map(|term| term.0);
    check::comparison(comparator, operands.each_ref())?;
    Ok(of_test(Test::Comparison { comparator, operands }))
}

/// `operand BETWEEN low AND high`
pub fn between<'a>(operand: Term<'a>, bounds: [Term<'a>; 2]) -> Result<Condition<'a>, Problem> {
    let (operand, bounds) = (operand.0, bounds.map(|term| term.0));
    check::between(&operand, &bounds[0], &bounds[1])?;
    Ok(of_test(Test::Between { operand, bounds }))
}

/// `operand IN (list)`
pub fn membership<'a>(operand: Term<'a>, list: Vec<Term<'a>>) -> Result<Condition<'a>, Problem> {
    let (operand, list) = (operand.0, bare(list));
    check::membership(&operand, &list)?;
    Ok(of_test(Test::In { operand, list }))
}

/// The condition that all of several hold; it always holds where there are none.
pub fn all<'a>(conditions: Vec<Condition<'a>>) -> Condition<'a> {
    joined(conditions, Instruction::SkipIfFalse)
}

/// The condition that one of several holds.
pub fn any<'a>(conditions: Vec<Condition<'a>>) -> Condition<'a> {
    joined(conditions, Instruction::SkipIfTrue)
}

/// The condition that another does not hold.
pub fn not<'a>(mut condition: Condition<'a>) -> Condition<'a> {
    condition.program.push(Instruction::Not);
    condition
}

fn of_test(test: Test<'_>) -> Condition<'_> {
    Condition { program: vec![Instruction::Test(test)] }
}

fn joined<'a>(conditions: Vec<Condition<'a>>, skip: fn(usize) -> Instruction<'a>) -> Condition<'a> {
    let length = conditions.iter().map(|condition| condition.program.len()).sum::<usize>();
    // Every skip goes to the end: all joiners are the same.
    let end = length + conditions.len().saturating_sub(1);
    let mut program = Vec::with_capacity(end);
    for condition in conditions {
        if !program.is_empty() {
            program.push(skip(end));
        }
        let start = program.len();
        program.extend(condition.program.into_iter().map(|instruction| moved(instruction, start)));
    }
    Condition { program }
}

/// An instruction in a program that others stand before.
fn moved(instruction: Instruction<'_>, by: usize) -> Instruction<'_> {
    match instruction {
        Instruction::SkipIfFalse(target) => Instruction::SkipIfFalse(target + by),
        Instruction::SkipIfTrue(target) => Instruction::SkipIfTrue(target + by),
        Instruction::Test(_) | Instruction::Not => instruction,
    }
}

/// One action of an update.
#[derive(Clone, PartialEq, Debug)]
pub struct UpdateAction<'a>(Action<'a>);

impl<'a> UpdateAction<'a> {
    /// `SET target = value`
    pub fn set(target: Path<'a>, value: Term<'a>) -> Self {
        Self::of(target, Change::Set(SetValue::Operand(value.0)))
    }

    /// `SET target = left + right`
    pub fn set_sum(target: Path<'a>, operands: [Term<'a>; 2]) -> Result<Self, Problem> {
        let operands = operands.map(|term| term.0);
        check::arithmetic("+", operands.each_ref())?;
        Ok(Self::of(target, Change::Set(SetValue::Sum(operands))))
    }

    /// `SET target = left - right`
    pub fn set_difference(target: Path<'a>, operands: [Term<'a>; 2]) -> Result<Self, Problem> {
        let operands = operands.map(|term| term.0);
        check::arithmetic("-", operands.each_ref())?;
        Ok(Self::of(target, Change::Set(SetValue::Difference(operands))))
    }

    /// `REMOVE target`
    pub fn remove(target: Path<'a>) -> Self {
        Self::of(target, Change::Remove)
    }

    /// `ADD target value`; the value must be a number or a set.
    pub fn add(target: Path<'a>, value: &'a AttributeValue<'a>) -> Self {
        Self::of(target, Change::Add(value))
    }

    /// `DELETE target value`; the value must be a set.
    pub fn delete(target: Path<'a>, value: &'a AttributeValue<'a>) -> Self {
        Self::of(target, Change::Delete(value))
    }

    fn of(target: Path<'a>, change: Change<'a>) -> Self {
        Self(Action { target, change })
    }
}

/// The update of several actions, whose targets must not meet.
pub fn update<'a>(actions: Vec<UpdateAction<'a>>) -> Result<Update<'a>, Problem> {
    let actions: Vec<_> = actions.into_iter().map(|action| action.0).collect();
    path::check_apart(&actions.iter().map(|action| &action.target).collect::<Vec<_>>())?;
    Ok(Update { actions, dialect: Dialect::Expression })
}

fn bare<'a>(terms: Vec<Term<'a>>) -> Vec<Operand<'a>> {
    terms.into_iter().map(|term| term.0).collect()
}
