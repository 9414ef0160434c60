//! Arbitrary texts as policies of every kind, and what they decide for a user and a session who ask for something.
//!
//! A policy asks only for facts that it says it asks for; alone it decides what its statements say; nothing is allowed against a
//! denial, and for nobody who has no policy that allows it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::{
    Context, DocumentKind, Effect, Key, Policies, Policy, Principal, PrincipalKind, Query, Values, decide, decide_trust,
};
use std::sync::{Arc, LazyLock};

const USER: Principal<'static> = Principal {
    kind: PrincipalKind::User,
    account: "123456789012",
    arn: "arn:aws:iam::123456789012:user/a/Ann",
    issuer_arn: None,
    unique_id: "AIDAEXAMPLE",
};
const SESSION: Principal<'static> = Principal {
    kind: PrincipalKind::AssumedRole,
    account: "123456789012",
    arn: "arn:aws:sts::123456789012:assumed-role/Reader/s",
    issuer_arn: Some("arn:aws:iam::123456789012:role/Reader"),
    unique_id: "AROAEXAMPLE",
};
const SERVICE: Principal<'static> = Principal {
    kind: PrincipalKind::Service,
    account: "",
    arn: "lambda.amazonaws.com",
    issuer_arn: None,
    unique_id: "",
};
const ASKED: [(&str, &str); 3] = [
    ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/orders/index/by-day"),
    ("dynamodb:ListTables", "*"),
    ("sts:AssumeRole", "arn:aws:iam::123456789012:role/Reader"),
];

static ALLOW: LazyLock<Policy> = LazyLock::new(|| all("Allow"));
static DENY: LazyLock<Policy> = LazyLock::new(|| all("Deny"));

fn all(effect: &str) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"*","Resource":"*"}}}}"#);
    Policy::parse(&text, DocumentKind::Identity).expect("a policy")
}

/// Facts for one policy.
struct Facts<'a>(&'a Policy);

impl Context for Facts<'_> {
    fn values(&self, key: Key, name: &str) -> Values<'_> {
        const MANY: &[&str] = &["a", "customer-1", "12"];
        assert!(self.0.mentions(key), "{key:?} was not announced");
        match key {
            Key::CurrentTime | Key::TokenIssueTime => Values::One("2026-01-31T23:59:59Z"),
            Key::EpochTime => Values::One("1769903999"),
            Key::MultiFactorAuthPresent | Key::SecureTransport => Values::boolean(true),
            Key::SourceIp => Values::One("2001:db8::1"),
            Key::VpcSourceIp => Values::One("10.1.2.3"),
            Key::PrincipalArn | Key::SourceArn => Values::One(USER.arn),
            Key::UserName => Values::One("Ann"),
            Key::TagKeys | Key::LeadingKeys | Key::Attributes | Key::TransitiveTagKeys => Values::Many(&MANY),
            Key::PrincipalTag if name.eq_ignore_ascii_case("team") => Values::One("ö*?${aws:username}"),
            Key::DurationSeconds | Key::MultiFactorAuthAge => Values::One("3600"),
            Key::Select => Values::One(""),
            _ => Values::Absent,
        }
    }
}

fn check_identity(policy: &Arc<Policy>, query: &Query<'_>) {
    let list = [Arc::clone(policy)];
    let alone = Policies { identity: &list, ..Policies::default() };
    let says = policy.evaluate(query);
    let has_account = query.principal.kind != PrincipalKind::Service;
    assert_eq!(decide(&alone, query).is_allowed(), has_account && says == Some(Effect::Allow));
    let denied = Policies { boundary: Some(&DENY), ..alone };
    assert!(!decide(&denied, query).is_allowed());
    let bounded = Policies { boundary: Some(&ALLOW), session: Some(&list), ..alone };
    assert_eq!(decide(&bounded, query), decide(&alone, query));
    let foreign = Policies { same_account: false, ..alone };
    assert!(!decide(&foreign, query).is_allowed());
}

fn check_resource(policy: &Policy, query: &Query<'_>) {
    let only = Policies { resource: Some(policy), ..Policies::default() };
    let says = policy.evaluate(query);
    if decide(&only, query).is_allowed() || decide_trust(&only, query).is_allowed() {
        assert_eq!(says, Some(Effect::Allow));
    }
    let allow = [Arc::new(ALLOW.clone())];
    let helped = Policies { identity: &allow, ..only };
    assert!(says != Some(Effect::Deny) || !decide(&helped, query).is_allowed());
    assert!(says == Some(Effect::Allow) || !decide_trust(&helped, query).is_allowed());
    let endpoint = Policies { identity: &allow, endpoint: Some(policy), ..Policies::default() };
    assert!(says == Some(Effect::Allow) || !decide(&endpoint, query).is_allowed());
}

fuzz_target!(|text: &str| {
    for kind in [DocumentKind::Identity, DocumentKind::Resource, DocumentKind::Trust] {
        let policy = match Policy::parse(text, kind) {
            Ok(policy) => Arc::new(policy),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        let facts = Facts(&policy);
        for principal in [&USER, &SESSION, &SERVICE] {
            for (action, resource) in ASKED {
                let query = Query { principal, action, resource, context: &facts };
                match kind {
                    DocumentKind::Identity => check_identity(&policy, &query),
                    DocumentKind::Resource | DocumentKind::Trust => check_resource(&policy, &query),
                }
            }
        }
    }
});
