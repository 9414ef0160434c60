//! Dates of conditions: ISO 8601 as the W3C profiles it, or seconds of the epoch.
//!
//! What IAM accepts beyond that profile (a small `t`, one digit of an hour, an offset without minutes, years of any length) and what it
//! refuses is from documents that were tried against it (moto's tests of invalid and valid policy documents).

/// A point in time: seconds and nanoseconds of the epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

/// Far beyond what IAM's own library can hold, and far from overflow.
const YEAR_MAX: i64 = 292_278_993;

impl Instant {
    /// Digits alone are seconds; all else is a date.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(|seconds| Self { seconds, nanoseconds: 0 });
        }
        let (date, time) = match text.find(['T', 't']) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?),
            None => (text, ""),
        };
        let days = parse_date(date)?;
        let (time, offset) = split_offset(time)?;
        let (seconds, nanoseconds) = parse_time(time)?;
        Some(Self { seconds: days * 86_400 + seconds - offset, nanoseconds })
    }
}

/// Days of the epoch of `YYYY[-MM[-DD]]`.
fn parse_date(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 1..=9).filter(|year| *year <= YEAR_MAX)?;
    let month = parts.next().map_or(Some(1), |part| digits(part, 1..=2))?;
    let day = parts.next().map_or(Some(1), |part| digits(part, 1..=2))?;
    let year = if negative { -year } else { year };
    let valid = parts.next().is_none() && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    valid.then(|| days_from_civil(year, month, day))
}

/// The time, and the seconds that its zone is ahead: `Z`, `+hh:mm`, `+hh`, or nothing, which is `Z`.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = text.find(['+', '-']) else { return Some((text, 0)) };
    let (time, zone) = text.split_at(at);
    let (sign, zone) = (if zone.starts_with('-') { -1 } else { 1 }, zone.get(1..)?);
    let (hours, minutes) = match zone.split_once(':') {
        Some((hours, minutes)) => (digits(hours, 2..=2)?, digits(minutes, 2..=2)?),
        None => (digits(zone, 2..=2)?, 0),
    };
    (hours < 24 && minutes < 60).then_some((time, sign * (hours * 3600 + minutes * 60)))
}

/// Seconds and nanoseconds of the day of `hh[:mm[:ss[.f]]]`, or nothing, which is midnight.
fn parse_time(text: &str) -> Option<(i64, u32)> {
    if text.is_empty() {
        return Some((0, 0));
    }
    let (text, fraction) = match text.split_once('.') {
        Some((text, fraction)) => (text, Some(fraction)),
        None => (text, None),
    };
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 1..=2)?;
    let minute = parts.next().map_or(Some(0), |part| digits(part, 1..=2))?;
    let second = parts.next().map_or(Some(0), |part| digits(part, 1..=2))?;
    let nanoseconds = match fraction {
        Some(fraction) => digits(fraction, 1..=9)? * 10_i64.pow(9 - u32::try_from(fraction.len()).ok()?),
        None => 0,
    };
    let valid = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    let nanoseconds = u32::try_from(nanoseconds).ok()?;
    valid.then_some((hour * 3600 + minute * 60 + second, nanoseconds))
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let valid = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().ok()).flatten()
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the epoch in the proleptic Gregorian calendar, by counting years from March so that a leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // The epoch is 719 468 days after the first of March of the year 0.
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, seconds) in [
            ("0", 0),
            ("1700000000", 1_700_000_000),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01", 0),
            ("1970-03-01", 59 * 86_400),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
            ("2023-11-14T23:13:20+01:00", 1_700_000_000),
            ("2023-11-14T17:13:20-05", 1_700_000_000),
            ("2023-11-14t22:13:20", 1_700_000_000),
            ("2023-11-14T22:13Z", 1_699_999_980),
            ("2023-11T0:0:0", 1_698_796_800),
            ("1969-12-31T23:59:59Z", -1),
            ("01T", -62_135_596_800),
            ("0000-03-01", -719_468 * 86_400),
        ] {
            assert_eq!(Instant::parse(text), Some(Instant { seconds, nanoseconds: 0 }), "{text}");
        }
        let with_fraction = Instant::parse("2016-12-13T21:20:37.593194+00:00").unwrap();
        assert_eq!(with_fraction, Instant { seconds: 1_481_664_037, nanoseconds: 593_194_000 });
        assert!(Instant::parse("2016-12-13t2:00:00.593194+23").is_some());
        assert!(Instant::parse("-292275054").is_some());
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "sdfdsf",
            "234-13",
            "2016-12-13t2:00:00.593194+1",
            "2016-12-13t2:00:00.1999999999+10:59",
            "9223372036854775808",
            "2023-02-29",
            "2023-00-01",
            "2023-01-32",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:60:00Z",
            "2023-1-1-1",
            "2023-01-01T1:2:3:4",
            "2023-01-01T00:00:00.Z",
            "1999999999999-01-01",
            "--1",
            "T",
            "ä",
        ] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }
}
