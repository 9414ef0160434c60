//! The placeholders of a request: how long their keys may be, what counts as a use, and in which order the unused ones are listed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expression::{ExpressionKind, Placeholders, parse_condition, parse_projection};
use model::{AttributeValue, Item};
use std::borrow::Cow;

fn names(keys: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    keys.split(' ').map(|key| (key.into(), key.trim_start_matches('#').into())).collect()
}

fn values(keys: &str) -> Item<'_> {
    Item::from_pairs(keys.split(' ').map(|key| (key.into(), AttributeValue::Null)).collect())
}

/// What is said of placeholders that no expression uses.
fn unused(placeholders: &Placeholders<'_>) -> String {
    placeholders.check_used().map_or_else(|error| error.to_string(), |()| "all used".to_owned())
}

#[test]
fn a_placeholder_may_be_used_more_than_once() {
    let (names, values) = (names("#a #b"), values(":v :w"));
    let placeholders = Placeholders::new(&names, Some(&values));
    parse_condition(ExpressionKind::Filter, "#a = :v OR #a <> :v", &placeholders).unwrap();
    assert_eq!(unused(&placeholders), "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}");
    parse_projection("#a, #b", &placeholders).unwrap();
    assert_eq!(unused(&placeholders), "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}");
    parse_condition(ExpressionKind::Condition, "#b IN (:v, :w, :w)", &placeholders).unwrap();
    assert_eq!(unused(&placeholders), "all used");
}

#[test]
fn a_key_has_255_characters_at_most() {
    let of = |sign: &str, length: usize| format!("{sign}{}", "a".repeat(length - 1));
    let refused = "contains invalid key: The expression attribute map contains a key that is too long;";
    let check_name = |key: String| Placeholders::check_names(&names(&key)).map_err(|error| error.to_string());
    assert_eq!(check_name(of("#", 255)), Ok(()));
    assert_eq!(check_name(of("#", 256)), Err(format!("ExpressionAttributeNames {refused} size of key: 256")));
    let check_value = |key: String| Placeholders::check_values(&values(&key)).map_err(|error| error.to_string());
    assert_eq!(check_value(of(":", 255)), Ok(()));
    assert_eq!(check_value(of(":", 256)), Err(format!("ExpressionAttributeValues {refused}")));
}

/// The orders are those of the keys of a `java.util.HashMap`, as Java 17 prints them.
#[test]
fn unused_keys_are_listed_in_the_order_of_a_java_hash_map() {
    let rows = [
        ("#city #size #email #weight", "#weight, #email, #city, #size"),
        (
            "#size #order_id #status #street #color #kind #last_name #count #name #owner #country #weight #city",
            "#color, #order_id, #size, #kind, #street, #count, #name, #weight, #status, #country, #city, #last_name, #owner",
        ),
    ];
    for (keys, listed) in rows {
        assert_eq!(
            unused(&Placeholders::new(&names(keys), None)),
            format!("Value provided in ExpressionAttributeNames unused in expressions: keys: {{{listed}}}")
        );
    }
    assert_eq!(
        unused(&Placeholders::new(&[], Some(&values(":low :high :owner :now")))),
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:now, :owner, :low, :high}"
    );
}
