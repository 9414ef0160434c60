//! TransactGetItems: items of any tables by their keys, all as of one moment.
//!
//! A wrong key cancels the transaction with the reason of each action, an empty key value too; everything else that is wrong refuses the
//! request (conformance suite, captures of October 2026).

use super::sums::Sums;
use crate::capacity::{Axis, Consumed};
use crate::checks::{self, Variables, Wording};
use crate::context::Context;
use crate::effects::ItemKey;
use crate::{key, plan, transaction, write};
use api::{Decoded, Error, Get, ItemResponse, TransactGetItemsInput, TransactGetItemsOutput, messages};
use bytes::Bytes;
use expression::Projection;
use layout::ItemRecord;
use model::{EncodedItem, Table, limits};

const WORDING: Wording = Wording::Bare;

/// Answers a TransactGetItems.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<TransactGetItemsInput<'a>>,
) -> Result<TransactGetItemsOutput<'a>, Error> {
    let input = &request.input;
    let projections = check(request)?;
    let gets = || input.transact_items.iter().map(|item| &item.get);
    let mut keys = Vec::with_capacity(input.transact_items.len());
    let mut tables = Vec::with_capacity(input.transact_items.len());
    for (get, projection) in gets().zip(&projections) {
        let table = context.table(&get.table_name).await?;
        keys.push(key_of(&table.descriptor, get, projection.as_ref()));
        tables.push(table);
    }
    let keys = transaction::uncancelled(keys)?;
    transaction::expect_distinct(keys.iter())?;
    let keys: Vec<Bytes> = keys.into_iter().map(|key| key.bytes).collect();
    let mut sums = Sums::default();
    let mut responses = Vec::with_capacity(keys.len());
    let mut total = 0;
    let reads = tables.iter().zip(keys.iter().zip(context.get_many(&keys).await?));
    for ((get, projection), (table, (key, stored))) in gets().zip(&projections).zip(reads) {
        let record = stored.map(|stored| write::decode(key, &stored)).transpose()?;
        let size = record.as_ref().map_or(0, |record| record.size);
        total += size;
        let consumed = Consumed::transactional_read(size);
        table.was_read(key, consumed.table_units());
        sums.add(&get.table_name, &consumed, None);
        responses.push(ItemResponse { item: record.and_then(|record| answered(record, projection.as_ref())) });
    }
    if total > limits::TRANSACTION_SIZE_MAX {
        return Err(messages::transaction_too_large());
    }
    let consumed_capacity = sums.consumed(Axis::Read, input.return_consumed_capacity);
    Ok(TransactGetItemsOutput { consumed_capacity, responses: Some(responses) })
}

/// What is checked before any table is looked up, action by action.
fn check<'a>(request: &'a Decoded<TransactGetItemsInput<'a>>) -> Result<Vec<Option<Projection<'a>>>, Error> {
    let check_get = |(at, item): (usize, &'a api::TransactGetItem<'a>)| {
        let get = &item.get;
        checks::no_faults_in_element(&request.faults, at)?;
        checks::no_deep_key_in_element(&request.faults, at)?;
        let variables = Variables { names: get.expression_attribute_names.as_ref(), values: None };
        let expressions = [("ProjectionExpression", get.projection_expression.is_some())];
        variables.not_without(WORDING, &expressions, &[])?;
        checks::read_projection(WORDING, None, get.projection_expression.as_deref(), variables)
    };
    request.input.transact_items.iter().enumerate().map(check_get).collect()
}

fn key_of(table: &Table, get: &Get<'_>, projection: Option<&Projection<'_>>) -> Result<ItemKey, Error> {
    let key = key::of_key(table, &get.key)?;
    if let Some(projection) = projection {
        plan::check_scalar_keys(table, projection.paths())?;
    }
    Ok(key)
}

/// What is answered of an item; nothing where the projection finds nothing in it (captures of August 2026).
fn answered(record: ItemRecord, projection: Option<&Projection<'_>>) -> Option<EncodedItem> {
    match projection {
        Some(projection) => Some(projection.project(record.item.view())).filter(|item| !item.view().is_empty()),
        None => Some(record.item),
    }
}
