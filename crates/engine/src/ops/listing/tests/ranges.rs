//! Which items a key condition reads, in which order.

use super::*;

fn condition_rows(kind: &str) -> Vec<(&'static str, [i64; 2])> {
    let mut rows = vec![];
    for low in -3..=6 {
        for operator in ["k = :l", "k < :l", "k <= :l", "k > :l", "k >= :l", ":l > k", ":l <= k"] {
            rows.push((operator, [low, low]));
        }
        rows.extend((low..=6).map(|high| ("k BETWEEN :l AND :h", [low, high])));
    }
    if kind == "S" {
        rows.extend((0..=6).map(|low| ("begins_with(k, :l)", [low, low])));
    }
    rows
}

/// The sort key values of a table; as text they are ordered otherwise than as numbers.
const SORT_KEYS: [i64; 12] = [-30, -2, -1, 0, 1, 2, 3, 5, 10, 11, 20, 100];

fn expected(operator: &str, bounds: [i64; 2], kind: &str) -> Vec<String> {
    let mut keys = SORT_KEYS.to_vec();
    if kind == "S" {
        keys.sort_by_key(i64::to_string);
    }
    let order = |left: i64, right: i64| match kind {
        "S" => left.to_string().cmp(&right.to_string()),
        _ => left.cmp(&right),
    };
    let [low, high] = bounds;
    let allowed = |key: &i64| match operator {
        "k = :l" => *key == low,
        "k < :l" | ":l > k" => order(*key, low).is_lt(),
        "k <= :l" => order(*key, low).is_le(),
        "k > :l" => order(*key, low).is_gt(),
        "k >= :l" | ":l <= k" => order(*key, low).is_ge(),
        "k BETWEEN :l AND :h" => order(*key, low).is_ge() && order(*key, high).is_le(),
        _ => key.to_string().starts_with(&low.to_string()),
    };
    keys.into_iter().filter(allowed).map(|key| key.to_string()).collect()
}

fn check_kind(kind: &'static str) {
    let fixture = Fixture::new(&table(&format!("p:S k:{kind}")));
    let value = |number: i64| if kind == "S" { s(&number.to_string()) } else { n(number) };
    for key in SORT_KEYS {
        for partition in ["a", "b", "a\0"] {
            fixture.put(&item([("p", s(partition)), ("k", value(key))]));
        }
    }
    for (operator, [low, high]) in condition_rows(kind) {
        if operator.contains("BETWEEN") && kind == "S" && low.to_string() > high.to_string() {
            continue;
        }
        let condition: &'static str = Box::leak(format!("p = :p AND {operator}").into_boxed_str());
        let mut values = item([(":p", s("a")), (":l", value(low)), (":h", value(high))]);
        if !operator.contains(":h") {
            values.remove(":h");
        }
        let mut ask = Ask::condition(condition, values);
        let mut want = expected(operator, [low, high], kind);
        assert_eq!(column(&ask.query(&fixture).unwrap(), "k"), want.join(" "), "{operator} {low} {high}");
        ask.backward = true;
        want.reverse();
        assert_eq!(column(&ask.query(&fixture).unwrap(), "k"), want.join(" "), "{operator} {low} {high}, backward");
    }
}

#[test]
fn conditions_on_numbers() {
    check_kind("N");
}

#[test]
fn conditions_on_strings() {
    check_kind("S");
}

#[test]
fn conditions_on_bytes() {
    let fixture = Fixture::new(&table("p:S k:B"));
    let bytes = |bytes: &[u8]| AttributeValue::B(bytes.to_vec().into());
    let sort_keys: [&[u8]; 7] = [&[0], &[0, 0], &[0, 1], &[0, 0xff], &[1], &[0xff], &[0xff, 0xff]];
    for (at, key) in sort_keys.iter().enumerate() {
        fixture.put(&item([("p", s("a")), ("k", bytes(key)), ("at", n(at as i64))]));
    }
    let rows: [(&str, &[u8], &str); 6] = [
        ("p = :p AND begins_with(k, :l)", &[0], "0 1 2 3"),
        ("p = :p AND begins_with(k, :l)", &[0, 0], "1"),
        ("p = :p AND begins_with(k, :l)", &[0xff], "5 6"),
        ("p = :p AND k > :l", &[0], "1 2 3 4 5 6"),
        ("p = :p AND k < :l", &[0, 1], "0 1"),
        ("p = :p AND k >= :l", &[0xff, 0xff], "6"),
    ];
    for (condition, low, want) in rows {
        let ask = Ask::condition(condition, item([(":p", s("a")), (":l", bytes(low))]));
        assert_eq!(column(&ask.query(&fixture).unwrap(), "at"), want, "{condition} {low:?}");
    }
}

#[test]
fn a_table_without_a_sort_key() {
    let fixture = Fixture::new(&table("p:N"));
    fixture.put(&item([("p", n(1))]));
    fixture.put(&item([("p", n(10))]));
    let ask = Ask::condition("p = :p", item([(":p", n(1))]));
    let got = ask.query(&fixture).unwrap();
    assert_eq!((column(&got, "p").as_str(), got.count, got.scanned, got.last), ("1", 1, 1, None));
    let behind = Ask { start: Some(item([("p", n(1))])), ..ask }.query(&fixture).unwrap();
    assert_eq!((behind.count, behind.units.as_str()), (0, "0.5 = 0.5"));
}

/// The cases of the AWS-verified suite for a global index with one partition and four sort attributes (October 2026).
#[test]
fn keys_of_several_attributes() {
    let table = with_index(table("pk:S"), "gsi", IndexKind::Global, schema(1, "h:S a:S b:S c:S d:S"), Projection::All);
    let fixture = Fixture::new(&table);
    let rows = ["p1 T live b r1", "p2 T live a r2", "p3 T live a r1", "p4 T draft c r1", "p5 F live a r0"];
    for row in rows {
        let parts: Vec<&str> = row.split(' ').collect();
        let [pk, a, b, c, d] = parts.try_into().unwrap();
        fixture.put(&item([("pk", s(pk)), ("h", s("o1")), ("a", s(a)), ("b", s(b)), ("c", s(c)), ("d", s(d))]));
    }
    fixture.put(&item([("pk", s("p6")), ("h", s("o1")), ("a", s("T")), ("b", s("live")), ("d", s("r1"))]));
    let values = [(":h", "o1"), (":a", "T"), (":b", "live"), (":c", "a"), (":d", "r"), (":x", "r1"), (":y", "r1")];
    let ask = |condition: &'static str| {
        let used = values.iter().filter(|(name, _)| condition.contains(name));
        let values = Item::from_pairs(used.map(|(name, value)| ((*name).into(), s(value))).collect());
        Ask { index: Some("gsi"), ..Ask::condition(condition, values) }
    };
    let rows = [
        ("h = :h", "p5 p4 p3 p2 p1"),
        ("h = :h AND a = :a", "p4 p3 p2 p1"),
        ("h = :h AND a = :a AND b = :b", "p3 p2 p1"),
        ("h = :h AND a = :a AND b = :b AND c = :c", "p3 p2"),
        ("h = :h AND a = :a AND b = :b AND c > :c", "p1"),
        ("h = :h AND a = :a AND b = :b AND c = :c AND begins_with(d, :d)", "p3 p2"),
        ("h = :h AND a = :a AND b = :b AND c = :c AND d BETWEEN :x AND :y", "p3"),
        ("h = :h AND a = :a AND b < :b", "p4"),
        ("b = :b AND h = :h AND a = :a", "p3 p2 p1"),
    ];
    for (condition, want) in rows {
        assert_eq!(column(&ask(condition).query(&fixture).unwrap(), "pk"), want, "{condition}");
        let mut backward: Vec<&str> = want.split(' ').collect();
        backward.reverse();
        let got = Ask { backward: true, ..ask(condition) }.query(&fixture).unwrap();
        assert_eq!(column(&got, "pk"), backward.join(" "), "{condition}, backward");
    }
    let last = Ask { limit: Some(2), ..ask("h = :h AND a = :a") }.query(&fixture).unwrap().last.unwrap();
    assert_eq!(last.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b", "c", "d", "h", "pk"]);
    let gap = "RANGE key attributes b must have equality conditions specified in the query because a condition is present on \
               key attribute c";
    assert_eq!(ask("h = :h AND a = :a AND c = :c").query(&fixture).unwrap_err(), gap);
    assert_eq!(ask("h = :h AND a = :a AND b > :b AND c = :c").query(&fixture).unwrap_err(), gap);
}
