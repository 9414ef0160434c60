//! ExecuteTransaction: PartiQL statements on one item each, all reads or all writes, all or nothing.
//!
//! What is wrong with a statement refuses the request and names the statement; a wrong parameter refuses it as it is. A table that is not
//! there, a key that is none of the table's and what only the item tells cancel the transaction, with the reason of each statement. So a
//! statement on a table that is not there is not looked at any further (captures of September and October 2026).

use super::conditional;
use super::statement::point::PointRead;
use super::statement::write::{Planned, Writing};
use super::statement::{LAYER, Surface, add_parameters, expect_simple_key, parse, refuse};
use super::sums::Sums;
use crate::capacity::{Axis, Consumed};
use crate::catalog::OpenTable;
use crate::context::Context;
use crate::transaction::{self, Token, Transaction};
use api::{
    Decoded, Error, ErrorKind, ExecuteTransactionInput, ExecuteTransactionOutput, ItemResponse, ParameterizedStatement,
    messages,
};
use bytes::Bytes;
use layout::Digest;
use layout::keys::Tokened;
use model::{AttributeValue, limits};
use partiql::{Operation, Statement};
use std::sync::Arc;

/// Answers an ExecuteTransaction.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<ExecuteTransactionInput<'a>>,
) -> Result<ExecuteTransactionOutput<'a>, Error> {
    let members = members(request)?;
    if members.iter().any(|member| member.statement.is_read()) {
        read(context, &request.input, &members).await
    } else {
        write(context, &request.input, &members).await
    }
}

/// One statement of a transaction, and what came with it.
struct Member<'a> {
    request: &'a ParameterizedStatement<'a>,
    statement: Statement<'a>,
}

impl<'a> Member<'a> {
    fn parameters(&self) -> &'a [AttributeValue<'a>] {
        self.request.parameters.as_deref().unwrap_or_default()
    }
}

/// The statements, which must be all reads or all writes.
fn members<'a>(request: &'a Decoded<ExecuteTransactionInput<'a>>) -> Result<Vec<Member<'a>>, Error> {
    if let Some(located) = request.faults.first() {
        return Err(refuse(located.fault.words(LAYER)));
    }
    let member = |(at, one): (usize, &'a ParameterizedStatement<'a>)| {
        let statement = parse(&one.statement, None).map_err(|error| messages::in_transact_statement(at, error))?;
        Ok(Member { request: one, statement })
    };
    let members = request.input.transact_statements.iter().enumerate().map(member);
    let members: Vec<Member<'a>> = members.collect::<Result<_, Error>>()?;
    let reads = members.iter().filter(|member| member.statement.is_read()).count();
    if reads > 0 && reads < members.len() { Err(messages::reads_and_writes_in_transaction()) } else { Ok(members) }
}

/// The table of a statement; that there is none cancels the transaction.
async fn table(context: &Context<'_>, member: &Member<'_>) -> Result<Result<Arc<OpenTable>, Error>, Error> {
    match context.own_table(member.statement.source().table).await {
        Err(error) if !matches!(error.kind(), ErrorKind::ResourceNotFound { .. }) => Err(error),
        found => Ok(found),
    }
}

async fn read<'a>(
    context: &Context<'_>,
    input: &'a ExecuteTransactionInput<'a>,
    members: &[Member<'a>],
) -> Result<ExecuteTransactionOutput<'a>, Error> {
    let mut reads = Vec::with_capacity(members.len());
    for (at, member) in members.iter().enumerate() {
        reads.push(match table(context, member).await? {
            Ok(table) => point(member, &table).map_err(|error| messages::in_transact_statement(at, error))?,
            Err(error) => Err(error),
        });
    }
    let reads = transaction::uncancelled(reads)?;
    transaction::expect_distinct(reads.iter().map(|read| &read.key))?;
    let keys: Vec<Bytes> = reads.iter().map(|read| read.key.bytes.clone()).collect();
    let mut sums = Sums::default();
    let mut responses = Vec::with_capacity(reads.len());
    let mut total = 0;
    for ((member, read), stored) in members.iter().zip(&reads).zip(context.get_many(&keys).await?) {
        let found = read.answer(stored)?;
        total += found.size;
        sums.add(member.statement.source().table, &Consumed::transactional_read(found.size), None);
        // Where the columns find nothing in the item nothing is answered, as TransactGetItems does (captures of August 2026).
        responses.push(ItemResponse { item: found.item.filter(|item| !item.view().is_empty()) });
    }
    if total > limits::TRANSACTION_SIZE_MAX {
        return Err(messages::transaction_too_large());
    }
    let consumed_capacity = sums.consumed(Axis::Read, input.return_consumed_capacity);
    Ok(ExecuteTransactionOutput { responses: Some(responses), consumed_capacity })
}

/// The read that a SELECT is. The inner error cancels the transaction, the outer one refuses it.
fn point<'s>(member: &'s Member<'_>, table: &Arc<OpenTable>) -> Result<Result<PointRead<'s>, Error>, Error> {
    expect_simple_key(table, &member.statement)?;
    match member.statement.lower(member.parameters()).map_err(refuse)? {
        Operation::Select(select) => PointRead::alone(table, Surface::Transaction, (&member.statement, &select)),
        _ => Err(messages::internal_server_error()),
    }
}

async fn write<'a>(
    context: &Context<'_>,
    input: &'a ExecuteTransactionInput<'a>,
    members: &[Member<'a>],
) -> Result<ExecuteTransactionOutput<'a>, Error> {
    let mut writes = Vec::with_capacity(members.len());
    for (at, member) in members.iter().enumerate() {
        writes.push(match table(context, member).await? {
            Ok(table) => {
                let writing = writing(member, &table).map_err(|error| messages::in_transact_statement(at, error))?;
                writing.plan(Surface::Transaction, table)
            }
            Err(error) => Err(error),
        });
    }
    transaction::expect_distinct(writes.iter().flatten().map(|write| &write.key))?;
    // Where one names no item by its key, no condition of the others is looked at (captures of October 2026).
    let names_no_item = |(write, member): (&Result<Planned<'_>, Error>, &Member<'_>)| {
        let is_invalid = |error: &Error| matches!(error.kind(), ErrorKind::Validation { .. });
        !member.statement.is_insert() && write.as_ref().err().is_some_and(is_invalid)
    };
    if writes.iter().zip(members).any(names_no_item) {
        return Err(transaction::cancelled(writes));
    }
    let actions = writes.iter().map(|write| write.as_ref().map(Planned::item_write).map_err(Clone::clone)).collect();
    let token = input.client_request_token.as_deref();
    let token = token.map(|text| Token { operation: Tokened::ExecuteTransaction, text, digest: digest(members) });
    let (axis, consumed) = context.transact(Transaction { actions, token }).await?.consumed();
    let mut sums = Sums::default();
    for (member, consumed) in members.iter().zip(&consumed) {
        sums.add(member.statement.source().table, consumed, None);
    }
    let consumed_capacity = sums.consumed(axis, input.return_consumed_capacity);
    // Writes answer an empty list (captures of October 2026).
    Ok(ExecuteTransactionOutput { responses: Some(Vec::new()), consumed_capacity })
}

/// The write that a statement is, with what refuses the transaction.
fn writing<'s>(member: &'s Member<'_>, table: &OpenTable) -> Result<Writing<'s>, Error> {
    let Member { request, statement } = member;
    if statement.is_exists() && statement.source().index.is_some() {
        return Err(messages::select_from_index_in_transaction());
    }
    let writing = Writing::of(statement, member.parameters(), request.return_values_on_condition_check_failure)?;
    if statement.returning().is_some() {
        return Err(messages::returning_in_transaction());
    }
    writing.check_exists(&table.descriptor)?;
    writing.check_key_values(&table.descriptor)?;
    Ok(writing)
}

/// The digest by which a request with a token is recognized: of its statements as they are written, and of their parameters.
fn digest(members: &[Member<'_>]) -> u128 {
    let mut digest = Digest::default();
    for member in members {
        digest.add(member.statement.text().as_bytes());
        digest.add(&[conditional::told_by(member.request.return_values_on_condition_check_failure)]);
        add_parameters(&mut digest, member.parameters());
    }
    digest.finish()
}
