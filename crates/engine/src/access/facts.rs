//! What the condition keys of a request hold: the values of partition keys, and the attributes that its parameters name.

use crate::checks::Variables;
use api::{ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure, Select};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use expression::{ExpressionKind, Placeholders, parse_condition, parse_projection, parse_update};
use model::{AttributeValue, Item, KeySchema};
use std::borrow::Cow;

/// Which facts some policy asks for. What is not wanted is not worked out: it takes expressions apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// `dynamodb:LeadingKeys` and `dynamodb:FirstPartitionKeyValues` to `FourthPartitionKeyValues`.
    pub keys: bool,
    /// `dynamodb:Attributes`.
    pub attributes: bool,
}

impl Wanted {
    /// All of them.
    pub const ALL: Self = Self { keys: true, attributes: true };
}

/// What condition keys hold, as text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// For each attribute of the partition key the values that the request names, in the schema's order. The first are
    /// `dynamodb:LeadingKeys`.
    pub partition_values: Vec<Vec<String>>,
    /// `dynamodb:Attributes`: the top-level attributes that the request's parameters name, key attributes included.
    pub attributes: Vec<String>,
    /// `dynamodb:Select`; always there for reads.
    pub select: Option<&'static str>,
    /// `dynamodb:ReturnValues`; always there for writes.
    pub return_values: Option<&'static str>,
    /// `dynamodb:ReturnConsumedCapacity`.
    pub return_consumed_capacity: Option<&'static str>,
    /// `dynamodb:EnclosingOperation`: the transaction that the action is a part of.
    pub enclosing_operation: Option<&'static str>,
    /// `dynamodb:FullTableScan`, of a statement that reads.
    pub full_table_scan: Option<bool>,
    /// `aws:RequestTag/...`: the tags that the request sets.
    pub request_tags: Vec<(String, String)>,
    /// `aws:TagKeys`: the keys of the tags that the request sets or removes.
    pub tag_keys: Vec<String>,
}

impl Facts {
    /// Those that every read has.
    pub(super) fn of_read(select: Select, capacity: Option<ReturnConsumedCapacity>) -> Self {
        let return_consumed_capacity = capacity.map(ReturnConsumedCapacity::name);
        Self { select: Some(select.name()), return_consumed_capacity, ..Self::default() }
    }

    /// Those that every write has.
    pub(super) fn of_write(
        returned: Option<ReturnValue>,
        on_failure: Option<ReturnValuesOnConditionCheckFailure>,
        capacity: Option<ReturnConsumedCapacity>,
    ) -> Self {
        let return_values = Some(most_returned(returned.unwrap_or(ReturnValue::None).name(), on_failure));
        let return_consumed_capacity = capacity.map(ReturnConsumedCapacity::name);
        Self { return_values, return_consumed_capacity, ..Self::default() }
    }

    /// Takes the values that an item gives the attributes of a partition key.
    pub(super) fn add_key(&mut self, schema: Option<&KeySchema>, item: &Item<'_>) {
        let Some(schema) = schema else { return };
        for (at, attribute) in schema.partition.iter().enumerate() {
            if let Some(value) = item.get(&attribute.name) {
                self.add_value(at, value);
            }
        }
    }

    /// Takes one value of the partition key's attribute of this number.
    pub(super) fn add_value(&mut self, at: usize, value: &AttributeValue<'_>) {
        if let Some(text) = text_of(value) {
            if self.partition_values.len() <= at {
                self.partition_values.resize(at + 1, Vec::new());
            }
            let values = &mut self.partition_values[at];
            if !values.contains(&text) {
                values.push(text);
            }
        }
    }

    /// Takes an attribute.
    pub(super) fn add_attribute(&mut self, name: &str) {
        if !self.attributes.iter().any(|known| known == name) {
            self.attributes.push(name.to_owned());
        }
    }

    /// Takes the attributes of an item or a key.
    pub(super) fn add_attributes_of(&mut self, item: &Item<'_>) {
        item.iter().for_each(|(name, _)| self.add_attribute(name));
    }

    /// Takes the attributes of a list of names.
    pub(super) fn add_names(&mut self, names: Option<&[Cow<'_, str>]>) {
        names.unwrap_or_default().iter().for_each(|name| self.add_attribute(name));
    }

    /// Takes the attributes that expressions name.
    pub(super) fn add_expressions(&mut self, expressions: &[(ExpressionKind, Option<&str>)], variables: Variables<'_>) {
        let placeholders = Placeholders::new(variables.names.map_or(&[], api::Map::as_slice), variables.values);
        for (kind, text) in expressions.iter().filter_map(|(kind, text)| Some((*kind, (*text)?))) {
            self.add_expression(kind, text, &placeholders);
        }
    }

    fn add_expression(&mut self, kind: ExpressionKind, text: &str, placeholders: &Placeholders<'_>) {
        match kind {
            ExpressionKind::Projection => {
                if let Ok(projection) = parse_projection(text, placeholders) {
                    projection.attributes().for_each(|name| self.add_attribute(name));
                }
            }
            ExpressionKind::Update => {
                if let Ok(update) = parse_update(text, placeholders) {
                    update.paths().iter().for_each(|path| self.add_attribute(path.attribute()));
                }
            }
            ExpressionKind::Condition | ExpressionKind::Filter | ExpressionKind::KeyCondition => {
                if let Ok(condition) = parse_condition(kind, text, placeholders) {
                    condition.paths().iter().for_each(|path| self.add_attribute(path.attribute()));
                }
            }
        }
    }
}

/// What `dynamodb:ReturnValues` holds: the more telling of what is returned when the write succeeds and what is when its condition fails.
/// AWS does not say that the latter is asked about. If it were not, whoever may have back only what they changed would have all of an
/// item by a condition that fails.
pub(super) fn most_returned(
    returned: &'static str,
    on_failure: Option<ReturnValuesOnConditionCheckFailure>,
) -> &'static str {
    match on_failure {
        // The new item tells as much as the old one.
        Some(ReturnValuesOnConditionCheckFailure::AllOld) if returned != ReturnValue::AllNew.name() => {
            ReturnValue::AllOld.name()
        }
        _ => returned,
    }
}

/// A key's value as policies compare it: numbers in their shortest form, binary values in base64.
fn text_of(value: &AttributeValue<'_>) -> Option<String> {
    match value {
        AttributeValue::S(text) => Some(text.clone().into_owned()),
        AttributeValue::N(number) => Some(number.to_string()),
        AttributeValue::B(bytes) => Some(STANDARD.encode(bytes)),
        _ => None,
    }
}
