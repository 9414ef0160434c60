//! The order-preserving code of key values: comparing codes as bytes compares the values as DynamoDB does.
//!
//! ```text
//! S, B     = (byte, with 00 written as 00 FF)* 00 01
//! N > 0    = 02 magnitude+130 (pair of digits, +1)* 00
//! N = 0    = 01
//! N < 0    = 00, then the code of the positive number behind its first byte with every bit turned
//! ```
//!
//! Every code ends by itself: no code is a prefix of another of the same type. So a key of several values is their codes in a row, and all
//! keys that begin with certain values are one range.

use model::{AttributeValue, Number, ScalarType, ValueView};

const ZERO_BYTE: u8 = 0x00;
const ESCAPED: u8 = 0xff;
const END: [u8; 2] = [0x00, 0x01];
const NEGATIVE: u8 = 0x00;
const ZERO: u8 = 0x01;
const POSITIVE: u8 = 0x02;

/// The value of a key attribute.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum KeyValue<'a> {
    /// String.
    S(&'a str),
    /// Number.
    N(Number),
    /// Binary.
    B(&'a [u8]),
}

impl<'a> KeyValue<'a> {
    /// The key value of an attribute value, if it is of a type that keys may have.
    pub fn of(value: &'a AttributeValue<'_>) -> Option<Self> {
        match value {
            AttributeValue::S(text) => Some(Self::S(text)),
            AttributeValue::N(number) => Some(Self::N(*number)),
            AttributeValue::B(bytes) => Some(Self::B(bytes)),
            _ => None,
        }
    }

    /// The key value of a stored value, if it is of a type that keys may have.
    pub fn of_view(value: ValueView<'a>) -> Option<Self> {
        match value {
            ValueView::S(text) => Some(Self::S(text)),
            ValueView::N(text) => Some(Self::N(model::encoded::stored_number(text))),
            ValueView::B(bytes) => Some(Self::B(bytes)),
            _ => None,
        }
    }

    /// The value's type.
    pub fn kind(self) -> ScalarType {
        match self {
            Self::S(_) => ScalarType::S,
            Self::N(_) => ScalarType::N,
            Self::B(_) => ScalarType::B,
        }
    }

    /// The value's size in bytes, as key limits count it.
    pub fn size(self) -> usize {
        match self {
            Self::S(text) => text.len(),
            Self::N(number) => model::size::number(number),
            Self::B(bytes) => bytes.len(),
        }
    }

    /// Whether it is an empty string or empty bytes, which no key may be.
    pub fn is_empty(self) -> bool {
        match self {
            Self::S(text) => text.is_empty(),
            Self::N(_) => false,
            Self::B(bytes) => bytes.is_empty(),
        }
    }

    /// Appends the value's code.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::S(text) => {
                write_escaped(text.as_bytes(), out);
                out.extend_from_slice(&END);
            }
            Self::B(bytes) => {
                write_escaped(bytes, out);
                out.extend_from_slice(&END);
            }
            Self::N(number) => write_number(number, out),
        }
    }

    /// Appends what the codes of all values that begin with this one begin with. Numbers have no beginnings.
    pub fn write_prefix(self, out: &mut Vec<u8>) {
        match self {
            Self::S(text) => write_escaped(text.as_bytes(), out),
            Self::B(bytes) => write_escaped(bytes, out),
            Self::N(number) => write_number(number, out),
        }
    }
}

/// How long the code of a value of this type is that some bytes begin with, if they do.
pub fn length(kind: ScalarType, bytes: &[u8]) -> Option<usize> {
    match kind {
        ScalarType::S | ScalarType::B => bytes.windows(2).position(|pair| pair == END).map(|at| at + END.len()),
        ScalarType::N => {
            let end = match *bytes.first()? {
                ZERO => return Some(1),
                POSITIVE => 0,
                _ => !0,
            };
            // Behind the sign and the magnitude, which may be any byte.
            let digits = bytes.get(2..)?;
            digits.iter().position(|byte| *byte == end).map(|at| at + 3)
        }
    }
}

fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let mut parts = bytes.split(|byte| *byte == ZERO_BYTE);
    out.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        out.extend_from_slice(&[ZERO_BYTE, ESCAPED]);
        out.extend_from_slice(part);
    }
}

fn write_number(number: Number, out: &mut Vec<u8>) {
    if number.is_zero() {
        out.push(ZERO);
        return;
    }
    out.push(if number.is_negative() { NEGATIVE } else { POSITIVE });
    let body = out.len();
    // From 1E-130 to 9.9E+125 there are exactly 256 magnitudes.
    out.push((number.magnitude() + 130) as u8);
    let digits = number.digits();
    let mut coefficient = number.coefficient();
    if !digits.is_multiple_of(2) {
        coefficient *= 10;
    }
    let mut pairs = [0u8; 20];
    let mut start = pairs.len();
    while coefficient > 0 {
        start -= 1;
        pairs[start] = (coefficient % 100) as u8 + 1;
        coefficient /= 100;
    }
    out.extend_from_slice(&pairs[start..]);
    out.push(0);
    if number.is_negative() {
        out[body..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(value: KeyValue<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        value.write(&mut out);
        out
    }

    #[test]
    fn strings_keep_their_order_and_no_code_begins_another() {
        let texts = [
            "",
            "\0",
            "\0\0",
            "\0\u{1}",
            "\u{1}",
            "a",
            "a\0",
            "a\0b",
            "aa",
            "ab",
            "b",
            "\u{7f}",
            "\u{e9}",
            "\u{1F600}",
        ];
        for (at, left) in texts.iter().enumerate() {
            let own = code(KeyValue::S(left));
            assert_eq!(length(ScalarType::S, &[&own[..], b"\0\x01"].concat()), Some(own.len()), "{left:?}");
            for (other, right) in texts.iter().enumerate() {
                let (l, r) = (code(KeyValue::S(left)), code(KeyValue::S(right)));
                assert_eq!(l.cmp(&r), left.as_bytes().cmp(right.as_bytes()), "{left:?} {right:?}");
                assert!(at == other || !r.starts_with(&l), "{left:?} {right:?}");
            }
        }
    }

    #[test]
    fn numbers_keep_their_order_and_no_code_begins_another() {
        let nines = "9".repeat(38);
        let texts = [
            "-9.9E125", "-1000", "-101", "-100.5", "-100", "-99", "-10", "-9.99", "-1", "-0.1", "-1E-130", "0",
            "1E-130", "0.01", "0.011", "0.1", "1", "1.01", "1.1", "9", "9.99", "10", "11", "99", "100", "100.5", "101",
            "1000", &nines, "1E38", "1E125", "9.9E125",
        ];
        let codes: Vec<_> = texts.iter().map(|text| code(KeyValue::N(Number::parse(text).unwrap()))).collect();
        for (at, left) in codes.iter().enumerate() {
            assert_eq!(length(ScalarType::N, &[left.as_slice(), b"\0\x01\xff"].concat()), Some(left.len()));
            for (other, right) in codes.iter().enumerate() {
                assert_eq!(left.cmp(right), at.cmp(&other), "{} {}", texts[at], texts[other]);
                assert!(at == other || !right.starts_with(left), "{} {}", texts[at], texts[other]);
            }
        }
    }
}
