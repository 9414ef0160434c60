//! Reads: one statement each, which sees one snapshot, over few connections that many reads share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use storage::batch::{FIRST_KEY, is_reserved};
use storage::{Direction, Page, PageBuilder, Pushed, Scan, StoreError, Versioned, counter};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use crate::error::{Class, classify};
use crate::gather::{Entry, Gather, Other, Waited};
use crate::link::{Connector, Link};
use crate::sql::{COUNTER, Name};
use crate::version::from_sql;

/// How many rows a scan looks at before it knows how large they are. Most pages end within.
const FIRST_ROWS: usize = 1024;

/// By how much it looks further when the page is not full by then; what was read is read again, in the snapshot of the new statement.
const FURTHER: usize = 16;

/// For how long one statement may take. A database that does not answer in this time is taken for lost.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How many statements of point reads are sent on a connection before their answers come: while the database answers one, the next is on
/// its way.
const STATEMENTS_PER_CONNECTION: usize = 2;

/// The connections that serve reads.
pub struct Readers {
    connector: Arc<Connector>,
    readers: Vec<Reader>,
    /// Point reads, which go together when there are many.
    gather: Arc<Gather>,
}

#[derive(Default)]
struct Reader {
    link: Mutex<Option<Arc<Link>>>,
    /// Held by who connects, so that only one does.
    connecting: tokio::sync::Mutex<()>,
    /// How many statements wait for their answer.
    waiting: AtomicUsize,
}

/// What a key's row says beside its value.
#[derive(Clone, Copy, Debug)]
pub struct Looked {
    /// The version, additions included.
    pub version: i64,
    /// See sql.rs.
    pub mark: i16,
}

impl Readers {
    /// So many connections, made when they are needed.
    pub fn new(connector: Arc<Connector>, many: usize) -> Self {
        let many = many.max(1);
        let readers = (0..many).map(|_| Reader::default()).collect();
        Self { connector, readers, gather: Gather::new(many * STATEMENTS_PER_CONNECTION) }
    }

    /// Several keys at one point.
    pub async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Versioned>>, StoreError> {
        loop {
            match self.gather.enter(keys) {
                Entry::Go(_turn) => return Ok(values(keys, &self.read(keys.iter()).await?)),
                Entry::Wait(wait) => match wait.end(keys.len()).await {
                    Waited::Told(answer) => return answer,
                    Waited::Lead(_turn, others) => return self.read_for(keys, others).await,
                    Waited::Again => (),
                },
            }
        }
    }

    /// Reads for others too, and tells them.
    async fn read_for(&self, keys: &[Bytes], others: Vec<Other>) -> Result<Vec<Option<Versioned>>, StoreError> {
        let found = self.read(keys.iter().chain(others.iter().flat_map(Other::keys))).await;
        for other in others {
            let answer = found.as_ref().map(|found| values(other.keys(), found)).map_err(StoreError::clone);
            other.tell(answer);
        }
        Ok(values(keys, &found?))
    }

    /// What is stored of some keys.
    async fn read(&self, keys: impl Iterator<Item = &Bytes>) -> Result<HashMap<Bytes, Versioned>, StoreError> {
        let mut wanted: Vec<&[u8]> = keys.map(AsRef::as_ref).filter(|key| !is_reserved(key)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let rows = match wanted[..] {
            [] => Vec::new(),
            [one] => self.query("reading a key", Name::GetOne, &[&one]).await?,
            _ => self.query("reading keys", Name::Get, &[&wanted]).await?,
        };
        rows.iter().map(|row| Ok((Bytes::copy_from_slice(row.get(0)), versioned(row)?))).collect()
    }

    /// One key.
    pub async fn get_one(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        Ok(self.get(&[Bytes::copy_from_slice(key)]).await?.pop().flatten())
    }

    /// One page.
    pub async fn scan(&self, scan: &Scan) -> Result<Page, StoreError> {
        let from = scan.from.as_ref().max(FIRST_KEY);
        if scan.to.as_ref() <= from {
            return Ok(PageBuilder::new(scan).finish());
        }
        let name = match scan.direction {
            Direction::Forward => Name::ScanForward,
            Direction::Backward => Name::ScanBackward,
        };
        let max_bytes = i64::try_from(scan.max_bytes).unwrap_or(i64::MAX);
        let mut rows_max = FIRST_ROWS;
        loop {
            // One more than the page holds tells whether there are more.
            rows_max = rows_max.min(scan.max_entries.saturating_add(1));
            let limit = i64::try_from(rows_max).unwrap_or(i64::MAX);
            let rows = self.query("reading a range", name, &[&from, &scan.to.as_ref(), &limit, &max_bytes]).await?;
            let mut page = PageBuilder::new(scan);
            for row in &rows {
                if push(&mut page, row)? == Pushed::Full {
                    return Ok(page.finish_with_more());
                }
            }
            if rows.len() < rows_max {
                return Ok(page.finish());
            }
            rows_max = rows_max.saturating_mul(FURTHER);
        }
    }

    /// Versions and marks of keys, at one point.
    pub async fn look(&self, keys: &[&[u8]]) -> Result<HashMap<Bytes, Looked>, StoreError> {
        let rows = self.query("reading versions", Name::Look, &[&keys]).await?;
        Ok(rows.iter().map(looked).collect())
    }

    /// The version of the newest commit, 0 before the first.
    pub async fn newest(&self) -> Result<i64, StoreError> {
        let rows = self.query("reading the newest version", Name::Newest, &[]).await?;
        Ok(rows.first().and_then(|row| row.get::<_, Option<i64>>(0)).unwrap_or(0))
    }

    /// Whether a range has so many keys or more.
    pub async fn has_many(&self, from: &[u8], to: &[u8], many: i64) -> Result<bool, StoreError> {
        let rows = self.query("counting keys", Name::Count, &[&from, &to, &many]).await?;
        Ok(rows.first().is_some_and(|row| many <= row.get(0)))
    }

    async fn query(
        &self,
        doing: &'static str,
        name: Name,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let mut attempts = self.connector.attempts(doing);
        loop {
            match self.try_query(name, parameters).await {
                Ok(Some(rows)) => return Ok(rows),
                Ok(None) => attempts.again_because("the database does not answer").await?,
                Err(failure) => attempts.again(failure).await?,
            }
        }
    }

    /// `None` when there was no answer.
    async fn try_query(&self, name: Name, parameters: &[&(dyn ToSql + Sync)]) -> Result<Option<Vec<Row>>, Error> {
        let Some(reader) = self.readers.iter().min_by_key(|reader| reader.waiting.load(Ordering::Relaxed)) else {
            return Ok(None);
        };
        let _waiting = Waiting::new(&reader.waiting);
        let link = reader.link(&self.connector).await?;
        self.connector.count();
        let query = link.query(name, parameters);
        match self.connector.clock().timeout(ANSWER_MAX, query).await {
            Ok(Ok(rows)) => Ok(Some(rows)),
            Ok(Err(failure)) => {
                if classify(&failure) == Class::Lost {
                    reader.drop_link(&link);
                }
                Err(failure)
            }
            Err(_) => {
                reader.drop_link(&link);
                Ok(None)
            }
        }
    }

    /// Ends all connections.
    pub fn close(&self) {
        for reader in &self.readers {
            reader.link.lock().take();
        }
    }
}

impl Reader {
    async fn link(&self, connector: &Connector) -> Result<Arc<Link>, Error> {
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

/// The values of keys among what was found.
fn values(keys: &[Bytes], found: &HashMap<Bytes, Versioned>) -> Vec<Option<Versioned>> {
    keys.iter().map(|key| found.get(key).cloned()).collect()
}

/// Key, version and mark of a row of `Look`.
pub fn looked(row: &Row) -> (Bytes, Looked) {
    let (key, version, mark, added): (&[u8], i64, i16, Option<i64>) = (row.get(0), row.get(1), row.get(2), row.get(3));
    (Bytes::copy_from_slice(key), Looked { version: version.max(added.unwrap_or(0)), mark })
}

/// A row of `Get`.
pub fn versioned(row: &Row) -> Result<Versioned, StoreError> {
    let (version, added) = version_of(row);
    let value: &[u8] = row.get(1);
    let value = match added {
        Some(delta) => Bytes::copy_from_slice(&sum(value, delta)?),
        None => Bytes::copy_from_slice(value),
    };
    Ok(Versioned { version: from_sql(version), value })
}

fn push(page: &mut PageBuilder, row: &Row) -> Result<Pushed, StoreError> {
    let (version, added) = version_of(row);
    let (key, value): (&[u8], &[u8]) = (row.get(0), row.get(1));
    Ok(match added {
        Some(delta) => page.push(key, from_sql(version), &sum(value, delta)?),
        None => page.push(key, from_sql(version), value),
    })
}

/// The version, and for a counter what lanes added.
fn version_of(row: &Row) -> (i64, Option<i64>) {
    let (version, mark): (i64, i16) = (row.get(2), row.get(3));
    if mark != COUNTER {
        return (version, None);
    }
    let (delta, added_by): (Option<i64>, Option<i64>) = (row.get(4), row.get(5));
    (version.max(added_by.unwrap_or(0)), Some(delta.unwrap_or(0)))
}

fn sum(value: &[u8], delta: i64) -> Result<[u8; 8], StoreError> {
    let sum = counter::decode(value)?.checked_add(delta);
    sum.map(counter::encode).ok_or_else(|| StoreError::corrupted("a counter's additions leave its range"))
}
