//! What all parsers here share: the place in the tokens, operands with their paths, values and functions, and the errors found on the way.
//!
//! An expression is parsed and checked in one pass. Syntax errors and redundant parentheses end it at once. Everything else is noted and
//! reported at the end, because DynamoDB looks at a whole expression several times, each time for other problems: first for reserved
//! words, list indexes and the names and places of functions, in the order of the text ([`Parser::note_first`]); then for placeholders,
//! operands and their types ([`Parser::note`]).

use crate::check;
use crate::error::{ExpressionError, Problem};
use crate::operand::{Call, Callee, Function, Operand};
use crate::path::{Path, Step};
use crate::reserved::is_reserved;
use crate::token::{Token, TokenKind, tokenize};
use crate::{ExpressionKind, Placeholders};
use model::{AttributeValue, limits};

/// The most steps that a path may have (developer guide: attributes nest 32 levels deep).
const PATH_STEPS_MAX: usize = 32;

/// An operand as it was parsed, with what later decisions need to know of its place.
pub(crate) struct Parsed<'a> {
    pub(crate) operand: Operand<'a>,
    /// Whether parentheses stand around it.
    pub(crate) parenthesized: bool,
    /// The token that it starts at, its parenthesis included.
    pub(crate) start: usize,
    /// The function, if it is one by its form; a function that does not exist is one too.
    pub(crate) callee: Option<Callee>,
}

/// The state of parsing one expression.
pub(crate) struct Parser<'a, 'p> {
    kind: ExpressionKind,
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    placeholders: &'p Placeholders<'a>,
    /// Operators and functions so far.
    operators: usize,
    /// How deep functions are nested here.
    depth: usize,
    /// The first problem of the first look, with its token.
    first: Option<(usize, Problem)>,
    /// The first undefined placeholder of the second look, where an update keeps those apart.
    undefined: Option<Problem>,
    /// The first problem of the second look.
    second: Option<Problem>,
}

impl<'a, 'p> Parser<'a, 'p> {
    /// Starts on a text, which must be neither empty nor too long.
    pub(crate) fn new(
        kind: ExpressionKind,
        text: &'a str,
        placeholders: &'p Placeholders<'a>,
    ) -> Result<Self, ExpressionError> {
        if text.is_empty() {
            return Err(ExpressionError::new(kind, Problem::Empty));
        }
        if text.len() > limits::EXPRESSION_LENGTH_MAX {
            return Err(ExpressionError::new(kind, Problem::TooLong { length: text.len() }));
        }
        let tokens = tokenize(text);
        let (first, undefined, second) = (None, None, None);
        Ok(Self { kind, text, tokens, at: 0, placeholders, operators: 0, depth: 0, first, undefined, second })
    }

    /// The kind of the next token.
    pub(crate) fn peek(&self) -> TokenKind {
        self.tokens[self.at].kind
    }

    /// The number of the next token.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    /// Takes the next token. The end is never passed.
    pub(crate) fn advance(&mut self) -> &'a str {
        let text = self.token_text(self.at);
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        text
    }

    /// Takes the next token if it is of this kind.
    pub(crate) fn accept(&mut self, kind: TokenKind) -> bool {
        let accepted = self.peek() == kind;
        if accepted {
            self.advance();
        }
        accepted
    }

    /// Takes the next token, which must be of this kind.
    pub(crate) fn expect(&mut self, kind: TokenKind) -> Result<&'a str, ExpressionError> {
        if self.peek() == kind { Ok(self.advance()) } else { Err(self.syntax_error()) }
    }

    /// That the next token cannot stand where it does. The message shows the text from the token before it to the one after it.
    pub(crate) fn syntax_error(&self) -> ExpressionError {
        let from = self.tokens[self.at.saturating_sub(1)].start as usize;
        let to = self.tokens[(self.at + 1).min(self.tokens.len() - 1)].end as usize;
        let token = match self.peek() {
            TokenKind::End => "<EOF>",
            _ => self.token_text(self.at),
        };
        let near = self.text[from..to].trim_end();
        self.error(Problem::Syntax { token: token.to_owned(), near: near.to_owned() })
    }

    /// A problem of this expression as an error.
    pub(crate) fn error(&self, problem: Problem) -> ExpressionError {
        ExpressionError::new(self.kind, problem)
    }

    fn token_text(&self, at: usize) -> &'a str {
        let token = self.tokens[at];
        &self.text[token.start as usize..token.end as usize]
    }

    /// Counts an operator or a function.
    pub(crate) fn count_operator(&mut self) {
        self.operators += 1;
    }

    /// Notes a problem of the first look, unless one that stands earlier in the text is noted.
    pub(crate) fn note_first(&mut self, at: usize, problem: Problem) {
        if self.first.as_ref().is_none_or(|(noted, _)| at < *noted) {
            self.first = Some((at, problem));
        }
    }

    /// Notes a problem of the second look, unless one is noted.
    pub(crate) fn note(&mut self, problem: Problem) {
        self.second.get_or_insert(problem);
    }

    fn note_undefined(&mut self, problem: Problem) {
        let slot = if self.kind == ExpressionKind::Update { &mut self.undefined } else { &mut self.second };
        slot.get_or_insert(problem);
    }

    /// Reports what was noted, once the whole text is read.
    pub(crate) fn finish(&mut self) -> Result<(), ExpressionError> {
        self.finish_first()?;
        self.finish_undefined()?;
        self.finish_second()
    }

    /// Reports what the first look found.
    pub(crate) fn finish_first(&mut self) -> Result<(), ExpressionError> {
        self.first.take().map_or(Ok(()), |(_, problem)| Err(self.error(problem)))
    }

    /// Reports the undefined placeholder of an update.
    pub(crate) fn finish_undefined(&mut self) -> Result<(), ExpressionError> {
        self.undefined.take().map_or(Ok(()), |problem| Err(self.error(problem)))
    }

    /// Reports what the second look found, and too many operators at last.
    pub(crate) fn finish_second(&mut self) -> Result<(), ExpressionError> {
        self.second.take().map_or(Ok(()), |problem| Err(self.error(problem)))?;
        if self.operators > limits::EXPRESSION_OPERATORS_MAX {
            return Err(self.error(Problem::TooManyOperators { count: self.operators }));
        }
        Ok(())
    }

    /// An operand, with or without parentheses around it.
    pub(crate) fn operand(&mut self) -> Result<Parsed<'a>, ExpressionError> {
        let start = self.at;
        while self.accept(TokenKind::Open) {}
        let depth = self.at - start;
        let parsed = self.bare_operand()?;
        for closed in 0..depth {
            self.expect(TokenKind::Close)?;
            if closed > 0 {
                return Err(self.error(Problem::RedundantParentheses));
            }
        }
        Ok(parsed)
    }

    /// An operand that does not start with a parenthesis.
    pub(crate) fn bare_operand(&mut self) -> Result<Parsed<'a>, ExpressionError> {
        let start = self.at;
        let (operand, callee) = match self.peek() {
            TokenKind::ValuePlaceholder => (self.value(), None),
            TokenKind::Identifier if self.tokens[start + 1].kind == TokenKind::Open => self.call()?,
            TokenKind::Identifier | TokenKind::NamePlaceholder => (Operand::Path(self.path()?), None),
            _ => return Err(self.syntax_error()),
        };
        Ok(Parsed { operand, parenthesized: false, start, callee })
    }

    fn value(&mut self) -> Operand<'a> {
        let placeholder = self.advance();
        match self.placeholders.value(placeholder) {
            Some(value) => Operand::Value(value),
            None => {
                self.note_undefined(Problem::UndefinedValue { placeholder: placeholder.to_owned() });
                Operand::Invalid
            }
        }
    }

    /// A value placeholder, which must come next.
    pub(crate) fn expect_value(&mut self) -> Result<Option<&'a AttributeValue<'a>>, ExpressionError> {
        if self.peek() != TokenKind::ValuePlaceholder {
            return Err(self.syntax_error());
        }
        Ok(match self.value() {
            Operand::Value(value) => Some(value),
            _ => None,
        })
    }

    /// A document path, which must come next.
    pub(crate) fn path(&mut self) -> Result<Path<'a>, ExpressionError> {
        let mut path = Path::of(self.path_name()?);
        let mut levels = 1;
        loop {
            let step = match self.peek() {
                TokenKind::Dot => {
                    self.advance();
                    Step::Name(self.path_name()?)
                }
                TokenKind::OpenBracket => {
                    self.advance();
                    let index = self.list_index()?;
                    self.expect(TokenKind::CloseBracket)?;
                    Step::Index(index)
                }
                _ => break,
            };
            levels += 1;
            if levels <= PATH_STEPS_MAX {
                path.rest.push(step);
            }
        }
        if levels > PATH_STEPS_MAX {
            self.note(Problem::PathTooDeep { levels });
        }
        Ok(path)
    }

    fn path_name(&mut self) -> Result<&'a str, ExpressionError> {
        match self.peek() {
            TokenKind::Identifier => {
                let name = self.advance();
                if is_reserved(name) {
                    self.note_first(self.at - 1, Problem::ReservedWord { word: name.to_owned() });
                }
                Ok(name)
            }
            TokenKind::NamePlaceholder => {
                let placeholder = self.advance();
                let name = self.placeholders.name(placeholder);
                if name.is_none() {
                    self.note_undefined(Problem::UndefinedName { placeholder: placeholder.to_owned() });
                }
                Ok(name.unwrap_or(placeholder))
            }
            _ => Err(self.syntax_error()),
        }
    }

    fn list_index(&mut self) -> Result<u32, ExpressionError> {
        let index = self.expect(TokenKind::Integer)?;
        let number = index.parse().ok().filter(|number| *number <= limits::LIST_INDEX_MAX);
        if number.is_none() {
            self.note_first(self.at - 1, Problem::ListIndexRange { index: index.to_owned() });
        }
        Ok(number.unwrap_or_default())
    }

    /// A function and its operands. Whether it may stand where it does is for the caller to check.
    fn call(&mut self) -> Result<(Operand<'a>, Option<Callee>), ExpressionError> {
        let at = self.at;
        let name = self.advance();
        self.count_operator();
        // The limit on operators is also the bound of this recursion.
        self.depth += 1;
        if self.depth > limits::EXPRESSION_OPERATORS_MAX {
            return Err(self.error(Problem::TooManyOperators { count: self.operators }));
        }
        // A function of the other kind of expression is as unknown as one that does not exist (dynalite and dynoxide agree).
        let function = Function::from_name(name)
            .filter(|function| function.is_of_updates() == (self.kind == ExpressionKind::Update));
        if function.is_none() {
            self.note_first(at, Problem::UnknownFunction { function: name.to_owned() });
        }
        self.expect(TokenKind::Open)?;
        let mut operands = Vec::with_capacity(2);
        loop {
            let parsed = self.operand()?;
            self.check_operand_call(&parsed);
            operands.push(parsed.operand);
            if !self.accept(TokenKind::Comma) {
                break;
            }
        }
        self.expect(TokenKind::Close)?;
        self.depth -= 1;
        let operand = function.map_or(Operand::Invalid, |function| self.checked_call(function, operands));
        Ok((operand, Some(Callee { at, function })))
    }

    /// Checks a function that is an operand: in conditions only `size` may be one.
    pub(crate) fn check_operand_call(&mut self, parsed: &Parsed<'a>) {
        if let Some(Callee { at, function: Some(function) }) = parsed.callee
            && self.kind != ExpressionKind::Update
            && function != Function::Size
        {
            self.note_first(at, Problem::MisplacedFunction { function: function.name() });
        }
    }

    fn checked_call(&mut self, function: Function, operands: Vec<Operand<'a>>) -> Operand<'a> {
        if operands.len() != function.operands() {
            self.note(Problem::OperandCount { function: function.name(), count: operands.len() });
            return Operand::Invalid;
        }
        let call = Call { function, operands };
        if let Err(problem) = check::call(&call) {
            self.note(problem);
        }
        Operand::Call(Box::new(call))
    }
}
