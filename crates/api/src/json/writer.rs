//! The pieces that answers are written with. All append to a byte buffer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Writes the members of an object. Keys come as constants with their quotes and colon: `b"\"Item\":"`.
pub struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> ObjectWriter<'o> {
    /// Opens an object.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    /// Starts a member; the caller writes its value.
    #[inline]
    pub fn key(&mut self, key: &[u8]) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        self.out.extend_from_slice(key);
        self.out
    }

    /// Starts a member whose name is data.
    #[inline]
    pub fn name(&mut self, name: &str) -> &mut Vec<u8> {
        self.raw_name(name.as_bytes())
    }

    /// Starts a member whose name is data, in UTF-8.
    #[inline]
    pub fn raw_name(&mut self, name: &[u8]) -> &mut Vec<u8> {
        let before: &[u8] = if self.is_empty { b"\"" } else { b",\"" };
        self.is_empty = false;
        write_between(before, name, b"\":", self.out);
        self.out
    }

    /// Closes the object.
    pub fn end(self) {
        self.out.push(b'}');
    }
}

/// Writes a string with its quotes. Only what JSON demands is escaped.
#[inline]
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    write_between(b"\"", text.as_bytes(), b"\"", out);
}

/// Writes the inside of a string, in UTF-8, between two constants that bring its quotes.
#[inline]
pub fn write_between(before: &[u8], text: &[u8], after: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        write_escaped(text, out);
    }
    out.extend_from_slice(after);
}

/// Whether a string needs no escapes. Looks at eight bytes at a time, at the last ones of them once more where the length is no
/// multiple of eight.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else { return is_plain_short(bytes) };
    let mut marks = escape_marks(u64::from_le_bytes(*last));
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        marks |= escape_marks(u64::from_le_bytes(*chunk));
        rest = after;
    }
    marks == 0
}

/// As `is_plain`, of fewer than eight bytes.
#[inline]
fn is_plain_short(bytes: &[u8]) -> bool {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let both = u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
            escape_marks(both) == 0
        }
        _ => !bytes.iter().any(|byte| needs_escape(*byte)),
    }
}

/// Not zero if one of eight bytes needs an escape.
#[inline]
fn escape_marks(chunk: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let is_zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let quote = is_zero(chunk ^ (ONES * u64::from(b'"')));
    let backslash = is_zero(chunk ^ (ONES * u64::from(b'\\')));
    let control = chunk.wrapping_sub(ONES * 0x20) & !chunk;
    (quote | backslash | control) & HIGH
}

#[inline]
fn needs_escape(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20)
}

#[cold]
fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x8 => out.extend_from_slice(b"\\b"),
            0xC => out.extend_from_slice(b"\\f"),
            0..0x20 => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(DIGITS[usize::from(byte >> 4)]);
                out.push(DIGITS[usize::from(byte & 15)]);
            }
            _ => out.push(*byte),
        }
    }
}

/// Writes an integer.
pub fn write_integer(value: i64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut start = digits.len();
    let mut left = value.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[start..]);
}

/// Writes a double as DynamoDB prints capacity units: always with a point, `1.0`, `0.5`.
pub fn write_double(value: f64, out: &mut Vec<u8>) {
    debug_assert!(value.is_finite(), "JSON has no {value}");
    let halves = value * 2.0;
    // Capacity comes in halves; everything else is rare.
    if halves.fract() == 0.0 && halves.abs() < 1e15 {
        let halves = halves as i64;
        if halves < 0 && halves / 2 == 0 {
            out.push(b'-');
        }
        write_integer(halves / 2, out);
        out.extend_from_slice(if halves % 2 == 0 { b".0" } else { b".5" });
    } else {
        out.extend_from_slice(format!("{value:?}").as_bytes());
    }
}

/// Writes bytes as a string in base64.
pub fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    // The buffer has exactly the room that padded base64 takes; were it ever short, nothing would be kept of it.
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or_default();
    out.truncate(start + written);
    out.push(b'"');
}

#[cfg(test)]
mod tests;
