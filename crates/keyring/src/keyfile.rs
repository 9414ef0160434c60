//! The key file of a data directory: which master key wraps the wrapping key, and the data keys that this wraps.
//!
//! What must hold: the file is replaced as a whole and is on the disk before anything that it is needed for. A file that was changed is
//! told from a wrong master key: its digest covers everything else in it.

use crate::KeyError;
use crate::local::sync_parent;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The name of the key file in a data directory.
pub const KEY_FILE: &str = "keys.json";

/// What is about to become the key file.
const NEW_KEY_FILE: &str = "keys.json.new";

/// The format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// Whether a file of a data directory is the key file, or was about to become it.
pub fn is_key_file(name: &OsStr) -> bool {
    name == KEY_FILE || name == NEW_KEY_FILE
}

/// Bytes that are base64 in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text).map(Self).map_err(de::Error::custom)
    }
}

/// What the key file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeyFile {
    /// The version of this form.
    format: u32,
    /// Which data directory it belongs to: no key can be taken from the key file of another.
    pub store: String,
    /// The id of the master key.
    pub master_key: String,
    /// The wrapping key, wrapped by the master key.
    pub wrapping_key: Base64,
    /// The data keys, wrapped by the wrapping key, by ascending number.
    pub data_keys: Vec<WrappedDataKey>,
    /// SHA-256 of the rest of the file in the form of [`KeyFile::digest`].
    digest: Option<Base64>,
}

/// A data key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WrappedDataKey {
    /// Its number.
    pub number: u32,
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// Wrapped by the wrapping key.
    pub wrapped: Base64,
}

/// The form in which every version names its format.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl KeyFile {
    /// A key file without data keys.
    pub fn new(store: String, master_key: String, wrapping_key: Vec<u8>) -> Self {
        let wrapping_key = Base64(wrapping_key);
        Self { format: FORMAT, store, master_key, wrapping_key, data_keys: Vec::new(), digest: None }
    }

    /// Reads the key file of the directory.
    pub fn read(dir: &Path) -> Result<Self, KeyError> {
        let path = dir.join(KEY_FILE);
        let text = fs::read(&path).map_err(|source| io_error(&path, "reading the key file", source))?;
        Self::parse(&path.display().to_string(), &text)
    }

    fn parse(place: &str, text: &[u8]) -> Result<Self, KeyError> {
        let damaged = |reason: String| KeyError::Damaged { place: place.to_owned(), reason };
        let found: Format = serde_json::from_slice(text).map_err(|problem| damaged(problem.to_string()))?;
        if FORMAT < found.format {
            let (found, supported) = (found.format, FORMAT);
            return Err(KeyError::NewerFormat { place: place.to_owned(), found, supported });
        }
        let mut file: Self = serde_json::from_slice(text).map_err(|problem| damaged(problem.to_string()))?;
        let digest = file.digest.take();
        if digest != Some(file.digest()) {
            return Err(damaged("its digest is wrong".to_owned()));
        }
        let ascends = file.data_keys.is_sorted_by(|one, next| one.number < next.number);
        if file.data_keys.is_empty() || !ascends {
            return Err(damaged("its data keys are not in order".to_owned()));
        }
        Ok(file)
    }

    /// Replaces the key file of the directory, and is on the disk when it returns.
    pub fn write(&self, dir: &Path) -> Result<(), KeyError> {
        let (path, new) = (dir.join(KEY_FILE), dir.join(NEW_KEY_FILE));
        let text = self.text().map_err(|problem| io_error(&path, "writing", problem.into()))?;
        let write = || -> io::Result<()> {
            let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            sync_parent(&path)
        };
        write().map_err(|source| io_error(&path, "writing the key file", source))
    }

    fn text(&self) -> serde_json::Result<String> {
        let whole = Self { digest: Some(self.digest()), ..self.clone() };
        Ok(serde_json::to_string_pretty(&whole)? + "\n")
    }

    /// SHA-256 of everything but the digest, each part behind its length.
    fn digest(&self) -> Base64 {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        let mut part = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        part(&self.format.to_be_bytes());
        part(self.store.as_bytes());
        part(self.master_key.as_bytes());
        part(&self.wrapping_key.0);
        for key in &self.data_keys {
            part(&key.number.to_be_bytes());
            part(&key.made.to_be_bytes());
            part(&key.wrapped.0);
        }
        Base64(context.finish().as_ref().to_vec())
    }
}

fn io_error(path: &Path, doing: &'static str, source: io::Error) -> KeyError {
    KeyError::Io { path: PathBuf::from(path), doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_file() -> KeyFile {
        let mut file = KeyFile::new("store".to_owned(), "local:01".to_owned(), vec![1; 60]);
        file.data_keys.push(WrappedDataKey { number: 1, made: 5, wrapped: Base64(vec![2; 60]) });
        file
    }

    #[test]
    fn what_is_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        key_file().write(dir.path()).unwrap();
        assert_eq!(KeyFile::read(dir.path()).unwrap(), key_file());
        assert!(!dir.path().join(NEW_KEY_FILE).exists());
    }

    #[test]
    fn every_change_of_a_value_is_found() {
        let text = key_file().text().unwrap();
        for (from, to) in
            [("\"store\": \"store\"", "\"store\": \"other\""), ("local:01", "local:02"), ("\"made\": 5", "\"made\": 6")]
        {
            assert!(text.contains(from), "{text}");
            let changed = KeyFile::parse("keys", text.replace(from, to).as_bytes());
            assert!(matches!(changed, Err(KeyError::Damaged { .. })), "{to}: {changed:?}");
        }
        for length in 0..text.len() - 1 {
            let cut = KeyFile::parse("keys", &text.as_bytes()[..length]);
            assert!(matches!(cut, Err(KeyError::Damaged { .. })), "{length}: {cut:?}");
        }
        let newer = text.replace("\"format\": 1", "\"format\": 2");
        assert!(matches!(KeyFile::parse("keys", newer.as_bytes()), Err(KeyError::NewerFormat { found: 2, .. })));
    }
}
