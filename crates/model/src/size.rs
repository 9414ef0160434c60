//! Sizes in DynamoDB's arithmetic, in bytes. Limits, capacity units and table sizes are all counted with them.
//!
//! The rule for numbers was measured against AWS by bisecting the 400 KB limit (dynoxide, August 2026): one byte, plus half a byte for
//! each significant digit before the point (rounded up) and likewise behind it, plus one for a minus sign.

use crate::encoded::stored_number;
use crate::{AttributeValue, Item, ItemView, Number, ValueView};

/// What a list or a map costs beside its elements.
const CONTAINER: usize = 3;
/// What each element of a list or map costs beside its name and value.
const ELEMENT: usize = 1;

/// The size of an item: names and values of its attributes.
pub fn item(item: &Item<'_>) -> usize {
    item.iter().map(|(name, value)| name.len() + self::value(value)).sum()
}

/// The size of a value.
pub fn value(value: &AttributeValue<'_>) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => self::number(*number),
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::Bool(_) | AttributeValue::Null => 1,
        AttributeValue::Ss(set) => set.iter().map(|member| member.len()).sum(),
        AttributeValue::Ns(set) => set.iter().map(|member| number(*member)).sum(),
        AttributeValue::Bs(set) => set.iter().map(|member| member.len()).sum(),
        AttributeValue::L(list) => CONTAINER + list.iter().map(|element| ELEMENT + self::value(element)).sum::<usize>(),
        AttributeValue::M(map) => CONTAINER + map.len() * ELEMENT + item(map),
    }
}

/// The size of a number.
pub fn number(number: Number) -> usize {
    let (integer, fraction) = number.digits_around_point();
    1 + integer.div_ceil(2) as usize + fraction.div_ceil(2) as usize + usize::from(number.is_negative())
}

/// The size of an encoded item.
pub fn item_view(item: ItemView<'_>) -> usize {
    item.iter().map(|(name, value)| name.len() + value_view(value)).sum()
}

/// The size of an encoded value.
pub fn value_view(value: ValueView<'_>) -> usize {
    match value {
        ValueView::S(text) => text.len(),
        ValueView::N(text) => number(stored_number(text)),
        ValueView::B(bytes) => bytes.len(),
        ValueView::Bool(_) | ValueView::Null => 1,
        ValueView::Ss(body) | ValueView::Bs(body) => body.members().map(<[u8]>::len).sum(),
        ValueView::Ns(body) => body.texts().map(|text| number(stored_number(text))).sum(),
        ValueView::L(body) => CONTAINER + body.values().map(|element| ELEMENT + value_view(element)).sum::<usize>(),
        ValueView::M(body) => CONTAINER + body.len() * ELEMENT + item_view(body.attributes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EncodedItem;

    #[test]
    fn numbers() {
        let rows = [
            ("0", 1),
            ("1", 2),
            ("-1", 3),
            ("27", 2),
            ("-27", 3),
            ("461", 3),
            ("100", 2),
            ("10.5", 3),
            ("0.001", 2),
            ("1E125", 2),
            ("1786461547", 6),
        ];
        for (text, want) in rows {
            assert_eq!(number(Number::parse(text).unwrap()), want, "{text}");
        }
    }

    #[test]
    fn tree_and_view_agree() {
        let list = AttributeValue::L(vec![AttributeValue::Null, AttributeValue::N(Number::from(12))]);
        let map = AttributeValue::M(Item::from_pairs(vec![("k".into(), AttributeValue::string("vv"))]));
        let item = Item::from_pairs(vec![
            ("l".into(), list),
            ("m".into(), map),
            ("ss".into(), AttributeValue::Ss(vec!["abc".into(), "d".into()])),
            ("ns".into(), AttributeValue::Ns(vec![Number::from(1), Number::from(100)])),
        ]);
        // l: 1 + 3 + (1+1) + (1+2); m: 1 + 3 + 1 + 1 + 2; ss: 2 + 4; ns: 2 + 2 + 2
        assert_eq!(self::item(&item), 9 + 8 + 6 + 6);
        assert_eq!(item_view(EncodedItem::from_item(&item).view()), self::item(&item));
    }
}
