//! One request's view of the store.
//!
//! Every read and commit of a request goes through its [`Context`], which notes the newest version that the request saw or made. The
//! answer leaves the server only when that version is durable ([`Context::settle`]): nobody is ever told of a write, not even by a read
//! or by a failed condition, that a power loss could still take away.

use crate::Engine;
use crate::catalog::OpenTable;
use crate::error::from_store;
use crate::opened::{Opened, Outdated};
use crate::tables::change;
use api::{Error, messages};
use bytes::Bytes;
use runtime::TurnTaken;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::{Batch, Page, Scan, StoreError, Version, Versioned};

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The account whose tables are meant, twelve digits.
    pub account: String,
}

/// One request: who asks, and what was seen on the way.
pub struct Context<'e> {
    /// The server's parts.
    pub engine: &'e Engine,
    /// Who asks.
    pub caller: &'e Caller,
    /// The newest version that the request saw or made.
    seen: AtomicU64,
    /// The epoch of the store in which the request began; see [`storage::Store::latest_since`].
    epoch: u64,
    /// The tables that it took as the catalog had them, where other servers may have changed them.
    opened: Option<Opened>,
}

impl<'e> Context<'e> {
    /// The view of a request that has seen nothing yet.
    pub fn new(engine: &'e Engine, caller: &'e Caller) -> Self {
        let opened = engine.store.is_shared().then(Opened::default);
        Self { engine, caller, seen: AtomicU64::new(0), epoch: engine.store.epoch(), opened }
    }

    /// The table of a name or ARN, whatever its status, if there is one. An ARN may be of another account.
    pub async fn find_table(&self, reference: &str) -> Result<Option<Arc<OpenTable>>, Error> {
        let found = self.engine.find_table(&self.caller.account, reference).await?;
        // What is told of a table, or of its absence, must be as durable as what is told of an item.
        self.saw(found.as_ref().map_or_else(|| self.latest(), |table| table.version));
        if let (Some(opened), Some(table)) = (&self.opened, &found) {
            opened.open(table);
        }
        Ok(found)
    }

    /// The same, for an operation on its items.
    ///
    /// # Errors
    /// ResourceNotFoundException where there is no such table, or it is not there yet or any more.
    pub async fn table(&self, reference: &str) -> Result<Arc<OpenTable>, Error> {
        let serves = |table: &Arc<OpenTable>| self.engine.serves_items(&table.descriptor);
        let mut found = self.find_table(reference).await?;
        if let Some(known) = found.as_ref().filter(|table| !serves(table)) {
            // What was deleted when it was last read may be gone by now, and another server may have made a table of that name since.
            self.engine.read_table(&known.descriptor.account, &known.descriptor.name).await?;
            found = self.find_table(reference).await?;
        }
        found.filter(serves).ok_or_else(messages::requested_resource_not_found)
    }

    /// The same, of the caller's own account: statements are not run for others (developer guide, "DynamoDB API operations supported by
    /// resource-based policies").
    pub async fn own_table(&self, reference: &str) -> Result<Arc<OpenTable>, Error> {
        match change::own_name(self, reference) {
            Some(_) => self.table(reference).await,
            None => Err(messages::requested_resource_not_found()),
        }
    }

    /// The tables that a read is to verify, where other servers may have changed them. After a commit none: it has checked them, and what
    /// is told of it must not fail for what became of them later.
    fn to_verify(&self) -> Option<&Opened> {
        self.opened.as_ref().filter(|opened| !opened.has_committed())
    }

    /// A version that covers what this request has read.
    fn latest(&self) -> Version {
        self.engine.store.latest_since(self.epoch)
    }

    fn saw(&self, version: Version) {
        self.seen.fetch_max(version, Ordering::Relaxed);
    }

    fn saw_read(&self, read: Option<&Versioned>) {
        // An absent key has no version, but the delete that made it absent may be as fresh as the newest commit.
        self.saw(read.map_or_else(|| self.latest(), |found| found.version));
    }

    /// A version as of which everything holds that is read from now on; see [`storage::Check::as_of`].
    pub fn visible(&self) -> Version {
        self.engine.store.visible()
    }

    /// Reads one key.
    pub async fn get(&self, key: &Bytes) -> Result<Option<Versioned>, Error> {
        if self.opened.is_some() {
            return Ok(self.get_many(std::slice::from_ref(key)).await?.pop().flatten());
        }
        let read = self.engine.store.get_one(key).await.map_err(from_store)?;
        self.saw_read(read.as_ref());
        Ok(read)
    }

    /// Reads several keys at one point of the order of commits.
    pub async fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Versioned>>, Error> {
        let Some(opened) = self.to_verify() else { return self.get_unverified(keys).await };
        let mut keys = keys.to_vec();
        let wanted = keys.len();
        keys.extend(opened.keys());
        let mut reads = self.get_unverified(&keys).await?;
        let descriptors = reads.split_off(wanted);
        self.verify(opened, &descriptors).await?;
        Ok(reads)
    }

    /// The same, for a write: its commit checks what the tables are.
    pub async fn get_unverified(&self, keys: &[Bytes]) -> Result<Vec<Option<Versioned>>, Error> {
        let store = &self.engine.store;
        let reads = match keys {
            [key] => store.get_one(key).await.map(|read| vec![read]),
            keys => store.get(keys).await,
        };
        let reads = reads.map_err(|error| self.failed(error))?;
        reads.iter().for_each(|read| self.saw_read(read.as_ref()));
        Ok(reads)
    }

    /// The client's error for a read that failed.
    fn failed(&self, error: StoreError) -> Error {
        if let Some(opened) = &self.opened {
            opened.fail();
        }
        from_store(error)
    }

    /// Waits for this writer's turn at the items of these keys, where the store is shared.
    pub async fn turns_at(&self, keys: &[Bytes]) -> Result<Vec<TurnTaken<'e>>, Error> {
        let Engine { store, turns, clock, .. } = self.engine;
        if !store.is_shared() {
            return Ok(Vec::new());
        }
        let taken = turns.take(keys, clock, || store.accepts_commits()).await;
        if let (None, Some(opened)) = (&taken, &self.opened) {
            opened.fail();
        }
        taken.ok_or_else(messages::internal_server_error)
    }

    /// Reads one page of a range.
    pub async fn scan(&self, scan: Scan) -> Result<Page, Error> {
        let page = match self.to_verify() {
            None => self.engine.store.scan(scan).await.map_err(|error| self.failed(error))?,
            Some(opened) => {
                let keys = opened.keys();
                // Both at once: a store across a network is asked in one round trip.
                let (page, descriptors) =
                    runtime::join(self.engine.store.scan(scan), self.engine.store.get(&keys)).await;
                self.verify(opened, &descriptors.map_err(|error| self.failed(error))?).await?;
                page.map_err(|error| self.failed(error))?
            }
        };
        // What a range no longer holds was deleted by a commit as fresh as the newest.
        self.saw(self.latest());
        Ok(page)
    }

    /// How far logs are complete; see [`storage::Store::settled`]. To be asked before a log is read.
    pub async fn settled(&self) -> Result<Version, Error> {
        self.engine.store.settled().await.map_err(from_store)
    }

    /// Commits a batch. A conflict is the caller's to retry.
    pub async fn commit(&self, batch: Batch) -> Result<Version, StoreError> {
        if let Some(opened) = &self.opened {
            // Also where it fails: what became of it may be unknown.
            opened.commit();
        }
        let version = self.engine.store.commit(batch).await?;
        self.saw(version);
        Ok(version)
    }

    /// Whether the request is to be answered anew, because it took a table for what it is no longer. To be asked when it was answered.
    pub async fn must_repeat(&self) -> bool {
        let Some(opened) = &self.opened else { return false };
        if let Some(known) = opened.must_repeat() {
            return known;
        }
        // Nothing was read that could have told. The read notes what it finds; if it fails, the answer stands.
        let _ = self.get_many(&[]).await;
        opened.must_repeat() == Some(true)
    }

    /// Compares descriptors with the tables that were opened. The answer to one that is another by now is never seen: the request is
    /// repeated.
    async fn verify(&self, opened: &Opened, descriptors: &[Option<Versioned>]) -> Result<(), Error> {
        let Err(Outdated(table)) = opened.compare(descriptors) else { return Ok(()) };
        self.engine.read_table(&table.descriptor.account, &table.descriptor.name).await?;
        Err(messages::internal_server_error())
    }

    /// Waits until everything that the request saw or made is durable.
    pub async fn settle(&self) -> Result<(), Error> {
        self.engine.store.durable(self.seen.load(Ordering::Relaxed)).await.map_err(from_store)
    }
}
