//! Long keys: how a key is stored that is longer than an index of the database takes.
//!
//! A row of PostgreSQL's B-tree holds about 2,700 bytes; a store's keys have up to 65,535. So:
//!
//! ```text
//! a key of up to 2,600 bytes    is its row's key; the row's tail is empty
//! a longer one                  the row's key is its head, which is 2,600 bytes, and the SHA-256 of the whole; the rest is the row's tail
//! ```
//!
//! So the rows' keys are unique as the keys are, each key says itself under which it is stored, and rows are found, locked and written by
//! it as ever. Their order is the keys' order too, but among long keys of one head, where the digest has no order: there head and tail
//! have it. A bound of up to 2,600 bytes divides rows as it divides keys: where it is the beginning of a long key it is the beginning
//! of that one's head. A longer bound divides the rows of its own head by their tails.

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;
use ring::digest::{SHA256, digest};
use storage::{Batch, Mutation};

/// The longest key that is stored as it is, and the length of a longer one's head. With a digest and a lane it fits into a row of an index.
pub const HEAD_BYTES: usize = 2600;

/// Behind a head, this is behind every digest.
pub const BEHIND_DIGESTS: [u8; 33] = [0xff; 33];

/// The tails of long keys, by what these are stored under.
pub type Tails = HashMap<Bytes, Bytes>;

/// Whether a key is stored with a tail.
pub fn is_long(key: &[u8]) -> bool {
    HEAD_BYTES < key.len()
}

/// The key of the row that holds a key.
pub fn stored(key: &Bytes) -> Bytes {
    match key.get(..HEAD_BYTES) {
        Some(head) if is_long(key) => [head, digest(&SHA256, key).as_ref()].concat().into(),
        _ => key.clone(),
    }
}

/// What a row holds of a key beside its head.
pub fn tail(key: &[u8]) -> &[u8] {
    key.get(HEAD_BYTES..).unwrap_or_default()
}

/// The key that a row holds.
pub fn full<'a>(stored: &'a [u8], tail: &[u8]) -> Cow<'a, [u8]> {
    match stored.get(..HEAD_BYTES) {
        Some(head) if !tail.is_empty() => Cow::Owned([head, tail].concat()),
        _ => Cow::Borrowed(stored),
    }
}

/// A batch as its caller made it and as it is stored.
pub struct Kept {
    /// As it was made.
    pub batch: Batch,
    /// With the keys of rows, where they are others.
    rows: Option<Batch>,
    /// The tails of its long keys.
    pub tails: Tails,
}

impl Kept {
    /// Looks for long keys, of which most batches have none.
    pub fn new(batch: Batch) -> Self {
        let mut tails = Tails::new();
        let any = batch.checks.iter().any(|check| is_long(&check.key))
            || batch.mutations.iter().filter_map(key_of).any(|key| is_long(key));
        let rows = any.then(|| with_rows(batch.clone(), &mut tails));
        Self { batch, rows, tails }
    }

    /// With the keys of rows.
    pub fn rows(&self) -> &Batch {
        self.rows.as_ref().unwrap_or(&self.batch)
    }
}

/// The key that a mutation writes. Those of entries of logs are known later, ranges have none.
fn key_of(mutation: &Mutation) -> Option<&Bytes> {
    match mutation {
        Mutation::Set { key, .. } | Mutation::Delete { key } | Mutation::Add { key, .. } => Some(key),
        Mutation::DeleteRange { .. } | Mutation::Append { .. } => None,
    }
}

fn with_rows(mut batch: Batch, tails: &mut Tails) -> Batch {
    let keys = batch.mutations.iter_mut().filter_map(|mutation| match mutation {
        Mutation::Set { key, .. } | Mutation::Delete { key } | Mutation::Add { key, .. } => Some(key),
        Mutation::DeleteRange { .. } | Mutation::Append { .. } => None,
    });
    for key in batch.checks.iter_mut().map(|check| &mut check.key).chain(keys) {
        if is_long(key) {
            let row = stored(key);
            tails.insert(row.clone(), key.slice(HEAD_BYTES..));
            *key = row;
        }
    }
    batch
}

/// A range of keys as the rows have it: from `from` up to `to`, without those whose key is below `head_end` and whose tail is below
/// `from_tail`, and those whose key is not below `to_head` and whose tail is not below `to_tail`.
pub struct Bounds {
    /// The first key of a row.
    pub from: Bytes,
    /// The first key of a row behind it.
    pub to: Bytes,
    /// Behind the rows of the lower bound's head; empty where it is short.
    pub head_end: Bytes,
    /// The tail of the lower bound.
    pub from_tail: Bytes,
    /// Where the rows of the upper bound's head begin; `to` where it is short.
    pub to_head: Bytes,
    /// The tail of the upper bound.
    pub to_tail: Bytes,
}

impl Bounds {
    /// Of the range from the first key up to, and without, the second.
    pub fn new(from: &[u8], to: &[u8]) -> Self {
        let head = |key: &[u8]| Bytes::copy_from_slice(key.get(..HEAD_BYTES).unwrap_or(key));
        let end = |key: &[u8]| -> Bytes {
            if is_long(key) { [&head(key)[..], &BEHIND_DIGESTS].concat().into() } else { Bytes::new() }
        };
        Self {
            from: head(from),
            to: if is_long(to) { end(to) } else { head(to) },
            head_end: end(from),
            from_tail: Bytes::copy_from_slice(tail(from)),
            to_head: head(to),
            to_tail: Bytes::copy_from_slice(tail(to)),
        }
    }

    /// Whether the first two say all.
    pub fn are_short(&self) -> bool {
        self.from_tail.is_empty() && self.to_tail.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_keys_are_stored_as_they_are_and_long_ones_within_an_index_row() {
        for length in [1, HEAD_BYTES, HEAD_BYTES + 1, 65_535] {
            let key = Bytes::from(vec![7; length]);
            let row = stored(&key);
            assert_eq!(row.len(), if is_long(&key) { HEAD_BYTES + 32 } else { length });
            assert_eq!(full(&row, tail(&key)), &key[..]);
        }
    }

    #[test]
    fn bounds_divide_rows_as_they_divide_keys() {
        let of = |length: usize, last: u8| {
            let mut key = vec![5; length];
            *key.last_mut().unwrap() = last;
            Bytes::from(key)
        };
        let mut keys: Vec<Bytes> = Vec::new();
        for length in [1, 2, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 1, HEAD_BYTES + 2, HEAD_BYTES + 40] {
            keys.extend([0, 4, 5, 6, 255].map(|last| of(length, last)));
        }
        for (from, to) in keys.iter().flat_map(|from| keys.iter().map(move |to| (from, to))) {
            let bounds = Bounds::new(from, to);
            for key in &keys {
                let (row, tail) = (stored(key), tail(key));
                let is_in = bounds.from <= row
                    && row < bounds.to
                    && !(row < bounds.head_end && tail < &bounds.from_tail[..])
                    && !(bounds.to_head <= row && tail >= &bounds.to_tail[..]);
                assert_eq!(is_in, from <= key && key < to, "{from:?} {to:?} {key:?}");
            }
        }
    }
}
