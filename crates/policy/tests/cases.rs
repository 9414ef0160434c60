//! The cases under `cases/`: policies, a request, and what must be decided, each with the document that says so.
//!
//! `operators.json` follows the IAM user guide, "Condition operators" and "Set operators for multi-valued context keys": a row for each operator,
//! its policy values, what the request has, and whether the condition holds. `decisions.json` has
//! whole requests. What is left out of a request is that of a user `alice` of account 111122223333 who gets an item of `table/Music` there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use policy::{Context, Decision, DocumentKind, Key, Kind, Policies, Policy, Principal, Query, Refused, Values, decide};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

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
    fn values<'a>(&'a self, key: &Key) -> Values<'a> {
        match (self.single.get(key.name()), self.several.get(key.name())) {
            (Some(value), _) => Values::One(value.as_str().into()),
            (None, Some(values)) => Values::Many(values),
            (None, None) => Values::Absent,
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).map(|value| value.as_str().unwrap())
}

fn policies(value: &Value, kind: DocumentKind) -> Vec<Policy> {
    let documents = value.as_array().map_or_else(|| vec![value], |documents| documents.iter().collect());
    documents.into_iter().filter(|document| !document.is_null()).map(|document| parse(document, kind)).collect()
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
    let kind = |kind| match kind {
        Kind::Identity => "identity",
        Kind::Boundary => "boundary",
        Kind::Session => "session",
        Kind::Resource => "resource",
        Kind::Endpoint => "endpoint",
    };
    match decision {
        Decision::Allowed => "allow".to_owned(),
        Decision::Denied(Refused::Explicitly(by)) => format!("deny by {}", kind(by)),
        Decision::Denied(Refused::Silently(by)) => format!("no allow by {}", kind(by)),
    }
}

fn decided(case: &Value) -> String {
    let identity = policies(&case["identity"], DocumentKind::Identity);
    let boundary = policies(&case["boundary"], DocumentKind::Identity);
    let session = policies(&case["session"], DocumentKind::Identity);
    let resource = policies(&case["resource"], DocumentKind::Resource);
    let endpoint = policies(&case["endpoint"], DocumentKind::Resource);
    let (identity, session): (Vec<&Policy>, Vec<&Policy>) = (identity.iter().collect(), session.iter().collect());
    let context = Known::of(&case["context"]);
    let arn = text(case, "principal").unwrap_or(USER);
    let principal = Principal {
        account: arn.split(':').nth(4).unwrap(),
        arn,
        role_arn: text(case, "role"),
        is_root: arn.ends_with(":root"),
        service: None,
    };
    let on = text(case, "on").unwrap_or(TABLE);
    let query = Query {
        principal,
        action: text(case, "action").unwrap_or("dynamodb:GetItem"),
        resource: on,
        context: &context,
    };
    let met = Policies {
        identity: &identity,
        boundary: boundary.first(),
        session: (!session.is_empty()).then_some(session.as_slice()),
        resource: resource.first(),
        endpoint: endpoint.first(),
        resource_account: on.split(':').nth(4).unwrap_or("111122223333"),
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

#[test]
fn what_is_no_policy_is_refused() {
    let statement =
        |more: &str| format!(r#"{{"Statement":[{{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"{more}}}]}}"#);
    let rows = [
        ("", "Syntax errors in policy."),
        ("[]", "Syntax errors in policy."),
        ("{}", "The policy must contain at least one statement."),
        (r#"{"Statement":[]}"#, "The policy must contain at least one statement."),
        (r#"{"Version":"2013-01-01","Statement":[]}"#, "The policy has an invalid version: \"2013-01-01\""),
        (&statement(r#","Resources":"*""#), "Unknown or forbidden field Resources"),
        (&statement(r#","NotAction":"s3:*""#), "Action and NotAction cannot stand in one statement"),
        (&statement(r#","Principal":"*""#), "Unknown or forbidden field Principal"),
        (&statement(r#","Condition":{"StringIs":{"a":"b"}}"#), "Invalid Condition type : StringIs."),
        (
            &statement(r#","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/40"}}"#),
            "Invalid value in a condition: 10.0.0.0/40",
        ),
        (
            r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#,
            "The value of Effect has a type that it cannot have",
        ),
        (r#"{"Statement":{"Action":"*","Resource":"*"}}"#, "Missing required field Effect"),
        (r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#, "Missing required field Action"),
        (r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#, "Missing required field Resource"),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"GetItem","Resource":"*"}}"#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: GetItem",
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"table/Music"}}"#,
            "Resource table/Music must be in ARN format or \"*\".",
        ),
    ];
    for (document, words) in rows {
        let refused = Policy::parse(document, DocumentKind::Identity).map(drop).unwrap_err();
        assert_eq!(refused.to_string(), words, "{document}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Policy::parse(&deep, DocumentKind::Identity).is_err());
}

#[test]
fn refusals_are_worded_as_aws_does() {
    let action = "dynamodb:GetItem";
    let rows = [
        (Refused::Silently(Kind::Identity), "because no identity-based policy allows the dynamodb:GetItem action"),
        (Refused::Silently(Kind::Endpoint), "because no VPC endpoint policy allows the dynamodb:GetItem action"),
        (Refused::Explicitly(Kind::Identity), "with an explicit deny in an identity-based policy"),
        (Refused::Explicitly(Kind::Resource), "with an explicit deny in a resource-based policy"),
    ];
    for (refused, words) in rows {
        assert_eq!(refused.words(action), words);
    }
}
