//! The codes of keys: they are ordered as the values are, and whoever reads one knows where it ends.
#![no_main]

use fuzz::any_number;
use layout::code::length;
use layout::{KeyValue, keys};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use std::cmp::Ordering;

fn any_value<'a>(input: &mut Unstructured<'a>, kind: u8) -> Result<KeyValue<'a>> {
    Ok(match kind {
        0 => KeyValue::S(input.arbitrary()?),
        1 => KeyValue::B(input.arbitrary()?),
        _ => KeyValue::N(any_number(input)?),
    })
}

fn code(value: KeyValue<'_>) -> Vec<u8> {
    let mut code = Vec::new();
    value.write(&mut code);
    code
}

fn order(left: KeyValue<'_>, right: KeyValue<'_>) -> Ordering {
    match (left, right) {
        (KeyValue::S(left), KeyValue::S(right)) => left.cmp(right),
        (KeyValue::B(left), KeyValue::B(right)) => left.cmp(right),
        (KeyValue::N(left), KeyValue::N(right)) => left.cmp(&right),
        _ => unreachable!("values of one type"),
    }
}

fn begins(left: KeyValue<'_>, right: KeyValue<'_>) -> bool {
    match (left, right) {
        (KeyValue::S(left), KeyValue::S(right)) => left.starts_with(right),
        (KeyValue::B(left), KeyValue::B(right)) => left.starts_with(right),
        _ => left == right,
    }
}

fn check(data: &[u8]) -> Result<()> {
    let mut input = Unstructured::new(data);
    let kind = input.int_in_range(0..=2)?;
    let (left, right) = (any_value(&mut input, kind)?, any_value(&mut input, kind)?);
    let (left_code, right_code) = (code(left), code(right));
    assert_eq!(left_code.cmp(&right_code), order(left, right), "{left:?} {right:?}");
    let mut prefix = Vec::new();
    right.write_prefix(&mut prefix);
    assert_eq!(left_code.starts_with(&prefix), begins(left, right), "{left:?} {right:?}");
    assert!(left_code < keys::successor(&left_code));
    // Whatever follows, as the sort key follows the partition key.
    let followed = [left_code.as_slice(), input.take_rest()].concat();
    assert_eq!(length(left.kind(), &followed), Some(left_code.len()), "{left:?}");
    Ok(())
}

/// Keys that are no keys must not be mistaken for any, let alone panic.
fn read(data: &[u8]) {
    for kind in [model::ScalarType::S, model::ScalarType::N, model::ScalarType::B] {
        assert!(length(kind, data).is_none_or(|length| length <= data.len()));
        keys::partition_length(data, kind);
    }
    keys::parse_shard(data);
    keys::parse_expiry(data);
    keys::parse_partition_counter(data);
}

fuzz_target!(|data: &[u8]| {
    let _ = check(data);
    read(data);
});
