//! The conditions of a statement.

use super::form::Operation;
use crate::condition::{Condition, Operator, Test};
use crate::{Key, PolicyError};

/// Compiles the conditions, all of which must hold. An unknown operator is an error, unless it has no keys, which IAM lets pass.
pub(super) fn compile(operations: &[Operation], variables: bool) -> Result<Box<[Condition]>, PolicyError> {
    let mut conditions = Vec::new();
    for operation in operations {
        let operator = match Operator::parse(&operation.operator) {
            Some(operator) => operator,
            None if operation.keys.is_empty() => continue,
            None => return Err(PolicyError::Syntax),
        };
        for (key, values) in &operation.keys {
            let (key, name) = Key::parse(key);
            let test = Test::compile(operator.family, values, variables).ok_or(PolicyError::Legacy)?;
            conditions.push(Condition { operator, key, name: name.into(), test });
        }
    }
    Ok(conditions.into())
}
