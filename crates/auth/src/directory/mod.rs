//! Accounts, users, groups, roles, access keys and policies, kept in the store.
//!
//! ```text
//! IAM operation -> change! -> read records, each with a check -> new records -> commit -> generation + 1 -> caches start anew
//! ```
//!
//! What must hold: a commit checks everything that its decision rested on, absence included, so that operations on several servers come out
//! as if one had followed the other. Nobody is told of a change before it survives power loss ([`Directory::settle`]).

mod access_keys;
mod change;
mod listing;
mod named;
pub(crate) mod record;

pub(crate) use change::{Attempts, Change, change, decided};
pub(crate) use listing::{Listed, keys_of};
pub use named::Ids;

use crate::failure::Result;
use crate::seal::Seal;
use crate::secret::Secret;
use bytes::Bytes;
use layout::principals;
use record::Record;
use runtime::{Clock, Random};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::{Store, counter};

/// The directory of all accounts of a store.
pub struct Directory {
    /// Where it is kept.
    store: Arc<dyn Store>,
    /// What keeps its secrets.
    seal: Arc<dyn Seal>,
    clock: Clock,
    random: Random,
    /// How often anything may have changed, as far as this process knows: what was cached before the newest change is not used after it.
    epoch: AtomicU64,
}

/// The credentials of an account's root user, when they were made: the only time that the secret is told.
#[derive(Debug)]
pub struct RootCredentials {
    /// The account.
    pub account: String,
    /// The access key's id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Secret,
}

impl Directory {
    /// The directory in this store.
    pub fn new(store: Arc<dyn Store>, seal: Arc<dyn Seal>, clock: Clock, random: Random) -> Self {
        Self { store, seal, clock, random, epoch: AtomicU64::new(1) }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) fn seal(&self) -> &dyn Seal {
        &*self.seal
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn random(&self) -> &Random {
        &self.random
    }

    /// Grows with every change that this process knows of.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Notes that something may have changed.
    pub(crate) fn outdate(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// How often anything was changed, by all servers of the store.
    pub(crate) async fn generation(&self) -> std::result::Result<i64, storage::StoreError> {
        let stored = self.store.get_one(&principals::generation()).await?;
        stored.map_or(Ok(0), |stored| counter::decode(&stored.value))
    }

    /// What is stored under a key.
    pub(crate) async fn read<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>> {
        let stored = self.store.get_one(key).await?;
        Ok(stored.map(|stored| record::decode(&stored.value)).transpose()?)
    }

    /// What is stored under several keys, at one point of the order of commits.
    pub(crate) async fn read_all<T: DeserializeOwned>(&self, keys: &[Bytes]) -> Result<Vec<Option<T>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let stored = self.store.get(keys).await?;
        let decoded =
            stored.into_iter().map(|stored| Ok(stored.map(|stored| record::decode(&stored.value)).transpose()?));
        decoded.collect()
    }

    /// What an account has by this name.
    pub(crate) async fn find<T: Record>(&self, account: &str, name: &str) -> Result<Option<T>> {
        self.read(&principals::named(T::KIND, account, name)).await
    }

    /// What an account must have by this name.
    pub(crate) async fn get<T: Record>(&self, account: &str, name: &str) -> Result<T> {
        self.find(account, name).await?.ok_or_else(|| crate::failure::no_such(T::WORD, name))
    }

    /// The store's epoch, to be asked before what [`Self::settle`] waits for is read.
    pub(crate) fn store_epoch(&self) -> u64 {
        self.store.epoch()
    }

    /// Waits until everything survives power loss that was read or changed since the store's epoch was asked for.
    pub(crate) async fn settle(&self, store_epoch: u64) -> Result<()> {
        Ok(self.store.durable(self.store.latest_since(store_epoch)).await?)
    }
}
