//! Which condition keys a policy document asks for: in its conditions, and as variables.

use serde_json::Value;
use std::collections::BTreeSet;

/// Adds the keys that a document asks for. What is no policy asks for nothing.
pub(super) fn keys(document: &str, into: &mut BTreeSet<String>) {
    let Ok(document) = serde_json::from_str::<Value>(document) else { return };
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().for_each(|statement| of_statement(statement, into)),
        Some(statement) => of_statement(statement, into),
        None => (),
    }
}

fn of_statement(statement: &Value, into: &mut BTreeSet<String>) {
    for element in ["Resource", "NotResource"] {
        statement.get(element).into_iter().for_each(|value| variables(value, into));
    }
    let Some(Value::Object(condition)) = statement.get("Condition") else { return };
    for operands in condition.values() {
        let Value::Object(operands) = operands else { continue };
        for (key, values) in operands {
            into.insert(key.clone());
            variables(values, into);
        }
    }
}

/// The keys in `${...}`. Without a colon it is no key but a character that is written so.
fn variables(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for part in text.split("${").skip(1) {
                let Some((key, _)) = part.split_once('}') else { continue };
                // A default value may follow.
                let key = key.split(',').next().unwrap_or_default().trim();
                if key.contains(':') {
                    into.insert(key.to_owned());
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| variables(value, into)),
        _ => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_conditions_and_variables() {
        let mut found = BTreeSet::new();
        keys(
            r#"{"Statement":[{"Resource":["arn:a/${aws:username}","${*}"],"Condition":{"StringEquals":
            {"aws:PrincipalTag/team":"${aws:ResourceTag/team, 'none'}"}}},{"NotResource":"x${"}]}"#,
            &mut found,
        );
        keys("no policy", &mut found);
        keys(r#"{"Statement":{"Condition":{"Bool":{"aws:SecureTransport":"true"}}}}"#, &mut found);
        let want = ["aws:PrincipalTag/team", "aws:ResourceTag/team", "aws:SecureTransport", "aws:username"];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), want);
    }
}
