//! The keys of accounts, principals, credentials and policies: the space 08 of [`crate::keys`].
//!
//! ```text
//! 08 00                               counter: how often anything of this space was changed, uses of keys excepted
//! 08 01 access-key-id                 an access key
//! 08 02 access-key-id                 when an access key was used last
//! 08 03 account                       an account
//! 08 04                               the key that seals secrets, wrapped, where there is no data directory
//! 08 10 account 00 name               a user
//! 08 11 account 00 name               a group
//! 08 12 account 00 name               a role
//! 08 13 account 00 name               a managed policy
//! ```
//!
//! Names are in lower case here: two that differ only in case would be one name. A list of what an account has is one range, in the
//! order of names.

use crate::keys::{Range, Space};
use bytes::Bytes;

/// What an account has by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Named {
    /// Users.
    User = 0x10,
    /// Groups.
    Group = 0x11,
    /// Roles.
    Role = 0x12,
    /// Managed policies.
    Policy = 0x13,
}

/// What a key of this space leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// The counter of changes.
    Generation,
    /// An access key.
    AccessKey,
    /// When an access key was used last.
    LastUse,
    /// An account.
    Account,
    /// The key that seals secrets.
    SealingKey,
    /// Something that an account has by name.
    Named(Named),
}

impl Kept {
    /// By the key; `None` for one of no kind that is known.
    pub fn of(key: &[u8]) -> Option<Kept> {
        Some(match *key.get(1)? {
            GENERATION => Kept::Generation,
            ACCESS_KEY => Kept::AccessKey,
            LAST_USE => Kept::LastUse,
            ACCOUNT => Kept::Account,
            SEALING_KEY => Kept::SealingKey,
            kind => {
                let all = [Named::User, Named::Group, Named::Role, Named::Policy];
                Kept::Named(*all.iter().find(|named| **named as u8 == kind)?)
            }
        })
    }
}

/// All keys of this space.
pub fn all() -> Range {
    Range::prefixed(vec![Space::Principal as u8])
}

const GENERATION: u8 = 0x00;
const ACCESS_KEY: u8 = 0x01;
const LAST_USE: u8 = 0x02;
const ACCOUNT: u8 = 0x03;
const SEALING_KEY: u8 = 0x04;

/// The counter of changes.
pub fn generation() -> Bytes {
    key(GENERATION, "").into()
}

/// An access key.
pub fn access_key(id: &str) -> Bytes {
    key(ACCESS_KEY, id).into()
}

/// When an access key was used last.
pub fn last_use(id: &str) -> Bytes {
    key(LAST_USE, id).into()
}

/// An account.
pub fn account(account: &str) -> Bytes {
    key(ACCOUNT, account).into()
}

/// The key that seals secrets, wrapped.
pub fn sealing_key() -> Bytes {
    key(SEALING_KEY, "").into()
}

/// All accounts.
pub fn all_accounts() -> Range {
    Range::prefixed(key(ACCOUNT, ""))
}

/// What an account has of a kind by this name, whatever its case.
pub fn named(kind: Named, account: &str, name: &str) -> Bytes {
    let mut key = prefix(kind, account);
    key.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
    key.into()
}

/// All that an account has of a kind.
pub fn all_named(kind: Named, account: &str) -> Range {
    Range::prefixed(prefix(kind, account))
}

fn prefix(kind: Named, account: &str) -> Vec<u8> {
    let mut key = key(kind as u8, account);
    key.push(0);
    key
}

fn key(kind: u8, rest: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.extend_from_slice(&[Space::Principal as u8, kind]);
    key.extend_from_slice(rest.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_format_does_not_drift() {
        assert_eq!(generation(), &[8, 0][..]);
        assert_eq!(access_key("AKIA"), &b"\x08\x01AKIA"[..]);
        assert_eq!(last_use("AKIA"), &b"\x08\x02AKIA"[..]);
        assert_eq!(account("000000000000"), &b"\x08\x03000000000000"[..]);
        assert_eq!(named(Named::User, "1", "Ann"), &b"\x08\x101\x00ann"[..]);
        assert_eq!(named(Named::Policy, "1", "a.B"), &b"\x08\x131\x00a.b"[..]);
        assert_eq!(sealing_key(), &[8, 4][..]);
    }

    #[test]
    fn a_key_tells_what_it_leads_to() {
        for (key, kept) in [
            (generation(), Kept::Generation),
            (access_key("a"), Kept::AccessKey),
            (last_use("a"), Kept::LastUse),
            (account("1"), Kept::Account),
            (sealing_key(), Kept::SealingKey),
            (named(Named::Role, "1", "a"), Kept::Named(Named::Role)),
        ] {
            assert_eq!(Kept::of(&key), Some(kept));
            assert!(all().contains(&key));
        }
        assert_eq!(Kept::of(&[8, 0x7f]), None);
    }

    #[test]
    fn an_account_has_what_is_its_own() {
        let range = all_named(Named::Role, "1");
        assert!(range.contains(&named(Named::Role, "1", "~")) && !range.contains(&named(Named::Role, "12", "a")));
        assert!(!range.contains(&named(Named::Group, "1", "a")));
        assert!(all_accounts().contains(&account("123456789012")));
    }

    impl Range {
        fn contains(&self, key: &Bytes) -> bool {
            self.from <= *key && *key < self.to
        }
    }
}
