//! `AttributeUpdates` and `AttributesToGet`.

use crate::error::LegacyError;
use crate::operand::Operand;
use crate::path::Path;
use crate::projection::Projection;
use crate::update::{Action, Change, Dialect, SetValue, Update};
use model::AttributeValue;
use model::value::AttributeType;
use std::collections::HashSet;

/// What happens to an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AttributeAction {
    /// Takes the value.
    #[default]
    Put,
    /// Adds a number, or members to a set, or elements to a list.
    Add,
    /// Takes members out of a set, or the attribute away.
    Delete,
}

/// The update of one attribute.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AttributeUpdate<'a> {
    /// The attribute's name.
    pub attribute: &'a str,
    /// `Action`; PUT if it is absent.
    pub action: AttributeAction,
    /// `Value`.
    pub value: Option<&'a AttributeValue<'a>>,
}

/// Lowers `AttributeUpdates`.
pub fn attribute_updates<'a>(updates: &[AttributeUpdate<'a>]) -> Result<Update<'a>, LegacyError> {
    let action =
        |update: &AttributeUpdate<'a>| Ok(Action { target: Path::of(update.attribute), change: change(update)? });
    let actions = updates.iter().map(action).collect::<Result<_, LegacyError>>()?;
    Ok(Update { actions, dialect: Dialect::AttributeUpdates })
}

fn change<'a>(update: &AttributeUpdate<'a>) -> Result<Change<'a>, LegacyError> {
    use AttributeType::{Bs, L, N, Ns, Ss};
    let Some(value) = update.value else {
        return match update.action {
            AttributeAction::Delete => Ok(Change::Remove),
            AttributeAction::Put | AttributeAction::Add => Err(LegacyError::OnlyDeleteWithoutValue),
        };
    };
    let operand = value.attribute_type();
    match update.action {
        AttributeAction::Put => Ok(Change::Set(SetValue::Operand(Operand::Value(value)))),
        AttributeAction::Add if matches!(operand, N | Ss | Ns | Bs | L) => Ok(Change::Add(value)),
        AttributeAction::Add => Err(LegacyError::ActionType { action: "ADD", operand }),
        AttributeAction::Delete if matches!(operand, Ss | Ns | Bs) => Ok(Change::Delete(value)),
        AttributeAction::Delete => Err(LegacyError::ActionType { action: "DELETE", operand }),
    }
}

/// Lowers `AttributesToGet`.
pub fn attributes_to_get<'a>(names: &[&'a str]) -> Result<Projection<'a>, LegacyError> {
    // A request may name a million attributes, so they are not compared pair by pair.
    let mut seen = HashSet::with_capacity(names.len());
    match names.iter().find(|name| !seen.insert(**name)) {
        Some(name) => Err(LegacyError::DuplicateAttribute { name: (*name).to_owned() }),
        None => Ok(Projection::of(names.iter().map(|name| Path::of(name)).collect())),
    }
}
