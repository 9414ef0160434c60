//! What PutItem, UpdateItem and DeleteItem, and the actions of a transaction, share: the condition under which they write.

use crate::checks::{self, Given, Variables, Wording};
use crate::legacy::{comparison, joiner};
use api::{
    ConditionalOperator, Error, ExpectedAttributeValue, Map, ReturnValue, ReturnValuesOnConditionCheckFailure, messages,
};
use expression::legacy::{self, ExpectedAttribute};
use expression::{Condition, ExpressionError, ExpressionKind, Placeholders, parse_condition};
use layout::ItemRecord;

/// The parameters of a conditional write.
#[derive(Clone, Copy)]
pub struct Parameters<'a> {
    /// How the operation words its refusals.
    pub wording: Wording,
    /// `Expected`.
    pub expected: Option<&'a Map<'a, ExpectedAttributeValue<'a>>>,
    /// `ConditionalOperator`.
    pub operator: Option<ConditionalOperator>,
    /// `ConditionExpression`.
    pub condition: Option<&'a str>,
    /// `ExpressionAttributeNames` and `ExpressionAttributeValues`.
    pub variables: Variables<'a>,
    /// `ReturnValuesOnConditionCheckFailure`.
    pub on_failure: Option<ReturnValuesOnConditionCheckFailure>,
}

impl<'a> Parameters<'a> {
    /// Refuses `Expected` beside an expression, and variables without one.
    pub fn check_presence(&self) -> Result<(), Error> {
        let condition = [("ConditionExpression", self.condition.is_some())];
        checks::not_mixed(self.wording, &self.legacy(), &condition)?;
        self.variables.not_without(self.wording, &condition, &condition)
    }

    /// The legacy parameters among these, in the order in which messages list them.
    pub fn legacy(&self) -> [Given; 2] {
        [("Expected", self.expected.is_some()), ("ConditionalOperator", self.operator.is_some())]
    }

    /// The condition of an operation that has no other expression.
    pub fn guard(&self) -> Result<Guard<'a>, Error> {
        let expected = self.expected_condition()?;
        let placeholders = self.variables.placeholders(self.wording)?;
        let guard = self.guard_beside(expected, &placeholders)?;
        checks::all_used(self.wording, &placeholders)?;
        Ok(guard)
    }

    /// Lowers `Expected`.
    pub fn expected_condition(&self) -> Result<Option<Condition<'a>>, Error> {
        let refuse = |problem| self.wording.refuse(problem);
        if self.operator.is_some() {
            legacy::check_conditional_operator(self.expected.map_or(0, Map::len)).map_err(refuse)?;
        }
        let Some(expected) = self.expected else { return Ok(None) };
        let attributes: Vec<_> = expected.iter().map(|(attribute, expected)| lower(attribute, expected)).collect();
        legacy::expected(&attributes, joiner(self.operator)).map(Some).map_err(refuse)
    }

    /// The condition of an operation whose expressions share these placeholders.
    pub fn guard_beside(
        &self,
        expected: Option<Condition<'a>>,
        placeholders: &Placeholders<'a>,
    ) -> Result<Guard<'a>, Error> {
        let parse = |text| {
            let parsed = parse_condition(ExpressionKind::Condition, text, placeholders);
            match self.wording {
                Wording::Enveloped => parsed,
                // Transactions.
                Wording::Bare => parsed.map_err(ExpressionError::telling_size),
            }
        };
        let condition = checks::parsed(self.wording, self.condition.map(parse))?;
        Ok(Guard::of(condition.or(expected), self.on_failure))
    }
}

fn lower<'a>(attribute: &'a str, expected: &'a ExpectedAttributeValue<'a>) -> ExpectedAttribute<'a> {
    ExpectedAttribute {
        attribute,
        value: expected.value.as_ref(),
        exists: expected.exists,
        operator: expected.comparison_operator.map(comparison),
        arguments: expected.attribute_value_list.as_deref(),
    }
}

/// Refuses `ReturnValues` that only an update can give.
pub fn only_old_values(wanted: Option<ReturnValue>) -> Result<(), Error> {
    match wanted {
        None | Some(ReturnValue::None | ReturnValue::AllOld) => Ok(()),
        Some(_) => Err(Wording::Enveloped.refuse(messages::text::return_values_old_or_none())),
    }
}

/// How a way to answer a failed condition counts where requests are compared: none given is NONE (captures of October 2026).
pub fn told_by(on_failure: Option<ReturnValuesOnConditionCheckFailure>) -> u8 {
    u8::from(on_failure == Some(ReturnValuesOnConditionCheckFailure::AllOld))
}

/// The condition of a write, if it has one.
pub struct Guard<'a> {
    condition: Option<Condition<'a>>,
    /// Whether the item is told to a client whose condition does not hold.
    returns_item: bool,
}

impl<'a> Guard<'a> {
    /// The guard of a condition that is no expression of the request.
    pub fn of(condition: Option<Condition<'a>>, on_failure: Option<ReturnValuesOnConditionCheckFailure>) -> Self {
        Self { condition, returns_item: on_failure == Some(ReturnValuesOnConditionCheckFailure::AllOld) }
    }

    /// Whether there is a condition at all.
    pub fn is_conditional(&self) -> bool {
        self.condition.is_some()
    }

    /// Whether the item as it is may be written.
    pub fn check(&self, old: Option<&ItemRecord>) -> Result<(), Error> {
        let Some(condition) = &self.condition else { return Ok(()) };
        let holds = condition.holds(old.map(|old| old.item.view())).map_err(|problem| Wording::Bare.refuse(problem))?;
        if holds {
            return Ok(());
        }
        let item = old.filter(|_| self.returns_item).map(|old| old.item.clone());
        Err(messages::conditional_check_failed(item))
    }
}
