//! Power loss: what was not synced is taken away, at every sync of a seeded run, and the store is opened on what is left.
//!
//! `common/disk.rs` says what is modelled. A failed run names its seed; `STATOR_SEED=<number>` runs it again, and `STATOR_COMMITS=<number>`
//! makes runs longer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::disk::Disk;
use common::encrypted;
use common::history::History;
use storage::Store;
use storage::conformance::block_on;
use storage::conformance::generator::Generator;
use storage_local::{Durability, LocalSettings, LocalStore};
use tempfile::TempDir;

/// One more than this many threads write.
const WRITERS: u64 = 2;

fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().expect("a number"))
}

fn seed() -> u64 {
    variable("STATOR_SEED", 1)
}

/// Writes on several threads; some wait after every commit, some after a few.
fn load(store: &LocalStore, disk: &Disk, history: &History, seed: u64) {
    let commits = variable("STATOR_COMMITS", 40);
    std::thread::scope(|scope| {
        for writer in 0..=WRITERS {
            scope.spawn(move || {
                let mut generator = Generator::new(seed.wrapping_mul(1000).wrapping_add(writer));
                for commit in 0..commits {
                    let version = history.commit(store, &mut generator).unwrap();
                    if commit % (writer + 1) == 0 {
                        block_on(store.durable(version)).unwrap();
                        disk.promised(version);
                    }
                }
            });
        }
    });
}

/// A run on a disk, and what every image of it says.
fn run(
    prepare: impl FnOnce(&Disk, &Path, LocalSettings) -> LocalSettings,
    is_encrypted: bool,
) -> Result<usize, String> {
    let (dir, disk, history) = (TempDir::new().unwrap(), Arc::new(Disk::default()), History::default());
    let settings = prepare(&disk, dir.path(), disk.settings(dir.path()));
    let store = LocalStore::open(&settings).unwrap();
    load(&store, &disk, &history, seed());
    // What closing syncs is none of the run.
    let checked = history.check_all(&disk, seed(), is_encrypted.then_some(dir.path()));
    drop(store);
    checked.map_err(|error| format!("seed {}: {error}", seed()))
}

#[test]
fn what_was_promised_survives_power_loss_at_every_sync() {
    let images = run(|_, _, settings| settings, false).unwrap();
    assert!(100 < images, "the run has only {images} images");
}

#[test]
fn what_was_promised_survives_power_loss_at_every_sync_of_an_encrypted_store() {
    let images = run(|_, dir, settings| encrypted(dir, settings), true).unwrap();
    assert!(100 < images, "the run has only {images} images");
}

/// A second start, and a third: what was replayed is written out, and old logs go.
#[test]
fn restarts_lose_nothing_either() {
    let (dir, disk, history) = (TempDir::new().unwrap(), Arc::new(Disk::default()), History::default());
    for round in 0..3 {
        let store = LocalStore::open(&disk.settings(dir.path())).unwrap();
        let mut generator = Generator::new(seed().wrapping_add(round));
        for _ in 0..15 {
            let version = history.commit(&store, &mut generator).unwrap();
            block_on(store.durable(version)).unwrap();
            disk.promised(version);
        }
        block_on(store.close()).unwrap();
    }
    history.check_all(&disk, seed(), None).unwrap();
}

/// The test tests something: it finds stores that promise too early and disks that lie.
#[test]
fn broken_promises_are_found() {
    let relaxed = run(|_, _, settings| LocalSettings { durability: Durability::Relaxed, ..settings }, false);
    let error = relaxed.unwrap_err();
    assert!(error.contains("was promised"), "{error}");
    let unsynced = run(
        |disk, _, settings| {
            disk.lie(".log");
            settings
        },
        false,
    );
    let error = unsynced.unwrap_err();
    assert!(error.contains("was promised"), "{error}");
    for lie in ["MANIFEST", ".sst"] {
        let lied = run(
            |disk, _, settings| {
                // The first manifest is synced when the store is made; this is about all later ones.
                drop(LocalStore::open(&settings).unwrap());
                disk.lie(lie);
                settings
            },
            false,
        );
        assert!(lied.is_err(), "nobody missed the syncs of {lie}");
    }
}
