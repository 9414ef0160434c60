//! Where canonical text goes: into a digest as it is made, or into memory where someone wants to read it.

use ring::{digest, hmac};

/// Takes text piece by piece.
pub(crate) trait Sink {
    fn put(&mut self, piece: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }
}

/// What text is digested by.
pub(crate) trait Digest {
    fn update(&mut self, text: &[u8]);
}

impl Digest for digest::Context {
    fn update(&mut self, text: &[u8]) {
        digest::Context::update(self, text);
    }
}

impl Digest for hmac::Context {
    fn update(&mut self, text: &[u8]) {
        hmac::Context::update(self, text);
    }
}

/// The ordinary canonical request fits; what is longer goes on in several parts.
const GATHERED_BYTES: usize = 512;

/// Gathers small pieces before it digests them: a call per piece would cost more than the digest itself.
pub(crate) struct Gathered<D> {
    digest: D,
    buffer: [u8; GATHERED_BYTES],
    filled: usize,
}

impl<D: Digest> Gathered<D> {
    pub(crate) fn new(digest: D) -> Gathered<D> {
        Gathered { digest, buffer: [0; GATHERED_BYTES], filled: 0 }
    }

    /// The digest of all that was put.
    pub(crate) fn finish(mut self) -> D {
        self.flush();
        self.digest
    }

    fn flush(&mut self) {
        self.digest.update(&self.buffer[..self.filled]);
        self.filled = 0;
    }
}

impl<D: Digest> Sink for Gathered<D> {
    fn put(&mut self, piece: &[u8]) {
        if piece.len() > GATHERED_BYTES - self.filled {
            self.flush();
            if piece.len() > GATHERED_BYTES {
                return self.digest.update(piece);
            }
        }
        let end = self.filled + piece.len();
        self.buffer[self.filled..end].copy_from_slice(piece);
        self.filled = end;
    }
}

/// SHA-256 in lower-case hexadecimal digits.
pub(crate) fn hex(digest: digest::Digest) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(digest.as_ref()) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    text
}
