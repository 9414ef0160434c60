//! Statements that write one item: INSERT, UPDATE, DELETE, and EXISTS, which only looks at it.
//!
//! What a WHERE clause says beside the key is the condition of the write. An UPDATE also needs the item to be there; a DELETE of an item
//! that is not there is done, whatever the condition (captures of September and October 2026).

use super::point::key_of;
use super::{Surface, expect_kind, pins, refuse};
use crate::catalog::OpenTable;
use crate::context::Context;
use crate::effects::ItemKey;
use crate::key;
use crate::ops::conditional::Guard;
use crate::ops::put_item;
use crate::ops::update_item::Asked;
use crate::write::{self, Decide, ItemWrite, Next, Written};
use crate::{effects, item_size};
use api::{Error, ReturnValue, ReturnValuesOnConditionCheckFailure, messages};
use layout::{ItemRecord, KeyValue};
use model::{AttributeValue, EncodedItem, Item, KeyAttribute, Table};
use partiql::{Filter, OneOfOne, Operation, Pins, Returning, Statement};
use std::sync::Arc;

/// A write that a statement asks for, as far as can be told without its table.
pub struct Writing<'s> {
    change: Change<'s>,
    on_failure: Option<ReturnValuesOnConditionCheckFailure>,
    returning: Option<Returning>,
}

/// What is done.
enum Change<'s> {
    Insert(Item<'s>, ItemRecord),
    Update(Option<Filter<'s>>, expression::Update<'s>),
    Delete(Option<Filter<'s>>),
    Exists(Option<Filter<'s>>),
}

/// A write that knows its item.
pub struct Planned<'s> {
    table: Arc<OpenTable>,
    /// The item's key.
    pub key: ItemKey,
    /// The key of the statement, or its item.
    named: Item<'s>,
    change: PlannedChange<'s>,
    returning: Option<Returning>,
}

enum PlannedChange<'s> {
    Insert(ItemRecord),
    Update(Asked<'s>),
    Delete(Guard<'s>),
    Exists(Guard<'s>),
}

impl<'s> Writing<'s> {
    /// The write that a statement is with its parameters.
    pub fn of(
        statement: &'s Statement<'s>,
        parameters: &'s [AttributeValue<'s>],
        on_failure: Option<ReturnValuesOnConditionCheckFailure>,
    ) -> Result<Self, Error> {
        let change = match statement.lower(parameters).map_err(refuse)? {
            Operation::Insert(item) => {
                let record = effects::record(EncodedItem::from_item(&item));
                item_size::check(record.size)?;
                Change::Insert(item, record)
            }
            Operation::Update(write, update) => Change::Update(write.filter, update),
            Operation::Delete(write) => Change::Delete(write.filter),
            Operation::Exists(select) => Change::Exists(select.filter),
            Operation::Select(_) => return Err(messages::internal_server_error()),
        };
        Ok(Self { change, on_failure, returning: statement.returning() })
    }

    /// Refuses an EXISTS that says nothing beside the key, or does not give all of it.
    pub fn check_exists(&self, table: &Table) -> Result<(), Error> {
        let Change::Exists(filter) = &self.change else { return Ok(()) };
        let pins = pins(filter.as_ref(), table, OneOfOne::IsNot);
        let complete = pins.values.iter().all(Option::is_some) && pins.rest.is_some();
        if complete { Ok(()) } else { Err(messages::exists_without_condition()) }
    }

    /// Refuses an UPDATE or DELETE by a value of a type that no key has. In a transaction that refuses the request, where a value of another
    /// key's type cancels it (dynoxide, captured October 2026).
    pub fn check_key_values(&self, table: &Table) -> Result<(), Error> {
        let (Change::Update(filter, _) | Change::Delete(filter)) = &self.change else { return Ok(()) };
        let pins = pins(filter.as_ref(), table, OneOfOne::IsNot);
        for (attribute, value) in table.key_schema.attributes().zip(&pins.values) {
            if let Some(value) = value.filter(|value| KeyValue::of(value).is_none()) {
                return Err(messages::key_value_type(&attribute.name, value.attribute_type()));
            }
        }
        Ok(())
    }

    /// The write of an item of a table.
    pub fn plan(self, surface: Surface, table: Arc<OpenTable>) -> Result<Planned<'s>, Error> {
        self.check_exists(&table.descriptor)?;
        let Self { change, on_failure, returning } = self;
        let (named, change) = match change {
            Change::Insert(item, record) => {
                if surface != Surface::Transaction {
                    check_inserted_key(&table.descriptor, &item)?;
                }
                let key = key::of_item(&table.descriptor, &item)?;
                return Ok(Planned { table, key, named: item, change: PlannedChange::Insert(record), returning });
            }
            Change::Update(filter, update) => {
                let pins = pins(filter.as_ref(), &table.descriptor, OneOfOne::IsNot);
                let guard = Guard::of(pins.rest.clone(), on_failure);
                let asked = Asked { update: Some(update), guard, too_deep: messages::updated_too_deep };
                (one_key(&pins, (surface, &table.descriptor))?, PlannedChange::Update(asked))
            }
            Change::Delete(filter) => {
                let pins = pins(filter.as_ref(), &table.descriptor, OneOfOne::IsNot);
                let named = one_key(&pins, (surface, &table.descriptor))?;
                (named, PlannedChange::Delete(Guard::of(pins.rest, on_failure)))
            }
            Change::Exists(filter) => {
                // Of two values for one attribute the first is looked up (captures of September 2026).
                let pins = pins(filter.as_ref(), &table.descriptor, OneOfOne::IsNot);
                let named = key_of(&pins.values, &table.descriptor).ok_or_else(messages::exists_without_condition)?;
                (named, PlannedChange::Exists(Guard::of(pins.rest, on_failure)))
            }
        };
        let key = key::of_key(&table.descriptor, &named)?;
        Ok(Planned { table, key, named, change, returning })
    }
}

/// The key of the one item that a WHERE clause names. A transaction has one word for every clause that does not name one (captures of
/// September 2026).
fn one_key<'s>(pins: &Pins<'s>, (surface, table): (Surface, &Table)) -> Result<Item<'s>, Error> {
    if surface != Surface::Transaction {
        // A wrong type is told before that an attribute behind it is missing.
        for (attribute, value) in table.key_schema.attributes().zip(&pins.values) {
            expect_kind(attribute, value.ok_or_else(messages::key_equality_missing)?)?;
        }
    }
    match (key_of(&pins.values, table), pins.conflict) {
        (Some(key), None) => Ok(key),
        _ if surface == Surface::Transaction => Err(messages::key_element_does_not_match_schema()),
        (None, _) => Err(messages::key_equality_missing()),
        (Some(_), Some(conflict)) => {
            let name = table.key_schema.attributes().nth(conflict).map(|attribute| attribute.name.as_str());
            Err(messages::several_conditions_on_key(name.unwrap_or_default()))
        }
    }
}

/// Refuses an item whose key has a value of another type, in the words that statements have for it (dynoxide, captured October 2026); a
/// transaction has those of PutItem.
fn check_inserted_key(table: &Table, item: &Item<'_>) -> Result<(), Error> {
    let is_wrong = |attribute: &&KeyAttribute| {
        item.get(&attribute.name).is_some_and(|value| expect_kind(attribute, value).is_err())
    };
    match table.key_schema.attributes().find(is_wrong) {
        Some(attribute) => Err(messages::key_condition_type(&attribute.name)),
        None => Ok(()),
    }
}

impl Planned<'_> {
    /// The write itself.
    pub fn item_write(&self) -> ItemWrite<'_> {
        ItemWrite { table: self.table.clone(), key: self.key.clone(), decide: self.decide() }
    }

    fn decide(&self) -> Decide<'_> {
        match &self.change {
            PlannedChange::Insert(record) => Box::new(|table, old| insert(record, table, old)),
            PlannedChange::Update(asked) => Box::new(|table, old| self.update(asked, table, old)),
            PlannedChange::Delete(guard) => Box::new(|_, old| match old {
                Some(_) => guard.check(old).map(|()| Next::Delete),
                // Nothing to delete is no failure, but counts as one beside others (captures of October 2026).
                None if guard.is_conditional() => {
                    Ok(Next::KeepUnlessCancelled(messages::conditional_check_failed(None)))
                }
                None => Ok(Next::Keep),
            }),
            PlannedChange::Exists(guard) => Box::new(|_, old| match old {
                Some(_) => guard.check(old).map(|()| Next::Keep),
                None => Err(messages::conditional_check_failed(None)),
            }),
        }
    }

    fn update(&self, asked: &Asked<'_>, table: &OpenTable, old: Option<&ItemRecord>) -> Result<Next, Error> {
        asked.check_table(table)?;
        if old.is_none() {
            return Err(messages::conditional_check_failed(None));
        }
        asked.apply(&self.named, table, old)
    }

    /// Whether the statement changes an attribute of the key, which is refused before the item is looked at.
    pub fn updates_key(&self) -> bool {
        match &self.change {
            PlannedChange::Update(Asked { update: Some(update), .. }) => {
                update.check_key(&self.table.descriptor.key_schema).is_err()
            }
            _ => false,
        }
    }

    /// The size that a statement which failed is charged by: of the item as it is, or of the one that it would have made.
    pub async fn attempted_size(&self, context: &Context<'_>) -> Result<usize, Error> {
        let made = if let PlannedChange::Insert(record) = &self.change { record.size } else { 0 };
        let stored = context.get(&self.key.bytes).await?;
        let stored = stored.map(|stored| write::decode(&self.key.bytes, &stored)).transpose()?;
        Ok(made.max(stored.map_or(0, |stored| stored.size)))
    }

    /// What the statement answers of the item.
    pub fn returned(&self, written: &Written) -> Option<EncodedItem> {
        let wanted = match self.returning? {
            Returning::AllOld => ReturnValue::AllOld,
            Returning::ModifiedOld => ReturnValue::UpdatedOld,
            Returning::AllNew => ReturnValue::AllNew,
            Returning::ModifiedNew => ReturnValue::UpdatedNew,
        };
        match &self.change {
            PlannedChange::Update(asked) => asked.returned(Some(wanted), written),
            PlannedChange::Delete(_) => written.old.as_ref().map(|old| old.item.clone()),
            PlannedChange::Insert(_) | PlannedChange::Exists(_) => None,
        }
    }
}

fn insert(record: &ItemRecord, table: &OpenTable, old: Option<&ItemRecord>) -> Result<Next, Error> {
    match old {
        Some(_) => Err(messages::duplicate_item()),
        None => put_item::decide(record, &Guard::of(None, None), table, old),
    }
}
