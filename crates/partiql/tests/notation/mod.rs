//! Statements as text: one form for each tree, whatever the statement looked like.

#![allow(dead_code, reason = "every test program uses another part")]

#[path = "../../../expression/tests/notation/mod.rs"]
pub mod values;

use partiql::Statement;
use partiql::tree::{
    Body, Change, Expression, Infix, Joiner, NewItem, Node, OrderTerm, PathNode, PathStep, Select, TypeTest,
};

/// A value.
pub fn value_text(value: &model::AttributeValue<'_>) -> String {
    let item = model::Item::from_pairs(vec![("".into(), value.clone())]);
    let text = values::shown(model::EncodedItem::from_item(&item).view());
    text["{: ".len()..text.len() - 1].to_owned()
}

/// A statement.
pub fn statement(statement: &Statement<'_>) -> String {
    match &statement.body {
        Body::Select(select) => self::select(select),
        Body::Exists(select) => format!("EXISTS({})", self::select(select)),
        Body::Insert { source, item } => {
            let item = match item {
                NewItem::Tuple(members) => tuple(members),
                NewItem::Other(other) => node(other),
            };
            format!("INSERT {} {item}", table(source))
        }
        Body::Update { source, changes, filter, returning } => {
            let changes: Vec<String> = changes.iter().map(change).collect();
            let mut text =
                format!("UPDATE {} {}{}", table(source), changes.join(" "), optional_filter(filter.as_ref()));
            text.extend(returning.map(|returning| format!(" RETURNING {}", returning.clause())));
            text
        }
        Body::Delete { source, filter, returning } => {
            let mut text = format!("DELETE {}{}", table(source), optional_filter(filter.as_ref()));
            text.extend(returning.map(|returning| format!(" RETURNING {}", returning.clause())));
            text
        }
    }
}

fn select(select: &Select<'_>) -> String {
    let columns = select.columns.as_ref().map_or_else(|| "*".to_owned(), |columns| nodes(columns));
    let order: Vec<String> = select.order.iter().map(order).collect();
    let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
    format!("SELECT {columns} FROM {}{}{order}", table(&select.source), optional_filter(select.filter.as_ref()))
}

fn order(term: &OrderTerm<'_>) -> String {
    format!("{} {:?}", node(&term.by), term.order)
}

fn table(source: &partiql::Source<'_>) -> String {
    match &source.index {
        Some(index) => format!("{}/{index}", source.table),
        None => source.table.to_string(),
    }
}

fn change(change: &Change<'_>) -> String {
    match change {
        Change::Set(target, value) => format!("SET {} = {}", path(target), node(value)),
        Change::Remove(target) => format!("REMOVE {}", path(target)),
    }
}

fn optional_filter(filter: Option<&Node<'_>>) -> String {
    filter.map_or_else(String::new, |filter| format!(" WHERE {}", node(filter)))
}

fn nodes(list: &[Node<'_>]) -> String {
    list.iter().map(node).collect::<Vec<_>>().join(", ")
}

fn tuple(members: &[(std::borrow::Cow<'_, str>, Node<'_>)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}: {}", node(value))).collect();
    format!("{{{}}}", members.join(", "))
}

fn node(one: &Node<'_>) -> String {
    match &one.expression {
        Expression::Value(value) => value_text(value),
        Expression::Missing => "missing".to_owned(),
        Expression::Parameter(number) => format!("?{number}"),
        Expression::Path(way) => path(way),
        Expression::List(elements) => format!("[{}]", nodes(elements)),
        Expression::Tuple(members) => tuple(members),
        Expression::Call { name, arguments } => format!("{name}({})", nodes(arguments)),
        Expression::Not(part) => format!("(not {})", node(part)),
        Expression::Join(joiner, parts) => {
            let word = if *joiner == Joiner::And { " and " } else { " or " };
            format!("({})", parts.iter().map(node).collect::<Vec<_>>().join(word))
        }
        Expression::Infix(infix, operands) => {
            let symbol = match infix {
                Infix::Compare(comparator) => comparator.symbol(),
                Infix::In => "in",
                Infix::Plus => "+",
                Infix::Minus => "-",
                Infix::Other => "?",
            };
            format!("({} {symbol} {})", node(&operands[0]), node(&operands[1]))
        }
        Expression::Between(operands) => {
            let [operand, low, high] = operands.as_ref();
            format!("({} between {} and {})", node(operand), node(low), node(high))
        }
        Expression::Is(operand, test) => {
            let test = match test {
                TypeTest::Missing => "missing".to_owned(),
                TypeTest::Of(kind) => kind.name().to_owned(),
                TypeTest::Other(name) => format!("other {name}"),
            };
            format!("({} is {test})", node(operand))
        }
        Expression::Meaningless => "meaningless".to_owned(),
    }
}

fn path(way: &PathNode<'_>) -> String {
    let mut text = way.attribute.to_string();
    for step in &way.steps {
        text.push_str(&match step {
            PathStep::Name(name) => format!(".{name}"),
            PathStep::Index(index) => format!("[{index}]"),
        });
    }
    text
}
