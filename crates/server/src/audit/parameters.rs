//! What of a request may be told in the audit log: names of tables, indexes and streams, and for calls that manage something everything
//! they say, as there are no items in it. Never a value of an item, a statement, or a secret.

use super::event::Resource;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Longer requests are told only by their size; CloudTrail leaves out fields above 100 KB too.
const TOLD_BYTES_MAX: usize = 100 * 1024;

/// Parameters of IAM and STS that are secrets, or not parameters.
const FORM_HIDDEN: [&str; 9] = [
    "Action",
    "Version",
    "Password",
    "OldPassword",
    "NewPassword",
    "SecretAccessKey",
    "WebIdentityToken",
    "SAMLAssertion",
    "TokenCode",
];

/// The members by which requests of the data plane name what they are about.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Names {
    table_name: Option<String>,
    index_name: Option<String>,
    stream_arn: Option<String>,
    shard_id: Option<String>,
    #[serde(default)]
    request_items: BTreeMap<String, IgnoredAny>,
    #[serde(default)]
    transact_items: Vec<BTreeMap<String, Named>>,
}

/// One action of a transaction.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    table_name: Option<String>,
}

impl Names {
    /// Nothing, of a body that is not what it should be.
    fn read(body: &[u8]) -> Names {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// Every table once, in order of name.
    fn tables(&self) -> Vec<&str> {
        let transacted =
            self.transact_items.iter().flat_map(BTreeMap::values).filter_map(|named| named.table_name.as_ref());
        let mut tables: Vec<&str> =
            self.table_name.iter().chain(self.request_items.keys()).chain(transacted).map(String::as_str).collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }
}

/// The names in a request of the data plane.
pub(super) fn of_data(body: &[u8]) -> Option<Value> {
    let names = Names::read(body);
    let mut told = Map::new();
    let mut tell = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            told.insert(name.to_owned(), value.as_str().into());
        }
    };
    tell("tableName", &names.table_name);
    tell("indexName", &names.index_name);
    tell("streamArn", &names.stream_arn);
    tell("shardId", &names.shard_id);
    if names.table_name.is_none() && !names.tables().is_empty() {
        told.insert("tableNames".to_owned(), names.tables().into());
    }
    (!told.is_empty()).then_some(Value::Object(told))
}

/// A whole request of the control plane, with the names of its members as CloudTrail writes them: the first letter small.
pub(super) fn of_control(body: &[u8]) -> Option<Value> {
    if body.len() > TOLD_BYTES_MAX {
        return Some(omitted(body));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) if !members.is_empty() => Some(small(Value::Object(members))),
        _ => None,
    }
}

/// A request of IAM or STS, without its secrets.
pub(super) fn of_form(body: &[u8]) -> Option<Value> {
    if body.len() > TOLD_BYTES_MAX {
        return Some(omitted(body));
    }
    let pairs = form_urlencoded::parse(body).filter(|(name, _)| !FORM_HIDDEN.contains(&name.as_ref()));
    let told: Map<String, Value> =
        pairs.map(|(name, value)| (small_name(&name), Value::String(value.into_owned()))).collect();
    (!told.is_empty()).then_some(Value::Object(told))
}

fn omitted(body: &[u8]) -> Value {
    let size = body.len();
    serde_json::json!({ "omitted": true, "originalSize": size, "reason": "The request is too long to be told." })
}

fn small(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (small_name(&name), small(value))).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(small).collect()),
        other => other,
    }
}

fn small_name(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The tables and streams that a request of either plane names.
pub(super) fn resources(body: &[u8], region: &str, account: &str) -> Vec<Resource> {
    let names = Names::read(body);
    let tables = names.tables().into_iter().map(|table| match table.starts_with("arn:") {
        true => table.to_owned(),
        false => format!("arn:aws:dynamodb:{region}:{account}:table/{table}"),
    });
    tables.chain(names.stream_arn.clone()).map(resource).collect()
}

/// The resource of an ARN; its account is the ARN's.
pub(super) fn resource(arn: String) -> Resource {
    let account_id = arn.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned);
    let kind = KINDS.iter().find(|(part, _)| arn.contains(part)).map_or("AWS::DynamoDB::Table", |(_, kind)| kind);
    Resource { account_id, kind, arn }
}

/// What an ARN with such a part is of; any other is a table's or an index's.
const KINDS: [(&str, &str); 7] = [
    ("/stream/", "AWS::DynamoDB::Stream"),
    (":user/", "AWS::IAM::User"),
    (":group/", "AWS::IAM::Group"),
    (":role/", "AWS::IAM::Role"),
    (":assumed-role/", "AWS::STS::AssumedRole"),
    (":policy/", "AWS::IAM::Policy"),
    (":root", "AWS::IAM::User"),
];
