//! Expressions: operators by precedence, from OR up to arithmetic.

use super::{Parser, expected, syntax};
use crate::error::{Detail, Problem};
use crate::syntax::{Expression, Infix, Joiner, Node, TypeTest};
use crate::token::{Keyword, TokenKind};
use expression::build::Comparator;
use model::value::AttributeType;

/// How strongly an operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
}

/// What stands between two operands.
enum Between {
    Joiner(Joiner),
    Infix(Infix),
    Range,
    Is,
}

impl<'a> Parser<'a> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Result<Node<'a>, Problem> {
        self.nested(|parser| parser.operators(Binding::Or))
    }

    /// An expression of operators that bind at least this strongly.
    fn operators(&mut self, weakest: Binding) -> Result<Node<'a>, Problem> {
        let first = self.at;
        let mut left = self.prefixed()?;
        while let Some((operator, binding, negated)) = self.operator() {
            if binding < weakest {
                break;
            }
            if negated {
                self.advance();
                self.count_operator();
            }
            self.advance();
            if binding <= Binding::Comparison {
                self.count_operator();
            }
            left = self.joined(first, left, operator)?;
            if negated {
                left = self.node(first, left.height, Expression::Not(Box::new(left)))?;
            }
        }
        Ok(left)
    }

    /// An operand, with NOT before it or not. Two NOT cancel out.
    fn prefixed(&mut self) -> Result<Node<'a>, Problem> {
        let first = self.at;
        let mut negated = false;
        while self.accept_keyword(Keyword::Not) {
            negated = !negated;
            self.count_operator();
        }
        if self.at == first {
            return self.term();
        }
        let operand = self.nested(|parser| parser.operators(Binding::Not))?;
        if negated { self.node(first, operand.height, Expression::Not(Box::new(operand))) } else { Ok(operand) }
    }

    /// The operator that comes next, how strongly it binds, and whether it stands behind a NOT of its own, as in NOT IN.
    fn operator(&self) -> Option<(Between, Binding, bool)> {
        let not = self.peek() == TokenKind::Keyword(Keyword::Not);
        let kind = if not { self.peek_second() } else { self.peek() };
        let compare = |comparator| (Between::Infix(Infix::Compare(comparator)), Binding::Comparison);
        let (operator, binding) = match kind {
            TokenKind::Keyword(Keyword::In) => (Between::Infix(Infix::In), Binding::Comparison),
            TokenKind::Keyword(Keyword::Between) => (Between::Range, Binding::Comparison),
            TokenKind::Keyword(Keyword::Like) => (Between::Infix(Infix::Other), Binding::Comparison),
            _ if not => return None,
            TokenKind::Keyword(Keyword::Or) => (Between::Joiner(Joiner::Or), Binding::Or),
            TokenKind::Keyword(Keyword::And) => (Between::Joiner(Joiner::And), Binding::And),
            TokenKind::Keyword(Keyword::Is) => (Between::Is, Binding::Comparison),
            TokenKind::Equal => compare(Comparator::Equal),
            TokenKind::NotEqual => compare(Comparator::NotEqual),
            TokenKind::Less => compare(Comparator::Less),
            TokenKind::LessOrEqual => compare(Comparator::LessOrEqual),
            TokenKind::Greater => compare(Comparator::Greater),
            TokenKind::GreaterOrEqual => compare(Comparator::GreaterOrEqual),
            TokenKind::Plus => (Between::Infix(Infix::Plus), Binding::Sum),
            TokenKind::Minus => (Between::Infix(Infix::Minus), Binding::Sum),
            TokenKind::Star | TokenKind::OtherOperator => (Between::Infix(Infix::Other), Binding::Product),
            _ => return None,
        };
        Some((operator, binding, not))
    }

    /// The left side with the operator that was just taken and its right side.
    fn joined(&mut self, first: usize, left: Node<'a>, operator: Between) -> Result<Node<'a>, Problem> {
        if self.peek() == TokenKind::End {
            return Err(syntax(Detail::RightSide));
        }
        match operator {
            Between::Joiner(joiner) => self.join(first, left, joiner),
            Between::Infix(infix) => {
                let right = match infix {
                    Infix::In if self.peek() == TokenKind::Open => self.parenthesized_list()?,
                    Infix::Plus | Infix::Minus => self.operators(Binding::Product)?,
                    Infix::Other => self.term()?,
                    Infix::In | Infix::Compare(_) => self.operators(Binding::Sum)?,
                };
                let below = left.height.max(right.height);
                self.node(first, below, Expression::Infix(infix, Box::new([left, right])))
            }
            Between::Range => self.range(first, left),
            Between::Is => self.is(first, left),
        }
    }

    /// Chains of one joiner are one node, so that their length is no height.
    fn join(&mut self, first: usize, left: Node<'a>, joiner: Joiner) -> Result<Node<'a>, Problem> {
        let stronger = if joiner == Joiner::Or { Binding::And } else { Binding::Not };
        let right = self.operators(stronger)?;
        match left {
            Node { expression: Expression::Join(same, mut parts), height, .. } if same == joiner => {
                let below = (height - 1).max(right.height);
                parts.push(right);
                self.node(first, below, Expression::Join(joiner, parts))
            }
            left => {
                let below = left.height.max(right.height);
                self.node(first, below, Expression::Join(joiner, vec![left, right]))
            }
        }
    }

    fn range(&mut self, first: usize, operand: Node<'a>) -> Result<Node<'a>, Problem> {
        let low = self.operators(Binding::Sum)?;
        if !self.accept_keyword(Keyword::And) {
            return Err(expected("AND"));
        }
        let high = self.operators(Binding::Sum)?;
        let below = operand.height.max(low.height).max(high.height);
        self.node(first, below, Expression::Between(Box::new([operand, low, high])))
    }

    fn is(&mut self, first: usize, operand: Node<'a>) -> Result<Node<'a>, Problem> {
        let negated = self.accept_keyword(Keyword::Not);
        if negated {
            self.count_operator();
        }
        let test = self.type_name()?;
        if let TypeTest::Other(name) = test
            && self.is_in_condition()
        {
            self.note(Problem::TypeTest { name, place: self.place(first) });
        }
        let below = operand.height;
        let node = self.node(first, below, Expression::Is(Box::new(operand), test))?;
        if negated { self.node(first, node.height, Expression::Not(Box::new(node))) } else { Ok(node) }
    }

    /// The name of a type; some are two words.
    fn type_name(&mut self) -> Result<TypeTest, Problem> {
        if self.accept_keyword(Keyword::Null) {
            return Ok(TypeTest::Of(AttributeType::Null));
        }
        if self.accept_keyword(Keyword::Missing) {
            return Ok(TypeTest::Missing);
        }
        let found = TYPES.iter().find(|(name, _)| {
            let (word, second) = name.split_once(' ').unwrap_or((name, ""));
            let follows = || self.token_text(self.at + 1).eq_ignore_ascii_case(second);
            self.is_word(word) && (second.is_empty() || follows())
        });
        let Some((name, test)) = found else { return Err(syntax(Detail::TypeName)) };
        self.advance();
        if name.contains(' ') {
            self.advance();
        }
        if self.accept(TokenKind::Open) {
            self.type_arguments()?;
        }
        Ok(*test)
    }

    /// The numbers in parentheses that a type's name may be followed by.
    fn type_arguments(&mut self) -> Result<(), Problem> {
        loop {
            if self.accept(TokenKind::Close) {
                return Ok(());
            }
            if !self.accept(TokenKind::Number) && !self.accept(TokenKind::Comma) {
                return Err(syntax(Detail::TypeName));
            }
        }
    }
}

/// PartiQL's types, and what IS asks for by them: a type of DynamoDB, or one that it does not test for, as messages call it. Which are
/// which was captured by dynoxide in October 2026. A longer name stands before its first word.
const TYPES: [(&str, TypeTest); 30] = [
    ("ANY", TypeTest::Other("AnyType")),
    ("BAG", TypeTest::Other("BagType")),
    ("BIGINT", TypeTest::Other("Integer8Type")),
    ("BLOB", TypeTest::Of(AttributeType::B)),
    ("BOOL", TypeTest::Of(AttributeType::Bool)),
    ("BOOLEAN", TypeTest::Of(AttributeType::Bool)),
    ("CHAR", TypeTest::Other("CharacterType")),
    ("CHARACTER VARYING", TypeTest::Other("CharacterVaryingType")),
    ("CHARACTER", TypeTest::Other("CharacterType")),
    ("CLOB", TypeTest::Other("ClobType")),
    ("DATE", TypeTest::Other("DateType")),
    ("DECIMAL", TypeTest::Other("DecimalType")),
    ("DOUBLE PRECISION", TypeTest::Other("DoublePrecisionType")),
    ("FLOAT", TypeTest::Other("FloatType")),
    ("INT", TypeTest::Other("IntegerType")),
    ("INT4", TypeTest::Other("Integer4Type")),
    ("INT8", TypeTest::Other("Integer8Type")),
    ("INTEGER", TypeTest::Other("IntegerType")),
    ("LIST", TypeTest::Of(AttributeType::L)),
    ("NUMERIC", TypeTest::Of(AttributeType::N)),
    ("REAL", TypeTest::Other("RealType")),
    ("SEXP", TypeTest::Other("SexpType")),
    ("SMALLINT", TypeTest::Other("SmallintType")),
    ("STRING", TypeTest::Of(AttributeType::S)),
    ("STRUCT", TypeTest::Of(AttributeType::M)),
    ("SYMBOL", TypeTest::Other("SymbolType")),
    ("TIME", TypeTest::Other("TimeType")),
    ("TIMESTAMP", TypeTest::Other("TimestampType")),
    ("TUPLE", TypeTest::Of(AttributeType::M)),
    ("VARCHAR", TypeTest::Other("CharacterVaryingType")),
];
