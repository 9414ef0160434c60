//! Lanes: the connections of commits, each with a row of the database that is its own.
//!
//! A lane makes one commit at a time, which locks the lane's row first and writes its version there last. From that follow:
//! - **Outcomes are found out.** The row says how far the lane has got. When the answer to a commit is lost, the next session of the lane
//!   raises the lane's epoch, which waits for the commit if it is still under way and keeps it out if it has not begun, and then reads
//!   whether the version is there.
//! - **Fencing.** Every commit names the epoch that it knows. Who takes over a lane raises it, and from then on nothing of the former owner
//!   comes through, however late it arrives.
//! - **Settling**: see settled.rs.
//! - **Exclusive commits** take all rows and so wait for all that is under way; see exclusive.rs.
//!
//! Who owns a lane, and for how long, is only about having one's own: were two servers to use one lane, they would wait for each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::join;
use parking_lot::Mutex;
use storage::{StoreError, Version};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::error::{self, Failure};
use crate::link::{Attempts, Connector, Link};
use crate::schema::{self, FORMAT_VERSION};
use crate::sql::Name;
use crate::version::{Versions, from_sql};

/// More connections than any database takes.
const MANY_MAX: usize = 4000;

/// The lanes of one store.
pub struct Lanes {
    connector: Arc<Connector>,
    versions: Arc<Versions>,
    /// Names the store in the rows of its lanes.
    owner: i64,
    lease: Duration,
    permits: Semaphore,
    many: u32,
    /// The lanes that make no commit. The one used last is used next, so that few are used when there is little to do.
    free: Mutex<Vec<Lane>>,
    /// A newer release changed the tables.
    outdated: AtomicBool,
}

/// A lane while it makes no commit.
#[derive(Default)]
struct Lane {
    /// Its session. When it is missing, what the last one did may be unknown.
    link: Option<Link>,
    place: Option<Place>,
}

/// The row of a lane.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its number.
    pub lane: i32,
    /// The epoch that its commits name.
    pub epoch: i64,
}

/// A lane that is being used. Given back when it is dropped.
pub struct Taken<'a> {
    lanes: &'a Lanes,
    lane: Lane,
    _permit: SemaphorePermit<'a>,
}

/// What became of a commit whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was made, with this version.
    Made(Version),
    /// It was not, and never will be.
    NotMade,
}

impl Lanes {
    /// So many lanes, taken when they are needed.
    pub fn new(connector: Arc<Connector>, versions: Arc<Versions>, owner: i64, many: usize, lease: Duration) -> Self {
        let many = many.clamp(1, MANY_MAX);
        let free = Mutex::new((0..many).map(|_| Lane::default()).collect());
        Self {
            connector,
            versions,
            owner,
            lease,
            permits: Semaphore::new(many),
            many: u32::try_from(many).unwrap_or(1),
            free,
            outdated: AtomicBool::new(false),
        }
    }

    /// A lane, when one is free.
    ///
    /// # Errors
    /// [`StoreError::Closed`].
    pub async fn take(&self) -> Result<Taken<'_>, StoreError> {
        let permit = self.permits.acquire().await.map_err(|_| StoreError::Closed)?;
        let lane = self.free.lock().pop().unwrap_or_default();
        Ok(Taken { lanes: self, lane, _permit: permit })
    }

    /// Whether a newer release changed the tables, so that this store must not write any more.
    pub fn are_outdated(&self) -> bool {
        self.outdated.load(Ordering::Relaxed)
    }

    /// Refuses a format that this release does not know.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn expect_known(&self, format: i64) -> Result<(), StoreError> {
        if format <= FORMAT_VERSION {
            return Ok(());
        }
        self.outdated.store(true, Ordering::Relaxed);
        Err(error::reason("committing", "a newer release has changed the tables"))
    }

    /// Waits for the commits under way, refuses later ones and gives the rows back as far as the database answers at once.
    pub async fn close(&self) {
        let all = self.permits.acquire_many(self.many);
        // Who is still under way then finds out that the store is closed, or that the lane is no more.
        let _ = self.connector.clock().timeout(self.connector.patience, all).await;
        self.permits.close();
        let links: Vec<Link> = self.free.lock().iter_mut().filter_map(|lane| lane.link.take()).collect();
        if let Some(link) = links.iter().find(|link| !link.is_closed()) {
            self.connector.count();
            let owner: [&(dyn ToSql + Sync); 1] = [&self.owner];
            let release = link.run(Name::Release, &owner);
            // Who does not hear of it waits for the lease.
            let _ = self.connector.clock().timeout(Duration::from_secs(1), release).await;
        }
    }
}

impl Taken<'_> {
    /// The session and the row, ready for a commit. Who ends without an error that leaves the session in doubt puts the session back.
    pub async fn ready(&mut self, attempts: &mut Attempts<'_>) -> Result<(Link, Place), StoreError> {
        loop {
            if let (Some(link), Some(place)) = (self.lane.link.take_if(|link| !link.is_closed()), self.lane.place) {
                return Ok((link, place));
            }
            match self.connect().await {
                Ok(()) => (),
                Err(Trouble::Passing(failure)) => attempts.again(failure).await?,
                Err(Trouble::Final(failure)) => return Err(failure),
            }
        }
    }

    /// The session goes on.
    pub fn put_back(&mut self, link: Link) {
        self.lane.link = Some(link);
    }

    /// The row belongs to somebody else now.
    pub fn forget_place(&mut self) {
        self.lane.place = None;
    }

    /// Finds out what became of a commit that proposed this version and whose session is lost.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the database does not answer for too long, or somebody else has taken the lane since: then it stays
    /// unknown.
    pub async fn fate_of(&mut self, proposed: i64, attempts: &mut Attempts<'_>) -> Result<Fate, StoreError> {
        let Some(place) = self.lane.place else {
            return Ok(Fate::NotMade);
        };
        loop {
            let newest = match self.lanes.connector.link().await {
                Ok(link) => self.fence(&link, place).await.map(|newest| (link, newest)),
                Err(failure) => Err(failure),
            };
            match newest {
                Ok((link, Some(newest))) => {
                    self.lane.link = Some(link);
                    return Ok(if proposed <= newest { Fate::Made(from_sql(newest)) } else { Fate::NotMade });
                }
                Ok((_, None)) => {
                    self.lane.place = None;
                    return Err(error::reason("committing", "the answer was lost and the lane was taken over since"));
                }
                Err(failure) => attempts.again(failure).await?,
            }
        }
    }

    /// Makes the session and sees to it that the row is this lane's.
    async fn connect(&mut self) -> Result<(), Trouble> {
        let link = match self.lane.link.take() {
            Some(link) if !link.is_closed() => link,
            _ => self.lanes.connector.link().await?,
        };
        if let Some(place) = self.lane.place
            && self.fence(&link, place).await?.is_none()
        {
            self.lane.place = None;
        }
        if self.lane.place.is_none() {
            self.claim(&link).await?;
        }
        self.lane.link = Some(link);
        Ok(())
    }

    /// Raises the epoch; the lane's newest version, or `None` when it is somebody else's by now.
    async fn fence(&mut self, link: &Link, place: Place) -> Result<Option<i64>, Failure> {
        self.lanes.connector.count();
        let rows = link.query(Name::Fence, &[&place.lane, &self.lanes.owner, &place.epoch]).await?;
        Ok(rows.first().map(|row| self.adopt(row)))
    }

    async fn claim(&mut self, link: &Link) -> Result<(), Trouble> {
        let (connector, owner) = (&self.lanes.connector, &self.lanes.owner);
        connector.count();
        let format = schema::format(&link.client, &connector.schema).await?;
        self.lanes.expect_known(format.unwrap_or(FORMAT_VERSION)).map_err(Trouble::Final)?;
        connector.count();
        let lease_seconds = self.lanes.lease.as_secs_f64();
        let mut rows = link.query(Name::ClaimFree, &[owner, &lease_seconds]).await?;
        if rows.is_empty() {
            connector.count();
            // Under the lock of exclusive commits, which could not take a lane that they do not see.
            let (begin, lock, claimed, end) = join!(
                link.begin(),
                link.query(Name::TakeAll, &[]),
                async { link.query(Name::ClaimNew, &[owner]).await },
                link.commit(),
            );
            begin.and(lock)?;
            rows = claimed?;
            end?;
        }
        let Some(row) = rows.first() else {
            return Err(Trouble::Final(error::reason("committing", "all lanes of the database are taken")));
        };
        self.adopt(row);
        Ok(())
    }

    /// Takes a row that says lane, epoch and newest version.
    fn adopt(&mut self, row: &Row) -> i64 {
        let (lane, epoch, newest): (i32, i64, i64) = (row.get(0), row.get(1), row.get(2));
        // What this lane proposes next must be above what it made before: that is how fates are told.
        self.lanes.versions.learn(from_sql(newest));
        self.lane.place = Some(Place { lane, epoch });
        newest
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        // A session of a closed store ends here.
        if !self.lanes.permits.is_closed() {
            self.lanes.free.lock().push(std::mem::take(&mut self.lane));
        }
    }
}

/// Why a lane is not ready.
enum Trouble {
    Passing(Failure),
    Final(StoreError),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Passing(failure)
    }
}
