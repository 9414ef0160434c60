//! What accidents leave: images of a running store, a torn log, a killed process, a disk that takes no more.
//!
//! The last two run a test of this file again in a process of its own; such a test does nothing unless the variable
//! `STATOR_TEST_DIR` tells it where its store is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod common;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use common::{copy, files, get, number, open, set, set_durably};
use storage::conformance::block_on;
use storage::{Batch, Store, StoreError};
use storage_local::{Durability, LocalSettings, LocalStore};
use tempfile::TempDir;

#[test]
fn an_image_of_a_running_store_holds_everything_durable() {
    const THREADS: usize = 4;
    let dir = TempDir::new().unwrap();
    let (original, image) = (dir.path().join("store"), dir.path().join("image"));
    let store = open(&original);
    // How many commits of each thread are durable, and whether the threads should end.
    let durable: [AtomicU64; THREADS] = Default::default();
    let done = AtomicBool::new(false);
    let mut expected = [0; THREADS];
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, durable, done) = (&store, &durable, &done);
            scope.spawn(move || {
                let mut round = 0;
                while !done.load(Ordering::SeqCst) {
                    let mut batch = Batch::new();
                    batch.set(format!("{thread}-{round}"), "1").add("counter", 1);
                    let version = block_on(store.commit(batch)).unwrap();
                    block_on(store.durable(version)).unwrap();
                    round += 1;
                    durable[thread].store(round, Ordering::SeqCst);
                }
            });
        }
        while durable.iter().any(|rounds| rounds.load(Ordering::SeqCst) < 50) {
            std::thread::yield_now();
        }
        for (expected, durable) in expected.iter_mut().zip(&durable) {
            *expected = durable.load(Ordering::SeqCst);
        }
        copy(&original, &image);
        done.store(true, Ordering::SeqCst);
    });

    let recovered = open(&image);
    let mut found = 0;
    for (thread, expected) in expected.into_iter().enumerate() {
        for round in 0..expected {
            assert!(get(&recovered, &format!("{thread}-{round}")).is_some(), "{thread}-{round} is lost");
        }
        found += (0..).take_while(|round| get(&recovered, &format!("{thread}-{round}")).is_some()).count();
    }
    // A commit is there completely or not at all, so the counter agrees with the keys.
    assert_eq!(usize::try_from(number(&recovered, "counter")).unwrap(), found);
    let newest = recovered.latest();
    assert!(newest < set(&recovered, "after", "1"));
}

#[test]
fn what_was_not_synced_is_not_claimed_to_be_durable() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir.path().join("store"));
    set_durably(&store, "first", "1");
    let second = set(&store, "second", "1");
    copy(&dir.path().join("store"), &dir.path().join("image"));
    let image = open(&dir.path().join("image"));
    assert!(get(&image, "first").is_some());
    assert!(get(&image, "second").is_none(), "a commit in memory cannot be in the image: the test tests nothing");
    block_on(store.durable(second)).unwrap();
    copy(&dir.path().join("store"), &dir.path().join("later"));
    assert!(get(&open(&dir.path().join("later")), "second").is_some());
}

/// Damages the last bytes of the log in one way and returns the reopened image.
fn after_damage(damage: impl FnOnce(&Path)) -> (TempDir, LocalStore) {
    let dir = TempDir::new().unwrap();
    let image = dir.path().join("image");
    let store = open(&dir.path().join("store"));
    set_durably(&store, "whole", vec![b'w'; 3000]);
    set_durably(&store, "torn", vec![b't'; 3000]);
    copy(&dir.path().join("store"), &image);
    let log = files(&image, ".log").pop().unwrap();
    damage(&log);
    let store = open(&image);
    (dir, store)
}

fn cut(log: &Path, bytes: u64) {
    let file = File::options().write(true).open(log).unwrap();
    file.set_len(fs::metadata(log).unwrap().len() - bytes).unwrap();
}

fn append(log: &Path, bytes: &[u8]) {
    File::options().append(true).open(log).unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_torn_tail_of_the_log_loses_only_itself() {
    for bytes in [1, 100, 2999] {
        let (dir, store) = after_damage(|log| cut(log, bytes));
        assert!(get(&store, "whole").is_some());
        assert!(get(&store, "torn").is_none());
        let version = set_durably(&store, "torn", "again");
        drop(store);
        let store = open(&dir.path().join("image"));
        assert_eq!(get(&store, "torn").unwrap(), "again");
        assert!(version <= store.latest());
    }
}

#[test]
fn a_tail_of_garbage_or_zeros_loses_nothing() {
    for tail in [vec![0; 5000], vec![0xa5; 5000], b"short".to_vec()] {
        let (_dir, store) = after_damage(|log| append(log, &tail));
        assert!(get(&store, "whole").is_some());
        assert!(get(&store, "torn").is_some());
    }
}

/// Runs a test of this file as a process of its own.
fn child(test: &str, dir: &Path, limit: Option<&str>) -> Child {
    let program = std::env::current_exe().unwrap();
    let mut command = match limit {
        Some(limit) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("trap '' XFSZ; {limit}; exec \"$0\" \"$@\"")]).arg(program);
            shell
        }
        None => Command::new(program),
    };
    command.args(["--exact", test, "--nocapture"]).env("STATOR_TEST_DIR", dir);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn child_dir() -> Option<PathBuf> {
    std::env::var_os("STATOR_TEST_DIR").map(PathBuf::from)
}

/// Writes without end and tells on the standard error what it was promised.
fn write_and_tell(durability: Durability) {
    let Some(dir) = child_dir() else {
        return;
    };
    // Little memory, so that write buffers are flushed and logs change while the process is killed.
    let store = LocalStore::open(&LocalSettings { durability, memory_bytes: 1, ..LocalSettings::new(dir) }).unwrap();
    for round in 0_u64.. {
        let mut batch = Batch::new();
        batch.set(format!("key-{round}"), vec![b'v'; 2000]).add("counter", 1);
        let version = block_on(store.commit(batch)).unwrap();
        block_on(store.durable(version)).unwrap();
        eprintln!("{round}");
    }
}

#[test]
fn child_writes_synced() {
    write_and_tell(Durability::Sync);
}

#[test]
fn child_writes_relaxed() {
    write_and_tell(Durability::Relaxed);
}

/// Kills the process in the middle of its writes and expects everything it was promised.
fn kill(test: &str, rounds: u64) {
    let dir = TempDir::new().unwrap();
    let mut child = child(test, dir.path(), None);
    let mut promised = None;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let round: u64 = line.unwrap().parse().unwrap();
        promised = Some(round);
        if round == rounds {
            // SIGKILL; what the pipe still holds was promised too and is read to its end.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    let promised = promised.unwrap();
    let store = open(dir.path());
    for round in 0..=promised {
        assert!(get(&store, &format!("key-{round}")).is_some(), "key-{round} of {promised} is lost");
    }
    let found = (0..).take_while(|round| get(&store, &format!("key-{round}")).is_some()).count();
    assert_eq!(usize::try_from(number(&store, "counter")).unwrap(), found);
}

#[test]
fn a_killed_process_loses_nothing_it_was_promised() {
    kill("child_writes_synced", 300);
}

#[test]
fn a_killed_process_loses_nothing_when_relaxed_either() {
    kill("child_writes_relaxed", 3000);
}

#[test]
fn child_meets_a_full_disk() {
    let Some(dir) = child_dir() else {
        return;
    };
    let store = open(&dir);
    let mut promised = 0;
    let first = loop {
        let mut batch = Batch::new();
        batch.set(format!("key-{promised}"), vec![b'v'; 10_000]);
        let durable = block_on(async { store.durable(store.commit(batch).await?).await });
        match durable {
            Ok(()) => promised += 1,
            Err(error) => break error,
        }
        assert!(promised < 10_000, "the limit of the file size has no effect");
    };
    assert!(matches!(first, StoreError::Io { .. }), "{first}");
    // Reads go on, writes are refused with the cause.
    assert!(get(&store, "key-0").is_some());
    let mut batch = Batch::new();
    batch.set("later", "1");
    let error = block_on(store.commit(batch)).unwrap_err();
    assert!(error.to_string().contains("takes no writes until its disk does again"), "{error}");
    assert!(get(&store, "later").is_none());
    assert!(block_on(store.close()).is_err(), "not everything could be made durable");
    eprintln!("{promised}");
}

#[test]
fn after_a_failed_write_a_new_start_finds_everything_durable() {
    let dir = TempDir::new().unwrap();
    // Half a megabyte or a whole one, depending on the unit of the shell.
    let child = child("child_meets_a_full_disk", dir.path(), Some("ulimit -f 1024"));
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    let promised: u64 = told.trim().parse().unwrap();
    assert!(10 < promised, "{promised}");
    let store = open(dir.path());
    for round in 0..promised {
        assert!(get(&store, &format!("key-{round}")).is_some(), "key-{round} of {promised} is lost");
    }
    set_durably(&store, "later", "1");
}
