//! The tables in `tests/tables`: one row per statement, with its tree or the message that refuses it.
//!
//! A row is `statement => answer`; `\n` in a statement is a new line. A line `@parameters {...}` gives the parameters of the rows below it,
//! as the members of a map in any names' order. Lines that begin with `//` are comments.

#![allow(clippy::expect_used, clippy::panic, reason = "a failing expectation fails the test")]

mod notation;

use model::AttributeValue;
use partiql::{Filter, OneOfOne, Operation, Pins, branches, parse};

/// Runs the rows of a table and returns how many there are.
fn run(name: &str, answer: impl Fn(&[AttributeValue<'static>], &str) -> String) -> usize {
    // Tests run in their crate's folder.
    let path = format!("tests/tables/{name}.txt");
    let table = std::fs::read_to_string(&path).expect("the table");
    let mut parameters = Vec::new();
    let (mut rows, mut failures) = (0, Vec::new());
    for (number, line) in table.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with("//")) {
        if let Some(text) = line.strip_prefix("@parameters ") {
            parameters = notation::values::item(text).into_iter().map(|(_, value)| value).collect();
            continue;
        }
        let (text, expected) = line.split_once(" => ").unwrap_or_else(|| panic!("{name}:{}: no answer", number + 1));
        let actual = answer(&parameters, &text.replace("\\n", "\n"));
        rows += 1;
        if actual.trim_end() != expected.trim_end() {
            failures.push(format!("{name}:{}: {text}\n  expected {expected}\n  actual   {actual}", number + 1));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    rows
}

#[test]
fn statements() {
    let rows = run("statements", |_, text| match parse(text) {
        Ok(statement) => match &statement.fault {
            Some(fault) => fault.to_string(),
            None => notation::statement(&statement),
        },
        Err(problem) => problem.to_string(),
    });
    assert!(rows >= 50, "{rows}");
}

#[test]
fn refused() {
    let rows = run("refused", |parameters, text| match parse(text) {
        Ok(statement) => match statement.lower(parameters) {
            Ok(operation) => format!("accepted: {operation:?}"),
            Err(problem) => problem.to_string(),
        },
        Err(problem) => problem.to_string(),
    });
    assert!(rows > 80, "{rows}");
}

/// The filter of a SELECT.
fn with_filter(parameters: &[AttributeValue<'static>], text: &str, answer: impl Fn(&Filter<'_>) -> String) -> String {
    let text = format!("SELECT * FROM t WHERE {text}");
    let statement = match parse(&text) {
        Ok(statement) => statement,
        Err(problem) => return problem.to_string(),
    };
    match statement.lower(parameters) {
        Ok(Operation::Select(select)) => answer(&select.filter.expect("a filter")),
        Ok(other) => panic!("{other:?}"),
        Err(problem) => problem.to_string(),
    }
}

/// Of which reads a SELECT on the partition key `pk` and the sort key `sk` is made.
#[test]
fn reads() {
    let shown = |values: &[&AttributeValue<'_>]| {
        values.iter().map(|value| notation::value_text(value)).collect::<Vec<_>>().join("&")
    };
    let rows = run("reads", |parameters, text| {
        with_filter(parameters, text, |filter| match branches(Some(filter), ("pk", Some("sk"))) {
            Err(_) => "too many reads".to_owned(),
            Ok(None) => "scan".to_owned(),
            Ok(Some(branches)) => {
                let texts: Vec<String> = branches
                    .iter()
                    .map(|branch| {
                        let sort = if branch.sort.is_empty() {
                            String::new()
                        } else {
                            format!(" {} on sk", branch.sort.len())
                        };
                        let negated = if branch.negates_sort { " negated" } else { "" };
                        let filtered = if branch.is_filtered {
                            format!(" filter [{}]", branch.filtered.join(", "))
                        } else {
                            String::new()
                        };
                        format!("{}{sort}{negated}{filtered}", shown(&branch.partition))
                    })
                    .collect();
                texts.join(" | ")
            }
        })
    });
    assert!(rows > 20, "{rows}");
}

/// Whether a WHERE clause holds for `@item`, which is the first parameter here; the rest are the parameters.
#[test]
fn conditions() {
    let rows = run("conditions", |parameters, text| {
        let Some((AttributeValue::M(item), parameters)) = parameters.split_first() else { panic!("no item") };
        let item = model::EncodedItem::from_item(item);
        with_filter(parameters, text, |filter| {
            let holds = filter.condition().holds(Some(item.view())).expect("conditions do not fail");
            let pins = Pins::of(Some(filter), &["pk", "sk"], OneOfOne::IsNot);
            assert!(
                pins.rest.is_none_or(|rest| !holds || rest.holds(Some(item.view())).expect("conditions do not fail"))
            );
            holds.to_string()
        })
    });
    assert!(rows > 40, "{rows}");
}

#[test]
fn longest_statements() {
    let padded = |length: usize| format!("SELECT * FROM t WHERE a = '{}'", "x".repeat(length));
    parse(&padded(8000)).expect("a long text");
    let chain = |operator: &str, count: usize| format!("SELECT * FROM t WHERE {}", vec!["a=1"; count].join(operator));
    parse(&chain(" AND ", 1000)).expect("a long chain");
    parse(&chain(" OR ", 1000)).expect("a long chain");
    let deep = |depth: usize| format!("SELECT * FROM t WHERE {}a=1{}", "(".repeat(depth), ")".repeat(depth));
    parse(&deep(90)).expect("a deep expression");
    assert_eq!(
        parse(&deep(4000)).expect_err("too deep").to_string(),
        "Statement wasn't well formed, can't be processed: Expressions are nested too deeply"
    );
    let nested = |depth: usize| format!("UPDATE t SET a={}1{} WHERE b=1", "[".repeat(depth), "]".repeat(depth));
    parse(&nested(31)).expect("a deep literal").lower(&[]).expect("a deep literal");
    let path = "[0]".repeat(32);
    assert_eq!(
        parse(&nested(32)).expect_err("too deep").to_string(),
        format!("Nesting Levels have exceeded supported limits under root{path}")
    );
}

/// How often a condition may be repeated behind `pk = 'a'`.
fn repeats(verb: &str, condition: &str) -> usize {
    const REFUSED: &str = "The expression contains too many operators; operator count: 301";
    let refused = |times: &usize| {
        let text = format!("{verb} WHERE pk = 'a'{}", condition.repeat(*times));
        let statement = parse(&text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        statement.fault.is_some_and(|fault| fault.to_string() == REFUSED)
    };
    (0..200).find(refused).map_or(200, |first| first - 1)
}

#[test]
fn a_where_clause_has_as_many_operators_as_an_expression() {
    let rows = [
        ("SELECT * FROM t", " AND x = 1", 149),
        ("SELECT * FROM t", " AND NOT x = 1", 99),
        ("SELECT * FROM t", " OR begins_with(s, 'a')", 149),
        ("SELECT * FROM t", " AND size(s) > 0", 99),
        ("SELECT * FROM t", " AND s = <<'x'>>", 149),
        ("SELECT * FROM t", " AND x = [1, [2]]", 149),
        ("SELECT * FROM t", " AND x IN (1, 2)", 149),
        ("SELECT * FROM t", " AND x NOT IN [1, 2]", 99),
        ("SELECT * FROM t", " AND x BETWEEN 1 AND 2", 149),
        ("SELECT * FROM t", " AND x IS MISSING", 149),
        ("UPDATE t SET y = 1", " AND x NOT BETWEEN 1 AND 2", 99),
        ("DELETE FROM t", " AND x IS NOT NULL", 99),
    ];
    for (verb, condition, most) in rows {
        assert_eq!(repeats(verb, condition), most, "{verb} {condition}");
    }
}
