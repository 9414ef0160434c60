//! Literals, which become attribute values where nothing but literals is in them.
//!
//! A literal that no item can hold is noted with its place in the value it is part of, as DynamoDB tells it: `root.name[1]`.

use super::terms::height;
use super::{Parser, unquoted};
use crate::error::Problem;
use crate::syntax::{Expression, Node};
use crate::token::TokenKind;
use model::limits::NESTING_LEVELS_MAX;
use model::{AttributeValue, Item, Number};
use std::borrow::Cow;
use std::fmt::Write;

/// A step from a value into what is part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum LiteralStep<'a> {
    Name(Cow<'a, str>),
    Index(usize),
}

impl<'a> Parser<'a> {
    pub(super) fn text_literal(&mut self) -> Expression<'a> {
        Expression::Value(AttributeValue::S(unquoted(self.advance(), "'")))
    }

    pub(super) fn number(&mut self, negative: bool) -> Expression<'a> {
        let number = Number::parse(self.advance()).unwrap_or_else(|error| {
            self.note(Problem::Number { error, path: self.literal_path() });
            Number::ZERO
        });
        Expression::Value(AttributeValue::N(if negative { number.negated() } else { number }))
    }

    pub(super) fn list(&mut self) -> Result<Node<'a>, Problem> {
        let first = self.at;
        self.advance();
        let mut elements = Vec::new();
        while !self.accept(TokenKind::CloseBracket) {
            if !elements.is_empty() {
                self.expect(TokenKind::Comma, "comma")?;
            }
            let step = LiteralStep::Index(elements.len());
            elements.push(self.part(step)?);
        }
        self.check_levels(elements.is_empty())?;
        let below = height(&elements);
        let expression = match elements.iter().all(is_value) {
            true => Expression::Value(AttributeValue::L(elements.into_iter().filter_map(value).collect())),
            false => Expression::List(elements),
        };
        self.node(first, below, expression)
    }

    pub(super) fn tuple(&mut self) -> Result<Node<'a>, Problem> {
        let first = self.at;
        self.advance();
        let mut members: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
        while !self.accept(TokenKind::CloseBrace) {
            if !members.is_empty() {
                self.expect(TokenKind::Comma, "comma")?;
            }
            let name = self.member_name()?;
            let part = self.part(LiteralStep::Name(name.clone()))?;
            members.push((name, part));
        }
        self.check_levels(members.is_empty())?;
        let below = members.iter().map(|(_, node)| node.height).max().unwrap_or_default();
        if !members.iter().all(|(_, node)| is_value(node)) {
            return self.node(first, below, Expression::Tuple(members));
        }
        let pairs: Vec<_> = members.into_iter().filter_map(|(name, node)| Some((name, value(node)?))).collect();
        if let Some(name) = duplicate(pairs.iter().map(|(name, _)| name)) {
            self.note(Problem::DuplicateName { name: name.to_string() });
        }
        self.node(first, below, Expression::Value(AttributeValue::M(Item::from_pairs(pairs))))
    }

    /// The name of a member, and the colon behind it.
    pub(super) fn member_name(&mut self) -> Result<Cow<'a, str>, Problem> {
        let name = unquoted(self.expect(TokenKind::Text, "a name in single quotes")?, "'");
        if name.is_empty() {
            self.note(Problem::EmptyComponent);
        }
        self.expect(TokenKind::Colon, "colon")?;
        Ok(name)
    }

    /// A bag is a set: of strings or of numbers, without duplicates.
    pub(super) fn bag(&mut self) -> Result<Node<'a>, Problem> {
        let first = self.at;
        self.advance();
        let mut members = Vec::new();
        let mut texts = Vec::new();
        while !self.accept(TokenKind::CloseBag) {
            if !members.is_empty() {
                self.expect(TokenKind::Comma, "comma")?;
            }
            let start = self.tokens[self.at].start;
            members.push(self.expression()?);
            texts.push(&self.text[start..self.tokens[self.at - 1].end]);
        }
        let set = self.set(members, texts).unwrap_or_else(|problem| {
            self.note(problem);
            AttributeValue::Null
        });
        self.node(first, 0, Expression::Value(set))
    }

    fn set(&self, members: Vec<Node<'a>>, texts: Vec<&str>) -> Result<AttributeValue<'a>, Problem> {
        if members.is_empty() {
            return Err(Problem::EmptyBag);
        }
        let (mut strings, mut numbers) = (Vec::new(), Vec::new());
        for member in members {
            match member.expression {
                Expression::Value(AttributeValue::S(text)) if numbers.is_empty() => strings.push(text),
                Expression::Value(AttributeValue::N(number)) if strings.is_empty() => numbers.push(number),
                _ => return Err(Problem::MixedBag),
            }
        }
        if duplicate(strings.iter()).is_some() {
            return Err(Problem::DuplicateTexts { members: strings.iter().map(ToString::to_string).collect() });
        }
        if duplicate(numbers.iter()).is_some() {
            let members = texts.into_iter().map(str::to_owned).collect();
            return Err(Problem::DuplicateNumbers { members, path: self.literal_path() });
        }
        strings.sort_unstable();
        numbers.sort_unstable();
        Ok(if numbers.is_empty() { AttributeValue::Ss(strings) } else { AttributeValue::Ns(numbers) })
    }

    /// A part of a literal. What lies deeper than items may is refused before it is read.
    fn part(&mut self, step: LiteralStep<'a>) -> Result<Node<'a>, Problem> {
        self.literal.push(step);
        if self.literal.len() > NESTING_LEVELS_MAX {
            return Err(Problem::NestingLevels { path: self.literal_path() });
        }
        let part = self.expression();
        self.literal.pop();
        part
    }

    /// A list or map is a level even if nothing is in it.
    fn check_levels(&self, empty: bool) -> Result<(), Problem> {
        if empty && self.literal.len() >= NESTING_LEVELS_MAX {
            return Err(Problem::NestingLevels { path: self.literal_path() });
        }
        Ok(())
    }

    fn literal_path(&self) -> String {
        let mut path = String::from("root");
        for step in &self.literal {
            // Writing to a string cannot fail.
            let _ = match step {
                LiteralStep::Name(name) => write!(path, ".{name}"),
                LiteralStep::Index(index) => write!(path, "[{index}]"),
            };
        }
        path
    }
}

fn is_value(node: &Node<'_>) -> bool {
    matches!(node.expression, Expression::Value(_))
}

fn value(node: Node<'_>) -> Option<AttributeValue<'_>> {
    match node.expression {
        Expression::Value(value) => Some(value),
        _ => None,
    }
}

/// A value that stands twice among several.
pub(crate) fn duplicate<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut sorted: Vec<T> = values.collect();
    sorted.sort_unstable();
    let at = sorted.windows(2).position(|pair| pair[0] == pair[1])?;
    Some(sorted.swap_remove(at))
}
