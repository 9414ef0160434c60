//! The stored form of a counter, the value that [`Mutation::Add`] keeps: 8 bytes, a signed
//! 64-bit number, most significant byte first. A `Set` of such a value starts a counter at a number.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{Limit, Mutation, StoreError};

/// The value of a counter at this number.
#[must_use]
pub fn encode(number: i64) -> [u8; 8] {
    number.to_be_bytes()
}

/// The number that a counter's value holds.
///
/// # Errors
/// [`StoreError::Corrupted`] when the value is not 8 bytes long: something else was written over the counter.
pub fn decode(value: &[u8]) -> Result<i64, StoreError> {
    let Ok(bytes) = value.try_into() else {
        return Err(StoreError::corrupted(format!("a counter holds {} bytes instead of 8", value.len())));
    };
    Ok(i64::from_be_bytes(bytes))
}

/// The sum, refused when it leaves the range of a counter.
///
/// # Errors
/// [`StoreError::Limit`] with [`Limit::CounterOverflow`].
pub fn add(number: i64, delta: i64) -> Result<i64, StoreError> {
    number.checked_add(delta).ok_or(StoreError::Limit(Limit::CounterOverflow))
}

/// What the `Add`s of a batch come to: the counters to write, absolute, after all other mutations of the batch.
///
/// Every store commits through this, so that they agree on the order inside a batch: an `Add` counts on from what the
/// mutations before it left, and a later `Set`, `Delete` or `DeleteRange` of its key makes it forgotten. `stored` reads
/// a counter as it was before the batch; it is called at most once for a key, and only when the batch needs it.
///
/// # Errors
/// Those of `stored`, [`StoreError::Corrupted`] when an `Add` meets a value that is no counter, and
/// [`StoreError::Limit`] on overflow.
pub fn resolve(
    mutations: &[Mutation],
    mut stored: impl FnMut(&Bytes) -> Result<i64, StoreError>,
) -> Result<Vec<(&Bytes, i64)>, StoreError> {
    let mut counters: BTreeMap<&Bytes, Pending> = mutations.iter().filter_map(added_key).collect();
    if counters.is_empty() {
        return Ok(Vec::new());
    }
    for mutation in mutations {
        match mutation {
            Mutation::Set { key, value } => overwrite(&mut counters, key, Pending::Overwritten(value)),
            Mutation::Delete { key } => overwrite(&mut counters, key, Pending::Removed),
            Mutation::DeleteRange { from, to } if from < to => {
                for (_, pending) in counters.range_mut::<Bytes, _>(from..to) {
                    *pending = Pending::Removed;
                }
            }
            // An empty or reversed range removes nothing, and a log's entry is no counter.
            Mutation::DeleteRange { .. } | Mutation::Append { .. } => (),
            Mutation::Add { key, delta } => {
                let before = match counters.get(key) {
                    Some(Pending::Added(number)) => *number,
                    Some(Pending::Overwritten(value)) => decode(value)?,
                    Some(Pending::Removed) => 0,
                    Some(Pending::Stored) | None => stored(key)?,
                };
                counters.insert(key, Pending::Added(add(before, *delta)?));
            }
        }
    }
    let added = counters.into_iter().filter_map(|(key, pending)| match pending {
        Pending::Added(number) => Some((key, number)),
        Pending::Stored | Pending::Overwritten(_) | Pending::Removed => None,
    });
    Ok(added.collect())
}

/// What the batch has left so far of a counter that it adds to somewhere.
enum Pending<'a> {
    /// Untouched: as it was before the batch.
    Stored,
    /// The last mutation was an `Add` that made this number.
    Added(i64),
    /// The last mutation was a `Set` of this value.
    Overwritten(&'a [u8]),
    /// The last mutation removed it.
    Removed,
}

fn added_key(mutation: &Mutation) -> Option<(&Bytes, Pending<'_>)> {
    match mutation {
        Mutation::Add { key, .. } => Some((key, Pending::Stored)),
        Mutation::Set { .. } | Mutation::Delete { .. } | Mutation::DeleteRange { .. } | Mutation::Append { .. } => None,
    }
}

/// Notes a mutation of one key if the batch adds to that key somewhere.
fn overwrite<'a>(counters: &mut BTreeMap<&'a Bytes, Pending<'a>>, key: &Bytes, state: Pending<'a>) {
    if let Some(pending) = counters.get_mut(key) {
        *pending = state;
    }
}
