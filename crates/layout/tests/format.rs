//! The stored format, byte by byte: what a released version wrote stays readable, so a row here changes only together with FORMAT.md.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use layout::keys::{self, Counted, Range, ShardEvent, Source, Tokened};
use layout::record::{self, Lease};
use layout::{Cause, ChangeKind, ChangeRecord, Corrupted, KeyValue, principals};
use model::encoded::ItemBuilder;
use model::{AttributeValue, EncodedItem, Item, Number, ScalarType};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Of the account `1`: the table `t` with the number 2, its index 3, its partition 4, its shard 6.
#[test]
fn keys_are_these_bytes() {
    let rows: [(&str, Bytes, &str); 15] = [
        ("table", keys::table("1", "t"), "01310074"),
        ("next table number", keys::next_table_number(), "026e6578742d7461626c65"),
        ("token", keys::token(5, Tokened::TransactWriteItems, "1", "x"), "030000000501310078"),
        ("token of statements", keys::token(5, Tokened::ExecuteTransaction, "1", "x"), "030000000502310078"),
        ("stream", keys::stream("1", "t", "l"), "04310074006c"),
        ("expiring", keys::expiring(2), "0500000002"),
        ("lease", keys::lease("w"), "0677"),
        ("count", keys::counter(2, 3, Counted::Count), "2000000002000300"),
        ("size", keys::counter(2, 3, Counted::Size), "2000000002000301"),
        ("size of the first partition", keys::partition_counter(2, 0, Counted::Size), "2000000002000001"),
        ("size of another partition", keys::partition_counter(2, 4, Counted::Size), "200000000200000100000004"),
        ("collection", keys::collection(2, b"\x10\0\0\0\x02rest"), "210000000272657374"),
        ("change log", keys::change_log(2, 6), "300000000200000006"),
        ("shard", keys::shard(2, 6, ShardEvent::Closed), "31000000020000000601"),
        ("sealing key", principals::sealing_key(), "0804"),
    ];
    for (name, key, want) in rows {
        assert_eq!(hex(&key), want, "{name}");
    }
}

#[test]
fn ranges_are_these_bytes() {
    let rows: [(&str, Range, &str, &str); 13] = [
        ("all tables", keys::all_tables(), "01", "02"),
        ("tables of an account", Range::prefixed(keys::tables_of("1")), "013100", "013101"),
        ("tokens before", keys::tokens_before(5), "03", "0300000005"),
        ("all tokens", keys::all_tokens(), "03", "04"),
        ("all streams", keys::all_streams(), "04", "05"),
        ("streams of an account", Range::prefixed(keys::streams_of_account("1")), "043100", "043101"),
        ("streams of a name", Range::prefixed(keys::streams_of("1", "t")), "0431007400", "0431007401"),
        ("all expiring", keys::all_expiring(), "05", "06"),
        ("all leases", keys::all_leases(), "06", "07"),
        ("entries", keys::of_index(2, 3), "11000000020003", "11000000020004"),
        ("counters", keys::counters_of_index(2, 3), "20000000020003", "20000000020004"),
        ("expiries", keys::expiries(2, 7, 8), "22000000020000000000000007", "22000000020000000000000008"),
        ("records of a shard", keys::changes(2, 6), "300000000200000006", "300000000200000007"),
    ];
    for (name, range, from, to) in rows {
        assert_eq!((hex(&range.from).as_str(), hex(&range.to).as_str()), (from, to), "{name}");
    }
    assert_eq!(hex(&Source::Index(2, 3).partition([])[..7]), "11000000020003");
}

#[test]
fn keys_are_read_back() {
    for event in [ShardEvent::Opened, ShardEvent::Closed] {
        assert_eq!(keys::parse_shard(&keys::shard(2, 6, event)), Some((6, event)));
    }
    for counted in [Counted::Count, Counted::Size] {
        assert_eq!(keys::parse_partition_counter(&keys::partition_counter(2, 4, counted)), Some((counted, 4)));
    }
    assert_eq!(keys::parse_shard(b"\x31\0\0\0\x02\0\0\0\x06\x02"), None);
    assert_eq!(keys::parse_partition_counter(b"\x20\0\0\0\x02\0\0\x02"), None);
}

/// Values of keys: the code, what the codes of all that begins so begin with, the size, whether it is empty.
#[test]
fn key_values_are_these_bytes() {
    let number = |text: &str| AttributeValue::N(Number::parse(text).unwrap());
    let rows: [(AttributeValue<'_>, ScalarType, &str, &str, usize, bool); 12] = [
        (AttributeValue::string(""), ScalarType::S, "0001", "", 0, true),
        (AttributeValue::string("a\0b"), ScalarType::S, "6100ff620001", "6100ff62", 3, false),
        (AttributeValue::B((&b""[..]).into()), ScalarType::B, "0001", "", 0, true),
        (AttributeValue::B((&b"\x01\0"[..]).into()), ScalarType::B, "0100ff0001", "0100ff", 2, false),
        (number("0"), ScalarType::N, "01", "01", 1, false),
        (number("1"), ScalarType::N, "02820b00", "02820b00", 2, false),
        (number("12"), ScalarType::N, "02830d00", "02830d00", 2, false),
        (number("123"), ScalarType::N, "02840d1f00", "02840d1f00", 3, false),
        (number("100"), ScalarType::N, "02840b00", "02840b00", 2, false),
        (number("0.05"), ScalarType::N, "02803300", "02803300", 2, false),
        (number("-1"), ScalarType::N, "007df4ff", "007df4ff", 3, false),
        (number("9999"), ScalarType::N, "0285646400", "0285646400", 3, false),
    ];
    for (value, kind, code, prefix, size, is_empty) in rows {
        let key = KeyValue::of(&value).unwrap();
        let (mut written, mut begun) = (Vec::new(), Vec::new());
        key.write(&mut written);
        key.write_prefix(&mut begun);
        assert_eq!((hex(&written).as_str(), hex(&begun).as_str()), (code, prefix), "{value:?}");
        assert_eq!((key.kind(), key.size(), key.is_empty()), (kind, size, is_empty), "{value:?}");
        let item = EncodedItem::from_item(&Item::from_pairs(vec![("a".into(), value.clone())]));
        assert_eq!(KeyValue::of_view(item.view().get("a").unwrap()), Some(key), "{value:?}");
    }
    let other = AttributeValue::Bool(true);
    assert_eq!(KeyValue::of(&other), None);
    let item = EncodedItem::from_item(&Item::from_pairs(vec![("a".into(), other)]));
    assert_eq!(KeyValue::of_view(item.view().get("a").unwrap()), None);
}

#[test]
fn records_are_read_back() {
    let lease = Lease { holder: "a".to_owned(), until_ms: 5 };
    let value = record::encode(&lease).unwrap();
    assert_eq!(value, r#"{"holder":"a","until_ms":5}"#);
    assert_eq!(record::decode(&value), Ok(lease));
    for number in [0, 1, -1, i64::MAX, i64::MIN] {
        assert_eq!(record::decode_counter(&number.to_be_bytes()), Ok(number));
    }
    assert_eq!(record::decode_counter(&[0; 7]), Err(Corrupted));
    assert_eq!(Corrupted.to_string(), "a stored value does not decode");
}

#[test]
fn changes_are_read_back() {
    let empty = ItemBuilder::with_capacity(0).finish();
    for kind in [ChangeKind::Insert, ChangeKind::Modify, ChangeKind::Remove] {
        for cause in [Cause::Request, Cause::Expiry] {
            // The last image ends where the record does.
            let record = ChangeRecord { kind, cause, at_ms: 5, keys: empty.view(), old: None, new: Some(empty.view()) };
            let decoded = ChangeRecord::decode(record.encode()).unwrap();
            assert_eq!((decoded.kind, decoded.cause, decoded.new), (kind, cause, Some(empty.clone())));
        }
    }
}
