//! What Query and Scan have in common before their requests are plans: the parameters that both have, with their checks.
//!
//! A [`Listing`](crate::plan::Listing) request is checked in two steps, as DynamoDB does: [`Parameters`] become [`Asked`] without a look
//! at the table, then `Asked` becomes a plan for the table that was found.

use crate::capacity::Consistency;
use crate::checks::{self, Given, Variables, Wording};
use crate::legacy::{comparison, joiner};
use crate::plan::{self, Listing, Plan, StartKey, Target, Wanted};
use api::{ConditionalOperator, Error, Layer, LocatedFault, Map, Select, SetKind, ValueFault, ValueFaults, messages};
use expression::legacy::{self, AttributeCondition};
use expression::{
    Condition, ExpressionError, ExpressionKind, LegacyError, Placeholders, Projection, parse_condition,
    parse_projection,
};
use layout::Range;
use model::{Item, Table};
use std::borrow::Cow;
use storage::Direction;

const WORDING: Wording = Wording::Bare;
const VALUES: &str = "ExpressionAttributeValues";

/// The parameters that Query and Scan share, and what messages call those whose names differ.
#[derive(Clone, Copy)]
pub struct Parameters<'a> {
    /// Which of the two.
    pub listing: Listing,
    /// `IndexName`.
    pub index_name: Option<&'a str>,
    /// `Select`.
    pub select: Option<Select>,
    /// `AttributesToGet`.
    pub attributes_to_get: Option<&'a [Cow<'a, str>]>,
    /// `Limit`.
    pub limit: Option<i32>,
    /// `ConsistentRead`.
    pub consistent_read: Option<bool>,
    /// `QueryFilter` or `ScanFilter`.
    pub legacy_filter: Option<&'a Map<'a, api::Condition<'a>>>,
    /// `ConditionalOperator`.
    pub operator: Option<ConditionalOperator>,
    /// `ExclusiveStartKey`.
    pub start_key: Option<&'a Item<'a>>,
    /// `ProjectionExpression`.
    pub projection: Option<&'a str>,
    /// `FilterExpression`.
    pub filter: Option<&'a str>,
    /// `ExpressionAttributeNames` and `ExpressionAttributeValues`.
    pub variables: Variables<'a>,
    /// What is wrong with attribute values.
    pub faults: &'a ValueFaults,
}

/// What a request asks for, as far as can be told without its table.
pub struct Asked<'a> {
    parameters: Parameters<'a>,
    wanted: Wanted<'a>,
    filter: Option<Condition<'a>>,
}

impl<'a> Parameters<'a> {
    /// Refuses expression parameters beside legacy ones, and variables without expressions. A Query has key conditions of each kind.
    pub fn check_presence(&self, key_conditions: Given, key_expression: Given) -> Result<(), Error> {
        let projection = ("ProjectionExpression", self.projection.is_some());
        let filter = ("FilterExpression", self.filter.is_some());
        let legacy = [
            ("AttributesToGet", self.attributes_to_get.is_some()),
            (self.legacy_filter_name(), self.legacy_filter.is_some()),
            ("ConditionalOperator", self.operator.is_some()),
            key_conditions,
        ];
        checks::not_mixed(WORDING, &legacy, &[projection, filter, key_expression])?;
        let with_values: &[Given] = match self.listing {
            Listing::Query => &[filter, key_expression],
            Listing::Scan => &[filter],
        };
        self.variables.not_without(WORDING, &[projection, filter, key_expression], with_values)
    }

    /// Refuses wrong attribute values in a member of the request. The two operations word them differently (captures of October 2026).
    pub fn check_values(&self, member: &'static str) -> Result<(), Error> {
        let Some(LocatedFault { key, fault, .. }) = self.faults.in_member(member) else { return Ok(()) };
        let layer = match self.listing {
            Listing::Query => Layer::Current,
            Listing::Scan => Layer::Older,
        };
        let words = fault.words(layer);
        Err(match (self.listing, member) {
            (_, "ExclusiveStartKey") if is_prefixed_in_start_key(fault) => messages::value_in_starting_key(&words),
            // Names inside of values: as most Regions answered in the end (captured by dynoxide, October 2026).
            (Listing::Scan, VALUES) if !matches!(fault, ValueFault::TooDeep | ValueFault::EmptyNameInside) => {
                WORDING.refuse(messages::text::invalid_placeholder_value(&words, key))
            }
            _ => WORDING.refuse(words),
        })
    }

    /// Refuses wrong attribute values in `ExclusiveStartKey`.
    pub fn check_start_key_values(&self) -> Result<(), Error> {
        self.check_values("ExclusiveStartKey")
    }

    /// Lowers `QueryFilter` or `ScanFilter`.
    pub fn legacy_filter(&self) -> Result<Option<Condition<'a>>, Error> {
        self.check_values(self.legacy_filter_name())?;
        let count = self.legacy_filter.map_or(0, Map::len);
        if self.operator.is_some() {
            legacy::check_conditional_operator(count).map_err(refuse)?;
        }
        match self.legacy_filter {
            Some(conditions) if count > 0 => {
                let joiner = joiner(self.operator);
                legacy::filter(&attribute_conditions(conditions), joiner).map(Some).map_err(refuse)
            }
            _ => Ok(None),
        }
    }

    /// Lowers `AttributesToGet`.
    pub fn attributes_to_get(&self) -> Result<Option<Projection<'a>>, Error> {
        let Some(names) = self.attributes_to_get else { return Ok(None) };
        let names: Vec<&str> = names.iter().map(Cow::as_ref).collect();
        legacy::attributes_to_get(&names).map(Some).map_err(refuse)
    }

    /// The variables, checked.
    pub fn placeholders(&self) -> Result<Placeholders<'a>, Error> {
        let placeholders = self.variables.placeholders(WORDING)?;
        self.check_values(VALUES)?;
        Ok(placeholders)
    }

    /// What the request asks for. `filter` and `projection` are those of legacy parameters; expressions are parsed here.
    pub fn asked(
        self,
        filter: Option<Condition<'a>>,
        projection: Option<Projection<'a>>,
        placeholders: &Placeholders<'a>,
    ) -> Result<Asked<'a>, Error> {
        let parse_filter = |text| {
            let parsed = parse_condition(ExpressionKind::Filter, text, placeholders);
            match self.listing {
                Listing::Query => parsed,
                Listing::Scan => parsed.map_err(ExpressionError::telling_size),
            }
        };
        let parsed_filter = checks::parsed(WORDING, self.filter.map(parse_filter))?;
        let parse_projection = |text| parse_projection(text, placeholders);
        let parsed_projection = checks::parsed(WORDING, self.projection.map(parse_projection))?;
        checks::all_used(WORDING, placeholders)?;
        let projected_by = if parsed_projection.is_some() { "ProjectionExpression" } else { "AttributesToGet" };
        let wanted = Wanted { select: self.select, projection: parsed_projection.or(projection) };
        wanted.check(self.listing, projected_by, self.index_name)?;
        Ok(Asked { parameters: self, wanted, filter: parsed_filter.or(filter) })
    }

    fn legacy_filter_name(&self) -> &'static str {
        match self.listing {
            Listing::Query => "QueryFilter",
            Listing::Scan => "ScanFilter",
        }
    }

    /// What messages call the filter.
    fn filter_name(&self) -> &'static str {
        if self.filter.is_some() { "Filter Expression" } else { self.legacy_filter_name() }
    }
}

impl<'a> Asked<'a> {
    /// The table or index to read.
    pub fn target<'t>(&self, table: &'t Table) -> Result<Target<'t>, Error> {
        let target = Target::find(table, self.parameters.index_name)?;
        if self.parameters.consistent_read == Some(true) && target.global_index().is_some() {
            return Err(messages::consistent_read_of_global_index());
        }
        Ok(target)
    }

    /// Where to go on, if this is not the first page.
    pub fn start_key(&self, target: Target<'_>) -> Result<Option<StartKey>, Error> {
        self.parameters.start_key.map(|key| StartKey::of(self.parameters.listing, target, key)).transpose()
    }

    /// Refuses to ask a global index for what it does not carry.
    pub fn check_global_index(&self, target: Target<'_>) -> Result<(), Error> {
        self.wanted.check_global_index(target)
    }

    /// Refuses a projection into key attributes.
    pub fn check_projection_paths(&self, target: Target<'_>) -> Result<(), Error> {
        plan::check_scalar_keys(target.table, self.wanted.projection.iter().flat_map(Projection::paths))
    }

    /// Refuses a filter on paths into key attributes.
    pub fn check_filter_paths(&self, target: Target<'_>) -> Result<(), Error> {
        plan::check_scalar_keys(target.table, self.filter.iter().flat_map(Condition::paths))
    }

    /// Refuses a filter on the key that a Query reads by.
    pub fn check_filter_has_no_key(&self, target: Target<'_>) -> Result<(), Error> {
        let filter = self.filter.as_ref();
        filter.map_or(Ok(()), |filter| plan::check_filter_has_no_key(target, self.parameters.filter_name(), filter))
    }

    /// Refuses a filter of a Query on attributes that are not read.
    pub fn check_filter_is_carried(&self, target: Target<'_>) -> Result<(), Error> {
        match &self.filter {
            Some(filter) if !self.wanted.needs_items(target) => plan::check_filter_is_carried(target, filter),
            _ => Ok(()),
        }
    }

    /// The plan that reads a range of the target.
    pub fn plan<'p>(self, target: Target<'p>, range: Range, direction: Direction) -> Plan<'p>
    where
        'a: 'p,
    {
        Plan {
            target,
            range,
            direction,
            limit: self.parameters.limit.map(|limit| usize::try_from(limit).unwrap_or_default()),
            filter: self.filter,
            fetches: self.wanted.needs_items(target),
            returned: self.wanted.returned(),
            consistency: Consistency::of(self.parameters.consistent_read),
        }
    }
}

/// Whether a fault in a start key is worded as one of the start key; dynalite's tests against DynamoDB tell the kinds apart.
fn is_prefixed_in_start_key(fault: &ValueFault) -> bool {
    match fault {
        ValueFault::Empty | ValueFault::SeveralTypes | ValueFault::NullFalse => true,
        ValueFault::EmptySet(kind) => *kind != SetKind::Number,
        ValueFault::EmptyName
        | ValueFault::EmptyNameInside
        | ValueFault::Number { .. }
        | ValueFault::DuplicateMembers { .. }
        | ValueFault::TooDeep => false,
    }
}

/// The conditions of a legacy parameter.
pub fn attribute_conditions<'a>(conditions: &'a Map<'a, api::Condition<'a>>) -> Vec<AttributeCondition<'a>> {
    let lowered = |(attribute, condition): (&'a str, &'a api::Condition<'a>)| AttributeCondition {
        attribute,
        operator: comparison(condition.comparison_operator),
        arguments: condition.attribute_value_list.as_deref().unwrap_or_default(),
    };
    conditions.iter().map(lowered).collect()
}

/// The refusal of a legacy parameter.
pub fn refuse(problem: LegacyError) -> Error {
    WORDING.refuse(problem)
}

#[cfg(test)]
mod tests;
