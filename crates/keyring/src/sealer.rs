//! Sealing small secrets: sessions that clients carry, keys that the store keeps.
//!
//! ```text
//! sealed = 01 key:u32 nonce(12) ciphertext tag(16)        AES-256-GCM
//! ```
//!
//! What must hold: the associated data, which is not stored, is the same at both ends. It says what is sealed and for whom, so that no
//! sealed secret can be put in the place of another.

use crate::keyfile::Base64;
use crate::secret::{self, Secret};
use crate::{KeyError, MasterKey};
use ring::aead::LessSafeKey;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The first byte of what is sealed.
const VERSION: u8 = 1;

/// Version and number of the key.
const HEADER_BYTES: usize = 5;

/// How the purpose of a key that seals is told from other purposes.
const PURPOSE: &str = "seal ";

/// What a [`SealingKey`] is derived from a master key for.
const DERIVED_PURPOSE: &str = "sealing key";

/// What a KMS is told that a [`SealingKey`] is.
const WRAPPED_PURPOSE: &str = "sealing-key";

/// The form in which a sealing key is kept.
const FORMAT: u32 = 1;

/// Where a wrapped sealing key is, in messages.
const PLACE: &str = "the sealing key in the store";

/// Seals secrets for one purpose, and opens what was sealed for it. Clones share their keys.
#[derive(Clone)]
pub struct Sealer(Arc<[Key]>);

/// One key, by its number. The last one seals.
struct Key {
    number: u32,
    cipher: LessSafeKey,
}

impl Sealer {
    /// A sealer of what is derived for the purpose of each of the secrets; the last one seals.
    pub(crate) fn new<'a>(purpose: &str, secrets: impl Iterator<Item = (u32, &'a Secret)>) -> Result<Self, KeyError> {
        let purpose = format!("{PURPOSE}{purpose}");
        secrets
            .map(|(number, secret)| Ok(Key { number, cipher: secret.derive(&purpose).cipher()? }))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Seals a secret. The associated data must be given again to open it.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        let key = self.0.last().ok_or(KeyError::Randomness)?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + plain.len() + 28);
        sealed.push(VERSION);
        sealed.extend_from_slice(&key.number.to_be_bytes());
        secret::seal(&key.cipher, associated, plain, &mut sealed)?;
        Ok(sealed)
    }

    /// What was sealed. `None` when it was not sealed for this purpose and with this associated data by a key that is known, or
    /// when it was changed: to the caller it is the same.
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (header, sealed) = sealed.split_first_chunk::<HEADER_BYTES>()?;
        let [VERSION, number @ ..] = *header else {
            return None;
        };
        let number = u32::from_be_bytes(number);
        let key = self.0.iter().find(|key| key.number == number)?;
        secret::open(&key.cipher, associated, sealed)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sealer").field("keys", &self.0.len()).finish_non_exhaustive()
    }
}

/// The key that seals where there is no data directory: the same on every server of a store.
#[derive(Clone, Debug)]
pub struct SealingKey(Secret);

/// A sealing key as the store keeps it, in JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    format: u32,
    master_key: String,
    wrapping_key: Base64,
    sealing_key: Base64,
}

impl SealingKey {
    /// The key that follows from the master key; `None` for one in a KMS, which does not leave it. What it seals is lost with
    /// a change of the master key, unlike what a key of [`Self::make`] seals.
    pub fn derived(master: &MasterKey) -> Option<Self> {
        master.secret().map(|secret| Self(secret.derive(DERIVED_PURPOSE)))
    }

    /// A new key, and its wrapped form, which the caller keeps in the store: in a commit that fails when there is one already.
    ///
    /// # Errors
    /// Those of the KMS, or [`KeyError::Randomness`].
    pub async fn make(master: &MasterKey) -> Result<(Self, Vec<u8>), KeyError> {
        let key = Self(Secret::random()?);
        let wrapped = key.wrap(master).await?;
        Ok((key, wrapped))
    }

    /// The key in its wrapped form: to keep it under another master key.
    ///
    /// # Errors
    /// Those of the KMS, or [`KeyError::Randomness`].
    pub async fn wrap(&self, master: &MasterKey) -> Result<Vec<u8>, KeyError> {
        let wrapping = master.generate(WRAPPED_PURPOSE).await?;
        let sealing_key = Base64(wrapping.secret.wrap(&self.0, WRAPPED_PURPOSE.as_bytes())?);
        let kept =
            Kept { format: FORMAT, master_key: wrapping.master, wrapping_key: Base64(wrapping.wrapped), sealing_key };
        // Strings and numbers always become JSON.
        serde_json::to_vec(&kept).map_err(|problem| damaged(&problem.to_string()))
    }

    /// The key of its wrapped form.
    ///
    /// # Errors
    /// [`KeyError::WrongMasterKey`], [`KeyError::Damaged`], [`KeyError::NewerFormat`], and those of the KMS.
    pub async fn unwrap(master: &MasterKey, wrapped: &[u8]) -> Result<Self, KeyError> {
        let kept: Kept = serde_json::from_slice(wrapped).map_err(|problem| damaged(&problem.to_string()))?;
        if FORMAT < kept.format {
            return Err(KeyError::NewerFormat { place: PLACE.to_owned(), found: kept.format, supported: FORMAT });
        }
        let wrapping = master.unwrap(PLACE, &kept.master_key, &kept.wrapping_key.0, WRAPPED_PURPOSE).await?;
        let key = wrapping.unwrap(&kept.sealing_key.0, WRAPPED_PURPOSE.as_bytes());
        key.map(Self).ok_or_else(|| damaged("the key does not decrypt"))
    }

    /// Seals and opens secrets for one purpose.
    ///
    /// # Errors
    /// None that happens: see [`Secret::cipher`].
    pub fn sealer(&self, purpose: &str) -> Result<Sealer, KeyError> {
        Sealer::new(purpose, std::iter::once((0, &self.0)))
    }
}

fn damaged(reason: &str) -> KeyError {
    KeyError::Damaged { place: PLACE.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealers() -> (Sealer, Sealer, Sealer) {
        let (old, new) = (Secret::random().unwrap(), Secret::random().unwrap());
        let before = Sealer::new("sessions", [(1, &old)].into_iter()).unwrap();
        let after = Sealer::new("sessions", [(1, &old), (2, &new)].into_iter()).unwrap();
        let other = Sealer::new("secrets", [(1, &old), (2, &new)].into_iter()).unwrap();
        (before, after, other)
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_purpose_and_associated_data_alone() {
        let (before, after, other) = sealers();
        let sealed = before.seal(b"whose", b"secret").unwrap();
        assert_eq!(before.open(b"whose", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(after.open(b"whose", &sealed).unwrap().as_slice(), b"secret", "an older key still opens");
        assert!(before.open(b"other", &sealed).is_none());
        assert!(other.open(b"whose", &sealed).is_none());
        let newer = after.seal(b"whose", b"secret").unwrap();
        assert!(before.open(b"whose", &newer).is_none(), "the newest key seals");
        assert_ne!(newer, after.seal(b"whose", b"secret").unwrap(), "each nonce is used once");
    }

    #[test]
    fn every_change_is_found() {
        let (before, ..) = sealers();
        let sealed = before.seal(b"", b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(before.open(b"", &changed).is_none(), "byte {at}");
            assert!(before.open(b"", &sealed[..at]).is_none(), "cut at {at}");
        }
    }

    #[tokio::test]
    async fn a_sealing_key_is_the_same_on_every_server() {
        let master = MasterKey::of_secret(Secret::of_bytes(&[1; 32]).unwrap());
        let other = MasterKey::of_secret(Secret::of_bytes(&[2; 32]).unwrap());
        let (made, wrapped) = SealingKey::make(&master).await.unwrap();
        let found = SealingKey::unwrap(&master, &wrapped).await.unwrap();
        let sealed = made.sealer("sessions").unwrap().seal(b"", b"secret").unwrap();
        assert!(found.sealer("sessions").unwrap().open(b"", &sealed).is_some());
        assert!(matches!(SealingKey::unwrap(&other, &wrapped).await, Err(KeyError::WrongMasterKey { .. })));
        let again = found.wrap(&other).await.unwrap();
        let found = SealingKey::unwrap(&other, &again).await.unwrap();
        assert!(found.sealer("sessions").unwrap().open(b"", &sealed).is_some());
        let derived = |master| SealingKey::derived(master).unwrap().sealer("x").unwrap();
        let sealed = derived(&master).seal(b"", b"secret").unwrap();
        assert!(derived(&master).open(b"", &sealed).is_some());
        assert!(derived(&other).open(b"", &sealed).is_none());
    }
}
