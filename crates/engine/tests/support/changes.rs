//! A consumer of streams: it reads shards as clients do, parents before children.

use super::{Server, composite, with};
use serde_json::{Value, json};

/// The request for a table that has a stream with this view.
pub fn streaming(request: Value, view: &str) -> Value {
    with(request, json!({ "StreamSpecification": { "StreamEnabled": true, "StreamViewType": view } }))
}

impl Server {
    /// Switches a table's stream on. Returns its ARN.
    pub async fn enable_stream(&self, table: &str, view: &str) -> String {
        let answer = self.ask("UpdateTable", streaming(json!({ "TableName": table }), view)).await;
        answer["TableDescription"]["LatestStreamArn"].as_str().unwrap().to_owned()
    }

    /// Switches a table's stream off.
    pub async fn disable_stream(&self, table: &str) {
        let specification = json!({ "StreamEnabled": false });
        self.ask("UpdateTable", json!({ "TableName": table, "StreamSpecification": specification })).await;
    }

    /// The ARN of a table's newest stream.
    pub async fn stream_arn(&self, table: &str) -> String {
        self.describe(table).await["LatestStreamArn"].as_str().unwrap().to_owned()
    }

    /// The shards of a stream, read in pages of three. Parents stand before their children.
    pub async fn shards(&self, arn: &str) -> Vec<Value> {
        let mut shards: Vec<Value> = Vec::new();
        let mut request = json!({ "StreamArn": arn, "Limit": 3 });
        loop {
            let mut answer = self.ask("DescribeStream", request.clone()).await;
            let page = answer["StreamDescription"]["Shards"].as_array_mut().unwrap();
            assert!(page.len() <= 3);
            shards.append(page);
            match &answer["StreamDescription"]["LastEvaluatedShardId"] {
                Value::Null => break,
                last => request["ExclusiveStartShardId"] = last.clone(),
            }
        }
        for (at, shard) in shards.iter().enumerate() {
            let parent = shards.iter().position(|other| other["ShardId"] == shard["ParentShardId"]);
            assert!(parent.is_none_or(|parent| parent < at), "{shards:?}");
        }
        shards
    }

    /// An iterator at the oldest record of a shard.
    pub async fn oldest(&self, arn: &str, shard: &Value) -> Value {
        let request = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
        self.ask("GetShardIterator", request).await["ShardIterator"].take()
    }

    /// What is left to be read from an iterator on, and the iterator to go on with unless the shard has ended.
    pub async fn read_on(&self, iterator: Value) -> (Vec<Value>, Option<Value>) {
        let mut records = Vec::new();
        let mut next = iterator;
        loop {
            let mut answer = self.ask("GetRecords", json!({ "ShardIterator": next })).await;
            let page = answer["Records"].as_array_mut().unwrap();
            let empty = page.is_empty();
            records.append(page);
            match answer["NextShardIterator"].take() {
                Value::Null => return (records, None),
                iterator if empty => return (records, Some(iterator)),
                iterator => next = iterator,
            }
        }
    }

    /// All records of a shard.
    pub async fn records_of(&self, arn: &str, shard: &Value) -> Vec<Value> {
        let iterator = self.oldest(arn, shard).await;
        self.read_on(iterator).await.0
    }

    /// All records of a stream, shard by shard.
    pub async fn records(&self, arn: &str) -> Vec<Value> {
        let mut records = Vec::new();
        for shard in self.shards(arn).await {
            records.extend(self.records_of(arn, &shard["ShardId"]).await);
        }
        records
    }
}

/// What happened to which item, as `INSERT 1`: the name of the event and the sort key.
pub fn events(records: &[Value]) -> Vec<String> {
    let event = |record: &Value| {
        let (name, sk) = (&record["eventName"], &record["dynamodb"]["Keys"]["sk"]["N"]);
        format!("{} {}", name.as_str().unwrap(), sk.as_str().unwrap())
    };
    records.iter().map(event).collect()
}

/// The sequence number of a record.
pub fn sequence(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap()
}

/// The key of the item `n`.
pub fn key(n: i64) -> Value {
    json!({ "pk": { "S": "a" }, "sk": { "N": n.to_string() } })
}

/// The item `n` with a value.
pub fn item(n: i64, value: &str) -> Value {
    with(key(n), json!({ "v": { "S": value } }))
}

/// Puts the item `n` into the table `tab`.
pub async fn put(server: &Server, n: i64, value: &str) {
    server.ask("PutItem", json!({ "TableName": "tab", "Item": item(n, value) })).await;
}

/// Deletes the item `n`.
pub async fn delete(server: &Server, n: i64) {
    server.ask("DeleteItem", json!({ "TableName": "tab", "Key": key(n) })).await;
}

/// A server with a table `tab` that has a stream, and the stream's ARN.
pub async fn start(view: &str) -> (Server, String) {
    let server = Server::start(0).await;
    server.ask("CreateTable", streaming(composite("tab"), view)).await;
    let arn = server.stream_arn("tab").await;
    (server, arn)
}

/// The id of the only shard.
pub async fn only_shard(server: &Server, arn: &str) -> Value {
    let shards = server.shards(arn).await;
    assert_eq!(shards.len(), 1, "{shards:?}");
    shards[0]["ShardId"].clone()
}
