//! AWS's description of a service, reduced to what the generator needs: names, types, constraints, required members, errors.
//!
//! The files in `crates/api/model` have this form. Order is kept everywhere: the generated code follows the model's own order.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

/// A JSON object whose order is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Ordered<T>(pub Vec<(String, T)>);

/// A service: its operations and the shapes that they use.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct ServiceModel {
    /// Where the file comes from.
    #[serde(default)]
    pub source: String,
    pub metadata: Metadata,
    pub operations: Ordered<Operation>,
    pub shapes: Ordered<Shape>,
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub api_version: String,
    pub json_version: String,
    pub target_prefix: String,
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Operation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Reference>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Reference>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Reference {
    pub shape: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Double,
    Boolean,
    Blob,
    Timestamp,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub members: Ordered<Reference>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub exception: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub fault: bool,
}

impl ServiceModel {
    /// Reads a stripped model.
    pub fn load(path: &Path) -> Result<Self, String> {
        serde_json::from_str(&crate::read(path)?).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// This service and another that describes the same things: all operations, and every shape once.
    ///
    /// A shape that both describe becomes one Rust type, so both must say the same of it, constraints included.
    pub fn joined(&self, other: &Self) -> Result<Self, String> {
        let differing: Vec<&str> = self
            .shapes
            .common(&other.shapes)
            .filter(|(_, mine, theirs)| mine != theirs)
            .map(|(name, ..)| name)
            .collect();
        if !differing.is_empty() {
            return Err(format!("the models disagree about these shapes: {}", differing.join(", ")));
        }
        let repeated: Vec<&str> = self.operations.common(&other.operations).map(|(name, ..)| name).collect();
        if !repeated.is_empty() {
            return Err(format!("both models have these operations: {}", repeated.join(", ")));
        }
        Ok(Self {
            source: format!("{}; {}", self.source, other.source),
            metadata: self.metadata.clone(),
            operations: self.operations.with_new_of(&other.operations),
            shapes: self.shapes.with_new_of(&other.shapes),
        })
    }

    /// A shape by name.
    pub fn shape(&self, name: &str) -> &Shape {
        match self.shapes.get(name) {
            Some(shape) => shape,
            // The model is AWS's own and closed: a missing shape means a damaged file.
            None => unreachable!("the model has no shape {name}"),
        }
    }
}

impl Shape {
    /// The names of all shapes that this one mentions.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        let members = self.members.0.iter().map(|(_, reference)| reference);
        members.chain(&self.member).chain(&self.key).chain(&self.value).map(|reference| reference.shape.as_str())
    }

    /// Whether a structure's member must be there.
    pub fn requires(&self, member: &str) -> bool {
        self.required.iter().any(|required| required == member)
    }
}

impl<T> Ordered<T> {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names that both have, with the value of each.
    fn common<'o>(&'o self, other: &'o Self) -> impl Iterator<Item = (&'o str, &'o T, &'o T)> {
        self.0.iter().filter_map(|(name, mine)| other.get(name).map(|theirs| (name.as_str(), mine, theirs)))
    }
}

impl<T: Clone> Ordered<T> {
    /// All entries, and behind them those of `other` whose names are new.
    fn with_new_of(&self, other: &Self) -> Self {
        let new = other.0.iter().filter(|(name, _)| self.get(name).is_none());
        Self(self.0.iter().chain(new).cloned().collect())
    }
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize> Serialize for Ordered<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Ordered<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model with one operation and one string of at most `max` letters.
    fn model(operation: &str, shape: &str, max: i64) -> ServiceModel {
        let text = serde_json::json!({
            "metadata": {"apiVersion": "1", "jsonVersion": "1.0", "targetPrefix": "T"},
            "operations": {operation: {}},
            "shapes": {"Shared": {"type": "string", "min": 1}, shape: {"type": "string", "max": max}},
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn models_are_joined_where_they_agree() {
        let joined = model("A", "X", 5).joined(&model("B", "Y", 6)).unwrap();
        let names = |names: Vec<&String>| names.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(names(joined.operations.0.iter().map(|(name, _)| name).collect()), "A B");
        assert_eq!(names(joined.shapes.0.iter().map(|(name, _)| name).collect()), "Shared X Y");
        assert_eq!(joined.shape("Y").max, Some(6));
    }

    #[test]
    fn models_that_disagree_are_refused() {
        let refusal = |other: &ServiceModel| model("A", "X", 5).joined(other).err();
        assert_eq!(refusal(&model("B", "X", 5)), None);
        assert_eq!(refusal(&model("B", "X", 6)).unwrap(), "the models disagree about these shapes: X");
        assert_eq!(refusal(&model("A", "X", 5)).unwrap(), "both models have these operations: A");
    }
}
