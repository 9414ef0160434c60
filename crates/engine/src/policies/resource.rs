//! What a policy can be attached to, as requests name it.

use crate::context::Context;
use api::{Error, messages};

/// A table or a stream of the caller's account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resource<'r> {
    /// The ARN by which it was named.
    pub arn: &'r str,
    /// Its account.
    pub account: &'r str,
    /// The name of the table, or of the stream's.
    pub table: &'r str,
    /// The stream's label, if it is one.
    pub stream: Option<&'r str>,
}

impl<'r> Resource<'r> {
    /// The resource of an ARN. Policies are the business of the account that owns the resource (developer guide, "DynamoDB API operations
    /// supported by resource-based policies").
    pub fn parse(context: &Context<'_>, arn: &'r str) -> Result<Self, Error> {
        let Some(rest) = arn.strip_prefix("arn:") else { return Err(messages::policy_resource_no_arn(arn)) };
        let unknown = || messages::policy_resource_unknown(arn);
        // A stream's label has colons.
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        let [partition, "dynamodb", region, account, path] = parts[..] else { return Err(unknown()) };
        let segments: Vec<&str> = path.split('/').collect();
        let (table, stream) = match segments[..] {
            ["table", table] => (table, None),
            ["table", table, "stream", label] => (table, Some(label)),
            ["table", _, "index", _] => return Err(messages::policy_resource_without_policy(arn)),
            _ => return Err(unknown()),
        };
        if partition != "aws" || region != context.engine.settings.region {
            return Err(messages::policy_resource_elsewhere(arn));
        }
        if account != context.caller.account {
            return Err(messages::policy_resource_of_other_account());
        }
        Ok(Self { arn, account, table, stream })
    }

    /// What it is called in messages.
    pub fn described(&self) -> String {
        self.stream.map_or_else(|| format!("table {}", self.table), |label| format!("stream {label}"))
    }
}
