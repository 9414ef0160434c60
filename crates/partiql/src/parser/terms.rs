//! Terms: what operators stand between.

use super::{Parser, syntax};
use crate::error::{Detail, Problem};
use crate::syntax::{Expression, Node};
use crate::token::{Keyword, TokenKind};
use expression::build::Function;
use model::AttributeValue;

impl<'a> Parser<'a> {
    pub(super) fn term(&mut self) -> Result<Node<'a>, Problem> {
        let first = self.at;
        let expression = match self.peek() {
            TokenKind::Plus | TokenKind::Minus => return self.signed(),
            TokenKind::Open => return self.parenthesized(),
            TokenKind::OpenBracket => return self.list(),
            TokenKind::OpenBrace => return self.tuple(),
            TokenKind::OpenBag => return self.bag(),
            TokenKind::Identifier if self.peek_second() == TokenKind::Open => return self.call(),
            TokenKind::Identifier | TokenKind::Quoted => Expression::Path(self.path()?),
            TokenKind::Text => self.text_literal(),
            TokenKind::Number => self.number(false),
            TokenKind::Parameter => {
                self.advance();
                self.parameters += 1;
                Expression::Parameter(self.parameters - 1)
            }
            TokenKind::Keyword(keyword) => self.word(keyword)?,
            TokenKind::Equal
            | TokenKind::NotEqual
            | TokenKind::Less
            | TokenKind::LessOrEqual
            | TokenKind::Greater
            | TokenKind::GreaterOrEqual
            | TokenKind::Star
            | TokenKind::OtherOperator => return Err(syntax(Detail::Operator)),
            _ => return Err(syntax(Detail::Term)),
        };
        self.node(first, 0, expression)
    }

    /// A keyword that is a value. How other keywords are refused was measured in October 2026; FROM begins the other form of UPDATE.
    fn word(&mut self, keyword: Keyword) -> Result<Expression<'a>, Problem> {
        let value = match keyword {
            Keyword::True => AttributeValue::Bool(true),
            Keyword::False => AttributeValue::Bool(false),
            Keyword::Null => AttributeValue::Null,
            Keyword::Missing => {
                self.advance();
                if self.is_in_condition() {
                    self.note(Problem::MissingCompared);
                }
                return Ok(Expression::Missing);
            }
            Keyword::From => return Err(syntax(Detail::DataManipulation)),
            Keyword::And | Keyword::Or | Keyword::In | Keyword::Is | Keyword::Like | Keyword::Between => {
                return Err(syntax(Detail::Operator));
            }
            _ => return Err(syntax(Detail::Keyword)),
        };
        self.advance();
        Ok(Expression::Value(value))
    }

    /// Signs before a number; two minus cancel out. Before anything else a sign has no meaning.
    fn signed(&mut self) -> Result<Node<'a>, Problem> {
        let first = self.at;
        let mut negative = false;
        while matches!(self.peek(), TokenKind::Plus | TokenKind::Minus) {
            negative ^= self.peek() == TokenKind::Minus;
            self.advance();
        }
        let expression = if self.peek() == TokenKind::Number {
            self.number(negative)
        } else {
            self.nested(Self::term)?;
            Expression::Meaningless
        };
        self.node(first, 0, expression)
    }

    fn parenthesized(&mut self) -> Result<Node<'a>, Problem> {
        self.advance();
        let node = self.expression()?;
        self.expect(TokenKind::Close, "right parenthesis")?;
        Ok(node)
    }

    fn call(&mut self) -> Result<Node<'a>, Problem> {
        let first = self.at;
        let name = self.advance();
        self.advance();
        match condition_function(name) {
            Some(_) => self.count_operator(),
            None if self.is_in_condition() => {
                let name = name.to_ascii_lowercase();
                self.note(Problem::UnrecognizedFunction { name, place: self.place(first) });
            }
            None => (),
        }
        let mut arguments = Vec::with_capacity(2);
        while !self.accept(TokenKind::Close) {
            if !arguments.is_empty() {
                self.expect(TokenKind::Comma, "comma")?;
            }
            // The argument of COUNT, which is refused by its name.
            if !self.accept(TokenKind::Star) {
                arguments.push(self.expression()?);
            }
        }
        let below = height(&arguments);
        self.node(first, below, Expression::Call { name, arguments })
    }

    /// What may stand in parentheses behind IN.
    pub(super) fn parenthesized_list(&mut self) -> Result<Node<'a>, Problem> {
        let first = self.at;
        self.advance();
        let mut elements = Vec::new();
        loop {
            elements.push(self.expression()?);
            if !self.accept(TokenKind::Comma) {
                break;
            }
        }
        self.expect(TokenKind::Close, "right parenthesis")?;
        let below = height(&elements);
        self.node(first, below, Expression::List(elements))
    }
}

/// The function of a condition that has a name; names are compared without regard to case (captures of October 2026).
pub(crate) fn condition_function(name: &str) -> Option<Function> {
    const FUNCTIONS: [Function; 6] = [
        Function::AttributeExists,
        Function::AttributeNotExists,
        Function::AttributeType,
        Function::BeginsWith,
        Function::Contains,
        Function::Size,
    ];
    FUNCTIONS.into_iter().find(|function| function.name().eq_ignore_ascii_case(name))
}

/// The height of the highest of several nodes.
pub(super) fn height(nodes: &[Node<'_>]) -> usize {
    nodes.iter().map(|node| node.height).max().unwrap_or_default()
}
