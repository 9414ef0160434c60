//! What verifying costs: a GetItem as boto3 sends it, with the signing key at hand.
//!
//! `cargo run --release -p sigv4 --example measure`. Each line is the best of four hundred short runs, in nanoseconds for one request,
//! so that what else the machine does hardly shows.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "an example that measures, not the server")]

use sigv4::{Expected, Form, PathRule, Presented, Request, Scope, Signer, SigningKey, Timestamp, check, sign};
use std::hint::black_box;
use std::time::Instant;

const BODY: &[u8] = br#"{"TableName": "orders", "Key": {"customer": {"S": "customer-000000001"}, "order": {"N": "20260131000001"}}, "ConsistentRead": true, "a": 0}"#;
const SCOPE: Scope<'static> = Scope { date: "20260131", region: "us-east-1", service: "dynamodb" };
const ROUNDS: u32 = 1_000;

fn best(mut work: impl FnMut()) -> u128 {
    let run = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| work());
        start.elapsed().as_nanos() / u128::from(ROUNDS)
    };
    (0..400).map(|_| run(&mut work)).min().unwrap_or_default()
}

fn measure(name: &str, signed_headers: &str, headers: &[(&str, &[u8])]) {
    let key = SigningKey::derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &SCOPE);
    let now = Timestamp::from_unix_seconds(1_769_903_999);
    let headers = headers.to_vec();
    let request = Request {
        method: "POST",
        path: "/",
        query: "",
        headers: &headers,
        body: BODY,
        path_rule: PathRule::Normalized,
    };
    let authorization =
        sign(&request, signed_headers, &Signer { access_key_id: "AKIDEXAMPLE", scope: SCOPE, key: &key }, now);
    let signature = authorization.rsplit('=').next().unwrap_or_default();
    let presented = Presented {
        scope: SCOPE,
        terminator: "aws4_request",
        signed_headers,
        signature,
        timestamp: now,
        form: Form::Header,
    };
    let expected = Expected { region: Some("us-east-1"), service: "dynamodb" };
    let verify = || check(&request, &presented, &expected, now).and_then(|checked| checked.verify(&key));
    assert_eq!(verify(), Ok(()));
    println!("{name}: {} ns", best(|| assert!(black_box(verify()).is_ok())));
}

fn main() {
    let mut headers: Vec<(&str, &[u8])> = vec![
        ("host", b"dynamodb.us-east-1.amazonaws.com"),
        ("accept-encoding", b"identity"),
        ("x-amz-target", b"DynamoDB_20120810.GetItem"),
        ("content-type", b"application/x-amz-json-1.0"),
        ("user-agent", b"Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11"),
        ("x-amz-date", b"20260131T235959Z"),
        ("authorization", b"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/us-east-1/dynamodb/aws4_request"),
        ("amz-sdk-invocation-id", b"d8f6a3c2-0000-4000-8000-000000000000"),
        ("amz-sdk-request", b"attempt=1"),
        ("content-length", b"150"),
    ];
    measure("verify", "content-type;host;x-amz-date;x-amz-target", &headers);
    let token = "t".repeat(400);
    headers.push(("x-amz-security-token", token.as_bytes()));
    let signed_headers = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
    measure("verify with a session token of 400 bytes", signed_headers, &headers);
    println!("derive a signing key: {} ns", best(|| _ = black_box(SigningKey::derive(black_box("secret"), &SCOPE))));
    println!(
        "the hash of the body alone: {} ns",
        best(|| _ = black_box(ring::digest::digest(&ring::digest::SHA256, BODY)))
    );
}
