//! Commits: one round trip for a plan, in a transaction that is sent as a whole.
//!
//! ```text
//! BEGIN             read committed: every statement sees all that was committed before it began
//! take the lane     its row's lock, if the epoch is still ours
//! check             lock what is checked or written, in the order of keys; guard versions and marks
//! write             deletes, sets, additions; guard that each found what it had to
//! number            the proposed version, or a higher one where the database holds one that is not below it
//! COMMIT
//! ```
//!
//! Why not `SERIALIZABLE`: it promises some order of the commits, and ours must be that of their versions. A commit that checks a key which
//! another one overwrites meanwhile may end after it and still count as before it, with a higher version; then a shard that was closed at
//! a version could get an entry behind it. Reads would have to be serializable too, and take part in every conflict, of which there are
//! many in small tables, where the database tracks pages instead of rows. Locks are exact, and one statement suffices for all of them:
//!
//! What must hold, and why versions are the order of commits: all that a commit checks or writes stays locked from `check` or `write` until
//! it is visible. A row that does not exist is locked by making it, even if only to delete it; a mark stands for a lock, see exclusive.rs.
//! So of two commits in each other's way one reaches its `number` after the other is visible, and takes a version above all that it sees
//! in the rows of the lanes.
//!
//! Where a guard fails, a second read finds out why; the first check that fails there is the conflict. Where it is that a deleted key was not
//! there, which nobody checked, the commit is made again in a form that locks absent keys too.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::join;
use storage::{Batch, StoreError, Version};
use tokio_postgres::types::ToSql;

use crate::error::{Class, Failure, classify};
use crate::heat::{Heat, Temperature};
use crate::lanes::{Fate, Lanes, Place};
use crate::link::{Connector, Link};
use crate::long::{Kept, Tails};
use crate::plan::{Deletes, Plan, Way, entry_key};
use crate::read::{Looked, Readers};
use crate::sql::{ABSENT, ANY, COUNTER, Name, PLAIN};
use crate::version::{Versions, from_sql, to_sql};

/// For how long the answer to a planned commit is waited for before its session is given up.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// After so many refusals that no second read explained, a commit is made exclusively, which nothing can come between.
const UNEXPLAINED_MAX: u32 = 3;

/// Makes commits.
pub struct Committer {
    /// Makes connections.
    pub connector: Arc<Connector>,
    /// The connections of commits.
    pub lanes: Lanes,
    /// The connections of reads.
    pub readers: Arc<Readers>,
    /// Proposes versions.
    pub versions: Arc<Versions>,
    /// What is checked often.
    pub heat: Heat,
    /// Set when the store closes.
    pub closed: AtomicBool,
}

/// How one attempt ended.
pub enum Outcome {
    /// With this version.
    Made(i64),
    /// The lane was taken over by somebody else.
    LaneTaken,
    /// A guard failed, and nothing was applied.
    Refused,
    /// Nothing was applied, for a reason that passes or for one that stays.
    Undone(Failure),
    /// The session is lost, and with it the answer.
    Lost(Failure),
}

/// Why a guard failed.
enum Why {
    /// This check does not hold.
    Conflict(usize),
    /// It takes an exclusive commit.
    Marked,
    /// It would not fail now.
    Passed,
}

impl Committer {
    /// Commits a batch that is valid.
    ///
    /// # Errors
    /// See [`storage::Store::commit`].
    pub async fn commit(&self, batch: Batch) -> Result<Version, StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        batch
            .checks
            .iter()
            .filter_map(|check| check.expected)
            .for_each(|version| self.versions.learn_expected(version));
        let kept = Kept::new(batch);
        if kept.batch.mutations.is_empty() {
            return self.only_check(kept.rows()).await;
        }
        match Way::of(kept.rows(), Deletes::Present) {
            Way::Planned(plan) => self.planned(kept, plan).await,
            Way::Exclusive => self.exclusive(kept.batch).await,
            Way::Impossible => match self.why(kept.rows(), None).await? {
                Why::Conflict(check) => Err(StoreError::Conflict { check }),
                Why::Marked | Why::Passed => Err(StoreError::corrupted("two versions of one key at once")),
            },
        }
    }

    async fn only_check(&self, batch: &Batch) -> Result<Version, StoreError> {
        let newest = from_sql(self.readers.newest().await?);
        // The commits up to `newest` are visible to this later read.
        match self.why(batch, None).await? {
            Why::Conflict(check) => Err(StoreError::Conflict { check }),
            Why::Marked | Why::Passed => Ok(newest),
        }
    }

    async fn planned(&self, kept: Kept, mut plan: Plan) -> Result<Version, StoreError> {
        let mut attempts = self.connector.attempts("committing");
        let mut unexplained = 0;
        loop {
            let mut taken = self.lanes.take().await?;
            let (link, place) = taken.ready(&mut attempts).await?;
            let proposed = self.versions.propose(place.lane);
            let outcome = self.send(&link, place, (&plan, &kept.tails), proposed).await;
            match outcome {
                Outcome::Made(version) => {
                    taken.put_back(link);
                    self.versions.learn(from_sql(version));
                    return Ok(from_sql(version));
                }
                Outcome::LaneTaken => {
                    taken.put_back(link);
                    taken.forget_place();
                }
                Outcome::Undone(failure) => {
                    taken.put_back(link);
                    drop(taken);
                    attempts.again(failure).await?;
                }
                Outcome::Lost(_) => {
                    drop(link);
                    if let Fate::Made(version) = taken.fate_of(proposed, &mut attempts).await? {
                        return Ok(version);
                    }
                }
                Outcome::Refused => {
                    taken.put_back(link);
                    drop(taken);
                    match self.why(kept.rows(), Some(&plan)).await? {
                        Why::Conflict(check) => return Err(StoreError::Conflict { check }),
                        Why::Passed if !plan.deletes.is_empty() && unexplained == 0 => {
                            unexplained += 1;
                            if let Way::Planned(careful) = Way::of(kept.rows(), Deletes::PerhapsAbsent) {
                                plan = careful;
                            }
                        }
                        Why::Passed if unexplained < UNEXPLAINED_MAX => unexplained += 1,
                        Why::Marked | Why::Passed => return self.exclusive(kept.batch).await,
                    }
                }
            }
        }
    }

    /// Sends the whole transaction and waits for its answers.
    async fn send(&self, link: &Link, place: Place, (plan, tails): (&Plan, &Tails), proposed: i64) -> Outcome {
        self.connector.count();
        let checked = Checked::new(plan, &self.heat);
        let written = Written::new(plan, tails, proposed);
        let all = async {
            join!(
                link.begin(),
                async { link.run(Name::TakeLane, &[&place.lane, &place.epoch]).await },
                checked.check(link),
                checked.mark(link),
                written.write(link, place, plan),
                written.delete_placeholders(link, plan),
                written.number(link, place, plan),
                link.commit(),
            )
        };
        let Some((begin, lane, check, mark, write, delete, number, end)) = self.connector.wait(ANSWER_MAX, all).await
        else {
            return Outcome::Lost(Failure::NoAnswer);
        };
        if let Err(failure) = &lane
            && begin.is_ok()
            && classify(failure) == Class::Refused
        {
            return Outcome::LaneTaken;
        }
        // The first error undid the transaction; what follows it is ignored by the database, and says so.
        let undone = begin.and(lane).and(check).and(mark).and(write).and(delete);
        match undone.and(number).and_then(|version| end.map(|()| version)) {
            Ok(version) => Outcome::Made(version),
            Err(failure) => Outcome::of(failure),
        }
    }

    /// Reads the versions and marks of what a commit touches, later than the commit was refused.
    async fn why(&self, batch: &Batch, plan: Option<&Plan>) -> Result<Why, StoreError> {
        let mut keys: Vec<&[u8]> = batch.checks.iter().map(|check| check.key.as_ref()).collect();
        if let Some(plan) = plan {
            keys.extend(plan.touched.iter().map(|touched| touched.key.as_ref()));
            keys.extend(plan.adds.iter().map(|(key, _)| key.as_ref()));
        }
        if keys.is_empty() {
            return Ok(Why::Passed);
        }
        let found = self.readers.look(&keys).await?;
        let failing = batch
            .checks
            .iter()
            .position(|check| found.get(&check.key).map(|looked| looked.version) != check.expected.map(to_sql));
        if let Some(check) = failing {
            return Ok(Why::Conflict(check));
        }
        let Some(plan) = plan else {
            return Ok(Why::Passed);
        };
        Ok(if self.is_marked(plan, &found) { Why::Marked } else { Why::Passed })
    }

    /// Whether what was found takes an exclusive commit. What was thought to be marked and is not will be locked from now on.
    fn is_marked(&self, plan: &Plan, found: &HashMap<Bytes, Looked>) -> bool {
        for touched in plan.touched.iter().filter(|touched| !touched.written && touched.expected != ABSENT) {
            if found.get(&touched.key).is_some_and(|looked| looked.mark <= PLAIN) {
                self.heat.cool(&touched.key, touched.expected);
            }
        }
        let mark = |key: &Bytes| found.get(key).map_or(PLAIN, |looked| looked.mark);
        // An addition that met a counter was refused for its size.
        !plan.adds.is_empty()
            || plan.touched.iter().any(|touched| {
                let bearable = if touched.written { PLAIN } else { COUNTER - 1 };
                bearable < mark(&touched.key)
            })
    }
}

impl Outcome {
    /// What a failure of a transaction's statement means for the transaction.
    pub fn of(failure: Failure) -> Self {
        match classify(&failure) {
            Class::Refused => Self::Refused,
            Class::Again | Class::Failed => Self::Undone(failure),
            Class::Lost => Self::Lost(failure),
        }
    }
}

/// The parameters of `check` and `mark`.
struct Checked<'a> {
    keys: Vec<&'a [u8]>,
    expected: Vec<i64>,
    written: Vec<bool>,
    /// How many of them must exist.
    awaited: i64,
    /// What is relied on by its mark.
    hot_keys: Vec<&'a [u8]>,
    hot_versions: Vec<i64>,
    /// What gets a mark.
    marked: Vec<&'a [u8]>,
}

impl<'a> Checked<'a> {
    fn new(plan: &'a Plan, heat: &Heat) -> Self {
        let many = plan.touched.len();
        let mut checked = Self {
            keys: Vec::with_capacity(many),
            expected: Vec::with_capacity(many),
            written: Vec::with_capacity(many),
            awaited: 0,
            hot_keys: Vec::new(),
            hot_versions: Vec::new(),
            marked: Vec::new(),
        };
        for touched in &plan.touched {
            if !touched.written && ABSENT < touched.expected {
                match heat.touch(&touched.key, touched.expected) {
                    Temperature::Cold => (),
                    Temperature::Warm => checked.marked.push(&touched.key),
                    Temperature::Hot => {
                        checked.hot_keys.push(&touched.key);
                        checked.hot_versions.push(touched.expected);
                        continue;
                    }
                }
            }
            checked.keys.push(&touched.key);
            checked.expected.push(touched.expected);
            checked.written.push(touched.written);
            checked.awaited += i64::from(ABSENT < touched.expected);
        }
        checked
    }

    async fn check(&self, link: &Link) -> Result<(), Failure> {
        // One key that may be at any version is locked and guarded by writing it.
        if matches!(self.expected[..], [] | [ANY]) && self.hot_keys.is_empty() {
            return Ok(());
        }
        let hot = i64::try_from(self.hot_keys.len()).unwrap_or(i64::MAX);
        let Self { keys, expected, written, awaited, hot_keys, hot_versions, .. } = self;
        link.query(Name::Check, &[keys, expected, written, awaited, hot_keys, hot_versions, &hot]).await.map(drop)
    }

    async fn mark(&self, link: &Link) -> Result<(), Failure> {
        if self.marked.is_empty() {
            return Ok(());
        }
        link.run(Name::MarkShared, &[&self.marked]).await
    }
}

/// The parameters of `write` and `number`.
struct Written<'a> {
    proposed: i64,
    keys: Vec<&'a [u8]>,
    values: Vec<&'a [u8]>,
    marks: Vec<i16>,
    counters: Vec<&'a [u8]>,
    deltas: Vec<i64>,
    /// Of all that is set, where any key is long.
    tails: Vec<&'a [u8]>,
    /// Keys of entries with this version, and what follows it there.
    entries: Vec<(Bytes, [u8; 4])>,
}

impl<'a> Written<'a> {
    fn new(plan: &'a Plan, tails: &'a Tails, proposed: i64) -> Self {
        let of_set = |(key, ..): &(Bytes, Bytes, i16)| tails.get(key).map_or(&[][..], AsRef::as_ref);
        let entry = |(log, _, ordinal): &(Bytes, Bytes, u32)| {
            (entry_key(log, from_sql(proposed), *ordinal), ordinal.to_be_bytes())
        };
        Self {
            proposed,
            keys: plan.sets.iter().map(|(key, ..)| key.as_ref()).collect(),
            values: plan.sets.iter().map(|(_, value, _)| value.as_ref()).collect(),
            marks: plan.sets.iter().map(|(.., mark)| *mark).collect(),
            tails: if tails.is_empty() { Vec::new() } else { plan.sets.iter().map(of_set).collect() },
            counters: plan.adds.iter().map(|(key, _)| key.as_ref()).collect(),
            deltas: plan.adds.iter().map(|(_, delta)| *delta).collect(),
            entries: plan.entries.iter().map(entry).collect(),
        }
    }

    async fn write(&self, link: &Link, place: Place, plan: &Plan) -> Result<(), Failure> {
        let deletes: Vec<&[u8]> = plan.deletes.iter().map(AsRef::as_ref).collect();
        let mut keys = self.keys.clone();
        let mut values = self.values.clone();
        let mut marks = self.marks.clone();
        keys.extend(self.entries.iter().map(|(key, _)| key.as_ref()));
        values.extend(plan.entries.iter().map(|(_, value, _)| value.as_ref()));
        marks.resize(keys.len(), PLAIN);
        let (sets, adds) = (count(&keys), count(&self.counters));
        if deletes.is_empty() && sets == 0 && adds == 0 {
            return Ok(());
        }
        let Self { proposed, counters, deltas, .. } = self;
        let mut tails = self.tails.clone();
        tails.resize(keys.len(), &[]);
        let gone = count(&deletes);
        let parameters: [&(dyn ToSql + Sync); 12] =
            [&deletes, proposed, &keys, &values, &marks, &place.lane, counters, deltas, &sets, &adds, &gone, &tails];
        if self.tails.is_empty() {
            return link.query(Name::Write, &parameters[..11]).await.map(drop);
        }
        link.query(Name::WriteLong, &parameters).await.map(drop)
    }

    async fn delete_placeholders(&self, link: &Link, plan: &Plan) -> Result<(), Failure> {
        if plan.placeholders.is_empty() {
            return Ok(());
        }
        let keys: Vec<&[u8]> = plan.placeholders.iter().map(AsRef::as_ref).collect();
        link.run(Name::Delete, &[&keys]).await
    }

    async fn number(&self, link: &Link, place: Place, plan: &Plan) -> Result<i64, Failure> {
        let Self { proposed, keys, counters, .. } = self;
        let entries: Vec<&[u8]> = self.entries.iter().map(|(key, _)| key.as_ref()).collect();
        let rest: Vec<&[u8]> = self.entries.iter().map(|(_, rest)| rest.as_slice()).collect();
        let logs: Vec<&[u8]> = plan.entries.iter().map(|(log, ..)| log.as_ref()).collect();
        let parameters: [&(dyn ToSql + Sync); 8] =
            [&place.lane, &place.epoch, proposed, keys, counters, &entries, &logs, &rest];
        let rows = match entries[..] {
            [] => link.query(Name::Number, &parameters[..5]).await?,
            _ => link.query(Name::NumberLogs, &parameters).await?,
        };
        // The lane's row is there, or its lock would have failed.
        Ok(rows.first().map_or(Ok(0), |row| row.try_get(0))?)
    }
}

/// A length as the database counts.
pub fn count<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
