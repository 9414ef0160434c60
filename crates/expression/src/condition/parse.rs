//! The parser of conditions: precedence OR < AND < NOT < test, with what is still open on an explicit stack.
//!
//! A parenthesis may open a condition or an operand, which shows only behind it: `(a) = :v`, `(a = :v)`. So it is put on the stack like
//! an operator, and taken off again when the operand behind it is followed by the closing one.

use super::{Instruction, Test};
use crate::check;
use crate::error::{ExpressionError, Problem};
use crate::evaluate::Comparator;
use crate::operand::{Callee, Function, Operand};
use crate::parser::{Parsed, Parser};
use crate::token::TokenKind;

/// AND or OR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Joiner {
    And,
    Or,
}

/// What waits for its right side or its end.
enum Pending {
    Not,
    /// The instruction that skips the right side, to be told where that ends.
    Join(Joiner, usize),
    /// The token of the parenthesis.
    Open(usize),
}

/// The state of parsing one condition.
struct ConditionParser<'a> {
    program: Vec<Instruction<'a>>,
    pending: Vec<Pending>,
    /// The opening parenthesis of what was just parsed, if parentheses stand around all of it.
    group: Option<usize>,
}

/// Parses the whole text as a condition.
pub(super) fn program<'a>(parser: &mut Parser<'a, '_>) -> Result<Vec<Instruction<'a>>, ExpressionError> {
    let mut state = ConditionParser { program: Vec::with_capacity(4), pending: Vec::new(), group: None };
    loop {
        state.openings(parser);
        state.test(parser)?;
        while parser.peek() == TokenKind::Close {
            state.close(parser)?;
        }
        match parser.peek() {
            TokenKind::And => state.join(Joiner::And),
            TokenKind::Or => state.join(Joiner::Or),
            TokenKind::End if !state.pending.iter().any(|pending| matches!(pending, Pending::Open(_))) => {
                state.reduce(|_| true);
                return Ok(state.program);
            }
            _ => return Err(parser.syntax_error()),
        }
        parser.count_operator();
        parser.advance();
    }
}

impl<'a> ConditionParser<'a> {
    /// What may stand before a test.
    fn openings(&mut self, parser: &mut Parser<'a, '_>) {
        loop {
            match parser.peek() {
                TokenKind::Not => {
                    parser.count_operator();
                    self.pending.push(Pending::Not);
                }
                TokenKind::Open => self.pending.push(Pending::Open(parser.place())),
                _ => return,
            }
            parser.advance();
        }
    }

    fn test(&mut self, parser: &mut Parser<'a, '_>) -> Result<(), ExpressionError> {
        let mut first = parser.bare_operand()?;
        while parser.peek() == TokenKind::Close && self.opens_at(first.start) {
            if first.parenthesized {
                return Err(parser.error(Problem::RedundantParentheses));
            }
            self.pending.pop();
            first.parenthesized = true;
            first.start -= 1;
            parser.advance();
        }
        self.group = None;
        let test = match parser.peek() {
            TokenKind::Between => between(parser, first)?,
            TokenKind::In => membership(parser, first)?,
            kind => match comparator(kind) {
                Some(comparator) => comparison(parser, first, comparator)?,
                None => {
                    let Some(callee) = first.callee else { return Err(parser.syntax_error()) };
                    self.group = first.parenthesized.then_some(first.start);
                    function(parser, first.operand, callee)
                }
            },
        };
        self.program.push(Instruction::Test(test));
        Ok(())
    }

    /// Whether the innermost open parenthesis stands directly before a token.
    fn opens_at(&self, token: usize) -> bool {
        matches!(self.pending.last(), Some(Pending::Open(at)) if at + 1 == token)
    }

    fn close(&mut self, parser: &mut Parser<'a, '_>) -> Result<(), ExpressionError> {
        self.reduce(|pending| !matches!(pending, Pending::Open(_)));
        let Some(Pending::Open(open)) = self.pending.pop() else { return Err(parser.syntax_error()) };
        if self.group == Some(open + 1) {
            return Err(parser.error(Problem::RedundantParentheses));
        }
        self.group = Some(open);
        parser.advance();
        Ok(())
    }

    fn join(&mut self, joiner: Joiner) {
        self.reduce(|pending| match pending {
            Pending::Not | Pending::Join(Joiner::And, _) => true,
            Pending::Join(Joiner::Or, _) => joiner == Joiner::Or,
            Pending::Open(_) => false,
        });
        self.pending.push(Pending::Join(joiner, self.program.len()));
        // The target is filled in by `reduce`.
        self.program.push(match joiner {
            Joiner::And => Instruction::SkipIfFalse(0),
            Joiner::Or => Instruction::SkipIfTrue(0),
        });
        self.group = None;
    }

    /// Completes what is pending, innermost first, for as long as `take` says so.
    fn reduce(&mut self, take: impl Fn(&Pending) -> bool) {
        while let Some(pending) = self.pending.pop_if(|pending| take(pending)) {
            match pending {
                Pending::Not => self.program.push(Instruction::Not),
                Pending::Join(_, skip) => {
                    let end = self.program.len();
                    if let Instruction::SkipIfFalse(target) | Instruction::SkipIfTrue(target) = &mut self.program[skip]
                    {
                        *target = end;
                    }
                }
                Pending::Open(_) => {}
            }
            self.group = None;
        }
    }
}

fn comparator(kind: TokenKind) -> Option<Comparator> {
    Some(match kind {
        TokenKind::Equal => Comparator::Equal,
        TokenKind::NotEqual => Comparator::NotEqual,
        TokenKind::Less => Comparator::Less,
        TokenKind::LessOrEqual => Comparator::LessOrEqual,
        TokenKind::Greater => Comparator::Greater,
        TokenKind::GreaterOrEqual => Comparator::GreaterOrEqual,
        _ => return None,
    })
}

fn operand<'a>(parser: &mut Parser<'a, '_>) -> Result<Operand<'a>, ExpressionError> {
    let parsed = parser.operand()?;
    parser.check_operand_call(&parsed);
    Ok(parsed.operand)
}

fn comparison<'a>(
    parser: &mut Parser<'a, '_>,
    first: Parsed<'a>,
    comparator: Comparator,
) -> Result<Test<'a>, ExpressionError> {
    parser.check_operand_call(&first);
    parser.count_operator();
    parser.advance();
    let operands = [first.operand, operand(parser)?];
    if let Err(problem) = check::comparison(comparator, operands.each_ref()) {
        parser.note(problem);
    }
    Ok(Test::Comparison { comparator, operands })
}

fn between<'a>(parser: &mut Parser<'a, '_>, first: Parsed<'a>) -> Result<Test<'a>, ExpressionError> {
    parser.check_operand_call(&first);
    parser.count_operator();
    parser.advance();
    let low = operand(parser)?;
    parser.expect(TokenKind::And)?;
    let bounds = [low, operand(parser)?];
    if let Err(problem) = check::between(&first.operand, &bounds[0], &bounds[1]) {
        parser.note(problem);
    }
    Ok(Test::Between { operand: first.operand, bounds })
}

fn membership<'a>(parser: &mut Parser<'a, '_>, first: Parsed<'a>) -> Result<Test<'a>, ExpressionError> {
    parser.check_operand_call(&first);
    parser.count_operator();
    parser.advance();
    parser.expect(TokenKind::Open)?;
    let mut list = vec![operand(parser)?];
    while parser.accept(TokenKind::Comma) {
        list.push(operand(parser)?);
    }
    parser.expect(TokenKind::Close)?;
    if let Err(problem) = check::membership(&first.operand, &list) {
        parser.note(problem);
    }
    Ok(Test::In { operand: first.operand, list })
}

/// A function that stands where a condition does; `size` may not.
fn function<'a>(parser: &mut Parser<'a, '_>, operand: Operand<'a>, callee: Callee) -> Test<'a> {
    if callee.function == Some(Function::Size) {
        parser.note_first(callee.at, Problem::MisplacedFunction { function: Function::Size.name() });
    }
    match operand {
        Operand::Call(call) => Test::Call(*call),
        _ => Test::Invalid,
    }
}
