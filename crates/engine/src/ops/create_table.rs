//! CreateTable.

use crate::context::Context;
use crate::error::corrupted;
use crate::policies::{self, Attached};
use crate::streams::{shards, stored};
use crate::tables::change::Attempt;
use crate::tables::definition::{self, Origin};
use crate::tables::description::View;
use crate::tables::{self, change, encryption, removal, status};
use api::{CreateTableInput, CreateTableOutput, Decoded, Error, messages};
use bytes::Bytes;
use layout::{keys, record};
use model::table::Status;
use model::{PolicyState, Table, limits};
use storage::{Batch, Direction, Scan};

/// How often the creation is planned anew after a conflict with another creation.
const ATTEMPTS_MAX: usize = 100;
/// How many descriptors one read brings while tables are counted.
const PAGE_TABLES: usize = 500;

/// Makes a table.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<CreateTableInput<'_>>,
) -> Result<CreateTableOutput<'static>, Error> {
    let input = &request.input;
    let engine = context.engine;
    let settings = &engine.settings;
    definition::check(input)?;
    encryption::check(input.sse_specification.as_ref(), settings.master_key.as_ref())?;
    let policy = match input.resource_policy.as_deref().map(policies::document::check).transpose()? {
        Some(document) => Some(policies::principals::identify(context, document).await?),
        None => None,
    };
    let table = create(context, input, policy.as_ref()).await?;
    let view = View { table: &table, status: Status::Creating, now_ms: engine.now_ms(), settings, counts: &[] };
    Ok(CreateTableOutput { table_description: Some(view.describe()) })
}

/// Commits the new table, and again if another table was made in between: the number must be nobody else's.
async fn create(
    context: &Context<'_>,
    input: &CreateTableInput<'_>,
    policy: Option<&Attached>,
) -> Result<Table, Error> {
    let (account, name) =
        change::own_name(context, &input.table_name).ok_or_else(|| messages::not_a_table_arn(&input.table_name))?;
    for _ in 0..ATTEMPTS_MAX {
        let counter_key = keys::next_table_number();
        let counter = context.get(&counter_key).await?;
        let last = match &counter {
            Some(counter) => record::decode_counter(&counter.value).map_err(|_| corrupted(&counter_key))?,
            None => 0,
        };
        let mut batch = Batch::new();
        let mut expected = None;
        if let Some(known) = change::read_any(context, account, name).await? {
            if status::of_table(&known.descriptor, context.engine.now_ms()).is_some() {
                return Err(messages::table_exists(name));
            }
            // Its deletion is due; what is left of it goes now.
            expected = Some(known.version);
            batch = removal::of_table(&known.descriptor, context.engine.now_ms())?;
        }
        refuse_too_many(context, account).await?;
        let number = u32::try_from(last + 1).map_err(|_| messages::too_many_tables(limits::TABLES_MAX))?;
        let mut table = definition::define(input, origin(context, account, name, number))?;
        if let Some(view) = tables::streams::wanted_view(input.stream_specification.as_ref()) {
            let now_ms = stored::moment_of_next(context, account, name).await?;
            shards::enable(&mut table, view, now_ms, &mut batch)?;
        }
        if let Some(policy) = policy {
            let state = PolicyState::changed(None, table.created_ms, true);
            table.policy = Some(state);
            policies::stored::put(&mut batch, keys::table_policy(number), state.revision, policy)?;
        }
        batch.check(keys::table(account, name), expected);
        batch.check(counter_key.clone(), counter.map(|counter| counter.version));
        batch.set(counter_key, Bytes::copy_from_slice(&i64::from(number).to_be_bytes()));
        change::set(&mut batch, &table)?;
        if let Attempt::Committed = change::attempt(context, batch, (account, name)).await? {
            return Ok(table);
        }
    }
    Err(change::conflicted())
}

fn origin(context: &Context<'_>, account: &str, name: &str, number: u32) -> Origin {
    let engine = context.engine;
    Origin {
        account: account.to_owned(),
        name: name.to_owned(),
        number,
        id: engine.random.uuid(),
        now_ms: engine.now_ms(),
        transition: engine.transition(Status::Creating),
    }
}

/// Counts the account's tables. The counter of table numbers was read before, so a table made since then makes the commit conflict.
async fn refuse_too_many(context: &Context<'_>, account: &str) -> Result<(), Error> {
    let range = keys::Range::prefixed(keys::tables_of(account));
    let mut next = Some(Scan {
        from: range.from,
        to: range.to,
        direction: Direction::Forward,
        max_entries: PAGE_TABLES,
        max_bytes: usize::MAX,
    });
    let mut count = 0;
    while let Some(scan) = next {
        let page = context.scan(scan.clone()).await?;
        count += page.len();
        next = scan.after(&page);
    }
    if count >= limits::TABLES_MAX { Err(messages::too_many_tables(limits::TABLES_MAX)) } else { Ok(()) }
}
