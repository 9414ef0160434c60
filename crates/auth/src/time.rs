//! Times as IAM and STS write them: `2015-05-20T20:51:10Z`.

use runtime::Timestamp;

/// The time as text, in UTC.
pub(crate) fn text(at: Timestamp) -> String {
    let seconds = at.as_seconds();
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day counted from 1970-01-01, by eras of 400 years that begin on the first of March, so that the leap day is
/// a year's last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let rows = [
            (0, "1970-01-01T00:00:00Z"),
            (1_432_155_070_252, "2015-05-20T20:51:10Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_735_689_599_001, "2024-12-31T23:59:59Z"),
        ];
        for (ms, want) in rows {
            assert_eq!(text(Timestamp::from_millis(ms)), want);
        }
    }
}
