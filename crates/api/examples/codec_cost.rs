//! What decoding and encoding cost, in nanoseconds each: `cargo run --release -p api --example codec_cost [name]`.
//!
//! Bodies of about 600 bytes, as clients send them: twelve attributes of mixed types. Prints the best of several rounds, so that other
//! work on the machine does not count.

// A measurement needs a clock and a terminal.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use api::{Encode, GetItemOutput, decode_get_item, decode_put_item, decode_update_item};
use model::EncodedItem;
use std::hint::black_box;
use std::time::Instant;

const ITEM: &str = r#"{"pk":{"S":"customer#0000012345"},"sk":{"S":"order#2026-11-23T10:15:30.123Z"},"status":{"S":"DELIVERED"},"total":{"N":"149.95"},"count":{"N":"3"},"paid":{"BOOL":true},"note":{"S":"Leave the parcel with the neighbour if nobody opens the door."},"tags":{"SS":["express","gift"]},"address":{"M":{"street":{"S":"Long Road 12"},"city":{"S":"Springfield"},"zip":{"S":"12345"}}},"lines":{"L":[{"M":{"sku":{"S":"A-100"},"qty":{"N":"2"}}},{"M":{"sku":{"S":"B-200"},"qty":{"N":"1"}}}]},"created":{"N":"1763892930123"},"etag":{"S":"9f8e7d6c5b4a39281706"}}"#;
const KEY: &str = r#"{"pk":{"S":"customer#0000012345"},"sk":{"S":"order#2026-11-23T10:15:30.123Z"}}"#;

fn main() {
    let put = format!(r#"{{"TableName":"Orders","Item":{ITEM}}}"#);
    let get = format!(r#"{{"TableName":"Orders","Key":{KEY}}}"#);
    let update = format!(
        r##"{{"TableName":"Orders","Key":{KEY},"UpdateExpression":"SET #s = :s, version = version + :one","ConditionExpression":"version = :v","ExpressionAttributeNames":{{"#s":"status"}},"ExpressionAttributeValues":{{":s":{{"S":"SENT"}},":one":{{"N":"1"}},":v":{{"N":"7"}}}},"ReturnValues":"ALL_NEW"}}"##
    );
    let item = EncodedItem::from_item(&decode_put_item(put.as_bytes()).map(|put| put.input.item).unwrap_or_default());
    let output = GetItemOutput { item: Some(item), ..GetItemOutput::default() };
    let mut out = Vec::with_capacity(1024);
    measure("decode PutItem", put.len(), || black_box(decode_put_item(black_box(put.as_bytes())).is_ok()));
    measure("decode GetItem", get.len(), || black_box(decode_get_item(black_box(get.as_bytes())).is_ok()));
    measure("decode UpdateItem", update.len(), || black_box(decode_update_item(black_box(update.as_bytes())).is_ok()));
    measure("encode GetItem's item", ITEM.len(), || {
        out.clear();
        black_box(&output).encode(&mut out);
        black_box(!out.is_empty())
    });
}

fn measure(name: &str, bytes: usize, mut run: impl FnMut() -> bool) {
    if std::env::args().nth(1).is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    const ROUNDS: u32 = 20;
    const REPEATS: u32 = 20_000;
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..REPEATS {
            assert!(run(), "{name} failed");
        }
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(REPEATS));
    }
    println!("{name:24} {bytes:5} bytes {best:8.0} ns");
}
