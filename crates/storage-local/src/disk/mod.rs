//! What is below RocksDB: the file systems that it writes through, and the environment that is made of them.
//!
//! ```text
//! RocksDB -> encrypted files, if the directory is encrypted    ../encryption
//!         -> errors that RocksDB recovers from                 files.cc
//!         -> the operating system, watched in tests            observed.cc, observed.rs
//! ```

#![allow(unsafe_code, reason = "RocksDB is C++; each call says what must hold")]

#[cfg(feature = "faults")]
mod observed;

use std::ffi::c_void;
use std::fmt;
#[cfg(feature = "faults")]
use std::sync::Arc;
use std::ptr;

use keyring::Keyring;
use librocksdb_sys::rocksdb_env_t;
use rocksdb::Env;

use crate::encryption;

#[cfg(feature = "faults")]
pub use observed::{Observer, Operation, OperationKind, Verdict};

unsafe extern "C" {
    /// Takes over both; each may be null.
    fn stator_env(ciphers: *const c_void, below: *mut c_void) -> *mut rocksdb_env_t;
}

/// The disk of a store: the operating system's, or in tests one that is watched and fails.
#[derive(Clone, Default)]
pub struct Disk {
    #[cfg(feature = "faults")]
    observer: Option<Arc<dyn Observer>>,
}

impl Disk {
    /// The operating system's, watched. It sees what RocksDB does; the lock, the key file and the first sync of a new directory pass by.
    #[cfg(feature = "faults")]
    pub fn observed(observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer) }
    }

    /// The environment that RocksDB runs in, with encrypted files if there are keys.
    pub(crate) fn environment(&self, keys: Option<&Keyring>) -> Env {
        let ciphers = keys.map_or(ptr::null(), encryption::ciphers_for_cpp);
        // SAFETY: the environment is a new one, which nobody else will destroy; it releases the ciphers and the file system.
        unsafe { Env::from_raw(stator_env(ciphers, self.file_system())) }
    }

    #[cfg(feature = "faults")]
    fn file_system(&self) -> *mut c_void {
        self.observer.clone().map_or(ptr::null_mut(), observed::file_system)
    }

    #[cfg(not(feature = "faults"))]
    fn file_system(&self) -> *mut c_void {
        ptr::null_mut()
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Disk")
    }
}
