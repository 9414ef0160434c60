//! The words of both generations, row by row as the captures have them.

use super::*;

fn number(text: &str) -> ValueFault {
    let error = model::Number::parse(text).unwrap_err();
    ValueFault::Number { error, text: text.to_owned() }
}

fn duplicates(kind: SetKind, members: &[&[u8]]) -> ValueFault {
    ValueFault::DuplicateMembers { kind, members: members.iter().map(|member| member.to_vec()).collect() }
}

const INVALID: &str = "One or more parameter values were invalid: ";
const OVERFLOW: &str = "Number overflow. Attempting to store a number with magnitude larger than supported range";
const UNDERFLOW: &str = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
const NOT_NUMERIC: &str = "The parameter cannot be converted to a numeric value";

#[test]
fn numbers() {
    let rows = [
        ("abc", format!("{NOT_NUMERIC}: abc"), format!("{NOT_NUMERIC}: abc")),
        ("", format!("{NOT_NUMERIC}: "), NOT_NUMERIC.to_owned()),
        (" 1", format!("{NOT_NUMERIC}:  1"), format!("{NOT_NUMERIC}:  1")),
        ("1e126", OVERFLOW.to_owned(), OVERFLOW.to_owned()),
        ("1e2147483647", OVERFLOW.to_owned(), UNDERFLOW.to_owned()),
        ("1e-131", UNDERFLOW.to_owned(), UNDERFLOW.to_owned()),
        ("1e2147483648", OVERFLOW.to_owned(), format!("{NOT_NUMERIC}: 1e2147483648")),
        ("1e-2147483648", UNDERFLOW.to_owned(), format!("{NOT_NUMERIC}: 1e-2147483648")),
        ("-1e99999999999", OVERFLOW.to_owned(), format!("{NOT_NUMERIC}: -1e99999999999")),
    ];
    for (text, current, older) in rows {
        assert_eq!(number(text).words(Layer::Current), current, "{text}");
        assert_eq!(number(text).words(Layer::Older), older, "{text}");
    }
    let digits = "1234567890123456789012345678901234567891";
    assert_eq!(number(digits).words(Layer::Current), "Attempting to store more than 38 significant digits in a Number");
}

#[test]
fn duplicate_members() {
    let rows = [
        (
            duplicates(SetKind::String, &[b"b", b"a", b"b"]),
            r#"Input collection ["a", "b", "b"] contains duplicates."#,
            "Input collection [b, a, b] contains duplicates.",
        ),
        (
            duplicates(SetKind::String, &[b"c", b"a", b"c", b"b", b"a"]),
            r#"Input collection ["a", "c", "c", "b", "a"] contains duplicates."#,
            "Input collection [c, a, c, b, a] contains duplicates.",
        ),
        (
            duplicates(SetKind::Binary, &[b"\xff", b"\0", b"\0"]),
            r#"Input collection ["AA==","/w==","AA=="]of type BS contains duplicates."#,
            "Input collection [/w==, AA==, AA==]of type BS contains duplicates.",
        ),
    ];
    for (fault, current, older) in rows {
        assert_eq!(fault.words(Layer::Current), format!("{INVALID}{current}"));
        assert_eq!(fault.words(Layer::Older), format!("{INVALID}{older}"));
    }
    let numbers = duplicates(SetKind::Number, &[b"", b""]);
    assert_eq!(numbers.words(Layer::Current), format!("{INVALID}Input collection contains duplicates."));
    assert_eq!(numbers.words(Layer::Older), "Input collection contains duplicates");
}

#[test]
fn the_rest_is_the_same_in_both() {
    let rows = [
        (ValueFault::EmptyName, "Empty attribute name".to_owned()),
        (ValueFault::EmptyNameInside, "Empty attribute name".to_owned()),
        (ValueFault::Empty, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes".to_owned()),
        (
            ValueFault::SeveralTypes,
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes".to_owned(),
        ),
        (ValueFault::EmptySet(SetKind::String), format!("{INVALID}An string set  may not be empty")),
        (ValueFault::EmptySet(SetKind::Number), format!("{INVALID}An number set  may not be empty")),
        (ValueFault::EmptySet(SetKind::Binary), format!("{INVALID}Binary sets should not be empty")),
        (ValueFault::NullFalse, format!("{INVALID}Null attribute value types must have the value of true")),
        (
            ValueFault::TooDeep,
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit".to_owned(),
        ),
    ];
    for (fault, words) in rows {
        assert_eq!(fault.words(Layer::Current), words);
        assert_eq!(fault.words(Layer::Older), words);
    }
}
