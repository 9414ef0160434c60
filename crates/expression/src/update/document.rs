//! Writes into nested values: members of maps and elements of lists.
//!
//! All indexes are those of the value as it was. So writes come first, then elements beyond the end of a list are appended in the order
//! of their indexes, and elements are removed at last, the deepest and the hindmost before the others, so that no removal moves what
//! another one means.

use super::apply::{Effect, Value};
use crate::path::{Path, Step};
use model::AttributeValue;
use std::borrow::Cow;
use std::cmp::Reverse;

/// What an action writes at a path below an attribute.
pub(super) struct Write<'x> {
    /// Where; nested.
    pub(super) target: &'x Path<'x>,
    /// What.
    pub(super) effect: Effect<'x>,
}

/// An attribute's value with writes in it, whose targets do not meet.
pub(super) fn rewrite<'x>(mut value: AttributeValue<'x>, writes: Vec<Write<'x>>) -> AttributeValue<'x> {
    let mut appended: Vec<(u32, &'x [Step<'x>], AttributeValue<'x>)> = Vec::new();
    let mut removed: Vec<(u32, &'x [Step<'x>])> = Vec::new();
    for Write { target, effect } in writes {
        let Some((last, way)) = target.rest.split_last() else { continue };
        let Some(parent) = descend(&mut value, way) else { continue };
        match (parent, last, effect) {
            (AttributeValue::M(map), Step::Name(name), Effect::Put(new)) => {
                map.insert(Cow::Borrowed(*name), new.into_value());
            }
            (AttributeValue::M(map), Step::Name(name), Effect::Clear) => {
                map.remove(name);
            }
            (AttributeValue::L(list), Step::Index(index), Effect::Put(new)) => match list.get_mut(*index as usize) {
                Some(element) => *element = Value::into_value(new),
                None => appended.push((*index, way, new.into_value())),
            },
            // What is not there before anything is appended is not removed.
            (AttributeValue::L(list), Step::Index(index), Effect::Clear) if (*index as usize) < list.len() => {
                removed.push((*index, way));
            }
            _ => {}
        }
    }
    appended.sort_by_key(|(index, ..)| *index);
    for (_, way, new) in appended {
        if let Some(AttributeValue::L(list)) = descend(&mut value, way) {
            list.push(new);
        }
    }
    removed.sort_by_key(|(index, way)| Reverse((way.len(), *index)));
    for (index, way) in removed {
        if let Some(AttributeValue::L(list)) = descend(&mut value, way) {
            list.remove(index as usize);
        }
    }
    value
}

fn descend<'v, 'x>(value: &'v mut AttributeValue<'x>, way: &[Step<'_>]) -> Option<&'v mut AttributeValue<'x>> {
    way.iter().try_fold(value, |value, step| match (value, step) {
        (AttributeValue::M(map), Step::Name(name)) => map.get_mut(name),
        (AttributeValue::L(list), Step::Index(index)) => list.get_mut(*index as usize),
        _ => None,
    })
}
