//! DescribeTable.

use crate::context::Context;
use crate::tables::description::{self, View};
use crate::tables::{change, status};
use api::{Decoded, DescribeTableInput, DescribeTableOutput, Error, messages};
use model::arn::TableReference;

/// Describes a table.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<DescribeTableInput<'_>>,
) -> Result<DescribeTableOutput<'static>, Error> {
    let input = &request.input;
    let engine = context.engine;
    let absent = || messages::table_not_found(TableReference::parse(&input.table_name).name());
    let table = change::read(context, &input.table_name).await?.ok_or_else(absent)?.descriptor;
    let now_ms = engine.now_ms();
    let status = status::of_table(&table, now_ms).ok_or_else(absent)?;
    let counts = description::counts(context, &table).await?;
    let view = View { table: &table, status, now_ms, settings: &engine.settings, counts: &counts };
    Ok(DescribeTableOutput { table: Some(view.describe()) })
}
