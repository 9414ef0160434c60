//! Checks that several operations share, before any table is looked up.
//!
//! The order is the same in all of them: expression parameters beside legacy ones, placeholders without expressions, wrong attribute
//! values, legacy parameters, placeholders, expressions, unused placeholders. Which words an operation uses differs: writes of one item
//! put everything into the envelope of the constraint checks, all others do not (captures of October 2026).

use api::{Error, Layer, LocatedFault, Map, ValueFault, ValueFaults, messages};
use expression::{ExpressionError, Placeholders, Projection, legacy, parse_projection};
use model::Item;
use std::borrow::Cow;
use std::fmt::Display;

/// How an operation words what it refuses before it looks at the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wording {
    /// With `1 validation error detected: ` in front: PutItem, UpdateItem, DeleteItem.
    Enveloped,
    /// As it is: all others.
    Bare,
}

impl Wording {
    /// A ValidationException.
    pub fn refuse(self, problem: impl Display) -> Error {
        match self {
            Self::Enveloped => messages::enveloped(problem),
            Self::Bare => messages::validation(problem.to_string()),
        }
    }
}

/// The name of a parameter, and whether the request has it.
pub type Given = (&'static str, bool);

/// Refuses expression parameters and legacy parameters in one request.
pub fn not_mixed(wording: Wording, legacy: &[Given], expressions: &[Given]) -> Result<(), Error> {
    let given = |parameters: &[Given]| -> Vec<&'static str> {
        parameters.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect()
    };
    let (legacy, expressions) = (given(legacy), given(expressions));
    if legacy.is_empty() || expressions.is_empty() {
        return Ok(());
    }
    Err(wording.refuse(messages::text::mixed_parameters(&legacy, &expressions)))
}

/// The substitution variables of a request.
#[derive(Clone, Copy)]
pub struct Variables<'a> {
    /// `ExpressionAttributeNames`.
    pub names: Option<&'a Map<'a, Cow<'a, str>>>,
    /// `ExpressionAttributeValues`; `None` too for operations that have no such parameter.
    pub values: Option<&'a Item<'a>>,
}

impl<'a> Variables<'a> {
    /// Refuses variables in a request without an expression that could use them. `with_values` are the expressions in which values may
    /// stand, `all` are all expressions; the request has none of them where they are `false`.
    pub fn not_without(&self, wording: Wording, all: &[Given], with_values: &[Given]) -> Result<(), Error> {
        let none = |parameters: &[Given]| parameters.iter().all(|(_, given)| !given);
        if self.names.is_some() && none(all) {
            return Err(wording.refuse(messages::text::names_without_expression()));
        }
        if self.values.is_some() && none(with_values) {
            let names: Vec<&str> = with_values.iter().map(|(name, _)| *name).collect();
            return Err(wording.refuse(match wording {
                Wording::Enveloped => messages::text::values_without_expression(&[]),
                Wording::Bare => messages::text::values_without_expression(&names),
            }));
        }
        Ok(())
    }

    /// Checks the variables themselves, for the expressions to be parsed with.
    pub fn placeholders(&self, wording: Wording) -> Result<Placeholders<'a>, Error> {
        let names = self.names.map(Map::as_slice);
        if let Some(names) = names {
            Placeholders::check_names(names).map_err(|problem| wording.refuse(problem))?;
        }
        if let Some(values) = self.values {
            Placeholders::check_values(values).map_err(|problem| wording.refuse(problem))?;
        }
        Ok(Placeholders::new(names.unwrap_or_default(), self.values))
    }
}

/// Refuses wrong attribute values, the first of the request.
pub fn no_faults(wording: Wording, faults: &ValueFaults, layer: Layer) -> Result<(), Error> {
    match faults.first() {
        Some(located) => Err(wording.refuse(located.fault.words(layer))),
        None => Ok(()),
    }
}

/// Refuses wrong attribute values in one action of a transaction, before its expressions are parsed. Transactions word them in the older
/// way, as most Regions do, and those among expression values with their placeholder (captures of October 2026). A key that is too deep is
/// told only behind the expressions: [`no_deep_key_in_element`].
pub fn no_faults_in_element(faults: &ValueFaults, element: usize) -> Result<(), Error> {
    let Some(located) = faults.in_element(element).find(|located| !is_deep_key(located)) else { return Ok(()) };
    let words = located.fault.words(Layer::Older);
    Err(Wording::Bare.refuse(match located.holder {
        "ExpressionAttributeValues" => messages::text::invalid_placeholder_value(&words, &located.key),
        _ => words,
    }))
}

/// Refuses a key that is too deep in one action of a transaction. What is wrong with the action's expressions comes before (captures of
/// October 2026, conformance suite, `deepRequests`); sets that are wrong in a key and names that are empty come before both (captured by
/// dynoxide, October 2026).
pub fn no_deep_key_in_element(faults: &ValueFaults, element: usize) -> Result<(), Error> {
    match faults.in_element(element).find(|located| is_deep_key(located)) {
        Some(located) => Err(Wording::Bare.refuse(located.fault.words(Layer::Older))),
        None => Ok(()),
    }
}

fn is_deep_key(located: &LocatedFault) -> bool {
    located.holder == "Key" && located.fault == ValueFault::TooDeep
}

/// The projection of an operation that reads whole items and has no other expression: an expression, or `AttributesToGet`.
pub fn read_projection<'a>(
    wording: Wording,
    attributes_to_get: Option<&'a [Cow<'a, str>]>,
    expression: Option<&'a str>,
    variables: Variables<'a>,
) -> Result<Option<Projection<'a>>, Error> {
    let legacy =
        attributes_to_get.map(|names| legacy::attributes_to_get(&names.iter().map(Cow::as_ref).collect::<Vec<_>>()));
    let legacy = legacy.transpose().map_err(|problem| wording.refuse(problem))?;
    let placeholders = variables.placeholders(wording)?;
    let projection = parsed(wording, expression.map(|text| parse_projection(text, &placeholders)))?;
    all_used(wording, &placeholders)?;
    Ok(projection.or(legacy))
}

/// The result of parsing an optional expression, with the operation's wording.
pub fn parsed<T>(wording: Wording, result: Option<Result<T, ExpressionError>>) -> Result<Option<T>, Error> {
    result.transpose().map_err(|problem| wording.refuse(problem))
}

/// Refuses variables that no expression used; to be called when all expressions are parsed.
pub fn all_used(wording: Wording, placeholders: &Placeholders<'_>) -> Result<(), Error> {
    placeholders.check_used().map_err(|problem| wording.refuse(problem))
}
