//! Query and Scan.

use super::{Access, Facts, Named, Touches, Wanted};
use crate::checks::Variables;
use crate::context::Context;
use crate::ops::listing::attribute_conditions;
use api::{Error, QueryInput, ScanInput, Select};
use expression::{ExpressionKind, KeyCondition, KeyRelation, Placeholders, legacy, parse_key_condition};
use model::KeySchema;

impl Touches for QueryInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let table = Named::find(context, &self.table_name).await?;
        let index = self.index_name.as_deref();
        let projected = self.projection_expression.is_some() || self.attributes_to_get.is_some();
        let mut facts = Facts::of_read(select(self.select, projected, index), self.return_consumed_capacity);
        if let Some(schema) = table.key_schema(index).filter(|_| wanted.keys) {
            add_bounds(&mut facts, self, schema);
        }
        if wanted.attributes {
            let legacy = [self.key_conditions.as_ref(), self.query_filter.as_ref()];
            let names = legacy.into_iter().flatten().flat_map(api::Map::iter).map(|(name, _)| name);
            names.for_each(|name| facts.add_attribute(name));
            facts.add_names(self.attributes_to_get.as_deref());
            let expressions = [
                (ExpressionKind::KeyCondition, self.key_condition_expression.as_deref()),
                (ExpressionKind::Filter, self.filter_expression.as_deref()),
                (ExpressionKind::Projection, self.projection_expression.as_deref()),
            ];
            facts.add_expressions(&expressions, variables(self));
        }
        Ok(vec![table.index(index, "dynamodb:Query", facts)])
    }
}

impl Touches for ScanInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let table = Named::find(context, &self.table_name).await?;
        let index = self.index_name.as_deref();
        let projected = self.projection_expression.is_some() || self.attributes_to_get.is_some();
        let mut facts = Facts::of_read(select(self.select, projected, index), self.return_consumed_capacity);
        if wanted.attributes {
            let names = self.scan_filter.iter().flat_map(api::Map::iter).map(|(name, _)| name);
            names.for_each(|name| facts.add_attribute(name));
            facts.add_names(self.attributes_to_get.as_deref());
            let expressions = [
                (ExpressionKind::Filter, self.filter_expression.as_deref()),
                (ExpressionKind::Projection, self.projection_expression.as_deref()),
            ];
            let variables = Variables {
                names: self.expression_attribute_names.as_ref(),
                values: self.expression_attribute_values.as_ref(),
            };
            facts.add_expressions(&expressions, variables);
        }
        Ok(vec![table.index(index, "dynamodb:Scan", facts)])
    }
}

/// What a listing answers. It always has a value: DynamoDB's own where the request names none.
fn select(asked: Option<Select>, projected: bool, index: Option<&str>) -> Select {
    asked.unwrap_or(match (projected, index) {
        (true, _) => Select::SpecificAttributes,
        (false, Some(_)) => Select::AllProjectedAttributes,
        (false, None) => Select::AllAttributes,
    })
}

fn variables<'r>(query: &'r QueryInput<'_>) -> Variables<'r> {
    Variables { names: query.expression_attribute_names.as_ref(), values: query.expression_attribute_values.as_ref() }
}

/// Takes the values that a query gives the partition key. One that gives none is refused by the operation.
fn add_bounds(facts: &mut Facts, query: &QueryInput<'_>, schema: &KeySchema) {
    let variables = variables(query);
    let placeholders = Placeholders::new(variables.names.map_or(&[], api::Map::as_slice), variables.values);
    let mut add = |condition: &KeyCondition<'_>| {
        for clause in &condition.clauses {
            let at = schema.partition.iter().position(|attribute| attribute.name == clause.attribute);
            if let (Some(at), KeyRelation::Equal(value)) = (at, clause.relation) {
                facts.add_value(at, value);
            }
        }
    };
    if let Some(text) = query.key_condition_expression.as_deref() {
        if let Ok(condition) = parse_key_condition(text, &placeholders).and_then(|parsed| parsed.conditions()) {
            add(&condition);
        }
    } else if let Some(conditions) = query.key_conditions.as_ref()
        && let Ok(condition) = legacy::key_conditions(&attribute_conditions(conditions))
    {
        add(&condition);
    }
}
