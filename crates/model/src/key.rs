//! Key schemas: which attributes identify an item of a table or order the entries of an index.

use serde::{Deserialize, Serialize};

/// The types that a key attribute may have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ScalarType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}

impl ScalarType {
    /// The name as it stands in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::N => "N",
            Self::B => "B",
        }
    }
}

/// One attribute of a key, with the type that its definition gives it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyAttribute {
    /// The attribute's name.
    pub name: String,
    /// The attribute's type.
    pub kind: ScalarType,
}

/// The key attributes of a table or an index.
///
/// Tables and local indexes have one partition attribute and at most one sort attribute; global indexes may have up to four of each.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeySchema {
    /// The attributes whose values together choose the partition (`HASH`), in the schema's order.
    pub partition: Vec<KeyAttribute>,
    /// The attributes that order the items of a partition (`RANGE`), in the schema's order.
    pub sort: Vec<KeyAttribute>,
}

impl KeySchema {
    /// All attributes: those of the partition key, then those of the sort key.
    pub fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        self.partition.iter().chain(&self.sort)
    }

    /// How many attributes the key has.
    pub fn len(&self) -> usize {
        self.partition.len() + self.sort.len()
    }

    /// Whether there is no attribute; a schema in use has at least one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key attribute of a name.
    pub fn get(&self, name: &str) -> Option<&KeyAttribute> {
        self.attributes().find(|attribute| attribute.name == name)
    }
}
