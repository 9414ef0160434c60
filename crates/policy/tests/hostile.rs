//! Whatever a document says, parsing and deciding end soon and do not panic.

use policy::{
    Context, DocumentKind, Key, Policies, Policy, Principal, PrincipalKind, Query, Values, decide, decide_trust,
};
use std::sync::Arc;

struct Facts;

impl Context for Facts {
    fn values(&self, key: Key, name: &str) -> Values<'_> {
        match key {
            Key::UserName => Values::One("Älice*?${aws:username}"),
            Key::SourceIp => Values::One("no address"),
            Key::CurrentTime => Values::One("99999999999999999999"),
            Key::EpochTime => Values::One("-1"),
            Key::Attributes => Values::Many(&["", "ä", "a"]),
            Key::TagKeys => Values::Many(&[] as &[&str; 0]),
            Key::Other => Values::One(if name.is_empty() { "" } else { "ß" }),
            _ => Values::Absent,
        }
    }
}

/// Parses a text as each kind, and decides with what comes of it.
fn survive(text: &str) {
    let principal =
        Principal { kind: PrincipalKind::AssumedRole, account: "", arn: "ä", issuer_arn: Some(""), unique_id: "" };
    for kind in [DocumentKind::Identity, DocumentKind::Resource, DocumentKind::Trust] {
        let Ok(policy) = Policy::parse(text, kind).map(Arc::new) else { continue };
        for (action, resource) in
            [("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:111122223333:table/ä"), ("", ""), ("ä", "*")]
        {
            let list = [Arc::clone(&policy)];
            let (session, one) = (Some(list.as_slice()), Some(&*policy));
            let policies =
                Policies { identity: &list, boundary: one, session, resource: one, endpoint: one, same_account: true };
            let query = Query { principal: &principal, action, resource, context: &Facts };
            let _ = (decide(&policies, &query), decide_trust(&policies, &query));
        }
    }
}

#[test]
fn deep_and_large() {
    for text in ["[", "{\"Statement\":", "{\"a\":[", "[{\"Statement\":[", "\"\\ud800", "{\"Version\":\"\\udc00\"}"] {
        survive(text);
        survive(&text.repeat(50_000));
    }
    let nested = format!("{}{}", "{\"Statement\":".repeat(120), "}".repeat(120));
    survive(&nested);
    let many = "\"a:b\",".repeat(20_000);
    survive(&format!(r#"{{"Statement":{{"Effect":"Allow","Action":[{many}"*"],"Resource":"*"}}}}"#));
    let members: String = (0..50_000).map(|number| format!("\"k{number}\":\"{number}\",")).collect();
    survive(&format!(
        r#"{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringEquals":{{{members}"x":"y"}}}}}}}}"#
    ));
    let stars = "*a".repeat(10_000);
    survive(&format!(
        r#"{{"Statement":{{"Effect":"Allow","Action":"x:{stars}b","Resource":"arn:aws:dynamodb:*:*:{stars}b"}}}}"#
    ));
    let variables = "${aws:username}*".repeat(5_000);
    survive(&format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:{variables}"}}}}"#
    ));
}

/// Every document of this list, cut and changed at every place.
#[test]
fn damaged() {
    let documents = [
        r#"{"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"s","Effect":"Deny","Action":"dynamodb:?*","NotResource":"arn:aws:dynamodb:*:1:table/${aws:username, 'x'}*${*}","Condition":{"ForAllValues:StringLike":{"dynamodb:Attributes":["ä*","${a}"]},"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00.5+01:00"},"NotIpAddress":{"aws:SourceIp":"::1/64"},"NumericLessThan":{"a":-1.5e3},"Null":{"b":true}}}]}"#,
        r#"{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:role/r","AROACKCEVSQ6C2EXAMPLE"],"Service":"s"},"NotAction":"sts:*","Resource":"*"}}"#,
    ];
    for document in documents {
        survive(document);
        for (at, _) in document.char_indices() {
            let (before, after) = document.split_at(at);
            survive(before);
            for inserted in
                ["\"", "\\", "{", "}", "[", "]", "*", "?", "$", "$", ":", "/", "-", "0", "ä", "\u{0}", "\\ud83d"]
            {
                survive(&format!("{before}{inserted}{after}"));
                let replaced: String = after.chars().skip(1).collect();
                survive(&format!("{before}{inserted}{replaced}"));
            }
        }
    }
}
