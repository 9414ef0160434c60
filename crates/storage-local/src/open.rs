//! Opening a store: the directory, its lock, the format version.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyring::{KEY_FILE, KeyError};
use rocksdb::{ColumnFamilyDescriptor, DB, DEFAULT_COLUMN_FAMILY_NAME, WriteBatch};
use storage::{StoreError, Version};

use crate::disk::Alarm;
use crate::replay::{self, Damage};
use crate::{LocalSettings, encryption, error, options, record};

/// The format of the files that this program writes, and the newest that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// Where the format version is kept. Keys that begin with the byte 0 are the store's own.
const FORMAT_KEY: &[u8] = b"\0format";

/// A file that exists to be locked. RocksDB has a lock of its own, but reports it in words alone.
pub const LOCK_FILE: &str = "stator.lock";

/// Why a store could not be opened. Nothing was changed, except after `Store`.
#[derive(Debug)]
pub enum OpenError {
    /// Another process, or another store of this one, has the directory open.
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// A newer version of the program wrote the files.
    NewerFormat {
        /// The directory.
        dir: PathBuf,
        /// The format of the files.
        found: u32,
        /// The newest format that this program reads: [`FORMAT_VERSION`].
        supported: u32,
    },
    /// The directory holds something else, or a store whose first file is lost.
    NotAStore {
        /// The directory.
        dir: PathBuf,
        /// What was found or missed.
        reason: String,
    },
    /// The directory is encrypted, and no keys were given.
    Encrypted {
        /// The directory.
        dir: PathBuf,
    },
    /// Keys were given for a directory that was begun without encryption.
    Plain {
        /// The directory.
        dir: PathBuf,
    },
    /// The directory is encrypted, and its key file is gone.
    KeyFileLost {
        /// The directory.
        dir: PathBuf,
    },
    /// The keys of the directory could not be had.
    Keys {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// The write-ahead log is damaged where it had been synced: opening the store would lose commits that were acknowledged.
    LogDamaged {
        /// The directory.
        dir: PathBuf,
        /// The damaged file.
        file: PathBuf,
        /// Where in it, behind the prefix of an encrypted file.
        offset: u64,
        /// What could be read: everything up to this version.
        reached: Version,
        /// What was durable: at least everything up to this version.
        durable: Version,
    },
    /// The files could not be read or written.
    Store {
        /// The directory.
        dir: PathBuf,
        /// Damage or an I/O failure.
        source: StoreError,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { dir } => {
                write!(formatter, "the data directory {} is in use by another process", dir.display())
            }
            Self::NewerFormat { dir, found, supported } => write!(
                formatter,
                "the data directory {} has format {found}, and this program reads formats up to {supported}: \
                 a newer version wrote it",
                dir.display()
            ),
            Self::NotAStore { dir, reason } => {
                write!(formatter, "the directory {} is not a data directory: {reason}", dir.display())
            }
            Self::Encrypted { dir } => write!(
                formatter,
                "the data directory {} is encrypted: give its master key with --master-key",
                dir.display()
            ),
            Self::Plain { dir } => write!(
                formatter,
                "the data directory {} was begun without encryption: start without --master-key, or make an encrypted copy of it \
                 with `stator keys encrypt`",
                dir.display()
            ),
            Self::KeyFileLost { dir } => write!(
                formatter,
                "the data directory {dir} is encrypted and its key file {dir}/{KEY_FILE} is missing: put it back from a backup; without \
                 it the data cannot be decrypted",
                dir = dir.display()
            ),
            Self::Keys { dir, source } => {
                write!(formatter, "the keys of the data directory {} cannot be had: {source}", dir.display())
            }
            Self::LogDamaged { dir, file, offset, reached, durable } => write!(
                formatter,
                "the data directory {} is not opened, and nothing in it was changed: its file {} is damaged at byte {offset}, and behind the \
                 damage are commits that were acknowledged. What can be read ends with version {reached}, and everything up to {durable} was \
                 durable. Restore a backup, or see docs/trust.md",
                dir.display(),
                file.display()
            ),
            Self::Store { dir, source } => {
                write!(formatter, "the data directory {} cannot be opened: {source}", dir.display())
            }
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store { source, .. } => Some(source),
            Self::Keys { source, .. } => Some(source),
            Self::InUse { .. }
            | Self::NewerFormat { .. }
            | Self::NotAStore { .. }
            | Self::Encrypted { .. }
            | Self::Plain { .. }
            | Self::KeyFileLost { .. }
            | Self::LogDamaged { .. } => None,
        }
    }
}

/// An open database and the lock that keeps others out. The fields are dropped in this order.
pub struct Opened {
    /// RocksDB with its one column family.
    pub db: DB,
    /// Unlocked when it is dropped.
    pub lock: File,
    /// Rings when the disk fails.
    pub alarm: Arc<Alarm>,
}

/// Opens the directory for reading and writing, and makes it a store when it is missing or empty.
pub fn read_write(settings: &LocalSettings) -> Result<Opened, OpenError> {
    let dir = &settings.dir;
    create_directory(dir).map_err(|source| io_error(dir, "creating the directory", source))?;
    expect_store_or_empty(dir)?;
    let lock = lock(dir)?;
    encryption::expect_keys(dir, settings.keys.as_deref())?;
    expect_whole_log(settings)?;
    let alarm = Arc::default();
    let mut options = options::database(settings, &alarm);
    options.create_if_missing(true);
    let families = [ColumnFamilyDescriptor::new(DEFAULT_COLUMN_FAMILY_NAME, options.clone())];
    let db = DB::open_cf_descriptors(&options, dir, families)
        .map_err(|source| store_error(dir, error::translate("opening the database", source)))?;
    match read_format(&db).map_err(|source| store_error(dir, source))? {
        Some(found) => expect_format(dir, found)?,
        // Nothing was ever written: the store is new, or its first start was cut short before the format was written.
        None if db.latest_sequence_number() == 0 => write_format(&db).map_err(|source| store_error(dir, source))?,
        None => return Err(no_format(dir)),
    }
    sync_directory(dir).map_err(|source| io_error(dir, "syncing the directory", source))?;
    Ok(Opened { db, lock, alarm })
}

/// Opens an existing store for reading alone.
pub fn read_only(settings: &LocalSettings) -> Result<Opened, OpenError> {
    let dir = &settings.dir;
    if !dir.join("CURRENT").exists() {
        return Err(OpenError::NotAStore { dir: dir.clone(), reason: "it has no file CURRENT".to_owned() });
    }
    let lock = lock(dir)?;
    encryption::expect_keys(dir, settings.keys.as_deref())?;
    expect_whole_log(settings)?;
    let (db, alarm) = open_to_read(settings)?;
    match read_format(&db).map_err(|source| store_error(dir, source))? {
        Some(found) => expect_format(dir, found)?,
        None => return Err(no_format(dir)),
    }
    Ok(Opened { db, lock, alarm })
}

fn open_to_read(settings: &LocalSettings) -> Result<(DB, Arc<Alarm>), OpenError> {
    let alarm = Arc::default();
    let options = options::database(settings, &alarm);
    let families = [ColumnFamilyDescriptor::new(DEFAULT_COLUMN_FAMILY_NAME, options.clone())];
    let db = DB::open_cf_descriptors_read_only(&options, &settings.dir, families, false)
        .map_err(|source| store_error(&settings.dir, error::translate("opening the database", source)))?;
    Ok((db, alarm))
}

/// Refuses a store of which RocksDB would drop something durable, because the log is damaged before it.
fn expect_whole_log(settings: &LocalSettings) -> Result<(), OpenError> {
    let dir = &settings.dir;
    if !dir.join("CURRENT").exists() {
        return Ok(());
    }
    let damage = replay::find_damage(dir, settings.keys.as_deref());
    let Some(damage) = damage.map_err(|source| io_error(dir, "reading the write-ahead log", source))? else {
        return Ok(());
    };
    // The damaged log may be one that is no longer needed: what RocksDB reaches decides, and reading changes nothing.
    let reached = match damage.reached {
        Some(reached) => reached,
        None => open_to_read(settings)?.0.latest_sequence_number(),
    };
    if damage.durable <= reached {
        return Ok(());
    }
    let Damage { file, offset, durable, .. } = damage;
    Err(OpenError::LogDamaged { dir: dir.clone(), file, offset, reached, durable })
}

/// Creates the directory and what is missing above it, so that they survive power loss.
pub fn create_directory(dir: &Path) -> io::Result<()> {
    let existing = dir.ancestors().position(Path::exists).unwrap_or_default();
    fs::create_dir_all(dir)?;
    // The entry of each new directory is in the one above it.
    dir.ancestors().take(existing.saturating_add(1)).try_for_each(sync_directory)
}

pub fn sync_directory(dir: &Path) -> io::Result<()> {
    // The last ancestor of a relative path is the empty path.
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    File::open(dir)?.sync_all()
}

/// Refuses a directory that holds something else. RocksDB would make a new database beside foreign files, and where the
/// file CURRENT was lost it would take the data for leftovers and delete them.
pub fn expect_store_or_empty(dir: &Path) -> Result<(), OpenError> {
    if dir.join("CURRENT").exists() {
        return Ok(());
    }
    let entries = fs::read_dir(dir).map_err(|source| io_error(dir, "listing the directory", source))?;
    for entry in entries {
        let name = entry.map_err(|source| io_error(dir, "listing the directory", source))?.file_name();
        if !is_left_by_a_first_start(&name) {
            let reason = format!("it holds {} but no file CURRENT", name.display());
            return Err(OpenError::NotAStore { dir: dir.to_owned(), reason });
        }
    }
    Ok(())
}

/// Whether a file may be there before CURRENT is: a first start that was cut short leaves such.
fn is_left_by_a_first_start(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let exact = [LOCK_FILE, "LOCK", "IDENTITY", "lost+found"];
    let prefixes = ["LOG", "MANIFEST-", "OPTIONS-"];
    let is_of_keys = keyring::is_key_file(OsStr::new(&*name));
    is_of_keys
        || exact.contains(&&*name)
        || prefixes.iter().any(|prefix| name.starts_with(prefix))
        || name.ends_with(".dbtmp")
}

/// Keeps everybody else out of the directory until it is dropped.
pub fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK_FILE);
    let file = File::options().create(true).write(true).truncate(false).open(path);
    let file = file.map_err(|source| io_error(dir, "opening the lock file", source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io_error(dir, "locking the directory", source)),
    }
}

fn read_format(db: &DB) -> Result<Option<u32>, StoreError> {
    let found = db.get_pinned(FORMAT_KEY).map_err(|source| error::translate("reading the format version", source))?;
    let Some(found) = found else {
        return Ok(None);
    };
    let (_, number) = record::decode(FORMAT_KEY, &found)?;
    let number = number.try_into().map_err(|_| StoreError::corrupted("the format version has a wrong length"))?;
    Ok(Some(u32::from_be_bytes(number)))
}

fn write_format(db: &DB) -> Result<(), StoreError> {
    let mut record = Vec::new();
    record::encode(&mut record, 1, &FORMAT_VERSION.to_be_bytes());
    let mut batch = WriteBatch::default();
    batch.put(FORMAT_KEY, record);
    db.write_opt(batch, &options::synced_write())
        .map_err(|source| error::translate("writing the format version", source))
}

fn expect_format(dir: &Path, found: u32) -> Result<(), OpenError> {
    if FORMAT_VERSION < found {
        return Err(OpenError::NewerFormat { dir: dir.to_owned(), found, supported: FORMAT_VERSION });
    }
    Ok(())
}

fn no_format(dir: &Path) -> OpenError {
    OpenError::NotAStore { dir: dir.to_owned(), reason: "its database has no format version".to_owned() }
}

/// The error of a directory whose database or files failed.
pub fn store_error(dir: &Path, source: StoreError) -> OpenError {
    OpenError::Store { dir: dir.to_owned(), source }
}

/// The error of a directory with which the operating system failed.
pub fn io_error(dir: &Path, doing: &'static str, source: io::Error) -> OpenError {
    store_error(dir, StoreError::io(doing, source))
}
