//! The IAM policy language: parsed, compiled, evaluated, decided.
//!
//! Layer 1: pure; it knows neither accounts nor requests, only policies and what it is asked about them. The way of a policy:
//!
//! ```text
//! text -> JSON with order and repetitions kept (json) -> checked and compiled (parse) -> Policy
//!      -> asked with a Query: which statements match (statement, condition), what they mean together (decide) -> Decision
//! ```
//!
//! What must hold:
//!
//! - Evaluation allocates nothing and takes time linear in the policy and in what it is compared with. All work that a policy allows to
//!   do once is done by [`Policy::parse`].
//! - Facts of the request are asked for only when a statement whose action and resource match has a condition on them
//!   ([`Context::values`]); what is costly to know need not even be prepared unless [`Policies::mentions`] says that some policy asks.
//! - No text makes [`Policy::parse`] or an evaluation panic.
//! - Nothing that is not understood ever allows: an unknown operator refuses the policy, an unknown key is absent.
//!
//! Not modelled, because nothing here has them: policies of organizations (SCP and RCP), access control lists.

mod arn;
mod canonical;
mod condition;
mod context;
mod decide;
mod error;
mod json;
mod key;
mod named;
mod parse;
mod pattern;
mod policy;
mod principal;
mod public;
mod statement;

pub use canonical::canonical;
pub use context::{Absent, Context, TextList, Values};
pub use decide::{Decision, Denial, Policies, PolicyKind, Query, decide, decide_trust};
pub use error::PolicyError;
pub use key::Key;
pub use named::{named, with_names};
pub use policy::{DocumentKind, Effect, Policy, Version};
pub use principal::{Principal, PrincipalKind};
pub use public::is_public;
