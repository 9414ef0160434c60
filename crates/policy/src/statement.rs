//! A statement, compiled, and whether it is about a request.

use crate::arn::{ArnPattern, ArnText};
use crate::condition::Condition;
use crate::pattern::Pattern;
use crate::principal::{Closeness, Principals};
use crate::{Absent, Effect, Query};

/// A query, with what all policies make of it.
pub(crate) struct Asked<'q> {
    pub query: &'q Query<'q>,
    resource: ArnText<'q>,
    /// Whether who asks has a permissions boundary.
    has_boundary: bool,
}

impl<'q> Asked<'q> {
    pub fn new(query: &'q Query<'q>, has_boundary: bool) -> Self {
        Self { query, resource: ArnText::new(query.resource), has_boundary }
    }
}

/// An element of which there is a negated form.
#[derive(Clone, Debug)]
pub(crate) struct Patterns<T> {
    /// `NotAction`, `NotResource`.
    pub negated: bool,
    pub patterns: Box<[T]>,
}

/// A compiled statement.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub effect: Effect,
    /// `None` in policies of identities, which are about whom they are attached to.
    pub principals: Option<Principals>,
    pub actions: Patterns<Pattern>,
    /// `None` in trust policies, which are about the role that they are attached to.
    pub resources: Option<Patterns<ArnPattern>>,
    pub conditions: Box<[Condition]>,
}

impl Statement {
    /// The bits of the keys that it asks for.
    pub fn keys(&self) -> u128 {
        let resources = self.resources.iter().flat_map(|resources| &resources.patterns).map(ArnPattern::keys);
        resources.chain(self.conditions.iter().map(Condition::keys)).fold(0, |keys, more| keys | more)
    }

    /// Whether it is about a request, and how closely it names who asks. What is cheap and decides most is looked at first.
    pub fn matches(&self, asked: &Asked<'_>) -> Option<Closeness> {
        let query = asked.query;
        // Actions have no variables.
        let acts = self.actions.patterns.iter().any(|pattern| pattern.matches(query.action, &Absent));
        if acts == self.actions.negated || !self.is_about(asked) {
            return None;
        }
        let closeness = match &self.principals {
            Some(principals) => principals.closeness(query.principal, asked.has_boundary)?,
            None => Closeness::Direct,
        };
        self.conditions.iter().all(|condition| condition.holds(query.context)).then_some(closeness)
    }

    fn is_about(&self, asked: &Asked<'_>) -> bool {
        let Some(resources) = &self.resources else { return true };
        let found = resources.patterns.iter().any(|pattern| pattern.matches(&asked.resource, asked.query.context));
        found != resources.negated
    }
}
