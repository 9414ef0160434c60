//! The data keys of a data directory.
//!
//! What must hold: whoever makes, opens or changes a keyring holds the lock of the data directory. A new data key is on the disk before
//! anything is encrypted with it.

use crate::keyfile::{Base64, KEY_FILE, KeyFile, WrappedDataKey};
use crate::master::MasterKey;
use crate::{KeyError, MasterKeyId, MasterKeyKind, Sealer, Secret};
use runtime::{Clock, Random, Timestamp};
use std::fmt;
use std::path::{Path, PathBuf};

/// What a KMS is told that a wrapping key is for.
const WRAPPING_PURPOSE: &str = "data-keys";

/// The number of a directory's first data key.
const FIRST_NUMBER: u32 = 1;

/// The keys of one data directory.
pub struct Keyring {
    dir: PathBuf,
    kind: MasterKeyKind,
    file: KeyFile,
    wrapping: Secret,
    /// By ascending number, as in the file; never empty.
    keys: Vec<DataKey>,
}

/// A key that data is encrypted with, through keys that are derived from it.
#[derive(Clone, Debug)]
pub struct DataKey {
    /// Its number, by which what it encrypted names it.
    pub number: u32,
    secret: Secret,
}

/// What a key file tells without its master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The id of the master key.
    pub master_key: String,
    /// The number of each data key, ascending, and when it was made.
    pub data_keys: Vec<(u32, Timestamp)>,
}

impl DataKey {
    /// A key for one purpose.
    pub fn derive(&self, purpose: &str) -> Secret {
        self.secret.derive(purpose)
    }
}

impl Keyring {
    /// Whether the directory has a key file.
    pub fn exists(dir: &Path) -> bool {
        dir.join(KEY_FILE).exists()
    }

    /// What the key file of the directory tells.
    ///
    /// # Errors
    /// [`KeyError::Damaged`], [`KeyError::NewerFormat`], [`KeyError::Io`].
    pub fn describe(dir: &Path) -> Result<Description, KeyError> {
        let file = KeyFile::read(dir)?;
        let made = |seconds: u64| Timestamp::from_millis(seconds.saturating_mul(1000));
        let data_keys = file.data_keys.iter().map(|key| (key.number, made(key.made))).collect();
        Ok(Description { master_key: file.master_key, data_keys })
    }

    /// Makes the keys of a new directory, which exists.
    ///
    /// # Errors
    /// Those of the KMS, [`KeyError::Io`], [`KeyError::Randomness`].
    pub async fn make(dir: &Path, master: &MasterKey, clock: &Clock) -> Result<Self, KeyError> {
        let wrapping = master.generate(WRAPPING_PURPOSE).await?;
        let file = KeyFile::new(Random::system().uuid(), wrapping.master, wrapping.wrapped);
        let (dir, kind) = (dir.to_owned(), master.kind());
        let mut keyring = Self { dir, kind, file, wrapping: wrapping.secret, keys: Vec::new() };
        keyring.add_data_key(clock)?;
        Ok(keyring)
    }

    /// The keys of a directory.
    ///
    /// # Errors
    /// [`KeyError::WrongMasterKey`], [`KeyError::Damaged`], [`KeyError::NewerFormat`], [`KeyError::Io`], and those of the KMS.
    pub async fn open(dir: &Path, master: &MasterKey) -> Result<Self, KeyError> {
        let file = KeyFile::read(dir)?;
        let place = dir.join(KEY_FILE).display().to_string();
        let wrapping = master.unwrap(&place, &file.master_key, &file.wrapping_key.0, WRAPPING_PURPOSE).await?;
        let unwrapped = |key: &WrappedDataKey| {
            let secret = wrapping.unwrap(&key.wrapped.0, &context(&file.store, key.number));
            let reason = || format!("data key {} does not decrypt", key.number);
            secret
                .map(|secret| DataKey { number: key.number, secret })
                .ok_or_else(|| KeyError::Damaged { place: place.clone(), reason: reason() })
        };
        let keys = file.data_keys.iter().map(unwrapped).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { dir: dir.to_owned(), kind: master.kind(), file, wrapping, keys })
    }

    /// Begins a new data key: what is written from the next opening on is encrypted with it.
    ///
    /// # Errors
    /// [`KeyError::Io`], [`KeyError::Randomness`]. Nothing was changed then.
    pub fn add_data_key(&mut self, clock: &Clock) -> Result<u32, KeyError> {
        let number = self.keys.last().map_or(FIRST_NUMBER, |newest| newest.number.saturating_add(1));
        let secret = Secret::random()?;
        let wrapped = Base64(self.wrapping.wrap(&secret, &context(&self.file.store, number))?);
        let mut file = self.file.clone();
        file.data_keys.push(WrappedDataKey { number, made: clock.now().as_seconds(), wrapped });
        file.write(&self.dir)?;
        self.file = file;
        self.keys.push(DataKey { number, secret });
        Ok(number)
    }

    /// Puts all keys under another master key. The old one opens nothing of the directory any more.
    ///
    /// # Errors
    /// Those of the new master key's KMS, [`KeyError::Io`], [`KeyError::Randomness`]. Nothing was changed then.
    pub async fn change_master_key(&mut self, master: &MasterKey) -> Result<(), KeyError> {
        let wrapping = master.generate(WRAPPING_PURPOSE).await?;
        let mut file = KeyFile::new(self.file.store.clone(), wrapping.master, wrapping.wrapped);
        for (kept, key) in self.file.data_keys.iter().zip(&self.keys) {
            let wrapped = Base64(wrapping.secret.wrap(&key.secret, &context(&file.store, key.number))?);
            file.data_keys.push(WrappedDataKey { number: key.number, made: kept.made, wrapped });
        }
        file.write(&self.dir)?;
        (self.file, self.kind, self.wrapping) = (file, master.kind(), wrapping.secret);
        Ok(())
    }

    /// The data keys, by ascending number. The last one encrypts what is new.
    pub fn data_keys(&self) -> &[DataKey] {
        &self.keys
    }

    /// Seals and opens secrets for one purpose.
    ///
    /// # Errors
    /// None that happens: see [`Secret::cipher`].
    pub fn sealer(&self, purpose: &str) -> Result<Sealer, KeyError> {
        Sealer::new(purpose, self.keys.iter().map(|key| (key.number, &key.secret)))
    }

    /// The master key that the keys are wrapped by.
    pub fn master_key(&self) -> MasterKeyId {
        MasterKeyId { kind: self.kind, id: self.file.master_key.clone() }
    }

    /// The directory that the keys belong to.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes the key file into a copy of the directory.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn write_copy(&self, dir: &Path) -> Result<(), KeyError> {
        self.file.write(dir)
    }
}

/// Binds a wrapped data key to its place.
fn context(store: &str, number: u32) -> Vec<u8> {
    format!("data key {number} of {store}").into_bytes()
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<u32> = self.keys.iter().map(|key| key.number).collect();
        formatter.debug_struct("Keyring").field("dir", &self.dir).field("keys", &numbers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(byte: u8) -> MasterKey {
        MasterKey::of_secret(Secret::of_bytes(&[byte; 32]).unwrap())
    }

    fn derived(keyring: &Keyring) -> Vec<(u32, [u8; 32])> {
        keyring.data_keys().iter().map(|key| (key.number, *key.derive("files").bytes())).collect()
    }

    #[tokio::test]
    async fn keys_survive_rotation_and_a_change_of_the_master_key() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        assert!(!Keyring::exists(dir.path()));
        let mut made = Keyring::make(dir.path(), &master(1), &clock).await.unwrap();
        let sealed = made.sealer("secrets").unwrap().seal(b"", b"secret").unwrap();
        assert_eq!(derived(&Keyring::open(dir.path(), &master(1)).await.unwrap()), derived(&made));
        assert_eq!(made.add_data_key(&clock).unwrap(), 2);
        made.change_master_key(&master(2)).await.unwrap();
        let wrong = Keyring::open(dir.path(), &master(1)).await.unwrap_err();
        assert!(matches!(wrong, KeyError::WrongMasterKey { .. }), "{wrong}");
        let opened = Keyring::open(dir.path(), &master(2)).await.unwrap();
        assert_eq!(derived(&opened), derived(&made));
        assert_eq!(derived(&opened).len(), 2);
        assert_eq!(opened.sealer("secrets").unwrap().open(b"", &sealed).unwrap().as_slice(), b"secret");
        let described = Keyring::describe(dir.path()).unwrap();
        assert_eq!(opened.master_key().id, described.master_key);
        assert_eq!(described.data_keys.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2]);
    }

    #[tokio::test]
    async fn no_key_is_taken_from_the_file_of_another_directory() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let made = Keyring::make(one.path(), &master(1), &Clock::system()).await.unwrap();
        let mut mixed = made.file.clone();
        mixed.store = "another".to_owned();
        mixed.write(other.path()).unwrap();
        let refused = Keyring::open(other.path(), &master(1)).await.unwrap_err();
        assert!(refused.to_string().contains("data key 1 does not decrypt"), "{refused}");
    }
}
