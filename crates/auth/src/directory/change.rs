//! The one loop by which the directory changes: read, decide, commit; and again if somebody was faster.

use super::Directory;
use super::record::{self, Record};
use crate::failure::{self, Result};
use bytes::Bytes;
use layout::principals;
use runtime::Moment;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::time::Duration;
use storage::{Batch, StoreError, Version};

/// How long a change is tried anew after conflicts before the client is told of them.
const PATIENCE: Duration = Duration::from_secs(10);

/// One attempt of a change: what it read, and what it writes.
pub(crate) struct Change<'d> {
    /// The directory that is changed.
    pub directory: &'d Directory,
    batch: Batch,
    as_of: Version,
    /// What this change itself has written: it reads that, not what is stored.
    written: HashMap<Bytes, Option<Bytes>>,
}

/// Makes a change: `change!(directory, async |change| { ... })`. What decides is asked again when the records that it read were changed
/// meanwhile.
///
/// A macro and no function: the compiler cannot yet tell that what a closure like this borrows may go from thread to thread.
macro_rules! change {
    ($directory:expr, async |$change:ident| $decide:block) => {{
        let mut attempts = $crate::directory::Attempts::new($directory);
        loop {
            let mut attempt = attempts.begin();
            let $change = &mut attempt;
            match $crate::directory::decided(async { $decide }).await {
                Err(refused) => break Err(refused),
                Ok(answer) => match attempts.commit(attempt).await {
                    Ok(true) => break Ok(answer),
                    Ok(false) => (),
                    Err(failed) => break Err(failed),
                },
            }
        }
    }};
}
pub(crate) use change;

/// Says what a decision answers with.
pub(crate) fn decided<T>(decision: impl Future<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    decision
}

/// The attempts of one change.
pub(crate) struct Attempts<'d> {
    directory: &'d Directory,
    began: Moment,
}

impl<'d> Attempts<'d> {
    /// None was made yet.
    pub(crate) fn new(directory: &'d Directory) -> Self {
        Self { directory, began: directory.clock.moment() }
    }

    /// An attempt that has read and written nothing yet.
    pub(crate) fn begin(&self) -> Change<'d> {
        let as_of = self.directory.store.visible();
        Change { directory: self.directory, batch: Batch::new(), as_of, written: HashMap::new() }
    }

    /// Commits what was written, if anything was. Whether it is committed; if not, somebody was faster, and another attempt is due.
    pub(crate) async fn commit(&mut self, mut change: Change<'d>) -> Result<bool> {
        if change.batch.mutations.is_empty() {
            return Ok(true);
        }
        change.batch.add(principals::generation(), 1);
        let committed = self.directory.store.commit(change.batch).await;
        // Also after a failure: what became of the commit may be unknown.
        self.directory.outdate();
        match committed {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict { .. }) if self.directory.clock.moment().since(self.began) < PATIENCE => {
                // Whoever was faster may need this thread to get on.
                runtime::give_way().await;
                Ok(false)
            }
            Err(StoreError::Conflict { .. }) => Err(failure::concurrent_modification()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Change<'_> {
    /// Reads a record. The commit checks that it is still the same, or still absent.
    pub(crate) async fn read<T: DeserializeOwned>(&mut self, key: &Bytes) -> Result<Option<T>> {
        if let Some(written) = self.written.get(key) {
            return Ok(written.as_deref().map(record::decode).transpose()?);
        }
        let stored = self.directory.store.get_one(key).await?;
        self.batch.check_since(key.clone(), stored.as_ref().map(|stored| stored.version), self.as_of);
        Ok(stored.map(|stored| record::decode(&stored.value)).transpose()?)
    }

    /// Writes a record, which this change must have read.
    pub(crate) fn write<T: Serialize>(&mut self, key: Bytes, record: &T) -> Result<()> {
        let value = Bytes::from(record::encode(record)?);
        self.batch.set(key.clone(), value.clone());
        self.written.insert(key, Some(value));
        Ok(())
    }

    /// Removes a record.
    pub(crate) fn remove(&mut self, key: Bytes) {
        self.batch.delete(key.clone());
        self.written.insert(key, None);
    }

    /// What an account has by this name.
    pub(crate) async fn find<T: Record>(&mut self, account: &str, name: &str) -> Result<Option<T>> {
        self.read(&principals::named(T::KIND, account, name)).await
    }

    /// What an account must have by this name.
    pub(crate) async fn get<T: Record>(&mut self, account: &str, name: &str) -> Result<T> {
        self.find(account, name).await?.ok_or_else(|| failure::no_such(T::WORD, name))
    }

    /// Makes sure that the account has nothing of this name yet.
    pub(crate) async fn must_be_free<T: Record>(&mut self, account: &str, name: &str) -> Result<()> {
        match self.find::<T>(account, name).await? {
            None => Ok(()),
            Some(_) => Err(failure::already_exists(&capitalized(T::WORD), name)),
        }
    }

    /// Writes what an account has.
    pub(crate) fn put<T: Record>(&mut self, account: &str, record: &T) -> Result<()> {
        self.write(principals::named(T::KIND, account, record.name()), record)
    }

    /// Removes what an account has.
    pub(crate) fn delete<T: Record>(&mut self, account: &str, record: &T) {
        self.remove(principals::named(T::KIND, account, record.name()));
    }
}

/// "User" of "user", as messages begin.
pub(crate) fn capitalized(word: &str) -> String {
    let mut word = word.to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    word
}
