//! What is below RocksDB: the file systems that it writes through, and the environment that is made of them.
//!
//! ```text
//! RocksDB -> logs in which it comes to an end                  logs.cc
//!         -> encrypted files, if the directory is encrypted    ../encryption
//!         -> errors that RocksDB recovers from                 files.cc
//!            and the store hears of                            alarm.rs
//!         -> the operating system, watched in tests            observed.cc, observed.rs
//! ```

#![allow(unsafe_code, reason = "RocksDB is C++; each call says what must hold")]

mod alarm;
#[cfg(feature = "faults")]
mod observed;

use std::ffi::c_void;
use std::fmt;
use std::ptr;
use std::sync::Arc;

use keyring::Keyring;
use librocksdb_sys::rocksdb_env_t;
use rocksdb::Env;

use crate::encryption;

pub use alarm::Alarm;
#[cfg(feature = "faults")]
pub use observed::{Observer, Operation, OperationKind, Verdict};

unsafe extern "C" {
    /// Takes over all three; the last two may be null.
    fn stator_env(alarm: *const c_void, ciphers: *const c_void, below: *mut c_void) -> *mut rocksdb_env_t;
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

    /// The environment that RocksDB runs in, with encrypted files if there are keys. It rings the alarm.
    pub(crate) fn environment(&self, alarm: &Arc<Alarm>, keys: Option<&Keyring>) -> Env {
        let ciphers = keys.map_or(ptr::null(), encryption::ciphers_for_cpp);
        // SAFETY: the environment is a new one, which nobody else will destroy; it releases what it was given.
        unsafe { Env::from_raw(stator_env(alarm.clone().for_cpp(), ciphers, self.file_system())) }
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
