//! Arbitrary bytes as what is stored: they are a record or refused, and a record is read in full.
#![no_main]

use api::Encode;
use bytes::Bytes;
use layout::record::{Lease, decode, decode_counter};
use layout::{ChangeRecord, ItemRecord, TokenRecord};
use libfuzzer_sys::fuzz_target;
use model::{EncodedItem, ItemView};

fn check_item(view: ItemView<'_>) {
    let item = view.to_item();
    let again = EncodedItem::from_item(&item);
    assert_eq!(again.view().to_item(), item);
    assert_eq!(again.view().check_deep(), Ok(()));
    if view.check_deep().is_ok() {
        assert_eq!(again.bytes(), view.bytes());
        assert_eq!(again.view().levels(), view.levels());
        assert!(view.iter().all(|(name, _)| view.get(name).is_some()));
        let mut json = Vec::new();
        view.encode(&mut json);
        assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&json).is_ok());
    }
}

fuzz_target!(|data: &[u8]| {
    let value = Bytes::copy_from_slice(data);
    if let Ok(record) = ItemRecord::decode(&value) {
        check_item(record.item.view());
        assert_eq!(ItemRecord::encode(record.size, record.item.view()), value);
    }
    if let Ok(record) = ChangeRecord::decode(value.clone()) {
        let views = ChangeRecord {
            kind: record.kind,
            cause: record.cause,
            at_ms: record.at_ms,
            keys: record.keys.view(),
            old: record.old.as_ref().map(EncodedItem::view),
            new: record.new.as_ref().map(EncodedItem::view),
        };
        assert_eq!(views.encode(), value);
        [Some(views.keys), views.old, views.new].into_iter().flatten().for_each(check_item);
    }
    if let Ok(record) = TokenRecord::decode(data) {
        assert_eq!(record.encode(), data);
    }
    let _ = decode_counter(data);
    let _ = decode::<model::Table>(data);
    let _ = decode::<Lease>(data);
});
