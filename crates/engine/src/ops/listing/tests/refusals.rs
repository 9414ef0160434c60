//! What is refused, and which of several problems is reported.

use super::*;
use api::{ComparisonOperator, Condition, ConditionalOperator};

fn fixture() -> Fixture {
    let table = table("p:S k:N");
    let table = with_index(table, "local", IndexKind::Local, schema(1, "p:S l:N"), Projection::All);
    let fixture = Fixture::new(&with_index(table, "global", IndexKind::Global, schema(1, "g:S"), Projection::All));
    for key in 0..3 {
        fixture.put(&item([("p", s("a")), ("k", n(key)), ("l", n(key)), ("g", s("x")), ("x", n(key % 2))]));
    }
    fixture
}

fn of_a(condition: &'static str) -> Ask {
    Ask::condition(condition, item([(":p", s("a"))]))
}

const INVALID: &str = "The provided starting key is invalid";
const INVALID_FOR_TABLE: &str =
    "The provided starting key is invalid: The provided key element does not match the schema";

#[test]
fn start_keys_that_are_none() {
    let fixture = fixture();
    let good = item([("p", s("a")), ("k", n(0))]);
    let mut more = good.clone();
    more.insert("l".into(), n(0));
    let rows = [
        (None, Item::new()),
        (None, item([("p", s("a"))])),
        (None, item([("p", s("a")), ("l", n(0))])),
        (None, item([("p", s("a")), ("k", s("0"))])),
        (None, item([("p", AttributeValue::Null), ("k", n(0))])),
        (None, more.clone()),
        (Some("local"), good.clone()),
        (Some("global"), more),
    ];
    for (index, start) in rows {
        let query = Ask {
            index,
            start: Some(start.clone()),
            ..of_a(if index == Some("global") { "g = :p" } else { "p = :p" })
        };
        assert_eq!(query.query(&fixture).unwrap_err(), INVALID, "{index:?} {start:?}");
        let scan = Ask { index, start: Some(start), ..Ask::default() };
        assert_eq!(scan.scan(&fixture).unwrap_err(), if index.is_none() { INVALID_FOR_TABLE } else { INVALID });
    }
    let empty = Ask { start: Some(item([("p", s("")), ("k", n(0))])), ..Ask::default() };
    assert_eq!(
        empty.scan(&fixture).unwrap_err(),
        "The provided starting key is invalid: One or more parameter values are not valid. The AttributeValue for a key attribute \
         cannot contain an empty string value. Key: p"
    );
}

#[test]
fn start_keys_outside_the_conditions() {
    let fixture = fixture();
    let place = |partition: &str, key: i64| Some(item([("p", s(partition)), ("k", n(key))]));
    let outside = "The provided starting key is outside query boundaries based on provided conditions";
    let predicate = "The provided starting key does not match the range key predicate";
    let restart = "The query can return at most one row and cannot be restarted";
    let rows = [
        ("p = :p", place("b", 0), Err(outside)),
        ("p = :p", place("a", -7), Ok("0 1 2")),
        ("p = :p AND k > :one", place("a", 1), Err(predicate)),
        ("p = :p AND k > :one", place("b", 1), Err(predicate)),
        ("p = :p AND k >= :one", place("b", 1), Err(restart)),
        ("p = :p AND k >= :one", place("a", 1), Ok("2")),
        ("p = :p AND k = :one", place("b", 1), Err(restart)),
        ("p = :p AND k = :one", place("a", 1), Ok("")),
    ];
    for (condition, start, want) in rows {
        let mut values = item([(":p", s("a")), (":one", n(1))]);
        if !condition.contains(":one") {
            values.remove(":one");
        }
        let got = Ask { start, ..Ask::condition(condition, values) }.query(&fixture);
        assert_eq!(got.map(|got| column(&got, "k")), want.map(str::to_owned).map_err(str::to_owned), "{condition}");
    }
}

#[test]
fn segments() {
    let fixture = fixture();
    let place = item([("p", s("a")), ("k", n(0))]);
    let holds = |segment| Ask { segment: Some((segment, 2)), ..Ask::default() }.scan(&fixture).unwrap().count > 0;
    let (own, other) = if holds(0) { (0, 1) } else { (1, 0) };
    let ask = |segment| Ask { segment: Some((segment, 2)), start: Some(place.clone()), ..Ask::default() };
    assert_eq!(ask(own).scan(&fixture).unwrap().count, 2);
    // Even before a path into a key is refused (dynalite's tests against DynamoDB).
    assert_eq!(
        Ask { filter: Some("attribute_exists(p.x)"), ..ask(other) }.scan(&fixture).unwrap_err(),
        format!(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. \
             TotalSegments: 2 Segment: {other}"
        )
    );
    assert_eq!(
        Ask { segment: Some((5, 5)), ..Ask::default() }.scan(&fixture).unwrap_err(),
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than \
         TotalSegments: 5"
    );
}

#[test]
fn selections_that_contradict_the_request() {
    let fixture = fixture();
    let missing = "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES";
    let select = |select, projection| Ask { select: Some(select), projection, ..of_a("p = :p") };
    let specific = select(Select::SpecificAttributes, None);
    assert_eq!(specific.query(&fixture).unwrap_err(), format!("1 validation error detected: {missing}"));
    let scan = Ask { condition: None, values: Item::new(), ..specific };
    assert_eq!(scan.scan(&fixture).unwrap_err(), missing);
    let rows = [
        (Select::Count, Some("k"), "Cannot specify the ProjectionExpression when choosing to get only the Count"),
        (
            Select::AllAttributes,
            Some("k"),
            "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
        ),
        (
            Select::AllProjectedAttributes,
            None,
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
        ),
    ];
    for (selected, projection, want) in rows {
        let query = select(selected, projection);
        assert_eq!(query.query(&fixture).unwrap_err(), format!("1 validation error detected: {want}"));
        let scan = Ask { condition: None, values: Item::new(), ..query };
        assert_eq!(scan.scan(&fixture).unwrap_err(), want);
    }
    let got = select(Select::SpecificAttributes, Some("k")).query(&fixture).unwrap();
    assert_eq!(got.items.unwrap()[0], item([("k", n(0))]));
}

#[test]
fn conditions_and_filters_that_do_not_fit_the_key() {
    let fixture = fixture();
    let rows = [
        ("k = :p", None, "Query condition missed key schema element: p"),
        ("x = :p", None, "Query condition missed key schema element: p"),
        ("p > :p", None, "Query key condition not supported"),
        ("p = :p AND x = :p", None, "Query condition missed key schema element: k"),
        (
            "p = :p AND k = :p",
            None,
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        ("", None, "Invalid KeyConditionExpression: The expression can not be empty;"),
        (
            "p = :p",
            Some("k = :p"),
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: k",
        ),
        (
            "p = :p",
            Some("attribute_exists(g.a)"),
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: g",
        ),
    ];
    for (condition, filter, want) in rows {
        assert_eq!(Ask { filter, ..of_a(condition) }.query(&fixture).unwrap_err(), want, "{condition}");
    }
    let projected = Ask { projection: Some("p.a"), ..of_a("p = :p") };
    assert_eq!(
        projected.query(&fixture).unwrap_err(),
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: p"
    );
    let missing = "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.";
    assert_eq!(Ask::default().query(&fixture).unwrap_err(), missing);
    // A Scan may filter by its key.
    let scan = Ask { filter: Some("k = :one"), values: item([(":one", n(1))]), ..Ask::default() };
    assert_eq!(scan.scan(&fixture).unwrap().count, 1);
}

fn legacy(operator: ComparisonOperator, values: Vec<AttributeValue<'static>>) -> Condition<'static> {
    Condition { attribute_value_list: Some(values), comparison_operator: operator }
}

#[test]
fn legacy_parameters() {
    let fixture = fixture();
    let run = |change: fn(&mut QueryInput<'_>)| {
        let empty = Ask::default();
        let mut request = empty.query_request();
        let equal_a = ("p".into(), legacy(ComparisonOperator::Eq, vec![s("a")]));
        let range = ("k".into(), legacy(ComparisonOperator::Gt, vec![n(0)]));
        request.input.key_conditions = Some(Map::from_pairs(vec![range, equal_a]));
        change(&mut request.input);
        let answer = ready(query::run(&fixture.context(), &request)).map_err(message)?;
        Ok::<_, String>(answer.items.unwrap().iter().map(owned).collect::<Vec<_>>())
    };
    let filter = |input: &mut QueryInput<'_>| {
        let filter = [("x".into(), legacy(ComparisonOperator::Eq, vec![n(0)]))];
        input.query_filter = Some(Map::from_pairs(filter.into()));
    };
    assert_eq!(run(|_| ()).unwrap().len(), 2);
    assert_eq!(run(|input| input.scan_index_forward = Some(false)).unwrap()[0].get("k"), Some(&n(2)));
    assert_eq!(run(filter).unwrap().len(), 1);
    assert_eq!(run(|input| input.attributes_to_get = Some(vec!["x".into()])).unwrap()[0], item([("x", n(1))]));
    let mixed = run(|input| input.filter_expression = Some("x = :x".into())).unwrap_err();
    assert!(
        mixed.ends_with("Non-expression parameters: {KeyConditions} Expression parameters: {FilterExpression}"),
        "{mixed}"
    );
    let alone = run(|input| input.conditional_operator = Some(ConditionalOperator::Or)).unwrap_err();
    assert_eq!(alone, "ConditionalOperator cannot be used without Filter or Expected");
    let on_key = run(|input| {
        let filter = [("k".into(), legacy(ComparisonOperator::Eq, vec![n(0)]))];
        input.query_filter = Some(Map::from_pairs(filter.into()));
    });
    assert_eq!(
        on_key.unwrap_err(),
        "QueryFilter can only contain non-primary key attributes: Primary key attribute: k"
    );
    let none = run(|input| input.key_conditions = Some(Map::from_pairs(vec![])));
    assert_eq!(none.unwrap_err(), "Conditions can be of length 1 or 2 only");
}

/// Wrong values are told in the words of the operation's front end (captures of October 2026).
#[test]
fn wrong_values() {
    let fixture = fixture();
    let query = |members: &str| {
        let body = format!(r#"{{"TableName":"t","KeyConditionExpression":"p = :p",{members}}}"#);
        let request = api::decode_query(body.as_bytes()).unwrap();
        ready(query::run(&fixture.context(), &request)).map(|_| ()).map_err(message).unwrap_err()
    };
    let scan = |members: &str| {
        let body = format!(r#"{{"TableName":"t","FilterExpression":"x = :p",{members}}}"#);
        let request = api::decode_scan(body.as_bytes()).unwrap();
        ready(scan::run(&fixture.context(), &request)).map(|_| ()).map_err(message).unwrap_err()
    };
    let number = r#""ExpressionAttributeValues":{":p":{"N":"abc"}}"#;
    let words = "The parameter cannot be converted to a numeric value: abc";
    assert_eq!(query(number), words);
    assert_eq!(scan(number), format!("ExpressionAttributeValues contains invalid value: {words} for key :p"));
    let twice = r#""ExpressionAttributeValues":{":p":{"S":"a"}},"ExclusiveStartKey":{"p":{"SS":["b","a","b"]}}"#;
    let words = "One or more parameter values were invalid: Input collection";
    assert_eq!(query(twice), format!(r#"{words} ["a", "b", "b"] contains duplicates."#));
    assert_eq!(scan(twice), format!("{words} [b, a, b] contains duplicates."));
    let empty = r#""ExpressionAttributeValues":{":p":{"S":"a"}},"ExclusiveStartKey":{"p":{}}"#;
    let words = "The provided starting key is invalid: Supplied AttributeValue is empty, must contain exactly one of the \
                 supported datatypes";
    assert_eq!((query(empty).as_str(), scan(empty).as_str()), (words, words));
}
