//! Tables as clients see them: from a descriptor and its counters to a TableDescription.
//!
//! Counts and sizes are exact and of this moment; DynamoDB's are up to six hours old.

use super::{encryption, status, streams, throughput};
use crate::Settings;
use crate::context::Context;
use crate::error::corrupted;
use crate::partitions::sizes::{Count, Sizes};
use api::{
    BillingModeSummary, Error, GlobalSecondaryIndexDescription, GlobalSecondaryIndexWarmThroughputDescription,
    IndexStatus, KeySchemaElement, KeyType, LocalSecondaryIndexDescription, ProvisionedThroughputDescription,
    StreamSpecification, TableClassSummary, TableDescription, TableStatus, TableWarmThroughputDescription, Timestamp,
};
use bytes::Bytes;
use layout::keys::{self, Counted};
use layout::record;
use model::table::{self, BillingMode, OnDemandThroughput, Projection, ProvisionedThroughput, Status};
use model::{Index, IndexKind, KeySchema, ScalarType, Table, arn};
use std::borrow::Cow;

/// Reads the counters of a table, and then of each of its indexes, in order.
pub async fn counts(context: &Context<'_>, table: &Table) -> Result<Vec<Count>, Error> {
    let sizes = Sizes::of(&context.scan(Sizes::scan(table)).await?)?;
    let numbers = table.indexes.iter().map(|index| index.number);
    let wanted: Vec<Bytes> = numbers
        .flat_map(|number| [Counted::Count, Counted::Size].map(|counted| keys::counter(table.number, number, counted)))
        .collect();
    let read = context.get_many(&wanted).await?;
    let values: Vec<i64> = wanted
        .iter()
        .zip(read)
        .map(|(key, found)| match found {
            Some(found) => record::decode_counter(&found.value).map_err(|_| corrupted(key)),
            None => Ok(0),
        })
        .collect::<Result<_, _>>()?;
    let of_indexes = values.chunks_exact(2).map(|pair| Count { items: pair[0], bytes: pair[1] });
    Ok(std::iter::once(sizes.total()).chain(of_indexes).collect())
}

/// A table at a moment.
pub struct View<'t> {
    /// What is known of it.
    pub table: &'t Table,
    /// Its status.
    pub status: Status,
    /// The moment, in milliseconds since 1970.
    pub now_ms: i64,
    /// The server's: the Region, the key of the store.
    pub settings: &'t Settings,
    /// Counts of the table and of each index; empty: all are zero.
    pub counts: &'t [Count],
}

impl View<'_> {
    /// The description of the table.
    pub fn describe(&self) -> TableDescription<'static> {
        let table = self.table;
        let arn = arn::table(&self.settings.region, &table.account, &table.name);
        let count = self.counts.first().copied().unwrap_or_default();
        TableDescription {
            attribute_definitions: Some(table.attribute_definitions.iter().map(attribute_definition).collect()),
            table_name: Some(Cow::Owned(table.name.clone())),
            key_schema: Some(key_schema(&table.key_schema)),
            table_status: Some(table_status(self.status)),
            creation_date_time: Some(Timestamp::from_milliseconds(table.created_ms)),
            provisioned_throughput: Some(self.provisioned(&table.throughput)),
            table_size_bytes: Some(count.bytes),
            item_count: Some(count.items),
            table_id: Some(Cow::Owned(table.id.clone())),
            billing_mode_summary: self.billing_mode(),
            local_secondary_indexes: self.indexes(IndexKind::Local, |index, count| local_index(&arn, index, count)),
            global_secondary_indexes: self
                .indexes(IndexKind::Global, |index, count| self.global_index(&arn, index, count)),
            table_class_summary: table.table_class.map(|class| TableClassSummary {
                table_class: Some(table_class(class)),
                ..TableClassSummary::default()
            }),
            deletion_protection_enabled: Some(table.deletion_protection),
            on_demand_throughput: table.on_demand.as_ref().map(on_demand),
            warm_throughput: Some(self.warm()),
            stream_specification: table.enabled_stream().map(|stream| StreamSpecification {
                stream_enabled: true,
                stream_view_type: Some(streams::view_type(stream.view)),
            }),
            latest_stream_label: table.stream.as_ref().map(|stream| Cow::Owned(stream.label.clone())),
            latest_stream_arn: table.stream.as_ref().map(|stream| Cow::Owned(arn::stream(&arn, &stream.label))),
            sse_description: encryption::describe(table.encryption_stated, self.settings.master_key.as_ref()),
            table_arn: Some(Cow::Owned(arn)),
            ..TableDescription::default()
        }
    }

    /// The descriptions of the indexes of a kind; a kind without indexes is not mentioned.
    fn indexes<D>(&self, kind: IndexKind, describe: impl Fn(&Index, Count) -> D) -> Option<Vec<D>> {
        let count = |at: usize| self.counts.get(at + 1).copied().unwrap_or_default();
        let described: Vec<D> = self
            .table
            .indexes
            .iter()
            .enumerate()
            .filter(|(_, index)| index.kind == kind)
            .map(|(at, index)| describe(index, count(at)))
            .collect();
        (!described.is_empty()).then_some(described)
    }

    fn global_index(&self, table_arn: &str, index: &Index, count: Count) -> GlobalSecondaryIndexDescription<'static> {
        let status = status::of_index(index, self.status);
        let in_transition = self.table.transition.is_some_and(|transition| self.now_ms < transition.until_ms);
        let warm = throughput::warm(index.warm, self.table.billing_mode, &index.throughput);
        GlobalSecondaryIndexDescription {
            index_name: Some(Cow::Owned(index.name.clone())),
            key_schema: Some(key_schema(&index.key_schema)),
            projection: Some(projection(&index.projection)),
            index_status: Some(index_status(status)),
            backfilling: (status == Status::Creating && index.backfilling).then_some(!in_transition),
            provisioned_throughput: Some(self.provisioned(&index.throughput)),
            index_size_bytes: Some(count.bytes),
            item_count: Some(count.items),
            index_arn: Some(Cow::Owned(arn::index(table_arn, &index.name))),
            on_demand_throughput: index.on_demand.as_ref().map(on_demand),
            warm_throughput: Some(GlobalSecondaryIndexWarmThroughputDescription {
                read_units_per_second: Some(warm.read_units),
                write_units_per_second: Some(warm.write_units),
                status: Some(index_status(status)),
            }),
        }
    }

    fn provisioned(&self, throughput: &ProvisionedThroughput) -> ProvisionedThroughputDescription {
        ProvisionedThroughputDescription {
            last_increase_date_time: throughput.increased_ms.map(Timestamp::from_milliseconds),
            last_decrease_date_time: throughput.decreased_ms.map(Timestamp::from_milliseconds),
            number_of_decreases_today: Some(throughput::decreases_today(throughput, self.now_ms)),
            read_capacity_units: Some(throughput.read_units),
            write_capacity_units: Some(throughput.write_units),
        }
    }

    /// A table that was always provisioned has no summary; the time is there once the table is made (recorded by dynalite).
    fn billing_mode(&self) -> Option<BillingModeSummary> {
        let table = self.table;
        table.billing_mode_stated.then(|| BillingModeSummary {
            billing_mode: Some(match table.billing_mode {
                BillingMode::Provisioned => api::BillingMode::Provisioned,
                BillingMode::PayPerRequest => api::BillingMode::PayPerRequest,
            }),
            last_update_to_pay_per_request_date_time: table
                .pay_per_request_since_ms
                .filter(|_| self.status != Status::Creating)
                .map(Timestamp::from_milliseconds),
        })
    }

    fn warm(&self) -> TableWarmThroughputDescription {
        let warm = throughput::warm(self.table.warm, self.table.billing_mode, &self.table.throughput);
        TableWarmThroughputDescription {
            read_units_per_second: Some(warm.read_units),
            write_units_per_second: Some(warm.write_units),
            status: Some(table_status(self.status)),
        }
    }
}

fn local_index(table_arn: &str, index: &Index, count: Count) -> LocalSecondaryIndexDescription<'static> {
    LocalSecondaryIndexDescription {
        index_name: Some(Cow::Owned(index.name.clone())),
        key_schema: Some(key_schema(&index.key_schema)),
        projection: Some(projection(&index.projection)),
        index_size_bytes: Some(count.bytes),
        item_count: Some(count.items),
        index_arn: Some(Cow::Owned(arn::index(table_arn, &index.name))),
    }
}

/// A key as it is described.
pub fn key_schema(schema: &KeySchema) -> Vec<KeySchemaElement<'static>> {
    let element = |name: &str, key_type| KeySchemaElement { attribute_name: Cow::Owned(name.to_owned()), key_type };
    let partition = schema.partition.iter().map(|attribute| element(&attribute.name, KeyType::Hash));
    partition.chain(schema.sort.iter().map(|attribute| element(&attribute.name, KeyType::Range))).collect()
}

fn attribute_definition(definition: &table::AttributeDefinition) -> api::AttributeDefinition<'static> {
    let attribute_type = match definition.kind {
        ScalarType::S => api::ScalarAttributeType::S,
        ScalarType::N => api::ScalarAttributeType::N,
        ScalarType::B => api::ScalarAttributeType::B,
    };
    api::AttributeDefinition { attribute_name: Cow::Owned(definition.name.clone()), attribute_type }
}

fn projection(projection: &Projection) -> api::Projection<'static> {
    let (kind, names) = match projection {
        Projection::All => (api::ProjectionType::All, None),
        Projection::KeysOnly => (api::ProjectionType::KeysOnly, None),
        Projection::Include(names) => (api::ProjectionType::Include, Some(names)),
    };
    let owned = |names: &Vec<String>| names.iter().map(|name| Cow::Owned(name.clone())).collect();
    api::Projection { projection_type: Some(kind), non_key_attributes: names.map(owned) }
}

/// A limit that is not set is described as -1, as DynamoDB takes it away.
fn on_demand(limits: &OnDemandThroughput) -> api::OnDemandThroughput {
    api::OnDemandThroughput {
        max_read_request_units: Some(limits.max_read_units.unwrap_or(-1)),
        max_write_request_units: Some(limits.max_write_units.unwrap_or(-1)),
    }
}

fn table_class(class: table::TableClass) -> api::TableClass {
    match class {
        table::TableClass::Standard => api::TableClass::Standard,
        table::TableClass::StandardInfrequentAccess => api::TableClass::StandardInfrequentAccess,
    }
}

/// A status as it is described.
pub fn table_status(status: Status) -> TableStatus {
    match status {
        Status::Creating => TableStatus::Creating,
        Status::Active => TableStatus::Active,
        Status::Updating => TableStatus::Updating,
        Status::Deleting => TableStatus::Deleting,
    }
}

fn index_status(status: Status) -> IndexStatus {
    match status {
        Status::Creating => IndexStatus::Creating,
        Status::Active => IndexStatus::Active,
        Status::Updating => IndexStatus::Updating,
        Status::Deleting => IndexStatus::Deleting,
    }
}
