//! SET and REMOVE clauses.

use super::Lowering;
use crate::error::{Problem, SetFunction};
use crate::syntax::{Change, Expression, Infix, Node, PathNode};
use expression::build::{self, Function, Term, UpdateAction};
use expression::{Path, Update};
use model::AttributeValue;

impl<'s> Lowering<'s> {
    pub(super) fn update(self, changes: &'s [Change<'s>]) -> Result<Update<'s>, Problem> {
        let action = |change: &'s Change<'s>| match change {
            Change::Remove(target) => Ok(UpdateAction::remove(self.path(target))),
            Change::Set(target, value) => self.set(target, value),
        };
        let actions = changes.iter().map(action).collect::<Result<_, _>>()?;
        Ok(build::update(actions)?)
    }

    fn set(self, target: &'s PathNode<'s>, value: &'s Node<'s>) -> Result<UpdateAction<'s>, Problem> {
        let path = self.path(target);
        match &value.expression {
            Expression::Infix(operator @ (Infix::Plus | Infix::Minus), operands) => {
                let [left, right] = operands.as_ref();
                let operands = [self.new_value(left)?, self.new_value(right)?];
                Ok(match operator {
                    Infix::Plus => UpdateAction::set_sum(path, operands)?,
                    _ => UpdateAction::set_difference(path, operands)?,
                })
            }
            Expression::Call { name, arguments } => match set_function(name) {
                Some(function) => self.set_members(path, function, (value, arguments)),
                None => Ok(UpdateAction::set(path, self.new_value(value)?)),
            },
            _ => Ok(UpdateAction::set(path, self.new_value(value)?)),
        }
    }

    /// `set_add` and `set_delete`: of what they are assigned to, with a set given by the statement or a parameter. The order of the checks
    /// and the places that messages name are from captures of October 2026.
    fn set_members(
        self,
        target: Path<'s>,
        function: SetFunction,
        (call, arguments): (&Node<'s>, &'s [Node<'s>]),
    ) -> Result<UpdateAction<'s>, Problem> {
        let [first, second] = arguments else {
            return Err(Problem::SetArguments { function, place: self.statement.place(call) });
        };
        let same = matches!(&first.expression, Expression::Path(path) if self.path(path) == target);
        if !same {
            return Err(Problem::SetTarget { function, place: self.statement.place(call) });
        }
        match self.value(second) {
            Some(set @ (AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_))) => Ok(match function {
                SetFunction::Add => UpdateAction::add(target, set),
                SetFunction::Delete => UpdateAction::delete(target, set),
            }),
            _ => Err(Problem::SetType { function, place: self.statement.place(first) }),
        }
    }

    /// What SET writes: a value, what stands at a path, or a list made of two.
    fn new_value(self, node: &'s Node<'s>) -> Result<Term<'s>, Problem> {
        if let Some(value) = self.value(node) {
            return Ok(Term::value(value));
        }
        match &node.expression {
            Expression::Path(path) => Ok(Term::path(self.path(path))),
            Expression::Call { name, arguments } if name.eq_ignore_ascii_case("list_append") => {
                let terms = arguments.iter().map(|argument| self.new_value(argument)).collect::<Result<_, _>>()?;
                Ok(Term::call(Function::ListAppend, terms)?)
            }
            Expression::Call { name, .. } => Err(Problem::UnrecognizedFunction {
                name: name.to_ascii_lowercase(),
                place: self.statement.place(node),
            }),
            Expression::List(_) | Expression::Tuple(_) => Err(self.foreign(node)),
            _ => Err(Problem::NotAValue { place: self.statement.place(node) }),
        }
    }
}

fn set_function(name: &str) -> Option<SetFunction> {
    if name.eq_ignore_ascii_case("set_add") {
        Some(SetFunction::Add)
    } else if name.eq_ignore_ascii_case("set_delete") {
        Some(SetFunction::Delete)
    } else {
        None
    }
}
