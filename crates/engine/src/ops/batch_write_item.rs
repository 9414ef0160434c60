//! BatchWriteItem: puts and deletes in any tables.
//!
//! DynamoDB writes the parts of a batch one by one; here they go into one commit, which is cheaper and never leaves a part behind. So
//! there are never UnprocessedItems, but the member is always there: SDKs rely on it.

use super::sums::Sums;
use crate::capacity::{Axis, Consumed};
use crate::catalog::OpenTable;
use crate::checks::{self, Wording};
use crate::context::Context;
use crate::effects::{self, ItemKey};
use crate::item_size;
use crate::key::{self, Origin};
use crate::ops::metrics;
use crate::write::{Decide, ItemWrite, Next};
use api::{BatchWriteItemInput, BatchWriteItemOutput, Decoded, Error, Layer, Map, WriteRequest, messages};
use model::{EncodedItem, Item, Table, limits};
use std::collections::HashSet;

const WORDING: Wording = Wording::Bare;

/// One request of a batch.
#[derive(Clone, Copy)]
enum Action<'a> {
    Put(&'a Item<'a>),
    Delete(&'a Item<'a>),
}

/// Answers a BatchWriteItem.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<BatchWriteItemInput<'a>>,
) -> Result<BatchWriteItemOutput<'a>, Error> {
    let input = &request.input;
    let actions = check(request)?;
    let mut writes = Vec::with_capacity(actions.len());
    for (name, actions) in &actions {
        let table = context.table(name).await?;
        for action in actions {
            let key = action.key(&table.descriptor)?;
            writes.push(ItemWrite { decide: action.decide(&table)?, table: table.clone(), key });
        }
    }
    let mut seen = HashSet::with_capacity(writes.len());
    if !writes.iter().all(|write| seen.insert(write.key.bytes.clone())) {
        return Err(messages::duplicate_keys_in_batch_write());
    }
    let mut written = context.write_items(writes).await?.into_iter();
    let mut sums = Sums::default();
    for (name, actions) in &actions {
        for (action, written) in actions.iter().zip(written.by_ref()) {
            let requested = (&written, action.requested());
            let metrics = metrics::of_write(context, requested, input.return_item_collection_metrics).await?;
            sums.add(name, &Consumed::write(&written), metrics);
        }
    }
    Ok(BatchWriteItemOutput {
        unprocessed_items: Some(Map::new()),
        consumed_capacity: sums.consumed(Axis::Unnamed, input.return_consumed_capacity),
        item_collection_metrics: sums.collections(),
    })
}

/// What is checked before any table is looked up.
fn check<'a>(request: &'a Decoded<BatchWriteItemInput<'a>>) -> Result<Vec<(&'a str, Vec<Action<'a>>)>, Error> {
    let tables = &request.input.request_items;
    let actions = |(name, requests): (&'a str, &'a Vec<WriteRequest<'a>>)| {
        let actions = requests.iter().map(Action::of).collect::<Result<Vec<_>, _>>()?;
        Ok((name, actions))
    };
    let actions = tables.iter().map(actions).collect::<Result<Vec<_>, Error>>()?;
    checks::no_faults(WORDING, &request.faults, Layer::Older)?;
    for action in actions.iter().flat_map(|(_, actions)| actions) {
        if let Action::Put(item) = action {
            item_size::check(model::size::item(item))?;
        }
    }
    if actions.iter().map(|(_, actions)| actions.len()).sum::<usize>() > limits::BATCH_WRITE_REQUESTS_MAX {
        return Err(messages::too_many_items_in_batch_write());
    }
    Ok(actions)
}

impl<'a> Action<'a> {
    fn of(request: &'a WriteRequest<'a>) -> Result<Self, Error> {
        match (&request.put_request, &request.delete_request) {
            (Some(put), None) => Ok(Self::Put(&put.item)),
            (None, Some(delete)) => Ok(Self::Delete(&delete.key)),
            _ => Err(messages::write_request_without_one_action()),
        }
    }

    /// What the request names: an item or a key.
    fn requested(self) -> &'a Item<'a> {
        let (Self::Put(named) | Self::Delete(named)) = self;
        named
    }

    /// The item's key. A put without the key's attributes, or with others than the schema's types, is told as a bad key here (captures
    /// of October 2026), not as PutItem tells it.
    fn key(self, table: &Table) -> Result<ItemKey, Error> {
        match self {
            Self::Put(item) => key::of_present(table, item),
            Self::Delete(key) => key::of_key(table, key),
        }
    }

    fn decide(self, table: &OpenTable) -> Result<Decide<'a>, Error> {
        let Self::Put(item) = self else { return Ok(Box::new(|_, _| Ok(Next::Delete))) };
        let record = effects::record(EncodedItem::from_item(item));
        let check = move |table: &Table, record: &layout::ItemRecord| {
            key::check_index_keys(table, record.item.view(), Origin::Item, |_| true)?;
            item_size::check_put(table, record)
        };
        check(&table.descriptor, &record)?;
        Ok(Box::new(move |table, _| {
            check(&table.descriptor, &record)?;
            Ok(Next::Put(record.clone()))
        }))
    }
}
