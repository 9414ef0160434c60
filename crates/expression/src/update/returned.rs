//! What `ReturnValues` answers of an update: only what the update wrote, as it was before or is afterwards.
//!
//! A nested target answers with the structure around it and nothing beside it. After the update an element of a list may stand at another
//! index than the one that was written to: before it elements may be gone, and one written beyond the end was appended.

use super::apply::removes;
use super::{Action, Change, Update};
use crate::path::{Path, Source, Step};
use crate::projection::Projection;
use model::{EncodedItem, ItemView, ValueView};

impl<'a> Update<'a> {
    /// `UPDATED_OLD`: what stood at the targets; `None` if nothing did.
    pub fn updated_old(&self, old: ItemView<'_>) -> Option<EncodedItem> {
        let paths = self.targets().cloned().collect();
        some(Projection::of(paths).project(old))
    }

    /// `UPDATED_NEW`: what stands at the targets now, those of REMOVE left out (captures of October 2026); `None` if nothing does.
    pub fn updated_new(&self, old: Option<ItemView<'_>>, new: ItemView<'_>) -> Option<EncodedItem> {
        let old = old.map(|old| Source::new(old, self.actions.len()));
        let written = self.actions.iter().filter(|action| !removes(action, old.as_ref()));
        let paths = written.map(|action| self.moved(&action.target, old.as_ref())).collect();
        some(Projection::of(paths).project(new))
    }

    /// The path at which a target's value stands after the update.
    fn moved(&self, target: &Path<'a>, old: Option<&Source<'_>>) -> Path<'a> {
        let mut moved = target.clone();
        for (depth, step) in target.rest.iter().enumerate() {
            if let Step::Index(index) = step {
                let way = Path { attribute: target.attribute, rest: target.rest[..depth].to_vec() };
                moved.rest[depth] = Step::Index(self.moved_index(&way, *index, old));
            }
        }
        moved
    }

    /// The index that an element of the list at `way` has after the update.
    fn moved_index(&self, way: &Path<'a>, index: u32, old: Option<&Source<'_>>) -> u32 {
        let length = old.and_then(|old| way.find(old)).map_or(0, list_length);
        let count = |matches: &dyn Fn(u32, &Action<'a>) -> bool| {
            let indexes = self.actions.iter().filter_map(|action| match action.target.rest.split_last() {
                Some((Step::Index(other), before))
                    if action.target.attribute == way.attribute && before == way.rest =>
                {
                    Some((*other, action))
                }
                _ => None,
            });
            indexes.filter(|(other, action)| matches(*other, action)).count() as u32
        };
        let removed = count(&|other, action| other < index.min(length) && removes(action, old));
        if index < length {
            return index - removed;
        }
        let puts = |action: &Action<'a>| matches!(action.change, Change::Set(_) | Change::Add(_));
        let appended = count(&|other, action| (length..index).contains(&other) && puts(action));
        length - removed + appended
    }
}

fn list_length(value: ValueView<'_>) -> u32 {
    match value {
        ValueView::L(list) => list.len() as u32,
        _ => 0,
    }
}

fn some(item: EncodedItem) -> Option<EncodedItem> {
    (!item.view().is_empty()).then_some(item)
}
