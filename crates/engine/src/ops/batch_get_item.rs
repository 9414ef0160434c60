//! BatchGetItem: items of any tables by their keys.
//!
//! Everything is checked before anything is read, and one bad table refuses the whole batch. All items are read in one call; what does
//! not fit the answer is left to the client as UnprocessedKeys.

use crate::capacity::{Consistency, Consumed, read_units};
use crate::catalog::OpenTable;
use crate::checks::{self, Variables, Wording};
use crate::context::Context;
use crate::effects::ItemKey;
use crate::{key, plan, write};
use api::{BatchGetItemInput, BatchGetItemOutput, Decoded, Error, KeysAndAttributes, Layer, Map, messages};
use bytes::Bytes;
use expression::Projection;
use model::encoded::write_item;
use model::{EncodedItem, limits};
use std::borrow::Cow;
use std::sync::Arc;

const WORDING: Wording = Wording::Bare;

/// For how much of an encoded key there is room at once.
const EXPECTED_KEY_BYTES: usize = 64;

/// The part of a batch that one table answers.
struct TableRead<'a> {
    /// The table as the request named it.
    name: &'a str,
    request: &'a KeysAndAttributes<'a>,
    projection: Option<Projection<'a>>,
    /// Found before the items are read.
    table: Option<Arc<OpenTable>>,
    keys: Vec<ItemKey>,
}

/// Answers a BatchGetItem.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<BatchGetItemInput<'a>>,
) -> Result<BatchGetItemOutput<'a>, Error> {
    let input = &request.input;
    let mut reads = check(request)?;
    for read in &mut reads {
        let table = context.table(read.name).await?;
        read.keys = keys(&table, read)?;
        read.table = Some(table);
    }
    let wanted: Vec<Bytes> = reads.iter().flat_map(|read| &read.keys).map(|key| key.bytes.clone()).collect();
    let mut found = wanted.iter().zip(context.get_many(&wanted).await?);
    let mut output =
        BatchGetItemOutput { responses: Some(Map::new()), unprocessed_keys: Some(Map::new()), consumed_capacity: None };
    let mut room = limits::BATCH_GET_SIZE_MAX;
    for read in &reads {
        let mut answer = TableAnswer::default();
        for (at, (key, stored)) in found.by_ref().take(read.keys.len()).enumerate() {
            let record = stored.map(|stored| write::decode(key, &stored)).transpose()?;
            let size = record.as_ref().map_or(0, |record| record.size);
            if size > room {
                room = 0;
                answer.unprocessed.push(read.request.keys[at].clone());
                continue;
            }
            room -= size;
            let units = read_units(size, Consistency::of(read.request.consistent_read));
            read.table.iter().for_each(|table| table.was_read(key, units));
            answer.consumed.add_table(units);
            answer.items.extend(record.map(|record| read.projected(record.item)));
        }
        read.put_into(&mut output, answer, input);
    }
    Ok(output)
}

/// What one table answers.
#[derive(Default)]
struct TableAnswer<'a> {
    items: Vec<EncodedItem>,
    unprocessed: Vec<model::Item<'a>>,
    consumed: Consumed,
}

impl<'a> TableRead<'a> {
    fn projected(&self, item: EncodedItem) -> EncodedItem {
        match &self.projection {
            Some(projection) => projection.project(item.view()),
            None => item,
        }
    }

    fn put_into(&self, output: &mut BatchGetItemOutput<'a>, answer: TableAnswer<'a>, input: &BatchGetItemInput<'a>) {
        if let (Some(unprocessed), false) = (&mut output.unprocessed_keys, answer.unprocessed.is_empty()) {
            let rest = KeysAndAttributes { keys: answer.unprocessed, ..self.request.clone() };
            unprocessed.push(Cow::Borrowed(self.name), rest);
        }
        if let Some(responses) = &mut output.responses {
            responses.push(Cow::Borrowed(self.name), answer.items);
        }
        if let Some(consumed) = answer.consumed.describe(self.name, input.return_consumed_capacity) {
            output.consumed_capacity.get_or_insert_default().push(consumed);
        }
    }
}

fn check<'a>(request: &'a Decoded<BatchGetItemInput<'a>>) -> Result<Vec<TableRead<'a>>, Error> {
    let tables = &request.input.request_items;
    let any = |given: fn(&KeysAndAttributes<'_>) -> bool| tables.iter().any(|(_, table)| given(table));
    let legacy = [("AttributesToGet", any(|table| table.attributes_to_get.is_some()))];
    let expressions = [("ProjectionExpression", any(|table| table.projection_expression.is_some()))];
    // Refused even across tables: one with the one, another with the other (captures of October 2026).
    checks::not_mixed(WORDING, &legacy, &expressions)?;
    let reads: Vec<_> = tables.iter().map(|(name, request)| check_table(name, request)).collect::<Result<_, _>>()?;
    checks::no_faults(WORDING, &request.faults, Layer::Current)?;
    if reads.iter().any(|read| has_duplicates(&read.request.keys)) {
        return Err(messages::duplicate_keys_in_batch_get());
    }
    if reads.iter().map(|read| read.request.keys.len()).sum::<usize>() > limits::BATCH_GET_KEYS_MAX {
        return Err(messages::too_many_items_in_batch_get());
    }
    Ok(reads)
}

fn check_table<'a>(name: &'a str, request: &'a KeysAndAttributes<'a>) -> Result<TableRead<'a>, Error> {
    let variables = Variables { names: request.expression_attribute_names.as_ref(), values: None };
    let expressions = [("ProjectionExpression", request.projection_expression.is_some())];
    variables.not_without(WORDING, &expressions, &[])?;
    let projection = checks::read_projection(
        WORDING,
        request.attributes_to_get.as_deref(),
        request.projection_expression.as_deref(),
        variables,
    )?;
    Ok(TableRead { name, request, projection, table: None, keys: Vec::new() })
}

/// Whether a key stands twice in a list; keys are compared by their encoded form.
fn has_duplicates(keys: &[model::Item<'_>]) -> bool {
    let mut buffer = Vec::with_capacity(keys.len() * EXPECTED_KEY_BYTES);
    let mut spans = Vec::with_capacity(keys.len());
    for key in keys {
        let begin = buffer.len();
        write_item(key, &mut buffer);
        spans.push(begin..buffer.len());
    }
    let mut encoded: Vec<&[u8]> = spans.into_iter().map(|span| &buffer[span]).collect();
    encoded.sort_unstable();
    encoded.windows(2).any(|pair| pair[0] == pair[1])
}

fn keys(table: &Arc<OpenTable>, read: &TableRead<'_>) -> Result<Vec<ItemKey>, Error> {
    let keys = read.request.keys.iter().map(|key| key::of_key(&table.descriptor, key)).collect::<Result<_, _>>()?;
    if let Some(projection) = &read.projection {
        plan::check_scalar_keys(&table.descriptor, projection.paths())?;
    }
    Ok(keys)
}
