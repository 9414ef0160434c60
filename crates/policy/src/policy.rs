//! A policy, compiled.

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
    keys: u128,
}

impl Policy {
    /// Parses and compiles a document. Its size is the caller's to check: the limits differ by where a policy is kept.
    pub fn parse(text: &str, kind: DocumentKind) -> Result<Self, PolicyError> {
        let _ = (text, kind);
        Err(PolicyError::Syntax)
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
        let _ = query;
        None
    }
}
