//! Measures what the calls of a local store cost: `cargo run --release -p storage-local --example measure [DIR] [encrypted]`.
//!
//! The directory decides which disk is measured; without one it is a temporary directory. Single calls are averaged on
//! one thread, group commit with several.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal of a developer")]

use std::path::Path;

use bytes::Bytes;
use keyring::{MasterKey, Secret};
use runtime::Clock;
use storage::conformance::block_on;
use storage::conformance::generator::Generator;
use storage::{Batch, Direction, Scan, Store};
use storage_local::{LocalSettings, LocalStore, open_keys};

const KEYS: usize = 200_000;
const VALUE_BYTES: usize = 1000;

fn main() {
    let temporary = tempfile::TempDir::new().unwrap();
    let parent = std::env::args().nth(1).map_or_else(|| temporary.path().to_owned(), Into::into);
    let dir = tempfile::TempDir::new_in(parent).unwrap();
    let clock = Clock::system();
    let mut settings = LocalSettings::new(dir.path());
    if std::env::args().nth(2).is_some_and(|word| word == "encrypted") {
        let master = MasterKey::of_secret(Secret::random().unwrap());
        settings.keys = Some(block_on(open_keys(dir.path(), &master, &clock)).unwrap());
    }

    let store = LocalStore::open(&settings).unwrap();
    set(&store, 0);
    println!("resident after opening: {} KiB", resident_kib());
    measure_commits(&clock, &store);
    println!("resident after {} commits: {} KiB", KEYS, resident_kib());
    measure_reads(&clock, &store, "just written");
    drop(store);
    let store = LocalStore::open(&settings).unwrap();
    println!("resident after reopening: {} KiB", resident_kib());
    measure_reads(&clock, &store, "after reopening, cold cache first");
    measure_reads(&clock, &store, "after reopening, warm cache");
    for threads in [1, 4, 16, 64] {
        measure_durable(&clock, &store, threads);
    }
    measure_sync(&clock, dir.path());
}

fn key(index: usize) -> Bytes {
    Bytes::from(format!("item-{index:08}"))
}

fn set(store: &LocalStore, index: usize) -> u64 {
    let mut batch = Batch::new();
    batch.set(key(index), vec![b'v'; VALUE_BYTES]);
    block_on(store.commit(batch)).unwrap()
}

fn time(clock: &Clock, what: &str, rounds: usize, mut run: impl FnMut(usize)) {
    let start = clock.moment();
    for round in 0..rounds {
        run(round);
    }
    let seconds = clock.moment().since(start).as_secs_f64();
    println!("{what}: {:.2} us", seconds * 1e6 / rounds as f64);
}

fn measure_commits(clock: &Clock, store: &LocalStore) {
    time(clock, "commit of a new item of 1000 bytes", KEYS / 2, |round| {
        set(store, round);
    });
    time(
        clock,
        "commit of a new item with a check of its absence, a check of a hot key and an addition",
        KEYS / 2,
        |round| {
            let key = key(KEYS / 2 + round);
            let mut batch = Batch::new();
            batch.check(key.clone(), None).check("absent", None).set(key, vec![b'v'; VALUE_BYTES]).add("size", 1);
            block_on(store.commit(batch)).unwrap();
        },
    );
    let version = store.latest();
    time(clock, "durable after all that", 1, |_| block_on(store.durable(version)).unwrap());
}

fn measure_reads(clock: &Clock, store: &LocalStore, when: &str) {
    println!("{when}:");
    let mut generator = Generator::new(1);
    time(clock, "  get_one of a random key", KEYS, |_| {
        let key = key(generator.below(KEYS));
        assert!(block_on(store.get_one(&key)).unwrap().is_some());
    });
    time(clock, "  get_one of one hot key", KEYS, |_| {
        assert!(block_on(store.get_one(b"item-00000007")).unwrap().is_some());
    });
    time(clock, "  get_one of an absent key", KEYS, |round| {
        let key = format!("item-{round:08}x");
        assert!(block_on(store.get_one(key.as_bytes())).unwrap().is_none());
    });
    time(clock, "  get of 10 random keys", KEYS / 10, |_| {
        let keys: Vec<Bytes> = (0..10).map(|_| key(generator.below(KEYS))).collect();
        assert_eq!(block_on(store.get(&keys)).unwrap().len(), 10);
    });
    for direction in [Direction::Forward, Direction::Backward] {
        time(clock, &format!("  scan of 10 entries {direction:?}"), KEYS / 10, |_| {
            let from = key(generator.below(KEYS - 20));
            let scan = Scan {
                from,
                to: Bytes::from_static(b"item-99999999"),
                direction: Direction::Forward,
                max_entries: 10,
                max_bytes: 1 << 20,
            };
            let scan = match direction {
                Direction::Forward => scan,
                Direction::Backward => Scan { from: key(0), to: successor_of(&scan.from), direction, ..scan },
            };
            assert!(!block_on(store.scan(scan)).unwrap().is_empty());
        });
    }
}

fn successor_of(key: &[u8]) -> Bytes {
    storage::scan::successor(key)
}

fn measure_durable(clock: &Clock, store: &LocalStore, threads: usize) {
    const ROUNDS: usize = 500;
    let start = clock.moment();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let version = set(store, thread * ROUNDS + round);
                    block_on(store.durable(version)).unwrap();
                }
            });
        }
    });
    let seconds = clock.moment().since(start).as_secs_f64();
    println!(
        "commit and durable on {threads} threads: {:.0} us each, {:.0} commits a second",
        seconds * 1e6 / ROUNDS as f64,
        (threads * ROUNDS) as f64 / seconds
    );
}

/// The floor: appending as much to a file and syncing it.
fn measure_sync(clock: &Clock, dir: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(dir.join("floor")).unwrap();
    time(clock, "floor: append 1000 bytes to a file and sync its data", 500, |_| {
        file.write_all(&[b'v'; VALUE_BYTES]).unwrap();
        file.sync_data().unwrap();
    });
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
