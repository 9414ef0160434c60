//! The form in which DynamoDB keeps documents.
//!
//! Without white space; elements in one order, whatever order they were sent in; a list of one as its element; an account's id as the
//! ARN of its root user (measured: documents of DynamoDB's answers beside those that were sent, October 2026). Two documents that differ
//! in nothing else are the same policy.

use crate::PolicyError;
use crate::json::Json;

/// The order of a document's elements, then that of a statement's. An element and its negated form share a place.
const DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT: [&str; 6] = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];

/// The canonical form of a document.
///
/// # Errors
/// When it is not JSON. What else may be wrong with it is for [`Policy::parse`](crate::Policy::parse) to find.
pub fn canonical(text: &str) -> Result<String, PolicyError> {
    let mut out = String::with_capacity(text.len());
    object(&mut out, ordered(Json::parse(text)?, &DOCUMENT), |out, name, value| match (name, value) {
        ("Statement", Json::List(statements)) => list(out, statements, statement),
        ("Statement", one) => list(out, vec![one], statement),
        (_, other) => plain(out, other),
    });
    Ok(out)
}

fn statement(out: &mut String, json: Json) {
    object(out, ordered(json, &STATEMENT), |out, name, value| match (name, value) {
        ("Principal" | "NotPrincipal", Json::Object(kinds)) => {
            object(out, kinds, |out, kind, who| plain(out, if kind == "AWS" { with_arns(who) } else { who }));
        }
        (_, other) => plain(out, other),
    });
}

/// The members of an object in an order; those that have no place come last.
fn ordered(json: Json, order: &[&str]) -> Vec<(String, Json)> {
    let Json::Object(mut members) = json else { return Vec::new() };
    let place = |name: &str| {
        let name = name.strip_prefix("Not").unwrap_or(name);
        order.iter().position(|known| *known == name).unwrap_or(order.len())
    };
    members.sort_by_key(|(name, _)| place(name));
    members
}

/// Principals with ids of accounts written as ARNs.
fn with_arns(json: Json) -> Json {
    match json {
        Json::Text(id) if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            Json::Text(format!("arn:aws:iam::{id}:root"))
        }
        Json::List(several) => Json::List(several.into_iter().map(with_arns).collect()),
        other => other,
    }
}

/// A value as it is, but for lists of one.
fn plain(out: &mut String, json: Json) {
    match json {
        Json::Null => out.push_str("null"),
        // Of what is no text only booleans and numbers come here, which conditions take for strings.
        Json::Scalar(text) | Json::Text(text) => string(out, &text),
        Json::List(mut one) if one.len() == 1 => one.drain(..).for_each(|value| plain(out, value)),
        Json::List(several) => list(out, several, plain),
        Json::Object(members) => object(out, members, |out, _, value| plain(out, value)),
    }
}

fn object(out: &mut String, members: Vec<(String, Json)>, write: impl Fn(&mut String, &str, Json)) {
    out.push('{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        string(out, &name);
        out.push(':');
        write(out, &name, value);
    }
    out.push('}');
}

fn list(out: &mut String, values: Vec<Json>, write: impl Fn(&mut String, Json)) {
    out.push('[');
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(out, value);
    }
    out.push(']');
}

fn string(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DocumentKind, Policy};

    const WANTED: &str = concat!(
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"#,
        r#""Action":"dynamodb:GetItem","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}"#
    );

    #[test]
    fn formattings_of_one_policy_have_one_form() {
        assert!(Policy::parse(WANTED, DocumentKind::Resource).is_ok());
        let rows = [
            WANTED.to_owned(),
            WANTED.replace("{\"", "{ \n\"").replace(",\"", ",\t\""),
            WANTED.replace("arn:aws:iam::111122223333:root", "111122223333"),
            WANTED.replace(r#""dynamodb:GetItem""#, r#"["dynamodb:GetItem"]"#).replace(r#""true""#, "[true]"),
            WANTED.replace(['[', ']'], ""),
            WANTED
                .replace(r#""Sid":"a","Effect":"Allow","#, "")
                .replace(r#""*","#, r#""*","Effect":"Allow","Sid":"a","#),
        ];
        for row in rows {
            assert_eq!(canonical(&row).as_deref(), Ok(WANTED), "{row}");
        }
    }

    #[test]
    fn what_differs_stays_different() {
        let text = r#"{"Id":"x\"","Statement":[{"Effect":"Deny","NotPrincipal":"*","NotAction":["b","a"],"NotResource":"111122223333"}]}"#;
        assert_eq!(canonical(text).as_deref(), Ok(text));
        assert_eq!(canonical("{"), Err(PolicyError::NotJson));
        assert_eq!(canonical(r#"{"Id":"a","Id":"b"}"#), Err(PolicyError::Syntax));
    }
}
