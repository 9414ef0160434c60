//! PartiQL, as DynamoDB has it: statements in, conditions, updates, projections and items out.
//!
//! Layer 1, above `expression`, onto which statements are lowered, below `engine`; it knows neither tables nor storage. The way of a
//! statement:
//!
//! ```text
//! text -> tokens (token) -> Statement (parser, syntax) -> Operation (lower), given the parameters
//!      -> the ranges of keys that a SELECT reads, the key that a write names (keys), given the key of the table or index
//! ```
//!
//! The grammar is our own, not a crate for SQL or PartiQL: DynamoDB's PartiQL is a small part of the language with error words of its own.
//! Every problem is a variant of [`Problem`], whose module is the only place that knows the words. Nothing here is evaluated: what a WHERE
//! clause means is an [`expression::Condition`].
//!
//! No text overflows the stack or takes longer than in proportion to its length: expressions have at most a hundred levels, literals as
//! many as attribute values have, and chains of AND and OR are one level.

mod error;
mod keys;
mod lower;
mod parser;
mod syntax;
mod token;

pub use error::{Detail, Place, Problem, SetFunction};
pub use keys::{Branch, OneOfOne, Pins, TooManyReads, branches};
pub use lower::{Allowed, Filter, KeyTest, Operation, Ordering, Select, Test, Write};
pub use parser::parse;
pub use syntax::{Order, Returning, Source, Statement};

/// The tree of a statement, for whoever prints it.
pub mod tree {
    pub use crate::syntax::{
        Body, Change, Expression, Infix, Joiner, NewItem, Node, OrderTerm, PathNode, PathStep, Select, TypeTest,
    };
}
