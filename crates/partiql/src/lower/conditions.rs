//! WHERE clauses: conditions, and what they say of attributes that may be a key's.
//!
//! A clause stays a tree of AND, OR and NOT over tests, because only a table's key tells which of them choose what is read. Each test is a
//! condition of `expression` already. A condition may also stand where a value does, as a boolean (captures of September 2026).

use super::Lowering;
use crate::error::Problem;
use crate::parser::condition_function;
use crate::syntax::{Expression, Infix, Joiner, Node, TypeTest};
use expression::build::{self, Comparator, Function, Term};
use expression::{Condition, KeyRelation};
use model::AttributeValue;
use model::value::AttributeType;
use std::borrow::Cow;

/// A WHERE clause, or a part of one.
#[derive(Clone, PartialEq, Debug)]
pub enum Filter<'s> {
    /// AND of several.
    All(Vec<Filter<'s>>),
    /// OR of several.
    Any(Vec<Filter<'s>>),
    /// NOT.
    Not(Box<Filter<'s>>),
    /// A condition without AND, OR and NOT.
    Test(Test<'s>),
}

/// A condition without AND, OR and NOT.
#[derive(Clone, PartialEq, Debug)]
pub struct Test<'s> {
    /// The condition.
    pub condition: Condition<'s>,
    /// What it says of an attribute, if it compares one with values.
    pub key: Option<KeyTest<'s>>,
}

/// What a test says of an attribute.
#[derive(Clone, PartialEq, Debug)]
pub struct KeyTest<'s> {
    /// The attribute.
    pub attribute: &'s str,
    /// The values that it may have.
    pub allowed: Allowed<'s>,
}

/// The values that a test allows.
#[derive(Clone, PartialEq, Debug)]
pub enum Allowed<'s> {
    /// Those in a relation.
    Relation(KeyRelation<'s>),
    /// One of these.
    OneOf(Vec<&'s AttributeValue<'s>>),
}

impl<'s> Filter<'s> {
    /// The clause as one condition.
    pub fn condition(&self) -> Condition<'s> {
        let conditions = |parts: &[Self]| parts.iter().map(Self::condition).collect();
        match self {
            Self::All(parts) => build::all(conditions(parts)),
            Self::Any(parts) => build::any(conditions(parts)),
            Self::Not(part) => build::not(part.condition()),
            Self::Test(test) => test.condition.clone(),
        }
    }
}

impl<'s> Lowering<'s> {
    pub(super) fn filter(self, node: &'s Node<'s>) -> Result<Filter<'s>, Problem> {
        match &node.expression {
            Expression::Join(joiner, parts) => {
                let parts = parts.iter().map(|part| self.filter(part)).collect::<Result<_, _>>()?;
                Ok(if *joiner == Joiner::And { Filter::All(parts) } else { Filter::Any(parts) })
            }
            Expression::Not(part) => Ok(Filter::Not(Box::new(self.filter(part)?))),
            _ => self.test(node).map(Filter::Test),
        }
    }

    fn test(self, node: &'s Node<'s>) -> Result<Test<'s>, Problem> {
        match &node.expression {
            Expression::Infix(Infix::Compare(comparator), operands) => self.comparison(*comparator, operands),
            Expression::Infix(Infix::In, operands) => self.membership(operands),
            Expression::Between(operands) => self.between(operands),
            Expression::Is(operand, test) => self.type_test(operand, *test),
            Expression::Call { name, arguments } => self.function(node, name, arguments),
            _ => Err(Problem::NotACondition { place: self.statement.place(node) }),
        }
    }

    fn comparison(self, comparator: Comparator, operands: &'s [Node<'s>; 2]) -> Result<Test<'s>, Problem> {
        let [left, right] = operands;
        let condition = build::comparison(comparator, [self.term(left)?, self.term(right)?])?;
        let key = match (self.attribute(left), self.value(right), self.value(left), self.attribute(right)) {
            (Some(attribute), Some(value), ..) => Some((attribute, comparator, value)),
            (.., Some(value), Some(attribute)) => Some((attribute, comparator.turned(), value)),
            _ => None,
        };
        let key = key.map(|(attribute, comparator, value)| KeyTest {
            attribute,
            allowed: Allowed::Relation(KeyRelation::of(comparator, value)),
        });
        Ok(Test { condition, key })
    }

    fn membership(self, operands: &'s [Node<'s>; 2]) -> Result<Test<'s>, Problem> {
        let [operand, list] = operands;
        let (terms, values): (Vec<Term<'s>>, Option<Vec<_>>) = match &list.expression {
            Expression::List(elements) => (
                elements.iter().map(|element| self.term(element)).collect::<Result<_, _>>()?,
                elements.iter().map(|element| self.value(element)).collect(),
            ),
            Expression::Value(AttributeValue::L(elements)) => {
                (elements.iter().map(Term::value).collect(), Some(elements.iter().collect()))
            }
            _ => return Err(Problem::NotAValue { place: self.statement.place(list) }),
        };
        let condition = build::membership(self.term(operand)?, terms)?;
        let key = self.attribute(operand).zip(values);
        let key = key.map(|(attribute, values)| KeyTest { attribute, allowed: Allowed::OneOf(values) });
        Ok(Test { condition, key })
    }

    fn between(self, operands: &'s [Node<'s>; 3]) -> Result<Test<'s>, Problem> {
        let [operand, low, high] = operands;
        let condition = build::between(self.term(operand)?, [self.term(low)?, self.term(high)?])?;
        let key = match (self.attribute(operand), self.value(low), self.value(high)) {
            (Some(attribute), Some(low), Some(high)) => {
                Some(KeyTest { attribute, allowed: Allowed::Relation(KeyRelation::Between(low, high)) })
            }
            _ => None,
        };
        Ok(Test { condition, key })
    }

    /// IS looks at what there is: NULL is a value of that type, and an attribute that is not there has no type (captures of October 2026).
    fn type_test(self, operand: &'s Node<'s>, test: TypeTest) -> Result<Test<'s>, Problem> {
        let Expression::Path(path) = &operand.expression else {
            return Err(Problem::NotAValue { place: self.statement.place(operand) });
        };
        let path = Term::path(self.path(path));
        let condition = match test {
            TypeTest::Missing => build::call(Function::AttributeNotExists, vec![path])?,
            TypeTest::Of(kind) => build::call(Function::AttributeType, vec![path, Term::value(type_name(kind))])?,
            TypeTest::Other(name) => return Err(Problem::TypeTest { name, place: self.statement.place(operand) }),
        };
        Ok(Test { condition, key: None })
    }

    fn function(self, node: &'s Node<'s>, name: &str, arguments: &'s [Node<'s>]) -> Result<Test<'s>, Problem> {
        let function = self.condition_function(node, name)?;
        if function == Function::Size {
            return Err(Problem::NotACondition { place: self.statement.place(node) });
        }
        let terms = arguments.iter().map(|argument| self.term(argument)).collect::<Result<_, _>>()?;
        let condition = build::call(function, terms)?;
        let key = match (function, arguments) {
            (Function::BeginsWith, [operand, prefix]) => self.attribute(operand).zip(self.value(prefix)),
            _ => None,
        };
        let key = key.map(|(attribute, prefix)| KeyTest {
            attribute,
            allowed: Allowed::Relation(KeyRelation::BeginsWith(prefix)),
        });
        Ok(Test { condition, key })
    }

    fn condition_function(self, node: &Node<'_>, name: &str) -> Result<Function, Problem> {
        let unknown = || {
            let name = name.to_ascii_lowercase();
            Problem::UnrecognizedFunction { name, place: self.statement.place(node) }
        };
        condition_function(name).ok_or_else(unknown)
    }

    /// A node as an operand of a condition.
    fn term(self, node: &'s Node<'s>) -> Result<Term<'s>, Problem> {
        if let Some(value) = self.value(node) {
            return Ok(Term::value(value));
        }
        match &node.expression {
            Expression::Path(path) => Ok(Term::path(self.path(path))),
            Expression::Call { name, arguments } if self.condition_function(node, name)? == Function::Size => {
                let terms = arguments.iter().map(|argument| self.term(argument)).collect::<Result<_, _>>()?;
                Ok(Term::call(Function::Size, terms)?)
            }
            Expression::List(_) | Expression::Tuple(_) => Err(self.foreign(node)),
            Expression::Missing
            | Expression::Meaningless
            | Expression::Infix(Infix::Plus | Infix::Minus | Infix::Other, _) => {
                Err(Problem::NotAValue { place: self.statement.place(node) })
            }
            _ => self.filter(node).map(|filter| Term::condition(filter.condition())),
        }
    }

    /// The attribute that a node is.
    fn attribute(self, node: &'s Node<'s>) -> Option<&'s str> {
        match &node.expression {
            Expression::Path(path) if path.steps.is_empty() => Some(&path.attribute),
            _ => None,
        }
    }
}

/// The name of a type as a value, which conditions compare with.
fn type_name(kind: AttributeType) -> &'static AttributeValue<'static> {
    const fn name(name: &'static str) -> AttributeValue<'static> {
        AttributeValue::S(Cow::Borrowed(name))
    }
    static NAMES: [AttributeValue<'static>; 7] =
        [name("NULL"), name("B"), name("BOOL"), name("L"), name("N"), name("S"), name("M")];
    let [null, binary, boolean, list, number, string, map] = &NAMES;
    match kind {
        AttributeType::Null => null,
        AttributeType::B => binary,
        AttributeType::Bool => boolean,
        AttributeType::L => list,
        AttributeType::N => number,
        AttributeType::S => string,
        // No name of PartiQL's types stands for a set.
        AttributeType::M | AttributeType::Ss | AttributeType::Ns | AttributeType::Bs => map,
    }
}
