//! Query and Scan on the in-memory store: a table with a few items, asked and answered.

mod indexes;
mod pages;
mod ranges;
mod refusals;

use crate::context::{Caller, Context};
use crate::ops::{query, scan};
use crate::write::{ItemWrite, Next};
use crate::{Engine, Settings, effects, key};
use api::{Decoded, Error, Map, QueryInput, QueryOutput, ReturnConsumedCapacity, ScanInput, ScanOutput, Select};
use layout::{keys, record};
use model::table::{BillingMode, IndexKind, Projection, ProvisionedThroughput, Status};
use model::{AttributeValue, EncodedItem, Index, Item, KeyAttribute, KeySchema, Number, ScalarType, Table};
use runtime::{Clock, Random};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use storage::{Batch, Memory, Store};

/// Runs a future that never waits, as none does on the in-memory store. The server needs its futures to be `Send`.
fn ready<T>(future: impl Future<Output = T> + Send) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the in-memory store made a request wait"),
    }
}

fn s(text: &str) -> AttributeValue<'static> {
    AttributeValue::S(text.to_owned().into())
}

fn n(number: i64) -> AttributeValue<'static> {
    AttributeValue::N(Number::parse(&number.to_string()).unwrap())
}

fn item<const COUNT: usize>(attributes: [(&'static str, AttributeValue<'static>); COUNT]) -> Item<'static> {
    Item::from_pairs(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// `"p:S s:N"`: the attributes of a key, the first `partition` of them for the partition.
fn schema(partition: usize, attributes: &str) -> KeySchema {
    let attribute = |text: &str| {
        let (name, kind) = text.split_once(':').unwrap();
        let kind =
            [ScalarType::S, ScalarType::N, ScalarType::B].into_iter().find(|known| known.name() == kind).unwrap();
        KeyAttribute { name: name.to_owned(), kind }
    };
    let mut partition_key: Vec<_> = attributes.split(' ').map(attribute).collect();
    let sort = partition_key.split_off(partition);
    KeySchema { partition: partition_key, sort }
}

fn table(key: &str) -> Table {
    Table {
        account: "000000000000".to_owned(),
        name: "t".to_owned(),
        number: 7,
        id: String::new(),
        created_ms: 0,
        key_schema: schema(1, key),
        attribute_definitions: Vec::new(),
        indexes: Vec::new(),
        next_index_number: 1,
        billing_mode: BillingMode::PayPerRequest,
        billing_mode_stated: true,
        pay_per_request_since_ms: None,
        throughput: ProvisionedThroughput::default(),
        on_demand: None,
        warm: None,
        table_class: None,
        deletion_protection: false,
        tags: Vec::new(),
        transition: None,
        partitions: model::partition::undivided(),
        next_partition_number: 1,
        next_shard_number: 0,
        stream: None,
        time_to_live: None,
        encryption_stated: false,
        policy: None,
    }
}

fn with_index(mut table: Table, name: &str, kind: IndexKind, key_schema: KeySchema, projection: Projection) -> Table {
    table.indexes.push(Index {
        name: name.to_owned(),
        number: table.next_index_number,
        kind,
        key_schema,
        projection,
        status: Status::Active,
        backfilling: false,
        throughput: ProvisionedThroughput::default(),
        on_demand: None,
        warm: None,
    });
    table.next_index_number += 1;
    table
}

/// An engine with one table, `t`.
struct Fixture {
    engine: Engine,
    caller: Caller,
}

impl Fixture {
    fn new(table: &Table) -> Self {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let mut batch = Batch::new();
        batch.set(keys::table(&table.account, &table.name), record::encode(table).unwrap());
        ready(store.commit(batch)).unwrap();
        let settings = Settings::of_region("us-east-1".to_owned());
        let engine = Engine::new(store, Clock::system(), Random::seeded(1), settings);
        Self { engine, caller: Caller { account: table.account.clone() } }
    }

    fn context(&self) -> Context<'_> {
        Context::new(&self.engine, &self.caller)
    }

    fn put(&self, item: &Item<'_>) {
        let record = effects::record(EncodedItem::from_item(item));
        self.write(item, || Next::Put(record.clone()));
    }

    fn delete(&self, key: &Item<'_>) {
        self.write(key, || Next::Delete);
    }

    fn write(&self, item: &Item<'_>, mut next: impl FnMut() -> Next + Send) {
        let context = self.context();
        let table = ready(context.table("t")).unwrap();
        let key = key::of_item(&table.descriptor, item).unwrap();
        ready(context.write_item(ItemWrite { table, key, decide: Box::new(|_, _| Ok(next())) })).unwrap();
    }
}

/// What a test asks for.
#[derive(Clone, Default)]
struct Ask {
    index: Option<&'static str>,
    condition: Option<&'static str>,
    filter: Option<&'static str>,
    projection: Option<&'static str>,
    names: Vec<(&'static str, &'static str)>,
    values: Item<'static>,
    select: Option<Select>,
    limit: Option<i32>,
    backward: bool,
    consistent: bool,
    segment: Option<(i32, i32)>,
    start: Option<Item<'static>>,
}

/// What it is answered.
#[derive(Clone, PartialEq, Debug)]
struct Got {
    items: Option<Vec<Item<'static>>>,
    count: i32,
    scanned: i32,
    last: Option<Item<'static>>,
    /// `total = table + index...`
    units: String,
}

impl Ask {
    fn condition(condition: &'static str, values: Item<'static>) -> Self {
        Self { condition: Some(condition), values, ..Self::default() }
    }

    fn query(&self, fixture: &Fixture) -> Result<Got, String> {
        let request = self.query_request();
        let answer = ready(query::run(&fixture.context(), &request)).map_err(message)?;
        let QueryOutput { items, count, scanned_count, last_evaluated_key, consumed_capacity } = answer;
        Ok(Got {
            items: items.map(|items| items.iter().map(owned).collect()),
            count: count.unwrap(),
            scanned: scanned_count.unwrap(),
            last: last_evaluated_key.map(Item::into_owned),
            units: units(&consumed_capacity.unwrap()),
        })
    }

    fn scan(&self, fixture: &Fixture) -> Result<Got, String> {
        let request = self.scan_request();
        let answer = ready(scan::run(&fixture.context(), &request)).map_err(message)?;
        let ScanOutput { items, count, scanned_count, last_evaluated_key, consumed_capacity } = answer;
        Ok(Got {
            items: items.map(|items| items.iter().map(owned).collect()),
            count: count.unwrap(),
            scanned: scanned_count.unwrap(),
            last: last_evaluated_key.map(Item::into_owned),
            units: units(&consumed_capacity.unwrap()),
        })
    }

    fn query_request(&self) -> Decoded<QueryInput<'_>> {
        let input = QueryInput {
            table_name: "t".into(),
            index_name: self.index.map(Into::into),
            select: self.select,
            limit: self.limit,
            consistent_read: Some(self.consistent),
            scan_index_forward: self.backward.then_some(false),
            exclusive_start_key: self.start.clone(),
            return_consumed_capacity: Some(ReturnConsumedCapacity::Indexes),
            projection_expression: self.projection.map(Into::into),
            filter_expression: self.filter.map(Into::into),
            key_condition_expression: self.condition.map(Into::into),
            expression_attribute_names: self.names(),
            expression_attribute_values: self.values(),
            ..QueryInput::default()
        };
        Decoded { input, faults: api::ValueFaults::default() }
    }

    fn scan_request(&self) -> Decoded<ScanInput<'_>> {
        let input = ScanInput {
            table_name: "t".into(),
            index_name: self.index.map(Into::into),
            select: self.select,
            limit: self.limit,
            consistent_read: Some(self.consistent),
            exclusive_start_key: self.start.clone(),
            return_consumed_capacity: Some(ReturnConsumedCapacity::Indexes),
            segment: self.segment.map(|(segment, _)| segment),
            total_segments: self.segment.map(|(_, total)| total),
            projection_expression: self.projection.map(Into::into),
            filter_expression: self.filter.map(Into::into),
            expression_attribute_names: self.names(),
            expression_attribute_values: self.values(),
            ..ScanInput::default()
        };
        Decoded { input, faults: api::ValueFaults::default() }
    }

    fn names(&self) -> Option<Map<'_, std::borrow::Cow<'_, str>>> {
        let pairs = self.names.iter().map(|(key, name)| ((*key).into(), (*name).into())).collect();
        (!self.names.is_empty()).then(|| Map::from_pairs(pairs))
    }

    fn values(&self) -> Option<Item<'static>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

fn message(error: Error) -> String {
    error.message().to_owned()
}

fn owned(item: &EncodedItem) -> Item<'static> {
    item.view().to_item().into_owned()
}

fn units(consumed: &api::ConsumedCapacity<'_>) -> String {
    let mut text =
        format!("{} = {}", consumed.capacity_units.unwrap(), consumed.table.as_ref().unwrap().capacity_units.unwrap());
    for arms in [&consumed.local_secondary_indexes, &consumed.global_secondary_indexes].into_iter().flatten() {
        arms.iter().for_each(|(name, arm)| text += &format!(" + {name} {}", arm.capacity_units.unwrap()));
    }
    text
}

/// The values of one attribute of all items, joined.
fn column(got: &Got, name: &str) -> String {
    let text = |item: &Item<'_>| match item.get(name) {
        Some(AttributeValue::S(text)) => text.to_string(),
        Some(AttributeValue::N(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    got.items.iter().flatten().map(text).collect::<Vec<_>>().join(" ")
}
