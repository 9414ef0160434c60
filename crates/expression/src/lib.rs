//! DynamoDB's expressions: condition, filter, key condition, projection and update, and the legacy parameters lowered onto them.
//!
//! Layer 1: above `model`, below `engine`; it knows neither requests nor storage. The way of an expression:
//!
//! ```text
//! text -> tokens (token) -> parsed and checked in one pass (parser, condition/parse, update/parse, projection) -> Condition, Update, ...
//!      -> evaluated on the stored form of an item (evaluate, update/apply), without building the item's tree
//! ```
//!
//! Parsing borrows from the request: names, values and placeholders are never copied. Every problem that DynamoDB reports is a variant
//! of an enum in [`error`], which is also the only place that knows the words. Parentheses are kept on an explicit stack and functions
//! nest at most as deep as an expression may have operators, so no input drives recursion further than a fixed depth.

pub mod build;
mod check;
mod condition;
pub mod error;
mod evaluate;
mod key_condition;
pub mod legacy;
mod operand;
mod parser;
mod path;
mod placeholders;
mod projection;
mod reserved;
mod token;
mod update;

pub use condition::{Condition, parse_condition};
pub use error::{EvaluationError, ExpressionError, KeyConditionError, LegacyError, PlaceholderError, Problem};
pub use key_condition::{KeyBounds, KeyClause, KeyCondition, KeyConditionExpression, KeyRelation, parse_key_condition};
pub use path::{Path, Step};
pub use placeholders::Placeholders;
pub use projection::{Projection, parse_projection};
pub use update::{Assignment, Update, parse_update};

/// The parameter that an expression came in. It decides which operators may stand in it and how errors begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExpressionKind {
    /// `ConditionExpression`.
    Condition,
    /// `FilterExpression`.
    Filter,
    /// `KeyConditionExpression`.
    KeyCondition,
    /// `ProjectionExpression`.
    Projection,
    /// `UpdateExpression`.
    Update,
}

impl ExpressionKind {
    /// The parameter's name.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Condition => "ConditionExpression",
            Self::Filter => "FilterExpression",
            Self::KeyCondition => "KeyConditionExpression",
            Self::Projection => "ProjectionExpression",
            Self::Update => "UpdateExpression",
        }
    }
}
