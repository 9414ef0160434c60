//! The keys that a key condition allows, as one range of stored keys.
//!
//! A key is the codes of its values in a row, and no code begins another. So the items of a partition that have certain values in the
//! first sort attributes are one range of keys, and a condition on the next attribute narrows it at one end or both.

use super::Target;
use crate::effects::ItemKey;
use expression::{KeyBounds, KeyRelation};
use layout::keys::successor;
use layout::{KeyValue, Range};
use model::AttributeValue;

/// The keys of a partition that a key condition allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRange {
    /// The keys.
    pub range: Range,
    /// What all keys of the partition begin with.
    pub partition: Vec<u8>,
    /// Whether there is a condition on a sort attribute.
    pub sort_is_bound: bool,
}

impl KeyRange {
    /// The keys that bounds allow. `None` where a bound is no key value, which fitting the condition to the key has ruled out.
    pub fn of(target: Target<'_>, bounds: &KeyBounds<'_>) -> Option<Self> {
        let partition = target.source().partition(key_values(&bounds.partition)?);
        let mut prefix = partition.clone();
        key_values(&bounds.sort)?.into_iter().for_each(|value| value.write(&mut prefix));
        let sort_is_bound = !bounds.sort.is_empty() || bounds.range.is_some();
        let range = match bounds.range {
            None => Range::prefixed(prefix),
            Some(relation) => narrowed(&prefix, relation)?,
        };
        Some(Self { range, partition, sort_is_bound })
    }

    /// Whether a place is in the partition.
    pub fn has_partition_of(&self, place: &ItemKey) -> bool {
        place.partition() == self.partition
    }

    /// Whether a place satisfies the conditions on the sort attributes, be it in the partition or not.
    pub fn has_sort_of(&self, place: &ItemKey) -> bool {
        let mut key = self.partition.clone();
        key.extend_from_slice(&place.bytes[place.partition_length..]);
        self.range.from <= key && key < self.range.to
    }
}

fn key_values<'v>(values: &[&'v AttributeValue<'v>]) -> Option<Vec<KeyValue<'v>>> {
    values.iter().map(|value| KeyValue::of(value)).collect()
}

/// The keys that begin with `prefix` and go on with a value that stands in a relation.
fn narrowed(prefix: &[u8], relation: KeyRelation<'_>) -> Option<Range> {
    let key = |value: &AttributeValue<'_>, write: fn(KeyValue<'_>, &mut Vec<u8>)| {
        let mut key = prefix.to_vec();
        write(KeyValue::of(value)?, &mut key);
        Some(key)
    };
    let at = |value| key(value, |value, out| value.write(out));
    let begin = |value| key(value, |value, out| value.write_prefix(out));
    let (first, end) = (prefix.to_vec(), successor(prefix));
    let (from, to) = match relation {
        KeyRelation::Equal(value) => (at(value)?, successor(&at(value)?)),
        KeyRelation::Less(high) => (first, at(high)?),
        KeyRelation::LessOrEqual(high) => (first, successor(&at(high)?)),
        KeyRelation::Greater(low) => (successor(&at(low)?), end),
        KeyRelation::GreaterOrEqual(low) => (at(low)?, end),
        KeyRelation::Between(low, high) => (at(low)?, successor(&at(high)?)),
        KeyRelation::BeginsWith(beginning) => (begin(beginning)?, successor(&begin(beginning)?)),
        KeyRelation::NotIndexable => return None,
    };
    Some(Range { from: from.into(), to: to.into() })
}
