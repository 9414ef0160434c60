//! Projections that make an attribute of each value, of a name that is given to it, as the columns of a statement's answer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod notation;

use expression::{Path, Projection, Step};
use model::EncodedItem;

fn path(attribute: &'static str, steps: &[Step<'static>]) -> Path<'static> {
    Path::new(attribute, steps.to_vec())
}

fn columns(columns: Vec<(&str, Path<'static>)>) -> Result<Projection<'static>, String> {
    Projection::of_columns(columns.into_iter().map(|(name, path)| (name.to_owned(), path)).collect())
}

#[test]
fn values_leave_the_structure_they_stand_in() {
    let item = EncodedItem::from_item(&notation::item(r#"{pk: "k", a: 1, m: {k: "v", n: [10, {d: 20}]}}"#));
    let (k, n) = (Step::Name("k"), Step::Name("n"));
    let rows = [
        (vec![("a", path("a", &[]))], "{a: 1}"),
        (vec![("k", path("m", &[k])), ("a", path("a", &[]))], r#"{a: 1, k: "v"}"#),
        (vec![("z", path("a", &[])), ("b", path("m", &[n, Step::Index(0)]))], "{b: 10, z: 1}"),
        (vec![("d", path("m", &[n, Step::Index(1), Step::Name("d")])), ("pk", path("pk", &[]))], r#"{d: 20, pk: "k"}"#),
        // What is not there has no column.
        (vec![("x", path("x", &[])), ("a", path("a", &[])), ("y", path("m", &[Step::Index(0)]))], "{a: 1}"),
        // One value may have several names, and a name may be that of another attribute.
        (vec![("pk", path("a", &[])), ("a", path("pk", &[])), ("m", path("a", &[]))], r#"{a: "k", m: 1, pk: 1}"#),
        (vec![], "{}"),
    ];
    for (row, expected) in rows {
        let projection = columns(row).unwrap();
        let found = projection.project(item.view());
        found.view().check_deep().unwrap();
        assert_eq!(notation::shown(found.view()), expected);
    }
}

#[test]
fn two_columns_have_different_names() {
    let refused = |names: &[&'static str]| columns(names.iter().map(|name| (*name, path(name, &[]))).collect()).err();
    assert_eq!(refused(&["b", "a", "c"]), None);
    assert_eq!(refused(&["a", "a"]), Some("a".to_owned()));
    assert_eq!(refused(&["c", "b", "a", "b"]), Some("b".to_owned()));
}
