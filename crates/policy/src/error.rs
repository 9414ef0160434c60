//! Why a document is no policy.

use std::fmt;

/// What is wrong with a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PolicyError {
    /// It is not JSON, or not an object.
    Syntax,
    /// It has no statement.
    NoStatement,
    /// Its version is none that exists.
    Version(String),
    /// An element that does not exist, or may not stand there.
    Element(String),
    /// An element that must be there is not.
    Missing(&'static str),
    /// Two elements that exclude each other.
    Both(&'static str, &'static str),
    /// A value of a type that the element does not take.
    Value(&'static str),
    /// An action without a service, or with a wildcard for it.
    Action(String),
    /// A resource that is no ARN.
    Resource(String),
    /// A principal of no known kind.
    Principal(String),
    /// An operator that does not exist.
    Operator(String),
    /// A value that its operator cannot compare.
    Operand(String),
}

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => formatter.write_str("Syntax errors in policy."),
            Self::NoStatement => formatter.write_str("The policy must contain at least one statement."),
            Self::Version(version) => write!(formatter, "The policy has an invalid version: {version}"),
            Self::Element(name) => write!(formatter, "Unknown or forbidden field {name}"),
            Self::Missing(name) => write!(formatter, "Missing required field {name}"),
            Self::Both(one, other) => write!(formatter, "{one} and {other} cannot stand in one statement"),
            Self::Value(name) => write!(formatter, "The value of {name} has a type that it cannot have"),
            Self::Action(action) => {
                write!(
                    formatter,
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {action}"
                )
            }
            Self::Resource(resource) => {
                write!(formatter, "Resource {resource} must be in ARN format or \"*\".")
            }
            Self::Principal(principal) => write!(formatter, "Invalid principal in policy: {principal}"),
            Self::Operator(operator) => write!(formatter, "Invalid Condition type : {operator}."),
            Self::Operand(value) => write!(formatter, "Invalid value in a condition: {value}"),
        }
    }
}

impl std::error::Error for PolicyError {}
