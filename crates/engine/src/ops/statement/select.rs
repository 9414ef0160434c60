//! One page of a SELECT.
//!
//! A SELECT of one item by its key reads that; everything else runs the plan of each range, one after the other, until `Limit` items were
//! evaluated or 1 MB was read, over all ranges together.

use super::next_token::{NextToken, digest};
use super::open_select;
use super::point::PointRead;
use super::reads::{Reads, reads};
use crate::capacity::{Consistency, Consumed, read_units};
use crate::context::Context;
use crate::plan::{self, Listing, Plan, StartKey, Target, Wanted};
use api::{Error, messages};
use expression::{Condition, Projection};
use layout::Range;
use model::limits::PAGE_SIZE_MAX;
use model::{AttributeValue, EncodedItem, Item, Table};
use partiql::Statement;

/// What a request says beside its statement.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The parameters.
    pub parameters: &'a [AttributeValue<'a>],
    /// `ConsistentRead`.
    pub consistency: Consistency,
    /// `Limit`.
    pub limit: Option<usize>,
    /// `NextToken`.
    pub next_token: Option<&'a str>,
}

/// What one page came to.
pub struct Page {
    /// The items that passed the WHERE clause.
    pub items: Vec<EncodedItem>,
    /// The place of the last one evaluated, where the page stopped behind it.
    pub last_evaluated_key: Option<Item<'static>>,
    /// How to go on, where there may be more.
    pub next_token: Option<String>,
    /// The units used.
    pub consumed: Consumed,
}

/// Reads one page.
pub async fn page(context: &Context<'_>, statement: &Statement<'_>, request: Request<'_>) -> Result<Page, Error> {
    let (table, select) = open_select(context, statement, request.parameters).await?;
    let target = target(&table.descriptor, statement, request.consistency)?;
    let wanted = Wanted { select: None, projection: select.projection.clone() };
    wanted.check_global_index(target)?;
    plan::check_scalar_keys(target.table, select.projection.iter().flat_map(Projection::paths))?;
    let condition = select.filter.as_ref().map(partiql::Filter::condition);
    plan::check_scalar_keys(target.table, condition.iter().flat_map(Condition::paths))?;
    let reads = reads(target, &select)?;
    let digest = digest(statement.text(), request.parameters);
    let start = request.next_token.map(|token| NextToken::decode(token, digest)).transpose()?;
    if target.index.is_none()
        && let Some(read) = PointRead::of(&table, &select)?
    {
        let page = point(context, &read, start, request).await?;
        table.was_read(&read.key.bytes, page.consumed.table_units());
        return Ok(page);
    }
    let pages = Pages { target, reads, filter: condition, wanted, request };
    pages.run(context, start, digest).await
}

/// The table or index that is read.
fn target<'t>(table: &'t Table, statement: &Statement<'_>, consistency: Consistency) -> Result<Target<'t>, Error> {
    let index = statement.source().index;
    if index.is_some_and(|name| table.index(name).is_none()) {
        return Err(messages::statement_index_not_found());
    }
    let target = Target::find(table, index)?;
    if consistency == Consistency::Strong && target.global_index().is_some() {
        return Err(messages::consistent_select_of_global_index());
    }
    Ok(target)
}

/// One item is one page, so there is no token to go on with.
async fn point(
    context: &Context<'_>,
    read: &PointRead<'_>,
    start: Option<NextToken>,
    request: Request<'_>,
) -> Result<Page, Error> {
    if start.is_some() {
        return Err(messages::next_token_invalid());
    }
    let found = read.answer(context.get(&read.key.bytes).await?)?;
    let consumed = Consumed::table(read_units(found.size, request.consistency));
    Ok(Page { items: found.item.into_iter().collect(), last_evaluated_key: None, next_token: None, consumed })
}

/// A SELECT that may have many pages.
struct Pages<'p> {
    target: Target<'p>,
    reads: Reads,
    filter: Option<Condition<'p>>,
    wanted: Wanted<'p>,
    request: Request<'p>,
}

impl<'p> Pages<'p> {
    async fn run(&self, context: &Context<'_>, start: Option<NextToken>, digest: u128) -> Result<Page, Error> {
        let mut page =
            Page { items: Vec::new(), last_evaluated_key: None, next_token: None, consumed: Consumed::default() };
        let (mut limit, mut room) = (self.request.limit, PAGE_SIZE_MAX);
        let mut first = self.first(start)?;
        while let Some((number, range)) = first {
            let answer = self.plan(range, limit).run(context).await?;
            page.items.extend(answer.items);
            page.consumed.add(&answer.consumed);
            limit = limit.map(|limit| limit.saturating_sub(answer.scanned_count));
            room = room.saturating_sub(answer.read_size);
            first = self.reads.ranges.get(number + 1).map(|range| (number + 1, range.clone()));
            let next = match answer.last_evaluated_key {
                Some(place) => Some(NextToken { range: number, place: Some(place) }),
                None if room == 0 && first.is_some() => Some(NextToken { range: number + 1, place: None }),
                None => None,
            };
            if let Some(next) = next {
                page.next_token = Some(next.encode(digest));
                page.last_evaluated_key = next.place;
                break;
            }
        }
        Ok(page)
    }

    /// The range to begin with, and its number.
    fn first(&self, start: Option<NextToken>) -> Result<Option<(usize, Range)>, Error> {
        let NextToken { range: number, place } = start.unwrap_or(NextToken { range: 0, place: None });
        let Some(range) = self.reads.ranges.get(number).cloned() else {
            return if number == 0 { Ok(None) } else { Err(messages::next_token_invalid()) };
        };
        let Some(place) = place else { return Ok(Some((number, range))) };
        let place = StartKey::of(Listing::Query, self.target, &place).map_err(|_| messages::next_token_invalid())?;
        if !place.is_in(&range) {
            return Err(messages::next_token_invalid());
        }
        Ok(Some((number, place.rest_of(range, self.reads.direction))))
    }

    fn plan(&self, range: Range, limit: Option<usize>) -> Plan<'p> {
        Plan {
            target: self.target,
            range,
            direction: self.reads.direction,
            limit,
            filter: self.filter.clone().filter(|_| self.reads.is_filtered),
            fetches: self.wanted.needs_items(self.target),
            returned: self.wanted.clone().returned(),
            consistency: self.request.consistency,
        }
    }
}
