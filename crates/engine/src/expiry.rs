//! When items expire: what an item's time to live says, and where it stands in the order of expiry.
//!
//! The order is kept by [`crate::effects`] in the commit of every write, like an index, so that finding what has expired costs as much as
//! there is of it, whatever the size of the table. `jobs::expiry` deletes from its front.

use layout::{ItemRecord, keys};
use model::{Table, ValueView};

/// An item whose time lies further back than this is never deleted (developer guide, "Using time to live"): five years.
pub const LATEST_AGE_SECONDS: u64 = 5 * 365 * 24 * 60 * 60;

/// When an item expires, in seconds since 1970, if the table's items do and its attribute is a number that can be a time.
pub fn expires_at(table: &Table, record: &ItemRecord) -> Option<u64> {
    let attribute = &table.time_to_live.as_ref()?.attribute;
    match record.item.view().get(attribute)? {
        ValueView::N(text) => seconds(text),
        _ => None,
    }
}

/// The place of an item in the order of expiry.
pub fn place(table: &Table, key: &[u8], record: &ItemRecord) -> Option<bytes::Bytes> {
    expires_at(table, record).map(|seconds| keys::expiry(key, seconds))
}

/// Whether an item of this time is to be deleted now.
pub fn is_due(seconds: u64, now_seconds: u64) -> bool {
    seconds < now_seconds && seconds >= now_seconds.saturating_sub(LATEST_AGE_SECONDS)
}

/// Whole seconds of a number in its normal form; a fraction is cut off, what is negative or beyond all times is none.
fn seconds(text: &str) -> Option<u64> {
    let (whole, _fraction) = text.split_once('.').unwrap_or((text, ""));
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_numbers_are_times() {
        let rows = [
            ("0", Some(0)),
            ("1764279535", Some(1_764_279_535)),
            ("1764279535.9", Some(1_764_279_535)),
            ("0.5", Some(0)),
            ("-1", None),
            ("-0.5", None),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
        ];
        for (text, want) in rows {
            assert_eq!(seconds(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_due() {
        let now = 1_764_279_535;
        // Five years of 365 days, in seconds.
        let oldest = now - 157_680_000;
        let rows = [(now, false), (now - 1, true), (oldest, true), (oldest - 1, false), (0, false)];
        for (seconds, want) in rows {
            assert_eq!(is_due(seconds, now), want, "{seconds}");
        }
    }
}
