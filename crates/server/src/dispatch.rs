//! The last step before the answer: a call becomes a typed request, its sender may make it, the engine answers it, the answer becomes JSON.
//!
//! Nothing is answered before everything that the request saw or made is durable, errors included: a failed condition tells of a write
//! too.

use crate::authorize::authorize;
use crate::call::AuthenticatedCall;
use crate::guard::Sender;
use crate::metrics::{self, Outcome};
use crate::service::{Answer, Service};
use api::{Encode, Error, ErrorKind, Operation, messages};
use engine::{Caller, Context, Engine, ops};
use hyper::StatusCode;
use std::sync::Arc;
use storage::Figure;

/// How often a request is answered anew because another server changed its table meanwhile.
const ATTEMPTS_MAX: usize = 10;

/// Room for the answer of an ordinary request.
const ANSWER_CAPACITY: usize = 1024;

/// The engine as a service.
pub struct Dispatch {
    /// What answers.
    engine: Arc<Engine>,
    /// Who asks where the server is open.
    anyone: Caller,
}

impl Dispatch {
    /// Serves this account to everyone, and each account to those whose calls were verified.
    pub fn new(engine: Arc<Engine>, account: String) -> Self {
        Self { engine, anyone: Caller { account } }
    }
}

impl Service for Dispatch {
    fn is_healthy(&self) -> bool {
        self.engine.store.accepts_commits()
    }

    fn write_metrics(&self, out: &mut String) {
        for Figure { name, help, count } in self.engine.store.figures() {
            metrics::write_store_figure(out, (name, help), count);
        }
    }

    async fn call(&self, call: AuthenticatedCall<'_>) -> Answer {
        let known = match call.sender() {
            Sender::Anyone => None,
            Sender::Known(verified) => Some(Caller { account: verified.identity().account().to_owned() }),
        };
        let caller = known.as_ref().unwrap_or(&self.anyone);
        let mut out = Vec::with_capacity(ANSWER_CAPACITY);
        let mut result = Err(messages::internal_server_error());
        for _ in 0..ATTEMPTS_MAX {
            let context = Context::new(&self.engine, caller);
            out.clear();
            result = dispatch(&context, &call, &mut out).await;
            if !context.must_repeat().await {
                result = context.settle().await.and(result);
                break;
            }
        }
        match result {
            Ok(()) => Answer::success(out),
            Err(error) => refusal(&error),
        }
    }
}

/// Lists every operation that is served: its decoder and its function in the engine. The future of one that is asked for seldom is on the
/// heap, so that it takes no room in those of the others.
macro_rules! dispatch {
    (
        $context:ident, $call:ident, $out:ident:
        often { $($often:ident $decode_often:ident $often_module:ident,)* }
        seldom { $($seldom:ident $decode_seldom:ident $seldom_module:ident,)* }
    ) => {
        match $call.operation() {
            $(Operation::$often => dispatch!($context, $call, $out, $decode_often, $often_module),)*
            $(Operation::$seldom => {
                Box::pin(async { dispatch!($context, $call, $out, $decode_seldom, $seldom_module) }).await
            })*
            _ => Err(messages::unknown_operation()),
        }
    };
    ($context:ident, $call:ident, $out:ident, $decode:ident, $module:ident) => {{
        let request = api::$decode($call.body())?;
        let permitted = authorize(&request, $context, $call).await?;
        ops::$module::run($context, permitted.request()).await?.encode($out);
        Ok(())
    }};
}

async fn dispatch(context: &Context<'_>, call: &AuthenticatedCall<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    dispatch!(context, call, out:
        often {
            BatchGetItem decode_batch_get_item batch_get_item,
            BatchWriteItem decode_batch_write_item batch_write_item,
            DeleteItem decode_delete_item delete_item,
            GetItem decode_get_item get_item,
            PutItem decode_put_item put_item,
            Query decode_query query,
            Scan decode_scan scan,
            TransactGetItems decode_transact_get_items transact_get_items,
            TransactWriteItems decode_transact_write_items transact_write_items,
            UpdateItem decode_update_item update_item,
        }
        seldom {
            BatchExecuteStatement decode_batch_execute_statement batch_execute_statement,
            CreateTable decode_create_table create_table,
            DeleteResourcePolicy decode_delete_resource_policy delete_resource_policy,
            DeleteTable decode_delete_table delete_table,
            DescribeContinuousBackups decode_describe_continuous_backups describe_continuous_backups,
            DescribeEndpoints decode_describe_endpoints describe_endpoints,
            DescribeLimits decode_describe_limits describe_limits,
            DescribeStream decode_describe_stream describe_stream,
            DescribeTable decode_describe_table describe_table,
            DescribeTimeToLive decode_describe_time_to_live describe_time_to_live,
            ExecuteStatement decode_execute_statement execute_statement,
            ExecuteTransaction decode_execute_transaction execute_transaction,
            GetRecords decode_get_records get_records,
            GetResourcePolicy decode_get_resource_policy get_resource_policy,
            GetShardIterator decode_get_shard_iterator get_shard_iterator,
            ListStreams decode_list_streams list_streams,
            ListTables decode_list_tables list_tables,
            ListTagsOfResource decode_list_tags_of_resource list_tags_of_resource,
            PutResourcePolicy decode_put_resource_policy put_resource_policy,
            TagResource decode_tag_resource tag_resource,
            UntagResource decode_untag_resource untag_resource,
            UpdateTable decode_update_table update_table,
            UpdateTimeToLive decode_update_time_to_live update_time_to_live,
        }
    )
}

fn refusal(error: &Error) -> Answer {
    let outcome = match error.kind() {
        ErrorKind::ConditionalCheckFailed { .. } => Outcome::ConditionFailed,
        ErrorKind::ProvisionedThroughputExceeded { .. } | ErrorKind::Throttling { .. } => Outcome::Throttled,
        _ if error.http_status() >= 500 => Outcome::ServerError,
        _ => Outcome::ClientError,
    };
    let mut body = Vec::new();
    error.encode(&mut body);
    let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    Answer::new(status, outcome, body).because(error.code(), error.message())
}
