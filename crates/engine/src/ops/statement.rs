//! What the operations on PartiQL statements share: from a statement to the reads and the write that other operations have too.
//!
//! ```text
//! text -> partiql::Statement -> SELECT: target, reads (ranges of keys), or one key -> pages of a plan
//!                            -> INSERT, UPDATE, DELETE, EXISTS: an ItemWrite
//! ```
//!
//! Of a SELECT the table is looked up before the statement is understood to the end: that an index cannot be read by statements at all
//! is told before anything but what cannot be read (captures of October 2026).

pub(super) mod next_token;
pub(super) mod point;
pub(super) mod reads;
pub(super) mod select;
pub(super) mod write;

use crate::catalog::OpenTable;
use crate::checks::Wording;
use crate::context::Context;
use api::{Error, Layer, LocatedFault, messages};
use layout::{Digest, KeyValue};
use model::{AttributeValue, KeyAttribute, Table};
use partiql::{Filter, OneOfOne, Operation, Pins, Statement};
use std::sync::Arc;

/// The surface that a statement came through; they word some refusals differently.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Surface {
    /// ExecuteStatement.
    Single,
    /// BatchExecuteStatement.
    Batch,
    /// ExecuteTransaction.
    Transaction,
}

/// The generation of words that DynamoDB has for the values of parameters.
pub(super) const LAYER: Layer = Layer::Older;

/// What is wrong with a statement by itself.
pub(super) fn refuse(problem: impl std::fmt::Display) -> Error {
    Wording::Bare.refuse(problem)
}

/// The statement of a text. Wrong values among its parameters are told before the text is looked at (captures of September 2026).
pub(super) fn parse<'a>(text: &'a str, fault: Option<&LocatedFault>) -> Result<Statement<'a>, Error> {
    match fault {
        Some(located) => Err(refuse(located.fault.words(LAYER))),
        None => partiql::parse(text).map_err(refuse),
    }
}

/// Adds the parameters of a statement to what the statement is known by.
pub(super) fn add_parameters(digest: &mut Digest, parameters: &[AttributeValue<'_>]) {
    digest.add(&parameters.len().to_le_bytes());
    for parameter in parameters {
        let mut bytes = Vec::new();
        model::encoded::write_value(parameter, &mut bytes);
        digest.add(&bytes);
    }
}

/// The values that a WHERE clause gives the attributes of a table's key.
pub(super) fn pins<'s>(filter: Option<&Filter<'s>>, table: &Table, one_of_one: OneOfOne) -> Pins<'s> {
    let names: Vec<&str> = table.key_schema.attributes().map(|attribute| attribute.name.as_str()).collect();
    Pins::of(filter, &names, one_of_one)
}

/// Refuses a value of another type than the key's attribute has.
pub(super) fn expect_kind(attribute: &KeyAttribute, value: &AttributeValue<'_>) -> Result<(), Error> {
    match KeyValue::of(value) {
        Some(value) if value.kind() == attribute.kind => Ok(()),
        Some(_) => Err(messages::key_condition_type(&attribute.name)),
        None => Err(messages::key_value_type(&attribute.name, value.attribute_type())),
    }
}

/// A SELECT, given its parameters, and its table.
pub(super) async fn open_select<'s>(
    context: &Context<'_>,
    statement: &'s Statement<'s>,
    parameters: &'s [AttributeValue<'s>],
) -> Result<(Arc<OpenTable>, partiql::Select<'s>), Error> {
    let found = context.own_table(statement.source().table).await;
    if let Ok(table) = &found {
        expect_simple_key(table, statement)?;
    }
    match statement.lower(parameters).map_err(refuse)? {
        Operation::Select(select) => Ok((found?, select)),
        _ => Err(messages::internal_server_error()),
    }
}

/// Refuses to read an index whose key has several partition or sort attributes.
pub(super) fn expect_simple_key(table: &OpenTable, statement: &Statement<'_>) -> Result<(), Error> {
    let index = statement.source().index.and_then(|name| table.descriptor.index(name));
    match index {
        Some(index) if index.key_schema.partition.len() > 1 || index.key_schema.sort.len() > 1 => {
            Err(messages::select_of_multi_attribute_key())
        }
        _ => Ok(()),
    }
}
