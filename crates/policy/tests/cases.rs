//! The cases under `cases/`: policies, a request, and what must be decided, each with the document that says so.
//!
//! `operators.json` follows the IAM user guide, "Condition operators" and "Set operators for multi-valued context keys": a row for each operator,
//! its policy values, what the request has, and whether the condition holds. `decisions.json` has
//! whole requests. What is left out of a request is that of a user `alice` of account 111122223333 who gets an item of `table/Music` there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use policy::{
    Context, Decision, DocumentKind, Key, Policies, Policy, PolicyKind, Principal, PrincipalKind, Query, Values, decide,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

const USER: &str = "arn:aws:iam::111122223333:user/alice";
const TABLE: &str = "arn:aws:dynamodb:us-east-1:111122223333:table/Music";

/// What a request knows: texts, or lists of them.
#[derive(Default)]
struct Known {
    single: BTreeMap<String, String>,
    several: BTreeMap<String, Vec<String>>,
}

impl Known {
    fn of(value: &Value) -> Self {
        let mut known = Self::default();
        for (key, value) in value.as_object().into_iter().flatten() {
            match value {
                Value::Array(values) => {
                    let values = values.iter().map(|value| value.as_str().unwrap().to_owned()).collect();
                    known.several.insert(key.to_lowercase(), values);
                }
                value => {
                    known.single.insert(key.to_lowercase(), value.as_str().unwrap().to_owned());
                }
            }
        }
        known
    }
}

impl Context for Known {
    fn values(&self, key: Key, name: &str) -> Values<'_> {
        let name = format!("{}{name}", key.text()).to_lowercase();
        match (self.single.get(&name), self.several.get(&name)) {
            (Some(value), _) => Values::One(value),
            (None, Some(values)) => Values::Many(values),
            (None, None) => Values::Absent,
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).map(|value| value.as_str().unwrap())
}

fn policies(value: &Value, kind: DocumentKind) -> Vec<Arc<Policy>> {
    let documents = value.as_array().map_or_else(|| vec![value], |documents| documents.iter().collect());
    documents.into_iter().filter(|document| !document.is_null()).map(|document| parse(document, kind).into()).collect()
}

/// A document, or a statement by itself.
fn parse(document: &Value, kind: DocumentKind) -> Policy {
    let whole = match document.get("Statement") {
        Some(_) => document.clone(),
        None => json!({"Version": "2012-10-17", "Statement": [document]}),
    };
    Policy::parse(&whole.to_string(), kind).unwrap_or_else(|problem| panic!("{problem}: {whole}"))
}

fn verdict(decision: Decision) -> String {
    let Decision::Denied(denial) = decision else { return "allow".to_owned() };
    let kind = match denial.by {
        PolicyKind::Identity => "identity",
        PolicyKind::Boundary => "boundary",
        PolicyKind::Session => "session",
        PolicyKind::Resource => "resource",
        PolicyKind::Endpoint => "endpoint",
        PolicyKind::Trust => "trust",
    };
    format!("{} by {kind}", if denial.explicit { "deny" } else { "no allow" })
}

fn decided(case: &Value) -> String {
    let identity = policies(&case["identity"], DocumentKind::Identity);
    let boundary = policies(&case["boundary"], DocumentKind::Identity);
    let session = policies(&case["session"], DocumentKind::Identity);
    let resource = policies(&case["resource"], DocumentKind::Resource);
    let endpoint = policies(&case["endpoint"], DocumentKind::Resource);
    let context = Known::of(&case["context"]);
    let arn = text(case, "principal").unwrap_or(USER);
    let kind = match arn.split(':').nth(5).unwrap().split('/').next() {
        Some("root") => PrincipalKind::Root,
        Some("assumed-role") => PrincipalKind::AssumedRole,
        _ => PrincipalKind::User,
    };
    let account = arn.split(':').nth(4).unwrap();
    let principal = Principal { kind, account, arn, issuer_arn: text(case, "role"), unique_id: "" };
    let on = text(case, "on").unwrap_or(TABLE);
    let action = text(case, "action").unwrap_or("dynamodb:GetItem");
    let query = Query { principal: &principal, action, resource: on, context: &context };
    let met = Policies {
        identity: &identity,
        boundary: boundary.first().map(Arc::as_ref),
        session: (!session.is_empty()).then_some(session.as_slice()),
        resource: resource.first().map(Arc::as_ref),
        endpoint: endpoint.first().map(Arc::as_ref),
        same_account: on.split(':').nth(4).is_none_or(|owner| owner == account),
    };
    verdict(decide(&met, &query))
}

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/cases/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str::<Vec<Value>>(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn whole_requests() {
    let cases = cases("decisions.json");
    let mut names = HashSet::new();
    let mut faults = Vec::new();
    for case in &cases {
        let name = text(case, "name").unwrap();
        assert!(names.insert(name), "{name} stands twice");
        assert!(text(case, "document").is_some_and(|document| !document.is_empty()), "{name} follows no document");
        let (expected, found) = (text(case, "verdict").unwrap(), decided(case));
        if found != expected {
            faults.push(format!("{name}: expected {expected}, found {found}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(cases.len() >= 60, "only {} cases", cases.len());
}

#[test]
fn operators() {
    let rows = cases("operators.json");
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    for row in &rows {
        let operator = row[0].as_str().unwrap();
        assert!(seen.insert(row.to_string()), "{row} stands twice");
        let context = if row[2].is_null() { json!({}) } else { json!({"aws:test": row[2]}) };
        let statement =
            json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"aws:Test": row[1]}}});
        let holds = decided(&json!({"identity": statement, "context": context})) == "allow";
        if holds != row[3].as_bool().unwrap() {
            faults.push(row.to_string());
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(rows.len() >= 150, "only {} rows", rows.len());
}
