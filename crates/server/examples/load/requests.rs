//! The requests: which items there are, what is asked of them, and whose requests they are.
//!
//! Item `i` is in the partition `i / partition` and has the sort key `i % partition`. Partition keys are spread as hashes are, so that
//! neighbours in number are not neighbours in the store.

use runtime::{Clock, Random};
use sigv4::{PathRule, Request, Scope, Signer, SigningKey, Timestamp};
use std::fmt::Write;

/// Of a batch of reads and of a batch of writes, which may not be larger.
const BATCH: u64 = 25;
const SIGNED_HEADERS: &str = "content-type;host;x-amz-date;x-amz-target";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
const ALPHABET: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
/// Characters that one random number gives, of six bits each.
const CHARACTERS: usize = 10;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// CreateTable, once.
    Create,
    /// BatchWriteItem of 25, until all items are there.
    Fill,
    /// GetItem.
    Get,
    /// PutItem.
    Put,
    /// UpdateItem with a condition.
    Update,
    /// UpdateItem that adds one.
    Increment,
    /// Query of a partition.
    Query,
    /// Query of the last ten items of a partition.
    QueryLast,
    /// BatchGetItem of 25.
    BatchGet,
    /// TransactWriteItems of two Puts.
    Transact,
}

impl Operation {
    /// By the name that the command line gives.
    pub fn of(name: &str) -> Option<Operation> {
        Some(match name {
            "create" => Operation::Create,
            "fill" => Operation::Fill,
            "get" => Operation::Get,
            "put" => Operation::Put,
            "update" => Operation::Update,
            "increment" => Operation::Increment,
            "query" => Operation::Query,
            "query-last" => Operation::QueryLast,
            "batch-get" => Operation::BatchGet,
            "transact" => Operation::Transact,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Operation::Create => "CreateTable",
            Operation::Fill => "BatchWriteItem",
            Operation::Get => "GetItem",
            Operation::Put => "PutItem",
            Operation::Update | Operation::Increment => "UpdateItem",
            Operation::Query | Operation::QueryLast => "Query",
            Operation::BatchGet => "BatchGetItem",
            Operation::Transact => "TransactWriteItems",
        }
    }
}

/// Which items there are.
pub struct Items {
    /// The table.
    pub table: String,
    /// What partition keys begin with.
    pub prefix: String,
    /// How many there are.
    pub count: u64,
    /// How many share a partition; none where the table has no sort key, and then items have nothing but a key and a string.
    pub partition: Option<u64>,
    /// The length of each item's string.
    pub bytes: usize,
}

/// Whose requests they are.
pub struct Credentials {
    /// Names the key.
    pub access_key_id: String,
    /// Signs, or nothing does: a server that does not verify signatures wants to see one all the same.
    pub secret: Option<String>,
    /// Of the scope.
    pub region: String,
}

/// Makes requests of one operation.
pub struct Requests {
    operation: Operation,
    items: Items,
    host: String,
    credentials: Credentials,
    /// Derived once, as the SDKs do.
    key: Option<SigningKey>,
    date: String,
    clock: Clock,
    random: Random,
    /// The first item of the next batch to fill.
    next: u64,
    body: String,
}

impl Requests {
    /// Of one operation, to a server.
    pub fn new(operation: Operation, items: Items, host: String, credentials: Credentials) -> Requests {
        let clock = Clock::system();
        let date = Timestamp::from_unix_seconds(clock.now().as_seconds()).basic().date().to_owned();
        let scope = Scope { date: &date, region: &credentials.region, service: "dynamodb" };
        let key = credentials.secret.as_ref().map(|secret| SigningKey::derive(secret, &scope));
        let random = Random::system();
        Requests { operation, items, host, credentials, key, date, clock, random, next: 0, body: String::new() }
    }

    /// Writes the next request behind what is there. Whether there was one.
    pub fn put_next(&mut self, out: &mut Vec<u8>) -> bool {
        self.body.clear();
        if !self.make_body() {
            return false;
        }
        self.put_request(out);
        true
    }

    fn put_request(&self, out: &mut Vec<u8>) {
        let name = self.operation.name();
        let target = format!("DynamoDB_20120810.{name}");
        let timestamp = Timestamp::from_unix_seconds(self.clock.now().as_seconds());
        let time = timestamp.basic();
        let Self { credentials, host, body, .. } = self;
        let scope = Scope { date: &self.date, region: &credentials.region, service: "dynamodb" };
        let authorization = match &self.key {
            Some(key) => {
                let headers = [
                    ("content-type", CONTENT_TYPE.as_bytes()),
                    ("host", host.as_bytes()),
                    ("x-amz-date", time.as_str().as_bytes()),
                    ("x-amz-target", target.as_bytes()),
                ];
                let request = Request {
                    method: "POST",
                    path: "/",
                    query: "",
                    headers: &headers,
                    body: body.as_bytes(),
                    path_rule: PathRule::Normalized,
                };
                let signer = Signer { access_key_id: &credentials.access_key_id, scope, key };
                sigv4::sign(&request, SIGNED_HEADERS, &signer, timestamp)
            }
            None => format!(
                "{} Credential={}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={:064}",
                sigv4::ALGORITHM,
                credentials.access_key_id,
                0
            ),
        };
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: {CONTENT_TYPE}\r\nX-Amz-Date: {}\r\nX-Amz-Target: {target}\r\n\
             Authorization: {authorization}\r\nContent-Length: {}\r\n\r\n",
            time.as_str(),
            body.len()
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(body.as_bytes());
    }

    /// False where nothing is left to ask.
    fn make_body(&mut self) -> bool {
        let item = self.random.below(self.items.count);
        let table = self.items.table.clone();
        let body = match self.operation {
            Operation::Create | Operation::Fill => return self.make_once(),
            Operation::Get => format!(r#"{{"TableName":"{table}","Key":{{{}}}}}"#, self.key(item)),
            Operation::Put => format!(r#"{{"TableName":"{table}","Item":{{{}}}}}"#, self.item(item)),
            Operation::Update => format!(
                r##"{{"TableName":"{table}","Key":{{{}}},"UpdateExpression":"SET score = score + :by, #name = :name","ConditionExpression":"attribute_exists(pk)","ExpressionAttributeNames":{{"#name":"name"}},"ExpressionAttributeValues":{{":by":{{"N":"1"}},":name":{{"S":"renamed {item}"}}}}}}"##,
                self.key(item)
            ),
            Operation::Increment => format!(
                r#"{{"TableName":"{table}","Key":{{{}}},"UpdateExpression":"ADD visits :one","ExpressionAttributeValues":{{":one":{{"N":"1"}}}}}}"#,
                self.key(item)
            ),
            Operation::Query | Operation::QueryLast => {
                let last =
                    if self.operation == Operation::Query { "" } else { r#","ScanIndexForward":false,"Limit":10"# };
                format!(
                    r#"{{"TableName":"{table}","KeyConditionExpression":"pk = :pk","ExpressionAttributeValues":{{":pk":{{"S":"{}"}}}}{last}}}"#,
                    self.partition_key(item)
                )
            }
            Operation::BatchGet => {
                // One of each stretch, so that none is asked for twice.
                let stretch = (self.items.count / BATCH).max(1);
                let keys: Vec<String> = (0..BATCH.min(self.items.count))
                    .map(|at| format!("{{{}}}", self.key(at * stretch + self.random.below(stretch))))
                    .collect();
                format!(r#"{{"RequestItems":{{"{table}":{{"Keys":[{}]}}}}}}"#, keys.join(","))
            }
            Operation::Transact => {
                let other = (item + self.items.count / 2) % self.items.count;
                let puts = [item, other]
                    .map(|item| format!(r#"{{"Put":{{"TableName":"{table}","Item":{{{}}}}}}}"#, self.item(item)));
                let token = self.random.uuid();
                format!(r#"{{"ClientRequestToken":"{token}","TransactItems":[{}]}}"#, puts.join(","))
            }
        };
        self.body.push_str(&body);
        true
    }

    /// What comes to an end.
    fn make_once(&mut self) -> bool {
        let first = self.next;
        if first >= self.items.count {
            return false;
        }
        let table = &self.items.table;
        if self.operation == Operation::Create {
            self.next = self.items.count;
            let (sort_key, sort_definition) = match self.items.partition {
                Some(_) => {
                    (r#",{"AttributeName":"sk","KeyType":"RANGE"}"#, r#",{"AttributeName":"sk","AttributeType":"N"}"#)
                }
                None => ("", ""),
            };
            self.body = format!(
                r#"{{"TableName":"{table}","BillingMode":"PAY_PER_REQUEST","KeySchema":[{{"AttributeName":"pk","KeyType":"HASH"}}{sort_key}],"AttributeDefinitions":[{{"AttributeName":"pk","AttributeType":"S"}}{sort_definition}]}}"#
            );
            return true;
        }
        let end = (first + BATCH).min(self.items.count);
        let puts: Vec<String> =
            (first..end).map(|item| format!(r#"{{"PutRequest":{{"Item":{{{}}}}}}}"#, self.item(item))).collect();
        self.body = format!(r#"{{"RequestItems":{{"{table}":[{}]}}}}"#, puts.join(","));
        self.next = end;
        true
    }

    fn partition_key(&self, item: u64) -> String {
        let partition = item / self.items.partition.unwrap_or(1);
        format!("{}{:020}", self.items.prefix, partition.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn key(&self, item: u64) -> String {
        let pk = self.partition_key(item);
        match self.items.partition {
            Some(partition) => format!(r#""pk":{{"S":"{pk}"}},"sk":{{"N":"{}"}}"#, item % partition),
            None => format!(r#""pk":{{"S":"{pk}"}}"#),
        }
    }

    fn item(&self, item: u64) -> String {
        let mut text = self.key(item);
        if self.items.partition.is_some() {
            let (score, coins) = (self.random.below(1_000_000), self.random.below(10_000));
            // Writing to a string does not fail.
            let _ = write!(
                text,
                r#","name":{{"S":"player {item}"}},"score":{{"N":"{score}"}},"tags":{{"SS":["blue","green","red"]}},"bag":{{"M":{{"coins":{{"N":"{coins}"}},"tools":{{"L":[{{"S":"rope"}},{{"S":"lamp"}}]}}}}}}"#
            );
        }
        text.push_str(r#","text":{"S":""#);
        let end = text.len() + self.items.bytes;
        while text.len() < end {
            let mut bits = self.random.u64();
            for _ in 0..CHARACTERS.min(end - text.len()) {
                text.push(char::from(ALPHABET[(bits & 63) as usize]));
                bits >>= 6;
            }
        }
        text.push_str(r#""}"#);
        text
    }
}
