//! Random and hostile texts: whatever comes in, parsing and evaluating end soon and without a panic, and what an update makes of an item
//! is a well-formed item.

#![allow(clippy::expect_used, clippy::panic, reason = "a failing expectation fails the test")]

mod notation;
mod random;

use expression::{ExpressionKind, Placeholders, parse_condition, parse_key_condition, parse_projection, parse_update};
use model::{EncodedItem, Item, KeyAttribute, KeySchema, ScalarType};
use random::Random;
use std::borrow::Cow;

const WORDS: [&str; 62] = [
    "a",
    "b",
    "pk",
    "l",
    "m",
    "ss",
    "status",
    "#a",
    "#b",
    "#nope",
    ":n",
    ":s",
    ":l",
    ":ss",
    ":m",
    ":nope",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    "[0]",
    "[7]",
    ".",
    ",",
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "AND",
    "OR",
    "NOT",
    "BETWEEN",
    "IN",
    "SET",
    "REMOVE",
    "ADD",
    "DELETE",
    "attribute_exists(",
    "attribute_type(",
    "begins_with(",
    "contains(",
    "size(",
    "if_not_exists(",
    "list_append(",
    "nope(",
    "0",
    "12",
    "99999999999",
    "#",
    ":",
    "_",
    "!",
    "ü",
    "\n",
    " ",
    "a.b[1].c",
];

const GOOD: [&str; 12] = [
    "SET a = :n, b = if_not_exists(b, :n) + :n, m.k = list_append(l, :l) REMOVE l[0], l[7] ADD c :n DELETE ss :ss",
    "set l[1] = :s, l[9] = :n, m.x = a remove l[0], m.k add m.n :n",
    "a = :n AND (b <> :s OR NOT contains(l, :n)) AND size(m) >= :n",
    "pk = :s AND a BETWEEN :n AND :n",
    "begins_with(pk, :s) and pk = :s",
    "attribute_type(a, :t) OR a IN (:n, :s, b, size(l))",
    "pk, a, m.k, m.x, l[0], l[3].x, #a",
    "NOT (NOT attribute_exists(a) OR attribute_not_exists(m.k[3].x))",
    "REMOVE a, b, c, l[0], l[1], m.k",
    "ADD a :n, ss :ss",
    "((a = :n) AND (b = :n)) OR c = :n",
    "SET a = (a - :n), b = (b) + (:n)",
];

struct Request {
    names: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    values: Item<'static>,
    item: EncodedItem,
    key: Item<'static>,
    schema: KeySchema,
}

impl Request {
    fn new() -> Self {
        let key = |name: &str, kind| KeyAttribute { name: name.to_owned(), kind };
        Self {
            names: vec![("#a".into(), "a".into()), ("#b".into(), "b.c".into())],
            values: Item::from_pairs(notation::pairs(
                r#":n = 1, :s = "x", :l = [1, 2], :ss = <"x">, :m = {k: 1}, :t = "S""#,
            )),
            item: EncodedItem::from_item(&notation::item(
                r#"{pk: "k", a: 1, b: {c: [1, {c: 2}]}, l: [1, [2], {x: 3}], m: {k: [4], n: 5}, ss: <"x", "y">}"#,
            )),
            key: notation::item(r#"{pk: "k"}"#),
            schema: KeySchema { partition: vec![key("pk", ScalarType::S)], sort: vec![key("a", ScalarType::N)] },
        }
    }

    /// Reads a text as every kind of expression, and uses those that are well formed. Returns how many are.
    fn run(&self, text: &str) -> usize {
        let placeholders = Placeholders::new(&self.names, Some(&self.values));
        let mut well_formed = 0;
        for item in [None, Some(self.item.view())] {
            for kind in [ExpressionKind::Condition, ExpressionKind::Filter] {
                match parse_condition(kind, text, &placeholders) {
                    Ok(condition) => {
                        condition.holds(item).expect("conditions do not fail");
                        condition.paths();
                        well_formed += 1;
                    }
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
            match parse_update(text, &placeholders) {
                Ok(update) => {
                    well_formed += 1;
                    update.statement_size();
                    update.paths();
                    if let Ok(new) = update.apply(item, &self.key) {
                        new.view().check_deep().expect("a well-formed item");
                        let parts =
                            [update.updated_new(item, new.view()), item.and_then(|old| update.updated_old(old))];
                        for part in parts.into_iter().flatten() {
                            part.view().check_deep().expect("a well-formed item");
                        }
                    }
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        if let Ok(projection) = parse_projection(text, &placeholders) {
            projection.project(self.item.view()).view().check_deep().expect("a well-formed item");
            well_formed += 1;
        }
        if let Ok(parsed) = parse_key_condition(text, &placeholders) {
            match parsed
                .conditions()
                .map(|condition| condition.resolve(&self.schema).map_err(|error| error.to_string()))
            {
                Ok(Ok(bounds)) => assert_eq!(bounds.partition.len(), 1),
                Ok(Err(message)) => assert!(!message.is_empty()),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        well_formed
    }
}

#[test]
fn words_in_any_order() {
    let request = Request::new();
    let mut random = Random::new(0x5eed_0001);
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..=random.below(24) {
            text.push_str(random.pick(&WORDS));
            if !random.one_in(3) {
                text.push(' ');
            }
        }
        request.run(&text);
    }
}

#[test]
fn good_expressions_damaged() {
    let request = Request::new();
    let mut random = Random::new(0x5eed_0002);
    let mut well_formed = 0;
    for round in 0..20_000 {
        let mut parts: Vec<&str> = GOOD[round % GOOD.len()].split_inclusive([' ', '(', ')', ',']).collect();
        for _ in 0..random.below(3) {
            let at = random.below(parts.len());
            match random.below(4) {
                0 => drop(parts.remove(at)),
                1 => parts.insert(at, parts[at]),
                2 => parts[at] = random.pick(&WORDS),
                _ => parts.swap(at, 0),
            }
            if parts.is_empty() {
                parts.push("a");
            }
        }
        well_formed += request.run(&parts.concat());
    }
    assert!(well_formed > 5_000, "{well_formed}");
}

#[test]
fn bytes_in_any_order() {
    let request = Request::new();
    let mut random = Random::new(0x5eed_0003);
    for _ in 0..5_000 {
        let text: String =
            (0..random.below(40)).map(|_| char::from_u32(random.below(0x250) as u32).unwrap_or(' ')).collect();
        request.run(&text);
    }
}

/// Texts of the greatest length that repeat one thing, which is where recursion and squares would show.
#[test]
fn hostile_texts_end_soon() {
    let request = Request::new();
    let pieces = [
        "(",
        ")",
        "NOT ",
        "NOT(",
        "size(",
        "if_not_exists(a,",
        "a.",
        "a[0]",
        "[0]",
        "a=a AND ",
        "a=:n OR ",
        "a IN (",
        "a IN (:n) AND ",
        "SET a=a,",
        "SET a=(",
        "SET a=if_not_exists(b,",
        "REMOVE ",
        "a,",
        "l[0],",
        "#a,",
        ":n",
        "((",
        "a BETWEEN ",
        "a BETWEEN :n AND ",
        "(a=:n)AND",
        "((a=:n)OR",
        "!",
        "ü",
    ];
    let starts = ["", "SET a=", "REMOVE ", "SET ", "a=", "pk=:s AND ", "a IN (", "NOT "];
    for start in starts {
        for piece in pieces {
            let mut text = start.to_owned();
            while text.len() + piece.len() + 4 <= 4096 {
                text.push_str(piece);
            }
            request.run(&text);
            text.push_str("a=:n");
            request.run(&text);
        }
    }
    let names = |separator: &str| {
        let names = (0..).map(|number| format!("a{number}"));
        let mut text = String::new();
        for name in names.take_while(|name| name.len() < 5) {
            if text.len() + name.len() + separator.len() > 4080 {
                break;
            }
            text.push_str(&name);
            text.push_str(separator);
        }
        text
    };
    request.run(&format!("REMOVE {}z", names(",")));
    request.run(&format!("REMOVE {}a1", names(",")));
    request.run(&format!("{}z", names(".b,")));
    request.run(&format!("REMOVE {}a1.b.c", names(".b,")));
    let brackets = |depth: usize| format!("{}a=:n{}", "NOT(".repeat(depth), ")".repeat(depth));
    assert!(request.run(&brackets(298)) > 0);
}
