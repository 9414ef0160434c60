//! The check of the order of expiry: items against their places, places against items.

use super::{Fault, Report};
use crate::expiry;
use crate::walk::Walk;
use bytes::Bytes;
use layout::ItemRecord;
use layout::keys::{self, Space};
use model::Table;
use model::stream::ExpiryStatus;
use storage::{Store, StoreError};

/// Every item has the place that it implies. `places` are those of some items, with the items' keys.
pub(super) async fn check_places(
    store: &dyn Store,
    table: &Table,
    places: Vec<(Bytes, Bytes)>,
    report: &mut Report,
) -> Result<(), StoreError> {
    // Until all are entered some are missing.
    if table.time_to_live.as_ref().is_none_or(|time_to_live| time_to_live.status != ExpiryStatus::Enabled) {
        return Ok(());
    }
    let (item_keys, wanted): (Vec<_>, Vec<_>) = places.into_iter().unzip();
    for (item_key, found) in item_keys.iter().zip(store.get(&wanted).await?) {
        if found.is_none() {
            report.add(Some(table), item_key, Fault::MissingExpiry);
        }
    }
    Ok(())
}

/// Every place is that of an item.
pub(super) async fn check_items(store: &dyn Store, table: &Table, report: &mut Report) -> Result<(), StoreError> {
    if table.time_to_live.is_none() {
        return Ok(());
    }
    if store.get_one(&keys::expiring(table.number)).await?.map(|found| found.value)
        != Some(keys::table(&table.account, &table.name))
    {
        report.add(Some(table), &keys::expiring(table.number), Fault::ExpiringNotListed);
    }
    let mut walk = Walk::new(store, keys::of_table(Space::Expiry, table.number));
    while let Some(page) = walk.next().await? {
        let places: Vec<Bytes> = page.iter().map(|entry| entry.key_bytes()).collect();
        let item_keys: Vec<Bytes> =
            places.iter().map(|place| keys::parse_expiry(place).map_or_else(Bytes::new, |(_, key)| key)).collect();
        let items = store.get(&item_keys).await?;
        for ((place, item_key), item) in places.iter().zip(&item_keys).zip(items) {
            // An item that does not decode was reported when items were checked.
            let record = item.map(|item| ItemRecord::decode(&item.value));
            let implied = match &record {
                Some(Ok(record)) => expiry::place(table, item_key, record),
                Some(Err(_)) => continue,
                None => None,
            };
            if implied.as_ref() != Some(place) {
                report.add(Some(table), place, Fault::StaleExpiry);
            }
        }
    }
    Ok(())
}
