//! The parameters that expressions replaced, lowered onto the same programs and actions.
//!
//! `Expected`, `QueryFilter`, `ScanFilter` and `KeyConditions` are in `legacy/conditions`, `AttributeUpdates` and `AttributesToGet` in
//! `legacy/updates`. Each function checks its parameter with the words of that parameter and returns what the parser of the replacing
//! expression would have returned.

mod conditions;
mod updates;

pub use conditions::{
    AttributeCondition, ComparisonOperator, ConditionalOperator, ExpectedAttribute, check_conditional_operator,
    expected, filter, key_conditions,
};
pub use updates::{AttributeAction, AttributeUpdate, attribute_updates, attributes_to_get};
