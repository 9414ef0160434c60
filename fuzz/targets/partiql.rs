//! Arbitrary statements, parsed, lowered onto parameters of every type, and planned for a key of `pk` and `sk`.
#![no_main]

use fuzz::every_type;
use libfuzzer_sys::fuzz_target;
use model::{AttributeValue, EncodedItem};
use partiql::{OneOfOne, Operation, Pins, branches, parse};
use std::sync::LazyLock;

static PARAMETERS: LazyLock<Vec<AttributeValue<'static>>> =
    LazyLock::new(|| every_type().into_iter().map(|(_, value)| value).collect());

fuzz_target!(|text: &str| {
    let Ok(statement) = parse(text) else { return };
    let Ok(operation) = statement.lower(&PARAMETERS) else { return };
    match operation {
        Operation::Select(select) | Operation::Exists(select) => {
            let _ = branches(select.filter.as_ref(), ("pk", Some("sk")));
        }
        Operation::Insert(item) => assert_eq!(EncodedItem::from_item(&item).view().check_deep(), Ok(())),
        Operation::Update(write, _) | Operation::Delete(write) => {
            Pins::of(write.filter.as_ref(), &["pk", "sk"], OneOfOne::IsNot);
        }
    }
});
