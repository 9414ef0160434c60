//! Exclusive commits: alone in the database, for what cannot be planned.
//!
//! Such a commit takes the rows of all lanes, so that every other one is either finished, and visible to it, or waits for its own row and
//! sees all that this one wrote. Needed for a range's deletion (an item might be made in it meanwhile), for rows with a mark, which others
//! rely on without a lock, and for additions that a plan cannot make: to what is no counter yet, near the limits, beside other mutations of
//! the counter. All of these are rare: a table's descriptor changes, a counter is new, a log is trimmed.
//!
//! It takes two round trips, and others wait for no more than these. The rows of a long range are deleted before the lanes are taken; then
//! only those are left that were made since. Not those of a short one: a commit that has its lane and waits for such a row is waited for,
//! which the database only finds out, and undoes one of the two, after a second.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use futures_util::join;
use storage::{Batch, Mutation, StoreError, Version, Versioned, counter};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::commit::{Committer, Outcome};
use crate::error::{Class, Failure, classify, translate};
use crate::lanes::{Fate, Place};
use crate::link::Link;
use crate::long::{self, Bounds};
use crate::plan::Net;
use crate::read::{key_of, versioned};
use crate::sql::Name;
use crate::version::{LANES, from_sql, to_sql};

/// For how long each of the two round trips may take: a range may be long.
const ANSWER_MAX: Duration = Duration::from_secs(600);

/// A range of so many keys is long.
const LONG: i64 = 5000;

/// What the first round trip found.
struct World {
    format: i64,
    /// Whether our lane's row has our epoch.
    is_ours: bool,
    /// The newest version of all lanes.
    newest: i64,
    found: HashMap<Bytes, Versioned>,
}

/// How an attempt ended that did not commit.
enum Ended {
    /// The session is fine and outside of a transaction.
    Cleanly(StoreError),
    /// See [`Outcome`].
    With(Outcome),
}

impl Committer {
    /// Commits a batch that is valid, alone.
    pub async fn exclusive(&self, batch: Batch) -> Result<Version, StoreError> {
        let mut attempts = self.connector.attempts("committing");
        let long = self.long_ranges(&batch).await?;
        loop {
            let mut taken = self.lanes.take().await?;
            let (link, place) = taken.ready(&mut attempts).await?;
            let mut version = 0;
            let ended = match self.look_around(&link, place, &batch, &long).await {
                Ok(world) => match self.decide(&link, &batch, &world, place).await {
                    Ok((net, chosen)) => {
                        version = chosen;
                        Ended::With(self.write_alone(&link, place, &net, chosen).await)
                    }
                    Err(ended) => ended,
                },
                Err(failure) => self.undo(&link, failure).await,
            };
            match ended {
                Ended::Cleanly(error) => {
                    taken.put_back(link);
                    return Err(error);
                }
                Ended::With(Outcome::Made(version)) => {
                    taken.put_back(link);
                    self.versions.learn(from_sql(version));
                    return Ok(from_sql(version));
                }
                Ended::With(Outcome::LaneTaken) => {
                    taken.put_back(link);
                    taken.forget_place();
                }
                Ended::With(Outcome::Refused) => {
                    taken.put_back(link);
                    attempts.again_because("a guard failed where none can").await?;
                }
                Ended::With(Outcome::Undone(failure)) => {
                    taken.put_back(link);
                    drop(taken);
                    attempts.again(failure).await?;
                }
                Ended::With(Outcome::Lost(failure)) => {
                    drop(link);
                    if version == 0 {
                        // Not told to commit, so not made; the server ends the transaction with the session.
                        let failure = translate("committing", failure);
                        attempts.again_because("the connection was lost").await.map_err(|_| failure)?;
                    } else if let Fate::Made(version) = taken.fate_of(version, &mut attempts).await? {
                        return Ok(version);
                    }
                }
            }
        }
    }

    /// The ranges that are deleted ahead: the long ones of which nothing is read.
    async fn long_ranges(&self, batch: &Batch) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let keys = read_keys(batch);
        let mut long = Vec::new();
        for (from, to) in ranges(batch).filter(|range| !holds_any(*range, &keys)) {
            if self.readers.has_many(from, to, LONG).await? {
                long.push((from.clone(), to.clone()));
            }
        }
        Ok(long)
    }

    /// Takes everything and reads what the batch rests on.
    async fn look_around(
        &self,
        link: &Link,
        place: Place,
        batch: &Batch,
        ranges: &[(Bytes, Bytes)],
    ) -> Result<World, Failure> {
        self.connector.count();
        let keys: Vec<Bytes> = read_keys(batch).into_iter().map(long::stored).collect();
        let keys: Vec<&[u8]> = keys.iter().map(AsRef::as_ref).collect();
        let all = async {
            join!(
                link.begin(),
                try_join_all(ranges.iter().map(|(from, to)| delete(link, Name::DeleteRange, from, to))),
                link.query(Name::TakeAll, &[]),
                link.query(Name::TakeLanes, &[]),
                async { link.query(Name::Get, &[&keys]).await },
            )
        };
        let (begin, deleted, format, lanes, rows) =
            self.connector.wait(ANSWER_MAX, all).await.ok_or(Failure::NoAnswer)?;
        begin.and(deleted.map(drop))?;
        let (format, lanes, rows) = (format?.first().map_or(0, |row| row.get(0)), lanes?, rows?);
        let is_ours = |row: &Row| row.get::<_, i32>(0) == place.lane && row.get::<_, i64>(1) == place.epoch;
        let newest = lanes.iter().map(|row| row.get(2)).max().unwrap_or(0);
        let mut found = HashMap::with_capacity(rows.len());
        let mut unreadable = Vec::new();
        for row in &rows {
            let key = Bytes::copy_from_slice(&key_of(row));
            match versioned(row) {
                Ok(versioned) => drop(found.insert(key, versioned)),
                Err(_) => unreadable.push(key),
            }
        }
        // A counter whose sum cannot be is refused where it is added to: an empty value is no counter.
        let nothing = Versioned { version: 0, value: Bytes::new(), is_sound: false };
        found.extend(unreadable.into_iter().map(|key| (key, nothing.clone())));
        Ok(World { format, is_ours: lanes.iter().any(is_ours), newest, found })
    }

    /// What is to be written, and the version. Undoes the transaction when nothing is.
    async fn decide(&self, link: &Link, batch: &Batch, world: &World, place: Place) -> Result<(Net, i64), Ended> {
        let refusal = match self.outcome(batch, world, place) {
            Ok(Some(decided)) => return Ok(decided),
            Ok(None) => Ended::With(Outcome::LaneTaken),
            Err(error) => Ended::Cleanly(error),
        };
        self.connector.count();
        match link.rollback().await {
            Ok(()) => Err(refusal),
            Err(failure) => Err(Ended::With(Outcome::Lost(failure))),
        }
    }

    /// `None` when the lane is somebody else's.
    fn outcome(&self, batch: &Batch, world: &World, place: Place) -> Result<Option<(Net, i64)>, StoreError> {
        self.lanes.expect_known(world.format)?;
        if !world.is_ours {
            return Ok(None);
        }
        let version_of = |key: &Bytes| world.found.get(key).map(|found| to_sql(found.version));
        if let Some(check) = batch.checks.iter().position(|check| version_of(&check.key) != check.expected.map(to_sql))
        {
            return Err(StoreError::Conflict { check });
        }
        let above = (world.newest / LANES + 1) * LANES + i64::from(place.lane);
        let version = self.versions.propose(place.lane).max(above);
        let stored = |key: &Bytes| world.found.get(key).map_or(Ok(0), |found| counter::decode(&found.value));
        let net = Net::new(batch.mutations.clone(), from_sql(version), stored)?;
        Ok(Some((net, version)))
    }

    async fn write_alone(&self, link: &Link, place: Place, net: &Net, version: i64) -> Outcome {
        self.connector.count();
        let rows: [Vec<Bytes>; 2] = [
            net.deletes.iter().map(long::stored).collect(),
            net.sets.iter().map(|(key, ..)| long::stored(key)).collect(),
        ];
        let [deletes, keys] = rows.each_ref().map(|rows| rows.iter().map(AsRef::as_ref).collect::<Vec<&[u8]>>());
        let tails: Vec<&[u8]> = net.sets.iter().map(|(key, ..)| long::tail(key)).collect();
        let values: Vec<&[u8]> = net.sets.iter().map(|(_, value, _)| value.as_ref()).collect();
        let marks: Vec<i16> = net.sets.iter().map(|(.., mark)| *mark).collect();
        let ranges = [Name::DeleteRange, Name::DeleteRangeDeltas];
        let all = async {
            join!(
                try_join_all(net.ranges.iter().flat_map(|(from, to)| ranges.map(|name| delete(link, name, from, to)))),
                async { link.run(Name::WriteAnyway, &[&deletes, &version, &keys, &values, &marks, &tails]).await },
                async { link.run(Name::NumberAs, &[&place.lane, &place.epoch, &version]).await },
                link.commit(),
            )
        };
        let Some((deleted, written, numbered, end)) = self.connector.wait(ANSWER_MAX, all).await else {
            return Outcome::Lost(Failure::NoAnswer);
        };
        match deleted.and(written).and(numbered).and(end) {
            Ok(()) => Outcome::Made(version),
            Err(failure) => Outcome::of(failure),
        }
    }

    /// Leaves a transaction whose first half failed.
    async fn undo(&self, link: &Link, failure: Failure) -> Ended {
        if classify(&failure) != Class::Lost {
            self.connector.count();
            if let Err(failure) = link.rollback().await {
                return Ended::With(Outcome::Lost(failure));
            }
        }
        Ended::With(Outcome::of(failure))
    }
}

async fn delete(link: &Link, name: Name, from: &[u8], to: &[u8]) -> Result<(), Failure> {
    let Bounds { from, to, head_end, from_tail, to_head, to_tail } = Bounds::new(from, to);
    let all = [&from, &to, &head_end, &from_tail, &to_head, &to_tail].map(AsRef::<[u8]>::as_ref);
    let [from, to, head_end, from_tail, to_head, to_tail] = &all;
    let parameters: [&(dyn ToSql + Sync); 6] = [from, to, head_end, from_tail, to_head, to_tail];
    link.run(name, if name == Name::DeleteRange { &parameters } else { &parameters[..2] }).await
}

/// The keys that a batch checks or adds to.
fn read_keys(batch: &Batch) -> Vec<&Bytes> {
    let added = batch.mutations.iter().filter_map(|mutation| match mutation {
        Mutation::Add { key, .. } => Some(key),
        _ => None,
    });
    batch.checks.iter().map(|check| &check.key).chain(added).collect()
}

fn ranges(batch: &Batch) -> impl Iterator<Item = (&Bytes, &Bytes)> {
    batch.mutations.iter().filter_map(|mutation| match mutation {
        Mutation::DeleteRange { from, to } if from < to => Some((from, to)),
        _ => None,
    })
}

fn holds_any((from, to): (&Bytes, &Bytes), keys: &[&Bytes]) -> bool {
    keys.iter().any(|key| from <= *key && *key < to)
}
