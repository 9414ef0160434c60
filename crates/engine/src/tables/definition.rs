//! From a CreateTable request to a table: DynamoDB's checks in DynamoDB's order ([`CHECKS`]), then the descriptor.
//!
//! Evidence for order and texts: dynalite's recordings of AWS, confirmed by the AWS-verified suite of May 2026 where that has a test.

use super::indexes::{self, IndexRequest};
use super::throughput::{self, OnDemandOrigin};
use super::{encryption, streams, tags, unavailable};
use crate::partitions;
use api::{AttributeDefinition, CreateTableInput, Error, KeySchemaElement, messages};
use model::table::{BillingMode, TableClass, Transition};
use model::{Index, Table, limits};
use std::collections::HashSet;

/// One check of a request.
type Check = fn(&CreateTableInput<'_>) -> Result<(), Error>;

/// The checks in the order in which DynamoDB reports them.
const CHECKS: &[Check] = &[
    required_members,
    billing,
    throughput_bounds,
    table_keys,
    exact_definitions,
    local_indexes,
    global_indexes,
    projected_attributes,
    used_definitions,
    on_demand,
    |input| streams::check_new(input.stream_specification.as_ref()),
    |input| tags::check(input.tags.as_deref().unwrap_or_default()),
    unavailable::refuse_in_create,
];

/// Refuses a request that no table can come of.
pub fn check(input: &CreateTableInput<'_>) -> Result<(), Error> {
    CHECKS.iter().try_for_each(|check| check(input))
}

/// What a new table has from elsewhere than its request.
pub struct Origin {
    /// The account that makes it.
    pub account: String,
    /// Its name, which the request may have given as an ARN.
    pub name: String,
    /// Its number.
    pub number: u32,
    /// Its id.
    pub id: String,
    /// When it is made, in milliseconds since 1970.
    pub now_ms: i64,
    /// Its status for the time being.
    pub transition: Option<Transition>,
}

/// The table that a checked request defines.
pub fn define(input: &CreateTableInput<'_>, origin: Origin) -> Result<Table, Error> {
    let billing_mode = billing_mode(input);
    let attribute_definitions: Vec<_> = definitions(input).iter().map(indexes::attribute_definition).collect();
    let requests = index_requests(input);
    let indexes: Vec<Index> = (1..)
        .zip(&requests)
        .map(|(number, index)| index.define(number, &attribute_definitions, billing_mode))
        .collect::<Result<_, _>>()?;
    let provisioned = throughput::provisioned(input.provisioned_throughput.clone());
    let warm_floor = throughput::warm(None, billing_mode, &provisioned);
    let warmed = |asked| throughput::warmed(warm_floor, asked, "table");
    let warm = input.warm_throughput.as_ref().map(warmed).transpose()?;
    let partitions = partitions::initial(&provisioned, warm);
    Ok(Table {
        account: origin.account,
        name: origin.name,
        number: origin.number,
        id: origin.id,
        created_ms: origin.now_ms,
        key_schema: indexes::key_schema(key_schema(input), &attribute_definitions)?,
        attribute_definitions,
        next_index_number: 1 + requests.len() as u16,
        indexes,
        billing_mode,
        billing_mode_stated: input.billing_mode == Some(api::BillingMode::PayPerRequest),
        pay_per_request_since_ms: (billing_mode == BillingMode::PayPerRequest).then_some(origin.now_ms),
        throughput: provisioned,
        on_demand: throughput::on_demand(None, input.on_demand_throughput.as_ref()),
        warm,
        table_class: input.table_class.map(table_class),
        deletion_protection: input.deletion_protection_enabled.unwrap_or(false),
        tags: tags::set(&[], input.tags.as_deref().unwrap_or_default()),
        transition: origin.transition,
        next_partition_number: partitions.len() as u32,
        partitions,
        next_shard_number: 0,
        stream: None,
        time_to_live: None,
        encryption_stated: encryption::stated(input.sse_specification.as_ref(), false),
        policy: None,
    })
}

/// The class as it is kept.
pub fn table_class(requested: api::TableClass) -> TableClass {
    match requested {
        api::TableClass::Standard => TableClass::Standard,
        api::TableClass::StandardInfrequentAccess => TableClass::StandardInfrequentAccess,
    }
}

fn billing_mode(input: &CreateTableInput<'_>) -> BillingMode {
    match input.billing_mode {
        Some(api::BillingMode::PayPerRequest) => BillingMode::PayPerRequest,
        Some(api::BillingMode::Provisioned) | None => BillingMode::Provisioned,
    }
}

fn definitions<'r>(input: &'r CreateTableInput<'_>) -> &'r [AttributeDefinition<'r>] {
    input.attribute_definitions.as_deref().unwrap_or_default()
}

fn key_schema<'r>(input: &'r CreateTableInput<'_>) -> &'r [KeySchemaElement<'r>] {
    input.key_schema.as_deref().unwrap_or_default()
}

/// All indexes of the request, local ones first.
fn index_requests<'r>(input: &'r CreateTableInput<'_>) -> Vec<IndexRequest<'r>> {
    let local = input.local_secondary_indexes.iter().flatten().map(IndexRequest::from);
    let global = input.global_secondary_indexes.iter().flatten().map(IndexRequest::from);
    local.chain(global).collect()
}

/// The service model has these optional for copies of global tables; a table of one's own needs them.
fn required_members(input: &CreateTableInput<'_>) -> Result<(), Error> {
    if input.global_table_source_arn.is_some() {
        return Ok(());
    }
    let rows =
        [("attributeDefinitions", input.attribute_definitions.is_none()), ("keySchema", input.key_schema.is_none())];
    let absent: Vec<&str> = rows.into_iter().filter_map(|(path, absent)| absent.then_some(path)).collect();
    if absent.is_empty() { Ok(()) } else { Err(messages::members_missing(&absent)) }
}

fn billing(input: &CreateTableInput<'_>) -> Result<(), Error> {
    match (billing_mode(input), &input.provisioned_throughput) {
        (BillingMode::PayPerRequest, Some(_)) => Err(messages::throughput_of_on_demand()),
        (BillingMode::Provisioned, None) => Err(messages::throughput_missing_in_create()),
        (BillingMode::PayPerRequest, None) | (BillingMode::Provisioned, Some(_)) => Ok(()),
    }
}

fn throughput_bounds(input: &CreateTableInput<'_>) -> Result<(), Error> {
    input.provisioned_throughput.as_ref().map_or(Ok(()), throughput::check_bounds)
}

fn table_keys(input: &CreateTableInput<'_>) -> Result<(), Error> {
    let (schema, definitions) = (key_schema(input), definitions(input));
    if schema.len() > definitions.len() {
        return Err(messages::key_without_definition());
    }
    indexes::check_defined(schema, definitions)?;
    indexes::check_elements(schema)
}

fn exact_definitions(input: &CreateTableInput<'_>) -> Result<(), Error> {
    let has_indexes = input.local_secondary_indexes.is_some() || input.global_secondary_indexes.is_some();
    if !has_indexes && key_schema(input).len() != definitions(input).len() {
        return Err(messages::definitions_not_exact());
    }
    Ok(())
}

fn local_indexes(input: &CreateTableInput<'_>) -> Result<(), Error> {
    let Some(requested) = &input.local_secondary_indexes else { return Ok(()) };
    if requested.is_empty() {
        return Err(messages::index_list_empty("LocalSecondaryIndexes"));
    }
    let [hash, _range] = key_schema(input) else {
        return Err(messages::table_without_range_key());
    };
    let max = limits::LOCAL_INDEXES_MAX;
    let mut names = HashSet::new();
    // What comes behind the limit is refused for that alone, however much it is.
    for index in requested.iter().take(max + 1) {
        IndexRequest::from(index).check_local(definitions(input), &hash.attribute_name)?;
        unique_name(&index.index_name, &mut names)?;
    }
    if requested.len() > max {
        return Err(messages::too_many_local_indexes(max));
    }
    Ok(())
}

fn global_indexes(input: &CreateTableInput<'_>) -> Result<(), Error> {
    let Some(requested) = &input.global_secondary_indexes else { return Ok(()) };
    if requested.is_empty() {
        return Err(messages::index_list_empty("GlobalSecondaryIndexes"));
    }
    let mut names: HashSet<&str> =
        input.local_secondary_indexes.iter().flatten().map(|index| index.index_name.as_ref()).collect();
    for index in requested.iter().take(limits::GLOBAL_INDEXES_MAX + 1) {
        IndexRequest::from(index).check_global(definitions(input), billing_mode(input))?;
        unique_name(&index.index_name, &mut names)?;
    }
    check_global_count(requested.len())
}

/// Refuses more global indexes than a table may have.
pub fn check_global_count(count: usize) -> Result<(), Error> {
    let max = limits::GLOBAL_INDEXES_MAX;
    if count > max {
        return Err(messages::too_many_global_indexes(max));
    }
    Ok(())
}

fn unique_name<'n>(name: &'n str, earlier: &mut HashSet<&'n str>) -> Result<(), Error> {
    if earlier.insert(name) { Ok(()) } else { Err(messages::duplicate_index_name(name)) }
}

fn projected_attributes(input: &CreateTableInput<'_>) -> Result<(), Error> {
    indexes::check_projected(index_requests(input).iter().map(|index| indexes::projected(index.projection)))
}

fn used_definitions(input: &CreateTableInput<'_>) -> Result<(), Error> {
    let requests = index_requests(input);
    let elements = key_schema(input).iter().chain(requests.iter().flat_map(|index| index.key_schema));
    let mut seen = HashSet::new();
    let used: Vec<&str> =
        elements.map(|element| element.attribute_name.as_ref()).filter(|name| seen.insert(*name)).collect();
    let defined: Vec<&str> = definitions(input).iter().map(|definition| definition.attribute_name.as_ref()).collect();
    if used.len() == defined.len() {
        return Ok(());
    }
    Err(messages::definitions_not_used(&defined, &used))
}

fn on_demand(input: &CreateTableInput<'_>) -> Result<(), Error> {
    let check = |requested| throughput::check_on_demand(requested, billing_mode(input), OnDemandOrigin::Create);
    input.on_demand_throughput.as_ref().map_or(Ok(()), check)?;
    input
        .global_secondary_indexes
        .iter()
        .flatten()
        .filter_map(|index| index.on_demand_throughput.as_ref())
        .try_for_each(check)
}
