//! Encryption of everything that RocksDB writes, and the keys for it.
//!
//! ```text
//! the keys of a directory: made, opened, missing        mod.rs
//! a copy of a directory that was not encrypted          copy.rs
//! one file                                              cipher.rs
//! the bridge to RocksDB                                 bridge.rs, bridge.cc
//! ```
//!
//! What must hold: whether a directory is encrypted is decided when it is begun and never changes. It is told by the key file, and by how
//! the file CURRENT begins, so that a lost key file is told from a directory without encryption. All of this is checked before
//! RocksDB opens anything.

mod bridge;
mod cipher;
mod copy;

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

pub use copy::encrypt_copy;
use keyring::{KeyError, Keyring, MasterKey};
use runtime::Clock;

use crate::open::{self, OpenError};

/// The state of a directory, as far as encryption is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryState {
    /// There is nothing yet.
    New,
    /// It holds a store that is not encrypted.
    Plain,
    /// It holds an encrypted store, or the keys for one.
    Encrypted,
    /// It holds an encrypted store without its key file.
    WithoutKeys,
}

/// Says in which state the directory is.
///
/// # Errors
/// [`OpenError::NotAStore`] when it holds something else, [`OpenError::Store`] when it cannot be read.
pub fn state(dir: &Path) -> Result<DirectoryState, OpenError> {
    if Keyring::exists(dir) {
        return Ok(DirectoryState::Encrypted);
    }
    if !dir.exists() {
        return Ok(DirectoryState::New);
    }
    open::expect_store_or_empty(dir)?;
    match File::open(dir.join("CURRENT")) {
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(DirectoryState::New),
        Err(problem) => Err(open::io_error(dir, "reading the file CURRENT", problem)),
        Ok(file) => {
            let mut start = Vec::new();
            let read = file.take(cipher::MAGIC.len() as u64).read_to_end(&mut start);
            read.map_err(|problem| open::io_error(dir, "reading the file CURRENT", problem))?;
            Ok(if start == cipher::MAGIC { DirectoryState::WithoutKeys } else { DirectoryState::Plain })
        }
    }
}

/// The keys of the directory, which must be encrypted, or new: then its keys are made. While it runs nobody else opens the directory.
///
/// # Errors
/// [`OpenError::Keys`] for a wrong master key and what [`Keyring::open`] says, [`OpenError::Plain`],
/// [`OpenError::KeyFileLost`], [`OpenError::InUse`]; what [`state`] says.
pub async fn open_keys(dir: &Path, master: &MasterKey, clock: &Clock) -> Result<Arc<Keyring>, OpenError> {
    open::create_directory(dir).map_err(|source| open::io_error(dir, "creating the directory", source))?;
    let _lock = open::lock(dir)?;
    let keys = match state(dir)? {
        DirectoryState::New => Keyring::make(dir, master, clock).await,
        DirectoryState::Encrypted => Keyring::open(dir, master).await,
        DirectoryState::Plain => return Err(OpenError::Plain { dir: dir.to_owned() }),
        DirectoryState::WithoutKeys => return Err(OpenError::KeyFileLost { dir: dir.to_owned() }),
    };
    keys.map(Arc::new).map_err(|source| keys_error(dir, source))
}

/// Changes the keys of an encrypted directory that nobody has open.
///
/// # Errors
/// Those of [`open_keys`], except that a new directory is refused, and what `change` says.
pub async fn change_keys<T>(
    dir: &Path,
    master: &MasterKey,
    change: impl AsyncFnOnce(&mut Keyring) -> Result<T, KeyError>,
) -> Result<T, OpenError> {
    if !dir.is_dir() {
        return Err(OpenError::NotAStore { dir: dir.to_owned(), reason: "it does not exist".to_owned() });
    }
    let _lock = open::lock(dir)?;
    match state(dir)? {
        DirectoryState::Encrypted => {
            let mut keys = Keyring::open(dir, master).await.map_err(|source| keys_error(dir, source))?;
            change(&mut keys).await.map_err(|source| keys_error(dir, source))
        }
        DirectoryState::New => Err(OpenError::NotAStore { dir: dir.to_owned(), reason: "it is empty".to_owned() }),
        DirectoryState::Plain => Err(OpenError::Plain { dir: dir.to_owned() }),
        DirectoryState::WithoutKeys => Err(OpenError::KeyFileLost { dir: dir.to_owned() }),
    }
}

/// How many files of the directory each data key encrypts. A server may have it open: then it is so for a moment.
///
/// # Errors
/// When the directory cannot be read.
pub fn files_by_data_key(dir: &Path) -> io::Result<BTreeMap<u32, usize>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let mut start = Vec::new();
        // A file may go while this runs.
        if let Ok(file) = File::open(entry?.path()) {
            file.take(cipher::NAMED_BYTES as u64).read_to_end(&mut start).unwrap_or_default();
        }
        if let Some(number) = cipher::data_key(&start) {
            *files.entry(number).or_default() += 1;
        }
    }
    Ok(files)
}

/// Checks that the keys that were given are those that the directory needs.
pub fn expect_keys(dir: &Path, keys: Option<&Keyring>) -> Result<(), OpenError> {
    let dir = dir.to_owned();
    match (state(&dir)?, keys) {
        (DirectoryState::New | DirectoryState::Plain, None) => Ok(()),
        (DirectoryState::Encrypted, Some(keys)) if keys.dir() == dir => Ok(()),
        (DirectoryState::Encrypted, _) => Err(OpenError::Encrypted { dir }),
        (DirectoryState::Plain, Some(_)) => Err(OpenError::Plain { dir }),
        (DirectoryState::New | DirectoryState::WithoutKeys, _) => Err(OpenError::KeyFileLost { dir }),
    }
}

/// What is in a file of RocksDB's, decrypted if there are keys. A file that a crash left without a whole prefix is empty, and so is one that
/// cannot be decrypted: RocksDB says what is wrong with it.
pub fn read_file(path: &Path, keys: Option<&Keyring>) -> io::Result<Vec<u8>> {
    let mut bytes = fs::read(path)?;
    let Some(keys) = keys else { return Ok(bytes) };
    let mut data = bytes.split_off(bytes.len().min(cipher::PREFIX_BYTES));
    match cipher::Ciphers::new(keys).open(&bytes) {
        Ok(cipher) => cipher.decrypt(cipher::PREFIX_BYTES as u64, &mut data),
        Err(_) => data.clear(),
    }
    Ok(data)
}

/// What encrypts files with the keys, as C++ takes it over.
pub fn ciphers_for_cpp(keys: &Keyring) -> *const c_void {
    bridge::for_cpp(Arc::new(cipher::Ciphers::new(keys)))
}

fn keys_error(dir: &Path, source: KeyError) -> OpenError {
    OpenError::Keys { dir: dir.to_owned(), source }
}
