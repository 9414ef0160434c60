//! What is answered of each item: its number only, all of it, or some attributes; and whether an index alone can give that.

use super::{Listing, Target};
use api::{Error, Select, messages};
use expression::{Condition, Path, Projection};
use model::IndexKind;
use std::collections::HashSet;

/// What is answered of each item that passes the filter.
#[derive(Clone, PartialEq, Debug)]
pub enum Returned<'p> {
    /// Nothing: the items are only counted.
    Count,
    /// All attributes that were read.
    Whole,
    /// Some attributes.
    Attributes(Projection<'p>),
}

/// What a request wants of each item.
#[derive(Clone, PartialEq, Debug)]
pub struct Wanted<'p> {
    /// `Select`.
    pub select: Option<Select>,
    /// `ProjectionExpression` or `AttributesToGet`.
    pub projection: Option<Projection<'p>>,
}

impl<'p> Wanted<'p> {
    /// Refuses a `Select` that contradicts the rest of the request. `parameter` is the one that the projection came in.
    pub fn check(&self, listing: Listing, parameter: &'static str, index_name: Option<&str>) -> Result<(), Error> {
        let problem = match (self.select, &self.projection) {
            (Some(Select::SpecificAttributes), None) => messages::text::attributes_not_specified(),
            (Some(Select::Count), Some(_)) => messages::text::projection_of_count(parameter),
            (Some(select @ (Select::AllAttributes | Select::AllProjectedAttributes)), Some(_)) => {
                messages::text::projection_of_select(parameter, select)
            }
            (Some(Select::AllProjectedAttributes), None) if index_name.is_none() => {
                messages::text::all_projected_without_index()
            }
            _ => return Ok(()),
        };
        // In the envelope for Query only, as most Regions answered the first of them in October 2026; the others as dynoxide and moto.
        Err(match listing {
            Listing::Query => messages::enveloped(problem),
            Listing::Scan => messages::validation(problem),
        })
    }

    /// Refuses to ask a global index for what it does not carry: global indexes never read the table.
    pub fn check_global_index(&self, target: Target<'_>) -> Result<(), Error> {
        let Some(index) = target.global_index() else { return Ok(()) };
        if self.select == Some(Select::AllAttributes) && !target.carries_all() {
            return Err(messages::all_attributes_of_global_index(&index.name));
        }
        let paths = self.projection.iter().flat_map(Projection::paths);
        let missing = not_carried(target, paths);
        if missing.is_empty() { Ok(()) } else { Err(messages::global_index_does_not_project(&index.name, &missing)) }
    }

    /// Whether the items must be read from the table, because a local index does not carry all that is wanted.
    pub fn needs_items(&self, target: Target<'_>) -> bool {
        if target.carries_all() || target.index.is_none_or(|index| index.kind == IndexKind::Global) {
            return false;
        }
        let all = self.select == Some(Select::AllAttributes);
        all || self.projection.iter().flat_map(Projection::attributes).any(|name| !target.carries(name))
    }

    /// What to answer.
    pub fn returned(self) -> Returned<'p> {
        match (self.select, self.projection) {
            (Some(Select::Count), _) => Returned::Count,
            (_, Some(projection)) => Returned::Attributes(projection),
            (_, None) => Returned::Whole,
        }
    }
}

/// Refuses a filter on attributes that the index of a Query does not carry. (A Scan finds them absent.)
pub fn check_filter_is_carried(target: Target<'_>, filter: &Condition<'_>) -> Result<(), Error> {
    let Some(index) = target.index else { return Ok(()) };
    let missing = not_carried(target, filter.paths());
    if missing.is_empty() { Ok(()) } else { Err(messages::index_does_not_project_filter(&index.name, &missing)) }
}

/// The attributes among these that the target does not carry, each once.
fn not_carried<'n>(target: Target<'_>, paths: impl IntoIterator<Item = &'n Path<'n>>) -> Vec<&'n str> {
    let mut seen = HashSet::new();
    let names = paths.into_iter().map(Path::attribute);
    names.filter(|name| !target.carries(name) && seen.insert(*name)).collect()
}
