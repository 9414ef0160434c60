//! `ExclusiveStartKey`: where a request goes on.
//!
//! The start key names a place in the order of keys, not an item: reading goes on behind it whether its item is still there or not. It
//! must be a place that the request itself could have stopped at.

use super::{KeyRange, Target};
use crate::effects::ItemKey;
use api::{Error, messages};
use layout::{KeyValue, Range};
use model::{Item, KeyAttribute};
use storage::Direction;

/// The operation that lists items; they word their refusals differently.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listing {
    /// Query.
    Query,
    /// Scan.
    Scan,
}

/// A place to go on behind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartKey(ItemKey);

impl StartKey {
    /// The place that an `ExclusiveStartKey` names: it has exactly the attributes of the key of the table, and of the index where one is
    /// read, with values that can stand in a key.
    pub fn of(listing: Listing, target: Target<'_>, key: &Item<'_>) -> Result<Self, Error> {
        let refused = || match listing {
            // Newer than dynalite's tests: Query no longer says what is wrong, Scan only of a table (ExtendDB, measured August 2026).
            Listing::Scan if target.index.is_none() => messages::starting_key_does_not_match_schema(),
            Listing::Query | Listing::Scan => messages::starting_key_invalid(),
        };
        let fits = |attribute: &KeyAttribute| {
            let value = key.get(&attribute.name).and_then(KeyValue::of);
            value.is_some_and(|value| value.kind() == attribute.kind)
        };
        if key.len() != target.place_attributes().count() || !target.place_attributes().all(fits) {
            return Err(refused());
        }
        for attribute in target.place_attributes() {
            let value = key.get(&attribute.name).and_then(KeyValue::of);
            if value.is_some_and(KeyValue::is_empty) {
                return Err(messages::empty_value_in_starting_key(&attribute.name, attribute.kind));
            }
        }
        target.key_of(key).map(Self).ok_or_else(refused)
    }

    /// Refuses a place that a Query with these conditions could not have stopped at.
    pub fn check_within(&self, conditions: &KeyRange) -> Result<(), Error> {
        let same_partition = conditions.has_partition_of(&self.0);
        if !conditions.sort_is_bound {
            return if same_partition { Ok(()) } else { Err(messages::starting_key_outside_query()) };
        }
        if !conditions.has_sort_of(&self.0) {
            return Err(messages::starting_key_outside_range());
        }
        if same_partition { Ok(()) } else { Err(messages::query_cannot_be_restarted()) }
    }

    /// Whether the place is in a range.
    pub fn is_in(&self, range: &Range) -> bool {
        range.from <= self.0.bytes && self.0.bytes < range.to
    }

    /// What of a range is left behind the place. The place must be in the range.
    pub fn rest_of(&self, range: Range, direction: Direction) -> Range {
        match direction {
            Direction::Forward => Range { from: storage::scan::successor(&self.0.bytes), to: range.to },
            Direction::Backward => Range { from: range.from, to: self.0.bytes.clone() },
        }
    }
}
