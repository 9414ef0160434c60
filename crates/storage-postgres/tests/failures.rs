//! What happens to commits when connections break, transactions fail, and servers start at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod cluster;

use cluster::batch;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runtime::{Clock, spawn};
use storage::{Position, Store, StoreError, counter};
use storage_postgres::{FORMAT_VERSION, OpenError, PostgresSettings, PostgresStore};

const LOG: &[u8] = b"log/";

async fn number(store: &PostgresStore, key: &[u8]) -> i64 {
    counter::decode(&store.get_one(key).await.unwrap().unwrap().value).unwrap()
}

async fn pause(millis: u64) {
    Clock::system().sleep(Duration::from_millis(millis)).await;
}

/// Every commit is found to be made or not made: had one been guessed, the counter would differ.
#[test]
fn sessions_that_are_killed_lose_no_commit_and_make_none_twice() {
    const WRITERS: usize = 6;
    // Enough to meet many kills on a fast machine too.
    const COMMITS: usize = 500;
    cluster::run(async {
        let url = format!("{} application_name=stator-to-kill", cluster::url());
        let settings = PostgresSettings { url, patience: Duration::from_secs(20), ..cluster::settings() };
        let stores = [Arc::new(cluster::open(&settings).await), Arc::new(cluster::open(&settings).await)];
        let tasks: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let store = stores[writer % 2].clone();
                spawn(async move {
                    for round in 0..COMMITS {
                        let key = format!("item-{writer}-{round}");
                        let batch = batch(|batch| {
                            batch
                                .check(key.clone(), None)
                                .set(key.clone(), "x")
                                .add("count", 1)
                                .append(LOG, key.clone())
                        });
                        let version = store.commit(batch).await.unwrap();
                        let found = store.get_one(key.as_bytes()).await.unwrap().expect("acknowledged and gone");
                        assert_eq!(found.version, version);
                    }
                })
            })
            .collect();
        let killer = cluster::connect().await;
        let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE application_name = 'stator-to-kill' AND random() < 0.3";
        let mut killed = 0;
        while !tasks.iter().all(|task| task.is_finished()) {
            pause(15).await;
            killed += killer.query_one(kill, &[]).await.unwrap().get::<_, i64>(0);
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert!(20 < killed, "only {killed} sessions were killed");
        let expected = WRITERS * COMMITS;
        assert_eq!(number(&stores[0], b"count").await, i64::try_from(expected).unwrap());
        let settled = stores[1].settled().await.unwrap();
        let log = storage::Scan {
            from: Position::default().key(LOG),
            to: Position::behind(settled).key(LOG),
            direction: storage::Direction::Forward,
            max_entries: usize::MAX,
            max_bytes: usize::MAX,
        };
        assert_eq!(stores[0].scan(log).await.unwrap().len(), expected);
    });
}

/// Other databases, and PostgreSQL where it finds a deadlock, undo transactions that are fine.
#[test]
fn transactions_that_fail_to_serialize_are_tried_again() {
    cluster::run(async {
        let settings = cluster::settings();
        let store = cluster::open(&settings).await;
        let before = store.commit(batch(|batch| batch.set("key", "1").add("count", 0))).await.unwrap();
        let schema = &settings.schema;
        let fail = format!(
            "CREATE SEQUENCE {schema}.tries;
             CREATE FUNCTION {schema}.fail() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
               IF nextval('{schema}.tries') % 4 <> 0 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END IF;
               RETURN new;
             END $$;
             CREATE TRIGGER fail BEFORE INSERT ON {schema}.kv FOR EACH ROW EXECUTE FUNCTION {schema}.fail()"
        );
        cluster::connect().await.batch_execute(&fail).await.unwrap();
        let trips = store.round_trips();
        let version = store
            .commit(batch(|batch| batch.check("key", Some(before)).set("key", "2").add("count", 1)))
            .await
            .unwrap();
        assert_eq!(store.round_trips() - trips, 4, "it failed three times");
        // The guard is evaluated anew each time.
        let stale = store.commit(batch(|batch| batch.check("key", Some(before)).set("key", "3"))).await;
        assert!(matches!(stale, Err(StoreError::Conflict { check: 0 })));
        // Also where it takes an exclusive commit.
        store.commit(batch(|batch| batch.delete_range("a", "b").set("key", "4"))).await.unwrap();
        assert!(version < store.get_one(b"key").await.unwrap().unwrap().version);
        assert_eq!(number(&store, b"count").await, 1);
        // What never succeeds ends with an error, and nothing is applied.
        let never = format!("ALTER SEQUENCE {schema}.tries INCREMENT BY 4 RESTART WITH 1");
        cluster::connect().await.batch_execute(&never).await.unwrap();
        let impatient = PostgresSettings { patience: Duration::from_millis(100), ..settings.clone() };
        let impatient = cluster::open(&impatient).await;
        let failed = impatient.commit(batch(|batch| batch.set("key", "5").add("count", 1))).await;
        assert!(matches!(failed, Err(StoreError::Io { .. })));
        assert_eq!(number(&store, b"count").await, 1);
    });
}

#[test]
fn servers_that_start_at_once_make_one_store() {
    cluster::run(async {
        let settings = cluster::settings();
        let tasks: Vec<_> = (0..8)
            .map(|server| {
                let settings = settings.clone();
                spawn(async move {
                    let store = PostgresStore::open(&settings).await.unwrap();
                    store.commit(batch(|batch| batch.set(format!("{server}"), "x").add("count", 1))).await.unwrap();
                    store.close().await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let store = cluster::open(&settings).await;
        assert_eq!(number(&store, b"count").await, 8);
        let keys: Vec<Bytes> = (0..8).map(|server| Bytes::from(format!("{server}"))).collect();
        assert!(store.get(&keys).await.unwrap().iter().all(Option::is_some));
    });
}

#[test]
fn a_newer_format_is_refused_and_stops_those_who_write() {
    cluster::run(async {
        let settings = cluster::settings();
        let store = cluster::open(&settings).await;
        store.commit(batch(|batch| batch.set("key", "1"))).await.unwrap();
        assert!(store.accepts_commits());
        // What a newer release does when it changes the tables: nobody goes on as before.
        let migrate = format!(
            "UPDATE {0}.format SET version = {1}; UPDATE {0}.lanes SET epoch = epoch + 1, owner = 0",
            settings.schema,
            FORMAT_VERSION + 1
        );
        cluster::connect().await.batch_execute(&migrate).await.unwrap();
        let refused = store.commit(batch(|batch| batch.set("key", "2"))).await;
        assert!(matches!(refused, Err(StoreError::Io { .. })));
        assert!(!store.accepts_commits());
        let opened = PostgresStore::open(&settings).await.map(drop);
        assert!(matches!(opened, Err(OpenError::NewerFormat { found, .. }) if found == FORMAT_VERSION + 1));
    });
}

#[test]
fn a_store_says_when_its_database_is_away_and_when_it_is_back() {
    const SECONDS_MAX: u64 = 15;
    cluster::run(async {
        let admin = cluster::connect().await;
        admin.batch_execute("CREATE DATABASE away").await.unwrap();
        let url = cluster::url().replace("dbname=postgres", "dbname=away");
        let store = cluster::open(&PostgresSettings { url, ..cluster::settings() }).await;
        // Asked at least once.
        pause(1_500).await;
        assert!(store.accepts_commits());
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'away'";
        for is_there in [false, true] {
            let change = format!("ALTER DATABASE away ALLOW_CONNECTIONS {is_there}");
            admin.batch_execute(&change).await.unwrap();
            if !is_there {
                assert!(0 < admin.query_one(end, &[]).await.unwrap().get::<_, i64>(0), "nothing was connected");
            }
            let mut looks = 0;
            while store.accepts_commits() != is_there {
                looks += 1;
                assert!(looks < SECONDS_MAX * 20, "it does not notice that the database is there: {is_there}");
                pause(50).await;
            }
        }
        store.commit(batch(|batch| batch.set("key", "1"))).await.unwrap();
    });
}

#[test]
fn a_database_that_is_not_there_is_an_error_in_time() {
    cluster::run(async {
        let settings = PostgresSettings {
            url: "host=/nowhere user=stator".to_owned(),
            patience: Duration::from_millis(200),
            ..cluster::settings()
        };
        let opened = PostgresStore::open(&settings).await.map(drop);
        assert!(matches!(opened, Err(OpenError::Store(StoreError::Io { .. }))));
        for schema in ["", "1a", "a\"b", "a.b", "A"] {
            let settings = PostgresSettings { schema: schema.to_owned(), ..settings.clone() };
            assert!(matches!(PostgresStore::open(&settings).await.map(drop), Err(OpenError::Settings(_))));
        }
    });
}

/// The certificate may only be readable for the server's user; who runs the tests as somebody else is root.
#[test]
fn connections_are_encrypted_and_verified_as_asked() {
    cluster::run(async {
        let open = |mode: &str, root_certificates: Option<PathBuf>| {
            let url = format!("{} sslmode={mode} application_name=tls-{mode}", cluster::tcp_url());
            let settings = PostgresSettings { url, root_certificates, ..cluster::settings() };
            async move { PostgresStore::open(&settings).await }
        };
        let look = cluster::connect().await;
        for (mode, encrypted) in [("disable", false), ("prefer", true), ("require", true)] {
            let store = open(mode, Some(cluster::certificate())).await.unwrap();
            store.commit(batch(|batch| batch.set("key", "1"))).await.unwrap();
            let ssl =
                "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1";
            let row = look.query_one(ssl, &[&format!("tls-{mode}")]).await.unwrap();
            assert_eq!(row.get::<_, Option<bool>>(0), Some(encrypted), "{mode}");
        }
        // No authority of the machine knows that certificate.
        let refused = open("require", None).await.map(drop);
        assert!(matches!(refused, Err(OpenError::Store(StoreError::Io { .. }) | OpenError::Settings(_))));
    });
}

/// What the older format kept as it was, because it happened to fit, is found, and the older release commits nothing more.
#[test]
fn tables_of_the_older_format_are_upgraded() {
    cluster::run(async {
        let settings = cluster::settings();
        let schema = &settings.schema;
        let (short, long) = (Bytes::from_static(b"short"), Bytes::from(vec![b'l'; 5000]));
        let old = cluster::open(&settings).await;
        old.commit(batch(|batch| batch.set(short.clone(), "1").add("count", 1))).await.unwrap();
        let look = cluster::connect().await;
        let downgrade = format!(
            "ALTER TABLE {schema}.kv DROP COLUMN tail; UPDATE {schema}.format SET version = 1;
             INSERT INTO {schema}.kv (key, value, version, mark) VALUES (repeat('l', 5000)::bytea, '7', 1, 0)"
        );
        look.batch_execute(&downgrade).await.unwrap();
        let epochs = format!("SELECT sum(epoch)::bigint FROM {schema}.lanes");
        let before: i64 = look.query_one(&epochs, &[]).await.unwrap().get(0);
        let (one, other) = futures_util::join!(cluster::open(&settings), cluster::open(&settings));
        assert!(before < look.query_one(&epochs, &[]).await.unwrap().get(0), "lanes are taken from older servers");
        for store in [&one, &other] {
            assert_eq!(store.get_one(&short).await.unwrap().unwrap().value, "1");
            assert_eq!(store.get_one(&long).await.unwrap().unwrap().value, "7");
        }
        one.commit(batch(|batch| batch.check(long.clone(), Some(1)).set(long.clone(), "8").add("count", 1)))
            .await
            .unwrap();
        assert_eq!(other.get_one(&long).await.unwrap().unwrap().value, "8");
        assert_eq!(number(&other, b"count").await, 2);
    });
}
