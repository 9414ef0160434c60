//! Key conditions: which part of one partition a query reads.
//!
//! Three steps, because DynamoDB makes three, with other checks of the request between them. [`parse_key_condition`] reads the text as any
//! condition; [`KeyConditionExpression::conditions`] checks its shape (after unused placeholders are reported); and
//! [`KeyCondition::resolve`] fits it to the key of a table or an index (after the table is found). The legacy parameter `KeyConditions`
//! enters at the third.

mod resolve;

use crate::condition::{Condition, Instruction, Test, parse_condition};
use crate::error::{ExpressionError, Problem};
use crate::evaluate::Comparator;
use crate::operand::{Call, Function, Operand};
use crate::{ExpressionKind, Placeholders};
use model::AttributeValue;
use std::ops::Range;

/// A parsed `KeyConditionExpression` whose shape is not checked yet.
#[derive(Clone, PartialEq, Debug)]
pub struct KeyConditionExpression<'a> {
    condition: Condition<'a>,
}

/// Conditions on the attributes of a key, joined by AND.
#[derive(Clone, PartialEq, Debug)]
pub struct KeyCondition<'a> {
    /// One clause per attribute, in the order of the request.
    pub clauses: Vec<KeyClause<'a>>,
}

/// The condition on one attribute.
#[derive(Clone, PartialEq, Debug)]
pub struct KeyClause<'a> {
    /// The attribute's name.
    pub attribute: &'a str,
    /// What its values must be.
    pub relation: KeyRelation<'a>,
}

/// What the values of a key attribute must be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum KeyRelation<'a> {
    /// Equal to this.
    Equal(&'a AttributeValue<'a>),
    /// Less than this.
    Less(&'a AttributeValue<'a>),
    /// At most this.
    LessOrEqual(&'a AttributeValue<'a>),
    /// Greater than this.
    Greater(&'a AttributeValue<'a>),
    /// At least this.
    GreaterOrEqual(&'a AttributeValue<'a>),
    /// From the first to the second, both included.
    Between(&'a AttributeValue<'a>, &'a AttributeValue<'a>),
    /// Beginning with this.
    BeginsWith(&'a AttributeValue<'a>),
    /// A comparison that no key supports.
    NotIndexable,
}

/// The part of an index that a key condition selects.
#[derive(Clone, PartialEq, Debug)]
pub struct KeyBounds<'a> {
    /// The value of each partition attribute, in the schema's order.
    pub partition: Vec<&'a AttributeValue<'a>>,
    /// The values of the first sort attributes, in the schema's order.
    pub sort: Vec<&'a AttributeValue<'a>>,
    /// The condition on the sort attribute that follows those; never `Equal` or `NotIndexable`.
    pub range: Option<KeyRelation<'a>>,
}

/// Parses a `KeyConditionExpression`.
pub fn parse_key_condition<'a>(
    text: &'a str,
    placeholders: &Placeholders<'a>,
) -> Result<KeyConditionExpression<'a>, ExpressionError> {
    let condition = parse_condition(ExpressionKind::KeyCondition, text, placeholders)?;
    Ok(KeyConditionExpression { condition })
}

impl<'a> KeyRelation<'a> {
    /// The relation in which a comparison puts an attribute to a value.
    pub fn of(comparator: Comparator, value: &'a AttributeValue<'a>) -> Self {
        match comparator {
            Comparator::Equal => Self::Equal(value),
            Comparator::Less => Self::Less(value),
            Comparator::LessOrEqual => Self::LessOrEqual(value),
            Comparator::Greater => Self::Greater(value),
            Comparator::GreaterOrEqual => Self::GreaterOrEqual(value),
            Comparator::NotEqual => Self::NotIndexable,
        }
    }
}

impl<'a> KeyConditionExpression<'a> {
    /// Checks that the expression joins conditions on different attributes by AND, in the order of the text.
    pub fn conditions(&self) -> Result<KeyCondition<'a>, ExpressionError> {
        let program = &self.condition.program;
        let mut clauses: Vec<KeyClause<'a>> = Vec::with_capacity(2);
        let mut open = Vec::with_capacity(4);
        open.push(0..program.len());
        while let Some(range) = open.pop() {
            match part(program, range).and_then(|part| part_or_clause(part, &mut open)) {
                Err(problem) => return Err(invalid(problem)),
                Ok(None) => {}
                Ok(Some(clause)) if clauses.iter().any(|other| other.attribute == clause.attribute) => {
                    return Err(invalid(Problem::KeyRepeated));
                }
                Ok(Some(clause)) => clauses.push(clause),
            }
        }
        Ok(KeyCondition { clauses })
    }
}

fn invalid(problem: Problem) -> ExpressionError {
    ExpressionError::new(ExpressionKind::KeyCondition, problem)
}

/// What a piece of a program is at its top.
enum Part<'s, 'a> {
    Test(&'s Test<'a>),
    And { left: Range<usize>, right: Range<usize> },
}

/// Finds the operator that a piece of a program ends with: the first skip that leads to its end. Without one it is a test, or a NOT.
fn part<'s, 'a>(program: &'s [Instruction<'a>], range: Range<usize>) -> Result<Part<'s, 'a>, Problem> {
    let end = range.end;
    for at in range.clone() {
        match &program[at] {
            Instruction::SkipIfFalse(target) if *target == end => {
                return Ok(Part::And { left: range.start..at, right: at + 1..end });
            }
            Instruction::SkipIfTrue(target) if *target == end => return Err(Problem::KeyOperator { operator: "OR" }),
            _ => {}
        }
    }
    match &program[range] {
        [Instruction::Test(test)] => Ok(Part::Test(test)),
        _ => Err(Problem::KeyOperator { operator: "NOT" }),
    }
}

fn part_or_clause<'a>(part: Part<'_, 'a>, open: &mut Vec<Range<usize>>) -> Result<Option<KeyClause<'a>>, Problem> {
    match part {
        Part::Test(test) => clause(test).map(Some),
        Part::And { left, right } => {
            open.extend([right, left]);
            Ok(None)
        }
    }
}

fn clause<'a>(test: &Test<'a>) -> Result<KeyClause<'a>, Problem> {
    check_operator(test)?;
    let attribute = key_attribute(test)?;
    let relation = match test {
        Test::Comparison { comparator, operands: [Operand::Path(_), Operand::Value(value)] } => {
            KeyRelation::of(*comparator, value)
        }
        Test::Comparison { comparator, operands: [Operand::Value(value), Operand::Path(_)] } => {
            KeyRelation::of(comparator.turned(), value)
        }
        Test::Between { bounds: [Operand::Value(low), Operand::Value(high)], .. } => KeyRelation::Between(low, high),
        Test::Call(Call { operands, .. }) => match operands.as_slice() {
            [_, Operand::Value(prefix)] => KeyRelation::BeginsWith(prefix),
            _ => return Err(Problem::KeyMissing),
        },
        _ => return Err(Problem::KeyMissing),
    };
    Ok(KeyClause { attribute, relation })
}

fn check_operator(test: &Test<'_>) -> Result<(), Problem> {
    match test {
        Test::In { .. } => Err(Problem::KeyOperator { operator: "IN" }),
        Test::Comparison { comparator: Comparator::NotEqual, .. } => Err(Problem::KeyOperator { operator: "<>" }),
        Test::Between { operand: Operand::Path(_), .. } => Ok(()),
        Test::Between { .. } => Err(Problem::KeyNotFirst { operator: "BETWEEN" }),
        Test::Call(call) if call.function != Function::BeginsWith => {
            Err(Problem::KeyOperator { operator: call.function.name() })
        }
        Test::Call(call) if !matches!(call.operands.first(), Some(Operand::Path(_))) => {
            Err(Problem::KeyNotFirst { operator: Function::BeginsWith.name() })
        }
        _ => Ok(()),
    }
}

/// The one attribute that a test names.
fn key_attribute<'a>(test: &Test<'a>) -> Result<&'a str, Problem> {
    let mut attribute = None;
    for operand in test.operands() {
        match operand {
            Operand::Path(_) if attribute.is_some() => return Err(Problem::KeySeveral),
            Operand::Path(path) if path.is_nested() => return Err(Problem::KeyNestedPath),
            Operand::Path(path) => attribute = Some(path.attribute),
            Operand::Call(_) | Operand::Condition(_) => return Err(Problem::KeyNestedOperation),
            Operand::Value(_) | Operand::Invalid => {}
        }
    }
    attribute.ok_or(Problem::KeyMissing)
}
