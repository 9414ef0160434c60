//! DeleteItem: deletes an item by its key; an absent one is fine.

use super::conditional::{self, Guard};
use crate::capacity::Consumed;
use crate::checks::{self, Variables, Wording};
use crate::context::Context;
use crate::key;
use crate::ops::metrics;
use crate::write::{ItemWrite, Next};
use api::{Decoded, DeleteItemInput, DeleteItemOutput, Error, Layer, ReturnValue};

/// Answers a DeleteItem.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<DeleteItemInput<'a>>,
) -> Result<DeleteItemOutput<'a>, Error> {
    let input = &request.input;
    let guard = check(request)?;
    let table = context.table(&input.table_name).await?;
    let key = key::of_key(&table.descriptor, &input.key)?;
    let decide = |_: &_, old: Option<&_>| guard.check(old).map(|()| Next::Delete);
    let written = context.write_item(ItemWrite { table, key, decide: Box::new(decide) }).await?;
    let wants_old = input.return_values == Some(ReturnValue::AllOld);
    Ok(DeleteItemOutput {
        consumed_capacity: Consumed::write(&written).describe(&input.table_name, input.return_consumed_capacity),
        item_collection_metrics: metrics::of_write(
            context,
            (&written, &input.key),
            input.return_item_collection_metrics,
        )
        .await?,
        attributes: written.old.filter(|_| wants_old).map(|old| old.item),
    })
}

fn check<'a>(request: &'a Decoded<DeleteItemInput<'a>>) -> Result<Guard<'a>, Error> {
    let input = &request.input;
    let parameters = conditional::Parameters {
        wording: Wording::Enveloped,
        expected: input.expected.as_ref(),
        operator: input.conditional_operator,
        condition: input.condition_expression.as_deref(),
        variables: Variables {
            names: input.expression_attribute_names.as_ref(),
            values: input.expression_attribute_values.as_ref(),
        },
        on_failure: input.return_values_on_condition_check_failure,
    };
    parameters.check_presence()?;
    checks::no_faults(Wording::Enveloped, &request.faults, Layer::Current)?;
    conditional::only_old_values(input.return_values)?;
    parameters.guard()
}
