//! A policy, compiled.

use crate::parse;
use crate::principal::Closeness;
use crate::statement::{Asked, Statement};
use crate::{Key, PolicyError, Query};

/// What a document is for: it decides which elements it may and must have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DocumentKind {
    /// Permissions of users, groups, roles; permissions boundaries; session policies. Without `Principal`.
    Identity,
    /// Policies of resources and of endpoints. With `Principal`.
    Resource,
    /// Trust policies of roles. With `Principal`, without `Resource`, only actions of `sts`.
    Trust,
}

/// What a statement does to the requests that it matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It allows them, unless something denies them.
    Allow,
    /// It denies them, whatever else allows them.
    Deny,
}

/// The version of the language that a document is written in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Version {
    /// `2008-10-17`, also if the document names none: `${...}` is text. Managed policies may not be written in it.
    V2008,
    /// `2012-10-17`: `${...}` is a variable.
    V2012,
}

/// A policy, compiled once and evaluated without allocation.
#[derive(Clone, Debug)]
pub struct Policy {
    version: Version,
    /// Those that deny first: after one that allows nothing is left to look for.
    statements: Box<[Statement]>,
    keys: u128,
}

/// What the statements of a policy that match say together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Finding {
    Nothing,
    /// Allowed to one who is named as closely as this.
    Allow(Closeness),
    Deny,
}

impl Policy {
    /// Parses and compiles a document. Its size is the caller's to check: the limits differ by where a policy is kept.
    pub fn parse(text: &str, kind: DocumentKind) -> Result<Self, PolicyError> {
        parse::document(text, kind)
    }

    /// The policy that names users and roles by their unique identifiers where it names them by ARNs of which `id_of` knows one: so it
    /// means those who had the names when that was noted, and nobody who has them later.
    #[must_use]
    pub fn identified<'i>(mut self, id_of: impl Fn(&str) -> Option<&'i str>) -> Self {
        let principals = self.statements.iter_mut().filter_map(|statement| statement.principals.as_mut());
        principals.for_each(|principals| principals.identify(&id_of));
        self
    }

    pub(crate) fn new(version: Version, mut statements: Vec<Statement>) -> Self {
        statements.sort_by_key(|statement| statement.effect == Effect::Allow);
        let keys = statements.iter().fold(0, |keys, statement| keys | statement.keys());
        Self { version, statements: statements.into(), keys }
    }

    /// The version of the language that it is written in.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether a condition or a variable asks for this key (for the kinds of tags: for any tag).
    pub fn mentions(&self, key: Key) -> bool {
        self.keys & key.bit() != 0
    }

    /// What the statements that match say: `Deny` if one denies, else `Allow` if one allows. Of a policy with principals only the
    /// statements whose principal matches count.
    pub fn evaluate(&self, query: &Query<'_>) -> Option<Effect> {
        match self.find(&Asked::new(query, false)) {
            Finding::Nothing => None,
            Finding::Allow(_) => Some(Effect::Allow),
            Finding::Deny => Some(Effect::Deny),
        }
    }

    pub(crate) fn find(&self, asked: &Asked<'_>) -> Finding {
        let mut finding = Finding::Nothing;
        for statement in &self.statements {
            let Some(closeness) = statement.matches(asked) else { continue };
            if statement.effect == Effect::Deny {
                return Finding::Deny;
            }
            finding = finding.max(Finding::Allow(closeness));
            if closeness == Closeness::Direct {
                break;
            }
        }
        finding
    }
}
