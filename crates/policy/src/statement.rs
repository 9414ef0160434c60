//! A statement: whom, which actions, which resources, under which conditions, allowed or denied.

use crate::condition::{Condition, Context, Key};
use crate::glob::{self, Token};
use crate::pattern::ArnPattern;
use crate::principal::{Named, Principal, Whom};

/// What is asked of a policy.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// Who asks.
    pub principal: Principal<'a>,
    /// The action, as in `dynamodb:GetItem`.
    pub action: &'a str,
    /// The ARN of the resource, or `*` where the action has none.
    pub resource: &'a str,
    /// What else is known of the request.
    pub context: &'a dyn Context,
}

/// What a statement does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever others allow.
    Deny,
}

/// Something, or everything but something.
#[derive(Clone, Debug)]
pub enum Choice<T> {
    /// This.
    Is(T),
    /// Anything else.
    IsNot(T),
}

/// A compiled statement.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(crate) effect: Effect,
    /// Whom it is for, of a resource's policy.
    pub(crate) principal: Option<Choice<Whom>>,
    /// Patterns of actions, in lower case: actions are compared without regard to case.
    pub(crate) actions: Choice<Vec<Vec<Token>>>,
    /// Patterns of resources; none in a role's trust policy, which is about the role.
    pub(crate) resources: Option<Choice<Vec<ArnPattern>>>,
    pub(crate) conditions: Vec<Condition>,
}

impl Statement {
    /// How closely the statement names who asks, if it is about the request at all. A statement without principals names exactly those whom
    /// its policy is attached to.
    pub(crate) fn applies(&self, query: &Query<'_>, action: &[u8]) -> Option<Named> {
        let is_about = self.actions.holds(|patterns| patterns.iter().any(|pattern| glob::matches(pattern, action)));
        if !is_about {
            return None;
        }
        if let Some(resources) = &self.resources {
            let is_about = resources
                .holds(|patterns| patterns.iter().any(|pattern| pattern.matches(query.resource, query.context)));
            if !is_about {
                return None;
            }
        }
        let named = match &self.principal {
            None => Named::Exactly,
            Some(Choice::Is(whom)) => whom.names(&query.principal, query.context)?,
            Some(Choice::IsNot(whom)) if whom.names(&query.principal, query.context).is_some() => return None,
            Some(Choice::IsNot(_)) => Named::Broadly,
        };
        self.conditions.iter().all(|condition| condition.holds(query.context)).then_some(named)
    }

    /// The condition keys that it asks for.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        let resources = self.resources.iter().flat_map(|choice| match choice {
            Choice::Is(patterns) | Choice::IsNot(patterns) => patterns.iter().flat_map(ArnPattern::keys),
        });
        self.conditions.iter().flat_map(Condition::keys).chain(resources)
    }
}

impl<T> Choice<T> {
    fn holds(&self, is: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Is(chosen) => is(chosen),
            Self::IsNot(chosen) => !is(chosen),
        }
    }
}
