//! Damage to each kind of file: nothing wrong is ever read, nothing that was acknowledged is dropped without a word, and the error names the
//! file.
//!
//! One exception cannot be told from power loss: a log that ends too early. What its end held is absent then.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use common::{copy, encrypted, files, master_key, set, set_durably};
use runtime::Clock;
use storage::Store;
use storage::conformance::block_on;
use storage_local::{LocalSettings, LocalStore, open_keys};
use tempfile::TempDir;

/// More than fits into RocksDB's memory, so that there is a table file; the rest is in the log.
const KEYS: usize = 440;

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    Removed,
    Emptied,
    Halved,
    LastByteCut,
    FirstByteTurned,
    MiddleByteTurned,
    LastByteTurned,
    /// Behind the prefix of an encrypted file.
    ByteTurned(usize),
}
use Damage::*;

/// All of them.
const DAMAGES: [Damage; 9] = [
    Removed,
    Emptied,
    Halved,
    LastByteCut,
    FirstByteTurned,
    MiddleByteTurned,
    LastByteTurned,
    ByteTurned(4096),
    ByteTurned(4100),
];

/// What must come of it.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// The store opens and everything is there.
    Whole,
    /// That, or it is refused with these words.
    WholeOrRefused(&'static str),
    /// The store opens and the end of the log is gone.
    EndLost,
    /// The store opens, and reads of some keys fail; the error names the file and the key.
    SomeUnreadable,
    /// It is refused with a word of the file's name.
    Refused(&'static str),
}
use Outcome::*;

/// What is damaged, how, and what comes of it in a plain and in an encrypted directory. Where two are the same they are the first.
fn expected(file: &str, damage: Damage, is_encrypted: bool) -> Outcome {
    match (file, damage) {
        // What is in the middle of a table file is data, the rest is needed for opening it. The first block has the format version.
        (".sst", MiddleByteTurned) => SomeUnreadable,
        (".sst", _) => Refused(".sst"),
        (".log", Removed | Emptied | Halved | LastByteCut | LastByteTurned) => EndLost,
        (".log", _) => Refused(".log"),
        // The last record of the manifest may tell that a log is no longer needed; without it that log is missed.
        ("MANIFEST", LastByteCut) => WholeOrRefused("log number"),
        // An encrypted manifest has most of its bytes in the prefix, of which the middle holds nothing.
        ("MANIFEST", MiddleByteTurned) if is_encrypted => Whole,
        ("MANIFEST", _) => Refused("MANIFEST"),
        ("CURRENT", MiddleByteTurned) if is_encrypted => Whole,
        ("CURRENT", _) => Refused("CURRENT"),
        ("keys.json", LastByteCut) => Whole,
        ("keys.json", _) => Refused("keys.json"),
        ("IDENTITY", FirstByteTurned) if is_encrypted => Refused("IDENTITY"),
        // Nothing that the store needs.
        _ => Whole,
    }
}

#[test]
fn damage_is_told_and_nothing_wrong_is_read() {
    for is_encrypted in [false, true] {
        let dir = TempDir::new().unwrap();
        let whole = fill(dir.path(), is_encrypted);
        for file in [".sst", ".log", "MANIFEST", "CURRENT", "OPTIONS", "IDENTITY", "LOG", "keys.json"] {
            for damage in DAMAGES {
                let image = dir.path().join("image");
                copy(&whole, &image);
                if apply(damage, &image, file) {
                    let outcome = expected(file, damage, is_encrypted);
                    let case = format!("{file} {damage:?}, encrypted: {is_encrypted}, expected: {outcome:?}");
                    expect(outcome, open(&image, is_encrypted), &case);
                }
                fs::remove_dir_all(&image).unwrap();
            }
        }
    }
}

/// A store as a crash would leave it, with all kinds of files.
fn fill(dir: &Path, is_encrypted: bool) -> PathBuf {
    let (original, whole) = (dir.join("original"), dir.join("whole"));
    let settings = LocalSettings { memory_bytes: 1, ..LocalSettings::new(&original) };
    let settings = if is_encrypted { encrypted(&original, settings) } else { settings };
    let store = LocalStore::open(&settings).unwrap();
    for key in 0..KEYS {
        let write = if key < KEYS - 40 { set } else { set_durably };
        write(&store, &name(key), value(key));
    }
    copy(&original, &whole);
    assert_eq!((files(&whole, ".sst").len(), files(&whole, ".log").len()), (1, 1));
    whole
}

fn name(key: usize) -> String {
    format!("key-{key:03}")
}

fn value(key: usize) -> Vec<u8> {
    vec![u8::try_from(key % 251).unwrap(); 4000]
}

/// Whether there was something to damage.
fn apply(damage: Damage, image: &Path, file: &str) -> bool {
    let entries = fs::read_dir(image).unwrap().map(|entry| entry.unwrap().path());
    let is_meant = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if file.starts_with('.') { name.ends_with(file) } else { name == file || name.starts_with(&format!("{file}-")) }
    };
    let Some(path) = entries.into_iter().find(is_meant) else { return false };
    let mut bytes = fs::read(&path).unwrap();
    let turned = match damage {
        Removed => return fs::remove_file(&path).is_ok(),
        Emptied => return fs::write(&path, "").is_ok(),
        Halved => return fs::write(&path, &bytes[..bytes.len() / 2]).is_ok(),
        LastByteCut => return fs::write(&path, &bytes[..bytes.len() - 1]).is_ok(),
        FirstByteTurned => 0,
        MiddleByteTurned => bytes.len() / 2,
        LastByteTurned => bytes.len() - 1,
        ByteTurned(place) => place,
    };
    let Some(byte) = bytes.get_mut(turned) else { return false };
    *byte ^= 1;
    fs::write(&path, bytes).is_ok()
}

fn open(image: &Path, is_encrypted: bool) -> Result<LocalStore, String> {
    let mut settings = LocalSettings { memory_bytes: 1, ..LocalSettings::new(image) };
    if is_encrypted {
        let keys = block_on(open_keys(image, &master_key(), &Clock::system())).map_err(|error| error.to_string())?;
        settings.keys = Some(keys);
    }
    LocalStore::open(&settings).map_err(|error| error.to_string())
}

fn expect(outcome: Outcome, opened: Result<LocalStore, String>, case: &str) {
    let store = match (outcome, opened) {
        (Refused(word) | WholeOrRefused(word), Err(error)) => return assert!(error.contains(word), "{case}: {error}"),
        (Refused(_), Ok(_)) => panic!("{case}: it was opened"),
        (_, Err(error)) => panic!("{case}: {error}"),
        (_, Ok(store)) => store,
    };
    let mut present = Vec::new();
    let mut errors = Vec::new();
    for key in 0..KEYS {
        match block_on(store.get_one(name(key).as_bytes())) {
            Ok(Some(found)) => {
                assert_eq!(found.value, value(key), "{case}");
                present.push(key);
            }
            Ok(None) => (),
            Err(error) => errors.push((key, error.to_string())),
        }
    }
    match outcome {
        Whole | WholeOrRefused(_) => assert_eq!((present.len(), errors.len()), (KEYS, 0), "{case}"),
        EndLost => {
            assert!(errors.is_empty() && !present.is_empty() && present.len() < KEYS, "{case}");
            assert_eq!(present, (0..present.len()).collect::<Vec<_>>(), "{case}: only the end is lost");
        }
        SomeUnreadable => {
            assert!(!errors.is_empty() && present.len() + errors.len() == KEYS, "{case}");
            for (key, error) in errors {
                let hexadecimal: String = name(key).bytes().map(|byte| format!("{byte:02x}")).collect();
                assert!(error.contains(&hexadecimal) && error.contains(".sst"), "{case}: {error}");
            }
        }
        Refused(_) => unreachable!("handled above"),
    }
}

/// A refused directory is as it was: what is behind the damage can still be saved.
#[test]
fn a_damaged_log_is_left_as_it_is() {
    let dir = TempDir::new().unwrap();
    let whole = fill(dir.path(), false);
    let log = files(&whole, ".log").pop().unwrap();
    let good = fs::read(&log).unwrap();
    assert!(apply(MiddleByteTurned, &whole, ".log"));
    for _ in 0..2 {
        let error = open(&whole, false).unwrap_err();
        assert!(error.contains("nothing in it was changed") && error.contains("up to 440 was durable"), "{error}");
        let settings = LocalSettings::new(&whole);
        let error = LocalStore::open_read_only(&settings).unwrap_err().to_string();
        assert!(error.contains("is damaged at byte"), "{error}");
    }
    // Once the byte is turned back everything is there.
    fs::write(&log, good).unwrap();
    expect(Whole, open(&whole, false), "after the repair");
}

/// RocksDB gives up at once what power loss left behind the end of the log, whatever type of record it looks like; and a type in the
/// middle that has become another one is damage.
#[test]
fn records_of_every_type_come_to_an_end() {
    let dir = TempDir::new().unwrap();
    let whole = fill(dir.path(), false);
    let good = fs::read(log_of(&whole)).unwrap();
    for kind in (0..16).chain(124..140).chain([255]) {
        let image = dir.path().join("image");
        copy(&whole, &image);
        let garbage = [0xAB, 0xCD, 0xEF, 0x01, 3, 0, kind, b'x', b'y', b'z', 0, 0, 0, 0, 0, 0];
        fs::write(log_of(&image), [&good[..], &garbage].concat()).unwrap();
        expect(Whole, open_in_time(&image), &format!("type {kind} behind the end"));
        fs::remove_dir_all(&image).unwrap();

        copy(&whole, &image);
        let mut turned = good.clone();
        // The first record's, and that of the one behind it.
        let second = 7 + usize::from(u16::from_le_bytes([good[4], good[5]]));
        for header in [0, second] {
            turned[header + 6] = kind;
        }
        if turned != good {
            fs::write(log_of(&image), &turned).unwrap();
            expect(Refused(".log"), open_in_time(&image), &format!("type {kind} in the middle"));
        }
        fs::remove_dir_all(&image).unwrap();
    }
}

fn log_of(dir: &Path) -> PathBuf {
    files(dir, ".log").pop().unwrap()
}

fn open_in_time(image: &Path) -> Result<LocalStore, String> {
    let (sender, opened) = mpsc::channel();
    let image = image.to_owned();
    std::thread::spawn(move || sender.send(open(&image, false)));
    opened.recv_timeout(Duration::from_secs(60)).expect("it is opened or refused")
}

/// The end of a log that was closed in order is covered by a last mark.
#[test]
fn after_closing_in_order_every_commit_is_covered() {
    let dir = TempDir::new().unwrap();
    let store = common::open(dir.path());
    let mut ends = Vec::new();
    for key in 0..20 {
        set_durably(&store, &name(key), value(key));
        ends.push(fs::metadata(files(dir.path(), ".log").pop().unwrap()).unwrap().len());
    }
    block_on(store.close()).unwrap();
    drop(store);
    let log = files(dir.path(), ".log").pop().unwrap();
    let good = fs::read(&log).unwrap();
    for end in ends {
        let mut bytes = good.clone();
        bytes[usize::try_from(end).unwrap() - 1] ^= 1;
        fs::write(&log, bytes).unwrap();
        let error = open(dir.path(), false).unwrap_err();
        assert!(error.contains("is damaged at byte"), "{error}");
    }
    fs::write(&log, good).unwrap();
    assert!(open(dir.path(), false).is_ok());
}
