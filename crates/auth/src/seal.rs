//! What keeps secrets: authenticated encryption under a key that this crate never sees.
//!
//! The wiring implements [`Seal`] with the crate `keyring`. Secrets of access keys are sealed in the store, and sessions are sealed in
//! the tokens that clients carry.
//!
//! What must hold: what was sealed with one context opens with no other, and all servers of a store open what any of them sealed.

use std::fmt;
use zeroize::Zeroizing;

/// Seals and opens small secrets. The context says what is sealed and for whom; it is not stored.
pub trait Seal: Send + Sync {
    /// Seals a secret.
    ///
    /// # Errors
    /// When there is no randomness to be had.
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError>;

    /// What was sealed; `None` when it was not sealed by a key that is known, was sealed with another context, or was changed.
    fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// A secret could not be sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SealError;

impl fmt::Display for SealError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a secret could not be sealed")
    }
}

impl std::error::Error for SealError {}
