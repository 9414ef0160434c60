//! The parser of update expressions: sections of actions.
//!
//! Which of several problems DynamoDB reports follows no reading order here, so each action's problems are kept apart until the end:
//! reserved words and functions by section, in the order in which sections first appear, and with them a repeated section; then
//! placeholders in the targets, then targets that meet; then, from the last action back to the first, all names before all values and
//! types (dynalite's tests against DynamoDB, whose notes tell of the change to the backward order).

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

/// What the first look found in the sections of one name.
struct Seen {
    section: Section,
    problem: Option<Problem>,
    repeated: bool,
}

/// The state of parsing one update expression.
struct UpdateParser<'a> {
    actions: Vec<Action<'a>>,
    /// Sections in the order in which they first appear.
    seen: Vec<Seen>,
    /// The first undefined placeholder in a target.
    target_name: Option<Problem>,
    /// The first undefined name of the last action that has one.
    name: Option<Problem>,
    /// The first other problem of the last action that has one.
    operand: Option<Problem>,
}

/// Parses an `UpdateExpression`.
pub fn parse_update<'a>(text: &'a str, placeholders: &Placeholders<'a>) -> Result<Update<'a>, ExpressionError> {
    let mut parser = Parser::new(ExpressionKind::Update, text, placeholders)?;
    let mut state = UpdateParser {
        actions: Vec::with_capacity(4),
        seen: Vec::with_capacity(1),
        target_name: None,
        name: None,
        operand: None,
    };
    while parser.peek() != TokenKind::End || state.actions.is_empty() {
        state.section(&mut parser)?;
    }
    state.finish(&parser)?;
    parser.check_operators()?;
    Ok(Update { actions: state.actions, dialect: Dialect::Expression })
}

impl<'a> UpdateParser<'a> {
    fn section(&mut self, parser: &mut Parser<'a, '_>) -> Result<(), ExpressionError> {
        let Some(section) = Section::of(parser.peek()) else { return Err(parser.syntax_error()) };
        parser.advance();
        let number = match self.seen.iter().position(|seen| seen.section == section) {
            Some(number) => {
                self.seen[number].repeated = true;
                number
            }
            None => {
                self.seen.push(Seen { section, problem: None, repeated: false });
                self.seen.len() - 1
            }
        };
        loop {
            self.action(parser, section, number)?;
            if !parser.accept(TokenKind::Comma) {
                break;
            }
        }
        if let Some((_, problem)) = parser.take_first() {
            self.seen[number].problem.get_or_insert(problem);
        }
        Ok(())
    }

    fn action(&mut self, parser: &mut Parser<'a, '_>, section: Section, number: usize) -> Result<(), ExpressionError> {
        let target = parser.path()?;
        if let Some(problem) = &parser.undefined_name {
            self.target_name.get_or_insert(problem.clone());
        }
        let change = match section {
            Section::Set => {
                parser.expect(TokenKind::Equal)?;
                Change::Set(set_value(parser)?)
            }
            Section::Remove => Change::Remove,
            Section::Add | Section::Delete => operand_change(parser, section)?,
        };
        self.name = parser.undefined_name.take().or(self.name.take());
        self.operand = parser.second.take().or(self.operand.take());
        self.actions.push(Action { target, change, section: number as u8 });
        Ok(())
    }

    /// Reports the problem that counts, if there is any.
    fn finish(&mut self, parser: &Parser<'a, '_>) -> Result<(), ExpressionError> {
        for seen in &mut self.seen {
            if let Some(problem) = seen.problem.take() {
                return Err(parser.error(problem));
            }
            if seen.repeated {
                return Err(parser.error(Problem::RepeatedSection { section: seen.section.name() }));
            }
        }
        if let Some(problem) = self.target_name.take() {
            return Err(parser.error(problem));
        }
        let targets: Vec<_> = self.actions.iter().map(|action| &action.target).collect();
        check_apart(&targets).map_err(|problem| parser.error(problem))?;
        match self.name.take().or_else(|| self.operand.take()) {
            Some(problem) => Err(parser.error(problem)),
            None => Ok(()),
        }
    }
}

/// ADD and DELETE take a value placeholder and nothing else.
fn operand_change<'a>(parser: &mut Parser<'a, '_>, section: Section) -> Result<Change<'a>, ExpressionError> {
    let Some(value) = parser.expect_value()? else { return Ok(Change::Invalid) };
    let operand = value.attribute_type();
    let is_set = matches!(operand, AttributeType::Ss | AttributeType::Ns | AttributeType::Bs);
    if !is_set && (section == Section::Delete || operand != AttributeType::N) {
        parser.note(Problem::ActionOperandType { action: section.name(), operand });
        return Ok(Change::Invalid);
    }
    Ok(if section == Section::Add { Change::Add(value) } else { Change::Delete(value) })
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
