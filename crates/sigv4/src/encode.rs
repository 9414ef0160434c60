//! Percent-encoding as signatures have it: everything but letters, digits and `-._~`, in upper-case digits.

use crate::sink::Sink;
use memchr::memchr2;

/// Whether a byte stands for itself.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Puts `text`, with all bytes encoded that are neither unreserved nor `kept`.
pub(crate) fn put_encoded(text: &[u8], kept: &[u8], sink: &mut impl Sink) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut rest = text;
    loop {
        let plain = rest.iter().position(|byte| !is_unreserved(*byte) && !kept.contains(byte)).unwrap_or(rest.len());
        sink.put(&rest[..plain]);
        let Some(byte) = rest.get(plain) else { return };
        sink.put(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        rest = &rest[plain + 1..];
    }
}

/// The bytes that a part of a query stands for. A percent sign that begins no escape stands for itself.
pub(crate) fn decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr2(b'%', b'+', rest) {
        bytes.extend_from_slice(&rest[..at]);
        let (byte, length) = match &rest[at..] {
            [b'+', ..] => (b' ', 1),
            [_, high, low, ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 3),
                _ => (b'%', 1),
            },
            _ => (b'%', 1),
        };
        bytes.push(byte);
        rest = &rest[at + length..];
    }
    bytes.extend_from_slice(rest);
    bytes
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &[u8], kept: &[u8]) -> String {
        let mut sink = Vec::new();
        put_encoded(text, kept, &mut sink);
        String::from_utf8(sink).unwrap()
    }

    #[test]
    fn encodes() {
        assert_eq!(encoded(b"", b""), "");
        assert_eq!(encoded(b"aZ09-._~", b""), "aZ09-._~");
        assert_eq!(encoded("/a b%\u{1234}\0".as_bytes(), b""), "%2Fa%20b%25%E1%88%B4%00");
        assert_eq!(encoded(b"/a b%", b"/%"), "/a%20b%");
    }

    #[test]
    fn decodes() {
        assert_eq!(decoded(b""), b"");
        assert_eq!(decoded(b"a+b%20c%2Fd%2f"), b"a b c/d/");
        assert_eq!(decoded(b"%"), b"%");
        assert_eq!(decoded(b"%4"), b"%4");
        assert_eq!(decoded(b"%zz%41%%41%"), b"%zzA%A%");
    }
}
