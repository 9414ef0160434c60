//! Secrets of 256 bits: drawn, derived from each other, wrapped by each other, wiped when dropped.
//!
//! They are drawn from the operating system's generator through `ring`: the numbers of the crate `runtime` can be repeated, which is
//! what they are for, and therefore are never secrets.

use crate::KeyError;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use zeroize::Zeroizing;

/// How long a secret is.
pub const SECRET_BYTES: usize = 32;

/// A key of 256 bits.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; SECRET_BYTES]>);

/// Fills the buffer from the operating system's generator.
///
/// # Errors
/// [`KeyError::Randomness`] when it gives nothing.
pub fn fill_random(buffer: &mut [u8]) -> Result<(), KeyError> {
    SystemRandom::new().fill(buffer).map_err(|_| KeyError::Randomness)
}

/// The length of what a derivation gives, in the words of `ring`.
struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        SECRET_BYTES
    }
}

impl Secret {
    /// A new secret.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn random() -> Result<Self, KeyError> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        fill_random(secret.as_mut())?;
        Ok(Self(secret))
    }

    /// The secret of these bytes; `None` when they are not 32.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        if bytes.len() != SECRET_BYTES {
            return None;
        }
        secret.copy_from_slice(bytes);
        Some(Self(secret))
    }

    /// The bytes, for a cipher.
    pub fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// Another secret, for one purpose: HKDF with SHA-256. It tells nothing of this one, or of that for another purpose.
    pub fn derive(&self, purpose: &str) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"stator");
        let mut derived = Zeroizing::new([0; SECRET_BYTES]);
        let extracted = salt.extract(self.bytes());
        let filled = extracted.expand(&[purpose.as_bytes()], Length).and_then(|okm| okm.fill(derived.as_mut()));
        // SHA-256 gives up to 255 times as much as is asked for here, so this cannot fail.
        debug_assert!(filled.is_ok(), "the length is fixed");
        Self(derived)
    }

    /// The key of authenticated encryption with this secret.
    pub fn cipher(&self) -> Result<LessSafeKey, KeyError> {
        // Fails for a wrong length only, and the length is fixed.
        UnboundKey::new(&AES_256_GCM, self.bytes()).map(LessSafeKey::new).map_err(|_| KeyError::Randomness)
    }

    /// Wraps another secret: nonce, ciphertext, tag. `context` must be the same when it is unwrapped.
    pub fn wrap(&self, other: &Secret, context: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut wrapped = Vec::with_capacity(NONCE_LEN + SECRET_BYTES + AES_256_GCM.tag_len());
        seal(&self.cipher()?, context, other.bytes(), &mut wrapped)?;
        Ok(wrapped)
    }

    /// The secret that was wrapped; `None` when it was not by this secret and with this context, or is damaged.
    pub fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Option<Secret> {
        let bytes = open(&self.cipher().ok()?, context, wrapped)?;
        Secret::of_bytes(&bytes)
    }
}

/// Appends nonce, ciphertext and tag.
pub fn seal(cipher: &LessSafeKey, context: &[u8], plain: &[u8], into: &mut Vec<u8>) -> Result<(), KeyError> {
    let mut nonce = [0; NONCE_LEN];
    fill_random(&mut nonce)?;
    into.extend_from_slice(&nonce);
    let start = into.len();
    into.extend_from_slice(plain);
    let Some(buffer) = into.get_mut(start..) else {
        return Err(KeyError::Randomness);
    };
    let nonce = Nonce::assume_unique_for_key(nonce);
    // Fails for plaintexts of more than 64 GiB only.
    let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(context), buffer).map_err(|_| KeyError::Randomness)?;
    into.extend_from_slice(tag.as_ref());
    Ok(())
}

/// What was sealed; `None` when it was not with this key and context, or is damaged.
pub fn open(cipher: &LessSafeKey, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = cipher.open_in_place(nonce, Aad::from(context), &mut buffer).ok()?.len();
    buffer.truncate(length);
    Some(buffer)
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is printed goes to the log.
        formatter.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_secrets_differ_by_purpose_and_are_pinned() {
        let secret = Secret::of_bytes(&[7; 32]).unwrap();
        assert_ne!(secret.derive("a").bytes(), secret.derive("b").bytes());
        // Computed with another implementation of RFC 5869: what was derived once must be derived for ever.
        let expected = "db056254292a51e50bd27187e8e09a84f956401157d9d24ef899a968c57bf6d1";
        let found: String = secret.derive("files").bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_wrapped_needs_the_same_key_and_context() {
        let (outer, inner) = (Secret::random().unwrap(), Secret::random().unwrap());
        let wrapped = outer.wrap(&inner, b"here").unwrap();
        assert_eq!(outer.unwrap(&wrapped, b"here").unwrap().bytes(), inner.bytes());
        assert!(outer.unwrap(&wrapped, b"there").is_none());
        assert!(inner.unwrap(&wrapped, b"here").is_none());
        for at in 0..wrapped.len() {
            let mut damaged = wrapped.clone();
            damaged[at] ^= 1;
            assert!(outer.unwrap(&damaged, b"here").is_none(), "a change of byte {at} was not found");
        }
        assert!(outer.unwrap(&wrapped[..11], b"here").is_none());
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", Secret::random().unwrap()), "Secret");
    }
}
