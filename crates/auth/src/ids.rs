//! AWS's unique ids: four letters that say what it is, then characters of base32.
//!
//! The id of an access key carries the number of its account, as AWS's do since 2019: a one, 40 bits of the account, 39 bits of chance.
//! So whose key it is can be told without looking it up, also of a session's.

use runtime::Random;

/// What an id is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    User,
    Group,
    Role,
    Policy,
}

/// What the id of a long-term access key begins with.
pub(crate) const LONG_TERM: &str = "AKIA";

/// What the id of a session's access key begins with.
pub(crate) const SESSION: &str = "ASIA";

/// The length of an access key's id.
const KEY_ID_LENGTH: usize = 20;

/// How many characters of an id are behind the first four, but for access keys.
const CHARACTERS: usize = 17;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Bits of chance in an access key's id.
const CHANCE_BITS: u32 = 39;

/// A new unique id.
pub(crate) fn unique(kind: Kind, random: &Random) -> String {
    let prefix = match kind {
        Kind::User => "AIDA",
        Kind::Group => "AGPA",
        Kind::Role => "AROA",
        Kind::Policy => "ANPA",
    };
    let bits = u128::from(random.u64()) << 64 | u128::from(random.u64());
    encode(prefix, bits, CHARACTERS)
}

/// A new access key id of an account. It may exist already.
pub(crate) fn access_key(prefix: &str, account: &str, random: &Random) -> String {
    let account: u128 = account.parse().unwrap_or_default();
    let chance = u128::from(random.u64()) & ((1 << CHANCE_BITS) - 1);
    encode(prefix, 1 << 79 | account << CHANCE_BITS | chance, KEY_ID_LENGTH - 4)
}

/// The account that the id of an access key names, if it can be the id of one.
pub fn account_of(access_key_id: &str) -> Option<String> {
    let code = [LONG_TERM, SESSION].iter().find_map(|prefix| access_key_id.strip_prefix(prefix))?;
    if access_key_id.len() != KEY_ID_LENGTH {
        return None;
    }
    let mut bits = 0_u128;
    for byte in code.bytes() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = bits << 5 | digit as u128;
    }
    let account = bits >> CHANCE_BITS & ((1 << 40) - 1);
    (bits >> 79 == 1 && account < 1_000_000_000_000).then(|| format!("{account:012}"))
}

fn encode(prefix: &str, bits: u128, characters: usize) -> String {
    let mut id = String::with_capacity(prefix.len() + characters);
    id.push_str(prefix);
    for at in (0..characters).rev() {
        let digit = (bits >> (5 * at)) & 31;
        id.push(char::from(ALPHABET[digit as usize]));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_ids_look_like_aws_s() {
        let random = Random::system();
        let id = unique(Kind::User, &random);
        assert!(id.len() == 21 && id.starts_with("AIDA"));
        assert_ne!(id, unique(Kind::User, &random));
    }

    #[test]
    fn the_id_of_a_key_names_its_account() {
        let random = Random::system();
        for account in ["000000000000", "123456789012", "999999999999"] {
            for prefix in [LONG_TERM, SESSION] {
                let id = access_key(prefix, account, &random);
                assert_eq!(id.len(), 20);
                assert_eq!(account_of(&id).as_deref(), Some(account), "{id}");
            }
        }
        let none = ["", "AKIA", "AKIAIOSFODNN7EXAMPLE", "AKIA1111111111111111", "ASIAÄÖÜÄÖÜÄÖ", "AKIA7777777777777777"];
        assert!(none.into_iter().all(|id| account_of(id).is_none()));
    }
}
