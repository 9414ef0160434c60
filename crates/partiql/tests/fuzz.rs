//! Statements that nobody writes: words in any order, good statements damaged, texts that would show recursion and squares.
//!
//! Nothing is expected but an end: a statement that is refused has words, one that is accepted can be used. Seeds are fixed.

#![allow(clippy::expect_used, reason = "a failing expectation fails the test")]

mod notation;
#[path = "../../expression/tests/random/mod.rs"]
mod random;

use model::{AttributeValue, EncodedItem, Item};
use notation::values;
use partiql::{OneOfOne, Operation, Pins, branches, parse};
use random::Random;

/// The longest statement of the service model.
const LENGTH_MAX: usize = 8192;

const WORDS: [&str; 79] = [
    "SELECT",
    "INSERT INTO",
    "UPDATE",
    "DELETE FROM",
    "FROM",
    "WHERE",
    "SET",
    "REMOVE",
    "VALUE",
    "RETURNING ALL OLD *",
    "RETURNING MODIFIED NEW *",
    "ORDER BY",
    "ASC",
    "DESC",
    "LIMIT",
    "EXISTS(",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "IS",
    "NULL",
    "MISSING",
    "LIKE",
    "TRUE",
    "false",
    "STRING",
    "a",
    "b",
    "pk",
    "sk",
    "t",
    "\"t\"",
    "\"t\".\"i\"",
    "a.b",
    "l[0]",
    "l[-1]",
    "a.b[1].c",
    "inner",
    "'x'",
    "'it''s'",
    "''",
    "'",
    "\"",
    "1",
    "-1",
    "1e5",
    ".5",
    "1e126",
    "1e99999999999",
    "?",
    "*",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{'a':",
    "<<",
    ">>",
    "<<'x'>>",
    "<<1, 2>>",
    ",",
    ".",
    ":",
    ";",
    "=",
    "<>",
    "<",
    ">=",
    "+",
    "-",
    "--",
    "/*",
    "*/",
    "set_add(a,",
    "size(",
];

const GOOD: [&str; 14] = [
    "SELECT * FROM t WHERE pk = 'a' AND sk > 1 ORDER BY sk DESC",
    "SELECT a , b.c , l[0] FROM \"t\".\"i\" WHERE pk IN ['a', 'b'] AND contains(a, 'x')",
    "SELECT * FROM t WHERE ( a = 1 OR b = 2 ) AND NOT c = 3",
    "SELECT * FROM t WHERE a BETWEEN 1 AND 2 AND b IS NOT MISSING",
    "SELECT * FROM t WHERE attribute_exists(a) = true OR size(b) > 3",
    "INSERT INTO t VALUE { 'pk' : 'a' , 'l' : [ 1 , { 'k' : <<1, 2>> } ] , 'n' : NULL }",
    "INSERT INTO t VALUE { 'pk' : ? , 'm' : {} }",
    "UPDATE t SET a = 1 , b = b + 1 REMOVE c WHERE pk = 'a' RETURNING ALL NEW *",
    "UPDATE t SET a.b = list_append(a.b, [ 1 ]) SET s = set_add(s, <<'x'>>) WHERE pk = 'a' AND sk = 1",
    "FROM t WHERE pk = 'a' SET a = - 1 REMOVE b",
    "DELETE FROM t WHERE pk = 'a' AND sk = 1 AND a <> 'x' RETURNING ALL OLD *",
    "EXISTS( SELECT * FROM t WHERE pk = 'a' AND a IS MISSING )",
    "SELECT * FROM t -- note \n WHERE pk = 'a' /* more */ ;",
    "SELECT * FROM t WHERE pk = ? AND ( sk = 1 OR sk = 2 )",
];

struct Request {
    parameters: Vec<AttributeValue<'static>>,
    item: EncodedItem,
    key: Item<'static>,
}

impl Request {
    fn new() -> Self {
        Self {
            parameters: vec![values::value("\"a\"")],
            item: EncodedItem::from_item(&values::item(
                r#"{pk: "a", sk: 1, a: {b: [1, {c: 2}]}, b: 2, l: [1, [2], {x: 3}], s: <"x", "y">}"#,
            )),
            key: values::item(r#"{pk: "a"}"#),
        }
    }

    /// Uses a statement as far as it goes. Returns whether it can be lowered.
    fn run(&self, text: &str) -> bool {
        let statement = match parse(text) {
            Ok(statement) => statement,
            Err(problem) => {
                assert!(!problem.to_string().is_empty());
                return false;
            }
        };
        let parameters = &self.parameters[..statement.parameters.min(self.parameters.len())];
        let operation = match statement.lower(parameters) {
            Ok(operation) => operation,
            Err(problem) => {
                assert!(!problem.to_string().is_empty());
                return false;
            }
        };
        let filter = match &operation {
            Operation::Select(select) | Operation::Exists(select) => {
                if let Some(projection) = &select.projection {
                    projection.project(self.item.view()).view().check_deep().expect("a well-formed item");
                }
                select.filter.as_ref()
            }
            Operation::Insert(item) => {
                EncodedItem::from_item(item).view().check_deep().expect("a well-formed item");
                None
            }
            Operation::Update(write, update) => {
                for old in [None, Some(self.item.view())] {
                    if let Ok(new) = update.apply(old, &self.key) {
                        new.view().check_deep().expect("a well-formed item");
                    }
                }
                write.filter.as_ref()
            }
            Operation::Delete(write) => write.filter.as_ref(),
        };
        if let Some(filter) = filter {
            for item in [None, Some(self.item.view())] {
                filter.condition().holds(item).expect("conditions do not fail");
            }
            Pins::of(Some(filter), &["pk", "sk"], OneOfOne::IsEqual);
            if let Ok(Some(branches)) = branches(Some(filter), ("pk", Some("sk"))) {
                assert!(branches.len() <= 50 && branches.iter().all(|branch| !branch.partition.is_empty()));
            }
        }
        true
    }
}

#[test]
fn words_in_any_order() {
    let request = Request::new();
    let mut random = Random::new(0x5eed_0001);
    for _ in 0..20_000 {
        let mut text =
            String::from(random.pick(&["", "SELECT * FROM t WHERE ", "UPDATE t SET ", "INSERT INTO t VALUE "]));
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
fn good_statements_damaged() {
    let request = Request::new();
    let mut random = Random::new(0x5eed_0002);
    let mut accepted = 0;
    for round in 0..20_000 {
        let mut parts: Vec<&str> = GOOD[round % GOOD.len()].split_inclusive(' ').collect();
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
        accepted += usize::from(request.run(&parts.concat()));
    }
    assert!(accepted > 5_000, "{accepted}");
}

#[test]
fn characters_in_any_order() {
    let request = Request::new();
    let mut random = Random::new(0x5eed_0003);
    for _ in 0..5_000 {
        let text: String =
            (0..random.below(40)).map(|_| char::from_u32(random.below(0x250) as u32).unwrap_or(' ')).collect();
        request.run(&text);
    }
}

const STARTS: [&str; 13] = [
    "",
    "SELECT ",
    "SELECT * FROM t WHERE ",
    "SELECT * FROM t WHERE pk='a' AND ",
    "SELECT * FROM t WHERE pk IN [",
    "UPDATE t SET a=",
    "UPDATE t SET ",
    "UPDATE t REMOVE ",
    "INSERT INTO t VALUE {'a':",
    "INSERT INTO t VALUE {",
    "SELECT * FROM t ORDER BY ",
    "SELECT a",
    "EXISTS(",
];

const PIECES: [&str; 51] = [
    "(",
    ")",
    "[",
    "{'a':",
    "<<",
    "NOT ",
    "NOT(",
    "-",
    "- ",
    "+",
    "a.",
    ".b",
    "[0]",
    "a=1 AND ",
    "a=1 OR ",
    "a=",
    "=a",
    "+a",
    "a IN (",
    "a IN [1] AND ",
    "a BETWEEN ",
    "size(",
    "attribute_exists(",
    "set_add(a,",
    "a,",
    "'x',",
    "1,",
    "a=1,",
    "a,b,",
    "/*",
    "/**/",
    "--\n",
    "'",
    "''",
    "\"",
    "?",
    "?,",
    "'k':1,",
    "pk='a' OR ",
    "pk IN ['a','b'] AND ",
    "(sk=1 OR sk=2) AND ",
    "(a=1 OR b=1) AND ",
    "((a=1)AND",
    "(pk='a' OR pk='b') AND ",
    "<<1>>,",
    "a IS NULL AND ",
    ";",
    "ü",
    "*",
    ".",
    "EXISTS(",
];

/// Texts of the greatest length that repeat one thing.
#[test]
fn hostile_texts_end_soon() {
    let request = Request::new();
    for start in STARTS {
        for piece in PIECES {
            let mut text = start.to_owned();
            while text.len() + piece.len() + 8 <= LENGTH_MAX {
                text.push_str(piece);
            }
            request.run(&text);
            text.push_str("a=1");
            request.run(&text);
        }
    }
}
