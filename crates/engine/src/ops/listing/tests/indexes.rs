//! What indexes answer: their projections, what is fetched for local ones and refused for global ones, and what each costs.

use super::*;

/// Two items in a table with a local and a global index that carry the attributes `data` and `g`, but not `extra`.
fn fixture() -> Fixture {
    let include = || Projection::Include(vec!["data".to_owned(), "g".to_owned()]);
    let table = table("p:S k:S");
    let table = with_index(table, "local", IndexKind::Local, schema(1, "p:S l:S"), include());
    let table = with_index(table, "global", IndexKind::Global, schema(1, "g:S l:S"), include());
    let fixture = Fixture::new(&table);
    for key in ["1", "2"] {
        let attributes = [("l", s("x")), ("g", s("y")), ("data", s("d")), ("extra", s(&"e".repeat(5000)))];
        let mut new = item(attributes);
        new.insert("p".into(), s("a"));
        new.insert("k".into(), s(key));
        fixture.put(&new);
    }
    fixture
}

fn local() -> Ask {
    Ask { index: Some("local"), ..Ask::condition("p = :v", item([(":v", s("a"))])) }
}

fn global() -> Ask {
    Ask { index: Some("global"), ..Ask::condition("g = :v", item([(":v", s("y"))])) }
}

/// The names of the attributes of the first item.
fn names(got: &Got) -> String {
    let first = got.items.as_ref().unwrap().first().unwrap();
    first.iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
}

#[test]
fn indexes_answer_what_they_carry() {
    let fixture = fixture();
    for ask in [local(), global()] {
        for select in [None, Some(Select::AllProjectedAttributes)] {
            let got = Ask { select, ..ask.clone() }.query(&fixture).unwrap();
            assert_eq!((names(&got).as_str(), column(&got, "k").as_str()), ("data g k l p", "1 2"));
            let index = ask.index.unwrap();
            assert_eq!(got.units, format!("0.5 = 0 + {index} 0.5"));
        }
    }
    let scanned = Ask { condition: None, values: Item::new(), ..global() }.scan(&fixture).unwrap();
    assert_eq!((names(&scanned).as_str(), scanned.units.as_str()), ("data g k l p", "0.5 = 0 + global 0.5"));
}

#[test]
fn a_local_index_fetches_what_it_does_not_carry() {
    let fixture = fixture();
    let all = Ask { select: Some(Select::AllAttributes), ..local() };
    let got = all.query(&fixture).unwrap();
    assert_eq!((names(&got).as_str(), got.count), ("data extra g k l p", 2));
    // Each fetched item of 5 KB is a read of its own.
    assert_eq!(got.units, "2.5 = 2 + local 0.5");
    assert_eq!(Ask { consistent: true, ..all.clone() }.query(&fixture).unwrap().units, "5 = 4 + local 1");
    let first = Ask { limit: Some(1), ..all.clone() }.query(&fixture).unwrap();
    let place = item([("p", s("a")), ("k", s("1")), ("l", s("x"))]);
    assert_eq!((first.count, first.last.as_ref()), (1, Some(&place)));
    let second = Ask { start: first.last, ..all.clone() }.query(&fixture).unwrap();
    assert_eq!((column(&second, "k").as_str(), second.last), ("2", None));
    let some = Ask { projection: Some("extra, k"), ..local() }.query(&fixture).unwrap();
    assert_eq!((names(&some).as_str(), some.units.as_str()), ("extra k", "2.5 = 2 + local 0.5"));
    let carried = Ask { projection: Some("#d, k"), names: vec![("#d", "data")], ..local() }.query(&fixture).unwrap();
    assert_eq!((names(&carried).as_str(), carried.units.as_str()), ("data k", "0.5 = 0 + local 0.5"));
    let scanned = Ask { condition: None, values: Item::new(), ..all }.scan(&fixture).unwrap();
    assert_eq!((names(&scanned).as_str(), scanned.units.as_str()), ("data extra g k l p", "2.5 = 2 + local 0.5"));
}

#[test]
fn many_fetched_items_are_read_in_turns() {
    let table = with_index(table("p:S k:N"), "local", IndexKind::Local, schema(1, "p:S l:N"), Projection::KeysOnly);
    let fixture = Fixture::new(&table);
    for key in 0..100 {
        fixture.put(&item([("p", s("a")), ("k", n(key)), ("l", n(-key)), ("x", s(&"x".repeat(15_000)))]));
    }
    let ask = Ask { select: Some(Select::AllAttributes), index: Some("local"), ..local() };
    let first = ask.query(&fixture).unwrap();
    assert_eq!(first.count, 70, "the fetched items are counted to a megabyte");
    let second = Ask { start: first.last.clone(), ..ask }.query(&fixture).unwrap();
    let keys = format!("{} {}", column(&first, "k"), column(&second, "k"));
    assert_eq!(keys, (0..100).rev().map(|key| key.to_string()).collect::<Vec<_>>().join(" "));
}

#[test]
fn a_global_index_refuses_what_it_does_not_carry() {
    let fixture = fixture();
    let run = |ask: Ask| ask.query(&fixture).unwrap_err();
    let scan = |ask: Ask| Ask { condition: None, ..ask }.scan(&fixture);
    let all = "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index \
               global because its projection type is not ALL";
    assert_eq!(run(Ask { select: Some(Select::AllAttributes), ..global() }), all);
    assert_eq!(
        run(Ask { projection: Some("k, extra, another.a, extra.b"), ..global() }),
        "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; \
         path one: [extra], path two: [extra, b]"
    );
    assert_eq!(
        run(Ask { projection: Some("k, extra, another.a"), ..global() }),
        "One or more parameter values were invalid: Global secondary index global does not project [extra, another]"
    );
    assert_eq!(
        run(Ask { filter: Some("attribute_exists(extra)"), ..global() }),
        "One or more parameter values were invalid: Secondary index global does not project one or more filter attributes: [extra]"
    );
    assert_eq!(
        run(Ask { consistent: true, ..global() }),
        "Consistent reads are not supported on global secondary indexes"
    );
    // A Scan finds absent what the index does not carry.
    let ask = Ask { filter: Some("attribute_exists(extra)"), values: Item::new(), ..global() };
    assert_eq!(scan(ask).map(|got| (got.count, got.scanned)), Ok((0, 2)));
}

#[test]
fn an_index_that_is_not_there_or_not_filled() {
    let mut table = with_index(table("p:S"), "new", IndexKind::Global, schema(1, "g:S"), Projection::All);
    table.indexes[0].backfilling = true;
    let ask = |index| Ask { index: Some(index), ..Ask::default() };
    let filling = Fixture::new(&table);
    assert_eq!(ask("new").scan(&filling).unwrap_err(), "Cannot read from backfilling global secondary index: new");
    assert_eq!(ask("old").scan(&filling).unwrap_err(), "The table does not have the specified index: old");
    table.indexes[0].status = Status::Deleting;
    assert_eq!(ask("new").scan(&Fixture::new(&table)).unwrap_err(), "The table does not have the specified index: new");
}
