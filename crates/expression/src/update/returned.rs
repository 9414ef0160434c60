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
        let actions = self.actions.iter().map(|action| (action, removes(action, old.as_ref()))).collect();
        let moves = Moves { actions, old };
        let written = moves.actions.iter().filter(|(_, removes)| !removes);
        let paths = written.map(|(action, _)| moves.moved(&action.target)).collect();
        some(Projection::of(paths).project(new))
    }
}

/// What moves the elements of lists.
struct Moves<'u, 'a, 'o> {
    /// The actions of the update, and whether each takes away what is at its target.
    actions: Vec<(&'u Action<'a>, bool)>,
    /// The item before the update.
    old: Option<Source<'o>>,
}

impl<'a> Moves<'_, 'a, '_> {
    /// The path at which a target's value stands after the update.
    fn moved(&self, target: &Path<'a>) -> Path<'a> {
        let mut moved = target.clone();
        for (depth, step) in target.rest.iter().enumerate() {
            if let Step::Index(index) = step {
                let way = Path { attribute: target.attribute, rest: target.rest[..depth].to_vec() };
                moved.rest[depth] = Step::Index(self.moved_index(&way, *index));
            }
        }
        moved
    }

    /// The index that an element of the list at `way` has after the update.
    fn moved_index(&self, way: &Path<'a>, index: u32) -> u32 {
        let length = self.old.as_ref().and_then(|old| way.find(old)).map_or(0, list_length);
        let count = |matches: &dyn Fn(u32, &Action<'a>, bool) -> bool| {
            let indexes = self.actions.iter().filter(|(action, removes)| match action.target.rest.split_last() {
                Some((Step::Index(other), before)) => {
                    action.target.attribute == way.attribute && before == way.rest && matches(*other, action, *removes)
                }
                _ => false,
            });
            indexes.count() as u32
        };
        let removed = count(&|other, _, removes| other < index.min(length) && removes);
        if index < length {
            return index - removed;
        }
        let puts = |action: &Action<'a>| matches!(action.change, Change::Set(_) | Change::Add(_));
        let appended = count(&|other, action, _| (length..index).contains(&other) && puts(action));
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
