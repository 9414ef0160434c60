//! The IAM policy language: parsed and compiled once, evaluated for each request.
//!
//! ```text
//! text -> document (parse) -> Policy: statements of patterns and conditions
//! Policies + Query -> decide -> Decision
//! ```
//!
//! Layer 1, pure. What a request knows comes through [`Context`], key by key and only when a condition asks for it. The language is that of
//! the IAM user guide, "IAM JSON policy element reference"; the order in which kinds of policies decide is that of "Policy evaluation logic".
//!
//! What must hold: a document that is not understood whole is refused whole. Evaluation never fails, and nothing in a request makes a
//! pattern cost more than the product of both lengths. Patterns without variables allocate nothing.

mod condition;
mod decide;
mod document;
mod error;
mod glob;
mod pattern;
mod principal;
mod statement;
mod time;

pub use condition::{Context, Key, Values};
pub use decide::{Decision, Kind, Policies, Refused, decide, trusts};
pub use document::{DocumentKind, Policy};
pub use error::PolicyError;
pub use principal::Principal;
pub use statement::Query;
