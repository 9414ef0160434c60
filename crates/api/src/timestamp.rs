//! A point in time on the wire: seconds since 1970, with a fraction of milliseconds or whole.

use crate::json::write_integer;

/// Milliseconds since the start of 1970, UTC, and how much of them an answer tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp {
    milliseconds: i64,
    precision: Precision,
}

/// What is written of a point in time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Precision {
    Seconds,
    Milliseconds,
}

impl Timestamp {
    /// A point in time by its milliseconds since 1970. It is written with them.
    pub fn from_milliseconds(milliseconds: i64) -> Self {
        Self { milliseconds, precision: Precision::Milliseconds }
    }

    /// The second in which a point in time lies, by its milliseconds since 1970. It is written without a fraction.
    pub fn second_of_milliseconds(milliseconds: i64) -> Self {
        Self { milliseconds: milliseconds.div_euclid(1000) * 1000, precision: Precision::Seconds }
    }

    /// A point in time by its seconds since 1970, as requests have it.
    pub fn from_seconds(seconds: f64) -> Self {
        Self::from_milliseconds((seconds * 1000.0).round() as i64)
    }

    /// Milliseconds since 1970.
    pub fn milliseconds(self) -> i64 {
        self.milliseconds
    }

    /// Writes seconds, and three digits after the point unless they are whole ones.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        if self.precision == Precision::Seconds {
            return write_integer(self.milliseconds / 1000, out);
        }
        if self.milliseconds < 0 {
            out.push(b'-');
        }
        let magnitude = self.milliseconds.unsigned_abs();
        write_integer((magnitude / 1000) as i64, out);
        let fraction = (magnitude % 1000) as u16;
        let digit = |value: u16| b'0' + (value % 10) as u8;
        out.extend_from_slice(&[b'.', digit(fraction / 100), digit(fraction / 10), digit(fraction)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(timestamp: Timestamp) -> String {
        let mut out = Vec::new();
        timestamp.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn prints_seconds_and_milliseconds() {
        assert_eq!(print(Timestamp::from_milliseconds(1_763_890_000_123)), "1763890000.123");
        assert_eq!(print(Timestamp::from_milliseconds(5)), "0.005");
        assert_eq!(print(Timestamp::from_milliseconds(-1_500)), "-1.500");
        assert_eq!(Timestamp::from_seconds(1.5).milliseconds(), 1500);
    }

    #[test]
    fn prints_whole_seconds() {
        assert_eq!(print(Timestamp::second_of_milliseconds(1_763_890_000_999)), "1763890000");
        assert_eq!(print(Timestamp::second_of_milliseconds(-1)), "-1");
        assert_eq!(Timestamp::second_of_milliseconds(1_999).milliseconds(), 1_000);
    }
}
