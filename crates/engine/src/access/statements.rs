//! PartiQL: each statement is an action of its own.
//!
//! Actions and resources as in the developer guide, "IAM security policies with PartiQL for DynamoDB". EXISTS reads an item, so it is a
//! PartiQLSelect. A text that is no statement touches nothing, and its operation says why.

use super::facts::most_returned;
use super::{Access, Facts, Named, Touches, Wanted};
use crate::context::Context;
use api::{
    BatchExecuteStatementInput, Error, ExecuteStatementInput, ExecuteTransactionInput, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, Select,
};
use model::{AttributeValue, KeySchema};
use partiql::{Filter, Operation, Returning, Statement, branches};

/// A statement, its parameters, and what its request says of all of them.
struct One<'r> {
    text: &'r str,
    parameters: &'r [AttributeValue<'r>],
    capacity: Option<ReturnConsumedCapacity>,
    enclosing: Option<&'static str>,
    on_failure: Option<ReturnValuesOnConditionCheckFailure>,
}

impl One<'_> {
    async fn touched(self, context: &Context<'_>, wanted: Wanted) -> Result<Option<Access>, Error> {
        let Ok(statement) = partiql::parse(self.text) else { return Ok(None) };
        let source = statement.source();
        let table = Named::find(context, source.table).await?;
        let mut facts = Facts {
            return_consumed_capacity: self.capacity.map(ReturnConsumedCapacity::name),
            enclosing_operation: self.enclosing,
            ..Facts::default()
        };
        let action = add_statement(&mut facts, &statement, self.parameters, (table.key_schema(source.index), wanted));
        facts.return_values = facts.return_values.map(|returned| most_returned(returned, self.on_failure));
        Ok(action.map(|action| table.index(source.index, action, facts)))
    }
}

/// Takes what a statement says, and tells its action; `None` where it cannot be run.
fn add_statement(
    facts: &mut Facts,
    statement: &Statement<'_>,
    parameters: &[AttributeValue<'_>],
    (schema, wanted): (Option<&KeySchema>, Wanted),
) -> Option<&'static str> {
    let operation = statement.lower(parameters).ok()?;
    let filter = match &operation {
        Operation::Select(select) | Operation::Exists(select) => {
            facts.select = Some(
                if select.projection.is_some() { Select::SpecificAttributes } else { Select::AllAttributes }.name(),
            );
            let projected = select.projection.iter().flat_map(expression::Projection::attributes);
            let ordered = select.order.iter().filter_map(|term| term.attribute.as_ref().ok().copied());
            if wanted.attributes {
                projected.chain(ordered).for_each(|name| facts.add_attribute(name));
            }
            facts.full_table_scan = Some(!is_keyed(schema, select.filter.as_ref()));
            select.filter.as_ref()
        }
        Operation::Insert(item) => {
            if wanted.keys {
                facts.add_key(schema, item);
            }
            if wanted.attributes {
                facts.add_attributes_of(item);
            }
            None
        }
        Operation::Update(write, update) => {
            if wanted.attributes {
                update.paths().iter().for_each(|path| facts.add_attribute(path.attribute()));
            }
            write.filter.as_ref()
        }
        Operation::Delete(write) => write.filter.as_ref(),
    };
    if let Some(filter) = filter {
        add_filter(facts, filter, (schema, wanted));
    }
    Some(match operation {
        Operation::Select(_) | Operation::Exists(_) => "dynamodb:PartiQLSelect",
        Operation::Insert(_) => {
            facts.return_values = Some(returns(None));
            "dynamodb:PartiQLInsert"
        }
        Operation::Update(write, _) => {
            facts.return_values = Some(returns(write.returning));
            "dynamodb:PartiQLUpdate"
        }
        Operation::Delete(write) => {
            facts.return_values = Some(returns(write.returning));
            "dynamodb:PartiQLDelete"
        }
    })
}

fn add_filter(facts: &mut Facts, filter: &Filter<'_>, (schema, wanted): (Option<&KeySchema>, Wanted)) {
    if wanted.attributes {
        filter.condition().paths().iter().for_each(|path| facts.add_attribute(path.attribute()));
    }
    let Some(partition) = schema.and_then(|schema| schema.partition.first()).filter(|_| wanted.keys) else { return };
    if let Ok(Some(branches)) = branches(Some(filter), (&partition.name, None)) {
        branches.iter().flat_map(|branch| &branch.partition).for_each(|value| facts.add_value(0, value));
    }
}

/// Whether a SELECT reads partitions that it names, rather than all of a table.
fn is_keyed(schema: Option<&KeySchema>, filter: Option<&Filter<'_>>) -> bool {
    let Some(partition) = schema.and_then(|schema| schema.partition.first()) else { return false };
    // More reads than DynamoDB makes are refused by the operation; they are keyed nevertheless.
    !matches!(branches(filter, (&partition.name, None)), Ok(None))
}

fn returns(returning: Option<Returning>) -> &'static str {
    match returning {
        None => "NONE",
        Some(Returning::AllOld) => "ALL_OLD",
        Some(Returning::AllNew) => "ALL_NEW",
        Some(Returning::ModifiedOld) => "UPDATED_OLD",
        Some(Returning::ModifiedNew) => "UPDATED_NEW",
    }
}

impl Touches for ExecuteStatementInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let one = One {
            text: &self.statement,
            parameters: self.parameters.as_deref().unwrap_or_default(),
            capacity: self.return_consumed_capacity,
            enclosing: None,
            on_failure: self.return_values_on_condition_check_failure,
        };
        Ok(one.touched(context, wanted).await?.into_iter().collect())
    }
}

impl Touches for BatchExecuteStatementInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let mut touched = Vec::with_capacity(self.statements.len());
        for statement in &self.statements {
            let one = One {
                text: &statement.statement,
                parameters: statement.parameters.as_deref().unwrap_or_default(),
                capacity: self.return_consumed_capacity,
                enclosing: None,
                on_failure: statement.return_values_on_condition_check_failure,
            };
            touched.extend(one.touched(context, wanted).await?);
        }
        Ok(touched)
    }
}

impl Touches for ExecuteTransactionInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let mut touched = Vec::with_capacity(self.transact_statements.len());
        for statement in &self.transact_statements {
            let one = One {
                text: &statement.statement,
                parameters: statement.parameters.as_deref().unwrap_or_default(),
                capacity: self.return_consumed_capacity,
                enclosing: Some("ExecuteTransaction"),
                on_failure: statement.return_values_on_condition_check_failure,
            };
            touched.extend(one.touched(context, wanted).await?);
        }
        Ok(touched)
    }
}
