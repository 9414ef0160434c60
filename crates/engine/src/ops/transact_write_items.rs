//! TransactWriteItems: puts, updates, deletes and checks of items of any tables, all or nothing.
//!
//! What is wrong with the request as such refuses it: wrong values and expressions, in the order of the actions, too large items, tables
//! that are not there, empty key values, two actions on one item. What only one action's table or item tells cancels the transaction,
//! with the reason of each action (conformance suite, captures of October 2026).

use super::sums::Sums;
use super::update_item::Asked;
use super::{conditional, put_item};
use crate::catalog::OpenTable;
use crate::checks::{self, Variables, Wording};
use crate::context::Context;
use crate::effects::{self, ItemKey};
use crate::item_size;
use crate::key;
use crate::ops::conditional::Guard;
use crate::ops::metrics;
use crate::transaction::{self, Outcome, Token, Transaction};
use crate::write::{Decide, ItemWrite, Next};
use api::{
    Decoded, Error, ReturnValuesOnConditionCheckFailure, TransactWriteItem, TransactWriteItemsInput,
    TransactWriteItemsOutput, messages,
};
use layout::keys::Tokened;
use layout::{Digest, ItemRecord};
use model::{EncodedItem, Item, Table, limits};
use std::sync::Arc;

const WORDING: Wording = Wording::Bare;

/// Answers a TransactWriteItems.
pub async fn run<'a>(
    context: &Context<'_>,
    request: &'a Decoded<TransactWriteItemsInput<'a>>,
) -> Result<TransactWriteItemsOutput<'a>, Error> {
    let input = &request.input;
    let actions = check(request)?;
    let token = input.client_request_token.as_deref();
    let token = token.map(|text| Token { operation: Tokened::TransactWriteItems, text, digest: digest(&actions) });
    let named: Vec<(&str, &Item<'_>)> = actions.iter().map(|action| (action.table_name, action.named)).collect();
    let mut tables = Vec::with_capacity(actions.len());
    for action in &actions {
        tables.push(context.table(action.table_name).await?);
    }
    for (action, table) in actions.iter().zip(&tables) {
        key::check_not_empty(&table.descriptor, action.named)?;
    }
    let writes: Vec<_> = actions.into_iter().zip(tables).map(|(action, table)| action.write(table)).collect();
    transaction::expect_distinct(writes.iter().flatten().map(|write| &write.key))?;
    let outcome = context.transact(Transaction { actions: writes, token }).await?;
    answer(context, input, &named, &outcome).await
}

/// What is done to an item, as far as can be told without its table.
struct Action<'a> {
    table_name: &'a str,
    /// The item or key of the request.
    named: &'a Item<'a>,
    texts: Texts<'a>,
    change: Change<'a>,
}

/// What is done.
enum Change<'a> {
    Check(Guard<'a>),
    Put(ItemRecord, Guard<'a>),
    Delete(Guard<'a>),
    Update(Asked<'a>),
}

/// The parameters that actions share.
#[derive(Clone, Copy)]
struct Texts<'a> {
    condition: Option<&'a str>,
    update: Option<&'a str>,
    variables: Variables<'a>,
    on_failure: Option<ReturnValuesOnConditionCheckFailure>,
}

/// What is checked before any table is looked up: action by action, then their sizes.
fn check<'a>(request: &'a Decoded<TransactWriteItemsInput<'a>>) -> Result<Vec<Action<'a>>, Error> {
    let items = request.input.transact_items.iter().enumerate();
    let action = |(at, item)| {
        checks::no_faults_in_element(&request.faults, at)?;
        let action = Action::of(item)?;
        checks::no_deep_key_in_element(&request.faults, at)?;
        Ok(action)
    };
    let actions: Vec<Action<'a>> = items.map(action).collect::<Result<_, Error>>()?;
    let mut total = 0;
    for action in &actions {
        if let Change::Put(record, _) = &action.change {
            item_size::check(record.size)?;
            total += record.size;
        }
    }
    if total > limits::TRANSACTION_SIZE_MAX {
        return Err(messages::transaction_too_large());
    }
    Ok(actions)
}

impl<'a> Action<'a> {
    fn of(item: &'a TransactWriteItem<'a>) -> Result<Self, Error> {
        // The four structures have no common type; what they share is taken out of each in the same words.
        macro_rules! texts {
            ($action:ident, $condition:expr, $update:expr) => {
                Texts {
                    condition: $condition,
                    update: $update,
                    variables: Variables {
                        names: $action.expression_attribute_names.as_ref(),
                        values: $action.expression_attribute_values.as_ref(),
                    },
                    on_failure: $action.return_values_on_condition_check_failure,
                }
            };
        }
        match (&item.condition_check, &item.put, &item.delete, &item.update) {
            (Some(check), None, None, None) => {
                let texts = texts!(check, Some(&*check.condition_expression), None);
                let change = Change::Check(texts.guard()?);
                Ok(Self { table_name: &check.table_name, named: &check.key, texts, change })
            }
            (None, Some(put), None, None) => {
                let texts = texts!(put, put.condition_expression.as_deref(), None);
                let record = effects::record(EncodedItem::from_item(&put.item));
                let change = Change::Put(record, texts.guard()?);
                Ok(Self { table_name: &put.table_name, named: &put.item, texts, change })
            }
            (None, None, Some(delete), None) => {
                let texts = texts!(delete, delete.condition_expression.as_deref(), None);
                let change = Change::Delete(texts.guard()?);
                Ok(Self { table_name: &delete.table_name, named: &delete.key, texts, change })
            }
            (None, None, None, Some(update)) => {
                let texts = texts!(update, update.condition_expression.as_deref(), Some(&*update.update_expression));
                let change = Change::Update(Asked::parse(&texts.parameters(), texts.update, None)?);
                Ok(Self { table_name: &update.table_name, named: &update.key, texts, change })
            }
            (None, None, None, None) => Err(messages::no_action()),
            _ => Err(messages::several_actions_in_one()),
        }
    }

    /// The write of the item, or the refusal that its table gives.
    fn write(self, table: Arc<OpenTable>) -> Result<ItemWrite<'a>, Error> {
        self.key(&table.descriptor).map(|key| ItemWrite { table, key, decide: self.decide() })
    }

    fn key(&self, table: &Table) -> Result<ItemKey, Error> {
        match &self.change {
            Change::Put(..) => key::of_item(table, self.named),
            Change::Check(_) | Change::Delete(_) | Change::Update(_) => key::of_key(table, self.named),
        }
    }

    fn decide(self) -> Decide<'a> {
        let named = self.named;
        match self.change {
            Change::Check(guard) => Box::new(move |_, old| guard.check(old).map(|()| Next::Keep)),
            Change::Put(record, guard) => Box::new(move |table, old| put_item::decide(&record, &guard, table, old)),
            Change::Delete(guard) => Box::new(move |_, old| guard.check(old).map(|()| Next::Delete)),
            Change::Update(asked) => Box::new(move |table, old| {
                asked.check_table(table)?;
                asked.apply(named, table, old)
            }),
        }
    }
}

impl<'a> Texts<'a> {
    fn parameters(&self) -> conditional::Parameters<'a> {
        conditional::Parameters {
            wording: WORDING,
            expected: None,
            operator: None,
            condition: self.condition,
            variables: self.variables,
            on_failure: self.on_failure,
        }
    }

    /// The condition of an action that has no other expression. Where there is none, names and values are not looked at (us-east-1,
    /// captures of October 2026).
    fn guard(&self) -> Result<Guard<'a>, Error> {
        match self.condition {
            Some(_) => self.parameters().guard(),
            None => Ok(Guard::of(None, self.on_failure)),
        }
    }

    fn digest(&self, digest: &mut Digest) {
        digest.add(self.condition.unwrap_or_default().as_bytes());
        digest.add(self.update.unwrap_or_default().as_bytes());
        digest.add(&[conditional::told_by(self.on_failure)]);
        let mut names: Vec<_> = self.variables.names.iter().flat_map(|names| names.iter()).collect();
        names.sort_unstable();
        digest.add(&names.len().to_le_bytes());
        for (placeholder, name) in names {
            digest.add(placeholder.as_bytes());
            digest.add(name.as_bytes());
        }
        let values = self.variables.values.map(EncodedItem::from_item);
        digest.add(values.as_ref().map(|values| values.view().bytes()).unwrap_or_default());
    }
}

/// The digest by which a request is recognized: of its actions, however their members and attributes are ordered.
fn digest(actions: &[Action<'_>]) -> u128 {
    let mut digest = Digest::default();
    for action in actions {
        let kind = match &action.change {
            Change::Check(_) => b"C",
            Change::Put(..) => b"P",
            Change::Delete(_) => b"D",
            Change::Update(_) => b"U",
        };
        digest.add(kind);
        digest.add(action.table_name.as_bytes());
        match &action.change {
            Change::Put(record, _) => digest.add(record.item.view().bytes()),
            _ => digest.add(EncodedItem::from_item(action.named).view().bytes()),
        }
        action.texts.digest(&mut digest);
    }
    digest.finish()
}

async fn answer<'a>(
    context: &Context<'_>,
    input: &TransactWriteItemsInput<'a>,
    named: &[(&'a str, &Item<'_>)],
    outcome: &Outcome,
) -> Result<TransactWriteItemsOutput<'a>, Error> {
    let (axis, consumed) = outcome.consumed();
    let mut sums = Sums::default();
    for (at, ((name, item), consumed)) in named.iter().zip(&consumed).enumerate() {
        let metrics = match outcome.written().get(at) {
            Some(written) => metrics::of_write(context, (written, item), input.return_item_collection_metrics).await?,
            None => None,
        };
        sums.add(name, consumed, metrics);
    }
    Ok(TransactWriteItemsOutput {
        consumed_capacity: sums.consumed(axis, input.return_consumed_capacity),
        item_collection_metrics: sums.collections(),
    })
}
