//! Arbitrary requests: their canonical form, their signature, and what becomes of it when the request is changed.
//!
//! What was signed verifies; what is changed verifies exactly when its canonical form is the same, which it never is where the method,
//! the body or a signed header says something else; what is canonical stays as it is.
#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use sigv4::{
    Expected, Form, PathRule, Presented, Request, Scope, Signer, SigningKey, Timestamp, canonical_request, check, sign,
    string_to_sign,
};
use std::sync::LazyLock;

const SCOPE: Scope<'static> = Scope { date: "20260131", region: "us-east-1", service: "dynamodb" };
const EXPECTED: Expected<'static> = Expected { region: Some("us-east-1"), service: "dynamodb" };
const NAMES: [&str; 6] = ["host", "x-amz-date", "X-Amz-Target", "content-type", "x-amz-security-token", ":authority"];

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::derive("secret", &SCOPE));
static TIME: LazyLock<Timestamp> = LazyLock::new(|| Timestamp::from_basic("20260131T235959Z").expect("a time"));

/// A request's parts, owned, so that they can be changed.
#[derive(Clone, Debug)]
struct Parts {
    method: String,
    path: String,
    query: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    is_normalized: bool,
}

impl Parts {
    fn any(input: &mut Unstructured<'_>) -> Result<Parts> {
        let mut headers = vec![("host", b"localhost".to_vec())];
        for _ in 0..input.int_in_range(0..=5)? {
            headers.push((*input.choose(&NAMES)?, input.arbitrary()?));
        }
        Ok(Parts {
            method: input.arbitrary()?,
            path: input.arbitrary()?,
            query: input.arbitrary()?,
            headers,
            body: input.arbitrary()?,
            is_normalized: input.arbitrary()?,
        })
    }

    /// The request with one part changed, and whether that changes what it says.
    fn changed(&self, signed_headers: &str, input: &mut Unstructured<'_>) -> Result<(Parts, bool)> {
        let mut parts = self.clone();
        let is_other = match input.int_in_range(0..=5)? {
            0 => {
                parts.method = input.arbitrary()?;
                parts.method != self.method
            }
            1 => {
                parts.body = input.arbitrary()?;
                parts.body != self.body
            }
            2 => {
                let at = input.choose_index(parts.headers.len())?;
                let (name, value) = &mut parts.headers[at];
                *value = input.arbitrary()?;
                signed_headers.split(';').any(|signed| signed.eq_ignore_ascii_case(name))
                    && words(value) != words(&self.headers[at].1)
            }
            // Many paths and queries are the same request.
            3 => {
                parts.path = input.arbitrary()?;
                false
            }
            4 => {
                parts.query = input.arbitrary()?;
                false
            }
            _ => {
                parts.is_normalized = !parts.is_normalized;
                false
            }
        };
        Ok((parts, is_other))
    }

    /// Shows the request to a function.
    fn with<T>(&self, look: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        look(&Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
            path_rule: if self.is_normalized { PathRule::Normalized } else { PathRule::AsSent },
        })
    }

    fn is_text(&self) -> bool {
        self.headers.iter().all(|(_, value)| std::str::from_utf8(value).is_ok())
    }
}

/// A header's value without regard to how much space there is.
fn words(value: &[u8]) -> Vec<&[u8]> {
    value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect()
}

fn presented<'a>(signed_headers: &'a str, signature: &'a str) -> Presented<'a> {
    let form = Form::Header;
    Presented { scope: SCOPE, terminator: "aws4_request", signed_headers, signature, timestamp: *TIME, form }
}

fn verifies(parts: &Parts, signed_headers: &str, signature: &str) -> bool {
    let presented = presented(signed_headers, signature);
    parts.with(|request| check(request, &presented, &EXPECTED, *TIME).is_ok_and(|checked| checked.verify(&KEY).is_ok()))
}

fn canonical(parts: &Parts, signed_headers: &str) -> String {
    parts.with(|request| canonical_request(request, &presented(signed_headers, "")))
}

/// A request that someone signed.
fn check_signed(input: &mut Unstructured<'_>) -> Result<()> {
    let parts = Parts::any(input)?;
    let signed_headers =
        format!("host;x-amz-target{}", if input.arbitrary()? { ";content-type;x-amz-date" } else { "" });
    let signer = Signer { access_key_id: "key", scope: SCOPE, key: &KEY };
    let authorization = parts.with(|request| sign(request, &signed_headers, &signer, *TIME));
    let signature = authorization.rsplit('=').next().unwrap_or_default();
    assert!(verifies(&parts, &signed_headers, signature), "{parts:?}");
    let (changed, is_other) = parts.changed(&signed_headers, input)?;
    let is_same = canonical(&parts, &signed_headers) == canonical(&changed, &signed_headers);
    // Values that are not UTF-8 may look the same as text and are not.
    if is_same && parts.is_text() && changed.is_text() {
        assert!(verifies(&changed, &signed_headers, signature), "{parts:?} {changed:?}");
    }
    if !is_same || is_other {
        assert!(!verifies(&changed, &signed_headers, signature), "{parts:?} {changed:?}");
    }
    Ok(())
}

/// Paths and queries in canonical form are what they become.
fn check_stable(input: &mut Unstructured<'_>) -> Result<()> {
    let parts = Parts { is_normalized: false, method: "GET".into(), ..Parts::any(input)? };
    let text = canonical(&parts, "host");
    let mut lines = text.split('\n').skip(1);
    let [path, query] = [(); 2].map(|()| lines.next().unwrap_or_default().to_owned());
    assert_eq!(canonical(&Parts { path, query, ..parts }, "host"), text);
    Ok(())
}

/// A request that claims anything at all.
fn check_claimed(input: &mut Unstructured<'_>) -> Result<()> {
    let parts = Parts::any(input)?;
    let form = if input.arbitrary()? { Form::Header } else { Form::Query { expires: input.arbitrary()? } };
    let timestamp = match Timestamp::from_basic(input.arbitrary()?) {
        Some(timestamp) => timestamp,
        None => {
            Timestamp::from_http_date(input.arbitrary()?).unwrap_or(Timestamp::from_unix_seconds(input.arbitrary()?))
        }
    };
    assert_eq!(Timestamp::from_basic(timestamp.basic().as_str()), Some(timestamp));
    let presented = Presented {
        scope: Scope { date: input.arbitrary()?, region: input.arbitrary()?, service: input.arbitrary()? },
        terminator: input.arbitrary()?,
        signed_headers: input.arbitrary()?,
        signature: input.arbitrary()?,
        timestamp,
        form,
    };
    parts.with(|request| {
        string_to_sign(request, &presented);
        let now = if timestamp.unix_seconds() % 2 == 0 { timestamp } else { *TIME };
        match check(request, &presented, &EXPECTED, now) {
            Ok(checked) => {
                assert!(checked.verify(&KEY).is_err(), "a forgery");
                checked.explained();
            }
            Err(fault) => assert!(!fault.to_string().is_empty()),
        }
    });
    // The same, past the checks.
    let presented = Presented { scope: SCOPE, terminator: "aws4_request", timestamp: *TIME, ..presented };
    parts.with(|request| {
        if let Ok(checked) = check(request, &presented, &EXPECTED, *TIME) {
            assert!(checked.verify(&KEY).is_err(), "a forgery");
        }
    });
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    let mut input = Unstructured::new(data);
    let _ = match input.arbitrary::<u8>().unwrap_or_default() % 3 {
        0 => check_signed(&mut input),
        1 => check_stable(&mut input),
        _ => check_claimed(&mut input),
    };
});
