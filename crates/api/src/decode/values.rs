//! Attribute values: the hot path of every write.
//!
//! Strings are borrowed from the body. A value that breaks a rule of DynamoDB (a bad number, an empty set, two types at once, too many
//! levels) does not end the request: the fault is recorded and a null stands in its place. Recursion is bounded by the levels that a
//! value may have; what lies deeper is skipped, never built.

use super::containers::unexpected;
use super::scalars::decode_base64;
use super::{Decoder, Path, Place, Slot};
use crate::json::Kind;
use crate::value_faults::{SetKind, ValueFault};
use crate::{Error, messages};
use model::limits::NESTING_LEVELS_MAX;
use model::value::AttributeType;
use model::{AttributeValue, Item, Number};
use std::borrow::Cow;

/// AWS's Java class of an attribute value.
const CLASS: &str = "com.amazonaws.dynamodb.v20120810.AttributeValue";

/// Room for the attributes of a usual item.
const USUAL_ATTRIBUTES: usize = 12;

impl<'a> Decoder<'a> {
    /// One attribute value.
    pub fn value(&mut self, path: &Path<'_>, place: Place) -> Result<Slot<AttributeValue<'a>>, Error> {
        if place == Place::Member && self.reader.peek()? == Kind::Null {
            return self.absent(path, place);
        }
        self.value_at(path, place, 0).map(Slot::Present)
    }

    /// An item, a key, or the values of an expression's placeholders.
    pub fn item(&mut self, path: &Path<'_>, place: Place) -> Result<Slot<Item<'a>>, Error> {
        if !self.is_map(place, CLASS)? {
            return self.absent(path, place);
        }
        // Room for the item that is all of a request; others may be many, and a small body may hold a million empty ones.
        let room = if path.is_member_of_input() { USUAL_ATTRIBUTES } else { 0 };
        let mut pairs = Vec::with_capacity(room);
        let mut members = self.reader.open_object()?;
        while let Some(name) = self.reader.next_member(&mut members)? {
            let entry = path.entry(&name);
            let value = self.value_at(&entry, Place::Element, 0)?;
            // Names of placeholders are checked with the expressions.
            if name.is_empty() && !path.is_member("ExpressionAttributeValues") {
                self.fault(&entry, ValueFault::EmptyName);
            }
            pairs.push((name, value));
        }
        Ok(Slot::Present(Item::from_pairs(pairs)))
    }

    /// A value that stands inside `levels` lists and maps. `path` is that of the outermost value.
    #[inline]
    fn value_at(&mut self, path: &Path<'_>, place: Place, levels: usize) -> Result<AttributeValue<'a>, Error> {
        match self.plain_scalar(path)? {
            Some(value) => Ok(value),
            None => self.any_value_at(path, place, levels),
        }
    }

    /// As `value_at`, however the value is written. Apart from it, so that the usual value does not pay for what this needs.
    #[inline(never)]
    fn any_value_at(&mut self, path: &Path<'_>, place: Place, levels: usize) -> Result<AttributeValue<'a>, Error> {
        match self.reader.peek()? {
            Kind::Object => {}
            Kind::Array => return Err(messages::unrecognized_class(CLASS)),
            Kind::Null => {
                self.reader.null()?;
                return Ok(self.fault(path, ValueFault::Empty));
            }
            _ => return Err(unexpected(place)),
        }
        let mut found = None;
        let mut several = false;
        let mut members = self.reader.open_object()?;
        while let Some(name) = self.reader.next_member(&mut members)? {
            let Some(kind) = type_of(name.as_bytes()) else {
                self.reader.skip_value()?;
                continue;
            };
            if let Some(value) = self.typed(path, kind, levels)? {
                several |= found.is_some();
                found = Some(value);
            }
        }
        Ok(match found {
            Some(value) if !several => value,
            Some(_) => self.fault(path, ValueFault::SeveralTypes),
            None => self.fault(path, ValueFault::Empty),
        })
    }

    /// A string, number or binary value, if it is written the way clients write it; otherwise nothing is read.
    #[inline]
    fn plain_scalar(&mut self, path: &Path<'_>) -> Result<Option<AttributeValue<'a>>, Error> {
        let start = self.reader.position();
        Ok(match self.reader.single_string_member() {
            Some((b'S', text)) => Some(AttributeValue::S(Cow::Borrowed(text))),
            Some((b'N', text)) => Some(self.number(path, Cow::Borrowed(text))),
            Some((b'B', text)) => Some(AttributeValue::B(Cow::Owned(decode_base64(text)?))),
            Some(_) => {
                self.reader.rewind(start);
                None
            }
            None => None,
        })
    }

    /// The content of a value of a type, none for null.
    fn typed(
        &mut self,
        path: &Path<'_>,
        kind: AttributeType,
        levels: usize,
    ) -> Result<Option<AttributeValue<'a>>, Error> {
        Ok(match kind {
            AttributeType::S => self.text()?.map(AttributeValue::S),
            AttributeType::N => self.text()?.map(|text| self.number(path, text)),
            AttributeType::B => self.bytes()?.map(|bytes| AttributeValue::B(Cow::Owned(bytes))),
            AttributeType::Bool => self.flag()?.map(AttributeValue::Bool),
            AttributeType::Null => self.flag()?.map(|flag| match flag {
                true => AttributeValue::Null,
                false => self.fault(path, ValueFault::NullFalse),
            }),
            AttributeType::Ss => return self.string_set(path),
            AttributeType::Ns => return self.number_set(path),
            AttributeType::Bs => return self.binary_set(path),
            AttributeType::L | AttributeType::M => return self.nested(path, kind, levels),
        })
    }

    fn number(&mut self, path: &Path<'_>, text: Cow<'a, str>) -> AttributeValue<'a> {
        match Number::parse(&text) {
            Ok(number) => AttributeValue::N(number),
            Err(error) => self.fault(path, ValueFault::Number { error, text: text.into_owned() }),
        }
    }

    /// A list or a map that stands inside `levels` others.
    #[inline(never)]
    fn nested(
        &mut self,
        path: &Path<'_>,
        kind: AttributeType,
        levels: usize,
    ) -> Result<Option<AttributeValue<'a>>, Error> {
        let is_null = match kind {
            AttributeType::M => !self.is_map(Place::Member, CLASS)?,
            _ => !self.is_list()?,
        };
        if is_null {
            return self.null();
        }
        if levels >= NESTING_LEVELS_MAX {
            // An attribute value takes two levels of JSON: its own object and the list or map in it.
            let deeper = self.reader.skip_value()?.div_ceil(2);
            self.faults.note_levels(levels + deeper);
            return Ok(Some(self.fault(path, ValueFault::TooDeep)));
        }
        if kind == AttributeType::L { self.elements(path, levels + 1) } else { self.attributes(path, levels + 1) }
    }

    #[inline(never)]
    fn elements(&mut self, path: &Path<'_>, levels: usize) -> Result<Option<AttributeValue<'a>>, Error> {
        let mut elements = Vec::new();
        let mut members = self.reader.open_array()?;
        while self.reader.next_element(&mut members)? {
            elements.push(self.value_at(path, Place::Element, levels)?);
        }
        Ok(Some(AttributeValue::L(elements)))
    }

    #[inline(never)]
    fn attributes(&mut self, path: &Path<'_>, levels: usize) -> Result<Option<AttributeValue<'a>>, Error> {
        let mut pairs = Vec::new();
        let mut members = self.reader.open_object()?;
        while let Some(name) = self.reader.next_member(&mut members)? {
            if name.is_empty() {
                self.fault(path, ValueFault::EmptyNameInside);
            }
            pairs.push((name, self.value_at(path, Place::Element, levels)?));
        }
        Ok(Some(AttributeValue::M(Item::from_pairs(pairs))))
    }

    #[inline(never)]
    fn string_set(&mut self, path: &Path<'_>) -> Result<Option<AttributeValue<'a>>, Error> {
        let Some((members, complete)) = self.set_members(Self::text)? else { return Ok(None) };
        let sorted = match self.sorted(path, SetKind::String, complete, members) {
            Ok(sorted) => sorted,
            Err(placeholder) => return Ok(Some(placeholder)),
        };
        Ok(Some(AttributeValue::Ss(sorted)))
    }

    #[inline(never)]
    fn binary_set(&mut self, path: &Path<'_>) -> Result<Option<AttributeValue<'a>>, Error> {
        let Some((members, complete)) = self.set_members(Self::bytes)? else { return Ok(None) };
        let sorted = match self.sorted(path, SetKind::Binary, complete, members) {
            Ok(sorted) => sorted,
            Err(placeholder) => return Ok(Some(placeholder)),
        };
        Ok(Some(AttributeValue::Bs(sorted.into_iter().map(Cow::Owned).collect())))
    }

    #[inline(never)]
    fn number_set(&mut self, path: &Path<'_>) -> Result<Option<AttributeValue<'a>>, Error> {
        let Some((texts, complete)) = self.set_members(Self::text)? else { return Ok(None) };
        let mut members = Vec::with_capacity(texts.len());
        for text in texts {
            match Number::parse(&text) {
                Ok(number) => members.push(number),
                Err(error) => {
                    return Ok(Some(self.fault(path, ValueFault::Number { error, text: text.into_owned() })));
                }
            }
        }
        let sorted = match self.sorted(path, SetKind::Number, complete, members) {
            Ok(sorted) => sorted,
            Err(placeholder) => return Ok(Some(placeholder)),
        };
        Ok(Some(AttributeValue::Ns(sorted)))
    }

    /// A set's members as sent, and whether none was null. None if the set itself is null.
    fn set_members<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<Option<T>, Error>,
    ) -> Result<Option<(Vec<T>, bool)>, Error> {
        if !self.is_list()? {
            return self.null();
        }
        let mut set = Vec::new();
        let mut complete = true;
        let mut members = self.reader.open_array()?;
        while self.reader.next_element(&mut members)? {
            match read(self)? {
                Some(member) => set.push(member),
                None => complete = false,
            }
        }
        Ok(Some((set, complete)))
    }

    /// The members in order, or the placeholder of a set that may not be.
    fn sorted<T: Ord + Clone + SetMember>(
        &mut self,
        path: &Path<'_>,
        kind: SetKind,
        complete: bool,
        members: Vec<T>,
    ) -> Result<Vec<T>, AttributeValue<'a>> {
        if !complete {
            return Err(self.fault(path, ValueFault::Empty));
        }
        if members.is_empty() {
            return Err(self.fault(path, ValueFault::EmptySet(kind)));
        }
        if members.windows(2).all(|pair| pair[0] < pair[1]) {
            return Ok(members);
        }
        let mut sorted = members.clone();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            let members = members.iter().map(SetMember::to_bytes).collect();
            return Err(self.fault(path, ValueFault::DuplicateMembers { kind, members }));
        }
        Ok(sorted)
    }

    /// Whether a list stands next; false for null, which is not read yet.
    fn is_list(&mut self) -> Result<bool, Error> {
        match self.reader.peek()? {
            Kind::Array => Ok(true),
            Kind::Null => Ok(false),
            Kind::Object => Err(messages::structure_not_expected()),
            _ => Err(messages::unexpected_field_type()),
        }
    }

    /// Records a fault and returns what stands in the value's place.
    #[cold]
    fn fault(&mut self, path: &Path<'_>, fault: ValueFault) -> AttributeValue<'a> {
        self.faults.record(&path.site(), fault);
        AttributeValue::Null
    }
}

/// The type that a member of an attribute value names.
#[inline]
fn type_of(name: &[u8]) -> Option<AttributeType> {
    Some(match name {
        b"S" => AttributeType::S,
        b"N" => AttributeType::N,
        b"B" => AttributeType::B,
        b"M" => AttributeType::M,
        b"L" => AttributeType::L,
        b"BOOL" => AttributeType::Bool,
        b"NULL" => AttributeType::Null,
        b"SS" => AttributeType::Ss,
        b"NS" => AttributeType::Ns,
        b"BS" => AttributeType::Bs,
        _ => return None,
    })
}

/// A member of a set, as a message about it needs it.
trait SetMember {
    fn to_bytes(&self) -> Vec<u8>;
}

impl SetMember for Cow<'_, str> {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl SetMember for Vec<u8> {
    fn to_bytes(&self) -> Vec<u8> {
        self.clone()
    }
}

impl SetMember for Number {
    /// Messages never print the members of number sets.
    fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }
}
