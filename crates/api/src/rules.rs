//! The constraints of the service model, as data that the generated decoders pass along.

/// Limits of a length or a number of elements, both inclusive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    pub min: u32,
    pub max: u32,
}

impl Sizes {
    /// No limit.
    pub const ANY: Self = Self { min: 0, max: u32::MAX };
}

/// A rule of a string.
pub struct StringRule {
    pub sizes: Sizes,
    pub pattern: Option<Pattern>,
}

impl StringRule {
    /// Every string is fine.
    pub const ANY: Self = Self { sizes: Sizes::ANY, pattern: None };
}

/// A regular expression of the model. The few that requests use are written out as functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// Names of tables, indexes and backups.
    Name,
}

impl Pattern {
    /// The expression, as messages print it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Name => "[a-zA-Z0-9_.-]+",
        }
    }

    /// Whether the whole text matches.
    pub fn matches(self, text: &str) -> bool {
        match self {
            Self::Name => {
                let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
                !text.is_empty() && text.bytes().all(is_letter)
            }
        }
    }
}

/// How a table is named: by its name or by its ARN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableNameRule {
    /// A name of at least 3 letters, as the operations on tables demand.
    New,
    /// A name of at least 1 letter, as the operations on items demand: a shorter name only names no table.
    Existing,
}

/// A rule of an integer.
pub struct IntegerRule {
    pub min: Option<i64>,
    pub max: Option<i64>,
}

impl IntegerRule {
    /// Every number is fine.
    pub const ANY: Self = Self { min: None, max: None };
}

/// A rule of a list.
pub struct ListRule {
    pub sizes: Sizes,
    /// How the list is printed back when it breaks the rule.
    pub echo: &'static Echo,
}

impl ListRule {
    /// Every list is fine.
    pub const ANY: Self = Self { sizes: Sizes::ANY, echo: &Echo::Scalar };
}

/// A rule of a map.
pub struct MapRule {
    /// The Java class of its values, which messages about wrong types name.
    pub class: &'static str,
    pub sizes: Sizes,
    pub keys: KeyRule,
    /// Limits of each value's length that count as the map's own.
    pub values: Option<Sizes>,
    pub echo: &'static Echo,
}

impl MapRule {
    /// Every map is fine.
    pub const fn any(class: &'static str) -> Self {
        Self { class, sizes: Sizes::ANY, keys: KeyRule::Any, values: None, echo: &Echo::Scalar }
    }
}

/// A rule of a map's keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyRule {
    /// Every key is fine.
    Any,
    /// The keys name tables.
    TableName,
}

/// How a refused value is printed back: as Java's `toString` of AWS's classes prints it.
#[derive(Debug)]
pub enum Echo {
    /// As it stands.
    Scalar,
    /// `[a, b]`
    List(&'static Echo),
    /// `{a=b}`
    Map(&'static Echo),
    /// `Name(member=value)`, absent members as `null`.
    Structure(&'static str, &'static [(&'static str, &'static Echo)]),
    /// An attribute value.
    AttributeValue,
}
