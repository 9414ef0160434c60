//! The tables in `tests/tables`: one row per expression, with what it makes of an item or the message that refuses it.
//!
//! A row is `expression => answer`. Lines that begin with `@` set what the rows below them use: `@item`, `@key`, `@names`, `@values`,
//! `@schema`. Lines that begin with `//` are comments.

#![allow(clippy::expect_used, clippy::panic, reason = "a failing expectation fails the test")]

mod notation;

use expression::{
    ExpressionKind, KeyBounds, KeyRelation, Path, Placeholders, Step, Update, parse_condition, parse_key_condition,
    parse_projection, parse_update,
};
use model::value::AttributeType;
use model::{AttributeValue, EncodedItem, Item, KeyAttribute, KeySchema, ScalarType};
use notation::{shown, shown_value};
use std::borrow::Cow;

/// What a row has to work with.
struct Context {
    item: Option<EncodedItem>,
    key: Item<'static>,
    names: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    values: Item<'static>,
    schema: KeySchema,
}

impl Context {
    fn new() -> Self {
        let schema = KeySchema { partition: Vec::new(), sort: Vec::new() };
        Self { item: None, key: Item::new(), names: Vec::new(), values: Item::new(), schema }
    }

    fn set(&mut self, directive: &str) {
        let (name, text) = directive.split_once(' ').unwrap_or((directive, ""));
        match name {
            "item" if text == "none" => self.item = None,
            "item" => self.item = Some(EncodedItem::from_item(&notation::item(text))),
            "key" => self.key = notation::item(text),
            "names" => {
                let pairs = text.split_whitespace().map(|pair| pair.split_once('=').expect("#placeholder=name"));
                self.names =
                    pairs.map(|(key, name)| (Cow::Owned(key.to_owned()), Cow::Owned(name.to_owned()))).collect();
            }
            "values" => self.values = Item::from_pairs(notation::pairs(text)),
            "schema" => self.schema = schema(text),
            other => panic!("unknown directive {other}"),
        }
    }

    fn placeholders(&self) -> Placeholders<'_> {
        Placeholders::new(&self.names, Some(&self.values))
    }
}

/// `pk:S | sk:N`
fn schema(text: &str) -> KeySchema {
    let side = |text: &str| {
        let attribute = |part: &str| {
            let (name, kind) = part.split_once(':').expect("name:type");
            let kind = match kind {
                "S" => ScalarType::S,
                "N" => ScalarType::N,
                _ => ScalarType::B,
            };
            KeyAttribute { name: name.to_owned(), kind }
        };
        text.split_whitespace().map(attribute).collect()
    };
    let (partition, sort) = text.split_once('|').expect("partition | sort");
    KeySchema { partition: side(partition), sort: side(sort) }
}

/// Runs the rows of a table and returns how many there are.
fn run(name: &str, answer: impl Fn(&Context, &str) -> String) -> usize {
    // Tests run in their crate's folder.
    let path = format!("tests/tables/{name}.txt");
    let table = std::fs::read_to_string(&path).expect("the table");
    let mut context = Context::new();
    let (mut rows, mut failures) = (0, Vec::new());
    for (number, line) in table.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with("//")) {
        if let Some(directive) = line.strip_prefix('@') {
            context.set(directive);
            continue;
        }
        let (expression, expected) = line.split_once(" => ").unwrap_or_else(|| panic!("{name}:{number}: no row"));
        let found = answer(&context, expression.strip_suffix('\\').unwrap_or(expression));
        let same = found == expected || expected.starts_with('{') && found == canonical(expected);
        if !same {
            failures.push(format!("{name}:{}: {expression}\n  expected {expected}\n  found    {found}", number + 1));
        }
        rows += 1;
    }
    assert!(failures.is_empty(), "{} of {rows} rows fail\n{}", failures.len(), failures.join("\n"));
    rows
}

fn canonical(item: &str) -> String {
    shown(EncodedItem::from_item(&notation::item(item)).view())
}

fn condition(kind: ExpressionKind, context: &Context, text: &str) -> String {
    match parse_condition(kind, text, &context.placeholders()) {
        Ok(condition) => match condition.holds(context.item.as_ref().map(EncodedItem::view)) {
            Ok(truth) => truth.to_string(),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    }
}

fn update(context: &Context, text: &str, result: impl Fn(&Update<'_>, &EncodedItem) -> Option<EncodedItem>) -> String {
    let placeholders = context.placeholders();
    let update = match parse_update(text, &placeholders) {
        Ok(update) => update,
        Err(error) => return error.to_string(),
    };
    if let Err(error) = update.check_key(&context.schema) {
        return error.to_string();
    }
    match update.apply(context.item.as_ref().map(EncodedItem::view), &context.key) {
        Ok(new) => {
            EncodedItem::parse(new.bytes().clone()).expect("a well-formed item");
            new.view().check_deep().expect("an item in canonical form");
            result(&update, &new).map_or("nothing".to_owned(), |item| shown(item.view()))
        }
        Err(error) => error.to_string(),
    }
}

fn key_condition(context: &Context, text: &str) -> String {
    let placeholders = context.placeholders();
    let condition = match parse_key_condition(text, &placeholders) {
        Ok(parsed) => match parsed.conditions() {
            Ok(condition) => condition,
            Err(error) => return error.to_string(),
        },
        Err(error) => return error.to_string(),
    };
    match condition.resolve(&context.schema) {
        Ok(bounds) => shown_bounds(&bounds),
        Err(error) => error.to_string(),
    }
}

/// Paths as they are written, `a.b[1] c`; placeholders are the names that they stand for.
fn shown_paths<'p, 'a: 'p>(paths: impl IntoIterator<Item = &'p Path<'a>>) -> String {
    let step = |step: Step<'_>| match step {
        Step::Index(index) => format!("[{index}]"),
        Step::Name(name) => format!(".{name}"),
    };
    let path = |path: &Path<'_>| path.steps().map(step).collect::<String>().trim_start_matches('.').to_owned();
    paths.into_iter().map(path).collect::<Vec<_>>().join(" ")
}

fn shown_bounds(bounds: &KeyBounds<'_>) -> String {
    let text = |value: &AttributeValue<'_>| {
        let item = Item::from_pairs(vec![(Cow::Borrowed("v"), value.clone())]);
        EncodedItem::from_item(&item).view().get("v").map(shown_value).expect("the value")
    };
    let values = |values: &[&AttributeValue<'_>]| values.iter().map(|value| text(value)).collect::<Vec<_>>().join(" ");
    let range = match bounds.range {
        None => String::new(),
        Some(KeyRelation::Less(value)) => format!(" < {}", text(value)),
        Some(KeyRelation::LessOrEqual(value)) => format!(" <= {}", text(value)),
        Some(KeyRelation::Greater(value)) => format!(" > {}", text(value)),
        Some(KeyRelation::GreaterOrEqual(value)) => format!(" >= {}", text(value)),
        Some(KeyRelation::Between(low, high)) => format!(" {}..{}", text(low), text(high)),
        Some(KeyRelation::BeginsWith(value)) => format!(" {}*", text(value)),
        Some(other) => format!("{other:?}"),
    };
    format!("{} | {}{range}", values(&bounds.partition), values(&bounds.sort))
}

#[test]
fn conditions() {
    let rows = run("conditions", |context, text| condition(ExpressionKind::Condition, context, text));
    assert!(rows > 150, "{rows}");
}

#[test]
fn filters_refused() {
    let rows = run("filters_refused", |context, text| condition(ExpressionKind::Filter, context, text));
    assert!(rows > 100, "{rows}");
}

#[test]
fn key_conditions() {
    let rows = run("key_conditions", key_condition);
    assert!(rows > 50, "{rows}");
}

#[test]
fn projections() {
    let rows = run("projections", |context, text| match parse_projection(text, &context.placeholders()) {
        Ok(projection) => match &context.item {
            Some(item) => shown(projection.project(item.view()).view()),
            None => "nothing".to_owned(),
        },
        Err(error) => error.to_string(),
    });
    assert!(rows > 40, "{rows}");
}

#[test]
fn updates() {
    let rows = run("updates", |context, text| update(context, text, |_, new| Some(new.clone())));
    assert!(rows > 80, "{rows}");
}

#[test]
fn updates_refused() {
    let rows = run("updates_refused", |context, text| update(context, text, |_, new| Some(new.clone())));
    assert!(rows > 80, "{rows}");
}

#[test]
fn updated_old() {
    run("updated_old", |context, text| {
        update(context, text, |update, _| update.updated_old(context.item.as_ref()?.view()))
    });
}

#[test]
fn updated_new() {
    run("updated_new", |context, text| {
        let old = context.item.as_ref().map(EncodedItem::view);
        update(context, text, |update, new| update.updated_new(old, new.view()))
    });
}

#[test]
fn statement_sizes() {
    run("statement_sizes", |context, text| match parse_update(text, &context.placeholders()) {
        Ok(update) => update.statement_size().to_string(),
        Err(error) => error.to_string(),
    });
}

#[test]
fn paths_of_updates() {
    run("paths_of_updates", |context, text| match parse_update(text, &context.placeholders()) {
        Ok(update) => shown_paths(update.paths()),
        Err(error) => error.to_string(),
    });
}

#[test]
fn paths_of_projections() {
    run("paths_of_projections", |context, text| match parse_projection(text, &context.placeholders()) {
        Ok(projection) => {
            let attributes: Vec<_> = projection.attributes().collect();
            format!("{} | {}", shown_paths(projection.paths()), attributes.join(" "))
        }
        Err(error) => error.to_string(),
    });
}

#[test]
fn assignments() {
    run("assignments", |context, text| match parse_update(text, &context.placeholders()) {
        Ok(update) => {
            let kind = |kind: Option<AttributeType>| kind.map_or("?", AttributeType::name);
            let assigned = update.assignments().map(|written| format!("{} {}", written.attribute, kind(written.kind)));
            assigned.collect::<Vec<_>>().join(", ")
        }
        Err(error) => error.to_string(),
    });
}

/// A Scan and a transaction tell the size of a condition that is too long, and say the same as others of everything else.
#[test]
fn the_size_of_an_expression_that_is_too_long() {
    let told = |text: &str| {
        let error = parse_condition(ExpressionKind::Filter, text, &Placeholders::none()).expect_err("refused");
        (error.to_string(), error.telling_size().to_string())
    };
    let too_long = "Invalid FilterExpression: Expression size has exceeded the maximum allowed size;".to_owned();
    let with_size = format!("{too_long} expression size: 4097");
    assert_eq!(told(&"a".repeat(4097)), (too_long, with_size));
    let other = "Invalid FilterExpression: Syntax error; token: \"<EOF>\", near: \"a\"".to_owned();
    assert_eq!(told("a"), (other.clone(), other));
}
