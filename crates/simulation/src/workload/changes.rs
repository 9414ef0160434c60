//! Items of a table that has everything: indexes of both kinds that come and go, a stream whose shards are divided, items that expire; and
//! that is deleted and made again.
//!
//! Every write leaves a value that no other leaves, so the stream tells what came of each.

use super::{is_contention, number, parsed, reasons, think, token_counts};
use crate::checks::changes::{Deed, Deeds, Write};
use crate::requests::Refusal;
use crate::world::{Answer, World};
use runtime::Random;
use serde_json::{Value, json};
use std::time::Duration;

/// The table.
pub const TABLE: &str = "changes";
/// The attribute by which items expire.
const EXPIRES: &str = "until";
/// Few, so that clients meet.
const PARTITIONS: u64 = 3;
const SORTS: u64 = 4;

/// The request for the table.
pub fn definition() -> Value {
    let element = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    let defined = |name: &str, kind: &str| json!({ "AttributeName": name, "AttributeType": kind });
    json!({
        "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [defined("pk", "S"), defined("sk", "N"), defined("l", "N"), defined("g", "S")],
        "KeySchema": [element("pk", "HASH"), element("sk", "RANGE")],
        "LocalSecondaryIndexes": [{
            "IndexName": "local", "KeySchema": [element("pk", "HASH"), element("l", "RANGE")],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }],
        "GlobalSecondaryIndexes": [global_index("global")],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
    })
}

fn global_index(name: &str) -> Value {
    json!({
        "IndexName": name, "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"] },
        "KeySchema": [
            { "AttributeName": "g", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" },
        ],
    })
}

/// Makes the table.
pub async fn set_up(world: &World, random: &Random) {
    super::create(world, random, definition()).await;
}

/// A client that writes.
pub async fn run(world: World, random: Random, deeds: Deeds) {
    for _ in 0..world.plan().rounds {
        let client = Client { world: &world, random: &random, deeds: &deeds };
        match random.below(8) {
            0 => client.delete().await,
            1 => client.batch().await,
            2 => client.transact().await,
            3 => client.put("attribute_not_exists(pk)").await,
            4 => client.put("").await,
            5 => client.query().await,
            _ => client.update().await,
        }
        think(&world, &random).await;
    }
}

struct Client<'w> {
    world: &'w World,
    random: &'w Random,
    deeds: &'w Deeds,
}

impl Client<'_> {
    fn key(&self) -> Value {
        let (pk, sk) = (self.random.below(PARTITIONS), self.random.below(SORTS));
        json!({ "pk": { "S": format!("p{pk}") }, "sk": number(sk) })
    }

    /// An item with a new value, which may or may not be in the indexes and expire.
    fn item(&self, value: u64) -> Value {
        let mut item = self.key();
        item["v"] = number(value);
        item["padding"] = json!({ "S": "x".repeat(self.random.below(200) as usize) });
        if self.random.below(3) > 0 {
            item["g"] = json!({ "S": format!("g{}", self.random.below(3)) });
        }
        if self.random.below(3) > 0 {
            item["l"] = number(self.random.below(3));
        }
        if self.random.below(3) == 0 {
            let now = self.world.clock().now().as_seconds();
            item[EXPIRES] = number(now + self.random.below(40) - 10);
        }
        item
    }

    /// Carries out one write, and notes what is known of it.
    async fn write(&self, operation: &'static str, request: Value, key: &Value, value: Option<u64>) {
        let invoked = self.world.moment();
        let write = Write { key: key_text(key), value };
        let answer = self.world.ask(self.random, operation, request).await;
        let completed = self.world.moment();
        match answer {
            Answer::Done(answer) => {
                let old = Some(parsed(&answer["Attributes"]["v"]));
                self.deeds.add(Deed { invoked, completed, is_certain: true, old, writes: vec![write] });
            }
            Answer::Unknown => self.deeds.add(Deed::uncertain(invoked, vec![write])),
            Answer::Unsent => {}
            Answer::Refused(refusal) => self.expect_reason(&refusal),
        }
    }

    fn expect_reason(&self, refusal: &Refusal) {
        let is_condition = refusal.code == "ConditionalCheckFailedException"
            || reasons(refusal).iter().any(|code| code == "ConditionalCheckFailed");
        let is_absence = refusal.code == "ResourceNotFoundException";
        if !is_condition && !is_absence && !is_contention(refusal) {
            self.world.fault(format!("a write is refused: {refusal:?}"));
        }
    }

    async fn put(&self, condition: &str) {
        let value = self.world.new_value();
        let item = self.item(value);
        let mut request = json!({ "TableName": TABLE, "Item": item, "ReturnValues": "ALL_OLD" });
        if !condition.is_empty() {
            request["ConditionExpression"] = json!(condition);
        }
        self.write("PutItem", request, &item, Some(value)).await;
    }

    async fn delete(&self) {
        let key = self.key();
        let request = json!({ "TableName": TABLE, "Key": key, "ReturnValues": "ALL_OLD" });
        self.write("DeleteItem", request, &key, None).await;
    }

    async fn update(&self) {
        let value = self.world.new_value();
        let key = self.key();
        let request = with(self.update_of(&key, value), json!({ "ReturnValues": "ALL_OLD" }));
        self.write("UpdateItem", request, &key, Some(value)).await;
    }

    /// An update that moves the item in one index or takes it out, or changes when it expires.
    fn update_of(&self, key: &Value, value: u64) -> Value {
        let soon = self.world.clock().now().as_seconds() + self.random.below(20);
        let (expression, other) = match self.random.below(5) {
            0 => ("SET v = :v, g = :o", Some(json!({ "S": format!("g{}", self.random.below(3)) }))),
            1 => ("SET v = :v, l = :o", Some(number(self.random.below(3)))),
            2 => ("SET v = :v, #e = :o", Some(number(soon))),
            3 => ("SET v = :v REMOVE g, #e", None),
            _ => ("SET v = :v REMOVE l", None),
        };
        let mut request = json!({
            "TableName": TABLE, "Key": key, "UpdateExpression": expression,
            "ExpressionAttributeValues": { ":v": number(value) },
        });
        if let Some(other) = other {
            request["ExpressionAttributeValues"][":o"] = other;
        }
        if expression.contains("#e") {
            request["ExpressionAttributeNames"] = json!({ "#e": EXPIRES });
        }
        request
    }

    async fn batch(&self) {
        let mut requests = Vec::new();
        let mut writes: Vec<Write> = Vec::new();
        for _ in 0..1 + self.random.below(4) {
            let value = self.world.new_value();
            let item = self.item(value);
            let key = key_text(&item);
            if writes.iter().any(|write| write.key == key) {
                continue;
            }
            if self.random.below(4) == 0 {
                requests.push(json!({ "DeleteRequest": { "Key": { "pk": item["pk"], "sk": item["sk"] } } }));
                writes.push(Write { key, value: None });
            } else {
                requests.push(json!({ "PutRequest": { "Item": item } }));
                writes.push(Write { key, value: Some(value) });
            }
        }
        let invoked = self.world.moment();
        let request = json!({ "RequestItems": { TABLE: requests } });
        let answer = self.world.ask(self.random, "BatchWriteItem", request).await;
        let completed = self.world.moment();
        match answer {
            Answer::Done(_) => {
                self.deeds.add(Deed { invoked, completed, is_certain: true, old: None, writes });
            }
            Answer::Unknown => self.deeds.add(Deed::uncertain(invoked, writes)),
            Answer::Unsent => {}
            Answer::Refused(refusal) => self.expect_reason(&refusal),
        }
    }

    /// Writes two items in a transaction, which is sent again with its token as long as nobody knows what became of it.
    async fn transact(&self) {
        let (first, second) = (self.world.new_value(), self.world.new_value());
        let (item, key) = (self.item(first), self.key());
        let mut writes = vec![Write { key: key_text(&item), value: Some(first) }];
        let mut actions = vec![json!({ "Put": { "TableName": TABLE, "Item": item } })];
        if key_text(&key) != writes[0].key {
            actions.push(json!({ "Update": self.update_of(&key, second) }));
            writes.push(Write { key: key_text(&key), value: Some(second) });
        }
        let request = json!({ "TransactItems": actions, "ClientRequestToken": format!("change-{first}") });
        let invoked = self.world.moment();
        let began = self.world.clock().now();
        let mut may_be_done = false;
        while token_counts(self.world, began).await {
            match self.world.ask(self.random, "TransactWriteItems", request.clone()).await {
                Answer::Done(_) => {
                    let completed = self.world.moment();
                    return self.deeds.add(Deed { invoked, completed, is_certain: true, old: None, writes });
                }
                Answer::Unknown => may_be_done = true,
                Answer::Unsent => {}
                Answer::Refused(refusal) => {
                    self.expect_reason(&refusal);
                    break;
                }
            }
        }
        if may_be_done {
            self.deeds.add(Deed::uncertain(invoked, writes));
        }
    }

    /// Reads the index: every entry of it is an item that has its key.
    async fn query(&self) {
        let group = json!({ "S": format!("g{}", self.random.below(3)) });
        let request = json!({
            "TableName": TABLE, "IndexName": "global", "KeyConditionExpression": "g = :g",
            "ExpressionAttributeValues": { ":g": group },
        });
        let Answer::Done(answer) = self.world.ask(self.random, "Query", request).await else { return };
        let items = answer["Items"].as_array().cloned().unwrap_or_default();
        if items.iter().any(|item| item["g"] != group || item.get("v").is_none()) {
            self.world.fault(format!("an index answers with what it does not hold: {answer}"));
        }
    }
}

/// Somebody who changes what the table is.
pub async fn administer(world: World, random: Random) {
    for _ in 0..world.plan().rounds / 5 {
        let pause = random.below(200 + world.plan().thinks_ms_max * 20);
        world.clock().sleep(Duration::from_millis(pause)).await;
        let index = |update: Value| {
            json!({
                "TableName": TABLE, "GlobalSecondaryIndexUpdates": [update],
                "AttributeDefinitions": [{ "AttributeName": "g", "AttributeType": "S" }, { "AttributeName": "sk", "AttributeType": "N" }],
            })
        };
        let (operation, request) = match random.below(9) {
            0 | 1 => ("UpdateTable", index(json!({ "Create": global_index("global") }))),
            2 => ("UpdateTable", index(json!({ "Delete": { "IndexName": "global" } }))),
            3 => ("UpdateTable", index(json!({ "Create": global_index("second") }))),
            4 => ("UpdateTable", index(json!({ "Delete": { "IndexName": "second" } }))),
            5 | 6 => ("UpdateTimeToLive", expiring(true)),
            7 => ("UpdateTimeToLive", expiring(false)),
            _ => ("DeleteTable", json!({ "TableName": TABLE })),
        };
        // Much of it is refused: the table is being changed already, or is not there.
        let answer = world.ask(&random, operation, request).await;
        if let Answer::Refused(refusal) = &answer {
            let known = [
                "ResourceInUseException",
                "ResourceNotFoundException",
                "ValidationException",
                "LimitExceededException",
            ];
            if !known.contains(&refusal.code.as_str()) {
                world.fault(format!("{operation} is refused: {refusal:?}"));
            }
        }
        if operation == "DeleteTable" {
            super::create(&world, &random, definition()).await;
        }
    }
}

/// The request that makes items expire, or not any more.
pub fn expiring(enabled: bool) -> Value {
    let specification = json!({ "AttributeName": EXPIRES, "Enabled": enabled });
    json!({ "TableName": TABLE, "TimeToLiveSpecification": specification })
}

/// When an item expires, in seconds.
pub fn expires(item: &Value) -> Option<u64> {
    parsed(&item[EXPIRES])
}

/// The key of an item, as text.
pub fn key_text(item: &Value) -> String {
    let part = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{}/{}", part(&item["pk"]["S"]), part(&item["sk"]["N"]))
}

fn with(mut request: Value, members: Value) -> Value {
    if let (Some(into), Value::Object(members)) = (request.as_object_mut(), members) {
        into.extend(members);
    }
    request
}
