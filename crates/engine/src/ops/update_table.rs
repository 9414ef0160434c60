//! UpdateTable.

use crate::context::Context;
use crate::partitions::sizes::Sizes;
use crate::tables::description::{self, View};
use crate::tables::update::{self, Request};
use crate::tables::{change, removal, status};
use api::{Decoded, Error, UpdateTableInput, UpdateTableOutput, messages};
use model::Table;
use model::arn::TableReference;
use model::table::Status;
use storage::Batch;

/// Changes a table.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<UpdateTableInput<'_>>,
) -> Result<UpdateTableOutput<'static>, Error> {
    let input = &request.input;
    let engine = context.engine;
    update::check(input)?;
    let now_ms = engine.now_ms();
    let transition = engine.transition(Status::Updating);
    let absent = || messages::table_not_found(TableReference::parse(&input.table_name).name());
    let sizes = sizes(context, input).await?;
    let settings = &engine.settings;
    let master_key = settings.master_key.as_ref();
    let target = change::Target { reference: &input.table_name, absent };
    let changed = change::commit(context, target, |table| {
        plan(&Request { input, table, now_ms, transition, sizes: &sizes, master_key })
    })
    .await?;
    if changed.table.indexes.iter().any(status::is_changing) {
        engine.start_job(&changed.table);
    }
    let counts = description::counts(context, &changed.table).await?;
    let view = View { table: &changed.table, status: changed.status, now_ms, settings, counts: &counts };
    Ok(UpdateTableOutput { table_description: Some(view.describe()) })
}

/// How large the partitions are, where the request may divide them.
async fn sizes(context: &Context<'_>, input: &UpdateTableInput<'_>) -> Result<Sizes, Error> {
    if input.provisioned_throughput.is_none() && input.warm_throughput.is_none() {
        return Ok(Sizes::default());
    }
    match change::read(context, &input.table_name).await? {
        Some(table) => Sizes::of(&context.scan(Sizes::scan(&table.descriptor)).await?),
        None => Ok(Sizes::default()),
    }
}

/// The table as the answer describes it.
struct Changed {
    table: Table,
    status: Status,
}

/// The commit, and what is answered. DynamoDB answers a change with the throughput that the table had, and its status UPDATING.
fn plan(request: &Request<'_>) -> Result<(Batch, Changed), Error> {
    let next = update::plan(request)?;
    if next.table == *request.table {
        let status = status::of_table(&next.table, request.now_ms).unwrap_or(Status::Active);
        return Ok((Batch::new(), Changed { table: next.table, status }));
    }
    let mut batch = next.batch;
    removal::of_indexes(&next.table, &next.remove_indexes, &mut batch)?;
    let same_mode = next.table.billing_mode == request.table.billing_mode;
    let throughput = if same_mode { request.table.throughput } else { next.table.throughput };
    Ok((batch, Changed { table: Table { throughput, ..next.table }, status: Status::Updating }))
}
