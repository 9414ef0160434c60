//! A short notation for values in test tables: `"text"`, `1.5`, `b"bytes"`, `true`, `null`, `<"a", "b">` (sets), `[1, 2]`, `{a: 1}`.

#![allow(dead_code, reason = "every test program uses another part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a malformed table fails the test")]

use model::{AttributeValue, Item, ItemView, Number, ValueView};
use std::borrow::Cow;

/// Reads a value; panics with the rest of the text where it is malformed.
pub fn value(text: &str) -> AttributeValue<'static> {
    let mut reader = Reader(text);
    let value = reader.value();
    assert!(reader.0.trim().is_empty(), "behind the value: {}", reader.0);
    value
}

/// Reads an item, `{a: 1, "b c": 2}`.
pub fn item(text: &str) -> Item<'static> {
    match value(text) {
        AttributeValue::M(item) => item,
        other => panic!("not an item: {other:?}"),
    }
}

/// Reads pairs, `:a = 1, :b = 2`.
pub fn pairs(text: &str) -> Vec<(Cow<'static, str>, AttributeValue<'static>)> {
    let mut reader = Reader(text);
    let mut pairs = Vec::new();
    while !reader.0.trim().is_empty() {
        let name = reader.name();
        reader.expect("=");
        pairs.push((Cow::Owned(name), reader.value()));
        reader.accept(",");
    }
    pairs
}

/// Writes an item in the notation.
pub fn shown(item: ItemView<'_>) -> String {
    let attributes = item.iter().map(|(name, value)| format!("{name}: {}", shown_value(value)));
    format!("{{{}}}", attributes.collect::<Vec<_>>().join(", "))
}

/// Writes a value in the notation.
pub fn shown_value(value: ValueView<'_>) -> String {
    let list = |texts: Vec<String>| texts.join(", ");
    match value {
        ValueView::S(text) => format!("{text:?}"),
        ValueView::N(text) => text.to_owned(),
        ValueView::B(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
        ValueView::Bool(value) => value.to_string(),
        ValueView::Null => "null".to_owned(),
        ValueView::Ss(set) => format!("<{}>", list(set.texts().map(|text| format!("{text:?}")).collect())),
        ValueView::Ns(set) => format!("<{}>", list(set.texts().map(str::to_owned).collect())),
        ValueView::Bs(set) => {
            format!("<{}>", list(set.members().map(|bytes| format!("b{:?}", String::from_utf8_lossy(bytes))).collect()))
        }
        ValueView::L(elements) => format!("[{}]", list(elements.values().map(shown_value).collect())),
        ValueView::M(map) => shown(map.attributes()),
    }
}

struct Reader<'t>(&'t str);

impl Reader<'_> {
    fn accept(&mut self, sign: &str) -> bool {
        self.0 = self.0.trim_start();
        match self.0.strip_prefix(sign) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: &str) {
        assert!(self.accept(sign), "expected {sign} at: {}", self.0);
    }

    fn take(&mut self, part: impl Fn(char) -> bool) -> String {
        let length = self.0.find(|c| !part(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken.to_owned()
    }

    fn name(&mut self) -> String {
        if self.accept("\"") {
            return self.quoted();
        }
        self.0 = self.0.trim_start();
        // A colon may start a name (of a placeholder) but is not part of it behind.
        let sign = if self.accept(":") { ":" } else { "" };
        format!("{sign}{}", self.take(|c| c.is_alphanumeric() || "_#-.".contains(c)))
    }

    fn quoted(&mut self) -> String {
        let end = self.0.find('"').expect("a closing quote");
        let text = self.0[..end].to_owned();
        self.0 = &self.0[end + 1..];
        text
    }

    fn value(&mut self) -> AttributeValue<'static> {
        self.0 = self.0.trim_start();
        if self.accept("b\"") {
            return AttributeValue::B(Cow::Owned(self.quoted().into_bytes()));
        }
        if self.accept("\"") {
            return AttributeValue::S(Cow::Owned(self.quoted()));
        }
        if self.accept("<") {
            return set(self.list(">"));
        }
        if self.accept("[") {
            return AttributeValue::L(self.list("]"));
        }
        if self.accept("{") {
            return AttributeValue::M(self.members());
        }
        let word = self.take(|c| c.is_alphanumeric() || "+-.".contains(c));
        match word.as_str() {
            "true" => AttributeValue::Bool(true),
            "false" => AttributeValue::Bool(false),
            "null" => AttributeValue::Null,
            number => {
                AttributeValue::N(Number::parse(number).unwrap_or_else(|_| panic!("a number: {number} {}", self.0)))
            }
        }
    }

    fn list(&mut self, end: &str) -> Vec<AttributeValue<'static>> {
        let mut values = Vec::new();
        while !self.accept(end) {
            values.push(self.value());
            self.accept(",");
        }
        values
    }

    fn members(&mut self) -> Item<'static> {
        let mut members = Vec::new();
        while !self.accept("}") {
            let name = self.name();
            self.accept(":");
            members.push((Cow::Owned(name), self.value()));
            self.accept(",");
        }
        Item::from_pairs(members)
    }
}

fn set(members: Vec<AttributeValue<'static>>) -> AttributeValue<'static> {
    let (mut texts, mut numbers, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for member in members {
        match member {
            AttributeValue::S(text) => texts.push(text),
            AttributeValue::N(number) => numbers.push(number),
            AttributeValue::B(member) => bytes.push(member),
            other => panic!("not a set's member: {other:?}"),
        }
    }
    texts.sort();
    numbers.sort();
    bytes.sort();
    match (texts.is_empty(), numbers.is_empty()) {
        (false, _) => AttributeValue::Ss(texts),
        (_, false) => AttributeValue::Ns(numbers),
        _ => AttributeValue::Bs(bytes),
    }
}
