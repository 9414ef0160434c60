//! The enums of legacy parameters, from the names of the API to those of expressions.

use api::{ComparisonOperator, ConditionalOperator};
use expression::legacy;

/// How several conditions are joined; by AND where the request does not say.
pub fn joiner(operator: Option<ConditionalOperator>) -> legacy::ConditionalOperator {
    match operator {
        Some(ConditionalOperator::Or) => legacy::ConditionalOperator::Or,
        Some(ConditionalOperator::And) | None => legacy::ConditionalOperator::And,
    }
}

/// How a value is compared.
pub fn comparison(operator: ComparisonOperator) -> legacy::ComparisonOperator {
    match operator {
        ComparisonOperator::Eq => legacy::ComparisonOperator::Eq,
        ComparisonOperator::Ne => legacy::ComparisonOperator::Ne,
        ComparisonOperator::In => legacy::ComparisonOperator::In,
        ComparisonOperator::Le => legacy::ComparisonOperator::Le,
        ComparisonOperator::Lt => legacy::ComparisonOperator::Lt,
        ComparisonOperator::Ge => legacy::ComparisonOperator::Ge,
        ComparisonOperator::Gt => legacy::ComparisonOperator::Gt,
        ComparisonOperator::Between => legacy::ComparisonOperator::Between,
        ComparisonOperator::NotNull => legacy::ComparisonOperator::NotNull,
        ComparisonOperator::Null => legacy::ComparisonOperator::Null,
        ComparisonOperator::Contains => legacy::ComparisonOperator::Contains,
        ComparisonOperator::NotContains => legacy::ComparisonOperator::NotContains,
        ComparisonOperator::BeginsWith => legacy::ComparisonOperator::BeginsWith,
    }
}
