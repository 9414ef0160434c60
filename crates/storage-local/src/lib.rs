//! The embedded store, the default of one machine: `storage::Store` on RocksDB.
//!
//! ```text
//! get, scan    caches of values and pages, RocksDB; on the read.rs, values.rs, pages.rs
//!              caller's thread
//! commit       one short lock: checks, version, one       commit.rs, recent.rs
//!              RocksDB batch, written and not synced
//! durable      waits for the flusher                      progress.rs
//! flusher      one sync of the write-ahead log for all    flusher.rs
//!              that was written before it (group commit)
//! recovery     a disk that failed works again             recovery.rs, removals.rs
//! open         lock, directory, format version            open.rs, options.rs, error.rs
//!              whether the log is damaged                 replay.rs
//! encryption   every file that RocksDB writes, below it   encryption/
//! disk         what RocksDB's files are on                disk/
//! ```
//!
//! What must hold:
//! - All writes go through the lock in commit.rs, so the version of a commit, the sequence number of its first entry, is
//!   known before it is written, and versions go on growing after a restart without being stored anywhere else.
//! - A stored value begins with its version (record.rs); RocksDB's own sequence numbers cannot be asked for by key.
//! - After a failed write or sync nothing is known about the end of the log: the store refuses writes until everything that is visible
//!   was written out to new files, and reads of what is durable go on (recovery.rs).
//!
//! Calls block their thread for as long as RocksDB takes: microseconds for a point read or a commit. Only `durable`
//! suspends. `checkpoint` and `close` take as long as writing out the memory does; callers give them a thread.

mod commit;
mod disk;
mod encryption;
mod error;
mod flusher;
mod open;
mod options;
mod pages;
mod progress;
mod read;
mod recent;
mod record;
mod recovery;
mod removals;
mod replay;
mod store;
mod values;

use std::path::PathBuf;
use std::sync::Arc;

use keyring::Keyring;
use runtime::Workers;
use storage::Soundness;

pub use disk::Disk;
#[cfg(feature = "faults")]
pub use disk::{Observer, Operation, OperationKind, Verdict};
pub use encryption::{DirectoryState, change_keys, encrypt_copy, files_by_data_key, open_keys, state};
pub use open::{FORMAT_VERSION, OpenError};
pub use store::LocalStore;

/// How a local store is opened.
#[derive(Clone, Debug)]
pub struct LocalSettings {
    /// Where the files are. Created, with its parents, when missing.
    pub dir: PathBuf,
    /// When a write is acknowledged.
    pub durability: Durability,
    /// Bounds what the store keeps in memory: cached values, pages and blocks, with filters and indexes, and the write buffers.
    /// Taken as needed, not at once.
    pub memory_bytes: usize,
    /// The keys of the directory, if it is encrypted: those of [`open_keys`].
    pub keys: Option<Arc<Keyring>>,
    /// What the files are on.
    pub disk: Disk,
    /// What values are asked for when they are read from the files; without it no value is known to be sound.
    pub soundness: Option<Soundness>,
    /// Those who commit: while they are busy, commits gather for one sync. Without it, each sync takes what has come during the last one.
    pub workers: Option<Arc<Workers>>,
}

/// When `durable` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After the sync that covers the commit: it survives power loss.
    Sync,
    /// At once. Each commit reaches the operating system before it returns, so it survives the death of the process,
    /// and a sync follows about once a second. For tests and data that can be made again.
    Relaxed,
}

impl LocalSettings {
    /// Durable, with 128 MiB of memory.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            durability: Durability::Sync,
            memory_bytes: 128 * 1024 * 1024,
            keys: None,
            disk: Disk::default(),
            soundness: None,
            workers: None,
        }
    }
}
