//! Query: the items of one partition, in the order of their sort key.

use super::listing::{self, Asked, Parameters};
use crate::checks::{self, Variables, Wording};
use crate::context::Context;
use crate::plan::{KeyRange, Listing, Plan};
use api::{Decoded, Error, QueryInput, QueryOutput, Select, messages};
use expression::{KeyCondition, legacy, parse_key_condition};
use model::Table;
use storage::Direction;

const WORDING: Wording = Wording::Bare;

/// Answers a Query.
pub async fn run<'a>(context: &Context<'_>, request: &'a Decoded<QueryInput<'a>>) -> Result<QueryOutput<'a>, Error> {
    let input = &request.input;
    let (asked, condition) = check(request)?;
    let table = context.table(&input.table_name).await?;
    let plan = plan(input, asked, &condition, &table.descriptor)?;
    let answer = plan.run(context).await?;
    table.was_read(&plan.range.from, answer.consumed.table_units());
    Ok(QueryOutput {
        items: (input.select != Some(Select::Count)).then_some(answer.items),
        count: Some(answer.count as i32),
        scanned_count: Some(answer.scanned_count as i32),
        last_evaluated_key: answer.last_evaluated_key,
        consumed_capacity: answer.consumed.describe(&input.table_name, input.return_consumed_capacity),
    })
}

fn parameters<'a>(request: &'a Decoded<QueryInput<'a>>) -> Parameters<'a> {
    let input = &request.input;
    Parameters {
        listing: Listing::Query,
        index_name: input.index_name.as_deref(),
        select: input.select,
        attributes_to_get: input.attributes_to_get.as_deref(),
        limit: input.limit,
        consistent_read: input.consistent_read,
        legacy_filter: input.query_filter.as_ref(),
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
fn check<'a>(request: &'a Decoded<QueryInput<'a>>) -> Result<(Asked<'a>, KeyCondition<'a>), Error> {
    let input = &request.input;
    let parameters = parameters(request);
    parameters.check_presence(
        ("KeyConditions", input.key_conditions.is_some()),
        ("KeyConditionExpression", input.key_condition_expression.is_some()),
    )?;
    let filter = parameters.legacy_filter()?;
    let projection = parameters.attributes_to_get()?;
    parameters.check_start_key_values()?;
    if input.key_conditions.is_none() && input.key_condition_expression.is_none() {
        return Err(messages::key_conditions_missing());
    }
    let placeholders = parameters.placeholders()?;
    let expression = input.key_condition_expression.as_deref();
    let expression = checks::parsed(WORDING, expression.map(|text| parse_key_condition(text, &placeholders)))?;
    let asked = parameters.asked(filter, projection, &placeholders)?;
    let condition = match expression {
        Some(expression) => expression.conditions().map_err(|problem| WORDING.refuse(problem))?,
        None => {
            parameters.check_values("KeyConditions")?;
            legacy_key_condition(input)?
        }
    };
    Ok((asked, condition))
}

/// Lowers `KeyConditions`.
fn legacy_key_condition<'a>(input: &'a QueryInput<'a>) -> Result<KeyCondition<'a>, Error> {
    let conditions = input.key_conditions.as_ref().map(listing::attribute_conditions).unwrap_or_default();
    let condition = legacy::key_conditions(&conditions).map_err(listing::refuse)?;
    if conditions.is_empty() { Err(messages::key_conditions_empty()) } else { Ok(condition) }
}

/// The plan, with the checks that need the table, in DynamoDB's order.
fn plan<'p>(
    input: &QueryInput<'_>,
    asked: Asked<'p>,
    condition: &KeyCondition<'p>,
    table: &'p Table,
) -> Result<Plan<'p>, Error> {
    let target = asked.target(table)?;
    let start_key = asked.start_key(target)?;
    let bounds = condition.resolve(target.key_schema()).map_err(|problem| WORDING.refuse(problem))?;
    let keys = KeyRange::of(target, &bounds).ok_or_else(messages::internal_server_error)?;
    if let Some(start_key) = &start_key {
        start_key.check_within(&keys)?;
    }
    asked.check_projection_paths(target)?;
    asked.check_filter_has_no_key(target)?;
    asked.check_global_index(target)?;
    asked.check_filter_is_carried(target)?;
    asked.check_filter_paths(target)?;
    let direction = if input.scan_index_forward == Some(false) { Direction::Backward } else { Direction::Forward };
    let range = match start_key {
        Some(start_key) => start_key.rest_of(keys.range, direction),
        None => keys.range,
    };
    Ok(asked.plan(target, range, direction))
}
