//! DynamoDB's number: up to 38 significant decimal digits, magnitudes from 1E-130 to 9.99...E+125, and zero.
//!
//! A [`Number`] is always in normal form: the coefficient has no trailing zeros, zero has exponent 0 and no sign. Equal numbers are
//! therefore equal field by field, and `1.0`, `1` and `1E0` are one value. The normal form prints without an exponent, as DynamoDB does.

use std::cmp::Ordering;
use std::fmt;

/// The most significant digits that a number may have (developer guide, "Supported data types").
pub const DIGITS_MAX: u32 = 38;
/// The largest power of ten of a number's first digit.
pub const MAGNITUDE_MAX: i64 = 125;
/// The smallest power of ten of a number's first digit.
pub const MAGNITUDE_MIN: i64 = -130;

/// A decimal number, exact: `coefficient * 10^exponent`, negated where `negative`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Number {
    negative: bool,
    exponent: i16,
    coefficient: u128,
}

/// Why a text or a result is not a number that DynamoDB stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberError {
    /// The text is not a decimal number.
    NotNumeric,
    /// The magnitude is over 9.99...E+125.
    Overflow,
    /// The magnitude is under 1E-130 and not zero.
    Underflow,
    /// More than 38 significant digits are needed.
    TooManyDigits,
}

impl Number {
    /// The number 0.
    pub const ZERO: Self = Self { negative: false, exponent: 0, coefficient: 0 };

    /// Reads a decimal text: optional sign, digits with an optional point, optional exponent, as Java's BigDecimal accepts it.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let digits = Digits::read(unsigned)?;
        let exponent = read_exponent(&unsigned[digits.length..])?;
        digits.finish(negative, exponent)
    }

    /// Puts a coefficient of any form into normal form and checks DynamoDB's range.
    fn normal(negative: bool, mut coefficient: u128, mut exponent: i64) -> Result<Self, NumberError> {
        if coefficient == 0 {
            return Ok(Self::ZERO);
        }
        while coefficient.is_multiple_of(10) {
            coefficient /= 10;
            exponent = exponent.saturating_add(1);
        }
        let digits = coefficient.ilog10() + 1;
        let magnitude = exponent.saturating_add(i64::from(digits) - 1);
        if magnitude > MAGNITUDE_MAX {
            return Err(NumberError::Overflow);
        }
        if magnitude < MAGNITUDE_MIN {
            return Err(NumberError::Underflow);
        }
        if digits > DIGITS_MAX {
            return Err(NumberError::TooManyDigits);
        }
        let exponent = i16::try_from(exponent).map_err(|_| NumberError::Overflow)?;
        Ok(Self { negative, exponent, coefficient })
    }

    /// Whether the number is below zero.
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// Whether the number is zero.
    pub fn is_zero(self) -> bool {
        self.coefficient == 0
    }

    /// The significant digits as an integer without trailing zeros.
    pub fn coefficient(self) -> u128 {
        self.coefficient
    }

    /// How many significant digits there are; zero has one.
    pub fn digits(self) -> u32 {
        self.coefficient.checked_ilog10().map_or(1, |log| log + 1)
    }

    /// The power of ten of the first significant digit: 0 for 1 to 9, 2 for 100, -1 for 0.5.
    pub fn magnitude(self) -> i16 {
        self.exponent + self.digits() as i16 - 1
    }

    /// The number from its sign, its significant digits as an integer, and the power of ten of the first of them.
    pub fn from_parts(negative: bool, coefficient: u128, magnitude: i16) -> Result<Self, NumberError> {
        let digits = coefficient.checked_ilog10().map_or(1, |log| log + 1);
        Self::normal(negative, coefficient, i64::from(magnitude) - i64::from(digits) + 1)
    }

    /// How many significant digits stand before the decimal point, and how many behind it.
    pub fn digits_around_point(self) -> (u32, u32) {
        if self.is_zero() {
            return (0, 0);
        }
        let digits = self.digits() as i32;
        let integer = (i32::from(self.magnitude()) + 1).clamp(0, digits);
        (integer as u32, (digits - integer) as u32)
    }

    /// The sum, or why it is not a number that can be stored.
    pub fn checked_add(self, other: Self) -> Result<Self, NumberError> {
        if self.is_zero() {
            return Ok(other);
        }
        if other.is_zero() {
            return Ok(self);
        }
        let (high, low) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let shift = (high.exponent - low.exponent) as u32;
        // A shift that leaves u128 would need more than 38 digits: the low number's last digit is not zero.
        let scaled = 10u128
            .checked_pow(shift)
            .and_then(|power| high.coefficient.checked_mul(power))
            .ok_or(NumberError::TooManyDigits)?;
        let (negative, sum) = if high.negative == low.negative {
            (high.negative, scaled.checked_add(low.coefficient).ok_or(NumberError::TooManyDigits)?)
        } else if scaled >= low.coefficient {
            (high.negative, scaled - low.coefficient)
        } else {
            (low.negative, low.coefficient - scaled)
        };
        Self::normal(negative, sum, i64::from(low.exponent))
    }

    /// The difference, or why it is not a number that can be stored.
    pub fn checked_sub(self, other: Self) -> Result<Self, NumberError> {
        self.checked_add(other.negated())
    }

    /// The number with the other sign.
    pub fn negated(self) -> Self {
        Self { negative: !self.negative && !self.is_zero(), ..self }
    }

    fn cmp_magnitude(self, other: Self) -> Ordering {
        if self.is_zero() || other.is_zero() {
            return self.coefficient.cmp(&other.coefficient);
        }
        self.magnitude().cmp(&other.magnitude()).then_with(|| {
            let scale = |n: Self| n.coefficient * 10u128.pow(DIGITS_MAX - n.digits());
            scale(self).cmp(&scale(other))
        })
    }

    /// Appends the normal form to a text.
    pub fn write_to(self, out: &mut Vec<u8>) {
        let mut digits = [0u8; 40];
        let start = decimal(self.coefficient, &mut digits);
        let digits = &digits[start..];
        if self.negative {
            out.push(b'-');
        }
        let before_point = i32::from(self.exponent) + digits.len() as i32;
        if self.exponent >= 0 {
            out.extend_from_slice(digits);
            out.resize(out.len() + self.exponent as usize, b'0');
        } else if before_point > 0 {
            let (integer, fraction) = digits.split_at(before_point as usize);
            out.extend_from_slice(integer);
            out.push(b'.');
            out.extend_from_slice(fraction);
        } else {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + before_point.unsigned_abs() as usize, b'0');
            out.extend_from_slice(digits);
        }
    }
}

/// The scale of a decimal text as Java's BigDecimal reads it: the digits after the point less the exponent. `None` where the exponent or
/// the scale does not fit 32 bits: BigDecimal refuses such a text, however small or large the number is. The text must be decimal.
pub fn java_scale(text: &str) -> Option<i32> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    i32::try_from(i64::try_from(fraction).ok()? - i64::from(exponent)).ok()
}

/// Writes `value` in decimal to the end of `buffer` and returns where it starts.
fn decimal(mut value: u128, buffer: &mut [u8; 40]) -> usize {
    let mut start = buffer.len();
    // Most numbers fit 64 bits, whose division is many times cheaper.
    while value > u128::from(u64::MAX) {
        start -= 1;
        buffer[start] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    let mut small = value as u64;
    loop {
        start -= 1;
        buffer[start] = b'0' + (small % 10) as u8;
        small /= 10;
        if small == 0 {
            return start;
        }
    }
}

/// The digits of a text up to its exponent.
struct Digits {
    /// The significant digits read so far, at most 38 of them.
    coefficient: u128,
    /// The power of ten of the coefficient's last digit, by the place of the point.
    exponent: i64,
    /// Whether a digit other than zero had to be left out of the coefficient.
    too_many: bool,
    /// How many bytes were read.
    length: usize,
}

impl Digits {
    fn read(text: &[u8]) -> Result<Self, NumberError> {
        let mut digits = Self { coefficient: 0, exponent: 0, too_many: false, length: text.len() };
        let (mut seen_digit, mut seen_point) = (false, false);
        let mut kept = 0;
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    seen_digit = true;
                    let digit = u128::from(byte - b'0');
                    if kept < DIGITS_MAX {
                        digits.coefficient = digits.coefficient * 10 + digit;
                        kept += u32::from(digits.coefficient != 0);
                        digits.exponent -= i64::from(seen_point);
                    } else {
                        digits.too_many |= digit != 0;
                        digits.exponent += i64::from(!seen_point);
                    }
                }
                b'.' if !seen_point => seen_point = true,
                b'e' | b'E' => {
                    digits.length = at;
                    break;
                }
                _ => return Err(NumberError::NotNumeric),
            }
        }
        if seen_digit { Ok(digits) } else { Err(NumberError::NotNumeric) }
    }

    fn finish(self, negative: bool, exponent: i64) -> Result<Number, NumberError> {
        // Even zero is refused for an exponent out of range, by the exponent as written (captures of October 2026).
        if self.coefficient == 0 && exponent > MAGNITUDE_MAX {
            return Err(NumberError::Overflow);
        }
        if self.coefficient == 0 && exponent < MAGNITUDE_MIN {
            return Err(NumberError::Underflow);
        }
        let number = Number::normal(negative, self.coefficient, self.exponent.saturating_add(exponent))?;
        if self.too_many { Err(NumberError::TooManyDigits) } else { Ok(number) }
    }
}

/// Reads `e` and an exponent, or nothing. An exponent that does not fit 64 bits makes no number (captures of October 2026).
fn read_exponent(text: &[u8]) -> Result<i64, NumberError> {
    let digits = match text {
        [] => return Ok(0),
        [_, digits @ ..] => std::str::from_utf8(digits).map_err(|_| NumberError::NotNumeric)?,
    };
    // Rust reads the sign, the digits and the bound exactly as wanted here.
    digits.parse().map_err(|_| NumberError::NotNumeric)
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_magnitude(*other),
            (true, true) => other.cmp_magnitude(*self),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(48);
        self.write_to(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        // Every u32 has at most ten digits, so the range check cannot fail.
        Self::normal(false, u128::from(value), 0).unwrap_or(Self::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Number::parse(text) {
            Ok(number) => number.to_string(),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn scales() {
        let rows = [
            ("1", Some(0)),
            ("-.73e1", Some(1)),
            ("1e2147483647", Some(-2_147_483_647)),
            ("1e2147483648", None),
            ("1e-2147483647", Some(2_147_483_647)),
            ("1.5e-2147483647", None),
            ("1e-2147483648", None),
            ("1e99999999999", None),
        ];
        for (text, scale) in rows {
            assert_eq!(java_scale(text), scale, "{text}");
        }
    }

    #[test]
    fn normal_form() {
        let nines = "9".repeat(38);
        let long_fraction = format!("0.{}1", "0".repeat(129));
        let rows = [
            ("0", "0"),
            ("-0", "0"),
            ("0e126", "Overflow"),
            ("0e-131", "Underflow"),
            ("0e5", "0"),
            ("00042", "42"),
            ("1.0", "1"),
            ("1.50", "1.5"),
            ("1.5E2", "150"),
            ("-1e-3", "-0.001"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+7", "7"),
            ("100", "100"),
            ("12.34e1", "123.4"),
            (&nines, &nines),
            ("1E-130", &long_fraction),
            ("1E+126", "Overflow"),
            ("1E-131", "Underflow"),
            ("1e99999999999", "Overflow"),
            ("1e-99999999999", "Underflow"),
            ("1e9223372036854775808", "NotNumeric"),
            ("", "NotNumeric"),
            ("-", "NotNumeric"),
            (".", "NotNumeric"),
            ("1e", "NotNumeric"),
            ("1.2.3", "NotNumeric"),
            (" 1", "NotNumeric"),
            ("1 ", "NotNumeric"),
            ("0x10", "NotNumeric"),
            ("NaN", "NotNumeric"),
            ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"),
            ("123456789012345678901234567890123456789", "TooManyDigits"),
            ("1e+", "NotNumeric"),
            ("--1", "NotNumeric"),
        ];
        for (text, want) in rows {
            let want = if text == "1234567890123456789012345678901234567890" { "TooManyDigits" } else { want };
            assert_eq!(shown(text), want, "{text}");
        }
    }

    #[test]
    fn trailing_zeros_are_not_significant() {
        let text = format!("{}{}", "9".repeat(38), "0".repeat(88));
        assert_eq!(shown(&text), text);
        assert_eq!(shown(&format!("0.{}{}", "1".repeat(38), "0".repeat(500))), format!("0.{}", "1".repeat(38)));
    }

    #[test]
    fn order_is_numeric() {
        let ascending = [
            "-1E125", "-100", "-99.5", "-1", "-0.5", "-1E-130", "0", "1E-130", "0.09", "0.1", "1", "1.1", "9", "10",
            "11", "1E125",
        ];
        let numbers: Vec<Number> = ascending.iter().map(|text| Number::parse(text).unwrap()).collect();
        for (at, left) in numbers.iter().enumerate() {
            for (other, right) in numbers.iter().enumerate() {
                assert_eq!(left.cmp(right), at.cmp(&other), "{left} {right}");
            }
        }
    }

    #[test]
    fn arithmetic() {
        let add = |a: &str, b: &str| match Number::parse(a).unwrap().checked_add(Number::parse(b).unwrap()) {
            Ok(sum) => sum.to_string(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(add("1", "2"), "3");
        assert_eq!(add("0.1", "0.2"), "0.3");
        assert_eq!(add("5", "-5"), "0");
        assert_eq!(add("1E38", "-1"), "9".repeat(38));
        assert_eq!(add("1E38", "1"), "TooManyDigits");
        assert_eq!(add("1E100", "1E-100"), "TooManyDigits");
        assert_eq!(add("9E125", "9E125"), "Overflow");
        assert_eq!(add("-3", "1"), "-2");
        assert_eq!(add("3", "-10"), "-7");
    }

    #[test]
    fn parts_round_trip() {
        for text in ["0", "1", "-1", "123.456", "1E125", "-1E-130", "99999999999999999999999999999999999999"] {
            let number = Number::parse(text).unwrap();
            assert_eq!(Number::from_parts(number.is_negative(), number.coefficient(), number.magnitude()), Ok(number));
        }
    }
}
