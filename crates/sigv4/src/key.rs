//! Secrets become signing keys, and signing keys sign.

use crate::TERMINATOR;
use crate::sink::{Gathered, Sink};
use ring::hmac;
use std::fmt;
use subtle::ConstantTimeEq;

/// What a signing key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    /// A day, as in `20260131`.
    pub date: &'a str,
    /// A region, as in `us-east-1`.
    pub region: &'a str,
    /// A service, as in `dynamodb`.
    pub service: &'a str,
}

impl Scope<'_> {
    pub(crate) fn put(&self, sink: &mut impl Sink) {
        for part in [self.date, self.region, self.service] {
            sink.put(part.as_bytes());
            sink.put(b"/");
        }
        sink.put(TERMINATOR.as_bytes());
    }
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}

/// The key that signs all requests of one access key, day, region and service. Deriving it costs as much as several signatures, so it
/// is worth keeping.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// The key of a secret for a scope.
    pub fn derive(secret: &str, scope: &Scope<'_>) -> SigningKey {
        let start = [b"AWS4", secret.as_bytes()].concat();
        let parts = [scope.date, scope.region, scope.service, TERMINATOR];
        SigningKey(parts.iter().fold(hmac::Key::new(hmac::HMAC_SHA256, &start), |key, part| {
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
        }))
    }

    /// Signs what is put into a sink.
    pub(crate) fn sign(&self, text: impl FnOnce(&mut Gathered<hmac::Context>)) -> Signature {
        let mut sink = Gathered::new(hmac::Context::with_key(&self.0));
        text(&mut sink);
        let mut signature = [0; 32];
        signature.copy_from_slice(sink.finish().sign().as_ref());
        Signature(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(..)")
    }
}

/// A signature. Equality takes the same time wherever two signatures differ.
#[derive(Clone, Copy)]
pub struct Signature([u8; 32]);

impl Signature {
    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Signature> {
        let text: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let mut signature = [0; 32];
        for (byte, [high, low]) in signature.iter_mut().zip(text.as_chunks().0) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Signature(signature))
    }
}

/// AWS writes signatures in lower case and refuses them in upper case: they are compared as text.
fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Signature) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Signature {}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signature({self})")
    }
}
