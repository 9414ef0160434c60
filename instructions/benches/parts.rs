//! The parts of a request, one function each. What prepares a part runs before it, and the part itself once, so that what is done
//! once in a process is not counted.
//!
//! `tests/run instructions` compares the counts with those in `counts.json`.
#![allow(missing_docs, reason = "the macros make public functions")]
#![allow(clippy::expect_used, reason = "inputs that are wrong must end the measurement")]

use api::{Decoded, Encode, GetItemInput, GetItemOutput, PutItemInput, QueryInput, UpdateItemInput};
use expression::{ExpressionKind, Placeholders, parse_condition, parse_key_condition, parse_projection, parse_update};
use gungraun::prelude::*;
use instructions::Signed;
use layout::KeyValue;
use layout::keys::Source;
use model::{EncodedItem, Item};
use policy::{Context, Key, Policies, Policy, Principal, PrincipalKind, Query, Values};
use std::hint::black_box;
use std::sync::Arc;

type Made<T> = Result<Decoded<T>, api::Error>;

/// Runs a part, so that its count is that of a process that has done it before.
fn warmed<T, R>(input: T, part: impl Fn(&T) -> R) -> T {
    black_box(part(&input));
    input
}

fn body(text: &str) -> &'static [u8] {
    text.as_bytes().to_vec().leak()
}

fn get_body() -> &'static [u8] {
    warmed(body(instructions::GET), |body| api::decode_get_item(body).is_ok())
}

fn put_body() -> &'static [u8] {
    warmed(body(&instructions::put()), |body| api::decode_put_item(body).is_ok())
}

fn update_body() -> &'static [u8] {
    warmed(body(instructions::UPDATE), |body| api::decode_update_item(body).is_ok())
}

#[library_benchmark(setup = get_body)]
#[bench::get_item()]
fn decode_get(body: &'static [u8]) -> Made<GetItemInput<'static>> {
    black_box(api::decode_get_item(black_box(body)))
}

#[library_benchmark(setup = put_body)]
#[bench::put_item()]
fn decode_put(body: &'static [u8]) -> Made<PutItemInput<'static>> {
    black_box(api::decode_put_item(black_box(body)))
}

#[library_benchmark(setup = update_body)]
#[bench::update_item()]
fn decode_update(body: &'static [u8]) -> Made<UpdateItemInput<'static>> {
    black_box(api::decode_update_item(black_box(body)))
}

fn update() -> &'static UpdateItemInput<'static> {
    let input = api::decode_update_item(instructions::UPDATE.as_bytes()).expect("an update").input;
    warmed(Box::leak(Box::new(input)), |input| both_parse(input))
}

fn both_parse(input: &UpdateItemInput<'_>) -> bool {
    let names = input.expression_attribute_names.as_ref().map_or(&[][..], api::Map::as_slice);
    let placeholders = Placeholders::new(names, input.expression_attribute_values.as_ref());
    let update = input.update_expression.as_deref().map(|text| parse_update(text, &placeholders));
    let condition = input.condition_expression.as_deref();
    let condition = condition.map(|text| parse_condition(ExpressionKind::Condition, text, &placeholders));
    let is_good = update.as_ref().is_some_and(Result::is_ok) && condition.as_ref().is_some_and(Result::is_ok);
    black_box((update, condition));
    is_good
}

#[library_benchmark(setup = update)]
#[bench::update_and_condition()]
fn parse_update_expressions(input: &'static UpdateItemInput<'static>) {
    assert!(both_parse(black_box(input)));
}

fn query() -> &'static QueryInput<'static> {
    let input = api::decode_query(instructions::QUERY.as_bytes()).expect("a query").input;
    warmed(Box::leak(Box::new(input)), |input| all_parse(input))
}

fn all_parse(input: &QueryInput<'_>) -> bool {
    let names = input.expression_attribute_names.as_ref().map_or(&[][..], api::Map::as_slice);
    let placeholders = Placeholders::new(names, input.expression_attribute_values.as_ref());
    let key = input.key_condition_expression.as_deref().map(|text| parse_key_condition(text, &placeholders));
    let filter = input.filter_expression.as_deref();
    let filter = filter.map(|text| parse_condition(ExpressionKind::Filter, text, &placeholders));
    let projection = input.projection_expression.as_deref().map(|text| parse_projection(text, &placeholders));
    let is_good = key.as_ref().is_some_and(Result::is_ok)
        && filter.as_ref().is_some_and(Result::is_ok)
        && projection.as_ref().is_some_and(Result::is_ok);
    black_box((key, filter, projection));
    is_good
}

#[library_benchmark(setup = query)]
#[bench::key_filter_and_projection()]
fn parse_query_expressions(input: &'static QueryInput<'static>) {
    assert!(all_parse(black_box(input)));
}

fn key_attributes() -> Item<'static> {
    let input = api::decode_get_item(instructions::GET.as_bytes()).expect("a key").input;
    warmed(input.key, |key| key_bytes(key).is_some())
}

/// As the engine makes the key of an item of a table with a sort key.
fn key_bytes(key: &Item<'_>) -> Option<Vec<u8>> {
    let (partition, sort) = (KeyValue::of(key.get("pk")?)?, KeyValue::of(key.get("sk")?)?);
    let mut bytes = Source::Table(7).partition([partition]);
    sort.write(&mut bytes);
    Some(bytes)
}

#[library_benchmark(setup = key_attributes)]
#[bench::partition_and_sort()]
fn make_key(key: Item<'static>) -> (Option<Vec<u8>>, Item<'static>) {
    (black_box(key_bytes(black_box(&key))), key)
}

fn answer() -> GetItemOutput<'static> {
    let text = instructions::put();
    let put = api::decode_put_item(text.as_bytes()).expect("an item").input;
    let output = GetItemOutput { item: Some(EncodedItem::from_item(&put.item)), consumed_capacity: None };
    warmed(output, encoded)
}

fn encoded(output: &GetItemOutput<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    output.encode(&mut out);
    out
}

#[library_benchmark(setup = answer)]
#[bench::get_item()]
fn encode_answer(output: GetItemOutput<'static>) -> (Vec<u8>, GetItemOutput<'static>) {
    (black_box(encoded(black_box(&output))), output)
}

fn item() -> Item<'static> {
    let text: &'static str = instructions::put().leak();
    warmed(api::decode_put_item(text.as_bytes()).expect("an item").input.item, EncodedItem::from_item)
}

#[library_benchmark(setup = item)]
#[bench::of_600_bytes()]
fn encode_item(item: Item<'static>) -> (EncodedItem, Item<'static>) {
    (black_box(EncodedItem::from_item(black_box(&item))), item)
}

fn signed() -> Signed {
    warmed(Signed::new(), Signed::verifies)
}

#[library_benchmark(setup = signed)]
#[bench::update_item()]
fn verify_signature(signed: Signed) -> Signed {
    assert!(black_box(&signed).verifies());
    signed
}

const USER: Principal<'static> = Principal {
    kind: PrincipalKind::User,
    account: "123456789012",
    arn: "arn:aws:iam::123456789012:user/bench",
    issuer_arn: None,
    unique_id: "AIDAEXAMPLE",
};

/// What is known of a request.
struct Facts;

impl Context for Facts {
    fn values(&self, key: Key, _name: &str) -> Values<'_> {
        match key {
            Key::SourceIp => Values::One("127.0.0.1"),
            Key::UserName => Values::One("bench"),
            _ => Values::Absent,
        }
    }
}

fn allows(policies: &[Arc<Policy>]) -> bool {
    let policies = Policies { identity: policies, ..Policies::default() };
    let resource = "arn:aws:dynamodb:us-east-1:123456789012:table/load";
    let query = Query { principal: &USER, action: "dynamodb:PutItem", resource, context: &Facts };
    policy::decide(&policies, black_box(&query)).is_allowed()
}

fn policies() -> Vec<Arc<Policy>> {
    warmed(instructions::policies(), |policies| allows(policies))
}

#[library_benchmark(setup = policies)]
#[bench::of_ten_statements()]
fn decide_policy(policies: Vec<Arc<Policy>>) -> Vec<Arc<Policy>> {
    assert!(allows(black_box(&policies)));
    policies
}

library_benchmark_group!(
    name = parts,
    benchmarks = [
        decode_get,
        decode_put,
        decode_update,
        parse_update_expressions,
        parse_query_expressions,
        make_key,
        encode_answer,
        encode_item,
        verify_signature,
        decide_policy,
    ]
);
main!(library_benchmark_groups = parts);
