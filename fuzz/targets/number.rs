//! Arbitrary texts as numbers, and arithmetic with what they are.
//!
//! A number that was read is written and read again as the same; what is added can be taken away.
#![no_main]

use fuzz::any_number;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use model::Number;
use model::number::java_scale;

fn written(number: Number) -> String {
    let mut text = Vec::new();
    number.write_to(&mut text);
    String::from_utf8(text).expect("digits")
}

fn check_again(number: Number) {
    assert_eq!(Number::parse(&written(number)), Ok(number));
    assert_eq!(Number::from_parts(number.is_negative(), number.coefficient(), number.magnitude()), Ok(number));
    assert_eq!(number.negated().negated(), number);
    number.digits_around_point();
}

fn check_arithmetic(data: &[u8]) -> Result<()> {
    let mut input = Unstructured::new(data);
    let (left, right) = (any_number(&mut input)?, any_number(&mut input)?);
    check_again(left);
    if let Ok(sum) = left.checked_add(right) {
        check_again(sum);
        assert_eq!(right.checked_add(left), Ok(sum));
        assert_eq!(sum.checked_sub(right), Ok(left));
        assert_eq!(sum.cmp(&left), right.cmp(&Number::ZERO));
    }
    assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(number) = Number::parse(text)
    {
        check_again(number);
        java_scale(text);
    }
    let _ = check_arithmetic(data);
});
