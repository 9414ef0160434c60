//! Documents: what is taken for a policy of a resource.

use api::{Error, messages};
use model::limits;
use policy::{DocumentKind, Policy, PolicyError};

/// Refuses what is no policy. Returns the document as it is kept.
pub fn check(text: &str) -> Result<String, Error> {
    let max = limits::RESOURCE_POLICY_SIZE_MAX;
    if text.len() > max {
        return Err(messages::policy_too_large(max));
    }
    let read = || {
        Policy::parse(text, DocumentKind::Resource)?;
        Ok((policy::canonical(text)?, policy::is_public(text)?))
    };
    match read().map_err(|problem| refusal(&problem))? {
        (_, true) => Err(messages::public_policy()),
        (kept, false) => Ok(kept),
    }
}

/// DynamoDB's words, where it has others than IAM (measured, October 2026). That of missing actions is inferred.
fn refusal(problem: &PolicyError) -> Error {
    let why = match problem {
        PolicyError::NotJson => "This policy contains invalid Json",
        PolicyError::NoStatements => "Could not parse the policy: Statement is empty!",
        PolicyError::NoResources => "Missing required field Resource",
        PolicyError::NoActions => "Missing required field Action",
        PolicyError::SidRepeated => "The Statement Ids in the policy are not unique",
        PolicyError::PrincipalInvalid { .. } => return messages::invalid_policy_principal(),
        other => return messages::invalid_policy(other),
    };
    messages::invalid_policy(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals() {
        let public = r#"{"Effect":"Allow","Principal":"*","Action":"dynamodb:*","Resource":"*"}"#;
        assert_eq!(check(&format!(r#"{{"Statement":{public}}}"#)), Err(messages::public_policy()));
        let statement = r#"{"Effect":"Deny","Principal":"*","Action":"dynamodb:*","Resource":"*"}"#;
        let of = |statement: &str| format!(r#"{{"Statement":[{statement}]}}"#);
        let named = statement.replace('{', r#"{"Sid":"a","#);
        let rows = [
            (String::new(), "This policy contains invalid Json"),
            ("{not json".to_owned(), "This policy contains invalid Json"),
            (of(""), "Could not parse the policy: Statement is empty!"),
            (of(&statement.replace(r#","Resource":"*""#, "")), "Missing required field Resource"),
            (of(&statement.replace(r#""Action":"dynamodb:*","#, "")), "Missing required field Action"),
            (of(&statement.replace(r#""Principal":"*","#, "")), "Missing required field Principal"),
            (of(&format!("{named},{named}")), "The Statement Ids in the policy are not unique"),
            (of(&statement.replace("Effect", "effect")), "Syntax errors in policy."),
        ];
        for (text, why) in rows {
            assert_eq!(check(&text), Err(messages::invalid_policy(why)), "{text}");
        }
        let principal = of(&statement.replace(r#""*","Action"#, r#"{"AWS":"nobody"},"Action"#));
        assert_eq!(check(&principal), Err(messages::invalid_policy_principal()));
        let good = of(statement);
        let max = limits::RESOURCE_POLICY_SIZE_MAX;
        assert_eq!(check(&format!("{good:max$}")), Ok(good.clone()));
        assert_eq!(check(&format!("{good:0$}", max + 1)), Err(messages::policy_too_large(max)));
    }
}
