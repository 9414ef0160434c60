//! BatchExecuteStatement: PartiQL statements on one item each, all reads or all writes.
//!
//! Each statement stands for itself: one that fails is answered with its error, and the others are carried out. Reads are made at one
//! point, writes one after the other.

use super::statement::point::PointRead;
use super::statement::write::{Planned, Writing};
use super::statement::{Surface, open_select, parse};
use super::sums::Sums;
use crate::capacity::{Axis, Consistency, Consumed, read_units};
use crate::context::Context;
use crate::effects::ItemKey;
use crate::key;
use api::{
    BatchExecuteStatementInput, BatchExecuteStatementOutput, BatchStatementRequest, BatchStatementResponse, Decoded,
    Error, messages,
};
use bytes::Bytes;
use partiql::Statement;
use std::borrow::Cow;

/// Answers a BatchExecuteStatement.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<BatchExecuteStatementInput<'a>>,
) -> Result<BatchExecuteStatementOutput<'a>, Error> {
    let members = members(request)?;
    let is_read = members.iter().flat_map(|member| &member.statement).any(Statement::is_read);
    let mut sums = Sums::default();
    let responses =
        if is_read { read(context, &members, &mut sums).await? } else { write(context, &members, &mut sums).await? };
    let consumed = sums.consumed(Axis::Unnamed, request.input.return_consumed_capacity);
    // Where nothing was carried out nothing is told of capacity (dynoxide, August 2026).
    let consumed_capacity = consumed.filter(|tables| !tables.is_empty());
    Ok(BatchExecuteStatementOutput { responses: Some(responses), consumed_capacity })
}

/// One statement of a batch, and what came with it.
struct Member<'a> {
    request: &'a BatchStatementRequest<'a>,
    statement: Result<Statement<'a>, Error>,
}

impl<'a> Member<'a> {
    fn parameters(&self) -> &'a [model::AttributeValue<'a>] {
        self.request.parameters.as_deref().unwrap_or_default()
    }

    /// The table as the statement names it.
    fn table_name(&self) -> Option<&'a str> {
        self.statement.as_ref().ok().map(|statement| statement.source().table)
    }
}

/// The statements, which must be all reads or all writes as far as they can be read.
fn members<'a>(request: &'a Decoded<BatchExecuteStatementInput<'a>>) -> Result<Vec<Member<'a>>, Error> {
    let member = |(at, one): (usize, &'a BatchStatementRequest<'a>)| Member {
        request: one,
        statement: parse(&one.statement, request.faults.in_element(at).next()),
    };
    let members: Vec<Member<'a>> = request.input.statements.iter().enumerate().map(member).collect();
    let mut kinds = members.iter().flat_map(|member| &member.statement).map(Statement::is_read);
    let first = kinds.next();
    if kinds.any(|kind| Some(kind) != first) { Err(messages::reads_and_writes_in_batch()) } else { Ok(members) }
}

async fn read<'a>(
    context: &Context<'_>,
    members: &[Member<'a>],
    sums: &mut Sums<'a>,
) -> Result<Vec<BatchStatementResponse<'a>>, Error> {
    let mut reads = Vec::with_capacity(members.len());
    for member in members {
        reads.push(point(context, member).await);
    }
    expect_distinct(reads.iter().flatten().map(|read| &read.key))?;
    let keys: Vec<Bytes> = reads.iter().flatten().map(|read| read.key.bytes.clone()).collect();
    let mut stored = context.get_many(&keys).await?.into_iter();
    let mut responses = Vec::with_capacity(members.len());
    for (member, read) in members.iter().zip(reads) {
        responses.push(match read {
            Err(error) => failed(error, None)?,
            Ok(read) => {
                let found = read.answer(stored.next().flatten())?;
                let units = read_units(found.size, Consistency::of(member.request.consistent_read));
                sums.add(member.table_name().unwrap_or_default(), &Consumed::table(units), None);
                BatchStatementResponse {
                    error: None,
                    table_name: member.table_name().map(Cow::Borrowed),
                    item: found.item,
                }
            }
        });
    }
    Ok(responses)
}

async fn point<'s>(context: &Context<'_>, member: &'s Member<'_>) -> Result<PointRead<'s>, Error> {
    let statement = member.statement.as_ref().map_err(Clone::clone)?;
    let (table, select) = open_select(context, statement, member.parameters()).await?;
    PointRead::alone(&table, Surface::Batch, (statement, &select))?
}

async fn write<'a>(
    context: &Context<'_>,
    members: &[Member<'a>],
    sums: &mut Sums<'a>,
) -> Result<Vec<BatchStatementResponse<'a>>, Error> {
    let mut writes = Vec::with_capacity(members.len());
    for member in members {
        writes.push(plan(context, member).await);
    }
    expect_distinct(writes.iter().flatten().map(|write| &write.key))?;
    let mut responses = Vec::with_capacity(members.len());
    for (member, write) in members.iter().zip(writes) {
        let write = match write {
            Ok(write) => write,
            Err(error) => {
                responses.push(failed(error, None)?);
                continue;
            }
        };
        responses.push(match context.write_item(write.item_write()).await {
            Ok(written) => {
                sums.add(member.table_name().unwrap_or_default(), &Consumed::write(&written), None);
                let item = write.returned(&written);
                BatchStatementResponse { error: None, table_name: member.table_name().map(Cow::Borrowed), item }
            }
            // A statement that was run tells its table even if it failed, one that was not run does not (captures of 2026).
            Err(error) => failed(error, member.table_name())?,
        });
    }
    Ok(responses)
}

async fn plan<'s>(context: &Context<'_>, member: &'s Member<'_>) -> Result<Planned<'s>, Error> {
    let statement = member.statement.as_ref().map_err(Clone::clone)?;
    if statement.is_exists() {
        return Err(messages::exists_outside_transaction());
    }
    let on_failure = member.request.return_values_on_condition_check_failure;
    let writing = Writing::of(statement, member.parameters(), on_failure)?;
    let table = context.table(statement.source().table).await?;
    writing.plan(Surface::Batch, table)
}

fn expect_distinct<'k>(keys: impl Iterator<Item = &'k ItemKey>) -> Result<(), Error> {
    if key::are_distinct(keys) { Ok(()) } else { Err(messages::duplicate_keys_in_statements()) }
}

fn failed(error: Error, table_name: Option<&str>) -> Result<BatchStatementResponse<'_>, Error> {
    let error = messages::batch_statement_error(error)?;
    Ok(BatchStatementResponse { error: Some(error), table_name: table_name.map(Cow::Borrowed), item: None })
}
