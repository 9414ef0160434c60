//! Applying an update to an item.
//!
//! Every value is computed from the item as it was, then all are written. Attributes that the update does not touch are copied in their
//! stored form. Of several failures the first of SET's values is reported, in the order of the text; then, action by action, a target
//! that has no place or a value there that ADD or DELETE cannot work on (the order of dynalite, not confirmed on AWS).
//!
//! Nothing is copied before it is known how much there would be: a short expression may name one large value hundreds of times. Targets do
//! not meet, so whatever SET and ADD write stands in the new item to its full size, and an update that writes far more than an item may
//! have is given up without making the item.

use super::document::{self, Write};
use super::{Action, Change, Dialect, SetValue, Update};
use crate::error::EvaluationError;
use crate::operand::{Call, Function, Operand};
use crate::path::{self, Path, Source, Step};
use model::encoded::{ItemBuilder, stored_number};
use model::{AttributeValue, EncodedItem, Item, ItemView, Number, ValueView, limits, size};

/// What an update may write before it is given up unmade. An item that is too large by less is refused by its size, after what else is
/// wrong with it.
const WRITTEN_SIZE_MAX: usize = 4 * limits::ITEM_SIZE_MAX;

/// A value to be written, copied no earlier than needed.
pub(super) enum Value<'x> {
    /// From the item.
    Stored(ValueView<'x>),
    /// From the request.
    Given(&'x AttributeValue<'x>),
    /// The list of the elements of several, each of which is a list from the item or from the request.
    Joined(Vec<Value<'x>>),
    /// Computed.
    New(AttributeValue<'x>),
}

impl<'x> Value<'x> {
    pub(super) fn into_value(self) -> AttributeValue<'x> {
        match self {
            Self::Stored(view) => view.to_value(),
            Self::Given(value) => value.clone(),
            Self::Joined(parts) => AttributeValue::L(parts.into_iter().flat_map(Self::into_elements).collect()),
            Self::New(value) => value,
        }
    }

    fn into_elements(self) -> Vec<AttributeValue<'x>> {
        match self.into_value() {
            AttributeValue::L(elements) => elements,
            _ => Vec::new(),
        }
    }

    /// Takes the room that the value needs in the item. Of a list made of many what no longer fits is not looked at.
    fn take(&self, room: &mut Room) -> Result<(), EvaluationError> {
        match self {
            Self::Stored(view) => room.take(size::value_view(*view)),
            Self::Given(value) => room.take(size::value(value)),
            Self::New(value) => room.take(size::value(value)),
            // Each part takes the few bytes of a list of its own too, for which there is room enough between the two limits.
            Self::Joined(parts) => parts.iter().try_for_each(|part| part.take(room)),
        }
    }

    fn number(&self) -> Option<Number> {
        match self {
            Self::Stored(ValueView::N(text)) => Some(stored_number(text)),
            Self::Given(AttributeValue::N(number)) | Self::New(AttributeValue::N(number)) => Some(*number),
            _ => None,
        }
    }

    /// The lists that a list is made of.
    fn into_lists(self) -> Option<Vec<Value<'x>>> {
        match self {
            Self::Joined(parts) => Some(parts),
            Self::Stored(ValueView::L(_)) | Self::Given(AttributeValue::L(_)) | Self::New(AttributeValue::L(_)) => {
                Some(vec![self])
            }
            _ => None,
        }
    }
}

/// What an action writes at its target.
pub(super) enum Effect<'x> {
    /// A value.
    Put(Value<'x>),
    /// Nothing: what is there goes.
    Clear,
    /// What is there stays.
    Keep,
}

/// The changes of the attributes that an update touches: the new value, or `None` if the attribute goes.
type Changes<'x> = Vec<(&'x str, Option<Value<'x>>)>;

/// How much an update may still write.
struct Room(usize);

impl Room {
    fn take(&mut self, size: usize) -> Result<(), EvaluationError> {
        self.0 = self.0.checked_sub(size).ok_or(EvaluationError::ItemTooLarge)?;
        Ok(())
    }
}

impl<'a> Update<'a> {
    /// The item that the update makes of `old`, or of an item that has only its key.
    pub fn apply(&self, old: Option<ItemView<'_>>, key: &Item<'_>) -> Result<EncodedItem, EvaluationError> {
        match old {
            Some(old) => self.apply_to(old),
            None => self.apply_to(EncodedItem::from_item(key).view()),
        }
    }

    fn apply_to(&self, old: ItemView<'_>) -> Result<EncodedItem, EvaluationError> {
        let source = Source::new(old, self.actions.len());
        let effects = self.effects(&source)?;
        let mut changes = changes(&self.actions, effects, &source);
        changes.sort_unstable_by_key(|(name, _)| *name);
        Ok(merge(old, changes))
    }

    /// What each action writes.
    fn effects<'x>(&'x self, old: &Source<'x>) -> Result<Vec<Effect<'x>>, EvaluationError> {
        let mut room = Room(WRITTEN_SIZE_MAX);
        let value = |action: &'x Action<'x>| match &action.change {
            Change::Set(value) => {
                let value = set_value(value, old)?;
                value.take(&mut room)?;
                Ok(Some(value))
            }
            _ => Ok(None),
        };
        let values = self.actions.iter().map(value).collect::<Result<Vec<_>, _>>()?;
        let effect = |(action, value): (&'x Action<'x>, Option<Value<'x>>)| {
            if !has_place(&action.target, old) {
                return Err(EvaluationError::DocumentPath);
            }
            match value {
                Some(value) => Ok(Effect::Put(value)),
                None => self.effect(action, old, &mut room),
            }
        };
        self.actions.iter().zip(values).map(effect).collect()
    }

    /// What an action without a value of its own writes.
    fn effect<'x>(
        &self,
        action: &'x Action<'x>,
        old: &Source<'x>,
        room: &mut Room,
    ) -> Result<Effect<'x>, EvaluationError> {
        let wrong_type = match self.dialect {
            Dialect::Expression => EvaluationError::OperandType,
            Dialect::AttributeUpdates => EvaluationError::UpdatedType,
        };
        match &action.change {
            Change::Remove => Ok(Effect::Clear),
            Change::Add(value) => {
                room.take(size::value(value))?;
                match action.target.find(old) {
                    None => Ok(Effect::Put(Value::Given(value))),
                    Some(present) => {
                        add(present, value).unwrap_or(Err(wrong_type)).map(|sum| Effect::Put(Value::New(sum)))
                    }
                }
            }
            Change::Delete(value) => match action.target.find(old) {
                None => Ok(Effect::Keep),
                Some(present) => match delete(present, value) {
                    None => Err(wrong_type),
                    Some(None) => Ok(Effect::Clear),
                    Some(Some(rest)) => Ok(Effect::Put(Value::New(rest))),
                },
            },
            Change::Set(_) | Change::Invalid => Ok(Effect::Keep),
        }
    }
}

/// Whether an action takes away what is at its target: REMOVE does, and a DELETE that leaves nothing of a set.
pub(super) fn removes(action: &Action<'_>, old: Option<&Source<'_>>) -> bool {
    match &action.change {
        Change::Remove => true,
        Change::Delete(value) => {
            let present = old.and_then(|old| action.target.find(old));
            matches!(present.and_then(|present| delete(present, value)), Some(None))
        }
        Change::Set(_) | Change::Add(_) | Change::Invalid => false,
    }
}

/// Whether a target's place exists or can be made: whether what holds it is a map or a list as the last step needs.
fn has_place(target: &Path<'_>, item: &Source<'_>) -> bool {
    let Some((last, before)) = target.rest.split_last() else { return true };
    let parent = before.iter().fold(item.get(target.attribute), |value, step| path::enter(value?, *step));
    matches!((parent, last), (Some(ValueView::M(_)), Step::Name(_)) | (Some(ValueView::L(_)), Step::Index(_)))
}

fn set_value<'x>(value: &'x SetValue<'x>, item: &Source<'x>) -> Result<Value<'x>, EvaluationError> {
    let (operands, is_sum) = match value {
        SetValue::Operand(operand) => return self::operand(operand, item),
        SetValue::Sum(operands) => (operands, true),
        SetValue::Difference(operands) => (operands, false),
    };
    let [left, right] = operands;
    let (left, right) = (number(left, item)?, number(right, item)?);
    let result = if is_sum { left.checked_add(right) } else { left.checked_sub(right) };
    result.map(|number| Value::New(AttributeValue::N(number))).map_err(EvaluationError::Number)
}

fn number<'x>(operand: &'x Operand<'x>, item: &Source<'x>) -> Result<Number, EvaluationError> {
    self::operand(operand, item)?.number().ok_or(EvaluationError::OperandType)
}

fn operand<'x>(operand: &'x Operand<'x>, item: &Source<'x>) -> Result<Value<'x>, EvaluationError> {
    match operand {
        Operand::Path(path) => path.find(item).map(Value::Stored).ok_or(EvaluationError::MissingAttribute),
        Operand::Value(value) => Ok(Value::Given(value)),
        Operand::Call(call) => call_value(call, item),
        Operand::Condition(_) | Operand::Invalid => Err(EvaluationError::MissingAttribute),
    }
}

fn call_value<'x>(call: &'x Call<'x>, item: &Source<'x>) -> Result<Value<'x>, EvaluationError> {
    let [first, second] = call.operands.as_slice() else { return Err(EvaluationError::OperandType) };
    if call.function == Function::IfNotExists {
        return match operand(first, item) {
            Err(EvaluationError::MissingAttribute) => operand(second, item),
            present => present,
        };
    }
    let lists = |part| operand(part, item)?.into_lists().ok_or(EvaluationError::OperandType);
    let mut joined = lists(first)?;
    joined.extend(lists(second)?);
    Ok(Value::Joined(joined))
}

/// What ADD makes of a value that is there; `None` if the types do not fit.
fn add<'x>(present: ValueView<'x>, added: &AttributeValue<'x>) -> Option<Result<AttributeValue<'x>, EvaluationError>> {
    Some(match (present.to_value(), added) {
        (AttributeValue::N(left), AttributeValue::N(right)) => {
            left.checked_add(*right).map(AttributeValue::N).map_err(EvaluationError::Number)
        }
        (AttributeValue::Ss(set), AttributeValue::Ss(more)) => Ok(AttributeValue::Ss(union(set, more))),
        (AttributeValue::Ns(set), AttributeValue::Ns(more)) => Ok(AttributeValue::Ns(union(set, more))),
        (AttributeValue::Bs(set), AttributeValue::Bs(more)) => Ok(AttributeValue::Bs(union(set, more))),
        // Only AttributeUpdates brings a list here: its ADD appends.
        (AttributeValue::L(mut list), AttributeValue::L(more)) => {
            list.extend(more.iter().cloned());
            Ok(AttributeValue::L(list))
        }
        _ => return None,
    })
}

fn union<T: Ord + Clone>(mut set: Vec<T>, more: &[T]) -> Vec<T> {
    set.extend(more.iter().cloned());
    set.sort_unstable();
    set.dedup();
    set
}

/// What DELETE leaves of a set that is there, if anything; `None` if the types do not fit.
fn delete<'x>(present: ValueView<'x>, deleted: &AttributeValue<'x>) -> Option<Option<AttributeValue<'x>>> {
    Some(match (present.to_value(), deleted) {
        (AttributeValue::Ss(set), AttributeValue::Ss(less)) => difference(set, less).map(AttributeValue::Ss),
        (AttributeValue::Ns(set), AttributeValue::Ns(less)) => difference(set, less).map(AttributeValue::Ns),
        (AttributeValue::Bs(set), AttributeValue::Bs(less)) => difference(set, less).map(AttributeValue::Bs),
        _ => return None,
    })
}

fn difference<T: Ord>(mut set: Vec<T>, less: &[T]) -> Option<Vec<T>> {
    set.retain(|member| less.binary_search(member).is_err());
    (!set.is_empty()).then_some(set)
}

/// Gathers what happens to each attribute. Targets do not meet, so an attribute is written either once as a whole or only inside.
fn changes<'x>(actions: &'x [Action<'x>], effects: Vec<Effect<'x>>, old: &Source<'x>) -> Changes<'x> {
    let mut changes: Changes<'x> = Vec::with_capacity(actions.len());
    let mut writes: Vec<Write<'x>> = Vec::new();
    for (action, effect) in actions.iter().zip(effects) {
        let attribute = action.target.attribute;
        match effect {
            Effect::Keep => {}
            _ if action.target.is_nested() => writes.push(Write { target: &action.target, effect }),
            Effect::Put(value) => changes.push((attribute, Some(value))),
            Effect::Clear => changes.push((attribute, None)),
        }
    }
    writes.sort_by_key(|write| write.target.attribute);
    let mut writes = writes.into_iter().peekable();
    while let Some(first) = writes.next() {
        let attribute = first.target.attribute;
        let mut same = vec![first];
        while let Some(write) = writes.next_if(|write| write.target.attribute == attribute) {
            same.push(write);
        }
        if let Some(present) = old.get(attribute) {
            changes.push((attribute, Some(Value::New(document::rewrite(present.to_value(), same)))));
        }
    }
    changes
}

/// The old item with the changes in it, which are ascending by name.
fn merge(old: ItemView<'_>, changes: Changes<'_>) -> EncodedItem {
    let mut builder = ItemBuilder::with_capacity(old.bytes().len() + 64);
    let mut changes = changes.into_iter().peekable();
    let push = |builder: &mut ItemBuilder, name: &str, value: Option<Value<'_>>| match value {
        Some(Value::Stored(view)) => builder.push_view(name, view),
        Some(Value::Given(value)) => builder.push(name, value),
        Some(value) => builder.push(name, &value.into_value()),
        None => {}
    };
    for (name, value) in old.iter() {
        let mut replaced = false;
        while let Some((changed, new)) = changes.next_if(|(changed, _)| *changed <= name) {
            replaced |= changed == name;
            push(&mut builder, changed, new);
        }
        if !replaced {
            builder.push_view(name, value);
        }
    }
    for (changed, new) in changes {
        push(&mut builder, changed, new);
    }
    builder.finish()
}
