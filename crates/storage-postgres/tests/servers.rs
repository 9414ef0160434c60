//! Several servers over one database: the order of logs, lanes that change hands, counters, keys that all check; and round trips.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod cluster;

use cluster::batch;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runtime::{Clock, Timestamp, spawn};
use storage::{Direction, Position, Scan, Store, StoreError, Version, counter};
use storage_postgres::{PostgresSettings, PostgresStore};

const LOG: &[u8] = b"log/";

async fn entries(store: &PostgresStore, from: Position) -> Vec<(Position, String)> {
    let scan = Scan {
        from: from.key(LOG),
        to: Bytes::from_static(b"log0"),
        direction: Direction::Forward,
        max_entries: usize::MAX,
        max_bytes: usize::MAX,
    };
    let page = store.scan(scan).await.unwrap();
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    page.iter().map(|entry| (Position::of_key(LOG, entry.key).unwrap(), text(entry.value))).collect()
}

async fn number(store: &PostgresStore, key: &[u8]) -> i64 {
    counter::decode(&store.get_one(key).await.unwrap().unwrap().value).unwrap()
}

async fn pause(millis: u64) {
    Clock::system().sleep(Duration::from_millis(millis)).await;
}

/// Adds one to a key under a check of its version and notes it in the log, until no other commit comes between.
async fn step(store: &PostgresStore, key: &str) {
    loop {
        let found = store.get_one(key.as_bytes()).await.unwrap();
        let next = found.as_ref().map_or(0, |found| counter::decode(&found.value).unwrap()) + 1;
        let batch = batch(|batch| {
            batch.check(key.to_owned(), found.map(|found| found.version));
            batch.set(key.to_owned(), counter::encode(next).to_vec()).append(LOG, format!("{key} {next}"))
        });
        match store.commit(batch).await {
            Ok(_) => return,
            Err(StoreError::Conflict { check: 0 }) => (),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Follows the log to its settled end and checks that each key counts up without a gap.
async fn follow(store: &PostgresStore, next: &mut Position, seen: &mut HashMap<String, i64>) -> Vec<Position> {
    let settled = store.settled().await.unwrap();
    let mut taken = Vec::new();
    for (position, text) in entries(store, *next).await {
        if settled < position.version {
            break;
        }
        let (key, number) = text.split_once(' ').unwrap();
        let seen = seen.entry(key.to_owned()).or_default();
        assert_eq!(number.parse::<i64>().unwrap(), *seen + 1, "{key}: an entry is missing, late or seen twice");
        *seen += 1;
        taken.push(position);
        *next = position.next();
    }
    taken
}

#[test]
fn a_follower_misses_nothing_that_two_servers_write() {
    const STEPS: i64 = 150;
    cluster::run(async {
        let settings = cluster::settings();
        // The clock of one is a year behind.
        let (late, hand) = Clock::manual(Timestamp::from_millis(Clock::system().now().as_millis() - 31_536_000_000));
        let stores = [
            Arc::new(cluster::open(&settings).await),
            Arc::new(cluster::open(&PostgresSettings { clock: late, ..settings.clone() }).await),
        ];
        let mut tasks = Vec::new();
        for writer in 0..6 {
            let store = stores[writer % 2].clone();
            tasks.push(spawn(async move {
                for step_number in 0..STEPS {
                    step(&store, ["hot", "warm", "cold"][usize::try_from(step_number).unwrap() % (1 + writer / 2)])
                        .await;
                }
            }));
        }
        let (mut next, mut seen, mut taken) = (Position::default(), HashMap::new(), Vec::new());
        while !tasks.iter().all(|task| task.is_finished()) {
            // A clock that stands would never end a pause.
            hand.advance(Duration::from_millis(5));
            taken.extend(follow(&stores[0], &mut next, &mut seen).await);
        }
        for task in tasks {
            task.await.unwrap();
        }
        taken.extend(follow(&stores[0], &mut next, &mut seen).await);
        assert_eq!(seen.values().sum::<i64>(), 6 * STEPS, "what is over is settled at once");
        let all: Vec<Position> = entries(&stores[1], Position::default()).await.iter().map(|(at, _)| *at).collect();
        assert_eq!(taken, all, "nothing was put in behind the follower");
    });
}

#[test]
fn nothing_is_settled_over_a_commit_under_way() {
    cluster::run(async {
        let settings = cluster::settings();
        let (one, other) = (cluster::open(&settings).await, cluster::open(&settings).await);
        let append = || batch(|batch| batch.append(LOG, "x").append("other", "x"));
        let first = one.commit(append()).await.unwrap();
        other.commit(append()).await.unwrap();
        // A commit of the first store's lane, which has its number and is not visible yet.
        let mut slow = cluster::connect().await;
        let slow = slow.transaction().await.unwrap();
        let update = format!("UPDATE {}.lanes SET version = version + 4096 WHERE version = {first}", settings.schema);
        assert_eq!(slow.execute(&update, &[]).await.unwrap(), 1);
        let hidden = first + 4096;

        let mut last = 0;
        for _ in 0..3 {
            last = other.commit(append()).await.unwrap();
            assert!(other.settled().await.unwrap() < hidden, "an entry could still come before this");
        }
        assert!(hidden < last);
        slow.commit().await.unwrap();
        // Once it is over, and nobody else is under way, everything is settled, whoever asks.
        assert_eq!(other.settled().await.unwrap(), last);
        assert_eq!(one.settled().await.unwrap(), last);
    });
}

#[test]
fn a_server_that_is_gone_holds_nothing_back() {
    cluster::run(async {
        let settings = cluster::settings();
        let store = cluster::open(&settings).await;
        store.commit(batch(|batch| batch.append(LOG, "x"))).await.unwrap();
        let gone = cluster::connect().await;
        gone.batch_execute(&format!("BEGIN; SELECT * FROM {}.lanes FOR UPDATE", settings.schema)).await.unwrap();
        drop(gone);
        let last = store.commit(batch(|batch| batch.append(LOG, "x"))).await.unwrap();
        assert_eq!(store.settled().await.unwrap(), last);
    });
}

#[test]
fn a_lane_that_was_taken_over_commits_nothing_more() {
    cluster::run(async {
        let settings = PostgresSettings { writers: 1, lane_lease: Duration::from_secs(1), ..cluster::settings() };
        let old = Arc::new(cluster::open(&settings).await);
        old.commit(batch(|batch| batch.set("key", "1"))).await.unwrap();
        // A commit of the old owner is on its way: it waits for the lane's row.
        let mut holder = cluster::connect().await;
        let hold = holder.transaction().await.unwrap();
        let lanes = format!("SELECT lane, epoch FROM {}.lanes FOR UPDATE", settings.schema);
        let rows = hold.query(&lanes, &[]).await.unwrap();
        assert_eq!(rows.len(), 1);
        let late = spawn({
            let old = old.clone();
            async move { old.commit(batch(|batch| batch.set("key", "2").append(LOG, "2"))).await }
        });
        pause(300).await;
        let take_over = format!("UPDATE {}.lanes SET owner = 7, epoch = epoch + 1, seen = now()", settings.schema);
        hold.execute(&take_over, &[]).await.unwrap();
        hold.commit().await.unwrap();
        // It was kept out, noticed, and went through in another lane, once.
        let version = late.await.unwrap().unwrap();
        assert_eq!(entries(&old, Position::default()).await, [(Position { version, ordinal: 0 }, "2".to_owned())]);
        let taken: i64 = holder
            .query_one(&format!("SELECT version FROM {}.lanes WHERE owner = 7", settings.schema), &[])
            .await
            .unwrap()
            .get(0);
        assert!(taken < i64::try_from(version).unwrap());

        // A lane whose lease is over goes to the next server that needs one.
        pause(1200).await;
        let new = cluster::open(&settings).await;
        new.commit(batch(|batch| batch.set("key", "3"))).await.unwrap();
        let rows = holder.query(&format!("SELECT lane FROM {}.lanes", settings.schema), &[]).await.unwrap();
        assert_eq!(rows.len(), 2, "no third lane was made");
        old.commit(batch(|batch| batch.set("key", "4"))).await.unwrap();
        assert_eq!(new.get_one(b"key").await.unwrap().unwrap().value, "4");
    });
}

#[test]
fn additions_of_two_servers_neither_conflict_nor_wait() {
    cluster::run(async {
        let settings = cluster::settings();
        let stores = [Arc::new(cluster::open(&settings).await), Arc::new(cluster::open(&settings).await)];
        stores[0].commit(batch(|batch| batch.add("counter", 1))).await.unwrap();
        // Somebody's addition that is not committed yet.
        let mut slow = cluster::connect().await;
        let slow = slow.transaction().await.unwrap();
        let add = format!("INSERT INTO {}.deltas VALUES ('counter', 4000, 1, 1)", settings.schema);
        slow.execute(&add, &[]).await.unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let store = stores[task % 2].clone();
                spawn(async move {
                    for _ in 0..50 {
                        store.commit(batch(|batch| batch.add("counter", 1))).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(number(&stores[0], b"counter").await, 401);
        slow.commit().await.unwrap();
        assert_eq!(number(&stores[1], b"counter").await, 402);
    });
}

/// What a key that every commit checks guards: commits that rely on it have versions below that of its change.
#[test]
fn commits_that_rely_on_a_key_stand_before_its_change() {
    const CHANGES: u64 = 12;
    cluster::run(async {
        let settings = cluster::settings();
        let stores = [Arc::new(cluster::open(&settings).await), Arc::new(cluster::open(&settings).await)];
        stores[0].commit(batch(|batch| batch.set("table", "0"))).await.unwrap();
        let writers: Vec<_> =
            (0..6).map(|writer| spawn(rely_until_the_end(stores[writer % 2].clone(), writer, CHANGES))).collect();
        for change in 1..=CHANGES {
            pause(60).await;
            loop {
                let found = stores[1].get_one(b"table").await.unwrap().unwrap();
                let batch = batch(|batch| {
                    batch.check("table", Some(found.version)).set("table", change.to_string());
                    batch.append(LOG, format!("{change} change"))
                });
                match stores[1].commit(batch).await {
                    Ok(_) => break,
                    Err(StoreError::Conflict { .. }) => (),
                    Err(other) => panic!("{other}"),
                }
            }
        }
        let mut commits = 0;
        for writer in writers {
            commits += writer.await.unwrap();
        }
        let mut now = 0;
        let all = entries(&stores[0], Position::default()).await;
        for (_, text) in &all {
            let (relied, what) = text.split_once(' ').unwrap();
            let relied: u64 = relied.parse().unwrap();
            match what {
                "change" => now = relied,
                _ => assert_eq!(relied, now, "a commit stands on the wrong side of the change"),
            }
        }
        assert_eq!(all.len(), usize::try_from(CHANGES).unwrap() + commits);
        assert!(200 < commits, "only {commits} commits: they wait for each other");
    });
}

async fn rely_until_the_end(store: Arc<PostgresStore>, writer: usize, end: u64) -> usize {
    let mut commits = 0;
    loop {
        let found = store.get_one(b"table").await.unwrap().unwrap();
        let now = String::from_utf8(found.value.to_vec()).unwrap();
        if now == end.to_string() {
            return commits;
        }
        for item in 0..20 {
            let batch = batch(|batch| {
                batch.check("table", Some(found.version)).set(format!("item-{writer}-{item}"), "x");
                batch.append(LOG, format!("{now} item"))
            });
            match store.commit(batch).await {
                Ok(_) => commits += 1,
                Err(StoreError::Conflict { check: 0 }) => break,
                Err(other) => panic!("{other}"),
            }
        }
    }
}

#[test]
fn what_many_check_gets_a_mark_and_can_still_be_changed() {
    cluster::run(async {
        let settings = cluster::settings();
        let store = cluster::open(&settings).await;
        let mut version = store.commit(batch(|batch| batch.set("table", "0"))).await.unwrap();
        let look = cluster::connect().await;
        let mark = format!("SELECT mark FROM {}.kv WHERE key = 'table'", settings.schema);
        for round in 0..3 {
            for item in 0..20 {
                let batch = batch(|batch| batch.check("table", Some(version)).set(format!("{item}"), "x"));
                store.commit(batch).await.unwrap();
            }
            assert_eq!(look.query_one(&mark, &[]).await.unwrap().get::<_, i16>(0), 1, "round {round}");
            let change = batch(|batch| batch.check("table", Some(version)).set("table", "1"));
            let stale = batch(|batch| batch.check("table", Some(version)).set("key", "stale"));
            version = store.commit(change).await.unwrap();
            assert!(matches!(store.commit(stale).await, Err(StoreError::Conflict { check: 0 })));
        }
    });
}

#[test]
fn an_absent_key_that_is_only_checked_stays_absent() {
    cluster::run(async {
        let settings = cluster::settings();
        let stores = [Arc::new(cluster::open(&settings).await), Arc::new(cluster::open(&settings).await)];
        // Each of two may only set its key where the other's is absent: at most one is ever there.
        for round in 0..50 {
            let tasks: Vec<_> = [("a", "b"), ("b", "a")]
                .into_iter()
                .zip(&stores)
                .map(|((mine, other), store)| {
                    let (mine, other) = (format!("{mine}-{round}"), format!("{other}-{round}"));
                    let store = store.clone();
                    spawn(async move { store.commit(batch(|batch| batch.check(other, None).set(mine, "x"))).await })
                })
                .collect();
            let mut made = 0;
            for task in tasks {
                match task.await.unwrap() {
                    Ok(_) => made += 1,
                    Err(StoreError::Conflict { check: 0 }) => (),
                    Err(other) => panic!("{other}"),
                }
            }
            assert!(made <= 1);
        }
    });
}

#[test]
fn every_call_takes_one_round_trip() {
    cluster::run(async {
        let store = cluster::open(&cluster::settings()).await;
        let counters = batch(|batch| batch.add("count", 1).add("bytes", 1).set("table", "1").set("gone-0", "1"));
        let table = store.commit(counters).await.unwrap();
        let keys = ["item", "table", "absent"].map(|key| Bytes::from_static(key.as_bytes()));
        store.get(&keys).await.unwrap();
        store.scan(Scan { max_entries: 1, ..everything() }).await.unwrap();
        let mut expected: Option<Version> = None;
        for round in 0..20 {
            let before = store.round_trips();
            let put = batch(|batch| {
                batch.check("table", Some(table)).check("item", expected).check("absent", None);
                batch
                    .set("item", format!("{round}"))
                    .set(format!("gone-{}", round + 1), "1")
                    .delete(format!("gone-{round}"));
                batch.add("count", 1).add("bytes", 100).append(LOG, "x")
            });
            expected = Some(store.commit(put).await.unwrap());
            assert_eq!(store.round_trips() - before, 1, "commit {round}");
        }
        let before = store.round_trips();
        store.get(&keys).await.unwrap();
        store.get_one(b"count").await.unwrap();
        store.scan(everything()).await.unwrap();
        assert_eq!(store.round_trips() - before, 3);
        assert_eq!((number(&store, b"count").await, number(&store, b"bytes").await), (21, 2001));
    });
}

fn everything() -> Scan {
    Scan {
        from: Bytes::new(),
        to: Bytes::from_static(b"\xff"),
        direction: Direction::Forward,
        max_entries: usize::MAX,
        max_bytes: usize::MAX,
    }
}

#[test]
fn a_long_page_is_read_from_one_snapshot() {
    cluster::run(async {
        let store = cluster::open(&cluster::settings()).await;
        let many = batch(|batch| {
            for index in 0..5000 {
                batch.set(format!("key-{index:05}"), vec![b'v'; 100]);
            }
            batch
        });
        store.commit(many).await.unwrap();
        for (max_bytes, expected) in [(usize::MAX, 5000), (1_000_000, 1_000_000 / 109), (109 * 3000, 3000)] {
            let page = store.scan(Scan { max_bytes, ..everything() }).await.unwrap();
            assert_eq!(page.len(), expected.min(5000));
            assert_eq!(page.more(), page.len() < 5000);
        }
    });
}
