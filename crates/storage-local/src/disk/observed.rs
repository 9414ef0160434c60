//! The disk as tests see it: an [`Observer`] is asked before every operation of RocksDB that changes something on disk, and may make it
//! fail, and is told when it has been done. observed.cc is the other half.
//!
//! What must hold, and is why `unsafe` is here: the observer goes to C++ as a pointer that it gives back exactly once, to
//! `stator_disk_release`; an operation's pointers are valid for their sizes during the call. An observer is `Sync`, for RocksDB writes on
//! several threads. A panic in it aborts the process, as it must not reach C++.

#![allow(unsafe_code, reason = "RocksDB is C++; the conditions are those above")]

use std::ffi::{OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::slice;
use std::sync::Arc;

/// What is done to a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum OperationKind {
    /// A file is made; one of that name is emptied.
    Create,
    /// A file is opened to be written on from its end.
    Reopen,
    /// Bytes are written at an offset.
    Append,
    /// The file gets the length `offset`.
    Truncate,
    /// What was written to the file is synced.
    Sync,
    /// The names in a directory are synced.
    SyncDirectory,
    /// A file gets the name `other`.
    Rename,
    /// A name is removed.
    Delete,
    /// A file gets the name `other` too.
    Link,
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// What is done.
    pub kind: OperationKind,
    /// To which file or directory.
    pub path: &'a Path,
    /// The new name; empty where there is none.
    pub other: &'a Path,
    /// Where it is written, or the new length.
    pub offset: u64,
    /// What is written.
    pub data: &'a [u8],
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Proceed,
    /// It is not done and fails with this error of the operating system (errno).
    Fail(i32),
    /// It is not done, and claimed to be.
    Swallow,
}

/// Watches a disk, and decides what fails. It is called on all threads that write.
pub trait Observer: Send + Sync + 'static {
    /// Called before the operation.
    fn before(&self, operation: &Operation<'_>) -> Verdict;
    /// Called after the operation has succeeded, before RocksDB knows.
    fn after(&self, operation: &Operation<'_>);
}

/// An operation as C++ tells it.
#[repr(C)]
struct Told {
    kind: OperationKind,
    name: *const c_char,
    name_size: usize,
    other: *const c_char,
    other_size: usize,
    offset: u64,
    data: *const c_char,
    data_size: usize,
}

unsafe extern "C" {
    /// Takes over the observer.
    fn stator_observed(observer: *const c_void) -> *mut c_void;
}

/// A file system for `stator_env`.
pub fn file_system(observer: Arc<dyn Observer>) -> *mut c_void {
    // A pointer to a trait object has two words; C++ gets one, to a box of it.
    let observer: *mut Arc<dyn Observer> = Box::into_raw(Box::new(observer));
    // SAFETY: the pointer comes back in the functions below.
    unsafe { stator_observed(observer.cast::<c_void>()) }
}

/// SAFETY: see the head of this file.
unsafe fn operation<'a>(told: *const Told) -> Operation<'a> {
    let bytes = |data: *const c_char, size: usize| {
        if size == 0 { &[] } else { unsafe { slice::from_raw_parts(data.cast::<u8>(), size) } }
    };
    let told = unsafe { &*told };
    Operation {
        kind: told.kind,
        path: Path::new(OsStr::from_bytes(bytes(told.name, told.name_size))),
        other: Path::new(OsStr::from_bytes(bytes(told.other, told.other_size))),
        offset: told.offset,
        data: bytes(told.data, told.data_size),
    }
}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_disk_before(observer: *const c_void, told: *const Told) -> c_int {
    let (observer, operation) = unsafe { (&*observer.cast::<Arc<dyn Observer>>(), operation(told)) };
    match observer.before(&operation) {
        Verdict::Proceed => 0,
        Verdict::Fail(error) => error,
        Verdict::Swallow => -1,
    }
}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_disk_after(observer: *const c_void, told: *const Told) {
    let (observer, operation) = unsafe { (&*observer.cast::<Arc<dyn Observer>>(), operation(told)) };
    observer.after(&operation);
}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_disk_release(observer: *mut c_void) {
    drop(unsafe { Box::from_raw(observer.cast::<Arc<dyn Observer>>()) });
}
