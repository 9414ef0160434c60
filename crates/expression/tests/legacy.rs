//! The legacy parameters: what they refuse, with which words, and that what they accept does what it says.
//!
//! Many rows restate what dynalite's authors recorded of DynamoDB.

#![allow(clippy::expect_used, clippy::panic, reason = "a failing expectation fails the test")]

mod notation;

use expression::legacy::{
    AttributeAction, AttributeCondition, AttributeUpdate, ComparisonOperator, ConditionalOperator, ExpectedAttribute,
    attribute_updates, attributes_to_get, check_conditional_operator, expected, filter, key_conditions,
};
use expression::{KeyRelation, LegacyError};
use model::{AttributeValue, EncodedItem, Item, KeyAttribute, KeySchema, ScalarType, ValueView};
use notation::{shown, value};
use std::borrow::Cow;

const IPV: &str = "One or more parameter values were invalid: ";

fn operator(name: &str) -> ComparisonOperator {
    use ComparisonOperator::{BeginsWith, Between, Contains, Eq, Ge, Gt, In, Le, Lt, Ne, NotContains, NotNull, Null};
    let all = [Eq, Ne, In, Le, Lt, Ge, Gt, Between, NotNull, Null, Contains, NotContains, BeginsWith];
    all.into_iter().find(|operator| operator.name() == name).unwrap_or_else(|| panic!("no operator {name}"))
}

/// The arguments of `[1, 2]`.
fn arguments(text: &str) -> Vec<AttributeValue<'static>> {
    match value(text) {
        AttributeValue::L(values) => values,
        other => panic!("not a list: {other:?}"),
    }
}

fn holds(attribute: &str, name: &str, list: &str, item: Option<&EncodedItem>) -> String {
    let arguments = arguments(list);
    let condition = AttributeCondition { attribute, operator: operator(name), arguments: &arguments };
    match filter(&[condition], ConditionalOperator::And) {
        Ok(condition) => match condition.holds(item.map(EncodedItem::view)) {
            Ok(truth) => truth.to_string(),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    }
}

#[test]
fn conditions() {
    let item = EncodedItem::from_item(&notation::item(
        r#"{n: 5, s: "hello-world", b: b"abc", t: true, z: null, ss: <"a", "b">, ns: <1, 2>, bs: <b"x">, l: [1, "two", true], m: {k: "v"}, "a.b": 1}"#,
    ));
    let rows = [
        ("n", "EQ", "[5.0]", "true"),
        ("n", "EQ", r#"["5"]"#, "false"),
        ("ss", "EQ", r#"[<"b", "a">]"#, "true"),
        ("l", "EQ", r#"[[1, "two", true]]"#, "true"),
        ("m", "EQ", r#"[{k: "v"}]"#, "true"),
        ("t", "EQ", "[true]", "true"),
        ("z", "EQ", "[null]", "true"),
        ("nope", "EQ", "[5]", "false"),
        ("n", "NE", "[6]", "true"),
        ("n", "NE", "[5]", "false"),
        ("n", "NE", r#"["5"]"#, "true"),
        ("nope", "NE", "[5]", "true"),
        ("n", "LT", "[6]", "true"),
        ("n", "LT", "[5]", "false"),
        ("n", "LE", "[5]", "true"),
        ("n", "LE", "[6]", "true"),
        ("n", "LE", "[4]", "false"),
        ("n", "GT", "[4]", "true"),
        ("n", "GT", "[5]", "false"),
        ("n", "GE", "[5]", "true"),
        ("n", "GE", "[4]", "true"),
        ("n", "GE", "[6]", "false"),
        ("n", "GE", r#"["1"]"#, "false"),
        ("s", "GT", r#"["hello"]"#, "true"),
        ("b", "LT", r#"[b"abd"]"#, "true"),
        ("nope", "LT", "[6]", "false"),
        ("n", "IN", "[4, 5]", "true"),
        ("n", "IN", "[4]", "false"),
        ("nope", "IN", "[4]", "false"),
        ("n", "BETWEEN", "[5, 6]", "true"),
        ("n", "BETWEEN", "[6, 7]", "false"),
        ("s", "BETWEEN", r#"["a", "z"]"#, "true"),
        ("n", "NULL", "[]", "false"),
        ("z", "NULL", "[]", "false"),
        ("nope", "NULL", "[]", "true"),
        ("n", "NOT_NULL", "[]", "true"),
        ("nope", "NOT_NULL", "[]", "false"),
        ("s", "CONTAINS", r#"["lo-wo"]"#, "true"),
        ("s", "CONTAINS", "[5]", "false"),
        ("ss", "CONTAINS", r#"["a"]"#, "true"),
        ("ns", "CONTAINS", "[2]", "true"),
        ("bs", "CONTAINS", r#"[b"x"]"#, "true"),
        ("l", "CONTAINS", r#"["two"]"#, "true"),
        ("l", "CONTAINS", "[true]", "true"),
        ("nope", "CONTAINS", r#"["a"]"#, "false"),
        ("s", "NOT_CONTAINS", r#"["lo-wo"]"#, "false"),
        ("ss", "NOT_CONTAINS", r#"["c"]"#, "true"),
        ("nope", "NOT_CONTAINS", r#"["c"]"#, "true"),
        ("s", "BEGINS_WITH", r#"["hello"]"#, "true"),
        ("s", "BEGINS_WITH", r#"["world"]"#, "false"),
        ("b", "BEGINS_WITH", r#"[b"ab"]"#, "true"),
        ("n", "BEGINS_WITH", r#"["5"]"#, "false"),
        // The name is an attribute's, never a path.
        ("a.b", "EQ", "[1]", "true"),
        ("m.k", "NOT_NULL", "[]", "false"),
    ];
    for (attribute, name, list, expected) in rows {
        assert_eq!(holds(attribute, name, list, Some(&item)), expected, "{attribute} {name} {list}");
    }
    assert_eq!(holds("n", "NULL", "[]", None), "true");
    assert_eq!(holds("n", "EQ", "[5]", None), "false");
}

#[test]
fn conditions_refused() {
    let count = |name: &str| format!("{IPV}Invalid number of argument(s) for the {name} ComparisonOperator");
    for name in ["EQ", "NE", "LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH"] {
        assert_eq!(holds("a", name, "[]", None), count(name));
        assert_eq!(holds("a", name, r#"["a", 1]"#, None), count(name));
    }
    for (name, list) in [
        ("IN", "[]"),
        ("BETWEEN", "[]"),
        ("BETWEEN", "[1]"),
        ("BETWEEN", "[1, 2, 3]"),
        ("NULL", "[1]"),
        ("NOT_NULL", "[1]"),
        ("NULL", "[1, 2]"),
    ] {
        assert_eq!(holds("a", name, list, None), count(name));
    }
    let kind =
        |name: &str, kind: &str| format!("{IPV}ComparisonOperator {name} is not valid for {kind} AttributeValue type");
    let all = [
        ("true", "BOOL"),
        ("null", "NULL"),
        (r#"<"a">"#, "SS"),
        ("<1>", "NS"),
        (r#"<b"a">"#, "BS"),
        ("{}", "M"),
        ("[]", "L"),
    ];
    for (text, name) in all {
        for operator in ["LT", "LE", "GT", "GE", "IN", "BEGINS_WITH"] {
            assert_eq!(holds("a", operator, &format!("[{text}]"), None), kind(operator, name));
        }
        assert_eq!(holds("a", "BETWEEN", &format!("[{text}, {text}]"), None), kind("BETWEEN", name));
        if !matches!(name, "BOOL" | "NULL") {
            assert_eq!(holds("a", "CONTAINS", &format!("[{text}]"), None), kind("CONTAINS", name));
            assert_eq!(holds("a", "NOT_CONTAINS", &format!("[{text}]"), None), kind("NOT_CONTAINS", name));
        }
    }
    assert_eq!(holds("a", "BEGINS_WITH", "[1]", None), kind("BEGINS_WITH", "N"));
    let mixed = format!("{IPV}AttributeValues inside AttributeValueList must be of same type");
    assert_eq!(holds("a", "IN", r#"["b", 1]"#, None), mixed);
    assert_eq!(holds("a", "BETWEEN", r#"[true, 1]"#, None), mixed);
    assert_eq!(
        holds("a", "BETWEEN", r#"["b", "a"]"#, None),
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
    );
    assert_eq!(
        check_conditional_operator(0).unwrap_err().to_string(),
        "ConditionalOperator cannot be used without Filter or Expected"
    );
    assert_eq!(
        check_conditional_operator(1).unwrap_err().to_string(),
        "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    );
    assert!(check_conditional_operator(2).is_ok());
}

#[test]
fn several_conditions_are_joined() {
    let item = EncodedItem::from_item(&notation::item(r#"{a: 1, b: 2, c: "x"}"#));
    let one = [value("1")];
    let text = [value(r#""q""#)];
    let condition = |attribute, name: &str| AttributeCondition {
        attribute,
        operator: operator(name),
        arguments: if name == "NOT_CONTAINS" { &text } else { &one },
    };
    let rows: [(&[AttributeCondition<'_>], bool, bool); 5] = [
        (&[], true, true),
        (&[condition("a", "EQ"), condition("b", "EQ")], false, true),
        (&[condition("b", "EQ"), condition("a", "EQ")], false, true),
        (&[condition("c", "NOT_CONTAINS"), condition("a", "EQ"), condition("b", "GT")], true, true),
        (&[condition("b", "EQ"), condition("b", "LT"), condition("c", "EQ")], false, false),
    ];
    for (conditions, and, or) in rows {
        for (joiner, truth) in [(ConditionalOperator::And, and), (ConditionalOperator::Or, or)] {
            let condition = filter(conditions, joiner).expect("a valid filter");
            assert_eq!(condition.holds(Some(item.view())), Ok(truth), "{conditions:?} {joiner:?}");
        }
    }
}

#[test]
fn expected_attributes() {
    let item = EncodedItem::from_item(&notation::item(r#"{a: 1}"#));
    let (one, two, list) = (value("1"), value("2"), arguments("[1]"));
    let both = arguments("[2, 1]");
    let none = ExpectedAttribute { attribute: "a", value: None, exists: None, operator: None, arguments: None };
    let answer = |row: ExpectedAttribute<'_>| match expected(&[row], ConditionalOperator::And) {
        Ok(condition) => condition.holds(Some(item.view())).expect("no failure").to_string(),
        Err(error) => error.to_string(),
    };
    let refused = |text: &str| format!("{IPV}{text}");
    let eq = Some(ComparisonOperator::Eq);
    let rows = [
        (ExpectedAttribute { value: Some(&one), ..none }, "true".to_owned()),
        (ExpectedAttribute { value: Some(&two), ..none }, "false".to_owned()),
        (ExpectedAttribute { value: Some(&one), exists: Some(true), ..none }, "true".to_owned()),
        (ExpectedAttribute { exists: Some(false), ..none }, "false".to_owned()),
        (ExpectedAttribute { attribute: "b", exists: Some(false), ..none }, "true".to_owned()),
        (ExpectedAttribute { operator: eq, arguments: Some(&list), ..none }, "true".to_owned()),
        (ExpectedAttribute { operator: eq, value: Some(&two), ..none }, "false".to_owned()),
        (ExpectedAttribute { operator: Some(ComparisonOperator::NotNull), ..none }, "true".to_owned()),
        (ExpectedAttribute { operator: Some(ComparisonOperator::Null), ..none }, "false".to_owned()),
        (none, refused("Value must be provided when Exists is null for Attribute: a")),
        (
            ExpectedAttribute { exists: Some(true), ..none },
            refused("Value must be provided when Exists is true for Attribute: a"),
        ),
        (
            ExpectedAttribute { exists: Some(false), value: Some(&one), ..none },
            refused("Value cannot be used when Exists is false for Attribute: a"),
        ),
        (
            ExpectedAttribute { value: Some(&one), arguments: Some(&list), exists: Some(false), ..none },
            refused("Value and AttributeValueList cannot be used together for Attribute: a"),
        ),
        (
            ExpectedAttribute { operator: eq, ..none },
            refused("Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a"),
        ),
        (
            ExpectedAttribute { operator: eq, exists: Some(true), value: Some(&one), ..none },
            refused("Exists and ComparisonOperator cannot be used together for Attribute: a"),
        ),
        (
            ExpectedAttribute { arguments: Some(&list), ..none },
            refused("AttributeValueList can only be used with a ComparisonOperator for Attribute: a"),
        ),
        (
            ExpectedAttribute { operator: Some(ComparisonOperator::Between), arguments: Some(&list), ..none },
            refused("Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
        ),
        (
            ExpectedAttribute { operator: Some(ComparisonOperator::Null), value: Some(&one), ..none },
            refused("Invalid number of argument(s) for the NULL ComparisonOperator"),
        ),
        (
            ExpectedAttribute { operator: Some(ComparisonOperator::Between), arguments: Some(&both), ..none },
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
                .to_owned(),
        ),
    ];
    for (row, wanted) in rows {
        assert_eq!(answer(row), wanted, "{row:?}");
    }
}

#[test]
fn keys() {
    let key = |name: &str| KeyAttribute { name: name.to_owned(), kind: ScalarType::S };
    let schema = KeySchema { partition: vec![key("pk")], sort: vec![key("sk")] };
    let (p, q, pair, number) = ([value(r#""p""#)], [value(r#""q""#)], arguments(r#"["a", "b"]"#), [value("1")]);
    let pk = AttributeCondition { attribute: "pk", operator: ComparisonOperator::Eq, arguments: &p };
    let sk = |name: &str| AttributeCondition { attribute: "sk", operator: operator(name), arguments: &q };
    let range = |condition| {
        let bounds = key_conditions(&[pk, condition]).expect("valid").resolve(&schema).expect("it fits");
        (bounds.sort.len(), bounds.range)
    };
    assert_eq!(range(sk("EQ")), (1, None));
    assert_eq!(range(sk("LT")), (0, Some(KeyRelation::Less(&q[0]))));
    assert_eq!(range(sk("LE")), (0, Some(KeyRelation::LessOrEqual(&q[0]))));
    assert_eq!(range(sk("GT")), (0, Some(KeyRelation::Greater(&q[0]))));
    assert_eq!(range(sk("GE")), (0, Some(KeyRelation::GreaterOrEqual(&q[0]))));
    assert_eq!(range(sk("BEGINS_WITH")), (0, Some(KeyRelation::BeginsWith(&q[0]))));
    let between = AttributeCondition { operator: ComparisonOperator::Between, arguments: &pair, ..sk("EQ") };
    assert_eq!(range(between), (0, Some(KeyRelation::Between(&pair[0], &pair[1]))));
    let refusal = |conditions: &[AttributeCondition<'_>]| {
        key_conditions(conditions).expect("valid").resolve(&schema).unwrap_err().to_string()
    };
    let not_indexable = "Attempted conditional constraint is not an indexable operation";
    for name in ["NE", "CONTAINS", "NOT_CONTAINS", "IN"] {
        assert_eq!(refusal(&[pk, sk(name)]), not_indexable);
    }
    let null = AttributeCondition { arguments: &[], ..sk("NULL") };
    assert_eq!(refusal(&[pk, null]), not_indexable);
    assert_eq!(refusal(&[sk("EQ")]), "Query condition missed key schema element: pk");
    assert_eq!(refusal(&[]), "Query condition missed key schema element: pk");
    assert_eq!(
        refusal(&[AttributeCondition { arguments: &number, ..pk }]),
        format!("{IPV}Condition parameter type does not match schema type")
    );
    assert_eq!(
        refusal(&[AttributeCondition { operator: ComparisonOperator::Lt, ..pk }]),
        "Query key condition not supported"
    );
}

#[test]
fn updates() {
    let item = EncodedItem::from_item(&notation::item(r#"{pk: "k", n: 5, ss: <"a", "b">, l: [1], s: "x"}"#));
    let apply = |attribute, action, text: Option<&str>| {
        let value = text.map(value);
        let update = AttributeUpdate { attribute, action, value: value.as_ref() };
        match attribute_updates(&[update]) {
            Ok(update) => match update.apply(Some(item.view()), &Item::new()) {
                Ok(item) => shown(item.view()),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        }
    };
    let (put, add, delete) = (AttributeAction::Put, AttributeAction::Add, AttributeAction::Delete);
    let only = format!("{IPV}Only DELETE action is allowed when no attribute value is specified");
    let rows = [
        ("n", put, Some(r#""y""#), r#"{l: [1], n: "y", pk: "k", s: "x", ss: <"a", "b">}"#.to_owned()),
        ("q", put, Some("{}"), r#"{l: [1], n: 5, pk: "k", q: {}, s: "x", ss: <"a", "b">}"#.to_owned()),
        ("n", add, Some("-7.5"), r#"{l: [1], n: -2.5, pk: "k", s: "x", ss: <"a", "b">}"#.to_owned()),
        ("q", add, Some("3"), r#"{l: [1], n: 5, pk: "k", q: 3, s: "x", ss: <"a", "b">}"#.to_owned()),
        ("ss", add, Some(r#"<"b", "c">"#), r#"{l: [1], n: 5, pk: "k", s: "x", ss: <"a", "b", "c">}"#.to_owned()),
        ("l", add, Some(r#"["z"]"#), r#"{l: [1, "z"], n: 5, pk: "k", s: "x", ss: <"a", "b">}"#.to_owned()),
        ("q", add, Some("[1]"), r#"{l: [1], n: 5, pk: "k", q: [1], s: "x", ss: <"a", "b">}"#.to_owned()),
        ("n", delete, None, r#"{l: [1], pk: "k", s: "x", ss: <"a", "b">}"#.to_owned()),
        ("q", delete, None, r#"{l: [1], n: 5, pk: "k", s: "x", ss: <"a", "b">}"#.to_owned()),
        ("ss", delete, Some(r#"<"b", "c">"#), r#"{l: [1], n: 5, pk: "k", s: "x", ss: <"a">}"#.to_owned()),
        ("ss", delete, Some(r#"<"b", "a">"#), r#"{l: [1], n: 5, pk: "k", s: "x"}"#.to_owned()),
        ("q", delete, Some(r#"<"b">"#), r#"{l: [1], n: 5, pk: "k", s: "x", ss: <"a", "b">}"#.to_owned()),
        ("ss", delete, Some("<1>"), "Type mismatch for attribute to update".to_owned()),
        ("n", delete, Some("<1>"), "Type mismatch for attribute to update".to_owned()),
        ("ss", add, Some("<1>"), "Type mismatch for attribute to update".to_owned()),
        ("s", add, Some("1"), "Type mismatch for attribute to update".to_owned()),
        ("n", put, None, only.clone()),
        ("n", add, None, only),
        ("n", delete, Some("1"), format!("{IPV}DELETE action with value is not supported for the type N")),
        ("n", delete, Some("[]"), format!("{IPV}DELETE action with value is not supported for the type L")),
        ("n", add, Some(r#""s""#), format!("{IPV}ADD action is not supported for the type S")),
        ("n", add, Some("{}"), format!("{IPV}ADD action is not supported for the type M")),
        ("n", add, Some("true"), format!("{IPV}ADD action is not supported for the type BOOL")),
    ];
    for (attribute, action, text, expected) in rows {
        assert_eq!(apply(attribute, action, text), expected, "{action:?} {attribute} {text:?}");
    }
}

#[test]
fn attributes() {
    let item = EncodedItem::from_item(&notation::item(r#"{pk: "k", a: 1, "m.k": 2, m: {k: 3}}"#));
    let project =
        |names: &[&str]| attributes_to_get(names).map(|projection| shown(projection.project(item.view()).view()));
    assert_eq!(project(&["pk", "a"]), Ok(r#"{a: 1, pk: "k"}"#.to_owned()));
    assert_eq!(project(&["m.k", "nope"]), Ok("{m.k: 2}".to_owned()));
    assert_eq!(project(&["a", "b", "a"]), Err(LegacyError::DuplicateAttribute { name: "a".to_owned() }));
    assert_eq!(
        attributes_to_get(&["a", "a"]).unwrap_err().to_string(),
        format!("{IPV}Duplicate value in attribute name: a")
    );
}

/// A walk through the item for each of them would take minutes.
#[test]
fn as_many_attributes_as_a_request_has_room_for() {
    let names: Vec<String> = (0..100_000).map(|number| format!("{number:05}")).collect();
    let one = value("1");
    let pairs = names.iter().map(|name| (Cow::Borrowed(name.as_str()), one.clone())).collect();
    let item = EncodedItem::from_item(&Item::from_pairs(pairs));
    let update = |attribute| AttributeUpdate { attribute, action: AttributeAction::Add, value: Some(&one) };
    let updates: Vec<_> = names.iter().map(|name| update(name.as_str())).collect();
    let updated =
        attribute_updates(&updates).expect("updates").apply(Some(item.view()), &Item::new()).expect("an item");
    assert!(updated.view().iter().all(|(_, value)| value == ValueView::N("2")));
    let condition = |attribute| AttributeCondition {
        attribute,
        operator: ComparisonOperator::Eq,
        arguments: std::slice::from_ref(&one),
    };
    let conditions: Vec<_> = names.iter().map(|name| condition(name.as_str())).collect();
    let filter = filter(&conditions, ConditionalOperator::And).expect("a filter");
    assert_eq!(filter.holds(Some(item.view())), Ok(true));
    assert_eq!(filter.holds(Some(updated.view())), Ok(false));
}
