//! From an UpdateTable request to the next descriptor: what is refused before the table is read ([`check`]), what is refused because of
//! what the table is ([`CHECKS`]), then the change.
//!
//! Evidence for order and texts: dynalite's recordings of AWS, the AWS-verified suite (May 2026) and captures of AWS (July 2026).

use super::indexes::{self, IndexRequest};
use super::throughput::{self, OnDemandOrigin};
use super::{definition, encryption, removal, status, streams, unavailable};
use crate::MasterKey;
use crate::partitions;
use crate::partitions::sizes::Sizes;
use api::{Error, GlobalSecondaryIndexUpdate, UpdateTableInput, messages};
use model::table::{BillingMode, Projection, Status, Transition};
use model::{Index, IndexKind, Table};
use std::borrow::Cow;
use std::collections::HashSet;
use storage::Batch;

/// How many index updates one request may hold (recorded by dynalite).
const INDEX_UPDATES_MAX: usize = 5;

/// Refuses a request whatever the table is.
pub fn check(input: &UpdateTableInput<'_>) -> Result<(), Error> {
    if asks_for_nothing(input) {
        return Err(messages::nothing_to_update());
    }
    if input.billing_mode == Some(api::BillingMode::Provisioned) && input.provisioned_throughput.is_none() {
        return Err(messages::throughput_missing_in_update());
    }
    input.provisioned_throughput.as_ref().map_or(Ok(()), throughput::check_bounds)?;
    let mut names = HashSet::new();
    for update in index_updates(input) {
        let Some(name) = updated_index(update) else {
            return Err(messages::index_update_empty());
        };
        if !names.insert(name) {
            return Err(messages::index_updated_twice(name));
        }
    }
    Ok(())
}

fn asks_for_nothing(input: &UpdateTableInput<'_>) -> bool {
    let asks = input.billing_mode.is_some()
        || input.provisioned_throughput.is_some()
        || !index_updates(input).is_empty()
        || input.stream_specification.is_some()
        || input.sse_specification.is_some()
        || input.replica_updates.is_some()
        || input.table_class.is_some()
        || input.deletion_protection_enabled.is_some()
        || input.multi_region_consistency.is_some()
        || input.global_table_witness_updates.is_some()
        || input.on_demand_throughput.is_some()
        || input.warm_throughput.is_some()
        || input.global_table_settings_replication_mode.is_some()
        || input.disassociation_protection_enabled.is_some()
        || input.vector_index_updates.is_some();
    !asks
}

fn index_updates<'r>(input: &'r UpdateTableInput<'_>) -> &'r [GlobalSecondaryIndexUpdate<'r>] {
    input.global_secondary_index_updates.as_deref().unwrap_or_default()
}

/// The name of the index that an update is about; `None` for an update that says nothing.
fn updated_index<'r>(update: &'r GlobalSecondaryIndexUpdate<'_>) -> Option<&'r str> {
    let settings = update.update.as_ref().map(|action| action.index_name.as_ref());
    let create = update.create.as_ref().map(|action| action.index_name.as_ref());
    let delete = update.delete.as_ref().map(|action| action.index_name.as_ref());
    settings.or(create).or(delete)
}

/// A request, the table it meets, and when.
pub struct Request<'r> {
    /// What is asked for.
    pub input: &'r UpdateTableInput<'r>,
    /// What the table is.
    pub table: &'r Table,
    /// When, in milliseconds since 1970.
    pub now_ms: i64,
    /// The status for the time being; `None`: the change is through at once.
    pub transition: Option<Transition>,
    /// How large the table's partitions are, where that may matter.
    pub sizes: &'r Sizes,
    /// The key under which the store is encrypted, if it is.
    pub master_key: Option<&'r MasterKey>,
}

/// What becomes of a table.
pub struct Update {
    /// The next descriptor; indexes to remove are still in it.
    pub table: Table,
    /// The numbers of the indexes that are to be removed in the same commit.
    pub remove_indexes: Vec<u16>,
    /// What else is written in the same commit.
    pub batch: Batch,
}

/// One check of a request on what the table is.
type Check = fn(&Request<'_>) -> Result<(), Error>;

/// The checks in the order in which DynamoDB reports them.
const CHECKS: &[Check] = &[
    |request| status::refuse_in_transition(request.table, request.now_ms),
    one_concern,
    units_of_unprovisioned,
    one_index_at_a_time,
    updated_indexes,
    all_indexes_provisioned,
    units_change,
    created_indexes,
    deleted_indexes,
    on_demand,
    |request| streams::check_change(request.input, request.table),
    |request| encryption::check(request.input.sse_specification.as_ref(), request.master_key),
    |request| unavailable::refuse_in_update(request.input),
];

/// The next descriptor of the table.
pub fn plan(request: &Request<'_>) -> Result<Update, Error> {
    CHECKS.iter().try_for_each(|check| check(request))?;
    let Request { input, now_ms, .. } = *request;
    let mut table = request.table.clone();
    set_billing(&mut table, request);
    if let Some(units) = &input.provisioned_throughput {
        table.throughput = throughput::changed(table.throughput, units.clone(), now_ms);
    }
    table.on_demand = throughput::on_demand(table.on_demand, input.on_demand_throughput.as_ref());
    if let Some(asked) = &input.warm_throughput {
        let current = throughput::warm(table.warm, table.billing_mode, &table.throughput);
        table.warm = Some(throughput::warmed(current, asked, "table")?);
    }
    table.table_class = input.table_class.map(definition::table_class).or(table.table_class);
    table.deletion_protection = input.deletion_protection_enabled.unwrap_or(table.deletion_protection);
    table.encryption_stated = encryption::stated(input.sse_specification.as_ref(), table.encryption_stated);
    merge_definitions(&mut table, request);
    let mut remove_indexes = Vec::new();
    for update in index_updates(input) {
        set_index(&mut table, update, now_ms)?;
        create_index(&mut table, update)?;
        remove_indexes.extend(delete_index(&mut table, update, request.transition));
    }
    removal::prune_definitions(&mut table);
    let mut batch = Batch::new();
    streams::change(&mut table, input.stream_specification.as_ref(), now_ms, &mut batch)?;
    partitions::provide(&mut table, request.sizes, now_ms, &mut batch)?;
    if table != *request.table {
        table.transition = request.transition;
    }
    Ok(Update { table, remove_indexes, batch })
}

impl Request<'_> {
    /// The billing mode that the table has after the request.
    fn billing_mode(&self) -> BillingMode {
        match self.input.billing_mode {
            Some(api::BillingMode::PayPerRequest) => BillingMode::PayPerRequest,
            Some(api::BillingMode::Provisioned) => BillingMode::Provisioned,
            None => self.table.billing_mode,
        }
    }

    fn global_index(&self, name: &str) -> Option<&Index> {
        self.table.index(name).filter(|index| index.kind == IndexKind::Global)
    }

    fn creates(&self) -> impl Iterator<Item = IndexRequest<'_>> {
        index_updates(self.input).iter().filter_map(|update| update.create.as_ref()).map(IndexRequest::from)
    }

    fn deletes(&self) -> impl Iterator<Item = &str> {
        index_updates(self.input)
            .iter()
            .filter_map(|update| update.delete.as_ref())
            .map(|action| action.index_name.as_ref())
    }

    fn settings(&self) -> impl Iterator<Item = &api::UpdateGlobalSecondaryIndexAction<'_>> {
        index_updates(self.input).iter().filter_map(|update| update.update.as_ref())
    }
}

/// Most of what can be changed stands alone in a request; throughput goes with indexes, and a billing mode with more (captures of
/// October 2026).
fn one_concern(request: &Request<'_>) -> Result<(), Error> {
    let input = request.input;
    let (encryption, class) = (input.sse_specification.is_some(), input.table_class.is_some());
    let (protection, warm) = (input.deletion_protection_enabled.is_some(), input.warm_throughput.is_some());
    let (stream, on_demand) = (input.stream_specification.is_some(), input.on_demand_throughput.is_some());
    let throughput = input.provisioned_throughput.is_some();
    let (billing, indexes) = (input.billing_mode.is_some(), !index_updates(input).is_empty());
    let concerns = [encryption, class, protection, warm, stream, on_demand, throughput, billing, indexes];
    let are_several = concerns.into_iter().filter(|is_there| *is_there).count() > 1;
    let alone = [
        (encryption, "Server-Side Encryption modification"),
        (class, "TableClass modification"),
        (protection, "DeletionProtection modification"),
        (warm, "WarmThroughput"),
    ];
    match alone.into_iter().find(|(is_there, _)| are_several && *is_there) {
        Some((_, what)) => Err(messages::sole_modification(what)),
        None if on_demand && (stream || throughput) => Err(messages::on_demand_combined()),
        None => Ok(()),
    }
}

fn units_of_unprovisioned(request: &Request<'_>) -> Result<(), Error> {
    let unprovisioned = request.billing_mode() == BillingMode::PayPerRequest;
    if unprovisioned && request.input.provisioned_throughput.is_some() {
        return Err(messages::throughput_of_on_demand());
    }
    let named = request.settings().find(|action| unprovisioned && action.provisioned_throughput.is_some());
    match named {
        Some(action) => Err(messages::index_throughput_of_on_demand(&action.index_name)),
        None => Ok(()),
    }
}

/// One index is made or deleted at a time. The exception is an index that is still being filled: it may be given up.
fn one_index_at_a_time(request: &Request<'_>) -> Result<(), Error> {
    let actions = request.creates().count() + request.deletes().count();
    let gives_up = |index: &Index| {
        index.status == Status::Creating && index.backfilling && request.deletes().any(|name| name == index.name)
    };
    let busy = request.table.indexes.iter().any(|index| status::is_changing(index) && !gives_up(index));
    if index_updates(request.input).len() > INDEX_UPDATES_MAX || actions > 1 || (actions > 0 && busy) {
        return Err(messages::one_index_at_a_time());
    }
    Ok(())
}

fn updated_indexes(request: &Request<'_>) -> Result<(), Error> {
    let blocked = |action: &&api::UpdateGlobalSecondaryIndexAction<'_>| {
        request.global_index(&action.index_name).is_none()
            || action.provisioned_throughput.as_ref().is_some_and(throughput::is_out_of_bounds)
    };
    if request.settings().any(|action| blocked(&action)) { Err(messages::index_update_blocked()) } else { Ok(()) }
}

fn all_indexes_provisioned(request: &Request<'_>) -> Result<(), Error> {
    let becomes =
        request.billing_mode() == BillingMode::Provisioned && request.table.billing_mode != BillingMode::Provisioned;
    if !becomes {
        return Ok(());
    }
    let given = |index: &&Index| {
        request.settings().any(|action| action.index_name == index.name && action.provisioned_throughput.is_some())
            || request.deletes().any(|name| name == index.name)
    };
    let left: Vec<&str> = request
        .table
        .indexes_of(IndexKind::Global)
        .filter(|index| !given(index))
        .map(|index| index.name.as_str())
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    Err(messages::index_throughput_missing(&left))
}

fn units_change(request: &Request<'_>) -> Result<(), Error> {
    // From on-demand every value is a change.
    if request.table.billing_mode != BillingMode::Provisioned {
        return Ok(());
    }
    let table = request.input.provisioned_throughput.iter().map(|units| (None, units, request.table.throughput));
    let indexes = request.settings().filter_map(|action| {
        let index = request.global_index(&action.index_name)?;
        Some((Some(index.name.as_str()), action.provisioned_throughput.as_ref()?, index.throughput))
    });
    for (index, asked, current) in table.chain(indexes) {
        let units = (asked.read_capacity_units, asked.write_capacity_units);
        if units == (current.read_units, current.write_units) {
            return Err(messages::throughput_unchanged(index, units));
        }
    }
    Ok(())
}

/// The key attributes of a new index must be defined in the request itself, even if the table defines them already
/// (AWS-verified suite, July 2026).
fn created_indexes(request: &Request<'_>) -> Result<(), Error> {
    let definitions = request.input.attribute_definitions.as_deref().unwrap_or_default();
    for index in request.creates() {
        if request.table.index(index.name).is_some() {
            return Err(messages::index_exists(index.name));
        }
        index.check_global(definitions, request.billing_mode())?;
        index.on_demand.map_or(Ok(()), |asked| {
            throughput::check_on_demand(asked, request.billing_mode(), OnDemandOrigin::Create)
        })?;
        let known = request.table.indexes.iter().map(|index| match &index.projection {
            Projection::Include(names) => names.len(),
            Projection::All | Projection::KeysOnly => 0,
        });
        indexes::check_projected(known.chain(std::iter::once(indexes::projected(index.projection))))?;
        definition::check_global_count(request.table.indexes_of(IndexKind::Global).count() + 1)?;
    }
    Ok(())
}

fn deleted_indexes(request: &Request<'_>) -> Result<(), Error> {
    let mut names = request.deletes();
    if names.any(|name| request.global_index(name).is_none()) {
        Err(messages::index_to_delete_not_found())
    } else {
        Ok(())
    }
}

fn on_demand(request: &Request<'_>) -> Result<(), Error> {
    let table = request.input.on_demand_throughput.as_ref();
    let indexes = request.settings().filter_map(|action| action.on_demand_throughput.as_ref());
    table
        .into_iter()
        .chain(indexes)
        .try_for_each(|asked| throughput::check_on_demand(asked, request.billing_mode(), OnDemandOrigin::Update))
}

fn set_billing(table: &mut Table, request: &Request<'_>) {
    let mode = request.billing_mode();
    if mode == table.billing_mode {
        return;
    }
    table.billing_mode = mode;
    table.billing_mode_stated = true;
    if mode == BillingMode::Provisioned {
        table.on_demand = None;
        table.indexes.iter_mut().for_each(|index| index.on_demand = None);
        return;
    }
    table.pay_per_request_since_ms = Some(request.now_ms);
    table.throughput = throughput::unprovisioned(table.throughput);
    for index in table.indexes.iter_mut().filter(|index| index.kind == IndexKind::Global) {
        let nothing = api::ProvisionedThroughput { read_capacity_units: 0, write_capacity_units: 0 };
        index.throughput = throughput::changed(index.throughput, nothing, request.now_ms);
    }
}

/// Definitions are a delta: new ones are added, the type of a known one stays (AWS-verified suite, July 2026).
fn merge_definitions(table: &mut Table, request: &Request<'_>) {
    let known = &mut table.attribute_definitions;
    let mut names: HashSet<Cow<'_, str>> = known.iter().map(|known| Cow::Owned(known.name.clone())).collect();
    for definition in request.input.attribute_definitions.iter().flatten() {
        if names.insert(Cow::Borrowed(&definition.attribute_name)) {
            known.push(indexes::attribute_definition(definition));
        }
    }
}

fn set_index(table: &mut Table, update: &GlobalSecondaryIndexUpdate<'_>, now_ms: i64) -> Result<(), Error> {
    let billing_mode = table.billing_mode;
    let Some(action) = &update.update else { return Ok(()) };
    let Some(index) = table.indexes.iter_mut().find(|index| index.name == action.index_name) else { return Ok(()) };
    if let Some(units) = &action.provisioned_throughput {
        index.throughput = throughput::changed(index.throughput, units.clone(), now_ms);
    }
    index.on_demand = throughput::on_demand(index.on_demand, action.on_demand_throughput.as_ref());
    if let Some(asked) = &action.warm_throughput {
        let current = throughput::warm(index.warm, billing_mode, &index.throughput);
        index.warm = Some(throughput::warmed(current, asked, &format!("index {}", index.name))?);
    }
    Ok(())
}

/// The new index is maintained by every write from the commit on; `jobs` enters the items that are there already.
fn create_index(table: &mut Table, update: &GlobalSecondaryIndexUpdate<'_>) -> Result<(), Error> {
    let Some(action) = &update.create else { return Ok(()) };
    let number = table.next_index_number;
    table.next_index_number = number.checked_add(1).ok_or_else(messages::one_index_at_a_time)?;
    let request = IndexRequest::from(action);
    let index = request.define(number, &table.attribute_definitions, table.billing_mode)?;
    table.indexes.push(Index { status: Status::Creating, backfilling: true, ..index });
    Ok(())
}

/// Marks an index as deleted: writes stop to maintain it. Returns its number if it is to be removed at once.
fn delete_index(
    table: &mut Table,
    update: &GlobalSecondaryIndexUpdate<'_>,
    transition: Option<Transition>,
) -> Option<u16> {
    let action = update.delete.as_ref()?;
    let index = table.indexes.iter_mut().find(|index| index.name == action.index_name)?;
    index.status = Status::Deleting;
    index.backfilling = false;
    transition.is_none().then_some(index.number)
}
