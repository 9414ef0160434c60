//! Document paths: an attribute, then steps into its maps and lists.
//!
//! A path is resolved when it is parsed: placeholders are already the names that they stand for. Two paths that an update or a
//! projection names together must not meet; [`check_apart`] finds those that do.

use crate::error::{Problem, path_text};
use model::{ItemView, ValueView};
use std::collections::HashMap;
use std::fmt;

/// A step of a path below the attribute.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step<'a> {
    /// `[index]`: an element of a list.
    Index(u32),
    /// `.name`: a member of a map, or the attribute itself.
    Name(&'a str),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A document path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path<'a> {
    /// The attribute that the path starts at.
    pub(crate) attribute: &'a str,
    /// The way from there; empty for most paths, which therefore allocate nothing.
    pub(crate) rest: Vec<Step<'a>>,
}

impl<'a> Path<'a> {
    /// The path of an attribute.
    pub fn of(attribute: &'a str) -> Self {
        Self { attribute, rest: Vec::new() }
    }

    /// The path that starts at an attribute and goes on by steps.
    pub fn new(attribute: &'a str, steps: Vec<Step<'a>>) -> Self {
        Self { attribute, rest: steps }
    }

    /// The attribute that the path starts at.
    pub fn attribute(&self) -> &'a str {
        self.attribute
    }

    /// Whether the path goes on into the attribute.
    pub fn is_nested(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The steps, the attribute's name first.
    pub fn steps(&self) -> impl Iterator<Item = Step<'a>> + '_ {
        std::iter::once(Step::Name(self.attribute)).chain(self.rest.iter().copied())
    }

    /// The value at the path.
    pub(crate) fn find<'v>(&self, item: &Source<'v>) -> Option<ValueView<'v>> {
        let mut value = item.get(self.attribute)?;
        for step in &self.rest {
            value = enter(value, *step)?;
        }
        Some(value)
    }
}

/// An item in which attributes are looked up.
pub(crate) struct Source<'v> {
    item: ItemView<'v>,
    /// Its attributes by name, if there are many look-ups: each walks through the item otherwise.
    table: Option<HashMap<&'v str, ValueView<'v>>>,
}

impl<'v> Source<'v> {
    /// An item for so many look-ups. Legacy parameters bring hundreds of thousands of them.
    pub(crate) fn new(item: ItemView<'v>, lookups: usize) -> Self {
        const WALKS_MAX: usize = 64;
        Self { item, table: (lookups > WALKS_MAX).then(|| item.iter().collect()) }
    }

    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<ValueView<'v>> {
        match &self.table {
            None => self.item.get(name),
            Some(table) => table.get(name).copied(),
        }
    }
}

/// The element or member of a value that a step leads to.
pub(crate) fn enter<'v>(value: ValueView<'v>, step: Step<'_>) -> Option<ValueView<'v>> {
    match (value, step) {
        (ValueView::M(map), Step::Name(name)) => map.attributes().get(name),
        (ValueView::L(list), Step::Index(index)) => list.values().nth(index as usize),
        _ => None,
    }
}

/// Checks that no two paths meet: that none is the same as another or leads into it, and that no place is used as a map by one and as a
/// list by another. Of several such pairs the first that is the same or leads into the other is reported, the first of the second kind
/// only where there is none of those (the order of dynalite, whose tests against DynamoDB are the evidence).
pub(crate) fn check_apart(paths: &[&Path<'_>]) -> Result<(), Problem> {
    let mut names: Vec<&str> = paths.iter().map(|path| path.attribute).collect();
    names.sort_unstable();
    if names.windows(2).all(|pair| pair[0] != pair[1]) {
        return Ok(());
    }
    let mut conflict = None;
    for (at, two) in paths.iter().enumerate() {
        for one in &paths[..at] {
            let texts = || (path_text(one), path_text(two));
            match meeting(one, two) {
                None => {}
                Some(Meeting::Overlap) => {
                    let (one, two) = texts();
                    return Err(Problem::PathsOverlap { one, two });
                }
                Some(Meeting::Conflict) => {
                    conflict.get_or_insert_with(texts);
                }
            }
        }
    }
    conflict.map_or(Ok(()), |(one, two)| Err(Problem::PathsConflict { one, two }))
}

enum Meeting {
    Overlap,
    Conflict,
}

fn meeting(one: &Path<'_>, two: &Path<'_>) -> Option<Meeting> {
    if one.attribute != two.attribute {
        return None;
    }
    for (left, right) in one.rest.iter().zip(&two.rest) {
        match (left, right) {
            _ if left == right => {}
            (Step::Index(_), Step::Name(_)) | (Step::Name(_), Step::Index(_)) => return Some(Meeting::Conflict),
            _ => return None,
        }
    }
    Some(Meeting::Overlap)
}
