//! DeleteTable.

use crate::context::Context;
use crate::tables::description::{self, View};
use crate::tables::{change, removal, status};
use api::{Decoded, DeleteTableInput, DeleteTableOutput, Error, messages};
use model::Table;
use model::arn::TableReference;
use model::table::Status;
use storage::Batch;

/// Deletes a table with all its items and indexes: at once, or marks it so that it goes when its time has come.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<DeleteTableInput<'_>>,
) -> Result<DeleteTableOutput<'static>, Error> {
    let input = &request.input;
    let engine = context.engine;
    let now_ms = engine.now_ms();
    let transition = engine.transition(Status::Deleting);
    let absent = || messages::table_not_found(TableReference::parse(&input.table_name).name());
    let described = change::read(context, &input.table_name).await?.ok_or_else(absent)?;
    let counts = description::counts(context, &described.descriptor).await?;
    let target = change::Target { reference: &input.table_name, absent };
    let table = change::commit(context, target, |table| {
        refuse(table, now_ms)?;
        let deleted = Table { transition, ..table.clone() };
        let mut batch = Batch::new();
        match transition {
            Some(_) => change::set(&mut batch, &deleted)?,
            None => batch = removal::of_table(table, now_ms)?,
        }
        Ok((batch, deleted))
    })
    .await?;
    if table.transition.is_some() {
        engine.start_job(&table);
    }
    let view = View { table: &table, status: Status::Deleting, now_ms, settings: &engine.settings, counts: &counts };
    // The answer does not mention the indexes (recorded by dynalite).
    let table_description =
        api::TableDescription { local_secondary_indexes: None, global_secondary_indexes: None, ..view.describe() };
    Ok(DeleteTableOutput { table_description: Some(table_description) })
}

fn refuse(table: &Table, now_ms: i64) -> Result<(), Error> {
    status::refuse_in_transition(table, now_ms)?;
    if table.indexes.iter().any(status::is_changing) {
        return Err(messages::table_in_use(&table.name, "updated"));
    }
    if table.deletion_protection { Err(messages::deletion_protected()) } else { Ok(()) }
}
