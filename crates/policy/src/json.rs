//! JSON as policies need it: members keep their order, and one that is repeated is an error.
//!
//! `serde_json::Value` keeps the last of repeated members without a word; IAM refuses them ("IAM User Guide: Grammar of the IAM JSON policy
//! language"). The depth of nesting is limited by serde_json itself, so neither reading nor dropping a value exhausts the stack.

use crate::PolicyError;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use std::fmt;

/// A JSON value.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Json {
    Null,
    /// A boolean or a number, as text: conditions take them for strings.
    Scalar(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        serde_json::from_str(text).map_err(|error| match error.classify() {
            // What the visitor refuses: a member is repeated.
            Category::Data => PolicyError::Syntax,
            Category::Io | Category::Syntax | Category::Eof => PolicyError::NotJson,
        })
    }
}

/// Without white space, and otherwise as it was read.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| serde_json::Value::from(text);
        match self {
            Self::Null => f.write_str("null"),
            Self::Scalar(raw) => f.write_str(raw),
            Self::Text(value) => write!(f, "{}", text(value)),
            Self::List(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if at > 0 { "," } else { "" }, text(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.array_windows().any(|[one, next]| one == next) {
            return Err(A::Error::custom("a member is repeated"));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn keeps_order_and_refuses_repetition() {
        let members = vec![("b".to_owned(), Json::Scalar("1".to_owned())), ("a".to_owned(), Json::Null)];
        assert_eq!(parse(r#"{"b": 1, "a": null}"#), Some(Json::Object(members)));
        assert_eq!(parse(r#"{"a": 1, "b": 2, "a": 3}"#), None);
        assert_eq!(
            parse(r#"[true, -1, 1.5, "x"]"#).map(|json| matches!(json, Json::List(list) if list.len() == 4)),
            Some(true)
        );
    }

    #[test]
    fn hostile_texts_are_errors() {
        assert_eq!(parse(&"[".repeat(100_000)), None);
        assert_eq!(parse(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))), None);
        assert_eq!(parse(r#""\ud800""#), None);
        assert_eq!(parse(r#""\u12""#), None);
        assert_eq!(parse(""), None);
    }
}
