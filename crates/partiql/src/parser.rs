//! The parser: the place in the tokens, and what is wrong with a statement that can be read.
//!
//! Statements are in `parser/statement`, expressions in `parser/operators` and `parser/terms`, literals in `parser/literals`. What cannot
//! be read ends parsing at once. What can be read and is wrong is noted, the first of it in the order of the text, and told when the
//! statement is lowered: DynamoDB reads a statement to its end before it looks at what it means (captures of October 2026).
//!
//! No input drives recursion far: expressions nest to [`HEIGHT_MAX`], literals to the depth of attribute values.

mod literals;
mod operators;
mod statement;
mod terms;

pub(crate) use literals::duplicate;
pub(crate) use terms::condition_function;

use crate::error::{Detail, Place, Problem};
use crate::syntax::{Body, Expression, Node, PathNode, PathStep, Statement};
use crate::token::{Keyword, Token, TokenKind, tokenize};
use literals::LiteralStep;
use model::limits::EXPRESSION_OPERATORS_MAX;
use std::borrow::Cow;

/// The most levels that an expression may have. DynamoDB's own limit is not known.
const HEIGHT_MAX: usize = 100;

/// Parses a statement.
///
/// # Errors
/// Only for a statement that cannot be read. Other faults are noted in the statement.
pub fn parse(text: &str) -> Result<Statement<'_>, Problem> {
    let mut parser = Parser::new(text)?;
    let body = parser.statement()?;
    let Parser { parameters, fault, .. } = parser;
    Ok(Statement { text, body, parameters, fault })
}

/// The state of parsing one statement.
struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// How deep the recursion is here.
    depth: usize,
    /// How many `?` there were.
    parameters: usize,
    /// Whether the parser is in a WHERE clause.
    in_filter: bool,
    /// How many operators and functions its WHERE clause has so far.
    operators: usize,
    /// Where in a literal the parser is.
    literal: Vec<LiteralStep<'a>>,
    fault: Option<Problem>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, Problem> {
        let tokens = tokenize(text)?;
        let (literal, fault) = (Vec::new(), None);
        Ok(Self { text, tokens, at: 0, depth: 0, parameters: 0, in_filter: false, operators: 0, literal, fault })
    }

    fn statement(&mut self) -> Result<Body<'a>, Problem> {
        let body = self.body()?;
        self.end()?;
        Ok(body)
    }

    fn peek(&self) -> TokenKind {
        self.tokens[self.at].kind
    }

    /// The kind of the token behind the next one.
    fn peek_second(&self) -> TokenKind {
        self.tokens[(self.at + 1).min(self.tokens.len() - 1)].kind
    }

    /// Takes the next token and returns its text. The end is never passed.
    fn advance(&mut self) -> &'a str {
        let text = self.token_text(self.at);
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        text
    }

    fn accept(&mut self, kind: TokenKind) -> bool {
        let accepted = self.peek() == kind;
        if accepted {
            self.advance();
        }
        accepted
    }

    fn accept_keyword(&mut self, keyword: Keyword) -> bool {
        self.accept(TokenKind::Keyword(keyword))
    }

    /// Whether an identifier that is a keyword only here comes next.
    fn is_word(&self, word: &str) -> bool {
        self.peek() == TokenKind::Identifier && self.token_text(self.at).eq_ignore_ascii_case(word)
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let accepted = self.is_word(word);
        if accepted {
            self.advance();
        }
        accepted
    }

    fn expect(&mut self, kind: TokenKind, what: &'static str) -> Result<&'a str, Problem> {
        if self.peek() == kind { Ok(self.advance()) } else { Err(expected(what)) }
    }

    fn token_text(&self, at: usize) -> &'a str {
        let token = self.tokens[at];
        &self.text[token.start..token.end]
    }

    /// Where a token stands.
    fn place(&self, at: usize) -> Place {
        let token = self.tokens[at];
        Place::of(self.text, token.start, token.end)
    }

    /// Notes what is wrong with a statement that can be read, unless something before it is.
    fn note(&mut self, problem: Problem) {
        self.fault.get_or_insert(problem);
    }

    /// Whether what comes next is part of a condition, not of a literal in it. What can be read and is wrong with a condition's words is told
    /// in the order of the text, before what is wrong with its operands (captured by dynoxide, October 2026).
    fn is_in_condition(&self) -> bool {
        self.in_filter && self.literal.is_empty()
    }

    /// Counts an operator or function of a condition: those of logic, of comparison, IN, BETWEEN and IS, and the NOT of any of them. There
    /// may be as many as in an expression (captured by dynoxide, October 2026).
    fn count_operator(&mut self) {
        if self.is_in_condition() {
            self.operators += 1;
        }
        if self.operators > EXPRESSION_OPERATORS_MAX {
            self.note(expression::Problem::TooManyOperators { count: EXPRESSION_OPERATORS_MAX + 1 }.into());
        }
    }

    /// Parses something that may contain the like of itself.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        self.depth += 1;
        if self.depth > HEIGHT_MAX {
            return Err(syntax(Detail::TooDeep));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// An expression over others that have at most `below` levels. Its first token is the one at `first`.
    fn node(&self, first: usize, below: usize, expression: Expression<'a>) -> Result<Node<'a>, Problem> {
        let height = below + 1;
        if height > HEIGHT_MAX {
            return Err(syntax(Detail::TooDeep));
        }
        let token = self.tokens[first];
        Ok(Node { expression, start: token.start, end: token.end, height })
    }

    /// A path to something that is written, or to a table.
    fn simple_path(&mut self) -> Result<PathNode<'a>, Problem> {
        match self.peek() {
            TokenKind::Identifier | TokenKind::Quoted => self.path(),
            _ => Err(syntax(Detail::SimplePath)),
        }
    }

    /// A path, whose first name comes next.
    fn path(&mut self) -> Result<PathNode<'a>, Problem> {
        let attribute = self.name();
        let mut steps = Vec::new();
        loop {
            if self.accept(TokenKind::Dot) {
                if !matches!(self.peek(), TokenKind::Identifier | TokenKind::Quoted) {
                    return Err(syntax(Detail::DotComponent));
                }
                steps.push(PathStep::Name(self.name()));
            } else if self.accept(TokenKind::OpenBracket) {
                steps.push(PathStep::Index(self.list_index()?));
            } else {
                break;
            }
        }
        // The levels that attribute values have, the attribute itself among them.
        let levels = steps.len() + 1;
        if levels > model::limits::NESTING_LEVELS_MAX + 1 {
            self.note(expression::Problem::PathTooDeep { levels }.into());
            steps.clear();
        }
        Ok(PathNode { attribute, steps })
    }

    fn name(&mut self) -> Cow<'a, str> {
        let quoted = self.peek() == TokenKind::Quoted;
        let text = self.advance();
        let name = if quoted { unquoted(text, "\"") } else { Cow::Borrowed(text) };
        if name.is_empty() {
            self.note(Problem::EmptyComponent);
        }
        name
    }

    /// The index of a list's element, up to its bracket. A sign may stand before it, though only `-0` is an index.
    fn list_index(&mut self) -> Result<u32, Problem> {
        let negative = self.accept(TokenKind::Minus);
        let at = self.at;
        let digits = self.expect(TokenKind::Number, "a list index")?;
        self.expect(TokenKind::CloseBracket, "right bracket")?;
        let sign = if negative { "-" } else { "" };
        match digits.parse::<i32>() {
            Ok(index) if index >= 0 && (index == 0 || !negative) => Ok(index as u32),
            _ => {
                self.note(Problem::ListIndexRange { index: format!("{sign}{digits}"), place: self.place(at) });
                Ok(0)
            }
        }
    }
}

/// What stands between quotes.
fn unquoted<'a>(text: &'a str, quote: &str) -> Cow<'a, str> {
    let inner = &text[1..text.len() - 1];
    if inner.contains(quote) { Cow::Owned(inner.replace(&quote.repeat(2), quote)) } else { Cow::Borrowed(inner) }
}

fn syntax(detail: Detail) -> Problem {
    Problem::Syntax(detail)
}

fn expected(what: &'static str) -> Problem {
    syntax(Detail::Expected(what))
}
