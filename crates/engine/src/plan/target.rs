//! What a request reads: a table, or one of its indexes.
//!
//! A target knows where its entries are stored, how they are ordered and what they carry. It also knows the attributes that name a place
//! in that order: `ExclusiveStartKey` and `LastEvaluatedKey` are made of them.

use crate::effects::ItemKey;
use crate::key;
use api::{Error, messages};
use layout::KeyValue;
use layout::keys::Source;
use model::table::{Projection, Status};
use model::{Index, IndexKind, Item, ItemView, KeyAttribute, KeySchema, Table};
use std::borrow::Cow;

/// A table, or one of its indexes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Target<'t> {
    /// The table.
    pub table: &'t Table,
    /// The index, where one was named.
    pub index: Option<&'t Index>,
}

impl<'t> Target<'t> {
    /// The target of a request.
    ///
    /// # Errors
    /// ValidationException where the table has no such index, or the index cannot be read yet.
    pub fn find(table: &'t Table, index_name: Option<&str>) -> Result<Self, Error> {
        let Some(name) = index_name else { return Ok(Self { table, index: None }) };
        let index = table.index(name).filter(|index| index.status != Status::Deleting);
        let index = index.ok_or_else(|| messages::index_not_found(name))?;
        if index.backfilling || index.status == Status::Creating {
            return Err(messages::index_is_backfilling(name));
        }
        Ok(Self { table, index: Some(index) })
    }

    /// Where the entries are stored.
    pub fn source(self) -> Source {
        match self.index {
            Some(index) => Source::Index(self.table.number, index.number),
            None => Source::Table(self.table.number),
        }
    }

    /// The key that chooses and orders the entries.
    pub fn key_schema(self) -> &'t KeySchema {
        self.index.map_or(&self.table.key_schema, |index| &index.key_schema)
    }

    /// The global index, where one is read.
    pub fn global_index(self) -> Option<&'t Index> {
        self.index.filter(|index| index.kind == IndexKind::Global)
    }

    /// The attributes that name a place in the order of entries: the key of the index and that of the table, none twice.
    pub fn place_attributes(self) -> impl Iterator<Item = &'t KeyAttribute> {
        let index = self.index.map(|index| &index.key_schema);
        let table = self.table.key_schema.attributes();
        let added = table.filter(move |attribute| index.is_none_or(|schema| schema.get(&attribute.name).is_none()));
        index.into_iter().flat_map(KeySchema::attributes).chain(added)
    }

    /// The place of an entry, as `LastEvaluatedKey` names it.
    pub fn place_of(self, entry: ItemView<'_>) -> Item<'static> {
        let value_of = |attribute: &KeyAttribute| {
            let value = entry.get(&attribute.name)?.to_value().into_owned();
            Some((Cow::Owned(attribute.name.clone()), value))
        };
        Item::from_pairs(self.place_attributes().filter_map(value_of).collect())
    }

    /// The key under which an entry with the values of these attributes is stored, whether there is one or not. `None` where a value
    /// is missing or of another type than the key's.
    pub fn key_of(self, place: &Item<'_>) -> Option<ItemKey> {
        let own = key::key_values(self.key_schema(), place)?;
        let base = match self.index {
            Some(_) => key::key_values(&self.table.key_schema, place)?,
            None => Vec::new(),
        };
        let (partition, sort) = own.split_at(self.key_schema().partition.len());
        let mut bytes = self.source().partition(partition.iter().copied());
        let partition_length = bytes.len();
        sort.iter().chain(&base).for_each(|value| value.write(&mut bytes));
        Some(ItemKey { bytes: bytes.into(), partition_length })
    }

    /// The key of the item that an index entry stands for.
    pub fn item_key_of(self, entry: ItemView<'_>) -> Option<ItemKey> {
        let value_of = |attribute: &KeyAttribute| KeyValue::of_view(entry.get(&attribute.name)?);
        let values: Option<Vec<_>> = self.table.key_schema.attributes().map(value_of).collect();
        Some(key::item_key(self.table, &values?))
    }

    /// Whether entries carry everything that their items have.
    pub fn carries_all(self) -> bool {
        self.index.is_none_or(|index| index.projection == Projection::All)
    }

    /// Whether entries carry an attribute of their items.
    pub fn carries(self, name: &str) -> bool {
        let Some(index) = self.index else { return true };
        let projected = match &index.projection {
            Projection::All => return true,
            Projection::KeysOnly => false,
            Projection::Include(names) => names.iter().any(|included| included == name),
        };
        projected || index.key_schema.get(name).is_some() || self.table.key_schema.get(name).is_some()
    }
}
