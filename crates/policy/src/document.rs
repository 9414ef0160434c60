//! From the text of a policy to its statements.
//!
//! Names of elements are compared as they are; actions, operators and condition keys without regard to case. Nearly every value may be one or
//! several.

use crate::condition::{Condition, Key};
use crate::error::PolicyError;
use crate::glob::Token;
use crate::pattern::{ArnPattern, Meaning};
use crate::principal::{One, Whom};
use crate::statement::{Choice, Effect, Statement};
use serde_json::{Map, Value};

/// What a policy is attached to, which decides what may stand in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DocumentKind {
    /// A user, group, role or session, also as its boundary: no principals.
    Identity,
    /// A resource, or an endpoint: principals and resources.
    Resource,
    /// A role, to say who may take it: principals and no resources.
    Trust,
}

/// A compiled policy.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) statements: Vec<Statement>,
}

impl Policy {
    /// Parses and compiles a document.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str, kind: DocumentKind) -> Result<Self, PolicyError> {
        let value: Value = serde_json::from_str(text).map_err(|_| PolicyError::Syntax)?;
        let Value::Object(document) = value else { return Err(PolicyError::Syntax) };
        expect_known(&document, &["Version", "Id", "Statement"])?;
        let variables = match document.get("Version") {
            None => false,
            Some(Value::String(version)) if version == "2012-10-17" => true,
            Some(Value::String(version)) if version == "2008-10-17" => false,
            Some(version) => return Err(PolicyError::Version(version.to_string())),
        };
        let statements: Vec<&Value> = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            Some(_) => return Err(PolicyError::Value("Statement")),
            None => Vec::new(),
        };
        if statements.is_empty() {
            return Err(PolicyError::NoStatement);
        }
        let statements = statements.into_iter().map(|statement| Reader { kind, variables }.statement(statement));
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }

    /// Whether some statement asks for a condition key that begins with this, in lower case: what nobody asks for need not be worked out.
    pub fn asks_for(&self, prefix: &str) -> bool {
        self.keys().any(|key| key.name().starts_with(prefix))
    }

    /// The condition keys that its statements ask for.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.statements.iter().flat_map(Statement::keys)
    }
}

fn expect_known(object: &Map<String, Value>, known: &[&str]) -> Result<(), PolicyError> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(PolicyError::Element(name.clone())),
        None => Ok(()),
    }
}

/// Reads statements of a kind of document.
#[derive(Clone, Copy)]
struct Reader {
    kind: DocumentKind,
    variables: bool,
}

impl Reader {
    fn statement(self, value: &Value) -> Result<Statement, PolicyError> {
        const KNOWN: [&str; 9] = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        let Value::Object(statement) = value else { return Err(PolicyError::Value("Statement")) };
        expect_known(statement, &KNOWN)?;
        let effect = match statement.get("Effect") {
            Some(Value::String(effect)) if effect == "Allow" => Effect::Allow,
            Some(Value::String(effect)) if effect == "Deny" => Effect::Deny,
            Some(_) => return Err(PolicyError::Value("Effect")),
            None => return Err(PolicyError::Missing("Effect")),
        };
        let actions = one_of(statement, "Action", "NotAction")?.ok_or(PolicyError::Missing("Action"))?;
        Ok(Statement {
            effect,
            principal: self.principal(statement)?,
            actions: map(actions, |value| texts(value, "Action")?.iter().map(|text| action(text)).collect())?,
            resources: self.resources(statement)?,
            conditions: self.conditions(statement.get("Condition"))?,
        })
    }

    fn principal(self, statement: &Map<String, Value>) -> Result<Option<Choice<Whom>>, PolicyError> {
        let given = one_of(statement, "Principal", "NotPrincipal")?;
        match (self.kind, given) {
            (DocumentKind::Identity, None) => Ok(None),
            (DocumentKind::Identity, Some(_)) => Err(PolicyError::Element("Principal".to_owned())),
            (_, None) => Err(PolicyError::Missing("Principal")),
            (_, Some(given)) => map(given, whom).map(Some),
        }
    }

    fn resources(self, statement: &Map<String, Value>) -> Result<Option<Choice<Vec<ArnPattern>>>, PolicyError> {
        let given = one_of(statement, "Resource", "NotResource")?;
        let meaning = Meaning { wildcards: true, variables: self.variables };
        let read = |value: &Value| {
            let patterns = texts(value, "Resource")?;
            let pattern =
                |text: &String| ArnPattern::new(text, meaning).ok_or_else(|| PolicyError::Resource(text.clone()));
            patterns.iter().map(pattern).collect()
        };
        match (self.kind, given) {
            (DocumentKind::Trust, None) => Ok(None),
            (DocumentKind::Trust, Some(_)) => Err(PolicyError::Element("Resource".to_owned())),
            (_, None) => Err(PolicyError::Missing("Resource")),
            (_, Some(given)) => map(given, read).map(Some),
        }
    }

    fn conditions(self, value: Option<&Value>) -> Result<Vec<Condition>, PolicyError> {
        let operators = match value {
            None => return Ok(Vec::new()),
            Some(Value::Object(operators)) => operators,
            Some(_) => return Err(PolicyError::Value("Condition")),
        };
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let Value::Object(keys) = keys else { return Err(PolicyError::Value("Condition")) };
            for (key, values) in keys {
                let values = texts(values, "Condition")?;
                conditions.push(Condition::new(operator, key, &values, self.variables)?);
            }
        }
        Ok(conditions)
    }
}

/// The one of two elements that is there.
fn one_of<'v>(
    statement: &'v Map<String, Value>,
    is: &'static str,
    is_not: &'static str,
) -> Result<Option<Choice<&'v Value>>, PolicyError> {
    match (statement.get(is), statement.get(is_not)) {
        (Some(_), Some(_)) => Err(PolicyError::Both(is, is_not)),
        (Some(value), None) => Ok(Some(Choice::Is(value))),
        (None, Some(value)) => Ok(Some(Choice::IsNot(value))),
        (None, None) => Ok(None),
    }
}

fn map<T>(choice: Choice<&Value>, read: impl Fn(&Value) -> Result<T, PolicyError>) -> Result<Choice<T>, PolicyError> {
    match choice {
        Choice::Is(value) => read(value).map(Choice::Is),
        Choice::IsNot(value) => read(value).map(Choice::IsNot),
    }
}

/// One text or several. Numbers and booleans are taken as they are written.
fn texts(value: &Value, element: &'static str) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) if element == "Condition" => Ok(value.to_string()),
        _ => Err(PolicyError::Value(element)),
    };
    match value {
        Value::Array(values) if values.is_empty() && element != "Condition" => Err(PolicyError::Value(element)),
        Value::Array(values) => values.iter().map(text).collect(),
        value => Ok(vec![text(value)?]),
    }
}

/// The pattern of an action.
fn action(text: &str) -> Result<Vec<Token>, PolicyError> {
    let is_known = text == "*"
        || text
            .split_once(':')
            .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty() && !service.contains(['*', '?']));
    if !is_known {
        return Err(PolicyError::Action(text.to_owned()));
    }
    let token = |byte: u8| match byte {
        b'*' => Token::Any,
        b'?' => Token::One,
        byte => Token::Byte(byte.to_ascii_lowercase()),
    };
    Ok(text.bytes().map(token).collect())
}

fn whom(value: &Value) -> Result<Whom, PolicyError> {
    let kinds = match value {
        Value::String(text) if text == "*" => return Ok(Whom::Anyone),
        Value::Object(kinds) if !kinds.is_empty() => kinds,
        other => return Err(PolicyError::Principal(other.to_string())),
    };
    let mut ones = Vec::new();
    for (kind, values) in kinds {
        for text in texts(values, "Principal")? {
            ones.push(match kind.as_str() {
                "AWS" => One::of_aws(&text).ok_or_else(|| PolicyError::Principal(text.clone()))?,
                "Service" => One::of_service(&text),
                "Federated" | "CanonicalUser" => One::Nobody,
                _ => return Err(PolicyError::Principal(kind.clone())),
            });
        }
    }
    Ok(Whom::These(ones))
}
