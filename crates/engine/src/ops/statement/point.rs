//! A SELECT of one item by its whole key.

use super::{Surface, pins, reads};
use crate::catalog::OpenTable;
use crate::effects::ItemKey;
use crate::plan::{self, Target};
use crate::{key, write};
use api::{Error, messages};
use expression::{Condition, Projection};
use layout::ItemRecord;
use model::{AttributeValue, EncodedItem, Item, Table};
use partiql::{OneOfOne, Select, Statement};
use std::borrow::Cow;
use storage::Versioned;

/// One item to be read.
pub struct PointRead<'s> {
    /// Its key.
    pub key: ItemKey,
    projection: Option<Projection<'s>>,
    /// What the WHERE clause says beside the key.
    rest: Option<Condition<'s>>,
}

/// What was read of an item.
pub struct Found {
    /// What is answered of it.
    pub item: Option<EncodedItem>,
    /// The size of the item, whether it is answered or not.
    pub size: usize,
}

impl<'s> PointRead<'s> {
    /// The read that a SELECT from a table is, if its WHERE clause gives the whole key. Its values must have been checked.
    pub fn of(table: &OpenTable, select: &Select<'s>) -> Result<Option<Self>, Error> {
        let pins = pins(select.filter.as_ref(), &table.descriptor, OneOfOne::IsEqual);
        if pins.conflict.is_some() {
            return Ok(None);
        }
        let Some(named) = key_of(&pins.values, &table.descriptor) else { return Ok(None) };
        let key = key::of_key(&table.descriptor, &named)?;
        Ok(Some(Self { key, projection: select.projection.clone(), rest: pins.rest }))
    }

    /// What a batch or a transaction reads: an item of a table, by the key and nothing else.
    ///
    /// # Errors
    /// A SELECT that is no such read is the outer error, a key that is none of the table's the inner one: transactions tell them apart.
    pub fn alone(
        table: &OpenTable,
        surface: Surface,
        (statement, select): (&Statement<'_>, &Select<'s>),
    ) -> Result<Result<Self, Error>, Error> {
        let without_key = || match surface {
            Surface::Transaction => messages::select_without_key_in_transaction(),
            Surface::Single | Surface::Batch => messages::select_without_key_in_batch(),
        };
        if statement.source().index.is_some() {
            return Err(match surface {
                Surface::Transaction => messages::select_from_index_in_transaction(),
                Surface::Single | Surface::Batch => without_key(),
            });
        }
        plan::check_scalar_keys(&table.descriptor, select.projection.iter().flat_map(Projection::paths))?;
        // What is wrong with the reads of any SELECT is told before what is wrong with it here; but a wrong key cancels a transaction, in
        // the words of TransactGetItems.
        let check_reads = || reads::reads(Target { table: &table.descriptor, index: None }, select).map(|_| ());
        if surface != Surface::Transaction {
            check_reads()?;
        }
        let read = match Self::of(table, select) {
            Ok(read) => read,
            Err(error) => return Ok(Err(error)),
        };
        check_reads()?;
        read.filter(|read| read.rest.is_none()).map(Ok).ok_or_else(without_key)
    }

    /// What is answered of the item as it is stored.
    pub fn answer(&self, stored: Option<Versioned>) -> Result<Found, Error> {
        let record = stored.map(|stored| write::decode(&self.key.bytes, &stored)).transpose()?;
        let size = record.as_ref().map_or(0, |record| record.size);
        let passes = |record: &ItemRecord| match &self.rest {
            Some(rest) => rest.holds(Some(record.item.view())).map_err(super::refuse),
            None => Ok(true),
        };
        let item = match record {
            Some(record) if passes(&record)? => Some(match &self.projection {
                Some(projection) => projection.project(record.item.view()),
                None => record.item,
            }),
            _ => None,
        };
        Ok(Found { item, size })
    }
}

/// The key that values give, if all its attributes have one.
pub fn key_of<'s>(values: &[Option<&'s AttributeValue<'s>>], table: &Table) -> Option<Item<'s>> {
    let pair = |(attribute, value): (&model::KeyAttribute, &Option<&'s AttributeValue<'s>>)| {
        Some((Cow::Owned(attribute.name.clone()), (*value)?.clone()))
    };
    table.key_schema.attributes().zip(values).map(pair).collect::<Option<Vec<_>>>().map(Item::from_pairs)
}
