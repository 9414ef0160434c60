//! Projections: the part of an item that an answer contains.
//!
//! The paths become a tree of selections, ascending like the attributes of an item. Attributes that are taken whole are copied in their
//! stored form. Of nested paths the structure around them stays; list elements move together, in the order of the list.

use crate::error::ExpressionError;
use crate::parser::Parser;
use crate::path::{self, Path, Source, Step};
use crate::token::TokenKind;
use crate::{ExpressionKind, Placeholders};
use model::encoded::ItemBuilder;
use model::{AttributeValue, EncodedItem, Item, ItemView, ValueView};
use std::borrow::Cow;

/// A parsed projection.
#[derive(Clone, PartialEq, Debug)]
pub struct Projection<'a> {
    /// The paths in the order of the request.
    paths: Vec<Path<'a>>,
    /// The same as a tree, ascending by name.
    selections: Vec<(Step<'a>, Selection<'a>)>,
    /// The attributes that the values go to, ascending, each with the number of its path, where they do not keep their places.
    columns: Option<Vec<(String, usize)>>,
}

/// What is taken of a value.
#[derive(Clone, PartialEq, Debug)]
enum Selection<'a> {
    /// All of it.
    Whole,
    /// Some of its members or elements, ascending.
    Parts(Vec<(Step<'a>, Selection<'a>)>),
}

/// Parses a `ProjectionExpression`.
pub fn parse_projection<'a>(text: &'a str, placeholders: &Placeholders<'a>) -> Result<Projection<'a>, ExpressionError> {
    let mut parser = Parser::new(ExpressionKind::Projection, text, placeholders)?;
    let mut paths = vec![parser.path()?];
    while parser.accept(TokenKind::Comma) {
        paths.push(parser.path()?);
    }
    if parser.peek() != TokenKind::End {
        return Err(parser.syntax_error());
    }
    parser.finish()?;
    path::check_apart(&paths.iter().collect::<Vec<_>>()).map_err(|problem| parser.error(problem))?;
    Ok(Projection::of(paths))
}

impl<'a> Projection<'a> {
    /// The projection of paths that do not meet.
    pub(crate) fn of(paths: Vec<Path<'a>>) -> Self {
        let mut all: Vec<Vec<Step<'a>>> = paths.iter().map(|path| path.steps().collect()).collect();
        all.sort_unstable();
        let selections = select(&all, 0);
        Self { paths, selections, columns: None }
    }

    /// The projection that makes an attribute of each value, of this name, without the structure that it stood in.
    ///
    /// # Errors
    /// The name that two values would have.
    pub fn of_columns(columns: Vec<(String, Path<'a>)>) -> Result<Self, String> {
        let (names, paths): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let mut columns: Vec<_> = names.into_iter().enumerate().map(|(number, name)| (name, number)).collect();
        columns.sort();
        if let Some(pair) = columns.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(pair[0].0.clone());
        }
        Ok(Self { columns: Some(columns), ..Self::of(paths) })
    }

    /// The paths in the order of the request.
    pub fn paths(&self) -> impl Iterator<Item = &Path<'a>> {
        self.paths.iter()
    }

    /// The attributes that are needed to answer, ascending.
    pub fn attributes(&self) -> impl Iterator<Item = &'a str> {
        self.selections.iter().filter_map(|(step, _)| match step {
            Step::Name(name) => Some(*name),
            Step::Index(_) => None,
        })
    }

    /// The part of an item that the paths name.
    pub fn project(&self, item: ItemView<'_>) -> EncodedItem {
        match &self.columns {
            None => self.structured(item),
            Some(columns) => self.flat(columns, item),
        }
    }

    fn flat(&self, columns: &[(String, usize)], item: ItemView<'_>) -> EncodedItem {
        let source = Source::new(item, columns.len());
        let mut builder = ItemBuilder::with_capacity(item.bytes().len().min(1024));
        for (name, number) in columns {
            if let Some(value) = self.paths.get(*number).and_then(|path| path.find(&source)) {
                builder.push_view(name, value);
            }
        }
        builder.finish()
    }

    fn structured(&self, item: ItemView<'_>) -> EncodedItem {
        let mut builder = ItemBuilder::with_capacity(item.bytes().len().min(1024));
        let mut wanted = self.selections.iter();
        let mut next = wanted.next();
        for (name, value) in item.iter() {
            while let Some((Step::Name(attribute), _)) = next
                && *attribute < name
            {
                next = wanted.next();
            }
            match next {
                None => break,
                Some((Step::Name(attribute), selection)) if *attribute == name => match selection {
                    Selection::Whole => builder.push_view(name, value),
                    Selection::Parts(parts) => {
                        if let Some(part) = take(value, parts) {
                            builder.push(name, &part);
                        }
                    }
                },
                Some(_) => {}
            }
        }
        builder.finish()
    }
}

/// Groups paths, ascending, by their step at `depth`. Paths have at most as many steps as values have levels, which bounds the recursion.
fn select<'a>(paths: &[Vec<Step<'a>>], depth: usize) -> Vec<(Step<'a>, Selection<'a>)> {
    let mut selections = Vec::new();
    for group in paths.chunk_by(|left, right| left.get(depth) == right.get(depth)) {
        let Some(step) = group.first().and_then(|path| path.get(depth)) else { continue };
        let ends_here = group.iter().any(|path| path.len() == depth + 1);
        let selection = if ends_here { Selection::Whole } else { Selection::Parts(select(group, depth + 1)) };
        selections.push((*step, selection));
    }
    selections
}

/// The selected parts of a value, if it has any of them.
fn take<'v>(value: ValueView<'v>, parts: &'v [(Step<'v>, Selection<'v>)]) -> Option<AttributeValue<'v>> {
    let found = |(step, selection): &'v (Step<'v>, Selection<'v>)| {
        let inner = path::enter(value, *step)?;
        let taken = match selection {
            Selection::Whole => inner.to_value(),
            Selection::Parts(parts) => take(inner, parts)?,
        };
        Some((*step, taken))
    };
    let taken = parts.iter().filter_map(found);
    match value {
        ValueView::L(_) => {
            let elements: Vec<_> = taken.map(|(_, element)| element).collect();
            (!elements.is_empty()).then_some(AttributeValue::L(elements))
        }
        ValueView::M(_) => {
            let member = |(step, value)| match step {
                Step::Name(name) => Some((Cow::Borrowed(name), value)),
                Step::Index(_) => None,
            };
            let members: Vec<_> = taken.filter_map(member).collect();
            (!members.is_empty()).then(|| AttributeValue::M(Item::from_pairs(members)))
        }
        _ => None,
    }
}
