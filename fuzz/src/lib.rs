//! What several targets need: an item of every type of value, to parse and evaluate against.
//!
//! `targets/` has one program per target, each of which hands arbitrary bytes to one parser or decoder and says what must hold of what
//! comes out. A target never fails but by a panic. `corpus/` has inputs to begin with, `dictionaries/` the words of each language,
//! `../tests/run fuzz` builds and runs them.

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use model::{AttributeValue, Item, Number};
use std::borrow::Cow;

/// A number, which must be one.
pub fn number(text: &str) -> Number {
    Number::parse(text).expect("a number")
}

/// One value of each type, under the name of its type in lower case.
pub fn every_type() -> Vec<(&'static str, AttributeValue<'static>)> {
    let text = |text: &'static str| Cow::Borrowed(text);
    let map = Item::from_pairs(vec![
        ("a".into(), AttributeValue::string("x")),
        ("b".into(), AttributeValue::L(vec![AttributeValue::N(number("2")), AttributeValue::Null])),
    ]);
    vec![
        ("s", AttributeValue::string("text")),
        ("n", AttributeValue::N(number("-12.5"))),
        ("b", AttributeValue::B(Cow::Borrowed(&[0, 255]))),
        ("bool", AttributeValue::Bool(true)),
        ("null", AttributeValue::Null),
        ("ss", AttributeValue::Ss(vec![text("a"), text("b")])),
        ("ns", AttributeValue::Ns(vec![number("1"), number("2")])),
        ("bs", AttributeValue::Bs(vec![Cow::Borrowed(&[1]), Cow::Borrowed(&[2])])),
        ("l", AttributeValue::L(vec![AttributeValue::string("x"), AttributeValue::N(number("1"))])),
        ("m", AttributeValue::M(map)),
    ]
}

/// An item of all these values, with a key of `pk` and `sk`.
pub fn item() -> Item<'static> {
    let mut pairs: Vec<_> = every_type().into_iter().map(|(name, value)| (name.into(), value)).collect();
    pairs.push(("pk".into(), AttributeValue::string("p")));
    pairs.push(("sk".into(), AttributeValue::N(number("1"))));
    Item::from_pairs(pairs)
}

/// Any number, within DynamoDB's range more often than not.
pub fn any_number(input: &mut Unstructured<'_>) -> Result<Number> {
    let coefficient = input.arbitrary::<u128>()? >> input.int_in_range(0..=127)?;
    let magnitude = input.int_in_range(-131..=126)?;
    Ok(Number::from_parts(input.arbitrary()?, coefficient, magnitude).unwrap_or(Number::ZERO))
}
