//! Reads: each is answered by one statement, which sees one snapshot. Those of single keys share statements; see points.rs.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use storage::batch::{FIRST_KEY, is_reserved};
use storage::{Direction, Page, PageBuilder, Pushed, Scan, StoreError, Versioned, counter};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::link::Connector;
use crate::points::Points;
use crate::pool::Pool;
use crate::sql::{COUNTER, Name};
use crate::version::from_sql;

/// How many rows a scan looks at before it knows how large they are. Most pages end within.
const FIRST_ROWS: usize = 1024;

/// By how much it looks further when the page is not full by then; what was read is read again, in the snapshot of the new statement.
const FURTHER: usize = 16;

/// Reads.
pub struct Readers {
    connector: Arc<Connector>,
    pool: Arc<Pool>,
    points: Arc<Points>,
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
        let pool = Arc::new(Pool::new(connector.clone(), many));
        Self { points: Arc::new(Points::new(pool.clone(), many)), connector, pool }
    }

    /// Several keys at one point.
    pub async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Versioned>>, StoreError> {
        if keys.iter().all(|key| is_reserved(key)) {
            return Ok(vec![None; keys.len()]);
        }
        self.points.get(keys.to_vec()).await
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
            match self.pool.query(name, parameters).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => attempts.again(failure).await?,
            }
        }
    }

    /// Ends all connections.
    pub fn close(&self) {
        self.pool.close();
    }
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
