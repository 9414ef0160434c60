//! A map of a request or an answer: pairs in their order.

use std::borrow::Cow;
use std::collections::HashSet;

/// Pairs of unique names, in the order in which they came. Of two pairs of one name the later counts, as in JSON.
#[derive(Clone, PartialEq, Debug)]
pub struct Map<'a, V>(Vec<(Cow<'a, str>, V)>);

impl<'a, V> Map<'a, V> {
    /// A map without entries.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes pairs and drops those that a later one replaces.
    pub fn from_pairs(mut pairs: Vec<(Cow<'a, str>, V)>) -> Self {
        if has_duplicates(&pairs) {
            let mut seen = HashSet::new();
            pairs.reverse();
            pairs.retain(|(name, _)| seen.insert(name.clone()));
            pairs.reverse();
        }
        Self(pairs)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries.
    pub fn as_slice(&self) -> &[(Cow<'a, str>, V)] {
        &self.0
    }

    /// The value of a name. A walk: maps of requests are small.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value)
    }

    /// Whether there is an entry of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The entries in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &V)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Adds an entry at the end. The name must be new.
    pub fn push(&mut self, name: Cow<'a, str>, value: V) {
        debug_assert!(!self.contains(&name), "two entries {name}");
        self.0.push((name, value));
    }
}

impl<V> Default for Map<'_, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, V> IntoIterator for Map<'a, V> {
    type Item = (Cow<'a, str>, V);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, V> FromIterator<(Cow<'a, str>, V)> for Map<'a, V> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, V)>>(pairs: I) -> Self {
        Self::from_pairs(pairs.into_iter().collect())
    }
}

/// Small maps are compared pair by pair; a request may also bring a million entries.
fn has_duplicates<V>(pairs: &[(Cow<'_, str>, V)]) -> bool {
    const SMALL: usize = 16;
    if pairs.len() <= SMALL {
        let repeats =
            |(index, (name, _)): (usize, &(Cow<'_, str>, V))| pairs[..index].iter().any(|(earlier, _)| earlier == name);
        return pairs.iter().enumerate().any(repeats);
    }
    let mut seen = HashSet::with_capacity(pairs.len());
    pairs.iter().any(|(name, _)| !seen.insert(name.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(names: &[&'static str]) -> Vec<(Cow<'static, str>, usize)> {
        names.iter().enumerate().map(|(index, name)| (Cow::Borrowed(*name), index)).collect()
    }

    #[test]
    fn the_later_of_two_entries_counts() {
        let map = Map::from_pairs(pairs(&["b", "a", "b", "c"]));
        assert_eq!(map.iter().collect::<Vec<_>>(), [("a", &1), ("b", &2), ("c", &3)]);
        let many: Vec<String> = (0..100).map(|number| (number % 60).to_string()).collect();
        let map: Map<'_, usize> =
            many.iter().enumerate().map(|(index, name)| (Cow::Borrowed(name.as_str()), index)).collect();
        assert_eq!((map.len(), map.get("5"), map.get("59")), (60, Some(&65), Some(&59)));
    }
}
