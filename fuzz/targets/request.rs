//! Arbitrary bodies of requests for every operation: they are an input or an error that can be told.
#![no_main]

use api::{Encode, Error};
use libfuzzer_sys::fuzz_target;
use model::EncodedItem;
use serde::de::IgnoredAny;

/// Gives each operation's decoder the body, and keeps what it says.
macro_rules! decode {
    ($body:ident, $number:ident: $($decoder:ident),* $(,)?) => {{
        const DECODERS: &[fn(&[u8]) -> Result<(), Error>] = &[$(|body| api::$decoder(body).map(|_| ())),*];
        DECODERS[$number % DECODERS.len()]($body)
    }};
}

fn decode(number: usize, body: &[u8]) -> Result<(), Error> {
    decode!(body, number:
        decode_create_table,
        decode_describe_table,
        decode_update_table,
        decode_delete_table,
        decode_list_tables,
        decode_tag_resource,
        decode_untag_resource,
        decode_list_tags_of_resource,
        decode_describe_limits,
        decode_describe_endpoints,
        decode_put_item,
        decode_get_item,
        decode_update_item,
        decode_delete_item,
        decode_query,
        decode_scan,
        decode_batch_get_item,
        decode_batch_write_item,
        decode_transact_write_items,
        decode_transact_get_items,
        decode_execute_statement,
        decode_batch_execute_statement,
        decode_execute_transaction,
        decode_describe_time_to_live,
        decode_update_time_to_live,
        decode_describe_continuous_backups,
        decode_list_streams,
        decode_describe_stream,
        decode_get_shard_iterator,
        decode_get_records,
        decode_put_resource_policy,
        decode_get_resource_policy,
        decode_delete_resource_policy,
    )
}

/// An item that was accepted is stored in normal form, and is sent as JSON that is accepted as the same item.
fn check_item(body: &[u8]) {
    let Ok(put) = api::decode_put_item(body) else { return };
    if !put.faults.is_empty() {
        return put.faults.first().into_iter().for_each(|fault| {
            fault.fault.words(api::Layer::Current);
        });
    }
    let encoded = EncodedItem::from_item(&put.input.item);
    assert_eq!(encoded.view().check_deep(), Ok(()));
    let mut again = br#"{"TableName":"table","Item":"#.to_vec();
    encoded.encode(&mut again);
    again.push(b'}');
    let again = api::decode_put_item(&again).expect("what was sent is accepted");
    assert_eq!(again.input.item, put.input.item);
}

fuzz_target!(|data: &[u8]| {
    let Some((number, body)) = data.split_first() else { return };
    if let Err(error) = decode(usize::from(*number), body) {
        let mut told = Vec::new();
        error.encode(&mut told);
        assert!(serde_json::from_slice::<IgnoredAny>(&told).is_ok(), "{}", String::from_utf8_lossy(&told));
    }
    check_item(body);
});
