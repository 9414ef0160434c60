//! Values of operands, and the comparisons that conditions make of them.
//!
//! Works on the stored form of an item: only what a condition names is looked at, and nothing is decoded unless a whole list, map or set
//! of the request is compared with one of the item. The rules: values of different types are unequal and have no order; only strings,
//! binaries (by bytes) and numbers have one; what does not exist is unequal to everything.

use crate::operand::{Call, Function, Operand};
use crate::path::Source;
use model::encoded::stored_number;
use model::value::AttributeType;
use model::{AttributeValue, Number, ValueView};
use std::cmp::Ordering;

/// A comparison operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names say all")]
pub enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparator {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// The comparator that says the same with its sides exchanged.
    pub fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Equal | Self::NotEqual => self,
        }
    }

    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The value of an operand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Datum<'x> {
    /// From the item.
    Stored(ValueView<'x>),
    /// From the request.
    Given(&'x AttributeValue<'x>),
    /// The result of `size`.
    Size(u32),
    /// Whether a condition holds.
    Truth(bool),
}

/// A value that has an order among those of its type.
#[derive(Clone, Copy)]
enum Scalar<'x> {
    Text(&'x str),
    Number(Number),
    Bytes(&'x [u8]),
}

impl<'x> Datum<'x> {
    fn attribute_type(self) -> AttributeType {
        match self {
            Self::Stored(view) => view.attribute_type(),
            Self::Given(value) => value.attribute_type(),
            Self::Size(_) => AttributeType::N,
            Self::Truth(_) => AttributeType::Bool,
        }
    }

    fn scalar(self) -> Option<Scalar<'x>> {
        Some(match self {
            Self::Stored(ValueView::S(text)) => Scalar::Text(text),
            Self::Stored(ValueView::N(text)) => Scalar::Number(stored_number(text)),
            Self::Stored(ValueView::B(bytes)) => Scalar::Bytes(bytes),
            Self::Given(AttributeValue::S(text)) => Scalar::Text(text),
            Self::Given(AttributeValue::N(number)) => Scalar::Number(*number),
            Self::Given(AttributeValue::B(bytes)) => Scalar::Bytes(bytes),
            Self::Size(size) => Scalar::Number(Number::from(size)),
            _ => return None,
        })
    }

    fn boolean(self) -> Option<bool> {
        match self {
            Self::Stored(ValueView::Bool(value)) | Self::Truth(value) => Some(value),
            Self::Given(AttributeValue::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    fn equals(self, other: Datum<'x>) -> bool {
        if let (Some(left), Some(right)) = (self.scalar(), other.scalar()) {
            return order_of_scalars(left, right).is_some_and(Ordering::is_eq);
        }
        match (self, other) {
            _ if self.attribute_type() != other.attribute_type() => false,
            // The stored form is canonical: equal values have equal bytes.
            (Self::Stored(left), Self::Stored(right)) => left == right,
            (Self::Given(left), Self::Given(right)) => left == right,
            (Self::Stored(stored), Self::Given(given)) | (Self::Given(given), Self::Stored(stored)) => {
                stored.to_value() == *given
            }
            (Self::Truth(_), _) | (_, Self::Truth(_)) => self.boolean() == other.boolean(),
            (Self::Size(_), _) | (_, Self::Size(_)) => false,
        }
    }

    fn order(self, other: Datum<'_>) -> Option<Ordering> {
        order_of_scalars(self.scalar()?, other.scalar()?)
    }

    /// What `size` says. Strings are measured as Java does, in UTF-16 units (dynoxide's measurement against DynamoDB).
    fn size(self) -> Option<u32> {
        let size = match self {
            Self::Stored(ValueView::S(text)) => text_size(text),
            Self::Stored(ValueView::B(bytes)) => bytes.len(),
            Self::Stored(
                ValueView::Ss(body)
                | ValueView::Ns(body)
                | ValueView::Bs(body)
                | ValueView::L(body)
                | ValueView::M(body),
            ) => body.len(),
            Self::Given(AttributeValue::S(text)) => text_size(text),
            Self::Given(AttributeValue::B(bytes)) => bytes.len(),
            Self::Given(AttributeValue::Ss(set)) => set.len(),
            Self::Given(AttributeValue::Ns(set)) => set.len(),
            Self::Given(AttributeValue::Bs(set)) => set.len(),
            Self::Given(AttributeValue::L(list)) => list.len(),
            Self::Given(AttributeValue::M(map)) => map.len(),
            _ => return None,
        };
        u32::try_from(size).ok()
    }
}

fn text_size(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

fn order_of_scalars(left: Scalar<'_>, right: Scalar<'_>) -> Option<Ordering> {
    match (left, right) {
        (Scalar::Text(left), Scalar::Text(right)) => Some(left.cmp(right)),
        (Scalar::Number(left), Scalar::Number(right)) => Some(left.cmp(&right)),
        (Scalar::Bytes(left), Scalar::Bytes(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// The order of two values of a request, if they have one.
pub(crate) fn order_of_values(left: &AttributeValue<'_>, right: &AttributeValue<'_>) -> Option<Ordering> {
    Datum::Given(left).order(Datum::Given(right))
}

/// The value of an operand in an item; `None` where nothing is there.
pub(crate) fn operand<'x>(operand: &'x Operand<'x>, item: Option<&Source<'x>>) -> Option<Datum<'x>> {
    match operand {
        Operand::Path(path) => path.find(item?).map(Datum::Stored),
        Operand::Value(value) => Some(Datum::Given(value)),
        Operand::Call(call) if call.function == Function::Size => {
            self::operand(call.operands.first()?, item)?.size().map(Datum::Size)
        }
        Operand::Condition(condition) => Some(Datum::Truth(condition.truth(item))),
        Operand::Call(_) | Operand::Invalid => None,
    }
}

/// Whether a comparison holds. What does not exist is only ever `<>`.
pub(crate) fn compare(comparator: Comparator, left: Option<Datum<'_>>, right: Option<Datum<'_>>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return comparator == Comparator::NotEqual };
    match comparator {
        Comparator::Equal => left.equals(right),
        Comparator::NotEqual => !left.equals(right),
        _ => left.order(right).is_some_and(|order| comparator.accepts(order)),
    }
}

/// Whether a value lies between two others, bounds included.
pub(crate) fn between(value: Option<Datum<'_>>, low: Option<Datum<'_>>, high: Option<Datum<'_>>) -> bool {
    value.is_some() && compare(Comparator::GreaterOrEqual, value, low) && compare(Comparator::LessOrEqual, value, high)
}

/// Whether a function that is a condition holds.
pub(crate) fn call(call: &Call<'_>, item: Option<&Source<'_>>) -> bool {
    let value = call.operands.first().and_then(|first| operand(first, item));
    if let [_, second] = call.operands.as_slice() {
        let (Some(value), Some(second)) = (value, operand(second, item)) else { return false };
        return match call.function {
            Function::AttributeType => has_type(value, second),
            Function::BeginsWith => begins_with(value, second),
            Function::Contains => contains(value, second),
            _ => false,
        };
    }
    match call.function {
        Function::AttributeExists => value.is_some(),
        Function::AttributeNotExists => value.is_none(),
        _ => false,
    }
}

fn has_type(value: Datum<'_>, name: Datum<'_>) -> bool {
    matches!(name.scalar(), Some(Scalar::Text(name)) if name == value.attribute_type().name())
}

fn begins_with(value: Datum<'_>, prefix: Datum<'_>) -> bool {
    match (value.scalar(), prefix.scalar()) {
        (Some(Scalar::Text(text)), Some(Scalar::Text(prefix))) => text.starts_with(prefix),
        (Some(Scalar::Bytes(bytes)), Some(Scalar::Bytes(prefix))) => bytes.starts_with(prefix),
        _ => false,
    }
}

fn contains(value: Datum<'_>, wanted: Datum<'_>) -> bool {
    match (value.scalar(), wanted.scalar()) {
        (Some(Scalar::Text(text)), Some(Scalar::Text(part))) => return text.contains(part),
        (Some(Scalar::Bytes(bytes)), Some(Scalar::Bytes(part))) => {
            // Linear, as the search in strings is: a filter may ask this 300 times of every item.
            return memchr::memmem::find(bytes, part).is_some();
        }
        _ => {}
    }
    match value {
        Datum::Stored(ValueView::L(list)) => list.values().any(|element| Datum::Stored(element).equals(wanted)),
        Datum::Given(AttributeValue::L(list)) => list.iter().any(|element| Datum::Given(element).equals(wanted)),
        Datum::Stored(_) | Datum::Given(_) => is_member(value, wanted),
        Datum::Size(_) | Datum::Truth(_) => false,
    }
}

fn is_member(set: Datum<'_>, wanted: Datum<'_>) -> bool {
    let Some(wanted) = wanted.scalar() else { return false };
    match (set, wanted) {
        (Datum::Stored(ValueView::Ss(set)), Scalar::Text(wanted)) => {
            set.members().any(|member| member == wanted.as_bytes())
        }
        (Datum::Stored(ValueView::Ns(set)), Scalar::Number(wanted)) => {
            set.texts().any(|text| stored_number(text) == wanted)
        }
        (Datum::Stored(ValueView::Bs(set)), Scalar::Bytes(wanted)) => set.members().any(|member| member == wanted),
        (Datum::Given(AttributeValue::Ss(set)), Scalar::Text(wanted)) => set.iter().any(|member| member == wanted),
        (Datum::Given(AttributeValue::Ns(set)), Scalar::Number(wanted)) => set.contains(&wanted),
        (Datum::Given(AttributeValue::Bs(set)), Scalar::Bytes(wanted)) => {
            set.iter().any(|member| member.as_ref() == wanted)
        }
        _ => false,
    }
}
