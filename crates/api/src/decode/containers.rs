//! Structures, lists and maps.

use super::{Decoder, Path, Place, Slot, Structure};
use crate::json::Kind;
use crate::rules::{KeyRule, ListRule, MapRule, Pattern};
use crate::violations::{Constraint, Echoed};
use crate::{Error, Map, messages};
use std::borrow::Cow;

impl<'a> Decoder<'a> {
    /// A structure.
    pub fn structure<T: Structure<'a>>(&mut self, path: &Path<'_>, place: Place) -> Result<Slot<T>, Error> {
        match self.reader.peek()? {
            Kind::Object => T::decode(self, path),
            Kind::Null => self.absent(path, place),
            Kind::Array => Err(messages::unrecognized_class(T::CLASS)),
            _ => Err(unexpected(place)),
        }
    }

    /// A list under a rule.
    pub fn list<T>(
        &mut self,
        path: &Path<'_>,
        place: Place,
        rule: &ListRule,
        element: impl Fn(&mut Self, &Path<'_>) -> Result<Slot<T>, Error>,
    ) -> Result<Slot<Vec<T>>, Error> {
        match self.reader.peek()? {
            Kind::Array => {}
            Kind::Null => return self.absent(path, place),
            Kind::Object => return Err(messages::structure_not_expected()),
            _ if place == Place::Element => return Err(messages::parameterized_type()),
            _ => return Err(messages::unexpected_field_type()),
        }
        let start = self.reader.position();
        let mut elements = Vec::new();
        let mut members = self.reader.open_array()?;
        let mut count = 0;
        while self.reader.next_element(&mut members)? {
            // What is beyond the limit is read for its faults but not kept: a small body may hold millions of empty elements.
            if let Slot::Present(value) = element(self, &path.element(count))?
                && elements.len() <= rule.sizes.max as usize
            {
                elements.push(value);
            }
            count += 1;
        }
        if let Some(constraint) = Constraint::of_length(count, rule.sizes) {
            self.violations.add(path, constraint, Echoed::json(self.reader.since(start), rule.echo));
        }
        Ok(Slot::Present(elements))
    }

    /// A map under a rule.
    pub fn map<V>(
        &mut self,
        path: &Path<'_>,
        place: Place,
        rule: &MapRule,
        value: impl Fn(&mut Self, &Path<'_>) -> Result<Slot<V>, Error>,
    ) -> Result<Slot<Map<'a, V>>, Error> {
        self.entries(path, place, rule, value, |_| true)
    }

    /// A map of lists, whose lengths count as the map's own.
    pub fn map_of_lists<T>(
        &mut self,
        path: &Path<'_>,
        place: Place,
        rule: &MapRule,
        value: impl Fn(&mut Self, &Path<'_>) -> Result<Slot<Vec<T>>, Error>,
    ) -> Result<Slot<Map<'a, Vec<T>>>, Error> {
        let fits = |list: &Vec<T>| rule.values.is_none_or(|sizes| Constraint::of_length(list.len(), sizes).is_none());
        self.entries(path, place, rule, value, fits)
    }

    fn entries<V>(
        &mut self,
        path: &Path<'_>,
        place: Place,
        rule: &MapRule,
        value: impl Fn(&mut Self, &Path<'_>) -> Result<Slot<V>, Error>,
        fits: impl Fn(&V) -> bool,
    ) -> Result<Slot<Map<'a, V>>, Error> {
        if !self.is_map(place, rule.class)? {
            return self.absent(path, place);
        }
        let start = self.reader.position();
        let mut pairs: Vec<(Cow<'a, str>, V)> = Vec::new();
        let (mut count, mut bad_key, mut bad_value) = (0, false, false);
        let mut members = self.reader.open_object()?;
        while let Some(key) = self.reader.next_member(&mut members)? {
            count += 1;
            bad_key |= rule.keys == KeyRule::TableName && !is_table_name(&key);
            if let Slot::Present(value) = value(self, &path.entry(&key))? {
                bad_value |= !fits(&value);
                // As in lists, what is beyond the limit is not kept.
                if pairs.len() <= rule.sizes.max as usize {
                    pairs.push((key, value));
                }
            }
        }
        let broken_values = rule.values.filter(|_| bad_value).map(Constraint::MapValues);
        let broken = [bad_key.then_some(Constraint::MapKeys), broken_values, Constraint::of_length(count, rule.sizes)];
        for constraint in broken.into_iter().flatten() {
            self.violations.add(path, constraint, Echoed::json(self.reader.since(start), rule.echo));
        }
        Ok(Slot::Present(Map::from_pairs(pairs)))
    }

    /// Whether a map stands next; false for null, which is read. Other types are errors.
    pub(super) fn is_map(&mut self, place: Place, class: &str) -> Result<bool, Error> {
        match self.reader.peek()? {
            Kind::Object => Ok(true),
            Kind::Null => Ok(false),
            Kind::Array => Err(messages::unrecognized_map(class)),
            _ if place == Place::Element => Err(messages::parameterized_type()),
            _ => Err(messages::unexpected_field_type()),
        }
    }

    /// Reads a null: a member is absent then, an element of a list or map is missing.
    pub(super) fn absent<T>(&mut self, path: &Path<'_>, place: Place) -> Result<Slot<T>, Error> {
        self.reader.null()?;
        if place == Place::Element {
            self.violations.missing(path);
            return Ok(Slot::Refused);
        }
        Ok(Slot::Absent)
    }
}

/// A scalar where a structure belongs.
pub(super) fn unexpected(place: Place) -> Error {
    match place {
        Place::Member => messages::unexpected_field_type(),
        Place::Element => messages::unexpected_value_type(),
    }
}

fn is_table_name(key: &str) -> bool {
    key.starts_with("arn:") || ((3..=255).contains(&key.len()) && Pattern::Name.matches(key))
}
