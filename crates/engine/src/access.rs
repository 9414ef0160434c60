//! What a request touches: the actions that somebody must be allowed to take, on which resources, and the facts that policies ask for.
//!
//! ```text
//! typed request -> Touches::touches -> one Access per (action, resource) -> policies -> the operation
//! ```
//!
//! Beside `ops`: that says what an operation does, this says what must be allowed before. Every input implements [`Touches`], so an operation
//! without it cannot be dispatched. Whether a table exists makes no difference to what is touched: who may not know learns nothing.
//!
//! The names of actions and resources are those of the Service Authorization Reference ("Actions, resources, and condition keys for Amazon
//! DynamoDB"); what condition keys hold follows the developer guide, "Using IAM policy conditions for fine-grained access control".
//!
//! What must hold: a request whose expressions or statements do not parse names fewer attributes than it says, and never does anything,
//! because the operation parses them with the same code.

mod facts;
mod items;
mod reads;
mod statements;
mod streams;
mod tables;

pub use facts::{Facts, Wanted};

use crate::catalog::OpenTable;
use crate::context::Context;
use crate::policies::compiled;
use api::{Decoded, Error};
use model::KeySchema;
use model::arn::{self, TableReference};
use policy::Policy;
use std::sync::Arc;

/// An action on a resource.
#[derive(Debug)]
pub struct Access {
    /// The action, as in `dynamodb:GetItem`.
    pub action: &'static str,
    /// The resource's ARN, or `*` for actions that have none.
    pub resource: String,
    /// The account that owns the resource.
    pub account: String,
    /// The table, if the resource is one or belongs to one, and there is such a table.
    pub table: Option<Arc<OpenTable>>,
    /// The resource's own policy: the table's, for its indexes too, or the stream's.
    pub policy: Option<Arc<Policy>>,
    /// What condition keys hold.
    pub facts: Facts,
}

/// What every request can tell of itself.
pub trait Touches {
    /// What the request touches, each once. Only the facts that are wanted are worked out.
    ///
    /// # Errors
    /// Those of the store; over a shared one also that a table is not what it was taken for. Then, as after an answer that rests on this,
    /// [`Context::must_repeat`] says that the request is to be asked anew.
    fn touches(&self, context: &Context<'_>, wanted: Wanted)
    -> impl Future<Output = Result<Vec<Access>, Error>> + Send;
}

/// What is wrong with values does not matter to what is touched.
impl<T: Touches + Sync> Touches for Decoded<T> {
    async fn touches(&self, context: &Context<'_>, wanted: Wanted) -> Result<Vec<Access>, Error> {
        self.input.touches(context, wanted).await
    }
}

/// A table as a request names it.
struct Named {
    account: String,
    arn: String,
    open: Option<Arc<OpenTable>>,
    policy: Option<Arc<Policy>>,
}

impl Named {
    /// Finds the table of a name or ARN.
    async fn find(context: &Context<'_>, reference: &str) -> Result<Self, Error> {
        let region = &context.engine.settings.region;
        let (region, account, name) = match TableReference::parse(reference) {
            TableReference::Name(name) => (region.as_str(), context.caller.account.as_str(), name),
            TableReference::Arn { region, account, name } => (region, account, name),
        };
        let mut open = context.find_table(reference).await?;
        let policy = compiled::of_table(context, &mut open).await?;
        Ok(Self { account: account.to_owned(), arn: arn::table(region, account, name), open, policy })
    }

    /// An action on the table.
    fn table(self, action: &'static str, facts: Facts) -> Access {
        Access { action, resource: self.arn, account: self.account, table: self.open, policy: self.policy, facts }
    }

    /// An action on the table, or on an index of it where one is named.
    fn index(mut self, index: Option<&str>, action: &'static str, facts: Facts) -> Access {
        if let Some(index) = index {
            self.arn = arn::index(&self.arn, index);
        }
        self.table(action, facts)
    }

    /// The key of the table, or of an index of it where one is named.
    fn key_schema(&self, index: Option<&str>) -> Option<&KeySchema> {
        let table = &self.open.as_ref()?.descriptor;
        match index {
            None => Some(&table.key_schema),
            Some(name) => Some(&table.index(name)?.key_schema),
        }
    }
}

/// An action that has no resource of its own.
fn everywhere(context: &Context<'_>, action: &'static str) -> Access {
    let account = context.caller.account.clone();
    Access { action, resource: "*".to_owned(), account, table: None, policy: None, facts: Facts::default() }
}
