//! Principals, credentials and sessions, and the IAM and STS services that manage them.
//!
//! ```text
//! access key id, token -> Authenticator -> Identity -> (signature: Identity::with_signing_key) -> policies -> operation
//!                              |                                                                     |
//!                          Directory (users, roles, keys, policies in the store) <------------ Services (IAM, STS)
//! ```
//!
//! Layer 4: above the store and the languages of policies and signatures, below the server, which knows connections.
//!
//! What must hold:
//! - An operation's input can only be had from the step that authorized it, so none runs unasked.
//! - Secrets are stored sealed, and shown once.
//! - A change is in force for the next request of this process when it is answered, and for other servers' after about a second.

mod arn;
pub mod check;
mod context;
mod directory;
mod failure;
mod form;
mod identity;
mod ids;
mod managed;
mod origin;
mod rules;
mod seal;
mod secret;
mod services;
mod session;
mod xml;

#[cfg(test)]
mod tests;

pub use context::Facts;
pub use directory::{Directory, Ids, RootCredentials};
pub use failure::Failure;
pub use identity::{Authenticator, Identity, Permissions, Principal, Session, Unidentified};
pub use ids::account_of as account_of_key;
pub use origin::Origin;
pub use rules::{ResourceSide, access_denied_message};
pub use seal::{Seal, SealError, keep_sealing_key, kept_sealing_key};
pub use secret::Secret;
pub use services::{Event, EventResource, Response, Service, Services, actions};
