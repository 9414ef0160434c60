//! A server's answer to one request, written and read as JSON as clients do. What the crate `server` does around an operation, in little.

use api::{Encode, Error};
use engine::{Caller, Context, Engine, ops};
use serde_json::Value;

/// What an operation is refused with.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    /// The name of the error.
    pub code: String,
    /// The whole error.
    pub body: Value,
}

/// Answers a request, when all that it saw is durable.
pub async fn answer(engine: &Engine, caller: &Caller, operation: &str, input: &Value) -> Result<Value, Refusal> {
    let body = input.to_string().into_bytes();
    let mut out = Vec::new();
    loop {
        let context = Context::new(engine, caller);
        out.clear();
        let result = dispatch(&context, operation, &body, &mut out).await;
        if context.must_repeat().await {
            continue;
        }
        context.settle().await.map_err(refusal)?;
        result.map_err(refusal)?;
        return Ok(serde_json::from_slice(&out).unwrap_or_default());
    }
}

fn refusal(error: Error) -> Refusal {
    let mut body = Vec::new();
    error.encode(&mut body);
    Refusal { code: error.code().to_owned(), body: serde_json::from_slice(&body).unwrap_or_default() }
}

macro_rules! operations {
    ($context:ident, $operation:ident, $body:ident, $out:ident: $($name:literal $decode:ident $module:ident),* $(,)?) => {
        match $operation {
            $($name => {
                let request = api::$decode($body)?;
                ops::$module::run($context, &request).await?.encode($out);
                Ok(())
            })*
            other => panic!("the simulation knows no {other}"),
        }
    };
}

async fn dispatch(context: &Context<'_>, operation: &str, body: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    operations!(
        context, operation, body, out:
        "BatchWriteItem" decode_batch_write_item batch_write_item,
        "CreateTable" decode_create_table create_table,
        "DeleteItem" decode_delete_item delete_item,
        "DeleteTable" decode_delete_table delete_table,
        "DescribeStream" decode_describe_stream describe_stream,
        "DescribeTable" decode_describe_table describe_table,
        "DescribeTimeToLive" decode_describe_time_to_live describe_time_to_live,
        "GetItem" decode_get_item get_item,
        "GetRecords" decode_get_records get_records,
        "GetShardIterator" decode_get_shard_iterator get_shard_iterator,
        "ListStreams" decode_list_streams list_streams,
        "PutItem" decode_put_item put_item,
        "Query" decode_query query,
        "Scan" decode_scan scan,
        "TransactGetItems" decode_transact_get_items transact_get_items,
        "TransactWriteItems" decode_transact_write_items transact_write_items,
        "UpdateItem" decode_update_item update_item,
        "UpdateTable" decode_update_table update_table,
        "UpdateTimeToLive" decode_update_time_to_live update_time_to_live,
    )
}
