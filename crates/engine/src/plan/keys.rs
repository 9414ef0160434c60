//! What expressions may say of key attributes.

use super::Target;
use api::{Error, messages};
use expression::{Condition, Path};
use model::{KeySchema, Table};

/// Refuses paths that lead into key attributes, of the table or of any of its indexes: keys are scalars.
pub fn check_scalar_keys<'n>(table: &Table, paths: impl IntoIterator<Item = &'n Path<'n>>) -> Result<(), Error> {
    let nested: Vec<&str> = paths.into_iter().filter(|path| path.is_nested()).map(Path::attribute).collect();
    let named = |schema: &KeySchema| {
        schema.attributes().find(|key| nested.contains(&key.name.as_str())).map(|key| key.name.clone())
    };
    if nested.is_empty() {
        return Ok(());
    }
    if let Some(name) = named(&table.key_schema) {
        return Err(messages::nested_key_path(&name));
    }
    match table.indexes.iter().find_map(|index| named(&index.key_schema)) {
        Some(name) => Err(messages::nested_index_key_path(&name)),
        None => Ok(()),
    }
}

/// Refuses the filter of a Query on attributes of the key that is queried. `parameter` is what messages call the filter.
pub fn check_filter_has_no_key(target: Target<'_>, parameter: &str, filter: &Condition<'_>) -> Result<(), Error> {
    let paths = filter.paths();
    let key = target.key_schema().attributes().find(|key| paths.iter().any(|path| path.attribute() == key.name));
    match key {
        Some(key) => Err(messages::filter_on_key_attribute(parameter, &key.name)),
        None => Ok(()),
    }
}
