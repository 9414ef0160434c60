//! Evaluating and deciding allocate nothing.
//!
//! In a file of its own, because the allocator that counts is of the whole program. Counting needs an implementation of `GlobalAlloc`, the
//! one unsafe trait here; it only passes on what it is asked.

#![allow(unsafe_code, reason = "an allocator is an unsafe trait; this one counts and passes on")]

use policy::{
    Context, Decision, DocumentKind, Key, Policies, Policy, Principal, PrincipalKind, Query, Values, decide,
    decide_trust,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: all requests are passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of `dealloc`, and `pointer` came from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Facts;

impl Context for Facts {
    fn values(&self, key: Key, name: &str) -> Values<'_> {
        match key {
            Key::UserName => Values::One("Alice"),
            Key::SourceIp => Values::One("203.0.113.7"),
            Key::CurrentTime => Values::One("2024-05-06T07:08:09Z"),
            Key::EpochTime => Values::One("1714979289"),
            Key::MultiFactorAuthAge => Values::One("12.5"),
            Key::SecureTransport => Values::boolean(true),
            Key::PrincipalArn => Values::One("arn:aws:iam::111122223333:user/Alice"),
            Key::PrincipalTag if name.eq_ignore_ascii_case("team") => Values::One("red"),
            Key::LeadingKeys => Values::Many(&["Alice", "Alice-2"]),
            Key::Attributes => Values::Many(&["Id", "Name", "Team"]),
            Key::Other if name.eq_ignore_ascii_case("app:blob") => Values::One("QmluYXJ5"),
            _ => Values::Absent,
        }
    }
}

/// Every operator, wildcards in the middle, variables with and without a value.
const IDENTITY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Deny", "Action": "dynamodb:Delete*", "Resource": "*"},
    {"Effect": "Deny", "NotAction": ["dynamodb:*", "sts:?et*"], "NotResource": "arn:aws:dynamodb:*:*:table/*x*y*"},
    {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEqualsIgnoreCaseIfExists": {"aws:username": "ALICE"}}},
    {"Effect": "Allow", "Action": ["dynamodb:*Item", "dynamodb:Query"],
     "Resource": ["arn:aws:dynamodb:*:111122223333:table/${aws:PrincipalTag/team, 'none'}-*", "arn:aws:dynamodb:*:*:table/${aws:userid}"],
     "Condition": {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["${aws:username}", "${aws:username}-?"]},
        "ForAnyValue:StringEquals": {"dynamodb:Attributes": "Name"},
        "StringEqualsIgnoreCase": {"aws:PrincipalTag/Team": "RED"},
        "IpAddress": {"aws:SourceIp": ["2001:db8::/32", "203.0.113.0/24"]},
        "NotIpAddress": {"aws:SourceIp": "203.0.113.128/25"},
        "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00+01:00", "aws:EpochTime": 1600000000},
        "NumericLessThan": {"aws:MultiFactorAuthAge": 3600},
        "Bool": {"aws:SecureTransport": true},
        "BinaryEquals": {"app:blob": "QmluYXJ5"},
        "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"},
        "Null": {"aws:TokenIssueTime": true}}}]}"#;

const RESOURCE: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:user/Alice", "111122223333"]}, "Action": "*", "Resource": "*"},
    {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:user/Alice"]},
     "Action": "dynamodb:Scan", "Resource": "*"}]}"#;

const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"},
    "Action": "sts:AssumeRole", "Condition": {"StringLike": {"aws:username": "A*e"}}}}"#;

const ALL: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

#[test]
fn nothing_is_allocated() {
    let parse = |text, kind| Policy::parse(text, kind).unwrap();
    let identity = [Arc::new(parse(IDENTITY, DocumentKind::Identity))];
    let all = Arc::new(parse(ALL, DocumentKind::Identity));
    let (resource, trust) = (parse(RESOURCE, DocumentKind::Resource), parse(TRUST, DocumentKind::Trust));
    let session = [Arc::clone(&all)];
    let policies = Policies {
        identity: &identity,
        boundary: Some(&all),
        session: Some(&session),
        resource: None,
        endpoint: None,
        same_account: true,
    };
    let principal = Principal {
        kind: PrincipalKind::User,
        account: "111122223333",
        arn: "arn:aws:iam::111122223333:user/Alice",
        issuer_arn: None,
        unique_id: "AIDACKCEVSQ6C2EXAMPLE",
    };
    let query = |action| Query {
        principal: &principal,
        action,
        resource: "arn:aws:dynamodb:us-east-1:111122223333:table/red-1",
        context: &Facts,
    };

    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let allowed = decide(&policies, &query("dynamodb:GetItem"));
    let denied = decide(&policies, &query("dynamodb:DeleteTable"));
    let unlimited = Policies { boundary: None, ..policies };
    let by_resource = decide(&Policies { resource: Some(&resource), ..unlimited }, &query("dynamodb:Scan"));
    let trusted =
        decide_trust(&Policies { resource: Some(&trust), identity: &session, ..policies }, &query("sts:AssumeRole"));
    let mentioned = policies.mentions(Key::LeadingKeys);
    let after = ALLOCATIONS.load(Ordering::Relaxed);

    assert_eq!(allowed, Decision::Allowed);
    assert!(!denied.is_allowed());
    assert_eq!(by_resource, Decision::Allowed);
    assert_eq!(trusted, Decision::Allowed);
    assert!(mentioned);
    assert_eq!(after - before, 0);
}
