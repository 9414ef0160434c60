//! Signing keys and signatures.
//!
//! A key is derived from a secret for one day, region and service, by four HMACs; whoever verifies many requests keeps it.

use crate::TERMINATOR;
use ring::hmac::{self, HMAC_SHA256};
use std::fmt;
use subtle::ConstantTimeEq;

/// What a day's requests to a service of a region are signed with.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

/// A signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 32]);

impl SigningKey {
    /// The key of a secret for a day (as in `20260131`), a region and a service.
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> Self {
        let mut start = Vec::with_capacity(4 + secret.len());
        start.extend_from_slice(b"AWS4");
        start.extend_from_slice(secret.as_bytes());
        let parts = [date, region, service, TERMINATOR];
        Self(parts.iter().fold(hmac::Key::new(HMAC_SHA256, &start), |key, part| {
            hmac::Key::new(HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
        }))
    }

    /// Signs a string to sign.
    pub fn sign(&self, text: &[u8]) -> Signature {
        self.finish(hmac::Context::with_key(&self.0), text)
    }

    /// Signs a string that comes in pieces.
    pub(crate) fn sign_pieces(&self, pieces: &[&[u8]]) -> Signature {
        let mut context = hmac::Context::with_key(&self.0);
        pieces.iter().for_each(|piece| context.update(piece));
        self.finish(context, b"")
    }

    fn finish(&self, mut context: hmac::Context, rest: &[u8]) -> Signature {
        context.update(rest);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        Signature(bytes)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(..)")
    }
}

impl Signature {
    /// Whether a request presents this signature: 64 lower-case hexadecimal digits. Takes the same time wherever they differ.
    pub fn is(&self, presented: &str) -> bool {
        hex(&self.0).as_slice().ct_eq(presented.as_bytes()).into()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A signature in a log would be one that somebody could use.
        formatter.write_str("Signature(..)")
    }
}

/// A digest in hexadecimal.
pub(crate) fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}
