//! How far all servers have got: a version up to which no commit becomes visible any more.
//!
//! Nobody publishes anything for this, and no clock, lease or promise of a server is part of it: the rows of the lanes say it. Every commit
//! C of lane L does these, in this order:
//!
//! ```text
//! locks L's row  ->  number: takes a version above all that it sees in the rows of lanes  ->  visible, L's row shows its version  ->  unlocks
//! ```
//!
//! Let M be the newest version that a statement sees in the rows of all lanes, at a time t. A commit whose `number` begins after t sees all
//! that was seen at t, so its version is above M. A commit with a version up to M that is not visible at t has therefore begun its `number`
//! before t and not ended, so it has the lock of its lane's row at t. It is over when, after t, that row is seen unlocked, or is seen with
//! another version than at t: a lane makes one commit at a time, and each changes its row's version. When that has been seen of every
//! lane, nothing up to M can become visible any more: M is settled, for ever.
//!
//! So: remember M and the lanes that were locked when it was read, look again, cross out, until none is left. A server that stands still or
//! is gone holds nothing back: a commit that reached the database as a whole ends by itself, one that did not ends with its session, and a
//! lane without a session is never locked. A lane that is seen locked at the same version again and again, because its commits are refused
//! or are slow, is waited for in the queue of its lock.
//!
//! That a row is found unlocked only after its last holder is visible to later snapshots is how the database ends transactions: it lets go
//! of locks last.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::join;
use storage::{StoreError, Version};
use tokio::sync::Mutex;

use crate::error::Failure;
use crate::link::{Connector, Link};
use crate::sql::Name;
use crate::version::from_sql;

/// How often one call looks: mostly what it saw first is settled by the second or third time.
const LOOKS_MAX: u32 = 4;

/// Between two looks: about a commit's time.
const PAUSE: Duration = Duration::from_millis(1);

/// After so many looks that did not cross out a lane, it is waited for.
const PATIENT_LOOKS: u32 = 8;

/// Finds out how far logs are settled.
pub struct Settling {
    connector: Arc<Connector>,
    /// One looks at a time; who waits finds what the other one learned.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    link: Option<Link>,
    progress: Progress,
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Progress {
    /// Nothing is added up to here.
    settled: i64,
    candidate: Option<Candidate>,
}

/// A version that will be settled when no lane is left.
#[derive(Debug)]
struct Candidate {
    newest: i64,
    /// The lanes that were locked, with the versions that they showed.
    locked: HashMap<i32, i64>,
    looks: u32,
}

/// One lane as it was seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    lane: i32,
    version: i64,
    is_unlocked: bool,
}

impl Settling {
    /// Nothing is known.
    pub fn new(connector: Arc<Connector>) -> Self {
        Self { connector, state: Mutex::default() }
    }

    /// How far logs are settled; as far as what was visible when this was called, unless commits take long.
    pub async fn settled(&self) -> Result<Version, StoreError> {
        let mut attempts = self.connector.attempts("asking how far logs are settled");
        let mut state = self.state.lock().await;
        let mut wanted = None;
        let mut looks = 0;
        loop {
            let seen = match state.look(&self.connector).await {
                Ok(seen) => seen,
                Err(failure) => {
                    state.link = None;
                    attempts.again(failure).await?;
                    continue;
                }
            };
            let newest = seen.iter().map(|seen| seen.version).max().unwrap_or(0);
            state.progress.learn(&seen, newest);
            looks += 1;
            if *wanted.get_or_insert(newest) <= state.progress.settled || LOOKS_MAX <= looks {
                return Ok(from_sql(state.progress.settled));
            }
            self.connector.clock().sleep(PAUSE).await;
        }
    }

    /// Ends the connection.
    pub async fn close(&self) {
        self.state.lock().await.link = None;
    }
}

impl State {
    async fn look(&mut self, connector: &Connector) -> Result<Vec<Seen>, Failure> {
        let link = match &mut self.link {
            Some(link) if !link.is_closed() => link,
            other => other.insert(connector.link().await?),
        };
        if let Some(stubborn) = self.progress.stubborn() {
            connector.count();
            // The transaction ends as soon as it has the lock. That it may give up waiting says nothing, and is no harm.
            let (begin, wait, end) =
                join!(link.begin(), async { link.query(Name::AwaitLane, &[&stubborn]).await }, link.rollback(),);
            begin.and(end)?;
            if wait.is_ok() {
                self.progress.cross_out(stubborn);
            }
        }
        connector.count();
        let (begin, rows, end) = join!(
            link.begin(),
            link.query(Name::Probe, &[]),
            // Nothing was written, so there is nothing to make durable.
            link.rollback(),
        );
        begin.and(end)?;
        let seen = |row: &tokio_postgres::Row| Seen { lane: row.get(0), version: row.get(1), is_unlocked: row.get(2) };
        Ok(rows?.iter().map(seen).collect())
    }
}

impl Progress {
    /// Takes notice of what was seen: first every lane's version in one snapshot, then, later, which lanes were unlocked.
    fn learn(&mut self, seen: &[Seen], newest: i64) {
        if let Some(candidate) = &mut self.candidate {
            candidate.looks += 1;
            for seen in seen {
                if seen.is_unlocked || candidate.locked.get(&seen.lane) != Some(&seen.version) {
                    candidate.locked.remove(&seen.lane);
                }
            }
        }
        self.settle();
        if self.candidate.is_none() {
            let locked = seen.iter().filter(|seen| !seen.is_unlocked).map(|seen| (seen.lane, seen.version)).collect();
            self.candidate = Some(Candidate { newest, locked, looks: 0 });
            self.settle();
        }
    }

    fn settle(&mut self) {
        if let Some(candidate) = self.candidate.take_if(|candidate| candidate.locked.is_empty()) {
            self.settled = self.settled.max(candidate.newest);
        }
    }

    /// A lane that was looked at often and is left.
    fn stubborn(&self) -> Option<i32> {
        let candidate = self.candidate.as_ref().filter(|candidate| PATIENT_LOOKS <= candidate.looks)?;
        candidate.locked.keys().min().copied()
    }

    fn cross_out(&mut self, lane: i32) {
        if let Some(candidate) = &mut self.candidate {
            candidate.locked.remove(&lane);
        }
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lanes: &[(i32, i64, bool)]) -> Vec<Seen> {
        lanes
            .iter()
            .map(|(lane, version, is_unlocked)| Seen { lane: *lane, version: *version, is_unlocked: *is_unlocked })
            .collect()
    }

    #[test]
    fn a_version_is_settled_when_every_lane_was_at_rest_or_moved_since() {
        let mut progress = Progress::default();
        progress.learn(&seen(&[(1, 10, true), (2, 20, true)]), 20);
        assert_eq!(progress.settled, 20);
        // Lane 1 is locked: it may yet show a version below 30.
        progress.learn(&seen(&[(1, 10, false), (2, 30, true)]), 30);
        assert_eq!(progress.settled, 20);
        // Still the same commit, as far as one can see; that lane 2 went on does not matter.
        progress.learn(&seen(&[(1, 10, false), (2, 40, false)]), 40);
        assert_eq!(progress.settled, 20);
        // Another version: the commit of then is over. The lane has a new one, whose version is above 30.
        progress.learn(&seen(&[(1, 25, false), (2, 40, false)]), 40);
        assert_eq!(progress.settled, 30);
        progress.learn(&seen(&[(1, 25, true), (2, 40, false)]), 40);
        assert_eq!(progress.settled, 30);
        progress.learn(&seen(&[(1, 25, false), (2, 40, true)]), 40);
        assert_eq!(progress.settled, 40);
    }

    #[test]
    fn a_lane_that_is_always_busy_is_waited_for() {
        let mut progress = Progress::default();
        for _ in 0..=PATIENT_LOOKS {
            assert_eq!(progress.stubborn(), None);
            progress.learn(&seen(&[(1, 10, false), (2, 20, true)]), 20);
        }
        assert_eq!(progress.stubborn(), Some(1));
        progress.cross_out(1);
        assert_eq!(progress.settled, 20);
    }
}
