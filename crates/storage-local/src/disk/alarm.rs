//! Tells the store at once when RocksDB could not write something, whoever inside RocksDB it was: files.cc calls.
//!
//! Without it a store would learn of a failed write of a table file only when RocksDB's memory is full, and then by commits that wait for
//! the disk instead of failing.
//!
//! What must hold, and is why `unsafe` is here: the alarm goes to C++ as a pointer that it gives back exactly once, to
//! `stator_alarm_release`; the words are valid for their size during the call. It is `Sync`, for RocksDB writes on several threads. A panic
//! in these functions aborts the process, as it must not reach C++; there is nothing in them that panics.

#![allow(unsafe_code, reason = "RocksDB is C++; the conditions are those above")]

use std::error::Error;
use std::ffi::{c_char, c_void};
use std::fmt;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::progress::Progress;

/// Rings when the disk fails.
#[derive(Debug, Default)]
pub struct Alarm {
    /// How many operations have failed, those of compactions aside.
    failures: AtomicU64,
    /// Who is told. Nobody before the store is open: then opening it fails.
    progress: OnceLock<Arc<Progress>>,
}

impl Alarm {
    /// From now on this is told.
    pub fn tell(&self, progress: &Arc<Progress>) {
        // There is one for every store.
        let _ = self.progress.set(progress.clone());
    }

    /// How many operations have failed so far, those of compactions aside.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Acquire)
    }

    /// The alarm as C++ takes it over.
    pub fn for_cpp(self: Arc<Self>) -> *const c_void {
        Arc::into_raw(self).cast()
    }

    fn ring(&self, words: &[u8], is_compaction: bool) {
        if is_compaction {
            // Writes need no compaction for a while, and it is tried again; the flusher looks whether they wait for it.
            if let Some(progress) = self.progress.get() {
                progress.look();
            }
            return;
        }
        self.failures.fetch_add(1, Ordering::AcqRel);
        if let Some(progress) = self.progress.get() {
            let failure = DiskFailure(String::from_utf8_lossy(words).into_owned());
            progress.fail("writing to the disk", Arc::new(failure));
        }
    }
}

/// What RocksDB's file system says: the file and the operating system's error.
#[derive(Debug)]
struct DiskFailure(String);

impl fmt::Display for DiskFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for DiskFailure {}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_alarm_ring(alarm: *const Alarm, words: *const c_char, size: usize, is_compaction: bool) {
    let (alarm, words) = unsafe { (&*alarm, slice::from_raw_parts(words.cast::<u8>(), size)) };
    alarm.ring(words, is_compaction);
}

/// SAFETY: see the head of this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn stator_alarm_release(alarm: *const Alarm) {
    drop(unsafe { Arc::from_raw(alarm) });
}
