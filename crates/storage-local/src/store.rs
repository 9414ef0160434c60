//! The store itself: opening, closing, and the trait, each method a call into the file that does the work.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use bytes::Bytes;
use keyring::{Keyring, MasterKeyId};
use parking_lot::Mutex;
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{DB, ReadOptions, WriteOptions};
use storage::{Batch, Page, Reply, Scan, Soundness, Store, StoreError, Version, Versioned};

use crate::commit::Writer;
use crate::disk::Alarm;
use crate::open::{self, OpenError, Opened};
use crate::pages::Pages;
use crate::progress::Progress;
use crate::recent::Recent;
use crate::removals::Removals;
use crate::values::Values;
use crate::{Durability, LocalSettings, error, flusher, options, read, recovery};

/// A store in a directory of this machine. Dropping it closes it.
pub struct LocalStore {
    /// What the flusher needs too.
    shared: Arc<Shared>,
    /// Whether and how commits are taken.
    access: Access,
    /// The flusher, until the store is closed.
    flusher: Mutex<Option<JoinHandle<()>>>,
}

/// What a store was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Everything.
    ReadWrite(Durability),
    /// Reads alone; there is no flusher.
    ReadOnly,
}

/// The database and how far its commits have got.
pub struct Shared {
    /// RocksDB, closed when the last user of this is gone; before the lock is.
    pub db: DB,
    /// Held for as long as the database is open, so that no second process opens it.
    _lock: File,
    /// The options of every point read; making them costs an allocation.
    pub read_options: ReadOptions,
    /// The options of every commit.
    pub write_options: WriteOptions,
    /// Whether commits are acknowledged before they are synced.
    pub is_relaxed: bool,
    /// The keys, of an encrypted directory.
    pub keys: Option<Arc<Keyring>>,
    /// How far the commits have got, and who waits.
    pub progress: Arc<Progress>,
    /// Rings when the disk fails.
    pub alarm: Arc<Alarm>,
    /// Whether RocksDB was told to hold nobody back, because the disk failed.
    pub has_let_go: AtomicBool,
    /// Which keys were written lately.
    pub recent: Recent,
    /// Which keys were removed lately.
    pub removals: Removals,
    /// Values that were read lately.
    pub values: Values,
    /// Pages that were read lately.
    pub pages: Pages,
    /// What values are asked for when they come from RocksDB.
    pub soundness: Option<Soundness>,
    /// One commit at a time. No two requests wait here for long: what waits for a disk under it is a read of a check that
    /// no cache holds, and RocksDB when it holds writers back because it cannot keep up.
    pub writer: Mutex<Writer>,
    /// Set by `close` under the writer's lock, never unset.
    closed: AtomicBool,
}

impl LocalStore {
    /// Opens the directory, or makes a new store there when it is missing or empty.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(settings: &LocalSettings) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared::new(open::read_write(settings)?, settings));
        let flusher = flusher::start(shared.clone(), settings.durability)
            .map_err(|source| open::io_error(&settings.dir, "starting a thread", source))?;
        Ok(Self { shared, access: Access::ReadWrite(settings.durability), flusher: Mutex::new(Some(flusher)) })
    }

    /// Opens an existing store to look into it. Its data is not changed and commits are refused. The durability of
    /// the settings does not matter.
    ///
    /// # Errors
    /// See [`OpenError`]; also `InUse` while another process has the store open.
    pub fn open_read_only(settings: &LocalSettings) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared::new(open::read_only(settings)?, settings));
        Ok(Self { shared, access: Access::ReadOnly, flusher: Mutex::new(None) })
    }

    /// The master key that the directory is encrypted under; `None` when it is not encrypted.
    pub fn master_key(&self) -> Option<MasterKeyId> {
        self.shared.keys.as_ref().map(|keys| keys.master_key())
    }

    /// Runs one call, unless the store is closed.
    fn call<T>(&self, run: impl FnOnce(&Shared) -> Result<T, StoreError>) -> Reply<'static, T> {
        Reply::ready(self.shared.expect_open().and_then(|()| run(&self.shared)))
    }

    fn stop(&self) -> Result<(), StoreError> {
        {
            // Commits that hold the lock are finished, those that wait for it will see the mark.
            let _writer = self.shared.writer.lock();
            if self.shared.closed.swap(true, Ordering::AcqRel) {
                return Ok(());
            }
        }
        let progress = &self.shared.progress;
        progress.end();
        if let Some(flusher) = self.flusher.lock().take() {
            // A panic of the flusher has printed itself; what counts is whether the last sync works.
            let _ = flusher.join();
        }
        if self.access != Access::ReadOnly {
            if progress.has_failed() {
                // The disk may have recovered just now. If not, that is reported below.
                let _ = recovery::attempt(&self.shared);
            } else {
                flusher::sync(&self.shared.db, progress, progress.newest_written());
                if let Err(error) = self.leave_last_mark() {
                    progress.fail("writing the end of the log", Arc::new(error));
                }
            }
        }
        self.shared.db.cancel_all_background_work(true);
        progress.failure("closing the store").map_or(Ok(()), Err)
    }

    /// The end of the log says that everything before it is durable; see replay.rs.
    fn leave_last_mark(&self) -> Result<(), rocksdb::Error> {
        self.shared.writer.lock().probe(&self.shared)?;
        self.shared.db.flush_wal(true)
    }
}

impl Shared {
    fn new(opened: Opened, settings: &LocalSettings) -> Self {
        let recovered = opened.db.latest_sequence_number();
        let progress = Arc::new(Progress::new(recovered, settings.workers.is_some()));
        opened.alarm.tell(&progress);
        if let Some(workers) = &settings.workers {
            let progress = progress.clone();
            workers.on_rest(move || progress.rested());
        }
        Self {
            db: opened.db,
            _lock: opened.lock,
            read_options: options::reads(),
            write_options: options::writes(),
            is_relaxed: settings.durability == Durability::Relaxed,
            keys: settings.keys.clone(),
            progress,
            alarm: opened.alarm,
            has_let_go: AtomicBool::new(false),
            recent: Recent::new(recovered),
            removals: Removals::default(),
            values: Values::new(options::values_bytes(settings.memory_bytes)),
            pages: Pages::new(options::pages_bytes(settings.memory_bytes)),
            soundness: settings.soundness,
            writer: Mutex::new(Writer::new()),
            closed: AtomicBool::new(false),
        }
    }

    fn expect_open(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn commit(&self, mut batch: Batch) -> Result<Version, StoreError> {
        batch.validate()?;
        let mut writer = self.writer.lock();
        self.expect_open()?;
        writer.commit(self, &mut batch)
    }

    fn checkpoint(&self, dir: &Path) -> Result<(), StoreError> {
        let doing = "writing a checkpoint";
        if let Some(parent) = dir.parent() {
            std::fs::create_dir_all(parent).map_err(|source| StoreError::io(doing, source))?;
        }
        // Writes out the memory tables first, so the checkpoint holds every commit that has returned and needs no log.
        Checkpoint::new(&self.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(dir))
            .map_err(|source| error::translate(doing, source))?;
        // Without it the copy could not be read.
        let keys = self.keys.as_ref().map_or(Ok(()), |keys| keys.write_copy(dir));
        keys.map_err(|source| StoreError::io(doing, source))
    }
}

impl Store for LocalStore {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.call(|shared| read::get(shared, keys))
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        self.call(|shared| read::get_one(shared, key))
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.call(|shared| read::scan(shared, &scan))
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        self.call(|shared| match self.access {
            Access::ReadWrite(_) => shared.commit(batch),
            Access::ReadOnly => Err(StoreError::Unsupported { operation: "commit: it was opened for reading" }),
        })
    }

    fn durable(&self, version: Version) -> Reply<'_, ()> {
        if let Err(closed) = self.shared.expect_open() {
            return Reply::ready(Err(closed));
        }
        let progress = &self.shared.progress;
        let version = version.min(progress.latest());
        match self.access {
            Access::ReadWrite(Durability::Sync) if !progress.is_durable(version) => {
                Reply::pending(progress.wait(version))
            }
            Access::ReadWrite(_) | Access::ReadOnly => Reply::ready(Ok(())),
        }
    }

    fn accepts_commits(&self) -> bool {
        self.shared.progress.failure("looking").is_none()
    }

    fn latest(&self) -> Version {
        self.shared.progress.latest()
    }

    fn epoch(&self) -> u64 {
        self.shared.progress.epoch()
    }

    fn latest_since(&self, epoch: u64) -> Version {
        self.shared.progress.latest_since(epoch)
    }

    fn visible(&self) -> Version {
        self.shared.progress.newest_written()
    }

    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()> {
        self.call(|shared| shared.checkpoint(dir))
    }

    fn close(&self) -> Reply<'_, ()> {
        Reply::ready(self.stop())
    }
}

impl Drop for LocalStore {
    fn drop(&mut self) {
        // Nobody is left to be told; the next start finds what was synced.
        let _ = self.stop();
    }
}

impl fmt::Debug for LocalStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LocalStore")
            .field("dir", &self.shared.db.path())
            .field("access", &self.access)
            .field("progress", &self.shared.progress)
            .finish_non_exhaustive()
    }
}
