//! ExecuteStatement: one PartiQL statement, a page of a SELECT or the write of one item.

use super::statement::select::{self, Request};
use super::statement::write::Writing;
use super::statement::{Surface, parse};
use crate::capacity::{Consistency, Consumed};
use crate::context::Context;
use api::{Decoded, Error, ExecuteStatementInput, ExecuteStatementOutput, messages};
use partiql::Statement;

/// Answers an ExecuteStatement.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<ExecuteStatementInput<'a>>,
) -> Result<ExecuteStatementOutput<'a>, Error> {
    let statement = parse(&request.input.statement, request.faults.first())?;
    if statement.is_read() {
        read(context, &request.input, &statement).await
    } else {
        write(context, &request.input, &statement).await
    }
}

async fn read<'a>(
    context: &Context<'_>,
    input: &'a ExecuteStatementInput<'a>,
    statement: &Statement<'a>,
) -> Result<ExecuteStatementOutput<'a>, Error> {
    let request = Request {
        parameters: input.parameters.as_deref().unwrap_or_default(),
        consistency: Consistency::of(input.consistent_read),
        limit: input.limit.map(|limit| usize::try_from(limit).unwrap_or_default()),
        next_token: input.next_token.as_deref(),
    };
    let page = select::page(context, statement, request).await?;
    Ok(ExecuteStatementOutput {
        items: Some(page.items),
        next_token: page.next_token.map(Into::into),
        consumed_capacity: page.consumed.describe(statement.source().table, input.return_consumed_capacity),
        last_evaluated_key: page.last_evaluated_key,
    })
}

async fn write<'a>(
    context: &Context<'_>,
    input: &'a ExecuteStatementInput<'a>,
    statement: &Statement<'a>,
) -> Result<ExecuteStatementOutput<'a>, Error> {
    if statement.is_exists() {
        return Err(messages::exists_outside_transaction());
    }
    if input.next_token.is_some() {
        return Err(messages::next_token_of_write());
    }
    let parameters = input.parameters.as_deref().unwrap_or_default();
    let writing = Writing::of(statement, parameters, input.return_values_on_condition_check_failure)?;
    let name = statement.source().table;
    let table = context.own_table(name).await?;
    let planned = writing.plan(Surface::Single, table)?;
    let written = context.write_item(planned.item_write()).await?;
    Ok(ExecuteStatementOutput {
        // A write without RETURNING answers an empty list (captures of October 2026).
        items: Some(planned.returned(&written).into_iter().collect()),
        consumed_capacity: Consumed::write(&written).describe(name, input.return_consumed_capacity),
        ..ExecuteStatementOutput::default()
    })
}
