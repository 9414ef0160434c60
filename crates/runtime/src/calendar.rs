//! Timestamps as dates of the Gregorian calendar, in UTC.

use crate::Timestamp;

const DAY_MS: i64 = 86_400_000;

impl Timestamp {
    /// Year, month and day.
    pub fn date(self) -> (i32, u8, u8) {
        let ms = i64::try_from(self.as_millis()).unwrap_or(i64::MAX);
        civil(ms.div_euclid(DAY_MS))
    }

    /// As in `2026-01-31T23:59:59Z`, without the fraction of the second.
    pub fn to_iso_seconds(self) -> String {
        let (year, month, day) = self.date();
        let seconds = self.as_seconds();
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The date of a day counted from 1970-01-01: by eras of 400 years that begin on the first of March, so that the leap day is a year's
/// last.
fn civil(days: i64) -> (i32, u8, u8) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (i32::try_from(year).unwrap_or(i32::MAX), month as u8, day as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (ms, want) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_432_155_070_252, "2015-05-20T20:51:10Z"),
            (951_782_399_999, "2000-02-28T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_735_689_599_001, "2024-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp::from_millis(ms).to_iso_seconds(), want);
        }
    }
}
