//! PutItem: makes an item, or replaces the one of the same key.

use super::conditional::{self, Guard};
use crate::capacity::Consumed;
use crate::catalog::OpenTable;
use crate::checks::{self, Variables, Wording};
use crate::context::Context;
use crate::effects;
use crate::key::{self, Origin};
use crate::write::{ItemWrite, Next};
use crate::{item_size, ops::metrics};
use api::{Decoded, Error, Layer, PutItemInput, PutItemOutput, ReturnValue};
use layout::ItemRecord;
use model::EncodedItem;

/// Answers a PutItem.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<PutItemInput<'a>>,
) -> Result<PutItemOutput<'a>, Error> {
    let input = &request.input;
    let guard = check(request)?;
    let table = context.table(&input.table_name).await?;
    let key = key::of_item(&table.descriptor, &input.item)?;
    let record = effects::record(EncodedItem::from_item(&input.item));
    let write = ItemWrite { table, key, decide: Box::new(|table, old| decide(&record, &guard, table, old)) };
    let written = context.write_item(write).await?;
    let wants_old = input.return_values == Some(ReturnValue::AllOld);
    Ok(PutItemOutput {
        consumed_capacity: Consumed::write(&written).describe(&input.table_name, input.return_consumed_capacity),
        item_collection_metrics: metrics::of_write(
            context,
            (&written, &input.item),
            input.return_item_collection_metrics,
        )
        .await?,
        attributes: written.old.filter(|_| wants_old).map(|old| old.item),
    })
}

/// Whether the item may be put in the place of the old one.
pub(super) fn decide(
    record: &ItemRecord,
    guard: &Guard<'_>,
    table: &OpenTable,
    old: Option<&ItemRecord>,
) -> Result<Next, Error> {
    key::check_index_keys(&table.descriptor, record.item.view(), Origin::Item, |_| true)?;
    item_size::check_put(&table.descriptor, record)?;
    guard.check(old)?;
    Ok(Next::Put(record.clone()))
}

fn check<'a>(request: &'a Decoded<PutItemInput<'a>>) -> Result<Guard<'a>, Error> {
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
    item_size::check(model::size::item(&input.item))?;
    parameters.guard()
}
