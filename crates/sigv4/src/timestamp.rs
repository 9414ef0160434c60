//! The time at which a request was signed, in the two forms in which requests give it.
//!
//! Whole seconds since 1970, from the year 1970 to the year 9999: what both forms can say.

/// A time of a signature, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// 9999-12-31T23:59:59Z; a later time has no sixteen characters.
const SECONDS_MAX: u64 = 253_402_300_799;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Timestamp {
    /// A time that a clock gave.
    pub fn from_unix_seconds(seconds: u64) -> Timestamp {
        Timestamp(seconds.min(SECONDS_MAX))
    }

    /// Seconds since 1970.
    pub fn unix_seconds(self) -> u64 {
        self.0
    }

    /// Reads `20260131T235959Z`, the form of `X-Amz-Date`.
    pub fn from_basic(text: &str) -> Option<Timestamp> {
        let text = text.as_bytes();
        if text.len() != 16 || text[8] != b'T' || text[15] != b'Z' {
            return None;
        }
        let date = [number(&text[..4])?, number(&text[4..6])?, number(&text[6..8])?];
        Timestamp::of(date, [number(&text[9..11])?, number(&text[11..13])?, number(&text[13..15])?])
    }

    /// Reads `Sat, 31 Jan 2026 23:59:59 GMT`, the form of `Date`, which counts where there is no `X-Amz-Date`.
    pub fn from_http_date(text: &str) -> Option<Timestamp> {
        let text = text.split_once(", ")?.1.strip_suffix(" GMT")?.as_bytes();
        if text.len() != 20 || [2, 6, 11].iter().any(|at| text[*at] != b' ') || text[14] != b':' || text[17] != b':' {
            return None;
        }
        let month = MONTHS.iter().position(|month| month.as_bytes() == &text[3..6])? as u64 + 1;
        let date = [number(&text[7..11])?, month, number(&text[..2])?];
        Timestamp::of(date, [number(&text[12..14])?, number(&text[15..17])?, number(&text[18..20])?])
    }

    /// `20260131T235959Z`.
    pub fn basic(self) -> Basic {
        let (year, month, day) = date_of(self.0 / DAY_SECONDS);
        let second = self.0 % DAY_SECONDS;
        let mut text = *b"00000000T000000Z";
        put(&mut text[..4], year);
        put(&mut text[4..6], month);
        put(&mut text[6..8], day);
        put(&mut text[9..11], second / 3600);
        put(&mut text[11..13], second / 60 % 60);
        put(&mut text[13..15], second % 60);
        Basic(text)
    }

    /// Moved later, for windows of validity.
    pub(crate) fn later(self, seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(self.0.saturating_add(seconds))
    }

    /// Moved earlier, for windows of validity.
    pub(crate) fn earlier(self, seconds: u64) -> Timestamp {
        Timestamp(self.0.saturating_sub(seconds))
    }

    fn of([year, month, day]: [u64; 3], [hour, minute, second]: [u64; 3]) -> Option<Timestamp> {
        // A leap second is counted as the last one of its minute.
        if year < 1970 || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days_before(year, month) + day.checked_sub(1)?;
        let is_day_of_month = date_of(days) == (year, month, day);
        is_day_of_month.then(|| Timestamp(days * DAY_SECONDS + hour * 3600 + minute * 60 + second.min(59)))
    }
}

/// A time as sixteen characters, without an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basic([u8; 16]);

impl Basic {
    /// `20260131T235959Z`.
    pub fn as_str(&self) -> &str {
        // Digits and two letters.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// `20260131`.
    pub fn date(&self) -> &str {
        &self.as_str()[..8]
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0')))
}

fn put(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Days from 1970 to the first of a month. The year is taken to begin in March, so that the day of a leap year is its last.
fn days_before(year: u64, month: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days_of_years = year * 365 + year / 4 - year / 100 + year / 400;
    days_of_years + (month * 153 + 2) / 5 - DAYS_TO_1970
}

/// Days from the first of March of the year 0 to 1970.
const DAYS_TO_1970: u64 = 719_468;

/// Year, month and day of a number of days since 1970: the inverse of `days_before`.
fn date_of(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_TO_1970;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    let march_month = (day_of_year * 5 + 2) / 153;
    let day = day_of_year - (march_month * 153 + 2) / 5 + 1;
    let (month, next_year) = if march_month < 10 { (march_month + 3, 0) } else { (march_month - 9, 1) };
    (era * 400 + year_of_era + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_both_forms() {
        for (basic, http, seconds) in [
            ("19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("20000229T123456Z", "Tue, 29 Feb 2000 12:34:56 GMT", 951_827_696),
            ("20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT", 1_440_938_160),
            ("20260131T235959Z", "Sat, 31 Jan 2026 23:59:59 GMT", 1_769_903_999),
            ("99991231T235959Z", "Fri, 31 Dec 9999 23:59:59 GMT", SECONDS_MAX),
        ] {
            let time = Timestamp::from_unix_seconds(seconds);
            assert_eq!(Timestamp::from_basic(basic), Some(time));
            assert_eq!(Timestamp::from_http_date(http), Some(time));
            assert_eq!(time.basic().as_str(), basic);
            assert_eq!(time.basic().date(), &basic[..8]);
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..146_097 {
            let time = Timestamp::from_unix_seconds(day * DAY_SECONDS + 1);
            assert_eq!(Timestamp::from_basic(time.basic().as_str()), Some(time));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "20260131",
            "2026-01-31T23:59Z",
            "20260131T235959",
            "20260131T245959Z",
            "20260131T236059Z",
            "20260230T000000Z",
            "20250229T000000Z",
            "20261301T000000Z",
            "20260001T000000Z",
            "20260100T000000Z",
            "19691231T235959Z",
            "+0260131T235959Z",
        ] {
            assert_eq!(Timestamp::from_basic(text), None, "{text}");
        }
        for text in ["", "Sat, 31 Jan 2026 23:59:59", "Sat, 31 Xxx 2026 23:59:59 GMT", "Sat, 31-Jan-2026 23:59:59 GMT"]
        {
            assert_eq!(Timestamp::from_http_date(text), None, "{text}");
        }
    }
}
