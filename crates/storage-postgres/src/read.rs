//! Reads: each is answered by one statement, which sees one snapshot. Those of single keys share statements; see points.rs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use storage::batch::{FIRST_KEY, is_reserved};
use storage::{Direction, Page, PageBuilder, Pushed, Scan, StoreError, Versioned, counter};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::link::Connector;
use crate::long::{self, BEHIND_DIGESTS, Bounds};
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
        self.points.get(keys.iter().map(long::stored).collect()).await
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
        let max_bytes = i64::try_from(scan.max_bytes).unwrap_or(i64::MAX);
        let bounds = Bounds::new(from, &scan.to);
        let mut is_long = !bounds.are_short();
        let mut rows_max = FIRST_ROWS;
        loop {
            // One more than the page holds tells whether there are more.
            rows_max = rows_max.min(scan.max_entries.saturating_add(1));
            let limit = i64::try_from(rows_max).unwrap_or(i64::MAX);
            let rows = self.query_range(scan.direction, &bounds, is_long, limit, max_bytes).await?;
            // Not in their order, perhaps, and perhaps not all that come before the last.
            if !is_long && rows.iter().any(|row| !tail_of(row).is_empty()) {
                is_long = true;
                continue;
            }
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

    async fn query_range(
        &self,
        direction: Direction,
        bounds: &Bounds,
        is_long: bool,
        rows_max: i64,
        bytes_max: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let (name, many) = match (direction, is_long) {
            (Direction::Forward, false) => (Name::ScanForward, 4),
            (Direction::Backward, false) => (Name::ScanBackward, 4),
            (Direction::Forward, true) => (Name::ScanForwardLong, 9),
            (Direction::Backward, true) => (Name::ScanBackwardLong, 8),
        };
        let Bounds { from, to, head_end, from_tail, to_head, to_tail } = bounds;
        let [from, to, head_end, from_tail, to_head, to_tail] =
            [from, to, head_end, from_tail, to_head, to_tail].map(AsRef::<[u8]>::as_ref);
        let behind = BEHIND_DIGESTS.as_slice();
        let parameters: [&(dyn ToSql + Sync); 9] =
            [&from, &to, &rows_max, &bytes_max, &head_end, &from_tail, &to_head, &to_tail, &behind];
        self.query("reading a range", name, &parameters[..many]).await
    }

    /// Versions and marks of rows, at one point.
    pub async fn look(&self, keys: &[&[u8]]) -> Result<HashMap<Bytes, Looked>, StoreError> {
        let rows = self.query("reading versions", Name::Look, &[&keys]).await?;
        Ok(rows.iter().map(looked).collect())
    }

    /// The version of the newest commit, 0 before the first.
    pub async fn newest(&self) -> Result<i64, StoreError> {
        let rows = self.query("reading the newest version", Name::Newest, &[]).await?;
        Ok(rows.first().and_then(|row| row.get::<_, Option<i64>>(0)).unwrap_or(0))
    }

    /// Whether a range has so many keys or more, roughly where its bounds are long.
    pub async fn has_many(&self, from: &[u8], to: &[u8], many: i64) -> Result<bool, StoreError> {
        let Bounds { from, to, .. } = Bounds::new(from, to);
        let rows = self.query("counting keys", Name::Count, &[&from.as_ref(), &to.as_ref(), &many]).await?;
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
    Ok(Versioned { version: from_sql(version), value, is_sound: false })
}

fn push(page: &mut PageBuilder, row: &Row) -> Result<Pushed, StoreError> {
    let (version, added) = version_of(row);
    let (key, value): (_, &[u8]) = (key_of(row), row.get(1));
    let key = key.as_ref();
    Ok(match added {
        Some(delta) => page.push(key, from_sql(version), &sum(value, delta)?),
        None => page.push(key, from_sql(version), value),
    })
}

/// The key of a row of `Get`.
pub fn key_of(row: &Row) -> Cow<'_, [u8]> {
    long::full(row.get(0), tail_of(row))
}

fn tail_of(row: &Row) -> &[u8] {
    row.get(6)
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
