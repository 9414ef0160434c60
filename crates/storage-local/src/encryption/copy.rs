//! An encrypted copy of a directory that was begun without encryption.
//!
//! RocksDB's files are encrypted one by one, for encryption is below what is in them. The copy is a store only when it is complete: the file
//! CURRENT comes last.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use keyring::{Keyring, MasterKey};
use runtime::Clock;

use super::cipher::{Ciphers, FileCipher, PREFIX_BYTES};
use super::{DirectoryState, keys_error, state};
use crate::open::{self, OpenError};

const CHUNK_BYTES: usize = 1024 * 1024;

/// Copies the store of a directory that nobody has open into a new directory, encrypted. The original stays as it is.
///
/// # Errors
/// [`OpenError::NotAStore`] when `from` holds no store without encryption or `to` is not new, and those of [`super::open_keys`].
pub async fn encrypt_copy(from: &Path, to: &Path, master: &MasterKey, clock: &Clock) -> Result<(), OpenError> {
    let refuse = |dir: &Path, reason: &str| OpenError::NotAStore { dir: dir.to_owned(), reason: reason.to_owned() };
    if !from.join("CURRENT").exists() {
        return Err(refuse(from, "it has no file CURRENT"));
    }
    let _lock = open::lock(from)?;
    if state(from)? != DirectoryState::Plain {
        return Err(refuse(from, "it is encrypted already"));
    }
    if state(to)? != DirectoryState::New {
        return Err(refuse(to, "the copy needs a new or empty directory"));
    }
    open::create_directory(to).map_err(|source| open::io_error(to, "creating the directory", source))?;
    let _lock_of_copy = open::lock(to)?;
    let keys = Keyring::make(to, master, clock).await.map_err(|source| keys_error(to, source))?;
    let ciphers = Ciphers::new(&keys);
    let failed = |source| open::io_error(to, "writing an encrypted copy", source);
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        // RocksDB has files alone; a folder is somebody else's.
        if entry.file_type().map_err(failed)?.is_file() && is_copied(&name) {
            encrypt_file(&ciphers, &from.join(&name), &to.join(&name)).map_err(failed)?;
        }
    }
    encrypt_file(&ciphers, &from.join("CURRENT"), &to.join("CURRENT")).map_err(failed)?;
    open::sync_directory(to).map_err(failed)
}

/// Whether the file holds something that the store needs; locks and RocksDB's log do not. CURRENT is copied when all others are.
fn is_copied(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_log = name == "LOG" || name.starts_with("LOG.");
    !is_log && !matches!(&*name, "CURRENT" | "LOCK" | open::LOCK_FILE)
}

fn encrypt_file(ciphers: &Ciphers, from: &Path, to: &Path) -> io::Result<()> {
    let (mut from, mut to) = (File::open(from)?, File::create_new(to)?);
    let mut prefix = vec![0; PREFIX_BYTES];
    ciphers.write_prefix(&mut prefix).map_err(io::Error::other)?;
    let cipher: FileCipher = ciphers.open(&prefix).map_err(|_| io::Error::other("a new prefix is wrong"))?;
    to.write_all(&prefix)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut offset = PREFIX_BYTES as u64;
    loop {
        let length = from.read(&mut chunk)?;
        let Some(read) = chunk.get_mut(..length).filter(|read| !read.is_empty()) else {
            break;
        };
        if !cipher.encrypt(offset, read) {
            return Err(io::Error::other("the file is too large"));
        }
        to.write_all(read)?;
        offset += length as u64;
    }
    to.sync_all()
}
