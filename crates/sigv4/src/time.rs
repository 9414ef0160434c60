//! Times as requests write them: `20260131T235959Z`.

/// Seconds since 1970 of a time in ISO 8601's basic form, or `None` for anything else.
pub fn seconds_of(text: &str) -> Option<i64> {
    let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
    let number = |from: usize, to: usize| {
        bytes[from..to]
            .iter()
            .try_fold(0_i64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
    let is_valid = bytes[8] == b'T'
        && bytes[15] == b'Z'
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    is_valid.then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days from 1970 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A time as messages write it.
pub(crate) fn text_of(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// How far a client's clock may be off, and for how long a presigned request may be good, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Times {
    /// Now, in seconds since 1970.
    pub now: i64,
    /// The most that a request's time may differ from now. AWS: five minutes.
    pub skew_max: i64,
}

impl Times {
    /// The rule of AWS's services at a time.
    pub fn at(now: i64) -> Self {
        Self { now, skew_max: 5 * 60 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let rows = [("19700101T000000Z", 0), ("20000229T120000Z", 951_825_600), ("20261128T235959Z", 1_795_910_399)];
        for (text, seconds) in rows {
            assert_eq!(seconds_of(text), Some(seconds), "{text}");
            assert_eq!(text_of(seconds), text);
        }
        for day in (0..40_000_i64).map(|day| day * 86_400 + 3661) {
            assert_eq!(seconds_of(&text_of(day)), Some(day));
        }
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in ["", "20261128", "20261128T235959", "2026-11-28T23:59Z", "20261328T000000Z", "2026112８T0000Z"] {
            assert_eq!(seconds_of(text), None, "{text}");
        }
    }
}
