//! Conditions against a second evaluator that is as plain as can be: a tree of conditions over the item's tree. Random conditions are
//! written as text, parsed and evaluated on random items in their stored form, and both must agree.

#![allow(clippy::expect_used, clippy::panic, reason = "a failing expectation fails the test")]

mod notation;
mod random;

use expression::{ExpressionKind, Placeholders, Problem, parse_condition};
use model::{AttributeValue, EncodedItem, Item};
use random::Random;
use std::borrow::Cow;

enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Compare(&'static str, String, String),
    Between(String, String, String),
    In(String, Vec<String>),
    Call(&'static str, String, Option<String>),
}

const PATHS: [&str; 9] = ["a", "b", "c", "m.x", "m.y.z", "l[0]", "l[2].x", "l[1]", "nope"];
const ORDERED: [&str; 6] = [":n1", ":n2", ":s1", ":s2", ":b1", ":b2"];
const OTHERS: [&str; 7] = [":t", ":z", ":l", ":m", ":ss", ":ns", ":bs"];
const LITERALS: [&str; 16] = [
    "1",
    "2.50",
    "-3",
    r#""a""#,
    r#""ab""#,
    r#""""#,
    r#"b"a""#,
    r#"b"ab""#,
    "true",
    "null",
    "[1, 2.5]",
    "{x: 1}",
    r#"<"a", "b">"#,
    "<1, 2.5>",
    r#"<b"a">"#,
    r#"[{x: 1}, "a"]"#,
];

fn node(random: &mut Random, depth: usize) -> Node {
    let inner = |random: &mut Random| Box::new(node(random, depth - 1));
    match random.below(if depth == 0 { 5 } else { 11 }) {
        0 | 1 => comparison(random),
        2 => Node::Between(path(random), ordered(random), path(random)),
        3 => Node::In(path(random), (0..=random.below(3)).map(|_| literal(random)).collect()),
        4 => call(random),
        5 | 6 => Node::And(inner(random), inner(random)),
        7 | 8 => Node::Or(inner(random), inner(random)),
        _ => Node::Not(inner(random)),
    }
}

fn comparison(random: &mut Random) -> Node {
    let comparator = random.pick(&["=", "<>", "<", "<=", ">", ">="]);
    let right = if matches!(comparator, "=" | "<>") { literal(random) } else { ordered(random) };
    let left = if random.one_in(5) { format!("size({})", path(random)) } else { path(random) };
    if random.one_in(4) { Node::Compare(comparator, right, left) } else { Node::Compare(comparator, left, right) }
}

fn call(random: &mut Random) -> Node {
    match random.below(5) {
        0 => Node::Call("attribute_exists", path(random), None),
        1 => Node::Call("attribute_not_exists", path(random), None),
        2 => Node::Call("begins_with", path(random), Some(random.pick(&[":s1", ":s2", ":b1", ":b2"]).to_owned())),
        3 => Node::Call("attribute_type", path(random), Some(random.pick(&[":tS", ":tN", ":tL", ":tSS"]).to_owned())),
        _ => Node::Call("contains", path(random), Some(literal(random))),
    }
}

fn path(random: &mut Random) -> String {
    random.pick(&PATHS).to_owned()
}

fn ordered(random: &mut Random) -> String {
    random.pick(&ORDERED).to_owned()
}

fn literal(random: &mut Random) -> String {
    if random.one_in(2) { random.pick(&OTHERS).to_owned() } else { ordered(random) }
}

/// Writes a condition. What binds less tightly than its place asks for is put in parentheses; others are at random.
fn text(node: &Node, tightness: usize, random: &mut Random) -> String {
    let (own, text) = match node {
        Node::Or(left, right) => (0, format!("{} OR {}", text(left, 0, random), text(right, 1, random))),
        Node::And(left, right) => (1, format!("{} and {}", text(left, 1, random), text(right, 2, random))),
        Node::Not(inner) => (2, format!("NOT {}", text(inner, 2, random))),
        Node::Compare(comparator, left, right) => (3, format!("{left} {comparator} {right}")),
        Node::Between(value, low, high) => (3, format!("{value} BETWEEN {low} AND {high}")),
        Node::In(value, list) => (3, format!("{value} IN ({})", list.join(","))),
        Node::Call(name, first, None) => (3, format!("{name}({first})")),
        Node::Call(name, first, Some(second)) => (3, format!("{name} ( {first} , {second} )")),
    };
    if own < tightness || random.one_in(4) { format!("({text})") } else { text }
}

struct World<'w> {
    item: &'w Item<'w>,
    values: &'w Item<'w>,
}

impl World<'_> {
    fn holds(&self, node: &Node) -> bool {
        match node {
            Node::And(left, right) => self.holds(left) & self.holds(right),
            Node::Or(left, right) => self.holds(left) | self.holds(right),
            Node::Not(inner) => !self.holds(inner),
            Node::Compare(comparator, left, right) => compare(comparator, self.operand(left), self.operand(right)),
            Node::Between(value, low, high) => {
                compare(">=", self.operand(value), self.operand(low))
                    && compare("<=", self.operand(value), self.operand(high))
            }
            Node::In(value, list) => list.iter().any(|other| compare("=", self.operand(value), self.operand(other))),
            Node::Call(name, first, second) => {
                let second = second.as_ref().and_then(|second| self.operand(second));
                call_holds(name, self.operand(first), second)
            }
        }
    }

    fn operand(&self, text: &str) -> Option<AttributeValue<'_>> {
        if let Some(path) = text.strip_prefix("size(") {
            let size = match self.operand(path.trim_end_matches(')'))? {
                AttributeValue::S(text) => text.encode_utf16().count(),
                AttributeValue::B(bytes) => bytes.len(),
                AttributeValue::Ss(set) => set.len(),
                AttributeValue::Ns(set) => set.len(),
                AttributeValue::Bs(set) => set.len(),
                AttributeValue::L(list) => list.len(),
                AttributeValue::M(map) => map.len(),
                _ => return None,
            };
            return Some(AttributeValue::N((size as u32).into()));
        }
        if text.starts_with(':') {
            return self.values.get(text).cloned();
        }
        let mut steps = text.split(['.', '[']).map(|step| step.trim_end_matches(']'));
        let mut value = self.item.get(steps.next()?)?;
        for step in steps {
            value = match value {
                AttributeValue::M(map) => map.get(step)?,
                AttributeValue::L(list) => list.get(step.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(value.clone())
    }
}

fn compare(comparator: &str, left: Option<AttributeValue<'_>>, right: Option<AttributeValue<'_>>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return comparator == "<>" };
    let order = match (&left, &right) {
        (AttributeValue::S(left), AttributeValue::S(right)) => left.as_bytes().partial_cmp(right.as_bytes()),
        (AttributeValue::N(left), AttributeValue::N(right)) => left.partial_cmp(right),
        (AttributeValue::B(left), AttributeValue::B(right)) => left.partial_cmp(right),
        _ => None,
    };
    match comparator {
        "=" => left == right,
        "<>" => left != right,
        "<" => order.is_some_and(|order| order.is_lt()),
        "<=" => order.is_some_and(|order| order.is_le()),
        ">" => order.is_some_and(|order| order.is_gt()),
        _ => order.is_some_and(|order| order.is_ge()),
    }
}

fn call_holds(name: &str, value: Option<AttributeValue<'_>>, second: Option<AttributeValue<'_>>) -> bool {
    use AttributeValue::{B, Bs, L, N, Ns, S, Ss};
    match (name, value, second) {
        ("attribute_exists", value, _) => value.is_some(),
        ("attribute_not_exists", value, _) => value.is_none(),
        ("attribute_type", Some(value), Some(S(name))) => value.attribute_type().name() == name,
        ("begins_with", Some(S(text)), Some(S(prefix))) => text.as_bytes().starts_with(prefix.as_bytes()),
        ("begins_with", Some(B(bytes)), Some(B(prefix))) => bytes.starts_with(&prefix),
        ("contains", Some(S(text)), Some(S(part))) => text.contains(part.as_ref()),
        ("contains", Some(B(bytes)), Some(B(part))) => {
            (0..bytes.len()).any(|at| bytes[at..].starts_with(&part)) || part.is_empty()
        }
        ("contains", Some(Ss(set)), Some(S(member))) => set.contains(&member),
        ("contains", Some(Ns(set)), Some(N(member))) => set.contains(&member),
        ("contains", Some(Bs(set)), Some(B(member))) => set.contains(&member),
        ("contains", Some(L(list)), Some(element)) => list.contains(&element),
        _ => false,
    }
}

fn item(random: &mut Random) -> Item<'static> {
    let literal = |random: &mut Random| random.pick(&LITERALS).to_owned();
    let mut parts = vec!["pk: 1".to_owned()];
    for name in ["a", "b", "c"] {
        if !random.one_in(4) {
            parts.push(format!("{name}: {}", literal(random)));
        }
    }
    if !random.one_in(4) {
        parts.push(format!("m: {{x: {}, y: {{z: {}}}}}", literal(random), literal(random)));
    }
    if !random.one_in(4) {
        parts.push(format!("l: [{}, {}, {{x: {}}}]", literal(random), literal(random), literal(random)));
    }
    notation::item(&format!("{{{}}}", parts.join(", ")))
}

#[test]
fn random_conditions_agree_with_the_plain_evaluator() {
    let values = Item::from_pairs(notation::pairs(
        r#":n1 = 1, :n2 = 2.5, :s1 = "a", :s2 = "ab", :b1 = b"a", :b2 = b"ab", :t = true, :z = null, :l = [1, 2.5], :m = {x: 1},
        :ss = <"b", "a">, :ns = <2.5, 1>, :bs = <b"a">, :tS = "S", :tN = "N", :tL = "L", :tSS = "SS""#,
    ));
    let names: [(Cow<'_, str>, Cow<'_, str>); 0] = [];
    let mut random = Random::new(0x5eed_0004);
    let (mut held, mut rounds) = (0, 0);
    while rounds < 20_000 {
        let depth = random.below(5);
        let node = node(&mut random, depth);
        let text = text(&node, 0, &mut random);
        let placeholders = Placeholders::new(&names, Some(&values));
        let condition = match parse_condition(ExpressionKind::Filter, &text, &placeholders) {
            Ok(condition) => condition,
            // Operands are at random, so that some do not go together; but every text is well formed.
            Err(error) => {
                let refused = matches!(error.problem(), Problem::Syntax { .. } | Problem::RedundantParentheses);
                assert!(!refused, "{error}: {text}");
                continue;
            }
        };
        let item = item(&mut random);
        let encoded = EncodedItem::from_item(&item);
        let expected = World { item: &item, values: &values }.holds(&node);
        assert_eq!(condition.holds(Some(encoded.view())), Ok(expected), "{text}\n{}", notation::shown(encoded.view()));
        held += usize::from(expected);
        rounds += 1;
    }
    assert!(held > 5_000 && held < 15_000, "{held}");
}
