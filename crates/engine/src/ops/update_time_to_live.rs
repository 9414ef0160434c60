//! UpdateTimeToLive: from when on, and by which attribute, a table's items expire, or that they do not any more.
//!
//! DynamoDB lets an hour pass between two changes. Here a table can be changed again as soon as the last change is through.

use crate::context::Context;
use crate::tables::{change, status};
use api::{Decoded, Error, TimeToLiveSpecification, UpdateTimeToLiveInput, UpdateTimeToLiveOutput, messages};
use layout::keys::{self, Space};
use model::Table;
use model::arn::TableReference;
use model::stream::{ExpiryStatus, TimeToLive};
use model::table::Status;
use storage::Batch;

/// Switches the expiry of a table's items on or off.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<UpdateTimeToLiveInput<'a>>,
) -> Result<UpdateTimeToLiveOutput<'a>, Error> {
    let input = &request.input;
    let now_ms = context.engine.now_ms();
    let absent = || messages::table_not_found(TableReference::parse(&input.table_name).name());
    change::own_name(context, &input.table_name).ok_or_else(absent)?;
    let target = change::Target { reference: &input.table_name, absent };
    let wanted = &input.time_to_live_specification;
    let table = change::commit(context, target, |table| {
        match status::of_table(table, now_ms) {
            Some(Status::Creating) => return Err(messages::time_to_live_of_table_in_creation(&table.name)),
            Some(Status::Deleting) => return Err(messages::table_in_use(&table.name, "deleted")),
            Some(Status::Active | Status::Updating) | None => {}
        }
        let next = changed(table, wanted)?;
        let mut batch = Batch::new();
        if next.time_to_live.is_some() {
            // What is left of an earlier order was removed when it was switched off.
            batch.set(keys::expiring(table.number), keys::table(&table.account, &table.name));
        } else {
            let order = keys::of_table(Space::Expiry, table.number);
            batch.delete(keys::expiring(table.number)).delete_range(order.from, order.to);
        }
        change::set(&mut batch, &next)?;
        Ok((batch, next))
    })
    .await?;
    context.engine.start_job(&table);
    Ok(UpdateTimeToLiveOutput { time_to_live_specification: Some(wanted.clone()) })
}

/// The table with its items' expiry switched as the request asks.
fn changed(table: &Table, wanted: &TimeToLiveSpecification<'_>) -> Result<Table, Error> {
    let attribute = wanted.attribute_name.as_ref();
    let time_to_live = match &table.time_to_live {
        Some(current) if current.attribute != attribute => {
            return Err(messages::time_to_live_of_other_attribute(&current.attribute));
        }
        Some(_) if wanted.enabled => return Err(messages::time_to_live_already_enabled()),
        None if !wanted.enabled => return Err(messages::time_to_live_already_disabled()),
        Some(current) if current.status == ExpiryStatus::Enabling => {
            return Err(messages::time_to_live_modified_too_often());
        }
        Some(_) => None,
        None => Some(TimeToLive { attribute: attribute.to_owned(), status: ExpiryStatus::Enabling }),
    };
    Ok(Table { time_to_live, ..table.clone() })
}
