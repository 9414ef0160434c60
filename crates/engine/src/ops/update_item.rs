//! UpdateItem: changes attributes of an item, or makes the item.

use super::conditional::{self, Guard};
use crate::capacity::Consumed;
use crate::catalog::OpenTable;
use crate::checks::{self, Variables, Wording};
use crate::context::Context;
use crate::key::{self, Origin};
use crate::ops::metrics;
use crate::write::{ItemWrite, Next, Written};
use crate::{effects, item_size, plan};
use api::{
    AttributeAction, Decoded, Error, Layer, Map, ReturnValue, UpdateItemInput, UpdateItemOutput, ValueFault, messages,
};
use expression::legacy::{self, AttributeUpdate};
use expression::{Condition, Update, parse_update};
use layout::ItemRecord;
use model::{EncodedItem, Item, limits};

const WORDING: Wording = Wording::Enveloped;

/// What a request, or an action of a transaction, asks for, as far as can be told without its table.
pub(super) struct Asked<'a> {
    pub(super) update: Option<Update<'a>>,
    pub(super) guard: Guard<'a>,
    /// How an item is refused that the update makes too deep.
    pub(super) too_deep: fn() -> Error,
}

/// The words of UpdateItem and TransactWriteItems for an item that an update makes too deep.
fn too_deep() -> Error {
    messages::value_fault(&ValueFault::TooDeep, Layer::Current)
}

/// Answers an UpdateItem.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<UpdateItemInput<'a>>,
) -> Result<UpdateItemOutput<'a>, Error> {
    let input = &request.input;
    let asked = check(request)?;
    let table = context.table(&input.table_name).await?;
    let key = key::of_key(&table.descriptor, &input.key)?;
    asked.check_table(&table)?;
    asked.check_statement_size()?;
    let decide = |table: &OpenTable, old: Option<&ItemRecord>| asked.apply(&input.key, table, old);
    let written = context.write_item(ItemWrite { table, key, decide: Box::new(decide) }).await?;
    Ok(UpdateItemOutput {
        attributes: asked.returned(input.return_values, &written),
        consumed_capacity: Consumed::write(&written).describe(&input.table_name, input.return_consumed_capacity),
        item_collection_metrics: metrics::of_write(
            context,
            (&written, &input.key),
            input.return_item_collection_metrics,
        )
        .await?,
    })
}

fn check<'a>(request: &'a Decoded<UpdateItemInput<'a>>) -> Result<Asked<'a>, Error> {
    let input = &request.input;
    let parameters = conditional::Parameters {
        wording: WORDING,
        expected: input.expected.as_ref(),
        operator: input.conditional_operator,
        condition: input.condition_expression.as_deref(),
        variables: Variables {
            names: input.expression_attribute_names.as_ref(),
            values: input.expression_attribute_values.as_ref(),
        },
        on_failure: input.return_values_on_condition_check_failure,
    };
    let [expected, operator] = parameters.legacy();
    let legacy = [("AttributeUpdates", input.attribute_updates.is_some()), expected, operator];
    let expressions = [
        ("UpdateExpression", input.update_expression.is_some()),
        ("ConditionExpression", input.condition_expression.is_some()),
    ];
    checks::not_mixed(WORDING, &legacy, &expressions)?;
    parameters.variables.not_without(WORDING, &expressions, &expressions)?;
    checks::no_faults(WORDING, &request.faults, Layer::Current)?;
    let updates = input.attribute_updates.as_ref().map(lower).transpose()?;
    let expected = parameters.expected_condition()?;
    let asked = Asked::parse(&parameters, input.update_expression.as_deref(), expected)?;
    Ok(Asked { update: asked.update.or(updates), ..asked })
}

fn lower<'a>(updates: &'a Map<'a, api::AttributeValueUpdate<'a>>) -> Result<Update<'a>, Error> {
    let action = |action| match action {
        None | Some(AttributeAction::Put) => legacy::AttributeAction::Put,
        Some(AttributeAction::Add) => legacy::AttributeAction::Add,
        Some(AttributeAction::Delete) => legacy::AttributeAction::Delete,
    };
    let updates: Vec<_> = updates
        .iter()
        .map(|(attribute, update)| AttributeUpdate {
            attribute,
            action: action(update.action),
            value: update.value.as_ref(),
        })
        .collect();
    legacy::attribute_updates(&updates).map_err(|problem| WORDING.refuse(problem))
}

impl<'a> Asked<'a> {
    /// The update and the condition of UpdateItem or of an action of a transaction, which share their placeholders. `expected` is the
    /// condition of legacy parameters.
    pub(super) fn parse(
        parameters: &conditional::Parameters<'a>,
        update: Option<&'a str>,
        expected: Option<Condition<'a>>,
    ) -> Result<Self, Error> {
        let wording = parameters.wording;
        let placeholders = parameters.variables.placeholders(wording)?;
        let update = checks::parsed(wording, update.map(|text| parse_update(text, &placeholders)))?;
        let guard = parameters.guard_beside(expected, &placeholders)?;
        checks::all_used(wording, &placeholders)?;
        Ok(Self { update, guard, too_deep })
    }
}

impl Asked<'_> {
    /// What needs the table but not the item.
    pub(super) fn check_table(&self, table: &OpenTable) -> Result<(), Error> {
        let table = &table.descriptor;
        if let Some(update) = &self.update {
            update.check_key(&table.key_schema).map_err(|problem| Wording::Bare.refuse(problem))?;
            for written in update.assignments() {
                let Some(actual) = written.kind else { continue };
                key::check_index_key_type(table, written.attribute, actual)?;
            }
            plan::check_scalar_keys(table, update.paths())?;
        }
        Ok(())
    }

    /// UpdateItem alone holds the size of its statement against the limit for items; in transactions the item counts (conformance suite,
    /// item sizes by surface, August 2026).
    fn check_statement_size(&self) -> Result<(), Error> {
        let size = self.update.as_ref().map_or(0, Update::statement_size);
        if size <= limits::ITEM_SIZE_MAX { Ok(()) } else { Err(messages::item_to_update_too_large()) }
    }

    /// What becomes of the item with this key.
    pub(super) fn apply(&self, key: &Item<'_>, table: &OpenTable, old: Option<&ItemRecord>) -> Result<Next, Error> {
        self.guard.check(old)?;
        let Some(update) = &self.update else {
            // Without an update the item stays as it is, or comes into being with nothing but its key.
            return Ok(old.map_or_else(|| Next::Put(effects::record(EncodedItem::from_item(key))), |_| Next::Keep));
        };
        let item =
            update.apply(old.map(|old| old.item.view()), key).map_err(|problem| Wording::Bare.refuse(problem))?;
        // A value may be put below others, or copied into itself, until the item is deeper than any request could be.
        if item.view().levels() > limits::NESTING_LEVELS_MAX {
            return Err((self.too_deep)());
        }
        let record = effects::record(item);
        let touched = |name: &str| update.targets().any(|target| target.attribute() == name);
        key::check_index_keys(&table.descriptor, record.item.view(), Origin::Update, touched)?;
        item_size::check_updated(&table.descriptor, &record)?;
        Ok(Next::Put(record))
    }

    /// The attributes that the request wants back.
    pub(super) fn returned(&self, wanted: Option<ReturnValue>, written: &Written) -> Option<EncodedItem> {
        let (old, new) = (written.old.as_ref().map(|old| &old.item), written.new.as_ref().map(|new| &new.item));
        match wanted? {
            ReturnValue::None => None,
            ReturnValue::AllOld => old.cloned(),
            ReturnValue::AllNew => new.cloned(),
            ReturnValue::UpdatedOld => self.update.as_ref()?.updated_old(old?.view()),
            ReturnValue::UpdatedNew => self.update.as_ref()?.updated_new(old.map(EncodedItem::view), new?.view()),
        }
    }
}
