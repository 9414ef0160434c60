//! Fitting a key condition to the key of a table or an index.
//!
//! Attributes are looked at in the schema's order, so that the first one that is missing or wrong is the one reported.

use super::{KeyBounds, KeyCondition, KeyRelation};
use crate::error::KeyConditionError;
use model::value::AttributeType;
use model::{AttributeValue, KeyAttribute, KeySchema, ScalarType};

impl<'a> KeyCondition<'a> {
    /// Fits the condition to a key: an equality for every partition attribute, and for the sort attributes, from the first one on without
    /// a gap, equalities and at last one condition of any kind.
    pub fn resolve(&self, schema: &KeySchema) -> Result<KeyBounds<'a>, KeyConditionError> {
        let (conditions, attributes) = (self.clauses.len(), schema.len());
        if conditions > attributes {
            return Err(KeyConditionError::TooMany { conditions, attributes });
        }
        let mut partition = Vec::with_capacity(schema.partition.len());
        for attribute in &schema.partition {
            match self.checked(attribute)?.ok_or_else(|| missing(attribute))? {
                KeyRelation::Equal(value) => partition.push(value),
                _ => return Err(KeyConditionError::NotSupported),
            }
        }
        let (sort, range) = self.resolve_sort(&schema.sort)?;
        self.check_all_used(schema)?;
        Ok(KeyBounds { partition, sort, range })
    }

    #[allow(clippy::type_complexity, reason = "the two fields of KeyBounds that belong to the sort key")]
    fn resolve_sort(
        &self,
        attributes: &[KeyAttribute],
    ) -> Result<(Vec<&'a AttributeValue<'a>>, Option<KeyRelation<'a>>), KeyConditionError> {
        let (mut sort, mut range) = (Vec::new(), None);
        // The attributes so far that have no equality.
        let mut open: Vec<&KeyAttribute> = Vec::new();
        let mut conditioned = None;
        for attribute in attributes {
            let relation = self.checked(attribute)?;
            if relation.is_some() && !open.is_empty() {
                conditioned = Some((attribute, open.len()));
            }
            match relation {
                Some(KeyRelation::Equal(value)) => sort.push(value),
                other => {
                    range = range.or(other);
                    open.push(attribute);
                }
            }
        }
        match conditioned {
            None => Ok((sort, range)),
            Some((conditioned, before)) => Err(KeyConditionError::EqualityRequired {
                attributes: open[..before].iter().map(|attribute| attribute.name.clone()).collect(),
                conditioned: conditioned.name.clone(),
            }),
        }
    }

    /// A condition on an attribute that is not of the key stands where one of the key is missing.
    fn check_all_used(&self, schema: &KeySchema) -> Result<(), KeyConditionError> {
        if self.clauses.iter().all(|clause| schema.get(clause.attribute).is_some()) {
            return Ok(());
        }
        let absent = schema.sort.iter().find(|attribute| self.get(&attribute.name).is_none());
        Err(absent.map_or(KeyConditionError::NotSupported, missing))
    }

    fn get(&self, attribute: &str) -> Option<KeyRelation<'a>> {
        self.clauses.iter().find(|clause| clause.attribute == attribute).map(|clause| clause.relation)
    }

    /// The condition on an attribute, checked to be one that its type allows.
    fn checked(&self, attribute: &KeyAttribute) -> Result<Option<KeyRelation<'a>>, KeyConditionError> {
        let Some(relation) = self.get(&attribute.name) else { return Ok(None) };
        let Some(values) = relation.values() else { return Err(KeyConditionError::NotIndexable) };
        for value in values {
            if value.attribute_type() != type_of(attribute.kind) {
                return Err(KeyConditionError::Type);
            }
        }
        match values.into_iter().find(|value| is_empty(value)) {
            Some(value) => {
                Err(KeyConditionError::EmptyValue { attribute: attribute.name.clone(), kind: value.attribute_type() })
            }
            None => Ok(Some(relation)),
        }
    }
}

impl<'a> KeyRelation<'a> {
    /// The values compared with; one that stands alone comes twice.
    pub fn values(self) -> Option<[&'a AttributeValue<'a>; 2]> {
        match self {
            Self::Equal(value)
            | Self::Less(value)
            | Self::LessOrEqual(value)
            | Self::Greater(value)
            | Self::GreaterOrEqual(value)
            | Self::BeginsWith(value) => Some([value, value]),
            Self::Between(low, high) => Some([low, high]),
            Self::NotIndexable => None,
        }
    }
}

fn missing(attribute: &KeyAttribute) -> KeyConditionError {
    KeyConditionError::Missing { attribute: attribute.name.clone() }
}

fn type_of(kind: ScalarType) -> AttributeType {
    match kind {
        ScalarType::S => AttributeType::S,
        ScalarType::N => AttributeType::N,
        ScalarType::B => AttributeType::B,
    }
}

fn is_empty(value: &AttributeValue<'_>) -> bool {
    match value {
        AttributeValue::S(text) => text.is_empty(),
        AttributeValue::B(bytes) => bytes.is_empty(),
        _ => false,
    }
}
