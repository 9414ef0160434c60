//! Why a document is no policy, in AWS's words.

use std::fmt;

/// Why a document is refused. Displayed as the message of MalformedPolicyDocument.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PolicyError {
    /// Not JSON, or an element is unknown, repeated, missing, or of the wrong type.
    Syntax,
    /// For the caller to use where [`Policy::version`](crate::Policy::version) must be `V2012`: managed policies.
    Version,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("Syntax errors in policy."),
            Self::Version => f.write_str("Policy document must be version 2012-10-17 or greater."),
        }
    }
}

impl std::error::Error for PolicyError {}
