//! Tokens of transactions: what is kept of a finished one, so that the same request with the same token is not carried out again.
//!
//! ```text
//! value = format:u8 (1) written-at:u64le (milliseconds since 1970) digest:u128le (of the actions) size:u32le*
//! ```
//!
//! A token is valid for ten minutes. Its key begins with the ten minutes of the clock that it was written in, so that all that have
//! expired are one range, removed by one mutation, whatever their number.

use crate::record::Corrupted;
use xxhash_rust::xxh3::Xxh3;

const FORMAT: u8 = 1;

/// What is kept of a finished transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenRecord {
    /// When it was committed, in milliseconds since 1970.
    pub written_at_ms: u64,
    /// The digest of its actions.
    pub digest: u128,
    /// For each action the size of the larger of the item before and the item after; a repeated request is charged by them.
    pub sizes: Vec<u32>,
}

impl TokenRecord {
    /// The value to store.
    pub fn encode(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(1 + 8 + 16 + 4 * self.sizes.len());
        value.push(FORMAT);
        value.extend_from_slice(&self.written_at_ms.to_le_bytes());
        value.extend_from_slice(&self.digest.to_le_bytes());
        self.sizes.iter().for_each(|size| value.extend_from_slice(&size.to_le_bytes()));
        value
    }

    /// Reads a stored value.
    ///
    /// # Errors
    /// [`Corrupted`].
    pub fn decode(value: &[u8]) -> Result<Self, Corrupted> {
        let Some((&FORMAT, rest)) = value.split_first() else { return Err(Corrupted) };
        let (written_at, rest) = rest.split_first_chunk().ok_or(Corrupted)?;
        let (digest, rest) = rest.split_first_chunk().ok_or(Corrupted)?;
        let (sizes, []) = rest.as_chunks() else { return Err(Corrupted) };
        Ok(Self {
            written_at_ms: u64::from_le_bytes(*written_at),
            digest: u128::from_le_bytes(*digest),
            sizes: sizes.iter().map(|size| u32::from_le_bytes(*size)).collect(),
        })
    }
}

/// The digest of a request's actions: XXH3-128 over their parts, each behind its length. It tells requests apart that clients confuse,
/// not requests that somebody has made to collide; whoever does that deceives himself alone.
#[derive(Default)]
pub struct Digest(Xxh3);

impl Digest {
    /// Adds a part.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// The digest of all parts.
    pub fn finish(&self) -> u128 {
        self.0.digest128()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_round_trip_and_damage_is_noticed() {
        let record = TokenRecord { written_at_ms: 1 << 40, digest: 7 << 100, sizes: vec![0, 1, 409_600] };
        let value = record.encode();
        assert_eq!(TokenRecord::decode(&value), Ok(record));
        for length in [0, 1, 8, 24, value.len() - 1] {
            assert_eq!(TokenRecord::decode(&value[..length]), Err(Corrupted));
        }
        assert_eq!(TokenRecord::decode(&[2; 25]), Err(Corrupted));
    }

    #[test]
    fn parts_are_told_apart() {
        let of = |parts: &[&str]| {
            let mut digest = Digest::default();
            parts.iter().for_each(|part| digest.add(part.as_bytes()));
            digest.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab", ""]), of(&["ab"]));
        // Stored beside tokens: it must not drift.
        assert_eq!(of(&["a", "b"]), 104_346_706_345_368_828_998_408_696_431_827_852_246);
    }
}
