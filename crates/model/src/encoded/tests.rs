//! Round trips, look-ups in place, and damaged bytes.

use super::*;

fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

fn sample() -> Item<'static> {
    let inner = Item::from_pairs(vec![(
        "deep".into(),
        AttributeValue::L(vec![AttributeValue::Null, AttributeValue::Bool(true)]),
    )]);
    Item::from_pairs(vec![
        ("s".into(), AttributeValue::string("text \u{1F600}")),
        ("n".into(), AttributeValue::N(number("-12.5"))),
        ("tiny".into(), AttributeValue::N(number("1.5E-129"))),
        ("b".into(), AttributeValue::B(vec![0, 255].into())),
        ("f".into(), AttributeValue::Bool(false)),
        ("ss".into(), AttributeValue::Ss(vec!["a".into(), "b".into()])),
        ("ns".into(), AttributeValue::Ns(vec![number("1"), number("20")])),
        ("bs".into(), AttributeValue::Bs(vec![vec![1].into(), vec![2].into()])),
        ("m".into(), AttributeValue::M(inner)),
        ("empty".into(), AttributeValue::L(vec![])),
        ("long".into(), AttributeValue::S("x".repeat(70_000).into())),
    ])
}

#[test]
fn round_trip_and_look_up() {
    let item = sample();
    let encoded = EncodedItem::from_item(&item);
    let view = ItemView::parse(encoded.bytes()).unwrap();
    assert_eq!(view.to_item(), item);
    assert_eq!(view.check_deep(), Ok(()));
    assert_eq!(view.len(), item.len());
    assert_eq!(view.levels(), 2);
    for (name, value) in item.iter() {
        assert_eq!(view.get(name).map(ValueView::to_value).as_ref(), Some(value), "{name}");
    }
    assert_eq!(view.get("absent"), None);
    assert_eq!(view.get("zzz"), None);
}

#[test]
fn builder_copies_encoded_values() {
    let encoded = EncodedItem::from_item(&sample());
    let mut builder = ItemBuilder::with_capacity(64);
    for (name, value) in encoded.view().iter() {
        builder.push_view(name, value);
    }
    assert_eq!(builder.finish(), encoded);
}

#[test]
fn truncated_and_extended_bytes_are_malformed() {
    let item = Item::from_pairs(sample().into_iter().filter(|(name, _)| name != "long").collect());
    let encoded = EncodedItem::from_item(&item);
    let bytes = encoded.bytes();
    for length in 0..bytes.len() {
        assert_eq!(ItemView::parse(&bytes[..length]), Err(Malformed), "{length}");
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert_eq!(ItemView::parse(&longer), Err(Malformed));
}

#[test]
fn damaged_bytes_never_panic_and_never_pass_deep_checks_unnoticed() {
    let item = Item::from_pairs(sample().into_iter().filter(|(name, _)| name != "long").collect());
    let encoded = EncodedItem::from_item(&item);
    for at in 0..encoded.bytes().len() {
        for flip in [1u8, 0x80, 0xff] {
            let mut damaged = encoded.bytes().to_vec();
            damaged[at] ^= flip;
            // A flip inside a string gives another well-formed item; all that counts here is that reading it is safe.
            if let Ok(view) = ItemView::parse(&damaged) {
                view.iter().for_each(drop);
                let _ = std::panic::catch_unwind(|| view.check_deep());
            }
        }
    }
}
