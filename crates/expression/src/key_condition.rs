//! Key conditions: which part of one partition a query reads.
//!
//! Three steps, because DynamoDB makes three, with other checks of the request between them. [`parse_key_condition`] reads the text as any
//! condition; [`KeyConditionExpression::conditions`] checks its shape (after unused placeholders are reported); and
//! [`KeyCondition::resolve`] fits it to the key of a table or an index (after the table is found). The legacy parameter `KeyConditions`
//! enters at the third.

use crate::condition::{Condition, Instruction, Test, parse_condition};
use crate::error::{ExpressionError, PARAMETERS, Problem};
use crate::evaluate::Comparator;
use crate::parser::{Call, Function, Operand};
use crate::{ExpressionKind, Placeholders};
use model::value::AttributeType;
use model::{AttributeValue, KeyAttribute, KeySchema, ScalarType};
use std::fmt;
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
    /// A legacy comparison that no key supports.
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

/// Why a key condition does not fit a key. Displayed as DynamoDB's whole message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each variant is its message below")]
pub enum KeyConditionError {
    TooMany { conditions: usize, attributes: usize },
    Missing { attribute: String },
    NotIndexable,
    Type,
    NotSupported,
    EqualityRequired { attributes: Vec<String>, conditioned: String },
    EmptyValue { attribute: String, kind: AttributeType },
}

impl fmt::Display for KeyConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Captures of October 2026.
            Self::TooMany { conditions, attributes } => {
                write!(f, "The number of query conditions ({conditions}) exceeds the number of key attributes ")?;
                write!(f, "defined in the schema ({attributes})")
            }
            Self::Missing { attribute } => write!(f, "Query condition missed key schema element: {attribute}"),
            Self::NotIndexable => f.write_str("Attempted conditional constraint is not an indexable operation"),
            Self::Type => write!(f, "{PARAMETERS}Condition parameter type does not match schema type"),
            Self::NotSupported => f.write_str("Query key condition not supported"),
            // Captures of October 2026.
            Self::EqualityRequired { attributes, conditioned } => {
                write!(
                    f,
                    "RANGE key attributes {} must have equality conditions specified in the query ",
                    attributes.join(", ")
                )?;
                write!(f, "because a condition is present on key attribute {conditioned}")
            }
            Self::EmptyValue { attribute, kind } => {
                let kind = if *kind == AttributeType::B { "binary" } else { "string" };
                f.write_str("One or more parameter values are not valid. The AttributeValue for a key attribute ")?;
                write!(f, "cannot contain an empty {kind} value. Key: {attribute}")
            }
        }
    }
}

impl std::error::Error for KeyConditionError {}

/// Parses a `KeyConditionExpression`.
pub fn parse_key_condition<'a>(
    text: &'a str,
    placeholders: &Placeholders<'a>,
) -> Result<KeyConditionExpression<'a>, ExpressionError> {
    let condition = parse_condition(ExpressionKind::KeyCondition, text, placeholders)?;
    Ok(KeyConditionExpression { condition })
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
            relation(*comparator, value)
        }
        Test::Comparison { comparator, operands: [Operand::Value(value), Operand::Path(_)] } => {
            relation(turned(*comparator), value)
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
            Operand::Call(_) => return Err(Problem::KeyNestedOperation),
            Operand::Value(_) | Operand::Invalid => {}
        }
    }
    attribute.ok_or(Problem::KeyMissing)
}

fn relation<'a>(comparator: Comparator, value: &'a AttributeValue<'a>) -> KeyRelation<'a> {
    match comparator {
        Comparator::Equal => KeyRelation::Equal(value),
        Comparator::Less => KeyRelation::Less(value),
        Comparator::LessOrEqual => KeyRelation::LessOrEqual(value),
        Comparator::Greater => KeyRelation::Greater(value),
        Comparator::GreaterOrEqual => KeyRelation::GreaterOrEqual(value),
        Comparator::NotEqual => KeyRelation::NotIndexable,
    }
}

/// The comparator that says the same with its sides exchanged.
fn turned(comparator: Comparator) -> Comparator {
    match comparator {
        Comparator::Less => Comparator::Greater,
        Comparator::LessOrEqual => Comparator::GreaterOrEqual,
        Comparator::Greater => Comparator::Less,
        Comparator::GreaterOrEqual => Comparator::LessOrEqual,
        Comparator::Equal | Comparator::NotEqual => comparator,
    }
}

impl<'a> KeyCondition<'a> {
    /// Fits the condition to a key: an equality for every partition attribute, and for the sort attributes, from the first one on without
    /// a gap, equalities and at last one condition of any kind.
    pub fn resolve(&self, schema: &KeySchema) -> Result<KeyBounds<'a>, KeyConditionError> {
        let (conditions, attributes) = (self.clauses.len(), schema.len());
        if conditions > attributes {
            return Err(KeyConditionError::TooMany { conditions, attributes });
        }
        let mut partition = Vec::with_capacity(schema.partition.len());
        for attribute in &schema.partition {
            match self.checked(attribute)?.ok_or_else(|| missing(attribute))? {
                KeyRelation::Equal(value) => partition.push(value),
                _ => return Err(KeyConditionError::NotSupported),
            }
        }
        let (sort, range) = self.resolve_sort(&schema.sort)?;
        self.check_all_used(schema)?;
        Ok(KeyBounds { partition, sort, range })
    }

    #[allow(clippy::type_complexity, reason = "the two fields of KeyBounds that belong to the sort key")]
    fn resolve_sort(
        &self,
        attributes: &[KeyAttribute],
    ) -> Result<(Vec<&'a AttributeValue<'a>>, Option<KeyRelation<'a>>), KeyConditionError> {
        let (mut sort, mut range) = (Vec::new(), None);
        // The attributes so far that have no equality.
        let mut open: Vec<&KeyAttribute> = Vec::new();
        let mut conditioned = None;
        for attribute in attributes {
            let relation = self.checked(attribute)?;
            if relation.is_some() && !open.is_empty() {
                conditioned = Some((attribute, open.len()));
            }
            match relation {
                Some(KeyRelation::Equal(value)) => sort.push(value),
                other => {
                    range = range.or(other);
                    open.push(attribute);
                }
            }
        }
        match conditioned {
            None => Ok((sort, range)),
            Some((conditioned, before)) => Err(KeyConditionError::EqualityRequired {
                attributes: open[..before].iter().map(|attribute| attribute.name.clone()).collect(),
                conditioned: conditioned.name.clone(),
            }),
        }
    }

    /// A condition on an attribute that is not of the key stands where one of the key is missing.
    fn check_all_used(&self, schema: &KeySchema) -> Result<(), KeyConditionError> {
        if self.clauses.iter().all(|clause| schema.get(clause.attribute).is_some()) {
            return Ok(());
        }
        let absent = schema.sort.iter().find(|attribute| self.get(&attribute.name).is_none());
        Err(absent.map_or(KeyConditionError::NotSupported, missing))
    }

    fn get(&self, attribute: &str) -> Option<KeyRelation<'a>> {
        self.clauses.iter().find(|clause| clause.attribute == attribute).map(|clause| clause.relation)
    }

    /// The condition on an attribute, checked to be one that its type allows.
    fn checked(&self, attribute: &KeyAttribute) -> Result<Option<KeyRelation<'a>>, KeyConditionError> {
        let Some(relation) = self.get(&attribute.name) else { return Ok(None) };
        let Some(values) = relation.values() else { return Err(KeyConditionError::NotIndexable) };
        for value in values {
            if value.attribute_type() != type_of(attribute.kind) {
                return Err(KeyConditionError::Type);
            }
        }
        match values.into_iter().find(|value| is_empty(value)) {
            Some(value) => {
                Err(KeyConditionError::EmptyValue { attribute: attribute.name.clone(), kind: value.attribute_type() })
            }
            None => Ok(Some(relation)),
        }
    }
}

impl<'a> KeyRelation<'a> {
    /// The values compared with; one that stands alone comes twice.
    fn values(self) -> Option<[&'a AttributeValue<'a>; 2]> {
        match self {
            Self::Equal(value)
            | Self::Less(value)
            | Self::LessOrEqual(value)
            | Self::Greater(value)
            | Self::GreaterOrEqual(value)
            | Self::BeginsWith(value) => Some([value, value]),
            Self::Between(low, high) => Some([low, high]),
            Self::NotIndexable => None,
        }
    }
}

fn missing(attribute: &KeyAttribute) -> KeyConditionError {
    KeyConditionError::Missing { attribute: attribute.name.clone() }
}

fn type_of(kind: ScalarType) -> AttributeType {
    match kind {
        ScalarType::S => AttributeType::S,
        ScalarType::N => AttributeType::N,
        ScalarType::B => AttributeType::B,
    }
}

fn is_empty(value: &AttributeValue<'_>) -> bool {
    match value {
        AttributeValue::S(text) => text.is_empty(),
        AttributeValue::B(bytes) => bytes.is_empty(),
        _ => false,
    }
}
