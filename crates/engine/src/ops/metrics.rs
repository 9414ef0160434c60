//! ItemCollectionMetrics: how large the items of one partition key, with their entries in local indexes, are together.

use crate::context::Context;
use crate::effects::ItemKey;
use crate::error::corrupted;
use crate::write::Written;
use api::{Error, ItemCollectionMetrics, ReturnItemCollectionMetrics};
use layout::{keys, record};
use model::{Item, Table};
use std::borrow::Cow;

const GIGABYTE: i64 = 1024 * 1024 * 1024;

/// The metrics of the collection that a write touched, if they were asked for and the table has local indexes. A collection without items
/// has them too (dynoxide; not confirmed on AWS), so the key is that of the request: of its item or of its key.
pub async fn of_write(
    context: &Context<'_>,
    (written, requested): (&Written, &Item<'_>),
    wanted: Option<ReturnItemCollectionMetrics>,
) -> Result<Option<ItemCollectionMetrics<'static>>, Error> {
    let table = &written.table.descriptor;
    if wanted != Some(ReturnItemCollectionMetrics::Size) || !table.has_local_index() {
        return Ok(None);
    }
    let size = collection_size(context, table, &written.key).await?;
    let whole = size / GIGABYTE;
    let of_key = |attribute: &model::KeyAttribute| {
        let value = requested.get(&attribute.name)?.clone().into_owned();
        Some((Cow::Owned(attribute.name.clone()), value))
    };
    let key = table.key_schema.partition.iter().filter_map(of_key).collect();
    Ok(Some(ItemCollectionMetrics {
        item_collection_key: Some(Item::from_pairs(key)),
        size_estimate_range_gb: Some(vec![whole as f64, (whole + 1) as f64]),
    }))
}

/// The size of the collection that an item belongs to, in bytes.
pub async fn collection_size(context: &Context<'_>, table: &Table, key: &ItemKey) -> Result<i64, Error> {
    let counter = keys::collection(table.number, key.partition());
    match context.get(&counter).await? {
        Some(stored) => record::decode_counter(&stored.value).map_err(|_| corrupted(&counter)),
        None => Ok(0),
    }
}
