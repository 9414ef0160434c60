//! Scan: all items of a table or an index, or those of one of several segments, in the order of their partition key's hash.

use super::listing::{Asked, Parameters};
use crate::checks::Variables;
use crate::context::Context;
use crate::plan::{Listing, Plan, StartKey, Target};
use api::{Decoded, Error, ScanInput, ScanOutput, Select, messages};
use layout::Range;
use model::Table;
use storage::Direction;

/// A part of a parallel scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Segment {
    /// Which, from 0.
    number: u32,
    /// Of how many.
    total: u32,
}

/// Answers a Scan.
pub async fn run<'a>(context: &Context<'_>, request: &'a Decoded<ScanInput<'a>>) -> Result<ScanOutput<'a>, Error> {
    let input = &request.input;
    let (asked, segment) = check(request)?;
    let table = context.table(&input.table_name).await?;
    let plan = plan(asked, segment, &table.descriptor)?;
    let answer = plan.run(context).await?;
    table.was_read(&plan.range.from, answer.consumed.table_units());
    Ok(ScanOutput {
        items: (input.select != Some(Select::Count)).then_some(answer.items),
        count: Some(answer.count as i32),
        scanned_count: Some(answer.scanned_count as i32),
        last_evaluated_key: answer.last_evaluated_key,
        consumed_capacity: answer.consumed.describe(&input.table_name, input.return_consumed_capacity),
    })
}

fn parameters<'a>(request: &'a Decoded<ScanInput<'a>>) -> Parameters<'a> {
    let input = &request.input;
    Parameters {
        listing: Listing::Scan,
        index_name: input.index_name.as_deref(),
        select: input.select,
        attributes_to_get: input.attributes_to_get.as_deref(),
        limit: input.limit,
        consistent_read: input.consistent_read,
        legacy_filter: input.scan_filter.as_ref(),
        operator: input.conditional_operator,
        start_key: input.exclusive_start_key.as_ref(),
        projection: input.projection_expression.as_deref(),
        filter: input.filter_expression.as_deref(),
        variables: Variables {
            names: input.expression_attribute_names.as_ref(),
            values: input.expression_attribute_values.as_ref(),
        },
        faults: &request.faults,
    }
}

/// What is checked before the table is looked up, in DynamoDB's order.
fn check<'a>(request: &'a Decoded<ScanInput<'a>>) -> Result<(Asked<'a>, Option<Segment>), Error> {
    let input = &request.input;
    let parameters = parameters(request);
    parameters.check_presence(("KeyConditions", false), ("KeyConditionExpression", false))?;
    let projection = parameters.attributes_to_get()?;
    let filter = parameters.legacy_filter()?;
    parameters.check_start_key_values()?;
    let segment = segment(input.segment, input.total_segments)?;
    let placeholders = parameters.placeholders()?;
    let asked = parameters.asked(filter, projection, &placeholders)?;
    Ok((asked, segment))
}

fn segment(number: Option<i32>, total: Option<i32>) -> Result<Option<Segment>, Error> {
    match (number, total) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(messages::total_segments_missing()),
        (None, Some(_)) => Err(messages::segment_missing()),
        (Some(number), Some(total)) if number >= total => Err(messages::segment_out_of_range(number, total)),
        // The service model's constraints leave only numbers from 0 on.
        (Some(number), Some(total)) => Ok(Some(Segment { number: number as u32, total: total as u32 })),
    }
}

/// The plan, with the checks that need the table, in DynamoDB's order.
fn plan<'p>(asked: Asked<'p>, segment: Option<Segment>, table: &'p Table) -> Result<Plan<'p>, Error> {
    let target = asked.target(table)?;
    let start_key = asked.start_key(target)?;
    asked.check_global_index(target)?;
    let range = range(target, segment, start_key)?;
    asked.check_projection_paths(target)?;
    asked.check_filter_paths(target)?;
    Ok(asked.plan(target, range, Direction::Forward))
}

/// What the start key leaves of the segment.
fn range(target: Target<'_>, segment: Option<Segment>, start_key: Option<StartKey>) -> Result<Range, Error> {
    let all = match segment {
        Some(Segment { number, total }) => target.source().segment(number, total),
        None => target.source().all(),
    };
    match (start_key, segment) {
        (None, _) => Ok(all),
        (Some(start_key), Some(Segment { number, total })) if !start_key.is_in(&all) => {
            Err(messages::starting_key_of_other_segment(number, total))
        }
        (Some(start_key), _) => Ok(start_key.rest_of(all, Direction::Forward)),
    }
}
