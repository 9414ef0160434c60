//! Resource policies of tables and streams.
//!
//! ```text
//! text -> checked, in canonical form (document) -> whom its names mean (principals)
//!      -> stored with the revision that the resource's descriptor names (stored)
//! descriptor -> revision -> stored document -> Policy, kept with the table as it was read (compiled) -> access
//! ```
//!
//! A table's policy is its indexes' too; a stream has one of its own, and keeps it when the table is gone.
//!
//! What must hold: a document and the revision in the descriptor are written in one commit, so a document of another revision only says
//! that the descriptor is not the newest. Nothing is ever decided on a document that does not belong to the descriptor at hand.

pub mod compiled;
pub mod document;
pub mod principals;
pub mod resource;
pub mod stored;

pub use principals::{Attached, Principals};
pub use resource::Resource;

/// How often something is read again that was changed meanwhile. Policies change seldom, so this is reached only when something is wrong.
const ATTEMPTS_MAX: usize = 100;
