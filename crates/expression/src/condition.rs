//! Conditions and filters: what holds or does not hold for an item.
//!
//! A parsed condition is a short program over one truth value: tests set it, NOT turns it, AND and OR skip their right side when the
//! left side decides. There is no tree, so evaluating needs no recursion, however deep the parentheses of the text were.

mod parse;

use crate::error::{EvaluationError, ExpressionError};
use crate::evaluate::{self, Comparator};
use crate::operand::{Call, Operand};
use crate::parser::Parser;
use crate::path::{Path, Source};
use crate::{ExpressionKind, Placeholders};
use model::ItemView;

/// A parsed condition, filter or key condition.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition<'a> {
    pub(crate) program: Vec<Instruction<'a>>,
}

/// A step of a condition's program.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Instruction<'a> {
    /// Sets the truth value.
    Test(Test<'a>),
    /// Turns the truth value.
    Not,
    /// AND: goes on at the given instruction if the left side is false.
    SkipIfFalse(usize),
    /// OR: goes on at the given instruction if the left side is true.
    SkipIfTrue(usize),
}

/// A condition without AND, OR and NOT.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Test<'a> {
    /// `left comparator right`
    Comparison { comparator: Comparator, operands: [Operand<'a>; 2] },
    /// `operand BETWEEN low AND high`
    Between { operand: Operand<'a>, bounds: [Operand<'a>; 2] },
    /// `operand IN (list)`
    In { operand: Operand<'a>, list: Vec<Operand<'a>> },
    /// A function.
    Call(Call<'a>),
    /// Something whose error is noted; never evaluated.
    Invalid,
}

/// Parses a `ConditionExpression` or a `FilterExpression`.
pub fn parse_condition<'a>(
    kind: ExpressionKind,
    text: &'a str,
    placeholders: &Placeholders<'a>,
) -> Result<Condition<'a>, ExpressionError> {
    let mut parser = Parser::new(kind, text, placeholders)?;
    let program = parse::program(&mut parser)?;
    parser.finish()?;
    Ok(Condition { program })
}

impl<'a> Condition<'a> {
    /// Whether the condition holds for an item; `None` is an item that does not exist.
    ///
    /// No condition fails today; the result leaves room for one that does.
    pub fn holds(&self, item: Option<ItemView<'_>>) -> Result<bool, EvaluationError> {
        Ok(self.truth(item.map(|item| Source::new(item, self.program.len())).as_ref()))
    }

    /// Whether the condition holds for an item in which attributes are looked up.
    pub(crate) fn truth(&self, item: Option<&Source<'_>>) -> bool {
        let mut truth = true;
        let mut at = 0;
        while let Some(instruction) = self.program.get(at) {
            at += 1;
            match instruction {
                Instruction::Test(test) => truth = test.holds(item),
                Instruction::Not => truth = !truth,
                Instruction::SkipIfFalse(target) if !truth => at = *target,
                Instruction::SkipIfTrue(target) if truth => at = *target,
                Instruction::SkipIfFalse(_) | Instruction::SkipIfTrue(_) => {}
            }
        }
        truth
    }

    /// Every path that the condition reads, in the order of the text.
    pub fn paths(&self) -> Vec<&Path<'a>> {
        let mut paths = Vec::new();
        self.collect_paths(&mut paths);
        paths
    }

    /// Appends the paths in the condition.
    pub(crate) fn collect_paths<'s>(&'s self, paths: &mut Vec<&'s Path<'a>>) {
        for instruction in &self.program {
            if let Instruction::Test(test) = instruction {
                test.operands().for_each(|operand| operand.collect_paths(paths));
            }
        }
    }
}

impl<'a> Test<'a> {
    fn holds(&self, item: Option<&Source<'_>>) -> bool {
        match self {
            Self::Comparison { comparator, operands: [left, right] } => {
                evaluate::compare(*comparator, evaluate::operand(left, item), evaluate::operand(right, item))
            }
            Self::Between { operand, bounds: [low, high] } => evaluate::between(
                evaluate::operand(operand, item),
                evaluate::operand(low, item),
                evaluate::operand(high, item),
            ),
            Self::In { operand, list } => {
                let value = evaluate::operand(operand, item);
                list.iter().any(|other| evaluate::compare(Comparator::Equal, value, evaluate::operand(other, item)))
            }
            Self::Call(call) => evaluate::call(call, item),
            Self::Invalid => false,
        }
    }

    /// The operands in the order of the text.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &Operand<'a>> {
        let (first, rest): (Option<&Operand<'a>>, &[Operand<'a>]) = match self {
            Self::Comparison { operands, .. } => (None, operands),
            Self::Between { operand, bounds } => (Some(operand), bounds),
            Self::In { operand, list } => (Some(operand), list),
            Self::Call(call) => (None, &call.operands),
            Self::Invalid => (None, &[]),
        };
        first.into_iter().chain(rest)
    }
}
