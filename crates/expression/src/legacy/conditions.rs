//! `Expected`, `QueryFilter`, `ScanFilter` and `KeyConditions`: one condition per attribute, joined by `ConditionalOperator`.

use crate::condition::{Condition, Instruction, Test};
use crate::error::LegacyError;
use crate::evaluate::{Comparator, order_of_values};
use crate::key_condition::{KeyClause, KeyCondition, KeyRelation};
use crate::operand::{Call, Function, Operand};
use crate::path::Path;
use model::AttributeValue;
use model::value::AttributeType;
use std::cmp::Ordering;

/// How the value of an attribute is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are DynamoDB's and say all")]
pub enum ComparisonOperator {
    Eq,
    Ne,
    In,
    Le,
    Lt,
    Ge,
    Gt,
    Between,
    NotNull,
    Null,
    Contains,
    NotContains,
    BeginsWith,
}

impl ComparisonOperator {
    /// The operator as it stands in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "EQ",
            Self::Ne => "NE",
            Self::In => "IN",
            Self::Le => "LE",
            Self::Lt => "LT",
            Self::Ge => "GE",
            Self::Gt => "GT",
            Self::Between => "BETWEEN",
            Self::NotNull => "NOT_NULL",
            Self::Null => "NULL",
            Self::Contains => "CONTAINS",
            Self::NotContains => "NOT_CONTAINS",
            Self::BeginsWith => "BEGINS_WITH",
        }
    }

    fn takes(self, arguments: usize) -> bool {
        match self {
            Self::Null | Self::NotNull => arguments == 0,
            Self::Between => arguments == 2,
            Self::In => arguments > 0,
            _ => arguments == 1,
        }
    }

    /// Whether an argument may have a type. EQ and NE take every type today; dynalite's tests are from when they did not.
    fn takes_type(self, kind: AttributeType) -> bool {
        use AttributeType::{B, Bool, N, Null, S};
        match self {
            Self::Eq | Self::Ne | Self::Null | Self::NotNull => true,
            Self::Contains | Self::NotContains => matches!(kind, S | N | B | Bool | Null),
            Self::BeginsWith => matches!(kind, S | B),
            Self::In | Self::Le | Self::Lt | Self::Ge | Self::Gt | Self::Between => matches!(kind, S | N | B),
        }
    }
}

/// How several conditions are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ConditionalOperator {
    /// All must hold.
    #[default]
    And,
    /// One must hold.
    Or,
}

/// The condition of `QueryFilter`, `ScanFilter` or `KeyConditions` on one attribute.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AttributeCondition<'a> {
    /// The attribute's name.
    pub attribute: &'a str,
    /// `ComparisonOperator`.
    pub operator: ComparisonOperator,
    /// `AttributeValueList`; empty if it is absent.
    pub arguments: &'a [AttributeValue<'a>],
}

/// What `Expected` says of one attribute.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ExpectedAttribute<'a> {
    /// The attribute's name.
    pub attribute: &'a str,
    /// `Value`.
    pub value: Option<&'a AttributeValue<'a>>,
    /// `Exists`.
    pub exists: Option<bool>,
    /// `ComparisonOperator`.
    pub operator: Option<ComparisonOperator>,
    /// `AttributeValueList`.
    pub arguments: Option<&'a [AttributeValue<'a>]>,
}

/// Checks that a `ConditionalOperator` joins anything: `conditions` is the number of those in the request.
pub fn check_conditional_operator(conditions: usize) -> Result<(), LegacyError> {
    match conditions {
        0 => Err(LegacyError::OperatorWithoutConditions),
        1 => Err(LegacyError::OperatorForOneCondition),
        _ => Ok(()),
    }
}

/// Lowers `Expected`.
pub fn expected<'a>(
    attributes: &[ExpectedAttribute<'a>],
    joiner: ConditionalOperator,
) -> Result<Condition<'a>, LegacyError> {
    let conditions = attributes.iter().map(expected_condition).collect::<Result<Vec<_>, _>>()?;
    Ok(lower(&conditions, joiner))
}

/// Lowers `QueryFilter` or `ScanFilter`.
pub fn filter<'a>(
    conditions: &[AttributeCondition<'a>],
    joiner: ConditionalOperator,
) -> Result<Condition<'a>, LegacyError> {
    conditions.iter().try_for_each(check)?;
    Ok(lower(conditions, joiner))
}

/// Lowers `KeyConditions`. Whether they fit a key is for [`KeyCondition::resolve`] to say.
pub fn key_conditions<'a>(conditions: &[AttributeCondition<'a>]) -> Result<KeyCondition<'a>, LegacyError> {
    conditions.iter().try_for_each(check)?;
    let clause = |condition: &AttributeCondition<'a>| KeyClause {
        attribute: condition.attribute,
        relation: relation(condition),
    };
    Ok(KeyCondition { clauses: conditions.iter().map(clause).collect() })
}

fn relation<'a>(condition: &AttributeCondition<'a>) -> KeyRelation<'a> {
    match (condition.operator, condition.arguments) {
        (ComparisonOperator::Eq, [value]) => KeyRelation::Equal(value),
        (ComparisonOperator::Lt, [value]) => KeyRelation::Less(value),
        (ComparisonOperator::Le, [value]) => KeyRelation::LessOrEqual(value),
        (ComparisonOperator::Gt, [value]) => KeyRelation::Greater(value),
        (ComparisonOperator::Ge, [value]) => KeyRelation::GreaterOrEqual(value),
        (ComparisonOperator::Between, [low, high]) => KeyRelation::Between(low, high),
        (ComparisonOperator::BeginsWith, [value]) => KeyRelation::BeginsWith(value),
        _ => KeyRelation::NotIndexable,
    }
}

/// Checks the arguments of a condition, in DynamoDB's order: how many, of one type, of a type for the operator, bounds in order.
fn check(condition: &AttributeCondition<'_>) -> Result<(), LegacyError> {
    let AttributeCondition { operator, arguments, .. } = *condition;
    if !operator.takes(arguments.len()) {
        return Err(LegacyError::ArgumentCount { operator: operator.name() });
    }
    if arguments.windows(2).any(|pair| pair[0].attribute_type() != pair[1].attribute_type()) {
        return Err(LegacyError::MixedTypes);
    }
    if let Some(operand) = arguments.first().map(AttributeValue::attribute_type)
        && !operator.takes_type(operand)
    {
        return Err(LegacyError::ArgumentType { operator: operator.name(), operand });
    }
    match (operator, arguments) {
        (ComparisonOperator::Between, [low, high]) if order_of_values(low, high) == Some(Ordering::Greater) => {
            Err(LegacyError::BoundOrder)
        }
        _ => Ok(()),
    }
}

/// Checks what `Expected` says of an attribute and brings it into the form of a filter's condition.
fn expected_condition<'a>(expected: &ExpectedAttribute<'a>) -> Result<AttributeCondition<'a>, LegacyError> {
    let attribute = expected.attribute;
    let named = || attribute.to_owned();
    if expected.value.is_some() && expected.arguments.is_some() {
        return Err(LegacyError::ValueAndList { attribute: named() });
    }
    let arguments = match (expected.value, expected.arguments) {
        (Some(value), _) => std::slice::from_ref(value),
        (None, Some(arguments)) => arguments,
        (None, None) => &[],
    };
    let Some(operator) = expected.operator else {
        return match (expected.exists, expected.value) {
            _ if expected.arguments.is_some() => Err(LegacyError::ListWithoutOperator { attribute: named() }),
            (None, None) => Err(LegacyError::ValueMissing { exists: "null", attribute: named() }),
            (Some(true), None) => Err(LegacyError::ValueMissing { exists: "true", attribute: named() }),
            (Some(false), Some(_)) => Err(LegacyError::ValueWithoutExistence { attribute: named() }),
            (Some(false), None) => Ok(AttributeCondition { attribute, operator: ComparisonOperator::Null, arguments }),
            (_, Some(_)) => Ok(AttributeCondition { attribute, operator: ComparisonOperator::Eq, arguments }),
        };
    };
    if expected.exists.is_some() {
        return Err(LegacyError::ExistsAndOperator { attribute: named() });
    }
    let needs_value = !matches!(operator, ComparisonOperator::Null | ComparisonOperator::NotNull);
    if needs_value && expected.value.is_none() && expected.arguments.is_none() {
        return Err(LegacyError::ValueOrListMissing { operator: operator.name(), attribute: named() });
    }
    let condition = AttributeCondition { attribute, operator, arguments };
    check(&condition)?;
    Ok(condition)
}

fn lower<'a>(conditions: &[AttributeCondition<'a>], joiner: ConditionalOperator) -> Condition<'a> {
    let mut program = Vec::with_capacity(conditions.len() * 2);
    // Every skip goes to the end: all joiners are the same.
    let length = |condition: &AttributeCondition<'a>| 1 + usize::from(is_negated(condition.operator));
    let end = conditions.iter().map(length).sum::<usize>() + conditions.len().saturating_sub(1);
    for (at, condition) in conditions.iter().enumerate() {
        if at > 0 {
            program.push(match joiner {
                ConditionalOperator::And => Instruction::SkipIfFalse(end),
                ConditionalOperator::Or => Instruction::SkipIfTrue(end),
            });
        }
        program.push(Instruction::Test(test(condition)));
        if is_negated(condition.operator) {
            program.push(Instruction::Not);
        }
    }
    Condition { program }
}

fn is_negated(operator: ComparisonOperator) -> bool {
    operator == ComparisonOperator::NotContains
}

fn test<'a>(condition: &AttributeCondition<'a>) -> Test<'a> {
    let operand = Operand::Path(Path::of(condition.attribute));
    let function = match condition.operator {
        ComparisonOperator::Null => Function::AttributeNotExists,
        ComparisonOperator::NotNull => Function::AttributeExists,
        ComparisonOperator::BeginsWith => Function::BeginsWith,
        ComparisonOperator::Contains | ComparisonOperator::NotContains => Function::Contains,
        ComparisonOperator::In => {
            return Test::In { operand, list: condition.arguments.iter().map(Operand::Value).collect() };
        }
        ComparisonOperator::Between => {
            return match condition.arguments {
                [low, high] => Test::Between { operand, bounds: [Operand::Value(low), Operand::Value(high)] },
                _ => Test::Invalid,
            };
        }
        _ => return comparison(condition, operand),
    };
    let operands = std::iter::once(operand).chain(condition.arguments.iter().map(Operand::Value)).collect();
    Test::Call(Call { function, operands })
}

fn comparison<'a>(condition: &AttributeCondition<'a>, operand: Operand<'a>) -> Test<'a> {
    let comparator = match condition.operator {
        ComparisonOperator::Ne => Comparator::NotEqual,
        ComparisonOperator::Lt => Comparator::Less,
        ComparisonOperator::Le => Comparator::LessOrEqual,
        ComparisonOperator::Gt => Comparator::Greater,
        ComparisonOperator::Ge => Comparator::GreaterOrEqual,
        _ => Comparator::Equal,
    };
    match condition.arguments {
        [value] => Test::Comparison { comparator, operands: [operand, Operand::Value(value)] },
        _ => Test::Invalid,
    }
}
