//! An item as a tree: attributes by name. It is also the type of a map value.
//!
//! Attributes are sorted by name and unique, so that look-ups are binary searches and equality is a plain comparison.

use crate::AttributeValue;
use std::borrow::Cow;

/// Attributes by name, sorted and unique.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Item<'a> {
    attributes: Vec<(Cow<'a, str>, AttributeValue<'a>)>,
}

impl<'a> Item<'a> {
    /// An item without attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds an item from pairs in any order. Of two pairs of one name the later counts, as in JSON.
    pub fn from_pairs(mut pairs: Vec<(Cow<'a, str>, AttributeValue<'a>)>) -> Self {
        let sorted = pairs.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !sorted {
            pairs.reverse();
            pairs.sort_by(|left, right| left.0.cmp(&right.0));
            pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        }
        Self { attributes: pairs }
    }

    /// How many attributes there are.
    pub fn len(&self) -> usize {
        self.attributes.len()
    }

    /// Whether there is no attribute.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<&AttributeValue<'a>> {
        self.position(name).ok().map(|at| &self.attributes[at].1)
    }

    /// The place of an attribute in the order of names, and its value.
    pub fn find(&self, name: &str) -> Option<(usize, &AttributeValue<'a>)> {
        self.position(name).ok().map(|at| (at, &self.attributes[at].1))
    }

    /// The value of an attribute, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut AttributeValue<'a>> {
        self.position(name).ok().map(|at| &mut self.attributes[at].1)
    }

    /// Sets an attribute and returns the value it had.
    pub fn insert(&mut self, name: Cow<'a, str>, value: AttributeValue<'a>) -> Option<AttributeValue<'a>> {
        match self.position(&name) {
            Ok(at) => Some(std::mem::replace(&mut self.attributes[at].1, value)),
            Err(at) => {
                self.attributes.insert(at, (name, value));
                None
            }
        }
    }

    /// Takes an attribute out.
    pub fn remove(&mut self, name: &str) -> Option<AttributeValue<'a>> {
        self.position(name).ok().map(|at| self.attributes.remove(at).1)
    }

    /// The attributes in order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &AttributeValue<'a>)> {
        self.attributes.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The same item, borrowing from nothing.
    pub fn into_owned(self) -> Item<'static> {
        let owned =
            |(name, value): (Cow<'a, str>, AttributeValue<'a>)| (Cow::Owned(name.into_owned()), value.into_owned());
        Item { attributes: self.attributes.into_iter().map(owned).collect() }
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.attributes.binary_search_by(|(candidate, _)| candidate.as_ref().cmp(name))
    }
}

impl<'a> IntoIterator for Item<'a> {
    type Item = (Cow<'a, str>, AttributeValue<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.attributes.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_duplicate_wins_and_names_are_sorted() {
        let pair = |name: &'static str, value: &'static str| (Cow::Borrowed(name), AttributeValue::string(value));
        let item = Item::from_pairs(vec![pair("b", "1"), pair("a", "2"), pair("b", "3")]);
        assert_eq!(item.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(item.get("b"), Some(&AttributeValue::string("3")));
        assert_eq!(item.get("c"), None);
    }
}
