//! What the verification of a GetItem costs, with the day's key at hand.
//!
//! `cargo run --release -p sigv4 --example measure`

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "an example measures and prints"
)]

use sigv4::{
    Expected, Form, PathForm, Presented, Request, SigningKey, TERMINATOR, Times, seconds_of, string_to_sign, verify,
};
use std::time::Instant;

const ROUNDS: u32 = 200_000;

fn main() {
    let time = "20261128T120000Z";
    let headers: [(&str, &[u8]); 9] = [
        ("host", b"127.0.0.1:8000"),
        ("accept-encoding", b"identity"),
        ("x-amz-target", b"DynamoDB_20120810.GetItem"),
        ("content-type", b"application/x-amz-json-1.0"),
        ("user-agent", b"Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux lang/python#3.11"),
        ("x-amz-date", time.as_bytes()),
        ("authorization", b"AWS4-HMAC-SHA256 ..."),
        ("amz-sdk-request", b"attempt=1"),
        ("content-length", b"150"),
    ];
    let body = [b'x'; 150];
    let request = Request {
        method: "POST",
        path: "/",
        path_form: PathForm::Normalized,
        query: "",
        headers: &headers,
        body: &body,
    };
    let unsigned = Presented {
        date: "20261128",
        region: "us-east-1",
        service: "dynamodb",
        terminator: TERMINATOR,
        signed_headers: "content-type;host;x-amz-date;x-amz-target",
        signature: "",
        time,
        form: Form::Header,
    };
    let key = SigningKey::derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20261128", "us-east-1", "dynamodb");
    let signature = key.sign(string_to_sign(&request, &unsigned).as_bytes()).to_string();
    let presented = Presented { signature: &signature, ..unsigned };
    let expected = Expected { region: Some("us-east-1"), service: "dynamodb" };
    let times = Times::at(seconds_of(time).unwrap());
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        verify(std::hint::black_box(&request), &presented, expected, &key, times).unwrap();
    }
    println!("{:.0} ns for each verification", begun.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS));
}
