//! What keeps secrets: authenticated encryption under a key that this crate never sees.
//!
//! The wiring implements [`Seal`] with the crate `keyring`. Secrets of access keys are sealed in the store, and sessions are sealed in
//! the tokens that clients carry.
//!
//! What must hold: what was sealed with one context opens with no other, and all servers of a store open what any of them sealed.

use bytes::Bytes;
use layout::principals;
use std::fmt;
use storage::{Batch, Store, StoreError};
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

/// The key that seals, wrapped, as the store keeps it for all its servers; `None` before the first of them made one.
///
/// # Errors
/// Those of the store.
pub async fn kept_sealing_key(store: &dyn Store) -> Result<Option<Bytes>, StoreError> {
    Ok(store.get_one(&principals::sealing_key()).await?.map(|stored| stored.value))
}

/// Keeps this wrapped key in the store, unless there is one, and returns the one that is kept. It survives power loss.
///
/// # Errors
/// Those of the store.
pub async fn keep_sealing_key(store: &dyn Store, wrapped: Vec<u8>) -> Result<Bytes, StoreError> {
    let (key, wrapped) = (principals::sealing_key(), Bytes::from(wrapped));
    let mut batch = Batch::new();
    batch.check(key, None).set(principals::sealing_key(), wrapped.clone());
    match store.commit(batch).await {
        Ok(version) => {
            store.durable(version).await?;
            Ok(wrapped)
        }
        // Another server was faster.
        Err(StoreError::Conflict { .. }) => kept_sealing_key(store).await?.ok_or(StoreError::Closed),
        Err(error) => Err(error),
    }
}
