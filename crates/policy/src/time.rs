//! Times in conditions: ISO 8601, as `2026-01-31T23:59:59Z`, or seconds since 1970.

/// Seconds since 1970.
pub fn seconds_of(text: &str) -> Option<f64> {
    match text.parse::<f64>() {
        Ok(seconds) => Some(seconds).filter(|seconds| seconds.is_finite()),
        Err(_) => iso(text),
    }
}

fn iso(text: &str) -> Option<f64> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut fields = date.split('-').map(str::parse::<i64>);
    let (year, month, day) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || fields.next().is_some() {
        return None;
    }
    let midnight = (days(year, month, day) * 86_400) as f64;
    let Some(clock) = rest.strip_prefix('T') else { return rest.is_empty().then_some(midnight) };
    let (clock, offset) = match clock.strip_suffix('Z') {
        Some(clock) => (clock, 0.0),
        None => {
            let at = clock.rfind(['+', '-'])?;
            let (clock, offset) = clock.split_at(at);
            let (hours, minutes) = offset[1..].split_once(':')?;
            let seconds = hours.parse::<f64>().ok()? * 3600.0 + minutes.parse::<f64>().ok()? * 60.0;
            (clock, if offset.starts_with('-') { -seconds } else { seconds })
        }
    };
    let mut fields = clock.split(':').map(str::parse::<f64>);
    let (hour, minute) = (fields.next()?.ok()?, fields.next()?.ok()?);
    let second = fields.next().unwrap_or(Ok(0.0)).ok()?;
    let is_valid = (0.0..24.0).contains(&hour) && (0.0..60.0).contains(&minute) && (0.0..61.0).contains(&second);
    is_valid.then_some(midnight + hour * 3600.0 + minute * 60.0 + second - offset)
}

/// Days from 1970 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let rows = [
            ("0", Some(0.0)),
            ("1795910399", Some(1_795_910_399.0)),
            ("1970-01-01", Some(0.0)),
            ("2026-11-28T23:59:59Z", Some(1_795_910_399.0)),
            ("2026-11-29T00:59:59+01:00", Some(1_795_910_399.0)),
            ("2026-11-28T23:59Z", Some(1_795_910_340.0)),
            ("2026-13-28T00:00:00Z", None),
            ("tomorrow", None),
            ("", None),
        ];
        for (text, seconds) in rows {
            assert_eq!(seconds_of(text), seconds, "{text}");
        }
    }
}
