//! BatchExecuteStatement: PartiQL statements on one item each, all reads or all writes.
//!
//! Each statement stands for itself: one that fails is answered with its error, and the others are carried out. Reads are made at one
//! point, writes one after the other. A write that was run and failed is charged what it attempted, beside the units of the table and its
//! indexes, where another statement on its table succeeded (dynoxide, captured August 2026).

use super::statement::point::PointRead;
use super::statement::write::{Planned, Writing};
use super::statement::{Surface, open_select, parse};
use super::sums::Sums;
use crate::capacity::{Axis, Consistency, Consumed, read_units, write_units};
use crate::context::Context;
use crate::effects::ItemKey;
use crate::key;
use api::{
    BatchExecuteStatementInput, BatchExecuteStatementOutput, BatchStatementRequest, BatchStatementResponse, Decoded,
    Error, ErrorKind, messages,
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
    let wanted = request.input.return_consumed_capacity;
    let mut sums = Sums::default();
    let responses = if is_read {
        read(context, &members, &mut sums).await?
    } else {
        write(context, &members, (&mut sums, wanted.is_some())).await?
    };
    let consumed = sums.consumed(Axis::Unnamed, wanted);
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
            Err(error) => {
                let told = member.table_name().filter(|_| is_of_key_size(&error));
                failed(error, told)?
            }
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
    (sums, is_charged): (&mut Sums<'a>, bool),
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
                let told = member.table_name().filter(|_| is_of_key_size(&error));
                responses.push(failed(error, told)?);
                continue;
            }
        };
        let table_name = member.table_name();
        responses.push(match context.write_item(write.item_write()).await {
            Ok(written) => {
                sums.add(table_name.unwrap_or_default(), &Consumed::write(&written), None);
                let item = write.returned(&written);
                BatchStatementResponse { error: None, table_name: table_name.map(Cow::Borrowed), item }
            }
            Err(error) => {
                let is_refused_unread = write.updates_key();
                if is_charged && !is_refused_unread {
                    sums.add_failed(table_name.unwrap_or_default(), write_units(write.attempted_size(context).await?));
                }
                // A statement that was run tells its table even if it failed, unless it is invalid (captures of 2026).
                let is_invalid = matches!(error.kind(), ErrorKind::Validation { .. });
                failed(error, table_name.filter(|_| is_refused_unread || !is_invalid))?
            }
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
    let table = context.own_table(statement.source().table).await?;
    writing.plan(Surface::Batch, table)
}

fn expect_distinct<'k>(keys: impl Iterator<Item = &'k ItemKey>) -> Result<(), Error> {
    if key::are_distinct(keys) { Ok(()) } else { Err(messages::duplicate_keys_in_statements()) }
}

/// Whether a key is too large. Such a statement tells its table although it was not run (dynoxide, captured October 2026).
fn is_of_key_size(error: &Error) -> bool {
    [messages::partition_key_too_large(), messages::sort_key_too_large()].contains(error)
}

fn failed(error: Error, table_name: Option<&str>) -> Result<BatchStatementResponse<'_>, Error> {
    let error = messages::batch_statement_error(error)?;
    Ok(BatchStatementResponse { error: Some(error), table_name: table_name.map(Cow::Borrowed), item: None })
}
