//! The signing keys of an identity: one for each day, Region and service that it signed for lately.
//!
//! What must hold: deriving a key takes four digests, a request for which it is known none. Only keys whose signature was right are kept, so
//! that somebody who knows no secret cannot drive out the ones that are used.

use super::Identity;
use arc_swap::ArcSwap;
use sigv4::{Scope, SigningKey};
use std::fmt;
use std::sync::Arc;

/// How many are kept: two days, a Region or two, four services.
const KEPT_MAX: usize = 16;

/// The keys that are known, oldest first.
#[derive(Default)]
pub(crate) struct SigningKeys(ArcSwap<Vec<Kept>>);

#[derive(Clone)]
struct Kept {
    date: Box<str>,
    region: Box<str>,
    service: Box<str>,
    key: Arc<SigningKey>,
}

impl Kept {
    fn is_for(&self, scope: &Scope<'_>) -> bool {
        *self.date == *scope.date && *self.region == *scope.region && *self.service == *scope.service
    }
}

impl Identity {
    /// Calls `verify` with the caller's signing key of this scope. Where it says that the signature is right, the key is kept for the next
    /// request.
    pub fn with_signing_key<T, E>(
        &self,
        scope: &Scope<'_>,
        verify: impl FnOnce(&SigningKey) -> Result<T, E>,
    ) -> Result<T, E> {
        let keys = &self.signing_keys.0;
        if let Some(kept) = keys.load().iter().find(|kept| kept.is_for(scope)) {
            return verify(&kept.key);
        }
        let key = SigningKey::derive(self.secret.reveal(), scope);
        let verified = verify(&key)?;
        let kept = Kept {
            date: scope.date.into(),
            region: scope.region.into(),
            service: scope.service.into(),
            key: Arc::new(key),
        };
        keys.rcu(|known| {
            let mut known: Vec<Kept> = known.iter().filter(|other| !other.is_for(scope)).cloned().collect();
            known.drain(..known.len().saturating_sub(KEPT_MAX - 1));
            known.push(kept.clone());
            known
        });
        Ok(verified)
    }

    #[cfg(test)]
    pub(crate) fn kept_signing_keys(&self) -> usize {
        self.signing_keys.0.load().len()
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKeys").field("kept", &self.0.load().len()).finish()
    }
}
