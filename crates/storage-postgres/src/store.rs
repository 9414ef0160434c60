//! The store itself: opening, closing, and the trait, each method a call into the file that does the work.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use runtime::Random;
use storage::{Batch, Figure, Page, Reply, Scan, Store, StoreError, Version, Versioned};

use crate::commit::Committer;
use crate::health::Health;
use crate::heat::Heat;
use crate::lanes::Lanes;
use crate::link::Connector;
use crate::read::Readers;
use crate::settled::Settling;
use crate::version::Versions;
use crate::{OpenError, PostgresSettings, error, schema};

/// A store in a database that other servers use too. Dropping it closes its connections.
pub struct PostgresStore {
    connector: Arc<Connector>,
    readers: Arc<Readers>,
    /// Shared with the tasks that commit: a commit goes on when its caller does not wait for it any more.
    committer: Arc<Committer>,
    settling: Settling,
    /// While it is held, somebody asks whether the database answers.
    _health: Arc<Health>,
}

impl PostgresStore {
    /// Opens the store, and makes its tables when they are missing.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(settings: &PostgresSettings) -> Result<Self, OpenError> {
        let connector = Arc::new(Connector::new(settings)?);
        schema::prepare(&connector).await?;
        let versions = Arc::new(Versions::new(settings.clock.clone()));
        let readers = Arc::new(Readers::new(connector.clone(), settings.readers));
        // Names this store until it closes; 0 is nobody.
        let owner = i64::try_from(Random::system().u64() >> 1).unwrap_or(i64::MAX).max(1);
        let lanes = Lanes::new(connector.clone(), versions.clone(), owner, settings.writers, settings.lane_lease);
        let committer = Arc::new(Committer {
            connector: connector.clone(),
            lanes,
            readers: readers.clone(),
            versions,
            heat: Heat::new(),
            closed: false.into(),
        });
        let _health = Health::watch(connector.clone());
        Ok(Self { settling: Settling::new(connector.clone()), connector, readers, committer, _health })
    }

    /// How often the store has sent something to the database and waited for the answer, connecting excepted.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.connector.round_trips.load(Ordering::Relaxed)
    }

    fn is_closed(&self) -> bool {
        self.committer.closed.load(Ordering::Acquire)
    }

    /// Runs one call, unless the store is closed.
    fn call<'a, T: Send + 'a>(&'a self, run: impl Future<Output = Result<T, StoreError>> + Send + 'a) -> Reply<'a, T> {
        if self.is_closed() {
            return Reply::ready(Err(StoreError::Closed));
        }
        Reply::pending(self.in_time(run))
    }

    /// The outcome of a call, or that there is none while the database is away: whatever the call waits for, connections, lanes or answers,
    /// and however many wait before it, its caller hears of it in time.
    async fn in_time<T>(&self, run: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let away = Err(error::reason("asking the database", "it does not answer"));
        self.connector.wait(Duration::MAX, run).await.unwrap_or(away)
    }
}

impl Store for PostgresStore {
    fn get<'a>(&'a self, keys: &'a [Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.call(self.readers.get(keys))
    }

    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        self.call(self.readers.get_one(key))
    }

    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.call(async move { self.readers.scan(&scan).await })
    }

    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        if self.is_closed() {
            return Reply::ready(Err(StoreError::Closed));
        }
        if let Err(refusal) = batch.validate() {
            return Reply::ready(Err(refusal));
        }
        let committer = self.committer.clone();
        Reply::pending(self.in_time(async move {
            let task = runtime::spawn(async move { committer.commit(batch).await });
            task.await.map_err(|source| StoreError::io("committing", source))?
        }))
    }

    /// A commit that returns is durable already: the database says so.
    fn durable(&self, _version: Version) -> Reply<'_, ()> {
        Reply::ready(if self.is_closed() { Err(StoreError::Closed) } else { Ok(()) })
    }

    fn latest(&self) -> Version {
        0
    }

    fn settled(&self) -> Reply<'_, Version> {
        self.call(self.settling.settled())
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn accepts_commits(&self) -> bool {
        !self.is_closed() && !self.committer.lanes.are_outdated() && self.connector.answers()
    }

    fn figures(&self) -> Vec<Figure> {
        self.connector.figures()
    }

    fn checkpoint<'a>(&'a self, _dir: &'a Path) -> Reply<'a, ()> {
        Reply::ready(Err(if self.is_closed() {
            StoreError::Closed
        } else {
            StoreError::Unsupported { operation: "checkpoint: the database has backups of its own" }
        }))
    }

    fn close(&self) -> Reply<'_, ()> {
        if self.committer.closed.swap(true, Ordering::AcqRel) {
            return Reply::ready(Ok(()));
        }
        Reply::pending(async move {
            self.committer.lanes.close().await;
            self.readers.close();
            self.settling.close().await;
            Ok(())
        })
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        formatter
            .debug_struct("PostgresStore")
            .field("schema", &self.connector.schema)
            .field("round_trips", &self.round_trips())
            .finish_non_exhaustive()
    }
}
