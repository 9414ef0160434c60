//! The placeholders of a request: `ExpressionAttributeNames` and `ExpressionAttributeValues`.
//!
//! All expressions of a request share one [`Placeholders`]: each parse marks what it used, and what stays unmarked is an error of the
//! request. The marks are cells, so that parsing needs only a shared reference; a request is handled by one thread at a time.

use crate::error::PlaceholderError;
use model::{AttributeValue, Item, limits};
use std::borrow::Cow;
use std::cell::Cell;

/// The placeholders that the expressions of one request may use.
pub struct Placeholders<'a> {
    /// `#name` and the attribute name it stands for.
    names: &'a [(Cow<'a, str>, Cow<'a, str>)],
    /// The places in `names`, ascending by `#name`; empty where there are so few that a walk finds them sooner.
    sorted_names: Vec<usize>,
    /// `:value` and the value it stands for.
    values: Option<&'a Item<'a>>,
    /// Which of `names` were used.
    used_names: Marks,
    /// Which of `values` were used, in the item's order.
    used_values: Marks,
}

/// One mark per place; no allocation for up to 64 of them.
struct Marks {
    first: Cell<u64>,
    more: Vec<Cell<bool>>,
}

impl Marks {
    fn new(count: usize) -> Self {
        Self { first: Cell::new(0), more: vec![Cell::new(false); count.saturating_sub(64)] }
    }

    fn set(&self, at: usize) {
        match at.checked_sub(64) {
            None => self.first.set(self.first.get() | 1 << at),
            Some(at) => self.more[at].set(true),
        }
    }

    fn get(&self, at: usize) -> bool {
        match at.checked_sub(64) {
            None => self.first.get() & 1 << at != 0,
            Some(at) => self.more[at].get(),
        }
    }
}

impl<'a> Placeholders<'a> {
    /// The placeholders of a request; an empty slice and `None` where the request has no such parameter.
    pub fn new(names: &'a [(Cow<'a, str>, Cow<'a, str>)], values: Option<&'a Item<'a>>) -> Self {
        // A request may bring a million names and look up a thousand of them.
        const SMALL: usize = 16;
        let mut sorted_names = Vec::new();
        if names.len() > SMALL {
            sorted_names.extend(0..names.len());
            sorted_names.sort_unstable_by_key(|at: &usize| names[*at].0.as_ref());
        }
        let count = values.map_or(0, Item::len);
        Self { names, sorted_names, values, used_names: Marks::new(names.len()), used_values: Marks::new(count) }
    }

    /// No placeholders.
    pub fn none() -> Self {
        Self::new(&[], None)
    }

    /// The attribute name of a `#name`, which counts as used.
    pub(crate) fn name(&self, placeholder: &str) -> Option<&'a str> {
        let at = match self.sorted_names.as_slice() {
            [] => self.names.iter().position(|(key, _)| key == placeholder)?,
            sorted => sorted[sorted.binary_search_by(|at| self.names[*at].0.as_ref().cmp(placeholder)).ok()?],
        };
        self.used_names.set(at);
        Some(self.names[at].1.as_ref())
    }

    /// The value of a `:value`, which counts as used.
    pub(crate) fn value(&self, placeholder: &str) -> Option<&'a AttributeValue<'a>> {
        let (at, value) = self.values?.find(placeholder)?;
        self.used_values.set(at);
        Some(value)
    }

    /// Checks that every placeholder was used. To be called when all expressions of the request are parsed.
    pub fn check_used(&self) -> Result<(), PlaceholderError> {
        let keys: Vec<&str> = self.unused_names().collect();
        if !keys.is_empty() {
            return Err(PlaceholderError::UnusedNames { keys: in_hash_order(keys, self.names.len()) });
        }
        let keys: Vec<&str> = self.unused_values().collect();
        if !keys.is_empty() {
            let total = self.values.map_or(0, Item::len);
            return Err(PlaceholderError::UnusedValues { keys: in_hash_order(keys, total) });
        }
        Ok(())
    }

    /// The `#name`s that no expression used so far.
    pub fn unused_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().enumerate().filter(|(at, _)| !self.used_names.get(*at)).map(|(_, (key, _))| key.as_ref())
    }

    /// The `:value`s that no expression used so far.
    pub fn unused_values(&self) -> impl Iterator<Item = &str> {
        let values = self.values.into_iter().flat_map(Item::iter).enumerate();
        values.filter(|(at, _)| !self.used_values.get(*at)).map(|(_, (key, _))| key)
    }

    /// Checks the keys of a request's `ExpressionAttributeNames`, before any expression is parsed.
    pub fn check_names(names: &[(Cow<'_, str>, Cow<'_, str>)]) -> Result<(), PlaceholderError> {
        if names.is_empty() {
            return Err(PlaceholderError::NoNames);
        }
        for (key, name) in names {
            if key.len() > limits::PLACEHOLDER_LENGTH_MAX {
                return Err(PlaceholderError::NameKeyTooLong { length: key.len() });
            }
            if !is_placeholder(key, b'#') {
                return Err(PlaceholderError::NameKey { key: key.to_string() });
            }
            if name.is_empty() {
                return Err(PlaceholderError::EmptyName { key: key.to_string() });
            }
        }
        Ok(())
    }

    /// Checks the keys of a request's `ExpressionAttributeValues`, before their values are and before any expression is parsed.
    pub fn check_values(values: &Item<'_>) -> Result<(), PlaceholderError> {
        if values.is_empty() {
            return Err(PlaceholderError::NoValues);
        }
        for (key, _) in values.iter() {
            if key.len() > limits::PLACEHOLDER_LENGTH_MAX {
                return Err(PlaceholderError::ValueKeyTooLong);
            }
            if !is_placeholder(key, b':') {
                return Err(PlaceholderError::ValueKey { key: key.to_string() });
            }
        }
        Ok(())
    }
}

fn is_placeholder(key: &str, sign: u8) -> bool {
    match key.as_bytes() {
        [first, rest @ ..] => {
            *first == sign && !rest.is_empty() && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        }
        [] => false,
    }
}

/// Messages list keys in the order of the Java hash set that `total` keys were put into, which can be told from the keys.
fn in_hash_order(keys: Vec<&str>, total: usize) -> Vec<String> {
    let buckets = (total * 4 / 3 + 1).max(16).next_power_of_two() as u32;
    let mut keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
    keys.sort_by_key(|key| {
        let hash = key.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
        (hash ^ hash >> 16) & (buckets - 1)
    });
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_beyond_the_first_word() {
        let marks = Marks::new(200);
        for at in [0, 63, 64, 199] {
            assert!(!marks.get(at));
            marks.set(at);
            assert!(marks.get(at));
        }
        assert!(!marks.get(65));
    }

    #[test]
    fn placeholders_among_many() {
        let names: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            (0..100).map(|number| (format!("#{}", 99 - number).into(), format!("name{number}").into())).collect();
        let values = Item::from_pairs((0..100).map(|at| (format!(":{at}").into(), AttributeValue::Null)).collect());
        let placeholders = Placeholders::new(&names, Some(&values));
        assert_eq!(placeholders.name("#98"), Some("name1"));
        assert_eq!(placeholders.name("#100"), None);
        assert_eq!(placeholders.value(":7"), Some(&AttributeValue::Null));
        assert_eq!(placeholders.value(":100"), None);
        assert_eq!((placeholders.unused_names().count(), placeholders.unused_values().count()), (99, 99));
        assert!(placeholders.unused_names().all(|key| key != "#98"));
        assert!(placeholders.unused_values().all(|key| key != ":7"));
    }

    #[test]
    fn unused_placeholders_are_listed_in_hash_order() {
        let names: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            ["#b", "#a", "#c"].into_iter().map(|key| (key.into(), "x".into())).collect();
        let placeholders = Placeholders::new(&names, None);
        assert_eq!(placeholders.name("#c"), Some("x"));
        let error = placeholders.check_used().unwrap_err();
        assert_eq!(
            error.to_string(),
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"
        );
    }

    #[test]
    fn keys_are_checked() {
        let long = format!("#{}", "a".repeat(255));
        let rows = [
            ("a", "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""),
            ("#", "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#\""),
            ("#a-b", "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-b\""),
            (
                long.as_str(),
                "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 256",
            ),
        ];
        for (key, message) in rows {
            assert_eq!(Placeholders::check_names(&[(key.into(), "x".into())]).unwrap_err().to_string(), message);
        }
        assert_eq!(
            Placeholders::check_names(&[]).unwrap_err().to_string(),
            "ExpressionAttributeNames must not be empty"
        );
        let empty = Placeholders::check_names(&[("#a".into(), "".into())]).unwrap_err();
        assert_eq!(
            empty.to_string(),
            "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"
        );
        let values = |key: &'static str| Item::from_pairs(vec![(key.into(), AttributeValue::Null)]);
        assert!(Placeholders::check_values(&values(":a_1")).is_ok());
        assert_eq!(
            Placeholders::check_values(&values("a")).unwrap_err().to_string(),
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \"a\""
        );
        let long = Item::from_pairs(vec![(format!(":{}", "a".repeat(255)).into(), AttributeValue::Null)]);
        assert_eq!(
            Placeholders::check_values(&long).unwrap_err().to_string(),
            "ExpressionAttributeValues contains invalid key: The expression attribute map contains a key that is too long;"
        );
        let unused = values(":unused");
        assert_eq!(
            Placeholders::new(&[], Some(&unused)).check_used().unwrap_err().to_string(),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}"
        );
        assert_eq!(
            Placeholders::check_values(&Item::new()).unwrap_err().to_string(),
            "ExpressionAttributeValues must not be empty"
        );
    }
}
