//! The facts of a request, as conditions and variables of policies ask for them.

use crate::Key;

/// What is known of a request. Asked lazily: a key only when the action and the resource of a statement that names it match.
pub trait Context {
    /// The values of a condition key, as text: numbers in decimal, booleans as `true` and `false`, times in ISO 8601 (`EpochTime` in
    /// seconds), binary in base64.
    ///
    /// `name` is what follows the slash for `PrincipalTag`, `RequestTag` and `ResourceTag`, the whole key as the policy writes it for
    /// `Other`, and empty for all others. It is to be compared without regard to case: keys have none, and neither have the tag keys
    /// in them ("IAM User Guide: AWS global condition context keys").
    fn values(&self, key: Key, name: &str) -> Values<'_>;
}

/// A context that knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Absent;

impl Context for Absent {
    fn values(&self, _key: Key, _name: &str) -> Values<'_> {
        Values::Absent
    }
}

/// The values of a condition key.
#[derive(Clone, Copy)]
pub enum Values<'a> {
    /// The request does not have the key.
    Absent,
    /// A key that has one value.
    One(&'a str),
    /// A key that may have several (`aws:TagKeys`, `dynamodb:LeadingKeys`), also if this request has only one. Conditions on it are
    /// meant to have `ForAllValues:` or `ForAnyValue:`. An empty list is a key that is absent.
    Many(&'a dyn TextList),
}

impl<'a> Values<'a> {
    /// One value, or absent.
    pub fn from_option(value: Option<&'a str>) -> Self {
        value.map_or(Self::Absent, Self::One)
    }

    /// `true` or `false`.
    pub fn boolean(value: bool) -> Values<'static> {
        Values::One(if value { "true" } else { "false" })
    }

    pub(crate) fn is_absent(self) -> bool {
        self.len() == 0
    }

    pub(crate) fn len(self) -> usize {
        match self {
            Self::Absent => 0,
            Self::One(_) => 1,
            Self::Many(list) => list.len(),
        }
    }

    pub(crate) fn get(self, index: usize) -> Option<&'a str> {
        match self {
            Self::One(value) if index == 0 => Some(value),
            Self::Absent | Self::One(_) => None,
            Self::Many(list) => list.get(index),
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).map_while(move |index| self.get(index))
    }
}

/// A list of texts in whatever form its owner has them.
pub trait TextList {
    /// How many there are.
    fn len(&self) -> usize;

    /// The text at a place.
    fn get(&self, index: usize) -> Option<&str>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: AsRef<str>> TextList for Vec<T> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn get(&self, index: usize) -> Option<&str> {
        self.as_slice().get(index).map(AsRef::as_ref)
    }
}

impl<T: AsRef<str>, const N: usize> TextList for [T; N] {
    fn len(&self) -> usize {
        N
    }

    fn get(&self, index: usize) -> Option<&str> {
        self.as_slice().get(index).map(AsRef::as_ref)
    }
}

/// A slice, so that a part of a list is a list.
impl<T: AsRef<str>> TextList for &[T] {
    fn len(&self) -> usize {
        <[T]>::len(self)
    }

    fn get(&self, index: usize) -> Option<&str> {
        <[T]>::get(self, index).map(AsRef::as_ref)
    }
}
