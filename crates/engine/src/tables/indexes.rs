//! Key schemas and indexes as requests define them: DynamoDB's checks, in DynamoDB's order, and the descriptors.
//!
//! Evidence: order and texts as dynalite recorded them from AWS; keys of several attributes from the developer guide (November 2025).

use super::throughput;
use api::{AttributeDefinition, Error, KeySchemaElement, KeyType, ProjectionType, messages};
use model::table::{self, BillingMode, Projection, Status};
use model::{Index, IndexKind, KeyAttribute, KeySchema, ScalarType, limits};
use std::collections::HashSet;

/// A secondary index as CreateTable or UpdateTable defines it.
pub struct IndexRequest<'r> {
    /// Its name.
    pub name: &'r str,
    /// Local or global.
    pub kind: IndexKind,
    /// Its key.
    pub key_schema: &'r [KeySchemaElement<'r>],
    /// What its entries carry.
    pub projection: &'r api::Projection<'r>,
    /// Provisioned throughput, of a global index.
    pub throughput: Option<api::ProvisionedThroughput>,
    /// Limits of requests, of a global index.
    pub on_demand: Option<&'r api::OnDemandThroughput>,
    /// Warm throughput, of a global index.
    pub warm: Option<&'r api::WarmThroughput>,
}

impl<'r> From<&'r api::LocalSecondaryIndex<'r>> for IndexRequest<'r> {
    fn from(index: &'r api::LocalSecondaryIndex<'r>) -> Self {
        Self {
            name: &index.index_name,
            kind: IndexKind::Local,
            key_schema: &index.key_schema,
            projection: &index.projection,
            throughput: None,
            on_demand: None,
            warm: None,
        }
    }
}

impl<'r> From<&'r api::GlobalSecondaryIndex<'r>> for IndexRequest<'r> {
    fn from(index: &'r api::GlobalSecondaryIndex<'r>) -> Self {
        Self {
            name: &index.index_name,
            kind: IndexKind::Global,
            key_schema: &index.key_schema,
            projection: &index.projection,
            throughput: index.provisioned_throughput.clone(),
            on_demand: index.on_demand_throughput.as_ref(),
            warm: index.warm_throughput.as_ref(),
        }
    }
}

impl<'r> From<&'r api::CreateGlobalSecondaryIndexAction<'r>> for IndexRequest<'r> {
    fn from(index: &'r api::CreateGlobalSecondaryIndexAction<'r>) -> Self {
        Self {
            name: &index.index_name,
            kind: IndexKind::Global,
            key_schema: &index.key_schema,
            projection: &index.projection,
            throughput: index.provisioned_throughput.clone(),
            on_demand: index.on_demand_throughput.as_ref(),
            warm: index.warm_throughput.as_ref(),
        }
    }
}

impl IndexRequest<'_> {
    /// Refuses a local index that does not fit its table.
    pub fn check_local(&self, definitions: &[AttributeDefinition<'_>], table_hash: &str) -> Result<(), Error> {
        check_defined(self.key_schema, definitions)?;
        check_elements(self.key_schema)?;
        let [hash, _range] = self.key_schema else {
            return Err(messages::index_without_range_key(self.name));
        };
        if hash.attribute_name != table_hash {
            return Err(messages::index_hash_key_differs(self.name, &hash.attribute_name, table_hash));
        }
        check_projection(self.projection)
    }

    /// Refuses a global index that no table may have.
    pub fn check_global(
        &self,
        definitions: &[AttributeDefinition<'_>],
        billing_mode: BillingMode,
    ) -> Result<(), Error> {
        check_defined(self.key_schema, definitions)?;
        check_global_elements(self.key_schema)?;
        check_projection(self.projection)?;
        match (billing_mode, &self.throughput) {
            (BillingMode::PayPerRequest, Some(_)) => Err(messages::index_throughput_of_on_demand(self.name)),
            (BillingMode::Provisioned, None) => Err(messages::index_throughput_not_specified(self.name)),
            (BillingMode::Provisioned, Some(units)) => throughput::check_bounds(units),
            (BillingMode::PayPerRequest, None) => Ok(()),
        }
    }

    /// The index as it is kept.
    pub fn define(
        &self,
        number: u16,
        definitions: &[table::AttributeDefinition],
        billing_mode: BillingMode,
    ) -> Result<Index, Error> {
        let provisioned = throughput::provisioned(self.throughput.clone());
        let floor = throughput::warm(None, billing_mode, &provisioned);
        let warmed = |asked| throughput::warmed(floor, asked, &format!("index {}", self.name));
        Ok(Index {
            name: self.name.to_owned(),
            number,
            kind: self.kind,
            key_schema: key_schema(self.key_schema, definitions)?,
            projection: projection(self.projection),
            status: Status::Active,
            backfilling: false,
            throughput: provisioned,
            on_demand: throughput::on_demand(None, self.on_demand),
            warm: self.warm.map(warmed).transpose()?,
        })
    }
}

/// Refuses a key attribute that has no definition.
pub fn check_defined(schema: &[KeySchemaElement<'_>], definitions: &[AttributeDefinition<'_>]) -> Result<(), Error> {
    let keys: Vec<&str> = schema.iter().map(|element| element.attribute_name.as_ref()).collect();
    let names: Vec<&str> = definitions.iter().map(|definition| definition.attribute_name.as_ref()).collect();
    let defined: HashSet<&str> = names.iter().copied().collect();
    if keys.iter().all(|key| defined.contains(key)) {
        return Ok(());
    }
    Err(messages::keys_not_defined(&keys, &names))
}

/// Refuses a key of a table or local index that is not one HASH and at most one RANGE.
pub fn check_elements(schema: &[KeySchemaElement<'_>]) -> Result<(), Error> {
    check_names(schema)?;
    match schema {
        [first, ..] if first.key_type != KeyType::Hash => Err(messages::key_type_expected("first", KeyType::Hash)),
        [_, second, ..] if second.key_type != KeyType::Range => {
            Err(messages::key_type_expected("second", KeyType::Range))
        }
        _ => Ok(()),
    }
}

/// Refuses a key of a global index that is not up to four HASH and then up to four RANGE.
fn check_global_elements(schema: &[KeySchemaElement<'_>]) -> Result<(), Error> {
    check_names(schema)?;
    let hashes = schema.iter().take_while(|element| element.key_type == KeyType::Hash).count();
    let rest = &schema[hashes..];
    if hashes == 0 {
        return Err(messages::key_type_expected("first", KeyType::Hash));
    }
    if let Some(at) = rest.iter().position(|element| element.key_type == KeyType::Hash) {
        return Err(messages::hash_behind_range(hashes + at + 1));
    }
    let parts_max = limits::GLOBAL_INDEX_KEY_PARTS_MAX;
    if hashes > parts_max || rest.len() > parts_max {
        return Err(messages::too_many_key_attributes(parts_max));
    }
    Ok(())
}

fn check_names(schema: &[KeySchemaElement<'_>]) -> Result<(), Error> {
    let mut seen = HashSet::with_capacity(schema.len());
    if schema.iter().all(|element| seen.insert(element.attribute_name.as_ref())) {
        return Ok(());
    }
    Err(if schema.len() == 2 { messages::key_names_equal() } else { messages::key_name_repeated() })
}

fn check_projection(projection: &api::Projection<'_>) -> Result<(), Error> {
    let Some(kind) = projection.projection_type else {
        return Err(messages::projection_type_missing());
    };
    match (kind, &projection.non_key_attributes) {
        (ProjectionType::All | ProjectionType::KeysOnly, Some(_)) => Err(messages::projection_with_attributes(kind)),
        (ProjectionType::Include, None) => Err(messages::projection_without_attributes()),
        (ProjectionType::All | ProjectionType::KeysOnly, None) | (ProjectionType::Include, Some(_)) => Ok(()),
    }
}

/// Refuses more attributes in INCLUDE projections than all indexes of a table may have together.
pub fn check_projected<'n>(counts: impl Iterator<Item = usize> + 'n) -> Result<(), Error> {
    let (projected, max) = (counts.sum::<usize>(), limits::PROJECTED_ATTRIBUTES_MAX);
    if projected > max {
        return Err(messages::too_many_projected_attributes(max));
    }
    Ok(())
}

/// How many attributes a request projects with INCLUDE.
pub fn projected(projection: &api::Projection<'_>) -> usize {
    projection.non_key_attributes.as_ref().map_or(0, Vec::len)
}

fn projection(requested: &api::Projection<'_>) -> Projection {
    match (requested.projection_type, &requested.non_key_attributes) {
        (Some(ProjectionType::Include), Some(names)) => {
            Projection::Include(names.iter().map(|name| name.clone().into_owned()).collect())
        }
        (Some(ProjectionType::KeysOnly), _) => Projection::KeysOnly,
        _ => Projection::All,
    }
}

/// The key schema of checked elements.
pub fn key_schema(
    elements: &[KeySchemaElement<'_>],
    definitions: &[table::AttributeDefinition],
) -> Result<KeySchema, Error> {
    let mut schema = KeySchema { partition: Vec::new(), sort: Vec::new() };
    for element in elements {
        // The checks come first, so an element without a definition is a programmer's error.
        let definition = definitions
            .iter()
            .find(|definition| definition.name == element.attribute_name)
            .ok_or_else(messages::internal_server_error)?;
        let attribute = KeyAttribute { name: definition.name.clone(), kind: definition.kind };
        match element.key_type {
            KeyType::Hash => schema.partition.push(attribute),
            KeyType::Range => schema.sort.push(attribute),
        }
    }
    Ok(schema)
}

/// An attribute definition as it is kept.
pub fn attribute_definition(requested: &AttributeDefinition<'_>) -> table::AttributeDefinition {
    let kind = match requested.attribute_type {
        api::ScalarAttributeType::S => ScalarType::S,
        api::ScalarAttributeType::N => ScalarType::N,
        api::ScalarAttributeType::B => ScalarType::B,
    };
    table::AttributeDefinition { name: requested.attribute_name.clone().into_owned(), kind }
}
