//! What the store reports, as what a client is told.
//!
//! A client learns nothing of the store: a failure below is an InternalServerError, which SDKs retry. The cause goes to the log, once,
//! here.

use api::{Error, messages};
use storage::StoreError;

/// A failure of the store that the request cannot mend.
pub fn from_store(error: StoreError) -> Error {
    match &error {
        StoreError::Closed => tracing::debug!("a request met a closed store"),
        _ => tracing::error!(%error, "the store failed"),
    }
    messages::internal_server_error()
}

/// A stored value that does not decode: never taken for an absent one.
pub fn corrupted(key: &[u8]) -> Error {
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    tracing::error!(key, "a stored value does not decode");
    messages::internal_server_error()
}
