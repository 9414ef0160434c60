//! Arbitrary expressions of every kind, parsed and evaluated on an item that has a value of each type.
//!
//! The names `#s`, `#n`, ... stand for the attributes of that item and `:s`, `:n`, ... for their values. What an update makes is an
//! item in normal form.
#![no_main]

use expression::{ExpressionKind, Placeholders, parse_condition, parse_key_condition, parse_projection, parse_update};
use fuzz::{every_type, item};
use libfuzzer_sys::fuzz_target;
use model::{EncodedItem, Item};
use std::borrow::Cow;
use std::sync::LazyLock;

static ITEM: LazyLock<EncodedItem> = LazyLock::new(|| EncodedItem::from_item(&item()));
static KEY: LazyLock<Item<'static>> = LazyLock::new(|| {
    Item::from_pairs(
        item()
            .iter()
            .filter(|(name, _)| name.ends_with('k'))
            .map(|(name, value)| (name.to_owned().into(), value.clone().into_owned()))
            .collect(),
    )
});
static NAMES: LazyLock<Vec<(Cow<'static, str>, Cow<'static, str>)>> =
    LazyLock::new(|| every_type().iter().map(|(name, _)| (format!("#{name}").into(), (*name).into())).collect());
static VALUES: LazyLock<Item<'static>> = LazyLock::new(|| {
    Item::from_pairs(every_type().into_iter().map(|(name, value)| (format!(":{name}").into(), value)).collect())
});

fn check(kind: u8, text: &str) {
    let placeholders = Placeholders::new(&NAMES, Some(&VALUES));
    let item = ITEM.view();
    match kind % 5 {
        kind @ (0 | 1) => {
            let kind = if kind == 0 { ExpressionKind::Condition } else { ExpressionKind::Filter };
            if let Ok(condition) = parse_condition(kind, text, &placeholders) {
                let _ = (condition.holds(Some(item)), condition.holds(None), condition.paths());
            }
        }
        2 => {
            if let Ok(condition) = parse_key_condition(text, &placeholders) {
                let _ = condition.conditions();
            }
        }
        3 => {
            if let Ok(projection) = parse_projection(text, &placeholders) {
                assert_eq!(projection.project(item).view().check_deep(), Ok(()));
            }
        }
        _ => {
            if let Ok(update) = parse_update(text, &placeholders) {
                for old in [Some(item), None] {
                    if let Ok(new) = update.apply(old, &KEY) {
                        assert_eq!(new.view().check_deep(), Ok(()));
                    }
                }
                update.updated_old(item);
                update.statement_size();
            }
        }
    }
    let _ = placeholders.check_used();
}

fuzz_target!(|data: &[u8]| {
    if let Some((kind, text)) = data.split_first()
        && let Ok(text) = std::str::from_utf8(text)
    {
        check(*kind, text);
    }
});
