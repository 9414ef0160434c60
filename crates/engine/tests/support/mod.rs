//! An engine over the in-memory store, asked in JSON as clients ask it.

#![allow(dead_code, reason = "every test file uses a part of this")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

pub mod changes;
pub mod contended;
pub mod shared;
pub mod uncertain;
pub mod unsteady;

use api::Encode;
use engine::check::Report;
use engine::partitions::Limits;
use engine::{Caller, Context, Engine, Settings, ops};
use runtime::{Clock, ManualClock, Random, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use storage::{Memory, Store};

pub const REGION: &str = "eu-west-1";
pub const ACCOUNT: &str = "000000000000";
/// What o'clock it is when a server starts, in milliseconds since 1970.
pub const START_MS: u64 = 1_790_000_000_000;

/// The engine, and the hands of its clock.
pub struct Server {
    pub engine: Arc<Engine>,
    pub clock: ManualClock,
    pub store: Arc<dyn Store>,
    caller: Caller,
}

/// What a request was refused with: the error's name and words.
pub type Refusal = (String, String);

impl Server {
    /// A server on an empty store, with its jobs running.
    pub async fn start(table_delay_ms: i64) -> Self {
        let server = Self::open(Arc::new(Memory::new()), table_delay_ms);
        server.engine.start_jobs().await.unwrap();
        server
    }

    /// A server on an empty store that divides partitions by these limits, with its jobs running.
    pub async fn dividing(partitions: Limits) -> Self {
        let settings = Settings { partitions, ..Settings::of_region(REGION.to_owned()) };
        let server = Self::open_with(Arc::new(Memory::new()), settings);
        server.engine.start_jobs().await.unwrap();
        server
    }

    /// A server on an empty store that asks for the principals whom policies name, with its jobs running.
    pub async fn knowing(principals: Arc<dyn engine::policies::Principals>) -> Self {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let (clock, hands) = Clock::manual(Timestamp::from_millis(START_MS));
        let settings = Settings::of_region(REGION.to_owned());
        let engine = Engine::new(store.clone(), clock, Random::seeded(7), settings);
        let engine = Arc::new(Engine { principals: Some(principals), ..engine });
        engine.start_jobs().await.unwrap();
        Self { engine, clock: hands, store, caller: Caller { account: ACCOUNT.to_owned() } }
    }

    /// A server on a store, without its jobs.
    pub fn open(store: Arc<dyn Store>, table_delay_ms: i64) -> Self {
        Self::open_with(store, Settings { table_delay_ms, ..Settings::of_region(REGION.to_owned()) })
    }

    /// A server on a store with these settings, without its jobs.
    pub fn open_with(store: Arc<dyn Store>, settings: Settings) -> Self {
        let (clock, hands) = Clock::manual(Timestamp::from_millis(START_MS));
        let engine = Arc::new(Engine::new(store.clone(), clock, Random::seeded(7), settings));
        Self { engine, clock: hands, store, caller: Caller { account: ACCOUNT.to_owned() } }
    }

    /// The same server as somebody of another account sees it.
    pub fn of_account(&self, account: &str) -> Self {
        let (engine, clock, store) = (self.engine.clone(), self.clock.clone(), self.store.clone());
        Self { engine, clock, store, caller: Caller { account: account.to_owned() } }
    }

    /// Asks and expects an answer.
    pub async fn ask(&self, operation: &str, input: Value) -> Value {
        match self.call(operation, &input).await {
            Ok(answer) => answer,
            Err(refusal) => panic!("{operation} {input}: {refusal:?}"),
        }
    }

    /// Asks and expects to be refused.
    pub async fn refused(&self, operation: &str, input: Value) -> Refusal {
        match self.call(operation, &input).await {
            Ok(answer) => panic!("{operation} {input}: {answer}"),
            Err(refusal) => refusal,
        }
    }

    /// Asks and expects to be refused; returns the error's name and its whole body.
    pub async fn refused_with_body(&self, operation: &str, input: Value) -> (String, Value) {
        match self.answer(operation, &input).await {
            Ok(answer) => panic!("{operation} {input}: {answer}"),
            Err(error) => {
                let mut body = Vec::new();
                error.encode(&mut body);
                (error.code().to_owned(), serde_json::from_slice(&body).unwrap())
            }
        }
    }

    /// Asks.
    pub async fn call(&self, operation: &str, input: &Value) -> Result<Value, Refusal> {
        let answer = self.answer(operation, input).await;
        answer.map_err(|error| (error.code().to_owned(), error.message().to_owned()))
    }

    async fn answer(&self, operation: &str, input: &Value) -> Result<Value, api::Error> {
        let body = serde_json::to_vec(input).unwrap();
        let mut out = Vec::new();
        loop {
            let context = Context::new(&self.engine, &self.caller);
            out.clear();
            let result = self.dispatch(&context, operation, &body, &mut out).await;
            if !context.must_repeat().await {
                context.settle().await.unwrap();
                result?;
                break;
            }
        }
        Ok(if out.is_empty() { Value::Null } else { serde_json::from_slice(&out).unwrap() })
    }

    async fn dispatch(
        &self,
        context: &Context<'_>,
        operation: &str,
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), api::Error> {
        macro_rules! dispatch {
            ($($name:literal $decode:ident $module:ident),* $(,)?) => {
                match operation {
                    $($name => {
                        let request = api::$decode(body)?;
                        ops::$module::run(context, &request).await?.encode(out);
                    })*
                    other => panic!("{other}"),
                }
            };
        }
        dispatch!(
            "BatchExecuteStatement" decode_batch_execute_statement batch_execute_statement,
            "BatchGetItem" decode_batch_get_item batch_get_item,
            "BatchWriteItem" decode_batch_write_item batch_write_item,
            "CreateTable" decode_create_table create_table,
            "DeleteItem" decode_delete_item delete_item,
            "DeleteResourcePolicy" decode_delete_resource_policy delete_resource_policy,
            "DeleteTable" decode_delete_table delete_table,
            "DescribeContinuousBackups" decode_describe_continuous_backups describe_continuous_backups,
            "DescribeEndpoints" decode_describe_endpoints describe_endpoints,
            "DescribeLimits" decode_describe_limits describe_limits,
            "DescribeStream" decode_describe_stream describe_stream,
            "DescribeTable" decode_describe_table describe_table,
            "DescribeTimeToLive" decode_describe_time_to_live describe_time_to_live,
            "ExecuteStatement" decode_execute_statement execute_statement,
            "ExecuteTransaction" decode_execute_transaction execute_transaction,
            "GetItem" decode_get_item get_item,
            "GetRecords" decode_get_records get_records,
            "GetResourcePolicy" decode_get_resource_policy get_resource_policy,
            "GetShardIterator" decode_get_shard_iterator get_shard_iterator,
            "ListStreams" decode_list_streams list_streams,
            "ListTables" decode_list_tables list_tables,
            "ListTagsOfResource" decode_list_tags_of_resource list_tags_of_resource,
            "PutItem" decode_put_item put_item,
            "PutResourcePolicy" decode_put_resource_policy put_resource_policy,
            "Query" decode_query query,
            "Scan" decode_scan scan,
            "TagResource" decode_tag_resource tag_resource,
            "TransactGetItems" decode_transact_get_items transact_get_items,
            "TransactWriteItems" decode_transact_write_items transact_write_items,
            "UntagResource" decode_untag_resource untag_resource,
            "UpdateItem" decode_update_item update_item,
            "UpdateTable" decode_update_table update_table,
            "UpdateTimeToLive" decode_update_time_to_live update_time_to_live,
        );
        Ok(())
    }

    /// The description of a table.
    pub async fn describe(&self, table: &str) -> Value {
        self.ask("DescribeTable", json!({ "TableName": table })).await["Table"].take()
    }

    /// The status of a table, or the name of the error.
    pub async fn status(&self, table: &str) -> String {
        match self.call("DescribeTable", &json!({ "TableName": table })).await {
            Ok(answer) => answer["Table"]["TableStatus"].as_str().unwrap().to_owned(),
            Err((code, _)) => code,
        }
    }

    /// Moves the clock and lets everybody who waited for it run.
    pub async fn advance(&self, millis: u64) {
        // Those who are about to wait must be waiting before the hands move.
        settle().await;
        self.clock.advance(Duration::from_millis(millis));
        settle().await;
    }

    /// Waits until a table is active.
    pub async fn until_active(&self, table: &str) {
        for _ in 0..100_000 {
            if self.status(table).await == "ACTIVE" {
                return;
            }
            runtime::give_way().await;
        }
        panic!("{table} does not become active");
    }

    /// The offline check of the store.
    pub async fn check(&self) -> Report {
        engine::check::check(self.store.as_ref()).await.unwrap()
    }

    /// Expects that nothing is wrong with the store.
    pub async fn assert_sound(&self) {
        let report = self.check().await;
        assert!(report.is_clean(), "{report}");
    }
}

async fn settle() {
    for _ in 0..1000 {
        runtime::give_way().await;
    }
}

/// A CreateTable request: a partition key `pk` and a sort key `sk`, paid by request.
pub fn composite(name: &str) -> Value {
    json!({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" }, { "AttributeName": "sk", "AttributeType": "N" },
        ],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }],
    })
}

/// An index that projects all attributes.
pub fn index(name: &str, keys: &[(&str, &str)]) -> Value {
    let element = |(name, kind): &(&str, &str)| json!({ "AttributeName": name, "KeyType": kind });
    let schema: Vec<Value> = keys.iter().map(element).collect();
    json!({ "IndexName": name, "KeySchema": schema, "Projection": { "ProjectionType": "ALL" } })
}

/// The request with definitions of string attributes added.
pub fn defining(mut request: Value, names: &[&str]) -> Value {
    let definitions = names.iter().map(|name| json!({ "AttributeName": name, "AttributeType": "S" }));
    match request["AttributeDefinitions"].as_array_mut() {
        Some(known) => known.extend(definitions),
        None => request["AttributeDefinitions"] = definitions.collect(),
    }
    request
}

/// The request with members set.
pub fn with(mut request: Value, members: Value) -> Value {
    for (name, member) in members.as_object().unwrap() {
        request[name] = member.clone();
    }
    request
}

/// The request without a member.
pub fn without(mut request: Value, member: &str) -> Value {
    request.as_object_mut().unwrap().remove(member);
    request
}
