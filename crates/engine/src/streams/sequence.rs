//! Sequence numbers: places in the log as the decimal numbers that clients keep and compare.
//!
//! ```text
//! number = 10^30 + version * 10^10 + ordinal + 1
//! ```
//!
//! So all have 31 digits and sort alike as numbers and as text. An entry's ordinal is counted from 1 here: the number with 0 stands before
//! all entries of a commit, and is where a shard begins that the commit opened.

use storage::Position;

const LEAST: u128 = 1_000_000_000_000_000_000_000_000_000_000;
const ORDINALS: u128 = 10_000_000_000;

/// The number of the entry at a place.
pub fn of(position: Position) -> String {
    number(position.version, u128::from(position.ordinal) + 1)
}

/// The number before all entries of a commit.
pub fn before(version: u64) -> String {
    number(version, 0)
}

fn number(version: u64, ordinal: u128) -> String {
    (LEAST + u128::from(version) * ORDINALS + ordinal).to_string()
}

/// The place of the entry with this number or, where there is none, of the first one behind it. `None` for what cannot be a number of
/// this server.
pub fn parse(text: &str) -> Option<Position> {
    let number: u128 = text.parse().ok()?;
    let rest = number.checked_sub(LEAST)?;
    let version = u64::try_from(rest / ORDINALS).ok()?;
    let ordinal = (rest % ORDINALS).saturating_sub(1);
    let position = Position { version, ordinal: u32::try_from(ordinal).ok()? };
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back_and_stand_in_order() {
        let places = [(0, 0), (0, 1), (1, 0), (7, u32::MAX), (8, 0), (u64::MAX, u32::MAX)]
            .map(|(version, ordinal)| Position { version, ordinal });
        assert!(places.is_sorted());
        let numbers = places.map(of);
        assert!(numbers.is_sorted());
        for (place, number) in places.into_iter().zip(numbers) {
            assert_eq!(number.len(), 31);
            assert_eq!(parse(&number), Some(place));
            assert!(before(place.version) < number);
            assert_eq!(parse(&before(place.version)), Some(Position::before(place.version)));
        }
        for other in
            ["", "1", "000000000000000000000", "-1000000000000000000000000000000", "+1000000000000000000000000000000"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
