//! JSON of the wrong type. All are SerializationException; the words are Java's, as dynalite recorded them from AWS.

use crate::{Error, ErrorKind, Message};

fn serialization(words: impl Into<Message>) -> Error {
    ErrorKind::Serialization { message: words.into() }.into()
}

/// A scalar of another type.
pub fn cannot_be_converted(token: &str, class: &str) -> Error {
    serialization(format!("{token} cannot be converted to {class}"))
}

/// A list where a scalar or a structure belongs.
pub fn unrecognized_class(class: &str) -> Error {
    serialization(format!("Unrecognized collection type class {class}"))
}

/// A list where a map belongs.
pub fn unrecognized_map(value_class: &str) -> Error {
    serialization(format!("Unrecognized collection type java.util.Map<java.lang.String, {value_class}>"))
}

/// An object where a scalar or a list belongs.
pub fn structure_not_expected() -> Error {
    serialization("Start of structure or map found where not expected")
}

/// A scalar where a list, a map or a structure belongs, as a member.
pub fn unexpected_field_type() -> Error {
    serialization("Unexpected field type")
}

/// A scalar where a structure belongs, inside a list or map.
pub fn unexpected_value_type() -> Error {
    serialization("Unexpected value type in payload")
}

/// A string that is no boolean.
pub fn unexpected_token() -> Error {
    serialization("Unexpected token received from parser")
}

/// A scalar where a list or map belongs, inside a list or map.
pub fn parameterized_type() -> Error {
    serialization(
        "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class \
         (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of \
         loader 'bootstrap')",
    )
}

/// A number or boolean where binary belongs.
pub fn not_base64() -> Error {
    serialization("only base-64-encoded strings are convertible to bytes")
}

/// Base64 without its padding.
pub fn base64_length(length: usize) -> Error {
    serialization(format!("Base64 encoded length is expected a multiple of 4 bytes but found: {length}"))
}

/// Base64 whose last letter says more than its bytes, or that is none at all: of other faults no words are recorded.
pub fn base64_last_character() -> Error {
    serialization("Invalid last non-pad Base64 character dectected")
}
