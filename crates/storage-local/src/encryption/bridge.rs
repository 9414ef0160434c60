//! The Rust half of the bridge to RocksDB: what bridge.cc calls.
//!
//! What must hold, and is why `unsafe` is here: `Ciphers` and `FileCipher` go to C++ as pointers that it gives back exactly once, to
//! `stator_release_ciphers` and `stator_close_cipher`; each data pointer is valid for its size during the call and nobody else uses it.
//! Both types are `Sync`, for RocksDB reads one file on many threads. A panic in one of these functions aborts the process, as it must not
//! reach C++; there is nothing in them that panics.

#![allow(unsafe_code, reason = "RocksDB is C++; the conditions are those above")]

use std::ffi::{c_char, c_void};
use std::ptr;
use std::slice;
use std::sync::Arc;

use super::cipher::{Ciphers, FileCipher, PREFIX_BYTES};

/// The ciphers as C++ takes them over.
pub fn for_cpp(ciphers: Arc<Ciphers>) -> *const c_void {
    Arc::into_raw(ciphers).cast()
}

#[unsafe(no_mangle)]
extern "C" fn stator_prefix_bytes() -> usize {
    PREFIX_BYTES
}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_new_prefix(ciphers: *const Ciphers, prefix: *mut u8, size: usize) -> bool {
    let (ciphers, prefix) = unsafe { (&*ciphers, slice::from_raw_parts_mut(prefix, size)) };
    ciphers.write_prefix(prefix).is_ok()
}

/// Null when the file cannot be read; `refusal` says why then, in words that live for ever.
///
/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_open_cipher(
    ciphers: *const Ciphers,
    prefix: *const u8,
    size: usize,
    refusal: *mut *const c_char,
) -> *mut FileCipher {
    let ciphers = unsafe { &*ciphers };
    // RocksDB gives no pointer for what it could not read.
    let prefix = if prefix.is_null() { &[] } else { unsafe { slice::from_raw_parts(prefix, size) } };
    match ciphers.open(prefix) {
        Ok(cipher) => Box::into_raw(Box::new(cipher)),
        Err(reason) => {
            unsafe { *refusal = reason.words().as_ptr() };
            ptr::null_mut()
        }
    }
}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_encrypt(cipher: *const FileCipher, offset: u64, data: *mut u8, size: usize) -> bool {
    let (cipher, data) = unsafe { (&*cipher, slice::from_raw_parts_mut(data, size)) };
    cipher.encrypt(offset, data)
}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_decrypt(cipher: *const FileCipher, offset: u64, data: *mut u8, size: usize) {
    // At the end of a file RocksDB may have no buffer at all.
    if size != 0 {
        let (cipher, data) = unsafe { (&*cipher, slice::from_raw_parts_mut(data, size)) };
        cipher.decrypt(offset, data);
    }
}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_close_cipher(cipher: *mut FileCipher) {
    drop(unsafe { Box::from_raw(cipher) });
}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_release_ciphers(ciphers: *const Ciphers) {
    drop(unsafe { Arc::from_raw(ciphers) });
}
