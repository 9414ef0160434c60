//! Lowering: from a statement and its parameters to what `expression` evaluates.
//!
//! What is read and written is still named, not looked up. Clauses are lowered in the order of the text, so that of several faults the
//! first is told; faults that the parser noted come before.

mod changes;
mod conditions;

use crate::error::Problem;
use crate::parser::duplicate;
use crate::syntax::{Body, Expression, NewItem, Node, Order, OrderTerm, PathNode, PathStep, Returning, Statement};
use expression::{Path, Projection, Step, Update};
use model::{AttributeValue, Item};
use std::borrow::Cow;
use std::fmt::Write as _;

pub use conditions::{Allowed, Filter, KeyTest, Test};

/// What a statement does, ready to be planned.
#[derive(Clone, PartialEq, Debug)]
pub enum Operation<'s> {
    /// Reads items.
    Select(Select<'s>),
    /// Requires an item; only among the writes of a transaction.
    Exists(Select<'s>),
    /// Makes an item that must not be there yet.
    Insert(Item<'s>),
    /// Changes an item that must be there.
    Update(Write<'s>, Update<'s>),
    /// Deletes an item.
    Delete(Write<'s>),
}

/// What a SELECT reads.
#[derive(Clone, PartialEq, Debug)]
pub struct Select<'s> {
    /// What is answered of each item; `None` for all of it.
    pub projection: Option<Projection<'s>>,
    /// The WHERE clause.
    pub filter: Option<Filter<'s>>,
    /// The ORDER BY clause.
    pub order: Vec<Ordering<'s>>,
}

/// One term of an ORDER BY clause.
#[derive(Clone, PartialEq, Debug)]
pub struct Ordering<'s> {
    /// The attribute, or why the term is none, which is told only when the clause is held against a key.
    pub attribute: Result<&'s str, Problem>,
    /// The direction.
    pub order: Order,
}

/// Which item an UPDATE or DELETE writes, and what it answers.
#[derive(Clone, PartialEq, Debug)]
pub struct Write<'s> {
    /// The WHERE clause: the key, and the condition.
    pub filter: Option<Filter<'s>>,
    /// What is answered.
    pub returning: Option<Returning>,
}

impl<'a> Statement<'a> {
    /// What the statement does with these parameters.
    pub fn lower<'s>(&'s self, parameters: &'s [AttributeValue<'s>]) -> Result<Operation<'s>, Problem>
    where
        'a: 's,
    {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        // More than the statement uses are fine (captured in eu-west-2 and us-east-1, October 2026).
        if parameters.len() < self.parameters {
            return Err(Problem::ParameterCount);
        }
        Lowering { statement: self, parameters }.operation()
    }
}

/// A statement and its parameters.
#[derive(Clone, Copy)]
struct Lowering<'s> {
    statement: &'s Statement<'s>,
    parameters: &'s [AttributeValue<'s>],
}

impl<'s> Lowering<'s> {
    fn operation(self) -> Result<Operation<'s>, Problem> {
        Ok(match &self.statement.body {
            Body::Select(select) => Operation::Select(self.select(select)?),
            Body::Exists(select) => Operation::Exists(self.select(select)?),
            Body::Insert { item, .. } => Operation::Insert(self.item(item)?),
            Body::Update { changes, filter, returning, .. } => {
                let update = self.update(changes)?;
                Operation::Update(
                    Write { filter: self.optional_filter(filter.as_ref())?, returning: *returning },
                    update,
                )
            }
            Body::Delete { filter, returning, .. } => {
                Operation::Delete(Write { filter: self.optional_filter(filter.as_ref())?, returning: *returning })
            }
        })
    }

    fn select(self, select: &'s crate::syntax::Select<'s>) -> Result<Select<'s>, Problem> {
        Ok(Select {
            projection: select.columns.as_deref().map(|columns| self.columns(columns)).transpose()?,
            filter: self.optional_filter(select.filter.as_ref())?,
            order: select.order.iter().map(|term| self.ordering(term)).collect::<Result<_, _>>()?,
        })
    }

    fn optional_filter(self, node: Option<&'s Node<'s>>) -> Result<Option<Filter<'s>>, Problem> {
        node.map(|node| self.filter(node)).transpose()
    }

    /// A value is answered under the last name of its path (the AWS-verified suite, May 2026), with the indexes behind that name.
    fn columns(self, columns: &'s [Node<'s>]) -> Result<Projection<'s>, Problem> {
        let column = |node: &'s Node<'s>| match &node.expression {
            Expression::Path(path) => Ok((column_name(path), self.path(path))),
            Expression::Call { .. } => Err(Problem::UnexpectedComponent { place: self.statement.place(node) }),
            _ => Err(Problem::NotAColumn { place: self.statement.place(node) }),
        };
        let columns = columns.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        Projection::of_columns(columns).map_err(|name| Problem::DuplicateColumns { name })
    }

    fn ordering(self, term: &'s OrderTerm<'s>) -> Result<Ordering<'s>, Problem> {
        let place = self.statement.place(&term.by);
        let other = |found: &str| Err(Problem::OrderArgument { found: found.to_owned(), place });
        let attribute = match &term.by.expression {
            Expression::Path(PathNode { attribute, steps }) if steps.is_empty() => Ok(attribute.as_ref()),
            Expression::Path(_) => other("PATH"),
            Expression::Value(AttributeValue::S(text)) => other(text),
            _ => return Err(Problem::NotAColumn { place }),
        };
        Ok(Ordering { attribute, order: term.order })
    }

    fn item(self, item: &'s NewItem<'s>) -> Result<Item<'s>, Problem> {
        match item {
            NewItem::Tuple(attributes) => {
                let value = |(name, node): &'s (Cow<'s, str>, Node<'s>)| {
                    let value = self.value(node).ok_or_else(|| self.foreign(node))?;
                    Ok((Cow::Borrowed(name.as_ref()), value.clone()))
                };
                let pairs = attributes.iter().map(value).collect::<Result<Vec<_>, Problem>>()?;
                match duplicate(pairs.iter().map(|(name, _)| name)) {
                    Some(name) => Err(Problem::DuplicateName { name: name.to_string() }),
                    None => Ok(Item::from_pairs(pairs)),
                }
            }
            NewItem::Other(node) => match self.value(node) {
                Some(AttributeValue::M(item)) => Ok(item.clone()),
                _ => Err(Problem::NotAnItem { place: self.statement.place(node) }),
            },
        }
    }

    /// The value that a node is by itself: a literal or a parameter.
    fn value(self, node: &'s Node<'s>) -> Option<&'s AttributeValue<'s>> {
        match &node.expression {
            Expression::Value(value) => Some(value),
            Expression::Parameter(number) => self.parameters.get(*number),
            _ => None,
        }
    }

    fn path(self, path: &'s PathNode<'s>) -> Path<'s> {
        let step = |step: &'s PathStep<'s>| match step {
            PathStep::Name(name) => Step::Name(name),
            PathStep::Index(index) => Step::Index(*index),
        };
        Path::new(&path.attribute, path.steps.iter().map(step).collect())
    }

    /// That a node is no value: the first thing in it that is none, and where in the value it is.
    fn foreign(self, node: &Node<'_>) -> Problem {
        let (mut node, mut path) = (node, String::from("root"));
        loop {
            let inside = match &node.expression {
                Expression::List(elements) => elements
                    .iter()
                    .enumerate()
                    .find(|(_, element)| !matches!(element.expression, Expression::Value(_)))
                    .map(|(index, element)| (format!("[{index}]"), element)),
                Expression::Tuple(members) => members
                    .iter()
                    .find(|(_, member)| !matches!(member.expression, Expression::Value(_)))
                    .map(|(name, member)| (format!(".{name}"), member)),
                _ => None,
            };
            let Some((step, part)) = inside else { break };
            // Writing to a string cannot fail.
            let _ = write!(path, "{step}");
            node = part;
        }
        // The names of a parameter and of a function were captured, the others were not.
        let what = match &node.expression {
            Expression::Parameter(_) => "Parameter".to_owned(),
            Expression::Call { name, .. } => name.to_ascii_lowercase(),
            Expression::Path(_) => "Path".to_owned(),
            Expression::Missing => "Missing".to_owned(),
            _ => "Expression".to_owned(),
        };
        Problem::DataType { what, path, place: self.statement.place(node) }
    }
}

fn column_name(path: &PathNode<'_>) -> String {
    let last = path.steps.iter().rposition(|step| matches!(step, PathStep::Name(_)));
    let (name, behind) = match last.map(|at| (&path.steps[at], &path.steps[at + 1..])) {
        Some((PathStep::Name(name), behind)) => (name, behind),
        _ => (&path.attribute, path.steps.as_slice()),
    };
    let mut column = name.to_string();
    for step in behind {
        if let PathStep::Index(index) = step {
            // Writing to a string cannot fail.
            let _ = write!(column, "[{index}]");
        }
    }
    column
}
