//! Labels of streams: the moment of their enabling as text, such as `2015-05-20T20:51:10.252`.

use runtime::Timestamp;

/// The label of a moment, in milliseconds since 1970 (UTC).
pub fn of(ms: i64) -> String {
    let ms = u64::try_from(ms).unwrap_or(0);
    let seconds = Timestamp::from_millis(ms).to_iso_seconds();
    format!("{}.{:03}", seconds.trim_end_matches('Z'), ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let rows = [
            (0, "1970-01-01T00:00:00.000"),
            (1_432_155_070_252, "2015-05-20T20:51:10.252"),
            (951_782_399_999, "2000-02-28T23:59:59.999"),
            (951_782_400_000, "2000-02-29T00:00:00.000"),
            (1_735_689_599_001, "2024-12-31T23:59:59.001"),
        ];
        for (ms, want) in rows {
            assert_eq!(of(ms), want);
        }
    }
}
