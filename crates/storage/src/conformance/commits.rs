//! Commits: versions, checks, atomicity, the order inside a batch, limits.

use bytes::Bytes;

use super::{Harness, commit, conflict, read, refused, value, version};
use crate::batch::KEY_BYTES_MAX;
use crate::{Batch, Limit, StoreError};

pub async fn versions_grow_and_belong_to_the_last_write(harness: &dyn Harness) {
    let store = harness.open();
    let first = commit(&*store, |batch| {
        batch.set("a", "1").set("b", "1");
    })
    .await;
    let second = commit(&*store, |batch| {
        batch.set("b", "2");
    })
    .await;
    assert!(0 < first && first < second);
    assert_eq!(version(&*store, b"a").await, first, "untouched by the second commit");
    assert_eq!(version(&*store, b"b").await, second);
}

pub async fn a_commit_is_read_by_its_writer(harness: &dyn Harness) {
    let store = harness.open();
    for round in 0..100_u32 {
        let text = round.to_string();
        let written = commit(&*store, |batch| {
            batch.set("key", text.clone());
        })
        .await;
        let found = read(&*store, b"key").await.unwrap();
        assert_eq!((found.version, found.value), (written, Bytes::from(text)));
    }
}

pub async fn a_check_fails_after_any_write_of_its_key(harness: &dyn Harness) {
    let store = harness.open();
    let old = commit(&*store, |batch| {
        batch.set("key", "old");
    })
    .await;
    let new = commit(&*store, |batch| {
        batch.check("key", Some(old)).set("key", "new");
    })
    .await;
    let error = refused(&*store, |batch| {
        batch.check("key", Some(old)).set("key", "stale");
    });
    assert_eq!(conflict(error.await), 0);
    assert_eq!(value(&*store, b"key").await, "new");

    commit(&*store, |batch| {
        batch.delete("key");
    })
    .await;
    let error = refused(&*store, |batch| {
        batch.check("key", Some(new)).set("key", "stale");
    });
    assert_eq!(conflict(error.await), 0);
    assert_eq!(read(&*store, b"key").await, None);
}

pub async fn a_check_of_an_absent_key_holds_only_while_it_is_absent(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.check("key", None).set("key", "first");
    })
    .await;
    let error = refused(&*store, |batch| {
        batch.check("key", None).set("key", "second");
    });
    assert_eq!(conflict(error.await), 0);
    commit(&*store, |batch| {
        batch.delete("key");
    })
    .await;
    commit(&*store, |batch| {
        batch.check("key", None).set("key", "third");
    })
    .await;
    assert_eq!(value(&*store, b"key").await, "third");
}

/// The ways to write "key", each of which a check since an earlier version must notice.
type Writes = [fn(&mut Batch) -> &mut Batch; 5];

const WRITES: Writes = [
    |batch| batch.set("key", crate::counter::encode(1).to_vec()),
    |batch| batch.add("key", 1),
    |batch| batch.delete("key").set("key", "again"),
    |batch| batch.delete_range("a", "z").set("key", "again"),
    |batch| batch.set("key", "gone").delete("key").set("key", crate::counter::encode(1).to_vec()),
];

pub async fn a_check_since_a_version_fails_after_any_write_of_its_key(harness: &dyn Harness) {
    let store = harness.open();
    for present in [false, true] {
        for write in WRITES {
            commit(&*store, |batch| {
                batch.delete("key");
            })
            .await;
            if present {
                commit(&*store, |batch| {
                    batch.set("key", crate::counter::encode(0).to_vec());
                })
                .await;
            }
            let as_of = store.visible();
            let found = read(&*store, b"key").await.map(|found| found.version);
            commit(&*store, |batch| {
                write(batch.check_since("key", found, as_of));
            })
            .await;
            // Also where much else was written since.
            commit(&*store, |batch| {
                batch.set("other", "1");
            })
            .await;
            let error = refused(&*store, |batch| {
                batch.check_since("key", found, as_of).set("key", "stale");
            });
            assert_eq!(conflict(error.await), 0);
        }
        let as_of = store.visible();
        let found = version(&*store, b"key").await;
        commit(&*store, |batch| {
            batch.delete_range("a", "z");
        })
        .await;
        let error = refused(&*store, |batch| {
            batch.check_since("key", Some(found), as_of).set("key", "stale");
        });
        assert_eq!(conflict(error.await), 0);
    }
}

pub async fn a_check_since_a_version_holds_while_others_write(harness: &dyn Harness) {
    let store = harness.open();
    let written = commit(&*store, |batch| {
        batch.set("key", "1");
    })
    .await;
    let as_of = store.visible();
    for round in 0..1000_u32 {
        commit(&*store, |batch| {
            batch.set(format!("other-{round}"), "1").delete_range("p", "q").add("counter", 1);
        })
        .await;
    }
    // As of any version between the last write of the key and now.
    for as_of in [0, written, as_of, store.visible()] {
        commit(&*store, |batch| {
            batch.check_since("key", Some(written), as_of).check_since("absent", None, as_of);
        })
        .await;
    }
    assert_eq!(version(&*store, b"key").await, written);
}

pub async fn a_check_since_a_version_survives_a_reopen(harness: &dyn Harness) {
    let store = harness.open();
    let old = commit(&*store, |batch| {
        batch.set("key", "old");
    })
    .await;
    let as_of = store.visible();
    let new = commit(&*store, |batch| {
        batch.set("key", "new");
    })
    .await;
    let store = harness.reopen(store);
    let error = refused(&*store, |batch| {
        batch.check_since("key", Some(old), as_of).set("key", "stale");
    });
    assert_eq!(conflict(error.await), 0);
    let as_of = store.visible();
    commit(&*store, |batch| {
        batch.check_since("key", Some(new), as_of).set("key", "newest");
    })
    .await;
}

pub async fn a_conflict_names_the_first_check_that_failed(harness: &dyn Harness) {
    let store = harness.open();
    let good = commit(&*store, |batch| {
        batch.set("good", "1").set("bad", "1").set("worse", "1");
    })
    .await;
    let error = refused(&*store, |batch| {
        batch
            .check("absent", None)
            .check("good", Some(good))
            .check("bad", None)
            .check("worse", Some(good + 1_000_000))
            .set("good", "2");
    });
    assert_eq!(conflict(error.await), 2);
    assert_eq!(value(&*store, b"good").await, "1");
}

pub async fn a_deleted_and_rewritten_key_has_a_new_version(harness: &dyn Harness) {
    let store = harness.open();
    let old = commit(&*store, |batch| {
        batch.set("key", "same");
    })
    .await;
    commit(&*store, |batch| {
        batch.delete("key");
    })
    .await;
    commit(&*store, |batch| {
        batch.set("key", "same");
    })
    .await;
    let error = refused(&*store, |batch| {
        batch.check("key", Some(old)).delete("key");
    });
    assert_eq!(conflict(error.await), 0);
}

pub async fn checks_are_evaluated_before_the_mutations(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        batch.set("key", "1").check("key", None);
    })
    .await;
    let current = version(&*store, b"key").await;
    commit(&*store, |batch| {
        batch.delete_range("a", "z").check("key", Some(current)).check("key", Some(current));
    })
    .await;
    assert_eq!(read(&*store, b"key").await, None);
}

pub async fn a_batch_is_applied_completely_or_not_at_all(harness: &dyn Harness) {
    let store = harness.open();
    let before = commit(&*store, |batch| {
        batch.set("keep", "1").set("range-1", "1").set("text", "no counter");
    })
    .await;
    let error = refused(&*store, |batch| {
        batch
            .set("keep", "2")
            .set("new", "2")
            .delete_range("range-", "range-9")
            .add("counter", 1)
            .check("keep", Some(before))
            .check("keep", None);
    });
    assert_eq!(conflict(error.await), 1);
    // A failure in the middle of the mutations undoes those before it.
    let error = refused(&*store, |batch| {
        batch.set("keep", "2").delete("range-1").add("counter", 1).add("text", 1).set("new", "2");
    });
    assert!(matches!(error.await, StoreError::Corrupted { .. }));

    assert_eq!(version(&*store, b"keep").await, before);
    assert_eq!(version(&*store, b"range-1").await, before);
    assert_eq!(read(&*store, b"new").await, None);
    assert_eq!(read(&*store, b"counter").await, None);
}

pub async fn a_batch_sees_its_mutations_in_order(harness: &dyn Harness) {
    let store = harness.open();
    let written = commit(&*store, |batch| {
        batch
            .set("set-set", "1")
            .set("set-set", "2")
            .set("set-delete", "1")
            .delete("set-delete")
            .delete("delete-set")
            .set("delete-set", "1")
            .set("range-before", "1")
            .delete_range("range-", "range-z")
            .set("range-after", "1");
    })
    .await;
    assert_eq!(value(&*store, b"set-set").await, "2");
    assert_eq!(read(&*store, b"set-delete").await, None);
    assert_eq!(version(&*store, b"delete-set").await, written);
    assert_eq!(read(&*store, b"range-before").await, None);
    assert_eq!(version(&*store, b"range-after").await, written);
}

pub async fn delete_range_removes_its_keys_alone(harness: &dyn Harness) {
    let store = harness.open();
    commit(&*store, |batch| {
        for key in ["a", "b", "b\0", "b1", "c", "d"] {
            batch.set(key, "1");
        }
    })
    .await;
    // An empty and a reversed range remove nothing.
    commit(&*store, |batch| {
        batch.delete_range("a", "a").delete_range("d", "a");
    })
    .await;
    assert_eq!(value(&*store, b"a").await, "1");
    assert_eq!(value(&*store, b"d").await, "1");
    commit(&*store, |batch| {
        batch.delete_range("b", "c");
    })
    .await;
    for (key, expected) in [("a", true), ("b", false), ("b\0", false), ("b1", false), ("c", true), ("d", true)] {
        assert_eq!(read(&*store, key.as_bytes()).await.is_some(), expected, "{key:?}");
    }
    // A range may begin before the first key that a caller can write.
    commit(&*store, |batch| {
        batch.delete_range("", "d");
    })
    .await;
    assert_eq!(read(&*store, b"a").await, None);
    assert_eq!(value(&*store, b"d").await, "1");
}

pub async fn an_empty_batch_only_evaluates_its_checks(harness: &dyn Harness) {
    let store = harness.open();
    let written = commit(&*store, |batch| {
        batch.set("key", "1");
    })
    .await;
    assert!(written <= commit(&*store, |_| ()).await);
    let checked = commit(&*store, |batch| {
        batch.check("key", Some(written)).check("absent", None);
    });
    assert!(written <= checked.await);
    let error = refused(&*store, |batch| {
        batch.check("absent", Some(written));
    });
    assert_eq!(conflict(error.await), 0);
    assert_eq!(version(&*store, b"key").await, written);
}

pub async fn latest_covers_every_commit(harness: &dyn Harness) {
    let store = harness.open();
    store.durable(store.latest()).await.unwrap();
    for round in 0..10_u32 {
        let written = commit(&*store, |batch| {
            batch.set("key", round.to_string()).delete("absent");
        })
        .await;
        // 0 is the answer of a store whose visible commits are durable already.
        assert!(written <= store.latest() || store.latest() == 0);
        store.durable(written).await.unwrap();
        store.durable(store.latest()).await.unwrap();
    }
}

pub async fn big_values_and_long_keys_survive(harness: &dyn Harness) {
    let store = harness.open();
    let long_key = vec![0xff; KEY_BYTES_MAX];
    let big: Bytes = (0..4_000_000_u32).map(|index| index.to_le_bytes()[1]).collect();
    commit(&*store, |batch| {
        batch.set(long_key.clone(), "long").set("big", big.clone()).set("small", "1");
    })
    .await;
    assert_eq!(value(&*store, &long_key).await, "long");
    assert!(value(&*store, b"big").await == big, "the big value changed");
    assert_eq!(value(&*store, b"small").await, "1");
}

pub async fn limits_refuse_before_anything_is_applied(harness: &dyn Harness) {
    let store = harness.open();
    let too_long = vec![b'k'; KEY_BYTES_MAX + 1];
    let error = refused(&*store, |batch| {
        batch.set("key", "1").set(too_long.clone(), "1");
    });
    let expected = Limit::KeyTooLong { bytes: KEY_BYTES_MAX + 1 };
    assert!(matches!(error.await, StoreError::Limit(limit) if limit == expected));
    for reserved in [&b""[..], b"\0", b"\0format"] {
        let key = Bytes::copy_from_slice(reserved);
        let mut batches = vec![Batch::new(); 4];
        batches[0].set("key", "1").set(key.clone(), "1");
        batches[1].set("key", "1").delete(key.clone());
        batches[2].set("key", "1").add(key.clone(), 1);
        batches[3].set("key", "1").check(key.clone(), None);
        for batch in batches {
            let refusal = store.commit(batch).await.unwrap_err();
            assert!(matches!(refusal, StoreError::Limit(Limit::ReservedKey)), "{refusal}");
        }
    }
    assert_eq!(read(&*store, b"key").await, None);
}
