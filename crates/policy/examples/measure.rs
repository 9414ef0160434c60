//! What a decision costs: `cargo run --release -p policy --example measure`.
//!
//! Prints nanoseconds for policies of ten statements, and for what conditions add.

#![allow(clippy::print_stdout, reason = "an example that prints its figures")]
#![allow(clippy::disallowed_methods, reason = "it measures by the clock of the machine")]
#![allow(clippy::unwrap_used, reason = "the policies are its own")]

use policy::{Context, DocumentKind, Key, Policies, Policy, Principal, PrincipalKind, Query, Values, decide};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

struct Facts;

impl Context for Facts {
    fn values(&self, key: Key, _name: &str) -> Values<'_> {
        match key {
            Key::UserName => Values::One("Alice"),
            Key::SourceIp => Values::One("203.0.113.7"),
            Key::CurrentTime => Values::One("2024-05-06T07:08:09Z"),
            Key::LeadingKeys => Values::Many(&["Alice"]),
            Key::Attributes => Values::Many(&["UserId", "GameTitle", "TopScore"]),
            Key::Select => Values::One("SPECIFIC_ATTRIBUTES"),
            _ => Values::Absent,
        }
    }
}

const ACTIONS: &str =
    r#""dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Scan", "dynamodb:BatchWrite*""#;

fn ten_statements(actions: &str, resource: &str, last: &str) -> String {
    let other = format!(r#"{{"Effect": "Allow", "Action": [{actions}], "Resource": "{resource}"}}"#);
    format!(r#"{{"Version": "2012-10-17", "Statement": [{}, {last}]}}"#, vec![other; 9].join(", "))
}

fn main() {
    let game = r#"{"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"],
        "Resource": "arn:aws:dynamodb:us-west-2:111122223333:table/GameScores",
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"],
            "dynamodb:Attributes": ["UserId", "GameTitle", "Wins", "Losses", "TopScore", "TopScoreDateTime"]},
            "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}}"#;
    let network = r#"{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}"#;
    let never = r#"{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}"#;
    let everything = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let wild = "arn:aws:dynamodb:*:*:table/Other*";
    let rows = [
        ("one statement allows everything", everything.to_owned()),
        ("ten statements, no action matches", ten_statements(ACTIONS, "*", never)),
        ("ten statements, actions match, resources do not", ten_statements("\"dynamodb:*\"", wild, never)),
        ("ten statements, the last allows: keys, attributes, Select", ten_statements(ACTIONS, "*", game)),
        ("ten statements, the last allows: address, date", ten_statements(ACTIONS, "*", network)),
    ];
    for (name, text) in rows {
        measure(name, &text);
    }
}

fn measure(name: &str, text: &str) {
    const ROUNDS: u32 = 1_000;
    let identity = [Arc::new(Policy::parse(text, DocumentKind::Identity).unwrap())];
    let policies = Policies { identity: &identity, ..Policies::default() };
    let principal = Principal {
        kind: PrincipalKind::User,
        account: "111122223333",
        arn: "arn:aws:iam::111122223333:user/Alice",
        issuer_arn: None,
        unique_id: "",
    };
    let query = Query {
        principal: &principal,
        action: "dynamodb:GetItem",
        resource: "arn:aws:dynamodb:us-west-2:111122223333:table/GameScores",
        context: &Facts,
    };
    // The best of many short runs, because other programs run on the machine too.
    let best = (0..1_000)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..ROUNDS {
                black_box(decide(black_box(&policies), black_box(&query)));
            }
            start.elapsed()
        })
        .min()
        .unwrap_or_default();
    let nanoseconds = best.as_secs_f64() * 1e9 / f64::from(ROUNDS);
    println!("{nanoseconds:8.1} ns  {name}: allowed {}", decide(&policies, &query).is_allowed());
}
