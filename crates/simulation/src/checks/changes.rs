//! Whether a stream tells exactly what happened to a table, and what clients were told of it is the same.
//!
//! The streams of all lives of the table are read as consumers do, parents before children. Of every item each record begins where the one
//! before ended; every write that was answered is in one stream, once, and replaced what its client was told; two writes of an item stand
//! in the order in which they were made where one was completed before the other began; and what the records of the last life come to is
//! what the table holds.

use crate::workload::changes::{TABLE, key_text};
use crate::workload::parsed;
use crate::world::World;
use runtime::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One item's part of a deed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// The key, as text.
    pub key: String,
    /// What the item became; `None` where it was deleted.
    pub value: Option<u64>,
}

/// What a client did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deed {
    /// When it was sent.
    pub invoked: u64,
    /// When it was answered.
    pub completed: u64,
    /// It was carried out; otherwise nobody can tell.
    pub is_certain: bool,
    /// What the client was told that the item was before; `None` where it was told nothing.
    pub old: Option<Option<u64>>,
    /// What was written.
    pub writes: Vec<Write>,
}

impl Deed {
    /// One of which nobody can tell whether it was carried out.
    pub fn uncertain(invoked: u64, writes: Vec<Write>) -> Self {
        Self { invoked, completed: u64::MAX, is_certain: false, old: None, writes }
    }
}

/// What all clients did. Clones are the same one.
#[derive(Clone, Default)]
pub struct Deeds(Arc<Mutex<Vec<Deed>>>);

impl Deeds {
    /// Adds one.
    pub fn add(&self, deed: Deed) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(deed);
    }

    fn take(&self) -> Vec<Deed> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A record as far as it matters here.
struct Change {
    key: String,
    old: Option<Value>,
    new: Option<Value>,
}

impl Change {
    fn of(record: &Value) -> Self {
        let data = &record["dynamodb"];
        let image = |name: &str| data.get(name).cloned();
        Self { key: key_text(&data["Keys"]), old: image("OldImage"), new: image("NewImage") }
    }
}

/// Reads all streams and compares.
pub async fn check(world: &World, random: &Random, deeds: &Deeds) {
    let mut changes = Vec::new();
    let mut items = BTreeMap::new();
    for arn in streams(world, random).await {
        // Every life of the table begins empty.
        items = BTreeMap::new();
        for record in records(world, random, &arn).await {
            let change = Change::of(&record);
            let known = items.remove(&change.key);
            if known != change.old {
                world.fault(format!("{}: a record begins with {:?} after {known:?}", change.key, change.old));
            }
            if let Some(new) = &change.new {
                items.insert(change.key.clone(), new.clone());
            }
            changes.push(change);
        }
    }
    let scanned = scan(world, random).await;
    if items != scanned {
        world.fault(format!("the stream comes to {items:?}\n  and the table holds {scanned:?}"));
    }
    compare(world, &changes, &deeds.take());
}

/// Compares what clients were told with what is in the streams.
fn compare(world: &World, changes: &[Change], deeds: &[Deed]) {
    let mut places: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (place, change) in changes.iter().enumerate() {
        if let Some(value) = change.new.as_ref().and_then(|new| parsed(&new["v"])) {
            places.entry(value).or_default().push(place);
        }
    }
    let mut ordered: BTreeMap<&str, Vec<(usize, &Deed)>> = BTreeMap::new();
    for deed in deeds {
        let found: Vec<(&Write, usize)> = deed
            .writes
            .iter()
            .filter_map(|write| Some((write, places.get(&write.value?)?)))
            .flat_map(|(write, places)| places.iter().map(move |place| (write, *place)))
            .collect();
        let expected = deed.writes.iter().filter(|write| write.value.is_some()).count();
        if found.len() != expected && (deed.is_certain || !found.is_empty()) {
            world.fault(format!("{} changes of {expected} are in the streams: {deed:?}", found.len()));
        }
        for (write, place) in found {
            ordered.entry(write.key.as_str()).or_default().push((place, deed));
            let old = changes[place].old.as_ref().and_then(|old| parsed(&old["v"]));
            if changes[place].key != write.key || deed.old.is_some_and(|told| told != old) {
                world.fault(format!("the streams say that {old:?} was replaced: {deed:?}"));
            }
        }
        if let (Some(Some(old)), [Write { value: None, key }]) = (deed.old, deed.writes.as_slice())
            && !changes.iter().any(|change| change.new.is_none() && is_value(&change.old, old) && change.key == *key)
        {
            world.fault(format!("a deletion is not in the streams: {deed:?}"));
        }
    }
    for (key, mut deeds) in ordered {
        deeds.sort_by_key(|(place, _)| *place);
        let mut latest = 0;
        for (_, deed) in deeds {
            if deed.completed < latest {
                world.fault(format!("{key}: a later write stands before it in the stream: {deed:?}"));
            }
            latest = latest.max(deed.invoked);
        }
    }
}

fn is_value(item: &Option<Value>, value: u64) -> bool {
    item.as_ref().is_some_and(|item| parsed(&item["v"]) == Some(value))
}

/// The streams of all lives of the table, the oldest first.
async fn streams(world: &World, random: &Random) -> Vec<String> {
    let Ok(answer) = world.insist(random, "ListStreams", json!({ "TableName": TABLE })).await else {
        return Vec::new();
    };
    let streams = answer["Streams"].as_array().cloned().unwrap_or_default();
    let mut labelled: Vec<(String, String)> = streams
        .iter()
        .filter_map(|stream| {
            Some((stream["StreamLabel"].as_str()?.to_owned(), stream["StreamArn"].as_str()?.to_owned()))
        })
        .collect();
    labelled.sort();
    labelled.into_iter().map(|(_, arn)| arn).collect()
}

/// All records of a stream: those of a shard behind those of its parent.
async fn records(world: &World, random: &Random, arn: &str) -> Vec<Value> {
    let mut shards: Vec<Value> = Vec::new();
    let mut request = json!({ "StreamArn": arn });
    loop {
        let Ok(answer) = world.insist(random, "DescribeStream", request.clone()).await else { break };
        let description = &answer["StreamDescription"];
        shards.extend(description["Shards"].as_array().cloned().unwrap_or_default());
        match &description["LastEvaluatedShardId"] {
            Value::Null => break,
            last => request["ExclusiveStartShardId"] = last.clone(),
        }
    }
    let mut records = Vec::new();
    let mut read: Vec<Value> = Vec::new();
    while !shards.is_empty() {
        let is_next = |shard: &Value| !shards.iter().any(|other| other["ShardId"] == shard["ParentShardId"]);
        let Some(at) = shards.iter().position(is_next) else {
            world.fault(format!("shards are each other's parents: {shards:?}"));
            break;
        };
        let shard = shards.remove(at);
        records.extend(records_of(world, random, arn, &shard).await);
        read.push(shard);
    }
    records
}

async fn records_of(world: &World, random: &Random, arn: &str, shard: &Value) -> Vec<Value> {
    let request = json!({ "StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON" });
    let mut records = Vec::new();
    let Ok(mut answer) = world.insist(random, "GetShardIterator", request).await else { return records };
    let mut next = answer["ShardIterator"].take();
    while !next.is_null() {
        let Ok(mut answer) = world.insist(random, "GetRecords", json!({ "ShardIterator": next })).await else { break };
        let page = answer["Records"].as_array().cloned().unwrap_or_default();
        if page.is_empty() {
            break;
        }
        records.extend(page);
        next = answer["NextShardIterator"].take();
    }
    records
}

async fn scan(world: &World, random: &Random) -> BTreeMap<String, Value> {
    let request = json!({ "TableName": TABLE, "ConsistentRead": true });
    let answer = world.insist(random, "Scan", request).await.unwrap_or_else(|refusal| {
        world.fault(format!("a table that is there cannot be read: {refusal:?}"));
        Value::Null
    });
    let items = answer["Items"].as_array().cloned().unwrap_or_default();
    items.into_iter().map(|item| (key_text(&item), item)).collect()
}
