//! The form of a document: which elements there are and what types they have.
//!
//! Names of elements are in one case only ("IAM User Guide: IAM JSON policy elements reference"). Whatever is wrong here is a syntax error,
//! of which IAM tells nothing more.

use crate::json::Json;
use crate::{PolicyError, Version};

/// A document whose form is right.
pub(super) struct Document {
    pub version: Version,
    pub statements: Vec<Form>,
}

/// A statement whose form is right.
#[derive(Default)]
pub(super) struct Form {
    pub sid: Option<String>,
    /// `Allow` or `Deny` in any case.
    pub effect: String,
    pub actions: Option<Element>,
    pub resources: Option<Element>,
    /// `Principal` or `NotPrincipal`, which of them, and what it says.
    pub principals: Option<PrincipalElement>,
    pub conditions: Vec<Operation>,
}

/// `Action`, `NotAction`, `Resource`, `NotResource`.
pub(super) struct Element {
    pub negated: bool,
    pub values: Vec<String>,
}

/// `Principal`, `NotPrincipal`.
pub(super) struct PrincipalElement {
    pub negated: bool,
    /// The kind and who is named; `*` alone is `AWS`.
    pub named: Vec<(String, String)>,
}

/// One operator of a condition, with its keys.
pub(super) struct Operation {
    pub operator: String,
    /// Each key with its values.
    pub keys: Vec<(String, Vec<String>)>,
}

impl Document {
    pub fn read(json: Json) -> Result<Self, PolicyError> {
        let mut version = Version::V2008;
        let mut statements = None;
        for (name, value) in object(json)? {
            match name.as_str() {
                "Version" => {
                    version = match text(value)?.as_str() {
                        "2008-10-17" => Version::V2008,
                        "2012-10-17" => Version::V2012,
                        _ => return Err(PolicyError::Syntax),
                    }
                }
                "Id" => drop(text(value)?),
                "Statement" => statements = Some(value),
                _ => return Err(PolicyError::Syntax),
            }
        }
        let statements = match statements {
            Some(Json::List(list)) if !list.is_empty() => list,
            Some(Json::List(_)) => return Err(PolicyError::NoStatements),
            Some(one @ Json::Object(_)) => vec![one],
            _ => return Err(PolicyError::Syntax),
        };
        let statements = statements.into_iter().map(Form::read).collect::<Result<_, _>>()?;
        Ok(Self { version, statements })
    }
}

impl Form {
    fn read(json: Json) -> Result<Self, PolicyError> {
        let mut form = Self::default();
        for (name, value) in object(json)? {
            match name.as_str() {
                "Sid" => form.sid = Some(text(value)?),
                "Effect" => form.effect = text(value)?,
                "Action" | "NotAction" => put(&mut form.actions, element(&name, value)?)?,
                "Resource" | "NotResource" => put(&mut form.resources, element(&name, value)?)?,
                "Principal" | "NotPrincipal" => put(&mut form.principals, PrincipalElement::read(&name, value)?)?,
                "Condition" => form.conditions = conditions(value)?,
                _ => return Err(PolicyError::Syntax),
            }
        }
        let known = ["allow", "deny"].iter().any(|effect| form.effect.eq_ignore_ascii_case(effect));
        if known { Ok(form) } else { Err(PolicyError::Syntax) }
    }
}

impl PrincipalElement {
    fn read(name: &str, json: Json) -> Result<Self, PolicyError> {
        let negated = name.starts_with("Not");
        let Json::Object(members) = json else {
            return match json {
                Json::Text(text) if text == "*" => Ok(Self { negated, named: vec![("AWS".to_owned(), text)] }),
                _ => Err(PolicyError::Syntax),
            };
        };
        let mut named = Vec::new();
        for (kind, value) in members {
            for principal in texts(value)? {
                named.push((kind.clone(), principal));
            }
        }
        if named.is_empty() { Err(PolicyError::Syntax) } else { Ok(Self { negated, named }) }
    }
}

fn element(name: &str, json: Json) -> Result<Element, PolicyError> {
    Ok(Element { negated: name.starts_with("Not"), values: texts(json)? })
}

/// An element and its negated form exclude each other.
fn put<T>(place: &mut Option<T>, value: T) -> Result<(), PolicyError> {
    if place.replace(value).is_some() { Err(PolicyError::Syntax) } else { Ok(()) }
}

fn conditions(json: Json) -> Result<Vec<Operation>, PolicyError> {
    let mut operations = Vec::new();
    for (operator, keys) in object(json)? {
        let mut operation = Operation { operator, keys: Vec::new() };
        for (key, value) in object(keys)? {
            operation.keys.push((key, condition_values(value)?));
        }
        operations.push(operation);
    }
    Ok(operations)
}

/// "Quotation marks are optional for numeric and Boolean values."
fn condition_values(json: Json) -> Result<Vec<String>, PolicyError> {
    match json {
        Json::List(list) => list.into_iter().map(condition_value).collect(),
        one => Ok(vec![condition_value(one)?]),
    }
}

fn condition_value(json: Json) -> Result<String, PolicyError> {
    match json {
        Json::Text(text) | Json::Scalar(text) => Ok(text),
        Json::Null | Json::List(_) | Json::Object(_) => Err(PolicyError::Syntax),
    }
}

fn object(json: Json) -> Result<Vec<(String, Json)>, PolicyError> {
    if let Json::Object(members) = json { Ok(members) } else { Err(PolicyError::Syntax) }
}

fn text(json: Json) -> Result<String, PolicyError> {
    if let Json::Text(text) = json { Ok(text) } else { Err(PolicyError::Syntax) }
}

fn texts(json: Json) -> Result<Vec<String>, PolicyError> {
    match json {
        Json::List(list) => list.into_iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}
