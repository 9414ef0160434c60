//! GetItem: one item by its key.

use crate::capacity::{Consistency, Consumed, read_units};
use crate::checks::{self, Variables, Wording};
use crate::context::Context;
use crate::{key, plan, write};
use api::{Decoded, Error, GetItemInput, GetItemOutput, Layer};
use expression::Projection;

const WORDING: Wording = Wording::Bare;

/// Answers a GetItem.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<GetItemInput<'a>>,
) -> Result<GetItemOutput<'a>, Error> {
    let input = &request.input;
    let projection = check(request)?;
    let table = context.table(&input.table_name).await?;
    let key = key::of_key(&table.descriptor, &input.key)?;
    if let Some(projection) = &projection {
        plan::check_scalar_keys(&table.descriptor, projection.paths())?;
    }
    let stored = context.get(&key.bytes).await?;
    let found = stored.map(|stored| write::decode(&key.bytes, &stored)).transpose()?;
    let size = found.as_ref().map_or(0, |record| record.size);
    let units = read_units(size, Consistency::of(input.consistent_read));
    table.was_read(&key.bytes, units);
    let consumed = Consumed::table(units);
    let item = found.map(|record| match &projection {
        Some(projection) => projection.project(record.item.view()),
        None => record.item,
    });
    Ok(GetItemOutput { item, consumed_capacity: consumed.describe(&input.table_name, input.return_consumed_capacity) })
}

fn check<'a>(request: &'a Decoded<GetItemInput<'a>>) -> Result<Option<Projection<'a>>, Error> {
    let input = &request.input;
    let expressions = [("ProjectionExpression", input.projection_expression.is_some())];
    checks::not_mixed(WORDING, &[("AttributesToGet", input.attributes_to_get.is_some())], &expressions)?;
    let variables = Variables { names: input.expression_attribute_names.as_ref(), values: None };
    variables.not_without(WORDING, &expressions, &[])?;
    checks::no_faults(WORDING, &request.faults, Layer::Current)?;
    checks::read_projection(
        WORDING,
        input.attributes_to_get.as_deref(),
        input.projection_expression.as_deref(),
        variables,
    )
}
