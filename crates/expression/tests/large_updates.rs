//! Updates that would write far more than an item may have.
//!
//! The new item was made to its full size before anybody looked at it. So one request could name a value of two megabytes as the source
//! of six hundred targets, or append a list to itself hundreds of times, and cost gigabytes of memory and seconds of time before it was
//! refused for its size. What the update would leave within the limit must still pass, however large the old item's parts are.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expression::legacy::{AttributeAction, AttributeUpdate, attribute_updates};
use expression::{EvaluationError, Placeholders, parse_update};
use model::{AttributeValue, EncodedItem, Item, limits, size};

const MEGABYTE: usize = 1024 * 1024;

fn text(length: usize) -> AttributeValue<'static> {
    AttributeValue::S("x".repeat(length).into())
}

fn item(pairs: Vec<(&'static str, AttributeValue<'static>)>) -> Item<'static> {
    Item::from_pairs(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// The size of what an update makes of an item.
fn updated(old: &Item<'_>, expression: &str, values: &Item<'_>) -> Result<usize, EvaluationError> {
    let placeholders = Placeholders::new(&[], Some(values));
    let update = parse_update(expression, &placeholders).unwrap();
    let old = EncodedItem::from_item(old);
    update.apply(Some(old.view()), &Item::new()).map(|new| size::item_view(new.view()))
}

fn targets(count: usize, source: &str) -> String {
    let targets: Vec<String> = (0..count).map(|at| format!("a{at}={source}")).collect();
    format!("SET {}", targets.join(","))
}

/// `list_append` of a list with itself, again and again.
fn appended(list: &str, times: usize) -> String {
    (0..times).fold(list.to_owned(), |inner, _| format!("list_append({inner},{list})"))
}

#[test]
fn many_copies_of_one_value_are_not_made() {
    let values = item(vec![(":v", text(2 * MEGABYTE))]);
    assert_eq!(updated(&Item::new(), &targets(400, ":v"), &values), Err(EvaluationError::ItemTooLarge));
    let old = item(vec![("l", text(390_000)), ("m", AttributeValue::M(Item::new()))]);
    assert_eq!(updated(&old, &targets(400, "l"), &values), Err(EvaluationError::ItemTooLarge));
    let nested: Vec<String> = (0..300).map(|at| format!("m.a{at}=l")).collect();
    let nested = format!("SET {}", nested.join(","));
    assert_eq!(updated(&old, &nested, &values), Err(EvaluationError::ItemTooLarge));
}

#[test]
fn lists_are_not_appended_beyond_what_an_item_may_have() {
    let list = AttributeValue::L(vec![text(MEGABYTE)]);
    let values = item(vec![(":l", list)]);
    assert_eq!(
        updated(&Item::new(), &format!("SET a={}", appended(":l", 200)), &values),
        Err(EvaluationError::ItemTooLarge)
    );
    let old = item(vec![("l", AttributeValue::L(vec![text(390_000)]))]);
    let values = item(vec![(":n", AttributeValue::Null)]);
    assert_eq!(updated(&old, &format!("SET a={}", appended("l", 200)), &values), Err(EvaluationError::ItemTooLarge));
    let short = AttributeValue::L(vec![AttributeValue::Null; 3]);
    let old = item(vec![("l", short)]);
    let want = "a".len() + 3 + 201 * 3 * 2 + size::item(&old);
    assert_eq!(updated(&old, &format!("SET a={}", appended("l", 200)), &values), Ok(want));
}

#[test]
fn sets_are_not_joined_beyond_what_an_item_may_have() {
    let members = |from: u32, to: u32| AttributeValue::Ss((from..to).map(|at| format!("{at:08}").into()).collect());
    let names: Vec<String> = (0..300).map(|at| format!("s{at}")).collect();
    let old = Item::from_pairs(names.iter().map(|name| (name.into(), members(0, 2))).collect());
    let values = item(vec![(":s", members(2, 40_000))]);
    let adds: Vec<String> = names.iter().map(|name| format!("{name} :s")).collect();
    assert_eq!(updated(&old, &format!("ADD {}", adds.join(",")), &values), Err(EvaluationError::ItemTooLarge));
    let set = members(2, 40_000);
    let updates: Vec<_> = names
        .iter()
        .map(|attribute| AttributeUpdate { attribute, action: AttributeAction::Add, value: Some(&set) })
        .collect();
    let update = attribute_updates(&updates).unwrap();
    let applied = update.apply(Some(EncodedItem::from_item(&old).view()), &Item::new());
    assert_eq!(applied, Err(EvaluationError::ItemTooLarge));
}

#[test]
fn what_goes_is_not_counted() {
    let old = item(vec![("big", text(390_000)), ("k", text(1))]);
    let values = item(vec![(":v", text(390_000))]);
    assert_eq!(updated(&old, "SET copied = :v REMOVE big", &values), Ok(390_008));
    assert_eq!(updated(&old, "SET copied = big REMOVE big", &values), Ok(390_008));
    assert_eq!(updated(&old, "SET big = :v", &values), Ok(390_005));
}

#[test]
fn an_item_that_is_a_little_too_large_is_made() {
    // What else is wrong with it is told first; whoever applies the update looks at the size last.
    let values = item(vec![(":v", text(limits::ITEM_SIZE_MAX))]);
    assert_eq!(updated(&Item::new(), "SET a = :v", &values), Ok(limits::ITEM_SIZE_MAX + 1));
}

#[test]
fn what_is_wrong_with_an_item_that_is_too_large_is_told_before_its_size() {
    let old = item(vec![("l", text(390_000))]);
    let none = Item::new();
    assert_eq!(updated(&old, "SET a = l, b = l, c = l", &none), Ok(4 * 390_001));
    assert_eq!(updated(&old, "SET a = l, b = l, c.x = l", &none), Err(EvaluationError::DocumentPath));
    assert_eq!(updated(&old, "SET a = l, b = l, c = l, d = nope", &none), Err(EvaluationError::MissingAttribute));
    assert_eq!(updated(&old, "SET a = l, b = l, c = l, d = l, e = l", &none), Err(EvaluationError::ItemTooLarge));
}

#[test]
fn the_size_of_a_statement_counts_every_value_until_it_is_too_large() {
    let statement_size = |expression: &str, values: &Item<'_>| {
        parse_update(expression, &Placeholders::new(&[], Some(values))).unwrap().statement_size()
    };
    // With the names and the actions around it, this value alone makes a statement of the largest size.
    let fits = limits::ITEM_SIZE_MAX - statement_size("SET a = :s, b = :s", &item(vec![(":s", text(0))]));
    let values = item(vec![(":v", text(fits)), (":s", text(1)), (":empty", text(0))]);
    assert_eq!(statement_size("SET a = :v, b = :empty", &values), limits::ITEM_SIZE_MAX);
    assert_eq!(statement_size("SET a = :v, b = :s", &values), limits::ITEM_SIZE_MAX + 1);
    let often = targets(400, ":v");
    assert!(statement_size(&often, &values) < 3 * limits::ITEM_SIZE_MAX);
}

#[test]
fn the_words() {
    let words = "Item size to update has exceeded the maximum allowed size";
    assert_eq!(EvaluationError::ItemTooLarge.to_string(), words);
}
