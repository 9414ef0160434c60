//! Pages: that any sequence of them gives what one page would, where they end, and what they cost.

use super::*;

/// A table with an index of each kind, in which several items have equal index keys, and some are in no index.
fn crowded() -> Fixture {
    let table = table("p:S k:N");
    let table = with_index(table, "local", IndexKind::Local, schema(1, "p:S l:N"), Projection::KeysOnly);
    let table = with_index(table, "global", IndexKind::Global, schema(1, "g:S l:N"), Projection::All);
    let table = with_index(table, "flat", IndexKind::Global, schema(1, "g:S"), Projection::KeysOnly);
    let fixture = Fixture::new(&table);
    for partition in ["a", "b", "c", "d", "e"] {
        for key in 0..13 {
            let mut new = item([("p", s(partition)), ("k", n(key)), ("even", n(key % 2))]);
            if key != 5 {
                new.insert("l".into(), n(key / 3));
                new.insert("g".into(), s(if key < 7 { "low" } else { "high" }));
            }
            fixture.put(&new);
        }
    }
    fixture
}

type Run = fn(&Ask, &Fixture) -> Result<Got, String>;

/// All items of all pages; each page must keep to the limit, and only the last may come without a place to go on.
fn all_pages(fixture: &Fixture, ask: &Ask, run: Run) -> Vec<Item<'static>> {
    let mut ask = ask.clone();
    let mut items = Vec::new();
    loop {
        let got = run(&ask, fixture).unwrap();
        let limit = ask.limit.unwrap();
        assert!(got.scanned <= limit && got.count <= got.scanned);
        assert_eq!(got.last.is_some(), got.scanned == limit, "a page that reaches its limit names its last entry");
        items.extend(got.items.unwrap());
        match got.last {
            Some(last) => ask.start = Some(last),
            None => return items,
        }
    }
}

#[test]
fn pages_of_every_size_give_everything_once() {
    let fixture = crowded();
    let sources = [
        (None, "p = :v", "b"),
        (Some("local"), "p = :v", "b"),
        (Some("global"), "g = :v", "low"),
        (Some("flat"), "g = :v", "low"),
    ];
    for (index, condition, value) in sources {
        for backward in [false, true] {
            let ask = Ask { index, backward, ..Ask::condition(condition, item([(":v", s(value))])) };
            let whole = ask.query(&fixture).unwrap().items.unwrap();
            assert!(whole.len() >= 12);
            for limit in 1..=whole.len() as i32 + 1 {
                let ask = Ask { limit: Some(limit), ..ask.clone() };
                assert_eq!(all_pages(&fixture, &ask, Ask::query), whole, "{index:?} backward {backward} limit {limit}");
            }
        }
        let ask = Ask { index, ..Ask::default() };
        let whole = ask.scan(&fixture).unwrap().items.unwrap();
        assert_eq!(whole.len(), if index.is_none() { 65 } else { 60 });
        for limit in 1..=whole.len() as i32 + 1 {
            let ask = Ask { limit: Some(limit), ..ask.clone() };
            assert_eq!(all_pages(&fixture, &ask, Ask::scan), whole, "{index:?} limit {limit}");
        }
    }
}

#[test]
fn a_range_is_paged_within_its_bounds() {
    let fixture = crowded();
    for backward in [false, true] {
        let condition = "p = :v AND k BETWEEN :l AND :h";
        let ask = Ask { backward, ..Ask::condition(condition, item([(":v", s("c")), (":l", n(3)), (":h", n(9))])) };
        let whole = ask.query(&fixture).unwrap().items.unwrap();
        assert_eq!(whole.len(), 7);
        for limit in 1..9 {
            assert_eq!(all_pages(&fixture, &Ask { limit: Some(limit), ..ask.clone() }, Ask::query), whole);
        }
    }
}

#[test]
fn reading_goes_on_behind_an_item_that_is_gone() {
    let fixture = crowded();
    let ask = Ask { limit: Some(4), ..Ask::condition("p = :v", item([(":v", s("a"))])) };
    let last = ask.query(&fixture).unwrap().last.unwrap();
    assert_eq!(last, item([("p", s("a")), ("k", n(3))]));
    fixture.delete(&last);
    let forward = Ask { start: Some(last.clone()), ..ask.clone() }.query(&fixture).unwrap();
    assert_eq!(column(&forward, "k"), "4 5 6 7");
    let backward = Ask { start: Some(last), backward: true, ..ask }.query(&fixture).unwrap();
    assert_eq!(column(&backward, "k"), "2 1 0");
}

#[test]
fn segments_give_everything_once() {
    let fixture = crowded();
    for index in [None, Some("local"), Some("global")] {
        let whole = Ask { index, ..Ask::default() }.scan(&fixture).unwrap().items.unwrap();
        for total in [1, 2, 3, 7, 64, 1000] {
            let segment = |segment| Ask { index, segment: Some((segment, total)), limit: Some(4), ..Ask::default() };
            let items: Vec<_> = (0..total).flat_map(|at| all_pages(&fixture, &segment(at), Ask::scan)).collect();
            assert_eq!(items, whole, "{index:?} {total} segments");
        }
    }
}

#[test]
fn the_limit_counts_items_before_the_filter() {
    let fixture = crowded();
    let values = item([(":v", s("a")), (":one", n(1))]);
    let ask = Ask { filter: Some("even = :one"), limit: Some(3), ..Ask::condition("p = :v", values) };
    let got = ask.query(&fixture).unwrap();
    assert_eq!((column(&got, "k").as_str(), got.count, got.scanned), ("1", 1, 3));
    assert_eq!(all_pages(&fixture, &ask, Ask::query).len(), 6);
    let counted = Ask { select: Some(Select::Count), limit: None, ..ask }.query(&fixture).unwrap();
    assert_eq!((counted.items, counted.count, counted.scanned), (None, 6, 13));
    let scan = Ask { filter: Some("even = :one"), values: item([(":one", n(1))]), limit: Some(7), ..Ask::default() };
    assert_eq!(all_pages(&fixture, &scan, Ask::scan).len(), 30);
}

fn sized(fixture: &Fixture, key: i64, size: usize) {
    // The names and the other values are 5 bytes, the number of them 2.
    let number = model::size::value(&n(key));
    let new = item([("p", s("a")), ("k", n(key)), ("x", s(&"x".repeat(size - 4 - number)))]);
    assert_eq!(model::size::item(&new), size);
    fixture.put(&new);
}

#[test]
fn a_page_ends_with_the_item_that_carries_it_to_a_megabyte() {
    let fixture = Fixture::new(&table("p:S k:N"));
    (1..=20).for_each(|key| sized(&fixture, key, 60_000));
    let ask = Ask::condition("p = :v", item([(":v", s("a"))]));
    // 17 items are 1,020,000 bytes, 18 are 1,080,000, which is more than 1,048,576.
    let got = ask.query(&fixture).unwrap();
    assert_eq!((got.count, got.last.clone()), (18, Some(item([("p", s("a")), ("k", n(18))]))));
    // 263.7 times 4 KB, rounded up, at half a unit each.
    assert_eq!(got.units, "132 = 132");
    let rest = Ask { start: got.last, ..ask.clone() }.query(&fixture).unwrap();
    assert_eq!((rest.count, rest.last), (2, None));
    let scanned = Ask::default().scan(&fixture).unwrap();
    assert_eq!((scanned.count, scanned.last.is_some()), (18, true));
    // The filter does not matter.
    let filtered = Ask { filter: Some("attribute_exists(nothing)"), ..ask.clone() }.query(&fixture).unwrap();
    assert_eq!((filtered.count, filtered.scanned, filtered.last.is_some()), (0, 18, true));
    let limited = Ask { limit: Some(5), ..ask }.query(&fixture).unwrap();
    assert_eq!((limited.count, limited.last.is_some()), (5, true));
}

#[test]
fn a_megabyte_is_counted_exactly() {
    for (last_size, ends) in [(65_535, false), (65_536, true)] {
        let fixture = Fixture::new(&table("p:S k:N"));
        (1..=15).for_each(|key| sized(&fixture, key, 65_536));
        sized(&fixture, 16, last_size);
        let got = Ask::condition("p = :v", item([(":v", s("a"))])).query(&fixture).unwrap();
        assert_eq!((got.count, got.last.is_some(), got.units.as_str()), (16, ends, "128 = 128"));
    }
}

#[test]
fn a_page_of_small_items_is_read_in_several_pages_of_the_store() {
    let fixture = Fixture::new(&table("p:S k:N"));
    // Their keys and headers make such items more than twice as large in the store as they count.
    (0..30_000).for_each(|key| fixture.put(&item([("p", s("a")), ("k", n(key)), ("x", s(&"x".repeat(30)))])));
    let ask = Ask { select: Some(Select::Count), ..Ask::condition("p = :v", item([(":v", s("a"))])) };
    let first = ask.query(&fixture).unwrap();
    let size = |key: i64| 3 + 1 + 30 + model::size::value(&n(key));
    let mut sum = 0;
    let want = (0..30_000)
        .take_while(|key| {
            let before = sum;
            sum += size(*key);
            before < 1024 * 1024
        })
        .count();
    assert!(want < 30_000);
    assert_eq!(first.count as usize, want);
    let second = Ask { start: first.last, ..ask }.query(&fixture).unwrap();
    assert_eq!((first.count + second.count, second.last), (30_000, None));
}

#[test]
fn sizes_are_added_before_they_are_rounded() {
    let fixture = Fixture::new(&table("p:S k:N"));
    (1..=10).for_each(|key| sized(&fixture, key, 600));
    let ask = Ask::condition("p = :v", item([(":v", s("a"))]));
    assert_eq!(ask.query(&fixture).unwrap().units, "1 = 1");
    assert_eq!(Ask { consistent: true, ..ask.clone() }.query(&fixture).unwrap().units, "2 = 2");
    let none = Ask { values: item([(":v", s("none"))]), ..ask };
    assert_eq!(none.query(&fixture).unwrap().units, "0.5 = 0.5");
    assert_eq!(Ask { consistent: true, ..none }.query(&fixture).unwrap().units, "1 = 1");
}
