//! The checks of operands that need no item: types that are known from the request, operands that must differ, bounds in order.
//!
//! Called while an expression is parsed, as soon as an operator or a function has its operands. The type of a path's value is unknown
//! here; a wrong one makes a condition false, or fails an update when it is applied. Which check comes first follows dynalite's tests
//! against DynamoDB.

use crate::error::{Problem, bound_text, path_text};
use crate::evaluate::{Comparator, order_of_values};
use crate::operand::{Call, Function, Operand};
use model::value::AttributeType;
use model::{AttributeValue, limits};
use std::cmp::Ordering;

/// The type of an operand, where the request tells it.
pub(crate) fn static_type(operand: &Operand<'_>) -> Option<AttributeType> {
    match operand {
        Operand::Value(value) => Some(value.attribute_type()),
        Operand::Call(call) if call.function == Function::Size => Some(AttributeType::N),
        Operand::Condition(_) => Some(AttributeType::Bool),
        _ => None,
    }
}

/// Checks a function that has as many operands as it takes.
pub(crate) fn call(call: &Call<'_>) -> Result<(), Problem> {
    let function = call.function;
    if !matches!(function, Function::Size | Function::ListAppend) {
        distinct(function.name(), &call.operands)?;
    }
    let needs_path = matches!(
        function,
        Function::AttributeExists | Function::AttributeNotExists | Function::AttributeType | Function::IfNotExists
    );
    if needs_path && !matches!(call.operands.first(), Some(Operand::Path(_))) {
        return Err(Problem::PathRequired { function: function.name() });
    }
    match function {
        Function::BeginsWith => {
            types(function.name(), &call.operands, |kind| matches!(kind, AttributeType::S | AttributeType::B))
        }
        Function::Size => types(function.name(), &call.operands, |kind| {
            !matches!(kind, AttributeType::N | AttributeType::Bool | AttributeType::Null)
        }),
        Function::ListAppend => types(function.name(), &call.operands, |kind| kind == AttributeType::L),
        Function::AttributeType => call.operands.get(1).map_or(Ok(()), type_name),
        _ => Ok(()),
    }
}

fn type_name(operand: &Operand<'_>) -> Result<(), Problem> {
    let operator = Function::AttributeType.name();
    match operand {
        Operand::Value(AttributeValue::S(name)) if AttributeType::from_name(name).is_some() => Ok(()),
        Operand::Value(AttributeValue::S(name)) => Err(Problem::UnknownTypeName { name: name.to_string() }),
        Operand::Invalid => Ok(()),
        _ => match static_type(operand) {
            Some(operand) => Err(Problem::OperandType { operator, operand }),
            None => Err(Problem::TypeNameRequired),
        },
    }
}

/// Checks a comparison. Only scalars have an order (captures of October 2026).
pub(crate) fn comparison(comparator: Comparator, operands: [&Operand<'_>; 2]) -> Result<(), Problem> {
    let [left, right] = operands;
    same_path(comparator.symbol(), left, right)?;
    if matches!(comparator, Comparator::Equal | Comparator::NotEqual) {
        return Ok(());
    }
    operands.into_iter().try_for_each(|operand| type_of(comparator.symbol(), operand, is_ordered))
}

/// Checks BETWEEN.
pub(crate) fn between(operand: &Operand<'_>, low: &Operand<'_>, high: &Operand<'_>) -> Result<(), Problem> {
    same_path("BETWEEN", operand, low)?;
    same_path("BETWEEN", operand, high)?;
    [operand, low, high].into_iter().try_for_each(|operand| type_of("BETWEEN", operand, is_ordered))?;
    let (Operand::Value(low), Operand::Value(high)) = (low, high) else { return Ok(()) };
    let texts = || (bound_text(low), bound_text(high));
    if low.attribute_type() != high.attribute_type() {
        let (low, high) = texts();
        return Err(Problem::BoundTypes { low, high });
    }
    if order_of_values(low, high) == Some(Ordering::Greater) {
        let (low, high) = texts();
        return Err(Problem::BoundOrder { low, high });
    }
    Ok(())
}

/// Checks IN.
pub(crate) fn membership(operand: &Operand<'_>, list: &[Operand<'_>]) -> Result<(), Problem> {
    if list.len() > limits::IN_OPERANDS_MAX {
        return Err(Problem::TooManyInOperands { count: list.len() });
    }
    list.iter().try_for_each(|candidate| same_path("IN", operand, candidate))
}

/// Checks the operands of `+` and `-`.
pub(crate) fn arithmetic(operator: &'static str, operands: [&Operand<'_>; 2]) -> Result<(), Problem> {
    operands.into_iter().try_for_each(|operand| type_of(operator, operand, |kind| kind == AttributeType::N))
}

fn distinct(operator: &'static str, operands: &[Operand<'_>]) -> Result<(), Problem> {
    let Some((first, rest)) = operands.split_first() else { return Ok(()) };
    rest.iter().try_for_each(|other| same_path(operator, first, other))
}

fn same_path(operator: &'static str, first: &Operand<'_>, other: &Operand<'_>) -> Result<(), Problem> {
    match (first, other) {
        (Operand::Path(path), Operand::Path(other)) if path == other => {
            Err(Problem::NotDistinct { operator, path: path_text(path) })
        }
        _ => Ok(()),
    }
}

fn types(
    operator: &'static str,
    operands: &[Operand<'_>],
    allowed: impl Fn(AttributeType) -> bool + Copy,
) -> Result<(), Problem> {
    operands.iter().try_for_each(|operand| type_of(operator, operand, allowed))
}

fn type_of(
    operator: &'static str,
    operand: &Operand<'_>,
    allowed: impl Fn(AttributeType) -> bool,
) -> Result<(), Problem> {
    match static_type(operand) {
        Some(operand) if !allowed(operand) => Err(Problem::OperandType { operator, operand }),
        _ => Ok(()),
    }
}

fn is_ordered(kind: AttributeType) -> bool {
    matches!(kind, AttributeType::S | AttributeType::N | AttributeType::B)
}
