//! ListTables.

use crate::catalog::OpenTable;
use crate::context::Context;
use crate::tables::status;
use api::{Decoded, Error, ListTablesInput, ListTablesOutput};
use layout::keys::{self, Range};
use model::limits;
use std::borrow::Cow;
use storage::{Direction, Scan};

/// Lists the account's tables in the order of their names.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<ListTablesInput<'_>>,
) -> Result<ListTablesOutput<'static>, Error> {
    let input = &request.input;
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(limits::LIST_TABLES_MAX);
    // One more than asked for tells whether there is more.
    let mut names = names_after(context, input.exclusive_start_table_name.as_deref(), limit + 1).await?;
    let more = names.len() > limit;
    names.truncate(limit);
    Ok(ListTablesOutput { last_evaluated_table_name: names.last().filter(|_| more).cloned(), table_names: Some(names) })
}

async fn names_after(
    context: &Context<'_>,
    start: Option<&str>,
    count: usize,
) -> Result<Vec<Cow<'static, str>>, Error> {
    let account = &context.caller.account;
    let Range { from, to } = Range::prefixed(keys::tables_of(account));
    let from = start.map_or(from, |name| storage::scan::successor(&keys::table(account, name)));
    let scan = Scan { from, to, direction: Direction::Forward, max_entries: count, max_bytes: usize::MAX };
    let mut next = Some(scan);
    let mut names = Vec::new();
    while let Some(scan) = next.filter(|_| names.len() < count) {
        let page = context.scan(scan.clone()).await?;
        for entry in page.iter() {
            let table = OpenTable::decode(entry.key_bytes(), entry.version, entry.value)?.descriptor;
            // A table whose deletion is due is not there.
            if status::of_table(&table, context.engine.now_ms()).is_some() {
                names.push(Cow::Owned(table.name));
            }
        }
        next = scan.after(&page);
    }
    Ok(names)
}
