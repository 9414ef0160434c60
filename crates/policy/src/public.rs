//! Which policies of resources let everybody in.
//!
//! DynamoDB refuses those (developer guide, "Blocking public access with resource-based policies in DynamoDB"): a statement that allows must
//! name whom it allows, or have a condition on who asks or through what, with values that are fixed. DynamoDB reasons about conditions as
//! a whole; here one condition has to be enough by itself.

use crate::PolicyError;
use crate::json::Json;

/// Condition keys that tell who asks, or through what.
const TRUSTED: [&str; 15] = [
    "aws:Ec2InstanceSourceVpc",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:UserId",
];
/// Operators that hold only for what has one of the values.
const CLOSED: [&str; 6] = ["ArnEquals", "ArnLike", "Bool", "StringEquals", "StringEqualsIgnoreCase", "StringLike"];

/// Whether a document allows something to everybody.
///
/// # Errors
/// When it is not JSON. What else may be wrong with it is for [`Policy::parse`](crate::Policy::parse) to find.
pub fn is_public(text: &str) -> Result<bool, PolicyError> {
    let json = Json::parse(text)?;
    let Some(statements) = member(&json, "Statement") else { return Ok(false) };
    Ok(each(statements).iter().any(allows_everybody))
}

fn allows_everybody(statement: &Json) -> bool {
    let allows = member(statement, "Effect").is_some_and(|effect| text_is(effect, "Allow"));
    let everybody = member(statement, "Principal").is_some_and(|principal| match principal {
        Json::Object(kinds) => kinds.iter().any(|(_, who)| each(who).iter().any(|who| text_is(who, "*"))),
        other => text_is(other, "*"),
    });
    allows && everybody && !member(statement, "Condition").is_some_and(is_closed)
}

/// Whether one of the conditions leaves only those in who were named.
fn is_closed(conditions: &Json) -> bool {
    members(conditions).iter().any(|(operator, keys)| {
        // `ForAllValues:` holds where there is no value, and `...IfExists` where there is no key.
        let operator = operator.strip_prefix("ForAnyValue:").unwrap_or(operator);
        CLOSED.contains(&operator) && members(keys).iter().any(|(key, values)| names(key, each(values)))
    })
}

fn names(key: &str, values: &[Json]) -> bool {
    let Some(key) = TRUSTED.iter().find(|known| known.eq_ignore_ascii_case(key)) else { return false };
    !values.is_empty()
        && values.iter().all(|value| match value {
            Json::Text(text) | Json::Scalar(text) if *key == "aws:PrincipalIsAWSService" => text == "true",
            Json::Text(text) | Json::Scalar(text) => !text.contains(['*', '?']) && !text.contains("${"),
            Json::Null | Json::List(_) | Json::Object(_) => false,
        })
}

fn member<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    members(json).iter().find_map(|(known, value)| (known == name).then_some(value))
}

fn members(json: &Json) -> &[(String, Json)] {
    if let Json::Object(members) = json { members } else { &[] }
}

/// The elements of a list, or the one that stands for a list.
fn each(json: &Json) -> &[Json] {
    if let Json::List(several) = json { several } else { std::slice::from_ref(json) }
}

fn text_is(json: &Json, wanted: &str) -> bool {
    matches!(json, Json::Text(text) if text == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_let_in() {
        let rows = [
            (r#""Principal":"*""#, true),
            (r#""Principal":{"AWS":"*"}"#, true),
            (r#""Principal":{"AWS":["111122223333","*"]}"#, true),
            (r#""Principal":{"AWS":["123456789012","111122223333"]}"#, false),
            (r#""Principal":"*","Condition":{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::1:user/John"}}"#, false),
            (r#""Principal":"*","Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::1:user/*"}}"#, true),
            (r#""Principal":"*","Condition":{"StringEquals":{"AWS:sourcevpce":["vpce-1","vpce-2"]}}"#, false),
            (r#""Principal":"*","Condition":{"StringEquals":{"aws:SourceVpce":["vpce-1","${aws:username}"]}}"#, true),
            (r#""Principal":"*","Condition":{"StringEquals":{"aws:SourceVpce":[]}}"#, true),
            (r#""Principal":"*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#, true),
            (r#""Principal":"*","Condition":{"StringEqualsIfExists":{"aws:SourceVpce":"vpce-1"}}"#, true),
            (r#""Principal":"*","Condition":{"ForAllValues:StringEquals":{"aws:PrincipalOrgPaths":"o-1/r-1/"}}"#, true),
            (r#""Principal":"*","Condition":{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-1/r-1/"}}"#, false),
            (r#""Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#, true),
            (r#""Principal":"*","Condition":{"Bool":{"aws:PrincipalIsAWSService":"true"}}"#, false),
            (r#""Principal":"*","Condition":{"Bool":{"aws:PrincipalIsAWSService":"false"}}"#, true),
        ];
        for (elements, expected) in rows {
            let statement = format!(r#"{{"Effect":"Allow",{elements},"Action":"dynamodb:*","Resource":"*"}}"#);
            for text in [format!(r#"{{"Statement":{statement}}}"#), format!(r#"{{"Statement":[{statement}]}}"#)] {
                assert_eq!(is_public(&text), Ok(expected), "{text}");
                assert_eq!(is_public(&text.replace("Allow", "Deny")), Ok(false), "{text}");
            }
        }
    }
}
