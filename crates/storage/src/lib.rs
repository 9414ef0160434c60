//! The narrow, ordered, transactional key-value store that everything above stands on.
//!
//! The store knows bytes and versions, never items. Above it conditions are evaluated on what was read; a [`Batch`]
//! then carries [`Check`]s ("this key is still at that version") beside its [`Mutation`]s, and a conflict is retried
//! by one bounded loop of the engine:
//!
//! ```text
//! get / scan -> Versioned values -> (engine evaluates) -> Batch { checks, mutations } -> commit -> Version
//!                                                                                          durable(Version) -> answer
//! ```
//!
//! What must hold for every store, and is tested by the module `conformance` (feature of that name):
//! - A commit happens completely or not at all, and all commits have one order: that of their versions.
//! - When `commit` returns, every read that starts later sees it; `durable` returns when it survives power loss.
//! - Every read call (`get`, `get_one`, `scan`) sees one point of that order.
//! - Damage is reported as [`StoreError::Corrupted`], never as "absent".
//!
//! The trait names no runtime: a call answers with a [`Reply`], a future that is ready at once when the store did not
//! have to wait, and boxed when it did. Every call may suspend, fail and be slow, so that a store across a network fits.

pub mod batch;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod counter;
pub mod error;
pub mod log;
pub mod memory;
pub mod reply;
pub mod scan;

use std::path::Path;

use bytes::Bytes;

pub use batch::{Batch, Check, Mutation};
pub use error::{Limit, StoreError};
pub use log::Position;
pub use memory::Memory;
pub use reply::Reply;
pub use scan::{Direction, Entry, Page, PageBuilder, Pushed, Scan};

/// The place of a commit in the one order of all commits. Versions grow, not always by one; no commit has version 0.
pub type Version = u64;

/// A value together with the version of the commit that last wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The commit that last wrote this key, by `Set` or `Add`.
    pub version: Version,
    /// The bytes that were written; for a counter its encoding, see [`counter`].
    pub value: Bytes,
    /// Whether the store knows the value to be sound, so that its reader need not look: see [`Soundness`].
    pub is_sound: bool,
}

/// Tells whether a value is well formed, by its key. A store that keeps values in memory can be opened with it: it then asks once, when it
/// has read a value from outside the process, however often the value is read from memory afterwards. What is not sound is handed to the
/// reader all the same, who looks again and says what is wrong.
pub type Soundness = fn(key: &[u8], value: &[u8]) -> bool;

/// Something that a store counts, for its operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is called, in words joined by `_`.
    pub name: &'static str,
    /// What it counts, in one sentence.
    pub help: &'static str,
    /// How often that was so far.
    pub count: u64,
}

/// An ordered, transactional key-value store. Object safe: it is used as `Arc<dyn Store>`.
///
/// Keys are ordered as unsigned bytes. The empty key and keys that begin with the byte 0 belong to the store itself:
/// reads find them absent, scans and range deletes pass over them, and writing or checking one is refused.
pub trait Store: Send + Sync {
    /// Reads several keys at one point of the commit order. The answers stand in the order of `keys`.
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>>;

    /// Reads one key.
    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>>;

    /// Reads one page of a range at one point of the commit order.
    fn scan(&self, scan: Scan) -> Reply<'_, Page>;

    /// Applies the batch if all its checks hold, and returns its version when it is ordered and visible to every read.
    ///
    /// A batch without mutations only evaluates its checks and returns the version of the newest commit.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] names the first check that failed; nothing was applied. After [`StoreError::Io`] it
    /// is unknown whether the batch was applied.
    fn commit(&self, batch: Batch) -> Reply<'_, Version>;

    /// Returns when the commit of this version and all before it survive power loss, or, in a store that was told to
    /// acknowledge before the sync, at once. A version that was not handed out yet counts as the newest one.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the commit could not be made durable: it is visible now and may be gone after a restart.
    fn durable(&self, version: Version) -> Reply<'_, ()>;

    /// A version that covers everything any finished read of this store has seen, absence included.
    ///
    /// An absent key has no version that its reader could wait for: the delete that it saw may not be durable yet.
    /// `durable(latest())` after the read closes that gap. A store whose commits are durable when they become visible
    /// may answer 0.
    fn latest(&self) -> Version;

    /// Names the present stretch of time between failures of the store and recoveries from them.
    fn epoch(&self) -> u64 {
        0
    }

    /// Like [`Store::latest`], for a caller whose reads all began after it was told this epoch. While commits cannot be made durable,
    /// `latest` may be a version that never will be; a store that goes on to read what is durable, and nothing else, answers with a
    /// version that is.
    fn latest_since(&self, epoch: u64) -> Version {
        let _ = epoch;
        self.latest()
    }

    /// A version such that every read which starts later sees all commits up to it: the `as_of` of a [`Check`] on what
    /// that read finds. 0 is always right, and makes no check cheaper.
    fn visible(&self) -> Version {
        0
    }

    /// A version up to which nothing is added any more: no commit of this version or an earlier one becomes visible to a read that starts
    /// after this call and was not visible before it. Who follows a [log](log) takes no entry beyond it, so that none appears behind his
    /// back.
    ///
    /// [`Version::MAX`] from a store whose commits become visible in the order of their versions. A store that several servers write may
    /// know only where all of them have got to.
    fn settled(&self) -> Reply<'_, Version> {
        Reply::ready(Ok(Version::MAX))
    }

    /// Whether other processes write the store at the same time, so that nothing that was read of it stays true by itself.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether the store takes commits, as far as is known. It does not while its disk fails, nor while the database that it
    /// is in does not answer.
    fn accepts_commits(&self) -> bool {
        true
    }

    /// What the store has counted since it was opened.
    fn figures(&self) -> Vec<Figure> {
        Vec::new()
    }

    /// Writes a copy of one point of the commit order into `dir`, which must not exist yet and from which a store can
    /// be opened.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] from a store that has no files of its own.
    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()>;

    /// Makes everything durable and stops the store. Later calls are answered with [`StoreError::Closed`]; closing
    /// again is allowed.
    fn close(&self) -> Reply<'_, ()>;
}
