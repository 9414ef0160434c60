//! The table of decisions: policies, a request, the verdict, and the document of AWS that says so.
//!
//! Each file of `tests/documented` is about a topic. Its members: `document`, the title that its cases follow unless they name their own;
//! `policies` by name; `cases`. Members of a case:
//!
//! - `name`, of which there is one among all files;
//! - `identity`, `boundary`, `session`, `resource`, `endpoint`, `trust`: names of policies (a list for `identity` and `session`);
//! - `condition`: short for a policy of the identity that allows everything under this condition; `deny`: for two, of which one allows
//!   everything and one denies everything under this condition;
//! - `principal`: `user/NAME@ACCOUNT`, `role/ROLE/SESSION@ACCOUNT`, `federated-user/NAME/USER@ACCOUNT`, `root@ACCOUNT`,
//!   `service:NAME`, `federated:PROVIDER`, `anonymous`; `id`, its unique identifier;
//! - `action`, `on` (the resource), `context` (a text is one value, a list is several);
//! - `verdict`: `allowed`, or `explicit` or `implicit` and the kind of policy that denies.
//!
//! What a case leaves out is in `DEFAULTS`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use policy::{
    Context, Decision, DocumentKind, Key, Policies, Policy, PolicyKind, Principal, PrincipalKind, Query, Values,
    decide, decide_trust,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const CASES_MIN: usize = 1_300;

/// Principal, action, resource.
const DEFAULTS: [&str; 3] =
    ["user/Alice@111122223333", "dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:111122223333:table/Music"];

/// The members that a case may have.
const MEMBERS: [&str; 16] = [
    "name",
    "document",
    "identity",
    "boundary",
    "session",
    "resource",
    "endpoint",
    "trust",
    "condition",
    "deny",
    "principal",
    "id",
    "action",
    "on",
    "context",
    "verdict",
];

#[test]
fn decisions_are_as_documented() {
    // Tests run in the folder of their crate. A path that is compiled in would be that of another checkout with the same build directory.
    let folder = Path::new("tests/documented");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut names, mut faults) = (BTreeSet::new(), Vec::new());
    for path in files {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut used = BTreeSet::new();
        for case in file["cases"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            if !names.insert(name.to_owned()) {
                faults.push(format!("{name}: a second case of this name"));
            }
            faults.extend(check(&file, case, &mut used).into_iter().map(|fault| format!("{name}: {fault}")));
        }
        let policies = file["policies"].as_object().unwrap();
        let unused = policies.keys().filter(|policy| !used.contains(*policy));
        faults.extend(unused.map(|policy| format!("{}: no case uses {policy}", path.display())));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(names.len() >= CASES_MIN, "{} cases", names.len());
}

fn check(file: &Value, case: &Value, used: &mut BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let members = case.as_object().unwrap();
    faults
        .extend(members.keys().filter(|member| !MEMBERS.contains(&member.as_str())).map(|member| format!("{member}?")));
    let document = case["document"].as_str().or(file["document"].as_str()).unwrap_or_default();
    if document.is_empty() {
        faults.push("names no document".to_owned());
    }
    let verdict = decision(file, case, used);
    if Some(verdict.as_str()) != case["verdict"].as_str() {
        faults.push(format!("{verdict}, but {} says {}", document, case["verdict"]));
    }
    faults
}

fn decision(file: &Value, case: &Value, used: &mut BTreeSet<String>) -> String {
    let mut named = |member: &str, kind| -> Option<Vec<Arc<Policy>>> {
        let names = match &case[member] {
            Value::Null => return None,
            Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        let policies = names.iter().map(|name| {
            used.insert(name.as_str().unwrap().to_owned());
            parse(&file["policies"][name.as_str().unwrap()], kind)
        });
        Some(policies.collect())
    };
    let mut identity = named("identity", DocumentKind::Identity).unwrap_or_default();
    let [boundary, session] = ["boundary", "session"].map(|member| named(member, DocumentKind::Identity));
    let [resource, endpoint] = ["resource", "endpoint"].map(|member| named(member, DocumentKind::Resource));
    let trust = named("trust", DocumentKind::Trust);
    identity.extend(short_policies(case));
    let one = |list: &Option<Vec<Arc<Policy>>>| list.as_ref().map(|list| Arc::clone(&list[0]));
    let (boundary, endpoint, resource) = (one(&boundary), one(&endpoint), one(&resource).or(one(&trust)));

    let text = |member: &str, default| case[member].as_str().unwrap_or(default);
    let who = Who::parse(text("principal", DEFAULTS[0]));
    let on = text("on", DEFAULTS[2]);
    let owner = on.split(':').nth(4).filter(|owner| !owner.is_empty());
    let facts = Facts::new(&case["context"]);
    let principal = Principal {
        kind: who.kind,
        account: &who.account,
        arn: &who.arn,
        issuer_arn: who.issuer_arn.as_deref(),
        unique_id: text("id", ""),
    };
    let policies = Policies {
        identity: &identity,
        boundary: boundary.as_deref(),
        session: session.as_deref(),
        resource: resource.as_deref(),
        endpoint: endpoint.as_deref(),
        same_account: owner.is_none_or(|owner| owner == who.account),
    };
    let query = Query { principal: &principal, action: text("action", DEFAULTS[1]), resource: on, context: &facts };
    word(if trust.is_some() { decide_trust(&policies, &query) } else { decide(&policies, &query) })
}

fn parse(document: &Value, kind: DocumentKind) -> Arc<Policy> {
    Arc::new(Policy::parse(&document.to_string(), kind).unwrap_or_else(|error| panic!("{error}: {document}")))
}

/// The policies that `condition` and `deny` are short for.
fn short_policies(case: &Value) -> Vec<Arc<Policy>> {
    let mut policies = Vec::new();
    let mut add = |effect: &str, condition: &Value| {
        let statement = json!({"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition});
        policies.push(parse(&json!({"Version": "2012-10-17", "Statement": statement}), DocumentKind::Identity));
    };
    if !case["condition"].is_null() {
        add("Allow", &case["condition"]);
    }
    if !case["deny"].is_null() {
        add("Allow", &json!({}));
        add("Deny", &case["deny"]);
    }
    policies
}

fn word(decision: Decision) -> String {
    let Decision::Denied(denial) = decision else { return "allowed".to_owned() };
    let kind = match denial.by {
        PolicyKind::Identity => "identity",
        PolicyKind::Boundary => "boundary",
        PolicyKind::Session => "session",
        PolicyKind::Resource => "resource",
        PolicyKind::Endpoint => "endpoint",
        PolicyKind::Trust => "trust",
    };
    format!("{} {kind}", if denial.explicit { "explicit" } else { "implicit" })
}

struct Who {
    kind: PrincipalKind,
    account: String,
    arn: String,
    issuer_arn: Option<String>,
}

impl Who {
    fn parse(text: &str) -> Self {
        let of_none = |kind, arn: &str| Self { kind, account: String::new(), arn: arn.to_owned(), issuer_arn: None };
        if let Some(name) = text.strip_prefix("service:") {
            return of_none(PrincipalKind::Service, name);
        }
        if let Some(provider) = text.strip_prefix("federated:") {
            return of_none(PrincipalKind::Federated, provider);
        }
        if text == "anonymous" {
            return of_none(PrincipalKind::Anonymous, "");
        }
        let (name, account) = text.split_once('@').unwrap();
        let iam = format!("arn:aws:iam::{account}");
        let sts = format!("arn:aws:sts::{account}");
        let (kind, rest) = name.split_once('/').unwrap_or((name, ""));
        let (kind, arn, issuer_arn) = match kind {
            "root" => (PrincipalKind::Root, format!("{iam}:root"), None),
            "user" => (PrincipalKind::User, format!("{iam}:{name}"), None),
            "role" => {
                let (role, _) = rest.split_once('/').unwrap();
                (PrincipalKind::AssumedRole, format!("{sts}:assumed-role/{rest}"), Some(format!("{iam}:role/{role}")))
            }
            "federated-user" => {
                let (federated, user) = rest.split_once('/').unwrap();
                let issuer = format!("{iam}:user/{user}");
                (PrincipalKind::FederatedUser, format!("{sts}:federated-user/{federated}"), Some(issuer))
            }
            _ => panic!("{text}"),
        };
        Self { kind, account: account.to_owned(), arn, issuer_arn }
    }
}

/// The context of a case, by the names of keys in small letters.
struct Facts(BTreeMap<String, Fact>);

enum Fact {
    One(String),
    Many(Vec<String>),
}

impl Facts {
    fn new(context: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let facts = context.as_object().into_iter().flatten().map(|(key, value)| {
            let fact = match value {
                Value::Array(list) => Fact::Many(list.iter().map(text).collect()),
                one => Fact::One(text(one)),
            };
            (key.to_lowercase(), fact)
        });
        Self(facts.collect())
    }
}

impl Context for Facts {
    fn values(&self, key: Key, name: &str) -> Values<'_> {
        match self.0.get(&format!("{}{name}", key.text()).to_lowercase()) {
            Some(Fact::One(value)) => Values::One(value),
            Some(Fact::Many(values)) => Values::Many(values),
            None => Values::Absent,
        }
    }
}
