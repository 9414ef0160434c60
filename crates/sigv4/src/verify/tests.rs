//! What is accepted and what is refused, in which words and in which order.

use super::*;
use crate::authorization::{Signer, sign};
use crate::request::{Headers, PathRule};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SCOPE: Scope<'static> = Scope { date: "20260131", region: "us-east-1", service: "dynamodb" };
const EXPECTED: Expected<'static> = Expected { region: Some("us-east-1"), service: "dynamodb" };
const SIGNED_HEADERS: &str = "content-type;host;x-amz-date;x-amz-target";
const HEADERS: [(&str, &[u8]); 5] = [
    ("Host", b"localhost:8000"),
    ("Content-Type", b"application/x-amz-json-1.0"),
    ("X-Amz-Date", b"20260131T235959Z"),
    ("X-Amz-Target", b"DynamoDB_20120810.GetItem"),
    ("User-Agent", b"Boto3/1.44.5"),
];

fn at(text: &str) -> Timestamp {
    Timestamp::from_basic(text).unwrap()
}

fn key() -> SigningKey {
    SigningKey::derive(SECRET, &SCOPE)
}

fn request(headers: &(dyn Headers + Sync)) -> Request<'_> {
    Request { method: "POST", path: "/", query: "", headers, body: b"{}", path_rule: PathRule::Normalized }
}

fn presented<'a>(signed_headers: &'a str, signature: &'a str) -> Presented<'a> {
    let timestamp = at("20260131T235959Z");
    Presented { scope: SCOPE, terminator: "aws4_request", signed_headers, signature, timestamp, form: Form::Header }
}

fn signature(request: &Request<'_>, signed_headers: &str) -> String {
    let key = key();
    let signer = Signer { access_key_id: "AKIDEXAMPLE", scope: SCOPE, key: &key };
    let authorization = sign(request, signed_headers, &signer, at("20260131T235959Z"));
    authorization.rsplit_once('=').unwrap().1.to_owned()
}

/// What becomes of a request that arrives at once.
fn outcome(request: &Request<'_>, presented: &Presented<'_>) -> Result<(), String> {
    outcome_at(request, presented, &EXPECTED, "20260131T235959Z")
}

fn outcome_at(
    request: &Request<'_>,
    presented: &Presented<'_>,
    expected: &Expected<'_>,
    now: &str,
) -> Result<(), String> {
    check(request, presented, expected, at(now))
        .and_then(|checked| checked.verify(&key()))
        .map_err(|fault| fault.to_string())
}

#[test]
fn signs_for_a_service() {
    let (key, request) = (key(), request(&HEADERS));
    let signer = Signer { access_key_id: "AKIDEXAMPLE", scope: SCOPE, key: &key };
    let authorization = sign(&request, SIGNED_HEADERS, &signer, at("20260131T235959Z"));
    // Worked out with botocore's signer.
    assert_eq!(
        authorization,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/us-east-1/dynamodb/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
         Signature=bc06dd3209d8c19d181b43435f53e721832a5a2a41a264e6998f480b88fe1e63"
    );
}

#[test]
fn accepts_what_was_signed_and_nothing_else() {
    let original = request(&HEADERS);
    let signature = signature(&original, SIGNED_HEADERS);
    let presented = presented(SIGNED_HEADERS, &signature);
    assert_eq!(outcome(&original, &presented), Ok(()));
    let mismatch = Err(Fault::Mismatch.to_string());
    assert_eq!(outcome(&Request { method: "PUT", ..original }, &presented), mismatch);
    assert_eq!(outcome(&Request { path: "/x", ..original }, &presented), mismatch);
    assert_eq!(outcome(&Request { query: "x", ..original }, &presented), mismatch);
    assert_eq!(outcome(&Request { body: b"{ }", ..original }, &presented), mismatch);
    assert_eq!(outcome(&Request { path: "//./", ..original }, &presented), Ok(()), "the same path, normalized");
    for index in 0..4 {
        let mut headers = HEADERS;
        headers[index].1 = b"other";
        assert_eq!(outcome(&request(&headers), &presented), mismatch, "{}", HEADERS[index].0);
    }
    let mut headers = HEADERS;
    headers[4].1 = b"what is not signed may change on the way";
    assert_eq!(outcome(&request(&headers), &presented), Ok(()));
    let doubled = [&HEADERS[..], &[("x-amz-target", b"DynamoDB_20120810.PutItem")]].concat();
    assert_eq!(outcome(&request(&doubled), &presented), mismatch);
}

#[test]
fn refuses_signatures_that_are_none() {
    let request = request(&HEADERS);
    let right = signature(&request, SIGNED_HEADERS);
    let mismatch = Err(Fault::Mismatch.to_string());
    for wrong in ["", "0", &right[1..], &right.to_uppercase(), &format!("{right}0"), &"0".repeat(64), &"g".repeat(64)] {
        assert_eq!(outcome(&request, &presented(SIGNED_HEADERS, wrong)), mismatch, "{wrong}");
    }
    let other = SigningKey::derive("other", &SCOPE);
    let (presented, now) = (presented(SIGNED_HEADERS, &right), at("20260131T235959Z"));
    assert_eq!(check(&request, &presented, &EXPECTED, now).unwrap().verify(&other), Err(Fault::Mismatch));
}

#[test]
fn a_header_is_read_as_the_canonical_form_has_it() {
    let spaced: [(&str, &[u8]); 4] =
        [("Host", b"  localhost:8000 "), ("X-Amz-Target", b"a\t  b c"), ("X-Several", b"1"), ("x-several", b" 2  3 ")];
    let request = request(&spaced);
    let presented = presented("Host;x-absent;x-amz-target;X-Several", "");
    assert_eq!(
        canonical_request(&request, &presented),
        "POST\n/\n\nhost:localhost:8000\nx-absent:\nx-amz-target:a b c\nx-several:1,2 3\n\nhost;x-absent;x-amz-target;x-several\n\
         44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
}

#[test]
fn the_authority_of_http_2_is_its_host() {
    let request = request(&HEADERS);
    let presented = presented(":authority;x-amz-target", "");
    assert!(canonical_request(&request, &presented).contains("\n:authority:localhost:8000\n"));
    assert!(check(&request, &presented, &EXPECTED, presented.timestamp).is_ok());
}

#[test]
fn long_values_are_digested_whole() {
    let token = "t".repeat(2000);
    let long: [(&str, &[u8]); 3] =
        [("host", b"localhost"), ("x-amz-security-token", token.as_bytes()), ("x-amz-target", &[b'y'; 600])];
    let request = request(&long);
    let signed = "host;x-amz-security-token;x-amz-target";
    let presented = presented(signed, "");
    let digest = |text: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        String::from_utf8(crate::sink::hex(digest).to_vec()).unwrap()
    };
    let text = canonical_request(&request, &presented);
    assert!(text.contains(&token));
    assert!(string_to_sign(&request, &presented).ends_with(&digest(&text)));
}

#[test]
fn the_host_and_the_target_must_be_signed() {
    let request = request(&HEADERS);
    assert_eq!(
        outcome(&request, &presented("content-type;x-amz-date;x-amz-target", "")),
        Err("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".into())
    );
    assert_eq!(
        outcome(&request, &presented("content-type;host;x-amz-date", "")),
        Err("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.".into())
    );
    let many = format!("host;x-amz-target{}", ";a".repeat(SIGNED_HEADERS_MAX));
    assert_eq!(outcome(&request, &presented(&many, "")), Err(Fault::Mismatch.to_string()));
}

#[test]
fn the_time_must_be_near() {
    let request = request(&HEADERS);
    let signature = signature(&request, SIGNED_HEADERS);
    let presented = presented(SIGNED_HEADERS, &signature);
    let outcome = |now| outcome_at(&request, &presented, &EXPECTED, now);
    assert_eq!(outcome("20260201T000459Z"), Ok(()));
    assert_eq!(outcome("20260131T235459Z"), Ok(()));
    assert_eq!(
        outcome("20260201T000959Z"),
        Err("Signature expired: 20260131T235959Z is now earlier than 20260201T000459Z (20260201T000959Z - 5 min.)"
            .into())
    );
    assert_eq!(
        outcome("20260131T235458Z"),
        Err("Signature not yet current: 20260131T235959Z is still later than 20260131T235958Z (20260131T235458Z + 5 min.)".into())
    );
    let sts = Expected { service: "sts", ..EXPECTED };
    assert!(sts.check_time(&presented, at("20260201T001459Z")).is_ok());
    assert_eq!(
        sts.check_time(&presented, at("20260201T001500Z")).unwrap_err().to_string(),
        "Signature expired: 20260131T235959Z is now earlier than 20260201T000000Z (20260201T001500Z - 15 min.)"
    );
}

#[test]
fn the_scope_must_be_ours() {
    let request = request(&HEADERS);
    let valid = presented(SIGNED_HEADERS, "");
    let outcome = |presented| outcome(&request, &presented).unwrap_err();
    let scope = |scope| Presented { scope, ..valid };
    assert_eq!(
        outcome(scope(Scope { region: "eu-west-1", ..SCOPE })),
        "Credential should be scoped to a valid region, not 'eu-west-1'. "
    );
    assert_eq!(
        outcome(scope(Scope { service: "DynamoDB", ..SCOPE })),
        "Credential should be scoped to correct service: 'dynamodb'. "
    );
    assert_eq!(
        outcome(Presented { terminator: "aws5", ..valid }),
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. "
    );
    assert_eq!(
        outcome(scope(Scope { date: "20260201", ..SCOPE })),
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260201' != '20260131', \
         from '20260131T235959Z'."
    );
    assert_eq!(
        outcome(Presented { scope: Scope { date: "b", region: "c", service: "d" }, terminator: "e", ..valid }),
        "Credential should be scoped to a valid region, not 'c'. Credential should be scoped to correct service: 'dynamodb'. \
         Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. \
         Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'b' != '20260131', \
         from '20260131T235959Z'."
    );
    let anywhere = Expected { region: None, ..EXPECTED };
    let elsewhere = scope(Scope { region: "eu-west-1", ..SCOPE });
    assert!(check(&request, &elsewhere, &anywhere, valid.timestamp).is_ok());
}

#[test]
fn the_time_comes_before_the_host_and_the_host_before_the_scope() {
    let request = request(&HEADERS);
    let wrong = Presented { terminator: "x", ..presented("x-amz-date", "") };
    let outcome = |presented, now| outcome_at(&request, presented, &EXPECTED, now).unwrap_err();
    assert!(outcome(&wrong, "20270101T000000Z").starts_with("Signature expired"));
    assert!(outcome(&wrong, "20260131T235959Z").starts_with("'Host'"));
    assert!(outcome(&presented("host;x-amz-target", ""), "20260131T235959Z").starts_with("The request signature"));
}

#[test]
fn a_presigned_request_says_for_how_long_it_is_good() {
    let host = [("host", &b"localhost"[..])];
    let request = request(&host);
    let outcome = |expires, now, service| {
        let presented = Presented { form: Form::Query { expires }, ..presented("host", "") };
        let expected = Expected { region: None, service };
        expected.check_time(&presented, at(now)).map_err(|fault| fault.to_string())
    };
    assert!(request.query.is_empty());
    assert_eq!(outcome(Some("604800"), "20260207T235959Z", "dynamodb"), Ok(()));
    assert_eq!(outcome(Some("3600"), "20260201T005959Z", "dynamodb"), Ok(()));
    assert_eq!(
        outcome(Some("3600"), "20260201T010000Z", "dynamodb"),
        Err("Signature expired: 20260131T235959Z is now earlier than 20260201T000000Z (20260201T010000Z - 60 min.)"
            .into())
    );
    assert_eq!(
        outcome(Some("61"), "20260201T000101Z", "dynamodb"),
        Err("Signature expired: 20260131T235959Z is now earlier than 20260201T000000Z (20260201T000101Z - 61 sec.)"
            .into())
    );
    assert!(outcome(Some("3600"), "20260131T235458Z", "dynamodb").unwrap_err().contains("+ 5 min."));
    assert!(outcome(None, "20260201T000500Z", "dynamodb").unwrap_err().contains("- 5 min."));
    assert_eq!(outcome(Some("60"), "20260201T001459Z", "sts"), Ok(()));
    for (expires, words) in [
        ("", "X-Amz-Expires should be a number"),
        ("1h", "X-Amz-Expires should be a number"),
        ("-1", "X-Amz-Expires must be non-negative"),
        (
            "604801",
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 \
             seconds",
        ),
    ] {
        assert_eq!(outcome(Some(expires), "20260131T235959Z", "dynamodb"), Err(words.into()));
    }
}

#[test]
fn a_wrong_signature_is_explained() {
    // A capture of dynalite's: a POST whose only signed header is the host.
    let host = [("host", &b"dynamodb.ap-southeast-2.amazonaws.com"[..])];
    let request = Request { body: b"", ..request(&host) };
    let scope = Scope { date: "20130609", region: "ap-southeast-2", service: "dynamodb" };
    let presented = Presented { scope, timestamp: at("20130609T100759Z"), ..presented("host", "x") };
    let expected = Expected { region: Some("ap-southeast-2"), service: "dynamodb" };
    let checked = check(&request, &presented, &expected, presented.timestamp).unwrap();
    assert_eq!(
        checked.explained(),
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing \
         method. Consult the service documentation for details.\n\n\
         The Canonical String for this request should have been\n\
         'POST\n/\n\nhost:dynamodb.ap-southeast-2.amazonaws.com\n\nhost\n\
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\n\
         The String-to-Sign should have been\n\
         'AWS4-HMAC-SHA256\n20130609T100759Z\n20130609/ap-southeast-2/dynamodb/aws4_request\n\
         7b8b82a032afd6014771e3375813fc995dd167b7b3a133a0b86e5925cb000ec5'\n"
    );
}

#[test]
fn a_hash_that_the_client_names_is_a_header_like_any_other() {
    for claimed in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0000"] {
        let headers = [HEADERS[0], ("x-amz-content-sha256", claimed.as_bytes())];
        let request = request(&headers);
        let text = canonical_request(&request, &presented("host;x-amz-content-sha256", ""));
        assert!(text.contains(&format!("\nx-amz-content-sha256:{claimed}\n")));
        assert!(text.ends_with("\n44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"));
    }
}

#[test]
fn secrets_are_not_shown() {
    assert_eq!(format!("{:?}", key()), "SigningKey(..)");
}
