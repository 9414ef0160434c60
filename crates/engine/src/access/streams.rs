//! Operations on streams. A stream is a resource of its own, whose table may be gone.

use super::{Access, Facts, Touches, Wanted};
use crate::context::Context;
use crate::policies::compiled;
use crate::streams::iterator::Iterator;
use api::{DescribeStreamInput, Error, GetRecordsInput, GetShardIteratorInput, ListStreamsInput};
use model::arn::{self, StreamReference, TableReference};

/// An action on the stream of an ARN.
pub(super) async fn on_stream(context: &Context<'_>, action: &'static str, stream_arn: &str) -> Result<Access, Error> {
    let mut access = Access {
        action,
        resource: stream_arn.to_owned(),
        account: context.caller.account.clone(),
        table: None,
        policy: None,
        facts: Facts::default(),
    };
    if let Some(reference) = StreamReference::parse(stream_arn) {
        let StreamReference { region, account, table, .. } = reference;
        account.clone_into(&mut access.account);
        access.table = context.find_table(&arn::table(region, account, table)).await?;
        access.policy = compiled::of_stream(context, &reference, &mut access.table).await?;
    }
    Ok(access)
}

impl Touches for DescribeStreamInput<'_> {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        Ok(vec![on_stream(context, "dynamodb:DescribeStream", &self.stream_arn).await?])
    }
}

impl Touches for GetShardIteratorInput<'_> {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        Ok(vec![on_stream(context, "dynamodb:GetShardIterator", &self.stream_arn).await?])
    }
}

impl Touches for GetRecordsInput<'_> {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        // What is no iterator names no stream; the operation says so.
        match Iterator::decode(&self.shard_iterator) {
            Ok(iterator) => Ok(vec![on_stream(context, "dynamodb:GetRecords", iterator.arn).await?]),
            Err(_) => Ok(Vec::new()),
        }
    }
}

impl Touches for ListStreamsInput<'_> {
    async fn touches(&self, context: &Context<'_>, _: Wanted) -> Result<Vec<Access>, Error> {
        let own = context.caller.account.as_str();
        let region = context.engine.settings.region.as_str();
        let (region, account, table) = match self.table_name.as_deref().map(TableReference::parse) {
            None => (region, own, "*"),
            Some(TableReference::Name(name)) => (region, own, name),
            Some(TableReference::Arn { region, account, name }) => (region, account, name),
        };
        let resource = arn::stream(&arn::table(region, account, table), "*");
        let account = account.to_owned();
        Ok(vec![Access {
            action: "dynamodb:ListStreams",
            resource,
            account,
            table: None,
            policy: None,
            facts: Facts::default(),
        }])
    }
}
