//! The Rust type of a shape.

use super::tables;
use crate::service_model::{Kind, ServiceModel, Shape};

/// The attribute value: the one recursive shape, a type of the model crate.
pub fn is_attribute_value(name: &str) -> bool {
    name == "AttributeValue"
}

/// A map from attribute names to attribute values, in whichever form.
pub fn is_attribute_map(shape: &Shape) -> bool {
    shape.kind == Kind::Map && shape.value.as_ref().is_some_and(|value| is_attribute_value(&value.shape))
}

/// The Rust type of a shape.
pub fn rust_type(model: &ServiceModel, name: &str) -> String {
    let shape = model.shape(name);
    if is_attribute_value(name) {
        return "AttributeValue<'a>".to_owned();
    }
    if is_attribute_map(shape) {
        return attribute_map(name).to_owned();
    }
    match shape.kind {
        Kind::Structure => with_lifetime(model, name),
        Kind::List => format!("Vec<{}>", element(model, shape)),
        Kind::Map => format!("Map<'a, {}>", element(model, shape)),
        Kind::String if shape.values.is_empty() => "Cow<'a, str>".to_owned(),
        Kind::String => name.to_owned(),
        Kind::Integer => "i32".to_owned(),
        Kind::Long => "i64".to_owned(),
        Kind::Double => "f64".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Blob => "Cow<'a, [u8]>".to_owned(),
        Kind::Timestamp => "Timestamp".to_owned(),
    }
}

/// A structure's name with its lifetime, if it borrows.
pub fn with_lifetime(model: &ServiceModel, name: &str) -> String {
    if borrows(model, name) { format!("{name}<'a>") } else { name.to_owned() }
}

/// Whether the Rust type of a shape has a lifetime.
pub fn borrows(model: &ServiceModel, name: &str) -> bool {
    let shape = model.shape(name);
    if is_attribute_value(name) {
        return true;
    }
    if is_attribute_map(shape) {
        return !tables::STORED_ITEMS.contains(&name);
    }
    match shape.kind {
        Kind::Structure => shape.members.0.iter().any(|(_, member)| borrows(model, &member.shape)),
        Kind::List => shape.member.iter().any(|member| borrows(model, &member.shape)),
        Kind::Map | Kind::Blob => true,
        Kind::String => shape.values.is_empty(),
        Kind::Integer | Kind::Long | Kind::Double | Kind::Boolean | Kind::Timestamp => false,
    }
}

/// Whether a structure can be made empty: no required member is of a type without a natural empty value.
pub fn has_default(model: &ServiceModel, name: &str) -> bool {
    let shape = model.shape(name);
    match shape.kind {
        Kind::Structure => {
            let required = shape.members.0.iter().filter(|(member, _)| shape.requires(member));
            !is_attribute_value(name) && required.into_iter().all(|(_, member)| has_default(model, &member.shape))
        }
        Kind::String => shape.values.is_empty(),
        Kind::Map => !tables::STORED_ITEMS.contains(&name),
        Kind::Timestamp => false,
        Kind::List | Kind::Integer | Kind::Long | Kind::Double | Kind::Boolean | Kind::Blob => true,
    }
}

fn attribute_map(name: &str) -> &'static str {
    if tables::STORED_ITEMS.contains(&name) { "EncodedItem" } else { "Item<'a>" }
}

fn element(model: &ServiceModel, shape: &Shape) -> String {
    let element = shape.member.as_ref().or(shape.value.as_ref());
    element.map(|element| rust_type(model, &element.shape)).unwrap_or_default()
}
