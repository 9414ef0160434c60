//! Secret access keys, and the tokens of sessions.
//!
//! What must hold: a secret is never printed by accident, and leaves no trace in memory. It comes from the operating system's
//! generator, not from `runtime::Random`, which is not made for secrets and repeats itself in tests.

use crate::seal::SealError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// A secret access key has 40 characters, base64 of 30 bytes.
const SECRET_BYTES: usize = 30;

/// A secret access key or a session's token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A new one.
    pub(crate) fn random() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        SystemRandom::new().fill(bytes.as_mut()).map_err(|_| SealError)?;
        Ok(Self(Zeroizing::new(STANDARD.encode(bytes.as_ref()))))
    }

    /// What a client presents.
    pub(crate) fn presented(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The secret that was opened.
    pub(crate) fn opened(plain: &[u8]) -> Option<Self> {
        std::str::from_utf8(plain).ok().map(Self::presented)
    }

    /// The secret itself, to sign with or to show once to who asked for it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_forty_characters_and_is_not_printed() {
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_eq!(one.reveal().len(), 40);
        assert_ne!(one, other);
        assert_eq!(format!("{one:?}"), "Secret");
    }
}
