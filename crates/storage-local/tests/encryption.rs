//! Encrypted directories: nothing that was written can be found in any file, and every wrong or missing key is refused before anything
//! is opened.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "also the functions around the tests fail the test"
)]

mod common;

use std::fs;
use std::path::Path;

use common::{copy, encrypted, files, get, master_key, open, open_encrypted, set, set_durably};
use keyring::{KEY_FILE, Keyring, MasterKey, Secret};
use runtime::Clock;
use storage::Store;
use storage::conformance::block_on;
use storage_local::{
    DirectoryState, LocalSettings, LocalStore, OpenError, change_keys, encrypt_copy, files_by_data_key, open_keys,
    state,
};
use tempfile::TempDir;

/// Stands in every key and value that the tests write.
const MARK: &str = "MARK-5ae1f0c2";

fn other_master_key() -> MasterKey {
    MasterKey::of_secret(Secret::of_bytes(&[8; 32]).unwrap())
}

/// The files of the directory that hold the mark.
fn files_with_mark(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let holds = |bytes: &[u8]| bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes());
    let found = entries.filter(|entry| holds(&fs::read(entry.path()).unwrap()));
    found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Writes enough that there are logs, table files and what compaction leaves.
fn fill(dir: &Path, settings: LocalSettings) {
    let store = LocalStore::open(&LocalSettings { memory_bytes: 1, ..settings }).unwrap();
    for round in 0..3000 {
        set(&store, &format!("{MARK}-{round}"), format!("{MARK}{}", "x".repeat(1000)));
    }
    set_durably(&store, "last", MARK);
    // Without closing: so the log stays.
    copy(dir, &dir.with_extension("image"));
}

#[test]
fn nothing_that_was_written_can_be_found() {
    let dir = TempDir::new().unwrap();
    let (plain, sealed) = (dir.path().join("plain"), dir.path().join("sealed"));
    fill(&plain, LocalSettings::new(&plain));
    fill(&sealed, encrypted(&sealed, LocalSettings::new(&sealed)));
    for extension in ["", "image"] {
        assert!(
            !files_with_mark(&plain.with_extension(extension)).is_empty(),
            "the search finds what is not encrypted"
        );
        assert_eq!(files_with_mark(&sealed.with_extension(extension)), Vec::<String>::new());
    }
    assert!(1 < files(&sealed, ".sst").len() && !files(&sealed, ".log").is_empty());
    for entry in fs::read_dir(&sealed).unwrap() {
        let (name, bytes) = (entry.as_ref().unwrap().file_name(), fs::read(entry.unwrap().path()).unwrap());
        // These are made to be locked, and hold nothing.
        let is_empty_lock = (name == "LOCK" || name == "stator.lock") && bytes.is_empty();
        assert!(bytes.starts_with(b"STATOR\0\x01") || name == KEY_FILE || is_empty_lock, "{name:?} is not encrypted");
    }
    assert_eq!(get(&open_encrypted(&sealed), "last").unwrap(), MARK);
}

#[test]
fn wrong_and_missing_keys_are_refused_before_anything_changes() {
    let dir = TempDir::new().unwrap();
    let (plain, sealed) = (dir.path().join("plain"), dir.path().join("sealed"));
    set_durably(&open(&plain), "key", "value");
    set_durably(&open_encrypted(&sealed), "key", "value");
    let before = listing(&sealed);
    let without = LocalStore::open(&LocalSettings::new(&sealed)).unwrap_err();
    assert!(
        matches!(without, OpenError::Encrypted { .. }) && without.to_string().contains("--master-key"),
        "{without}"
    );
    let wrong = block_on(open_keys(&sealed, &other_master_key(), &Clock::system())).unwrap_err();
    assert!(wrong.to_string().contains("wrong master key"), "{wrong}");
    let for_plain = block_on(open_keys(&plain, &master_key(), &Clock::system())).unwrap_err();
    assert!(matches!(for_plain, OpenError::Plain { .. }), "{for_plain}");
    assert_eq!(get(&open(&plain), "key").unwrap(), "value");

    let keys = fs::read(sealed.join(KEY_FILE)).unwrap();
    fs::write(sealed.join(KEY_FILE), &keys[..keys.len() - 20]).unwrap();
    let damaged = block_on(open_keys(&sealed, &master_key(), &Clock::system())).unwrap_err();
    assert!(damaged.to_string().contains("is damaged"), "{damaged}");
    fs::remove_file(sealed.join(KEY_FILE)).unwrap();
    assert_eq!(state(&sealed).unwrap(), DirectoryState::WithoutKeys);
    for lost in [
        LocalStore::open(&LocalSettings::new(&sealed)).unwrap_err(),
        LocalStore::open_read_only(&LocalSettings::new(&sealed)).unwrap_err(),
        block_on(open_keys(&sealed, &master_key(), &Clock::system())).unwrap_err(),
    ] {
        assert!(matches!(lost, OpenError::KeyFileLost { .. }), "{lost}");
    }
    fs::write(sealed.join(KEY_FILE), keys).unwrap();
    assert_eq!(listing(&sealed), before, "a refusal changes nothing");
    assert_eq!(get(&open_encrypted(&sealed), "key").unwrap(), "value");
}

fn listing(dir: &Path) -> Vec<(std::ffi::OsString, u64)> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut listing: Vec<_> = entries.map(|entry| (entry.file_name(), entry.metadata().unwrap().len())).collect();
    listing.sort();
    listing
}

#[test]
fn a_new_data_key_encrypts_new_files_and_a_new_master_key_opens_all() {
    let dir = TempDir::new().unwrap();
    let sealed = dir.path().join("sealed");
    set_durably(&open_encrypted(&sealed), "old", MARK);
    let (other, clock) = (other_master_key(), Clock::system());
    let change = async |keys: &mut Keyring| {
        keys.add_data_key(&clock)?;
        keys.change_master_key(&other).await
    };
    block_on(change_keys(&sealed, &master_key(), change)).unwrap();
    let refused = block_on(change_keys(&sealed, &master_key(), async |keys| keys.add_data_key(&clock))).unwrap_err();
    assert!(refused.to_string().contains("wrong master key"), "{refused}");
    let keys = block_on(open_keys(&sealed, &other, &clock)).unwrap();
    let settings = LocalSettings { keys: Some(keys), ..LocalSettings::new(&sealed) };
    let store = LocalStore::open(&settings).unwrap();
    assert_eq!(get(&store, "old").unwrap(), MARK);
    set_durably(&store, "new", MARK);
    let in_use = block_on(change_keys(&sealed, &other, async |keys| keys.add_data_key(&clock))).unwrap_err();
    assert!(matches!(in_use, OpenError::InUse { .. }), "{in_use}");
    drop(store);
    let newest = fs::read(files(&sealed, ".log").pop().unwrap()).unwrap();
    assert_eq!(newest[8..12], [0, 0, 0, 2], "the newest log is encrypted with the newest key");
    assert_eq!(files_by_data_key(&sealed).unwrap().into_keys().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(get(&LocalStore::open(&settings).unwrap(), "new").unwrap(), MARK);
    assert_eq!(files_with_mark(&sealed), Vec::<String>::new());
}

#[test]
fn a_checkpoint_is_encrypted_and_has_the_keys() {
    let dir = TempDir::new().unwrap();
    let (sealed, checkpoint) = (dir.path().join("sealed"), dir.path().join("checkpoint"));
    let store = open_encrypted(&sealed);
    set_durably(&store, "key", MARK);
    block_on(store.checkpoint(&checkpoint)).unwrap();
    assert_eq!(files_with_mark(&checkpoint), Vec::<String>::new());
    assert_eq!(get(&open_encrypted(&checkpoint), "key").unwrap(), MARK);
    assert_eq!(store.master_key().unwrap().id.len(), "local:".len() + 16);
}

#[test]
fn a_log_whose_prefix_a_crash_left_unwritten_is_empty() {
    let dir = TempDir::new().unwrap();
    let sealed = dir.path().join("sealed");
    set_durably(&open_encrypted(&sealed), "kept", MARK);
    // The second opening writes out what the first left in its log, and begins a new one, which stays empty.
    drop(open_encrypted(&sealed));
    let newest = files(&sealed, ".log").pop().unwrap();
    let image = dir.path().join("image");
    for left in [vec![], vec![0; 100], vec![0; 4096], vec![0; 50_000]] {
        copy(&sealed, &image);
        fs::write(image.join(newest.file_name().unwrap()), left).unwrap();
        let store = open_encrypted(&image);
        assert_eq!(get(&store, "kept").unwrap(), MARK);
        set_durably(&store, "more", MARK);
        drop(store);
        assert_eq!(get(&open_encrypted(&image), "more").unwrap(), MARK);
        fs::remove_dir_all(&image).unwrap();
    }
}

#[test]
fn a_first_start_that_was_cut_short_after_its_keys_were_made_is_continued() {
    let dir = TempDir::new().unwrap();
    let sealed = dir.path().join("sealed");
    block_on(open_keys(&sealed, &master_key(), &Clock::system())).unwrap();
    fs::write(sealed.join("keys.json.new"), "{").unwrap();
    set_durably(&open_encrypted(&sealed), "key", MARK);
    assert_eq!(get(&open_encrypted(&sealed), "key").unwrap(), MARK);
}

#[test]
fn a_damaged_prefix_is_damage_and_not_absence() {
    let dir = TempDir::new().unwrap();
    let sealed = dir.path().join("sealed");
    set_durably(&open_encrypted(&sealed), "key", MARK);
    let manifest = fs::read_dir(&sealed).unwrap().map(|entry| entry.unwrap().path());
    let manifest = manifest.filter(|path| path.to_string_lossy().contains("MANIFEST")).max().unwrap();
    let mut bytes = fs::read(&manifest).unwrap();
    bytes[14] ^= 1;
    fs::write(&manifest, bytes).unwrap();
    let refused = LocalStore::open(&encrypted(&sealed, LocalSettings::new(&sealed))).unwrap_err();
    assert!(refused.to_string().contains("damaged prefix"), "{refused}");
}

#[test]
fn a_directory_that_was_begun_without_encryption_can_be_copied_into_one_with() {
    let dir = TempDir::new().unwrap();
    let (plain, sealed) = (dir.path().join("plain"), dir.path().join("sealed"));
    fill(&plain, LocalSettings::new(&plain));
    // The image was not closed: its log holds what is nowhere else.
    let image = plain.with_extension("image");
    fs::create_dir(image.join("tls")).unwrap();
    let encrypt = |from, to| block_on(encrypt_copy(from, to, &master_key(), &Clock::system()));
    encrypt(&image, &sealed).unwrap();
    assert_eq!(files_with_mark(&sealed), Vec::<String>::new());
    assert!(encrypt(&image, &sealed).unwrap_err().to_string().contains("needs a new or empty directory"));
    assert!(encrypt(&sealed, &dir.path().join("other")).unwrap_err().to_string().contains("encrypted already"));
    let (original, copied) = (open(&image), open_encrypted(&sealed));
    assert_eq!(original.latest(), copied.latest());
    for round in [0, 1500, 2999] {
        let key = format!("{MARK}-{round}");
        assert_eq!(get(&copied, &key), get(&original, &key));
    }
    assert_eq!(get(&copied, "last").unwrap(), MARK);
    assert!(copied.latest() < set_durably(&copied, "more", MARK));
}
