//! What a change of an item implies, mutation by mutation: one row per kind of change.
//!
//! Indexes of the table: 1 is local and holds keys, 2 is global and holds `v` beside its keys, 3 is global and holds everything. Items of it
//! expire by `until`, and its stream has both images.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use engine::effects::{self, EntryChange, ItemChange, ItemKey, Occasion};
use engine::{entry, expiry};
use layout::keys::{Source, Space};
use layout::{Cause, ChangeRecord, ItemRecord};
use model::table::Status;
use model::{EncodedItem, IndexKind, Table};
use serde_json::{Value, json};
use storage::{Batch, Mutation};
use support::changes::streaming;
use support::{ACCOUNT, Server, composite, defining, index, with};

async fn table() -> Table {
    let server = Server::start(0).await;
    let projected = |index: Value, projection: Value| with(index, json!({ "Projection": projection }));
    let request = with(
        streaming(defining(composite("tab"), &["l", "g"]), "NEW_AND_OLD_IMAGES"),
        json!({
            "LocalSecondaryIndexes": [
                projected(index("one", &[("pk", "HASH"), ("l", "RANGE")]), json!({ "ProjectionType": "KEYS_ONLY" })),
            ],
            "GlobalSecondaryIndexes": [
                projected(
                    index("two", &[("g", "HASH")]),
                    json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"] }),
                ),
                index("three", &[("g", "HASH")]),
            ],
        }),
    );
    server.ask("CreateTable", request).await;
    let specification = json!({ "Enabled": true, "AttributeName": "until" });
    server.ask("UpdateTimeToLive", json!({ "TableName": "tab", "TimeToLiveSpecification": specification })).await;
    server.engine.read_table(ACCOUNT, "tab").await.unwrap().unwrap().descriptor.clone()
}

/// An item of the key `a`, 1 with further attributes, as `name=value`: strings, but for `until`, which is a number.
fn item(attributes: &str) -> ItemRecord {
    use model::{AttributeValue, Item, Number};
    let one = AttributeValue::N(Number::from(1));
    let mut pairs = vec![("pk".into(), AttributeValue::string("a")), ("sk".into(), one)];
    for (name, value) in attributes.split_whitespace().filter_map(|attribute| attribute.split_once('=')) {
        let number = || AttributeValue::N(Number::parse(value).unwrap());
        let value = if name == "until" { number() } else { AttributeValue::string(value) };
        pairs.push((name.into(), value));
    }
    effects::record(EncodedItem::from_item(&Item::from_pairs(pairs)))
}

fn key(table: &Table) -> ItemKey {
    use layout::KeyValue;
    let mut bytes = Source::Table(table.number).partition([KeyValue::S("a")]);
    KeyValue::N(1.into()).write(&mut bytes);
    ItemKey::stored(table, bytes.into()).unwrap()
}

/// A mutation in words.
fn told(mutation: &Mutation) -> String {
    let space = |key: &Bytes, space: Space| key[0] == space as u8;
    let names = |value: &Bytes| {
        let record = ItemRecord::decode(value).unwrap();
        record.item.view().iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>().join(",")
    };
    match mutation {
        Mutation::Set { key, value } if space(key, Space::Item) => format!("item({})", names(value)),
        Mutation::Set { key, value } if space(key, Space::IndexEntry) => format!("entry{}({})", key[6], names(value)),
        Mutation::Set { key, .. } if space(key, Space::Expiry) => format!("expiry@{}", key[12]),
        Mutation::Delete { key } if space(key, Space::Item) => "-item".to_owned(),
        Mutation::Delete { key } if space(key, Space::IndexEntry) => format!("-entry{}", key[6]),
        Mutation::Delete { key } if space(key, Space::Expiry) => format!("-expiry@{}", key[12]),
        Mutation::Add { key, delta } if space(key, Space::Counter) => {
            format!("{}{}{delta:+}", if key[7] == 0 { "count" } else { "size" }, key[6])
        }
        Mutation::Add { key, delta } if space(key, Space::Collection) => format!("collection{delta:+}"),
        Mutation::Append { value, .. } => {
            let record = ChangeRecord::decode(value.clone()).unwrap();
            let image = |image: Option<EncodedItem>| image.map_or(0, |image| image.view().iter().count());
            format!("{:?}({}->{})", record.kind, image(record.old), image(record.new))
        }
        other => panic!("{other:?}"),
    }
}

fn apply(table: &Table, old: Option<&str>, new: Option<&str>, missing: &[u16]) -> (String, Vec<EntryChange>) {
    let (old, new) = (old.map(item), new.map(item));
    let occasion = Occasion { cause: Cause::Request, at_ms: 5 };
    let (old, new) = (old.as_ref(), new.as_ref());
    let mut batch = Batch::new();
    let entries = effects::effects(&ItemChange { table, key: &key(table), old, new, missing, occasion }, &mut batch);
    assert!(batch.checks.is_empty());
    (batch.mutations.iter().map(told).collect::<Vec<_>>().join(" "), entries)
}

/// The key is of 7 bytes; `l=x` and the like add 2, `until` adds 7.
#[tokio::test]
async fn every_kind_of_change() {
    let table = table().await;
    let rows = [
        (None, None, "-item"),
        (None, Some(""), "item(pk,sk) Insert(0->2) count0+1 size0+7 collection+7"),
        (
            None,
            Some("l=x g=y v=z"),
            "item(g,l,pk,sk,v) Insert(0->5) count0+1 size0+13 collection+13 \
             entry1(l,pk,sk) count1+1 size1+9 collection+9 \
             entry2(g,pk,sk,v) count2+1 size2+11 \
             entry3(g,l,pk,sk,v) count3+1 size3+13",
        ),
        (Some("l=x g=y v=z"), Some("l=x g=y v=z"), "item(g,l,pk,sk,v)"),
        (Some("l=x"), None, "-item Remove(3->0) count0-1 size0-9 collection-9 -entry1 count1-1 size1-9 collection-9"),
        (Some("l=x"), Some("l=y"), "item(l,pk,sk) Modify(3->3) -entry1 entry1(l,pk,sk)"),
        (Some("l=x"), Some(""), "item(pk,sk) Modify(3->2) size0-2 collection-2 -entry1 count1-1 size1-9 collection-9"),
        (
            Some(""),
            Some("l=xx"),
            "item(l,pk,sk) Modify(2->3) size0+3 collection+3 entry1(l,pk,sk) count1+1 size1+10 collection+10",
        ),
        (
            Some("g=y v=z"),
            Some("g=y v=zz"),
            "item(g,pk,sk,v) Modify(4->4) size0+1 collection+1 entry2(g,pk,sk,v) size2+1 entry3(g,pk,sk,v) size3+1",
        ),
        (Some("g=y"), Some("g=y w=1"), "item(g,pk,sk,w) Modify(3->4) size0+2 collection+2 entry3(g,pk,sk,w) size3+2"),
        (None, Some("until=9"), "item(pk,sk,until) Insert(0->3) expiry@9 count0+1 size0+14 collection+14"),
        (Some("until=9"), Some("until=8"), "item(pk,sk,until) Modify(3->3) -expiry@9 expiry@8"),
        (Some("until=9"), Some("until=9 v=z"), "item(pk,sk,until,v) Modify(3->4) size0+2 collection+2"),
        (Some("until=9"), None, "-item Remove(3->0) -expiry@9 count0-1 size0-14 collection-14"),
    ];
    for (old, new, want) in rows {
        assert_eq!(apply(&table, old, new, &[]).0, want, "{old:?} -> {new:?}");
    }
}

#[tokio::test]
async fn indexes_that_are_not_complete() {
    let mut table = table().await;
    let want = "item(g,pk,sk) Modify(3->3) entry2(g,pk,sk) count2+1 size2+9 -entry3 entry3(g,pk,sk)";
    assert_eq!(apply(&table, Some("g=y"), Some("g=z"), &[2]).0, want);
    table.indexes[2].status = Status::Deleting;
    let want = "item(g,pk,sk) Modify(3->3) -entry2 entry2(g,pk,sk)";
    assert_eq!(apply(&table, Some("g=y"), Some("g=z"), &[]).0, want);
    table.time_to_live = None;
    table.indexes.retain(|index| index.kind == IndexKind::Global);
    let want = "item(pk,sk,until) Insert(0->3) count0+1 size0+14";
    assert_eq!(apply(&table, None, Some("until=9"), &[]).0, want);
}

#[tokio::test]
async fn what_is_told_of_entries() {
    let table = table().await;
    let change = |removed, added, in_place| EntryChange { removed, added, in_place };
    let none = EntryChange::default();
    let rows = [
        (None, Some("l=x"), [change(None, Some(9), false), none, none]),
        (Some("l=x"), None, [change(Some(9), None, false), none, none]),
        (Some("l=x"), Some("l=yy"), [change(Some(9), Some(10), false), none, none]),
        (Some("g=y v=z"), Some("g=y v=zz"), [none, change(Some(11), Some(12), true), change(Some(11), Some(12), true)]),
        (Some("g=y"), Some("g=y"), [none, none, none]),
    ];
    for (old, new, want) in rows {
        assert_eq!(apply(&table, old, new, &[]).1, want, "{old:?} -> {new:?}");
    }
}

/// Items that were there before an index may hold what its keys do not allow.
#[tokio::test]
async fn which_items_have_entries() {
    let table = table().await;
    let (long, longer) = ("x".repeat(1024), "x".repeat(1025));
    let (wide, wider) = ("x".repeat(2048), "x".repeat(2049));
    let rows = [
        (0, format!("l={long}"), true),
        (0, format!("l={longer}"), false),
        (0, "l=".to_owned(), false),
        (0, "g=x".to_owned(), false),
        (1, format!("g={wide}"), true),
        (1, format!("g={wider}"), false),
        (1, "g=".to_owned(), false),
        (1, "g=x".to_owned(), true),
    ];
    for (at, attributes, want) in rows {
        let found = entry::of_item(&table, &table.indexes[at], &item(&attributes));
        assert_eq!(found.is_some(), want, "{at} {:.9}", attributes);
    }
    let mut other = table.clone();
    other.indexes[1].key_schema.partition[0].kind = model::ScalarType::N;
    assert!(entry::of_item(&other, &other.indexes[1], &item("g=x")).is_none());
    assert_eq!(entry::size_with_local_entries(&table, &item("l=x g=y")), 11 + 9);
    assert_eq!(entry::size_with_local_entries(&table, &item("g=y")), 9);
}

#[tokio::test]
async fn when_items_expire() {
    let mut table = table().await;
    for (attributes, want) in [("until=9", Some(9)), ("until=-9", None), ("v=9", None)] {
        assert_eq!(expiry::expires_at(&table, &item(attributes)), want, "{attributes}");
        assert_eq!(expiry::place(&table, b"\x10\0\0\0\x01", &item(attributes)).is_some(), want.is_some());
    }
    table.time_to_live = None;
    assert_eq!(expiry::expires_at(&table, &item("until=9")), None);
}

#[tokio::test]
async fn keys_of_items() {
    let table = table().await;
    let key = key(&table);
    assert_eq!(key.partition(), &key.bytes[..16]);
    assert_eq!(key.partition_in(&table).unwrap().number, 0);
    assert_eq!(ItemKey::stored(&table, Bytes::from_static(b"\x10")), None);
}
