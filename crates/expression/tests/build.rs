//! Conditions that are put together piece by piece: every shape of two levels says what its pieces say together.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod notation;

use expression::build::{self, Comparator, Function, Term};
use expression::{Condition, Path, Problem};
use model::{AttributeValue, EncodedItem, Item};

/// A condition that holds for an item with the attribute `a`, or does not.
fn constant(truth: bool) -> Condition<'static> {
    let path = Path::of(if truth { "a" } else { "b" });
    build::call(Function::AttributeExists, vec![Term::path(path)]).unwrap()
}

fn item() -> EncodedItem {
    EncodedItem::from_item(&Item::from_pairs(vec![("a".into(), AttributeValue::string("x"))]))
}

fn holds(condition: &Condition<'_>) -> bool {
    condition.holds(Some(item().view())).unwrap()
}

/// All lists of so many truth values.
fn lists(length: u32) -> impl Iterator<Item = Vec<bool>> {
    (0..1_u32 << length).map(move |bits| (0..length).map(|at| bits >> at & 1 == 1).collect())
}

#[test]
fn joined_conditions() {
    for length in 0..4 {
        for truths in lists(length) {
            let pieces = || truths.iter().map(|truth| constant(*truth)).collect::<Vec<_>>();
            let (all, one) = (truths.iter().all(|truth| *truth), truths.contains(&true));
            assert_eq!(holds(&build::all(pieces())), all, "{truths:?}");
            assert_eq!(holds(&build::any(pieces())), one || truths.is_empty(), "{truths:?}");
            assert_eq!(holds(&build::not(build::all(pieces()))), !all, "{truths:?}");
        }
    }
}

/// Pieces that skip are moved behind others: each skip still ends where its piece does.
#[test]
fn joined_conditions_of_joined_conditions() {
    for truths in lists(6) {
        let pieces = |range: std::ops::Range<usize>| truths[range].iter().map(|truth| constant(*truth)).collect();
        let (one, all) = (build::any(pieces(0..2)), build::all(pieces(2..4)));
        let both = [truths[0] || truths[1], truths[2] && truths[3], !(truths[4] && truths[5])];
        let not = build::not(build::all(pieces(4..6)));
        // Each of them comes first, in the middle and last.
        for turns in 0..3 {
            let shapes = || {
                let mut shapes = vec![one.clone(), all.clone(), not.clone()];
                shapes.rotate_left(turns);
                shapes
            };
            assert_eq!(holds(&build::all(shapes())), both.iter().all(|truth| *truth), "{truths:?} {turns}");
            assert_eq!(holds(&build::any(shapes())), both.contains(&true), "{truths:?} {turns}");
        }
    }
}

/// Whether a condition holds is a boolean, which is equal to no value of another type.
#[test]
fn conditions_compared_as_values() {
    let [yes, no, text, list] = ["true", "false", r#""x""#, "[true]"].map(notation::value);
    let item = EncodedItem::from_item(&notation::item(r#"{a: "x", yes: true, no: false, list: [true]}"#));
    let path = |name| Term::path(Path::of(name));
    for truth in [true, false] {
        let rows = [
            (Term::value(&yes), truth),
            (Term::value(&no), !truth),
            (Term::value(&text), false),
            (Term::value(&list), false),
            (path("yes"), truth),
            (path("no"), !truth),
            (path("a"), false),
            (path("list"), false),
            (path("nope"), false),
            (Term::condition(constant(truth)), true),
            (Term::condition(constant(!truth)), false),
            (Term::call(Function::Size, vec![path("a")]).unwrap(), false),
        ];
        for (other, equal) in rows {
            let condition = || Term::condition(constant(truth));
            for operands in [[condition(), other.clone()], [other.clone(), condition()]] {
                let shown = format!("{operands:?}");
                for (comparator, wanted) in [(Comparator::Equal, equal), (Comparator::NotEqual, !equal)] {
                    let comparison = build::comparison(comparator, operands.clone()).unwrap();
                    assert_eq!(comparison.holds(Some(item.view())), Ok(wanted), "{comparator:?} {shown}");
                }
            }
        }
    }
}

#[test]
fn pieces_are_checked_as_the_parser_checks_them() {
    let path = || Term::path(Path::of("a"));
    let (number, kind) = (AttributeValue::N(7.into()), AttributeValue::string("S"));
    let two = build::call(Function::AttributeExists, vec![path(), path()]);
    assert_eq!(two, Err(Problem::OperandCount { function: "attribute_exists", count: 2 }));
    let one = build::call(Function::AttributeType, vec![path()]);
    assert!(matches!(one, Err(Problem::OperandCount { .. })), "{one:?}");
    assert!(holds(&build::call(Function::AttributeType, vec![path(), Term::value(&kind)]).unwrap()));
    let boolean = Term::condition(constant(true));
    let refused = build::comparison(Comparator::Less, [boolean, Term::value(&number)]);
    assert!(matches!(refused, Err(Problem::OperandType { .. })), "{refused:?}");
}

#[test]
fn paths_are_those_of_all_pieces() {
    let condition = build::all(vec![constant(true), build::any(vec![constant(false), constant(true)])]);
    let names: Vec<_> = condition.paths().into_iter().map(Path::attribute).collect();
    assert_eq!(names, ["a", "b", "a"]);
}
