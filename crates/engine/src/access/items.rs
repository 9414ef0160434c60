//! Operations that name their items: single ones, batches, transactions.

use super::{Access, Facts, Named, Touches, Wanted};
use crate::checks::Variables;
use crate::context::Context;
use api::{
    BatchGetItemInput, BatchWriteItemInput, DeleteItemInput, Error, GetItemInput, PutItemInput,
    ReturnValuesOnConditionCheckFailure, Select, TransactGetItemsInput, TransactWriteItem, TransactWriteItemsInput,
    UpdateItemInput,
};
use expression::ExpressionKind;
use model::Item;

/// What a request about one item says.
#[derive(Clone, Copy)]
struct OneItem<'r> {
    table: &'r str,
    /// The key, or the whole item.
    item: &'r Item<'r>,
    expressions: &'r [(ExpressionKind, Option<&'r str>)],
    variables: Variables<'r>,
}

impl OneItem<'_> {
    /// The action on the item's table. `facts` are those that cost nothing.
    async fn touched(
        self,
        action: &'static str,
        mut facts: Facts,
        (context, wanted): (&Context<'_>, Wanted),
    ) -> Result<Access, Error> {
        let table = Named::find(context, self.table).await?;
        if wanted.keys {
            facts.add_key(table.key_schema(None), self.item);
        }
        if wanted.attributes {
            facts.add_attributes_of(self.item);
            facts.add_expressions(self.expressions, self.variables);
        }
        Ok(table.table(action, facts))
    }
}

/// What a read of items answers, where it has no parameter for that.
fn select(has_projection: bool) -> Select {
    if has_projection { Select::SpecificAttributes } else { Select::AllAttributes }
}

impl Touches for GetItemInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let has_projection = self.projection_expression.is_some() || self.attributes_to_get.is_some();
        let mut facts = Facts::of_read(select(has_projection), self.return_consumed_capacity);
        if wanted.attributes {
            facts.add_names(self.attributes_to_get.as_deref());
        }
        let item = OneItem {
            table: &self.table_name,
            item: &self.key,
            expressions: &[(ExpressionKind::Projection, self.projection_expression.as_deref())],
            variables: Variables { names: self.expression_attribute_names.as_ref(), values: None },
        };
        Ok(vec![item.touched("dynamodb:GetItem", facts, (context, wanted)).await?])
    }
}

/// Operations that write one item and have no expression but a condition.
macro_rules! conditional_write {
    ($($input:ident . $item:ident : $action:literal),* $(,)?) => {$(
        impl Touches for $input<'_> {
            async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
                let on_failure = self.return_values_on_condition_check_failure;
                let mut facts = Facts::of_write(self.return_values, on_failure, self.return_consumed_capacity);
                add_expected(&mut facts, self.expected.as_ref(), wanted);
                let item = OneItem {
                    table: &self.table_name,
                    item: &self.$item,
                    expressions: &[(ExpressionKind::Condition, self.condition_expression.as_deref())],
                    variables: Variables { names: self.expression_attribute_names.as_ref(), values: self.expression_attribute_values.as_ref() },
                };
                Ok(vec![item.touched($action, facts, (context, wanted)).await?])
            }
        }
    )*};
}

conditional_write!(PutItemInput.item: "dynamodb:PutItem", DeleteItemInput.key: "dynamodb:DeleteItem");

impl Touches for UpdateItemInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let on_failure = self.return_values_on_condition_check_failure;
        let mut facts = Facts::of_write(self.return_values, on_failure, self.return_consumed_capacity);
        add_expected(&mut facts, self.expected.as_ref(), wanted);
        if let Some(updates) = self.attribute_updates.as_ref().filter(|_| wanted.attributes) {
            updates.iter().for_each(|(name, _)| facts.add_attribute(name));
        }
        let item = OneItem {
            table: &self.table_name,
            item: &self.key,
            expressions: &[
                (ExpressionKind::Update, self.update_expression.as_deref()),
                (ExpressionKind::Condition, self.condition_expression.as_deref()),
            ],
            variables: Variables {
                names: self.expression_attribute_names.as_ref(),
                values: self.expression_attribute_values.as_ref(),
            },
        };
        Ok(vec![item.touched("dynamodb:UpdateItem", facts, (context, wanted)).await?])
    }
}

fn add_expected(facts: &mut Facts, expected: Option<&api::Map<'_, api::ExpectedAttributeValue<'_>>>, wanted: Wanted) {
    if let Some(expected) = expected.filter(|_| wanted.attributes) {
        expected.iter().for_each(|(name, _)| facts.add_attribute(name));
    }
}

impl Touches for BatchGetItemInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let mut touched = Vec::with_capacity(self.request_items.len());
        for (name, asked) in self.request_items.iter() {
            let table = Named::find(context, name).await?;
            let has_projection = asked.projection_expression.is_some() || asked.attributes_to_get.is_some();
            let mut facts = Facts::of_read(select(has_projection), self.return_consumed_capacity);
            if wanted.keys {
                asked.keys.iter().for_each(|key| facts.add_key(table.key_schema(None), key));
            }
            if wanted.attributes {
                asked.keys.iter().for_each(|key| facts.add_attributes_of(key));
                facts.add_names(asked.attributes_to_get.as_deref());
                facts.add_expressions(
                    &[(ExpressionKind::Projection, asked.projection_expression.as_deref())],
                    Variables { names: asked.expression_attribute_names.as_ref(), values: None },
                );
            }
            touched.push(table.table("dynamodb:BatchGetItem", facts));
        }
        Ok(touched)
    }
}

impl Touches for BatchWriteItemInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let mut touched = Vec::with_capacity(self.request_items.len());
        for (name, writes) in self.request_items.iter() {
            let table = Named::find(context, name).await?;
            let mut facts = Facts::of_write(None, None, self.return_consumed_capacity);
            let puts = writes.iter().filter_map(|write| write.put_request.as_ref()).map(|put| &put.item);
            let deletes = writes.iter().filter_map(|write| write.delete_request.as_ref()).map(|delete| &delete.key);
            for item in puts.chain(deletes) {
                if wanted.keys {
                    facts.add_key(table.key_schema(None), item);
                }
                if wanted.attributes {
                    facts.add_attributes_of(item);
                }
            }
            touched.push(table.table("dynamodb:BatchWriteItem", facts));
        }
        Ok(touched)
    }
}

impl Touches for TransactGetItemsInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let mut touched = Vec::with_capacity(self.transact_items.len());
        for element in &self.transact_items {
            let get = &element.get;
            let read = Facts::of_read(select(get.projection_expression.is_some()), self.return_consumed_capacity);
            let facts = Facts { enclosing_operation: Some("TransactGetItems"), ..read };
            let item = OneItem {
                table: &get.table_name,
                item: &get.key,
                expressions: &[(ExpressionKind::Projection, get.projection_expression.as_deref())],
                variables: Variables { names: get.expression_attribute_names.as_ref(), values: None },
            };
            touched.push(item.touched("dynamodb:GetItem", facts, (context, wanted)).await?);
        }
        Ok(touched)
    }
}

impl Touches for TransactWriteItemsInput<'_> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        let mut touched = Vec::with_capacity(self.transact_items.len());
        for element in &self.transact_items {
            // An element without an action is refused by the operation; one with several is too, and touches all of them until then.
            for (action, expressions, item, on_failure) in actions(element) {
                let write = Facts::of_write(None, on_failure, self.return_consumed_capacity);
                let facts = Facts { enclosing_operation: Some("TransactWriteItems"), ..write };
                let item = OneItem { expressions: &expressions, ..item };
                touched.push(item.touched(action, facts, (context, wanted)).await?);
            }
        }
        Ok(touched)
    }
}

/// The expressions of one action.
type Expressions<'r> = [(ExpressionKind, Option<&'r str>); 2];

/// One action of a transaction; its expressions apart, and what it returns when its condition fails.
type Action<'r> = (&'static str, Expressions<'r>, OneItem<'r>, Option<ReturnValuesOnConditionCheckFailure>);

/// The actions of an element of a transaction.
fn actions<'r>(element: &'r TransactWriteItem<'r>) -> Vec<Action<'r>> {
    let mut actions = Vec::with_capacity(1);
    let none = (ExpressionKind::Update, None);
    let condition = |text: Option<&'r str>| (ExpressionKind::Condition, text);
    macro_rules! action {
        ($member:ident, $action:literal, $item:ident, $expressions:expr) => {
            if let Some($member) = &element.$member {
                let variables = Variables {
                    names: $member.expression_attribute_names.as_ref(),
                    values: $member.expression_attribute_values.as_ref(),
                };
                let item = OneItem { table: &$member.table_name, item: &$member.$item, expressions: &[], variables };
                let on_failure = $member.return_values_on_condition_check_failure;
                actions.push(($action, $expressions, item, on_failure));
            }
        };
    }
    action!(
        condition_check,
        "dynamodb:ConditionCheckItem",
        key,
        [condition(Some(&condition_check.condition_expression)), none]
    );
    action!(put, "dynamodb:PutItem", item, [condition(put.condition_expression.as_deref()), none]);
    action!(delete, "dynamodb:DeleteItem", key, [condition(delete.condition_expression.as_deref()), none]);
    action!(
        update,
        "dynamodb:UpdateItem",
        key,
        [condition(update.condition_expression.as_deref()), (ExpressionKind::Update, Some(&update.update_expression))]
    );
    actions
}
