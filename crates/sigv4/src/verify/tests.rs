//! What is refused, and with which words.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::canonical::PathForm;

const NOW: &str = "20261128T120000Z";
const EXPECTED: Expected<'_> = Expected { region: Some("us-east-1"), service: "dynamodb" };
const HEADERS: &[(&str, &[u8])] = &[
    ("host", b"127.0.0.1:8000"),
    ("content-type", b"application/x-amz-json-1.0"),
    ("x-amz-date", NOW.as_bytes()),
    ("x-amz-target", b"DynamoDB_20120810.GetItem"),
];
const SIGNED: &str = "content-type;host;x-amz-date;x-amz-target";

fn request<'a>(headers: &'a [(&'a str, &'a [u8])], body: &'a [u8]) -> Request<'a> {
    Request { method: "POST", path: "/", path_form: PathForm::Normalized, query: "", headers, body }
}

fn presented(signature: &str) -> Presented<'_> {
    Presented {
        date: "20261128",
        region: "us-east-1",
        service: "dynamodb",
        terminator: TERMINATOR,
        signed_headers: SIGNED,
        signature,
        time: NOW,
        form: Form::Header,
    }
}

fn key(presented: &Presented<'_>) -> SigningKey {
    SigningKey::derive("secret", presented.date, presented.region, presented.service)
}

/// Signs a request and verifies it so many seconds later.
fn outcome(request: &Request<'_>, unsigned: Presented<'_>, later: i64) -> Result<(), Fault> {
    let key = key(&unsigned);
    let signature = key.sign(string_to_sign(request, &unsigned).as_bytes()).to_string();
    let presented = Presented { signature: &signature, ..unsigned };
    verify(request, &presented, EXPECTED, &key, Times::at(seconds_of(NOW).unwrap() + later))
}

#[test]
fn what_was_signed_is_taken_and_nothing_else() {
    let good = request(HEADERS, b"{}");
    let unsigned = presented("");
    let key = key(&unsigned);
    let signature = key.sign(string_to_sign(&good, &unsigned).as_bytes()).to_string();
    let presented = presented(&signature);
    let times = Times::at(seconds_of(NOW).unwrap());
    let verified = |request: &Request<'_>| verify(request, &presented, EXPECTED, &key, times);
    assert_eq!(verified(&good), Ok(()));
    let other_target: Vec<(&str, &[u8])> = HEADERS
        .iter()
        .map(|(name, value)| (*name, if *name == "x-amz-target" { b"DynamoDB_20120810.PutItem" } else { *value }))
        .collect();
    let with_unsigned_extra: Vec<(&str, &[u8])> = HEADERS.iter().copied().chain([("accept", &b"*/*"[..])]).collect();
    assert_eq!(verified(&request(HEADERS, b"{ }")), Err(Fault::Mismatch));
    assert_eq!(verified(&request(&other_target, b"{}")), Err(Fault::Mismatch));
    assert_eq!(verified(&Request { method: "GET", ..good }), Err(Fault::Mismatch));
    assert_eq!(verified(&Request { path: "/other", ..good }), Err(Fault::Mismatch));
    assert_eq!(verified(&Request { query: "a=b", ..good }), Err(Fault::Mismatch));
    assert_eq!(verified(&request(&with_unsigned_extra, b"{}")), Ok(()));
    let other_key = SigningKey::derive("Secret", "20261128", "us-east-1", "dynamodb");
    assert_eq!(verify(&good, &presented, EXPECTED, &other_key, times), Err(Fault::Mismatch));
    for bad in ["", "00", &signature[1..], &signature.to_uppercase(), &format!("{signature}0")] {
        let presented = Presented { signature: bad, ..presented };
        assert_eq!(verify(&good, &presented, EXPECTED, &key, times), Err(Fault::Mismatch), "{bad}");
    }
}

#[test]
fn clocks_may_differ_by_five_minutes() {
    let request = request(HEADERS, b"{}");
    for later in [-300, 0, 300] {
        assert_eq!(outcome(&request, presented(""), later), Ok(()), "{later}");
    }
    assert_eq!(
        outcome(&request, presented(""), 301).unwrap_err().to_string(),
        "Signature expired: 20261128T120000Z is now earlier than 20261128T120001Z (20261128T120501Z - 5 min.)"
    );
    assert_eq!(
        outcome(&request, presented(""), -301).unwrap_err().to_string(),
        "Signature not yet current: 20261128T120000Z is still later than 20261128T115959Z (20261128T115459Z + 5 min.)"
    );
}

#[test]
fn presigned_requests_are_good_for_as_long_as_they_say() {
    let query = "X-Amz-Expires=60&X-Amz-Signature=ignored&Action=GetCallerIdentity";
    let request = Request { method: "GET", query, ..request(&[("host", b"localhost")], b"") };
    let presign = |expires| Presented { signed_headers: "host", form: Form::Query(expires), ..presented("") };
    assert_eq!(outcome(&request, presign(Some("60")), 60), Ok(()));
    assert_eq!(
        outcome(&request, presign(Some("60")), 61).unwrap_err().to_string(),
        "Signature expired: 20261128T120100Z is now earlier than 20261128T120101Z"
    );
    assert_eq!(outcome(&request, presign(Some("604800")), 604_800), Ok(()));
    for expires in ["604801", "-1", "soon", ""] {
        assert!(matches!(outcome(&request, presign(Some(expires)), 0), Err(Fault::Time(_))), "{expires}");
    }
}

#[test]
fn a_token_that_was_added_after_signing_is_no_part_of_the_signature() {
    let signed = Request { method: "GET", query: "Action=x", ..request(&[("host", b"localhost")], b"") };
    let unsigned = Presented { signed_headers: "host", form: Form::Query(None), ..presented("") };
    let key = key(&unsigned);
    let signature = key.sign(string_to_sign(&signed, &unsigned).as_bytes()).to_string();
    let sent = Request { query: "Action=x&X-Amz-Security-Token=abc&X-Amz-Signature=x", ..signed };
    let presented = Presented { signature: &signature, ..unsigned };
    let times = Times::at(seconds_of(NOW).unwrap());
    assert_eq!(verify(&sent, &presented, EXPECTED, &key, times), Ok(()));
}

#[test]
fn scopes_of_others_are_refused() {
    let request = request(HEADERS, b"{}");
    let rows = [
        (
            Presented { region: "eu-west-1", ..presented("") },
            "Credential should be scoped to a valid region, not 'eu-west-1'. Expected: 'us-east-1'. ",
        ),
        (Presented { service: "s3", ..presented("") }, "Credential should be scoped to correct service: 'dynamodb'. "),
        (
            Presented { terminator: "aws5", ..presented("") },
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. ",
        ),
        (
            Presented { date: "20261127", ..presented("") },
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '20261127' != '20261128', from '20261128T120000Z'. ",
        ),
    ];
    for (presented, words) in rows {
        assert_eq!(outcome(&request, presented, 0).unwrap_err().to_string(), words);
    }
}

#[test]
fn what_gives_a_request_its_meaning_must_be_signed() {
    let request = request(HEADERS, b"{}");
    let rows = [
        ("x-amz-date;x-amz-target", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
        ("host;x-amz-date", "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."),
    ];
    for (signed_headers, words) in rows {
        let presented = Presented { signed_headers, ..presented("") };
        assert_eq!(outcome(&request, presented, 0).unwrap_err().to_string(), words);
    }
    let many = vec!["host"; SIGNED_HEADERS_MAX + 1].join(";");
    assert_eq!(outcome(&request, Presented { signed_headers: &many, ..presented("") }, 0), Err(Fault::Mismatch));
}
