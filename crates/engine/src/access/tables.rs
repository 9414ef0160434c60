//! Operations on tables themselves, on their settings and tags, and on the account.

use super::streams::on_stream;
use super::{Access, Facts, Named, Touches, Wanted, everywhere};
use crate::context::Context;
use api::{
    CreateTableInput, DeleteResourcePolicyInput, DeleteTableInput, DescribeContinuousBackupsInput,
    DescribeEndpointsRequest, DescribeLimitsInput, DescribeTableInput, DescribeTimeToLiveInput, Error,
    GetResourcePolicyInput, ListTablesInput, ListTagsOfResourceInput, PutResourcePolicyInput, Tag, TagResourceInput,
    UntagResourceInput, UpdateTableInput, UpdateTimeToLiveInput,
};
use model::arn::StreamReference;

/// Operations that touch the one table that they name.
macro_rules! on_a_table {
    ($($input:ident . $member:ident : $action:literal),* $(,)?) => {$(
        impl Touches for $input<'_> {
            async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
                Ok(vec![Named::find(context, &self.$member).await?.table($action, Facts::default())])
            }
        }
    )*};
}

on_a_table!(
    DeleteTableInput.table_name: "dynamodb:DeleteTable",
    DescribeContinuousBackupsInput.table_name: "dynamodb:DescribeContinuousBackups",
    DescribeTableInput.table_name: "dynamodb:DescribeTable",
    DescribeTimeToLiveInput.table_name: "dynamodb:DescribeTimeToLive",
    ListTagsOfResourceInput.resource_arn: "dynamodb:ListTagsOfResource",
    UpdateTableInput.table_name: "dynamodb:UpdateTable",
    UpdateTimeToLiveInput.table_name: "dynamodb:UpdateTimeToLive",
);

impl Touches for CreateTableInput<'_> {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        let facts = tags(self.tags.as_deref().unwrap_or_default());
        let mut actions = vec!["dynamodb:CreateTable"];
        // Tags and a policy that come with a table are set by actions of their own (developer guide, "Tagging resources" and "Create a table
        // with a resource-based policy").
        if self.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
            actions.push("dynamodb:TagResource");
        }
        if self.resource_policy.is_some() {
            actions.push("dynamodb:PutResourcePolicy");
        }
        let mut touched = Vec::with_capacity(actions.len());
        for action in actions {
            touched.push(Named::find(context, &self.table_name).await?.table(action, facts.clone()));
        }
        Ok(touched)
    }
}

/// Operations on the policy of the table or the stream that they name.
macro_rules! on_a_policy {
    ($($input:ident : $action:literal),* $(,)?) => {$(
        impl Touches for $input<'_> {
            async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
                Ok(vec![if StreamReference::parse(&self.resource_arn).is_some() {
                    on_stream(context, $action, &self.resource_arn).await?
                } else {
                    Named::find(context, &self.resource_arn).await?.table($action, Facts::default())
                }])
            }
        }
    )*};
}

on_a_policy!(
    DeleteResourcePolicyInput: "dynamodb:DeleteResourcePolicy",
    GetResourcePolicyInput: "dynamodb:GetResourcePolicy",
    PutResourcePolicyInput: "dynamodb:PutResourcePolicy",
);

impl Touches for TagResourceInput<'_> {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        Ok(vec![Named::find(context, &self.resource_arn).await?.table("dynamodb:TagResource", tags(&self.tags))])
    }
}

impl Touches for UntagResourceInput<'_> {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        let tag_keys = self.tag_keys.iter().map(|key| key.clone().into_owned()).collect();
        let facts = Facts { tag_keys, ..Facts::default() };
        Ok(vec![Named::find(context, &self.resource_arn).await?.table("dynamodb:UntagResource", facts)])
    }
}

fn tags(tags: &[Tag<'_>]) -> Facts {
    Facts {
        request_tags: tags.iter().map(|tag| (tag.key.to_string(), tag.value.to_string())).collect(),
        tag_keys: tags.iter().map(|tag| tag.key.to_string()).collect(),
        ..Facts::default()
    }
}

impl Touches for ListTablesInput<'_> {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        Ok(vec![everywhere(context, "dynamodb:ListTables")])
    }
}

impl Touches for DescribeLimitsInput {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        Ok(vec![everywhere(context, "dynamodb:DescribeLimits")])
    }
}

impl Touches for DescribeEndpointsRequest {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        Ok(vec![everywhere(context, "dynamodb:DescribeEndpoints")])
    }
}
