//! Credentials, good and bad. The expected words are those of dynalite's tests and source, recorded against DynamoDB.

use super::*;
use hyper::Request;
use hyper::http::request::Parts;

const SCOPE: &str = "AKID/20260131/us-east-1/dynamodb/aws4_request";

fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::post(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn refused(uri: &str, headers: &[(&str, &str)]) -> Refusal {
    Credentials::presented(&Head::read(&parts(uri, headers))).unwrap_err()
}

#[test]
fn a_header_is_taken_apart() {
    for separator in [", ", ",", " ", " ,  "] {
        let header = format!(
            "AWS4-HMAC-SHA256 Credential={SCOPE}{separator}SignedHeaders=host;x-amz-date{separator}Signature=abc"
        );
        let parts = parts("/", &[("authorization", &header), ("x-amz-date", "20260131T235959Z")]);
        let head = Head::read(&parts);
        let credentials = Credentials::presented(&head).unwrap();
        assert_eq!(
            credentials,
            Credentials {
                access_key_id: "AKID".into(),
                date: "20260131".into(),
                region: "us-east-1".into(),
                service: "dynamodb".into(),
                terminator: "aws4_request".into(),
                signed_headers: "host;x-amz-date".into(),
                signature: "abc".into(),
                session_token: None,
                signed_at: Timestamp::from_unix_seconds(1_769_903_999),
                place: Place::Header,
            }
        );
    }
}

#[test]
fn what_is_no_credential_at_all_is_missing() {
    for (uri, headers) in [
        ("/", &[][..]),
        ("/", &[("authorization", "AWS4")]),
        ("/", &[("authorization", "Bearer x")]),
        ("/?X-Amz-Algorith", &[("authorization", "X")]),
        ("/?X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-SignedHeaders=c&X-Amz-Date=d", &[]),
    ] {
        assert_eq!(refused(uri, headers), Refusal::MissingAuthenticationToken, "{uri} {headers:?}");
    }
}

#[test]
fn credentials_in_both_places_contradict_each_other() {
    let expected = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";
    let refusal = refused("/?X-Amz-Algorithm", &[("authorization", "X")]);
    assert_eq!(refusal, Refusal::InvalidSignature(expected.to_owned()));
}

#[test]
fn an_incomplete_header_is_told_what_it_lacks() {
    const CREDENTIAL: &str = "Authorization header requires 'Credential' parameter. ";
    const SIGNATURE: &str = "Authorization header requires 'Signature' parameter. ";
    const SIGNED_HEADERS: &str = "Authorization header requires 'SignedHeaders' parameter. ";
    const DATE: &str = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    for (header, date, lacks) in [
        ("AWS4-", None, &[CREDENTIAL, SIGNATURE, SIGNED_HEADERS, DATE][..]),
        ("AWS4- Signature=b Credential=a", Some("a"), &[SIGNED_HEADERS]),
        ("AWS4- Signature=b,Credential=a", Some("a"), &[SIGNED_HEADERS]),
        ("AWS4- Signature=b, Credential=a", Some("a"), &[SIGNED_HEADERS]),
        ("AWS4- Signature=,SignedHeaders=x", Some("a"), &[CREDENTIAL, SIGNATURE]),
    ] {
        let mut headers = vec![("authorization", header)];
        headers.extend(date.map(|date| ("date", date)));
        let expected = lacks.concat() + "Authorization=" + header;
        assert_eq!(refused("/", &headers), Refusal::IncompleteSignature(expected), "{header}");
    }
}

#[test]
fn a_malformed_header_is_told_what_is_wrong_first() {
    let whole = format!("AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=abc");
    let short = "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=abc";
    let other = format!("AWS4-HMAC-SHA25 Credential={SCOPE}, SignedHeaders=host, Signature=abc");
    let no_pair = "AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders";
    for (header, date, expected) in [
        (
            whole.as_str(),
            "201",
            "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601",
        ),
        (
            other.as_str(),
            "20260131T235959Z",
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ",
        ),
        (
            short,
            "20260131T235959Z",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'",
        ),
        (
            no_pair,
            "20260131T235959Z",
            "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: \
             'AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders'.",
        ),
    ] {
        let refusal = refused("/", &[("authorization", header), ("x-amz-date", date)]);
        assert_eq!(refusal, Refusal::IncompleteSignature(expected.to_owned()));
    }
}

#[test]
fn an_incomplete_query_is_told_what_it_lacks() {
    for (query, lacks) in [
        ("X-Amz-Algorithm", &QUERY_REQUIRED[..]),
        ("X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d", &[QUERY_SIGNED_HEADERS]),
    ] {
        let list: String =
            lacks.iter().map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect();
        let expected = list + "Re-examine the query-string parameters.";
        assert_eq!(refused(&format!("/?{query}"), &[]), Refusal::IncompleteSignature(expected));
    }
}
