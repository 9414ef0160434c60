//! The connections of reads: few, each of them used by many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::error::{Class, Failure, classify};
use crate::link::{Connector, Link};
use crate::sql::Name;

/// For how long one statement may take. A database that does not answer in this time is taken for lost.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// The connections that serve reads.
pub struct Pool {
    /// Makes connections.
    pub connector: Arc<Connector>,
    readers: Vec<Reader>,
}

#[derive(Default)]
struct Reader {
    link: Mutex<Option<Arc<Link>>>,
    /// Held by who connects, so that only one does.
    connecting: tokio::sync::Mutex<()>,
    /// How many statements wait for their answer.
    waiting: AtomicUsize,
}

impl Pool {
    /// So many connections, made when they are needed.
    pub fn new(connector: Arc<Connector>, many: usize) -> Self {
        Self { connector, readers: (0..many.max(1)).map(|_| Reader::default()).collect() }
    }

    /// Sends a statement once.
    pub async fn query(&self, name: Name, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        let Some(reader) = self.readers.iter().min_by_key(|reader| reader.waiting.load(Ordering::Relaxed)) else {
            return Err(Failure::NoAnswer);
        };
        let _waiting = Waiting::new(&reader.waiting);
        let link = reader.link(&self.connector).await?;
        self.connector.count();
        let query = link.query(name, parameters);
        let outcome = self.connector.wait(ANSWER_MAX, query).await.unwrap_or(Err(Failure::NoAnswer));
        if outcome.as_ref().is_err_and(|failure| classify(failure) == Class::Lost) {
            reader.drop_link(&link);
        }
        outcome
    }

    /// Ends all connections.
    pub fn close(&self) {
        for reader in &self.readers {
            reader.link.lock().take();
        }
    }
}

impl Reader {
    async fn link(&self, connector: &Connector) -> Result<Arc<Link>, Failure> {
        if let Some(link) = self.open_link() {
            return Ok(link);
        }
        let _connecting = self.connecting.lock().await;
        if let Some(link) = self.open_link() {
            return Ok(link);
        }
        let link = Arc::new(connector.link().await?);
        *self.link.lock() = Some(link.clone());
        Ok(link)
    }

    fn open_link(&self) -> Option<Arc<Link>> {
        self.link.lock().as_ref().filter(|link| !link.is_closed()).cloned()
    }

    fn drop_link(&self, lost: &Arc<Link>) {
        let mut link = self.link.lock();
        if link.as_ref().is_some_and(|held| Arc::ptr_eq(held, lost)) {
            *link = None;
        }
    }
}

/// Counts a statement while it waits, also when nobody waits any more.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
