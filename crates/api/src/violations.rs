//! Broken constraints of the service model, collected while a request is decoded and reported together.
//!
//! AWS lists them as `N validation errors detected: ...` in an order of its own, which the path's ranks carry. How each is worded
//! differs by operation; `report` knows. What must hold: memory stays bounded however many constraints a body breaks.

mod echo;
mod report;

use crate::decode::{Path, Step};
use crate::rules::{Echo, Pattern, Sizes};

/// The most violations kept. AWS lists ten; more are kept only because the order of reporting is not that of reading.
const KEPT_MAX: usize = 200;

/// The bytes kept of a map's key in a path: more than any name may have.
const KEY_MAX: usize = 1 << 16;

/// A constraint that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Constraint {
    NotNull,
    MinLength(u32),
    MaxLength(u32),
    MinValue(i64),
    MaxValue(i64),
    Pattern(Pattern),
    /// The names that are allowed, as they are printed.
    EnumSet(&'static str),
    /// Keys of a map that must be names of tables.
    MapKeys,
    /// Lengths of a map's values.
    MapValues(Sizes),
}

impl Constraint {
    /// The limit of length that is broken, if one is.
    pub fn of_length(length: usize, sizes: Sizes) -> Option<Self> {
        if length < sizes.min as usize {
            return Some(Self::MinLength(sizes.min));
        }
        (length > sizes.max as usize).then_some(Self::MaxLength(sizes.max))
    }
}

/// A value as the report prints it back.
#[derive(Clone, Debug)]
pub(crate) enum Echoed<'a> {
    /// Nothing was there.
    Null,
    /// Text between the quotes.
    Text(String),
    /// A list or map: its JSON text and its shape.
    Json(&'a str, &'static Echo),
}

impl<'a> Echoed<'a> {
    /// A scalar.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A list or a map.
    pub fn json(text: &'a str, echo: &'static Echo) -> Self {
        Self::Json(text, echo)
    }
}

/// A step of a violation's path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Segment {
    Member(&'static str),
    Element(usize),
    Entry(String),
}

/// One broken constraint.
#[derive(Clone, Debug)]
pub(crate) struct Violation<'a> {
    /// Where it comes in AWS's order: compared step by step, a value before what is inside it.
    ranks: Vec<usize>,
    path: Vec<Segment>,
    constraint: Constraint,
    echoed: Echoed<'a>,
}

/// All broken constraints of a request.
#[derive(Default, Debug)]
pub(crate) struct Violations<'a> {
    kept: Vec<Violation<'a>>,
}

impl<'a> Violations<'a> {
    /// Whether no constraint is broken.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Records a broken constraint.
    #[cold]
    pub fn add(&mut self, path: &Path<'_>, constraint: Constraint, echoed: Echoed<'a>) {
        if self.kept.len() >= KEPT_MAX {
            return;
        }
        let mut violation = Violation { ranks: Vec::new(), path: Vec::new(), constraint, echoed };
        // Entries of a map come in the order of reading, which a stable sort keeps when their ranks are equal.
        for step in path.steps() {
            let (rank, segment) = match step {
                Step::Root => continue,
                Step::Member(name, rank) => (usize::from(rank), Segment::Member(name)),
                Step::Element(number) => (number, Segment::Element(number)),
                Step::Entry(key) => (0, Segment::Entry(echo::start_of(key, KEY_MAX).to_owned())),
            };
            violation.ranks.push(rank);
            violation.path.push(segment);
        }
        self.kept.push(violation);
    }

    /// Records that a required member is missing.
    #[cold]
    pub fn missing(&mut self, path: &Path<'_>) {
        self.add(path, Constraint::NotNull, Echoed::Null);
    }
}

#[cfg(test)]
mod tests;
