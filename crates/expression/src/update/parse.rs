//! The parser of update expressions: sections of actions.
//!
//! Problems are reported in the order of the text, kind by kind: reserved words, indexes and functions; a section that stands twice;
//! undefined placeholders; targets that meet; operands of ADD and DELETE; all other operands (the order of dynalite, whose tests against
//! DynamoDB are the evidence).

use super::{Action, Change, Dialect, SetValue, Update};
use crate::error::{ExpressionError, Problem};
use crate::parser::Parser;
use crate::path::check_apart;
use crate::token::TokenKind;
use crate::{ExpressionKind, Placeholders, check};
use model::value::AttributeType;

/// A section of an update expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Set,
    Remove,
    Add,
    Delete,
}

impl Section {
    fn of(kind: TokenKind) -> Option<Self> {
        Some(match kind {
            TokenKind::Set => Self::Set,
            TokenKind::Remove => Self::Remove,
            TokenKind::Add => Self::Add,
            TokenKind::Delete => Self::Delete,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Remove => "REMOVE",
            Self::Add => "ADD",
            Self::Delete => "DELETE",
        }
    }
}

/// The state of parsing one update expression.
struct UpdateParser<'a> {
    actions: Vec<Action<'a>>,
    /// The sections so far.
    seen: Vec<Section>,
    /// The first section that stood there before.
    repeated: Option<Section>,
    /// The first wrong operand of ADD or DELETE.
    operand: Option<Problem>,
}

/// Parses an `UpdateExpression`.
pub fn parse_update<'a>(text: &'a str, placeholders: &Placeholders<'a>) -> Result<Update<'a>, ExpressionError> {
    let mut parser = Parser::new(ExpressionKind::Update, text, placeholders)?;
    let mut state =
        UpdateParser { actions: Vec::with_capacity(4), seen: Vec::with_capacity(4), repeated: None, operand: None };
    while parser.peek() != TokenKind::End || state.actions.is_empty() {
        state.section(&mut parser)?;
    }
    state.finish(&mut parser)?;
    Ok(Update { actions: state.actions, dialect: Dialect::Expression })
}

impl<'a> UpdateParser<'a> {
    fn section(&mut self, parser: &mut Parser<'a, '_>) -> Result<(), ExpressionError> {
        let Some(section) = Section::of(parser.peek()) else { return Err(parser.syntax_error()) };
        parser.advance();
        if self.seen.contains(&section) {
            self.repeated.get_or_insert(section);
        } else {
            self.seen.push(section);
        }
        loop {
            self.action(parser, section)?;
            if !parser.accept(TokenKind::Comma) {
                return Ok(());
            }
        }
    }

    fn action(&mut self, parser: &mut Parser<'a, '_>, section: Section) -> Result<(), ExpressionError> {
        let target = parser.path()?;
        let change = match section {
            Section::Set => {
                parser.expect(TokenKind::Equal)?;
                Change::Set(set_value(parser)?)
            }
            Section::Remove => Change::Remove,
            Section::Add | Section::Delete => self.operand_change(parser, section)?,
        };
        self.actions.push(Action { target, change });
        Ok(())
    }

    /// ADD and DELETE take a value placeholder and nothing else.
    fn operand_change(&mut self, parser: &mut Parser<'a, '_>, section: Section) -> Result<Change<'a>, ExpressionError> {
        let Some(value) = parser.expect_value()? else { return Ok(Change::Invalid) };
        let operand = value.attribute_type();
        let is_set = matches!(operand, AttributeType::Ss | AttributeType::Ns | AttributeType::Bs);
        if !is_set && (section == Section::Delete || operand != AttributeType::N) {
            self.operand.get_or_insert(Problem::ActionOperandType { action: section.name(), operand });
            return Ok(Change::Invalid);
        }
        Ok(if section == Section::Add { Change::Add(value) } else { Change::Delete(value) })
    }

    /// Reports the problem that counts, if there is any.
    fn finish(&mut self, parser: &mut Parser<'a, '_>) -> Result<(), ExpressionError> {
        parser.finish_first()?;
        if let Some(section) = self.repeated {
            return Err(parser.error(Problem::RepeatedSection { section: section.name() }));
        }
        parser.finish_undefined()?;
        let targets: Vec<_> = self.actions.iter().map(|action| &action.target).collect();
        check_apart(&targets).map_err(|problem| parser.error(problem))?;
        self.operand.take().map_or(Ok(()), |problem| Err(parser.error(problem)))?;
        parser.finish_second()
    }
}

/// The right side of a SET: an operand, or two with `+` or `-` between them. Parentheses may stand around an operand or around both.
fn set_value<'a>(parser: &mut Parser<'a, '_>) -> Result<SetValue<'a>, ExpressionError> {
    let start = parser.place();
    while parser.accept(TokenKind::Open) {}
    let mut open = parser.place() - start;
    let left = parser.bare_operand()?.operand;
    // Of the parentheses that are open, those that close here stand around the left operand alone.
    close(parser, &mut open)?;
    let Some(symbol) = arithmetic_symbol(parser.peek()) else {
        return match open {
            0 => Ok(SetValue::Operand(left)),
            _ => Err(parser.syntax_error()),
        };
    };
    parser.count_operator();
    parser.advance();
    let operands = [left, parser.operand()?.operand];
    close(parser, &mut open)?;
    if open > 0 {
        return Err(parser.syntax_error());
    }
    if let Err(problem) = check::arithmetic(symbol, operands.each_ref()) {
        parser.note(problem);
    }
    Ok(if symbol == "+" { SetValue::Sum(operands) } else { SetValue::Difference(operands) })
}

/// Closes what is open, as far as closing parentheses follow. More than one around the same thing is redundant.
fn close(parser: &mut Parser<'_, '_>, open: &mut usize) -> Result<(), ExpressionError> {
    let mut closed = 0;
    while *open > 0 && parser.accept(TokenKind::Close) {
        *open -= 1;
        closed += 1;
        if closed > 1 {
            return Err(parser.error(Problem::RedundantParentheses));
        }
    }
    Ok(())
}

fn arithmetic_symbol(kind: TokenKind) -> Option<&'static str> {
    match kind {
        TokenKind::Plus => Some("+"),
        TokenKind::Minus => Some("-"),
        _ => None,
    }
}
