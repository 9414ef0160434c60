//! Every statement that the store sends, and the tables that they speak of.
//!
//! ```text
//! format    one row: the version of this schema. Who changes what others rely on without a lock takes its lock first.
//! kv        key -> value, version, mark, tail: what a long key has beyond its head (long.rs)
//! deltas    (key, lane) -> what commits of that lane added to the counter since its row in kv was last written
//! lanes     lane -> owner, epoch, the version of its newest commit, when that was
//! ```
//!
//! `mark` is what may be done to a row without taking its lock: -1 and 0 nothing, 1 ([`SHARED`]) to rely on its version, 2 ([`COUNTER`])
//! to rely on its being a counter and to add in `deltas`. Rows with a mark above 0 are written by exclusive commits alone (exclusive.rs).
//! -1 stands in rows that a commit made which had to find none.
//!
//! Portable on purpose: no functions of ours, no extensions, no advisory locks, no notifications, no sequences. A guard that does not hold
//! divides by zero, which undoes the transaction without a further round trip.

use crate::long::HEAD_BYTES;
use crate::version::LANES;

/// The mark of a row whose version many commits check and few change.
pub const SHARED: i16 = 1;
/// The mark of a counter.
pub const COUNTER: i16 = 2;
/// The mark of a row that must not have been there.
pub const NEW: i16 = -1;
/// An ordinary row.
pub const PLAIN: i16 = 0;

/// No expectation: the key may be at any version or absent.
pub const ANY: i64 = -1;
/// The key must be absent.
pub const ABSENT: i64 = 0;

/// How far a lane may have added to a counter, in either direction. All lanes together stay below 2^58, and a row with the mark of a
/// counter holds less than 2^61, so no sum overflows unnoticed.
pub const DELTA_MAX: i64 = 1 << 46;
/// How large the number in a row with the mark of a counter is at most.
pub const MARKED_COUNTER_MAX: i64 = 1 << 61;

/// The statements, by what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// One key.
    GetOne,
    /// Several keys.
    Get,
    /// A page from the lowest key up.
    ScanForward,
    /// A page from the highest key down.
    ScanBackward,
    /// A page from the lowest key up where keys are long.
    ScanForwardLong,
    /// A page from the highest key down where keys are long.
    ScanBackwardLong,
    /// Versions and marks of keys.
    Look,
    /// The newest version.
    Newest,
    /// How many keys a range has, up to a limit.
    Count,
    /// Takes this session's lane for a commit.
    TakeLane,
    /// Locks keys in their order and guards that they are as expected.
    Check,
    /// Marks rows as shared.
    MarkShared,
    /// Deletes, sets and adds, and guards that all found what they had to.
    Write,
    /// The same with tails.
    WriteLong,
    /// Deletes keys without conditions.
    Delete,
    /// Gives the commit its version.
    Number,
    /// The same where the keys of entries of logs hold the version.
    NumberLogs,
    /// The lock of exclusive commits and of new lanes.
    TakeAll,
    /// Takes every lane.
    TakeLanes,
    /// Deletes a range of keys.
    DeleteRange,
    /// Deletes what was added to a range of counters.
    DeleteRangeDeltas,
    /// Deletes, sets and marks whatever is there.
    WriteAnyway,
    /// Notes the version that an exclusive commit chose.
    NumberAs,
    /// How far each lane is, and which are at rest.
    Probe,
    /// Waits until a lane was at rest.
    AwaitLane,
    /// Takes over a lane that is free.
    ClaimFree,
    /// Makes a new lane.
    ClaimNew,
    /// Ends whatever this lane's earlier sessions may still do, and tells its newest version.
    Fence,
    /// Gives all lanes of a store back.
    Release,
}

impl Name {
    /// All of them, in their order.
    pub const ALL: [Name; 29] = [
        Name::GetOne,
        Name::Get,
        Name::ScanForward,
        Name::ScanBackward,
        Name::ScanForwardLong,
        Name::ScanBackwardLong,
        Name::Look,
        Name::Newest,
        Name::Count,
        Name::TakeLane,
        Name::Check,
        Name::MarkShared,
        Name::Write,
        Name::WriteLong,
        Name::Delete,
        Name::Number,
        Name::NumberLogs,
        Name::TakeAll,
        Name::TakeLanes,
        Name::DeleteRange,
        Name::DeleteRangeDeltas,
        Name::WriteAnyway,
        Name::NumberAs,
        Name::Probe,
        Name::AwaitLane,
        Name::ClaimFree,
        Name::ClaimNew,
        Name::Fence,
        Name::Release,
    ];

    /// The statement for a schema.
    pub fn text(self, schema: &str) -> String {
        self.template().replace("{s}", schema)
    }

    fn template(self) -> String {
        match self {
            Self::GetOne
            | Self::Get
            | Self::ScanForward
            | Self::ScanBackward
            | Self::ScanForwardLong
            | Self::ScanBackwardLong
            | Self::Look
            | Self::Newest
            | Self::Count => self.reading(),
            Self::TakeLane | Self::Check | Self::MarkShared | Self::Write | Self::WriteLong | Self::Delete => {
                self.committing()
            }
            Self::Number | Self::NumberLogs => self.numbering(),
            Self::TakeAll
            | Self::TakeLanes
            | Self::DeleteRange
            | Self::DeleteRangeDeltas
            | Self::WriteAnyway
            | Self::NumberAs => self.committing_alone(),
            Self::Probe | Self::AwaitLane | Self::ClaimFree | Self::ClaimNew | Self::Fence | Self::Release => {
                self.about_lanes()
            }
        }
    }

    fn reading(self) -> String {
        // What lanes added to a counter belongs to its value, and the newest addition's version to the counter.
        let columns = format!(
            "k.key, k.value, k.version, k.mark,
             CASE WHEN k.mark = {COUNTER} THEN (SELECT CAST(sum(d.delta) AS bigint) FROM {{s}}.deltas d WHERE d.key = k.key) END,
             CASE WHEN k.mark = {COUNTER} THEN (SELECT max(d.version) FROM {{s}}.deltas d WHERE d.key = k.key) END,
             k.tail"
        );
        // Rows up to and with the first that does not fit: who reads the page learns from that one that there is more. The first row
        // always fits. Values that are not answered are not read.
        let scan = |order: &str| {
            format!(
                "SELECT {columns} FROM (
                   SELECT key, value, version, mark, tail, count(*) OVER w AS rows_before,
                     sum(octet_length(key) + octet_length(value)) OVER w AS bytes_before
                   FROM {{s}}.kv WHERE key >= $1 AND key < $2
                   WINDOW w AS (ORDER BY key {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                   ORDER BY key {order} LIMIT $3) k
                 WHERE k.rows_before < 2 OR k.bytes_before <= $4 ORDER BY k.key {order}"
            )
        };
        // The rows of one head have their order from their tails, so a page ends with a head: all rows of that one are put in order.
        let (head, within) = (head_of("key"), within(5));
        // $5 to $8 are as in long.rs, $9 is behind all digests.
        let long = |order: &str, end: &str| {
            format!(
                "SELECT {columns} FROM (
                   SELECT key, value, version, mark, tail, count(*) OVER w AS rows_before,
                     sum(octet_length({head}) + octet_length(tail) + octet_length(value)) OVER w AS bytes_before
                   FROM {{s}}.kv WHERE key >= $1 AND key < $2 AND {within} AND {end}
                   WINDOW w AS (ORDER BY {head} {order}, tail {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                   ORDER BY {head} {order}, tail {order} LIMIT $3) k
                 WHERE k.rows_before < 2 OR k.bytes_before <= $4 ORDER BY {head} {order}, tail {order}"
            )
        };
        let edge = |order: &str| {
            format!(
                "(SELECT {head} FROM {{s}}.kv WHERE key >= $1 AND key < $2 AND {within} ORDER BY key {order} LIMIT 1 OFFSET $3)"
            )
        };
        match self {
            Self::GetOne => format!("SELECT {columns} FROM {{s}}.kv k WHERE k.key = $1"),
            Self::Get => format!("SELECT {columns} FROM {{s}}.kv k WHERE k.key = ANY($1)"),
            Self::ScanForward => scan("ASC"),
            Self::ScanBackward => scan("DESC"),
            Self::ScanForwardLong => long("ASC", &format!("key < coalesce({} || CAST($9 AS bytea), $2)", edge("ASC"))),
            // The first of a head's rows is the head itself, or would be.
            Self::ScanBackwardLong => long("DESC", &format!("key >= coalesce({}, $1)", edge("DESC"))),
            Self::Look => format!(
                "SELECT k.key, k.version, k.mark,
                   CASE WHEN k.mark = {COUNTER} THEN (SELECT max(d.version) FROM {{s}}.deltas d WHERE d.key = k.key) END
                 FROM {{s}}.kv k WHERE k.key = ANY($1)"
            ),
            Self::Count => "SELECT count(*) FROM (
                 SELECT 1 AS one FROM {s}.kv WHERE key >= $1 AND key < $2 LIMIT $3) counted"
                .to_owned(),
            _ => "SELECT max(version) FROM {s}.lanes".to_owned(),
        }
    }

    fn committing(self) -> String {
        let (tail, w_tail, tails) =
            if self == Self::WriteLong { (", tail", ", w.tail", ", $12::bytea[]") } else { ("", "", "") };
        match self {
            Self::TakeLane => "SELECT 1 / count(*) FROM (
                 SELECT lane FROM {s}.lanes WHERE lane = $1 AND epoch = $2 FOR UPDATE) mine"
                .to_owned(),
            // $1 keys, $2 expected versions, $3 whether they will be written, $4 how many must be there; then what is relied on without a
            // lock: $5 keys, $6 versions, $7 how many.
            Self::Check => format!(
                "WITH locked AS (
                   SELECT w.expected > {ABSENT} AS awaited,
                     (w.expected = {ANY} OR w.expected = k.version) AND k.mark <= CASE WHEN w.written THEN 0 ELSE {SHARED} END AS fits
                   FROM unnest($1::bytea[], $2::bigint[], $3::boolean[]) AS w(key, expected, written)
                   JOIN {{s}}.kv k ON k.key = w.key ORDER BY k.key FOR UPDATE OF k),
                 relied AS (
                   SELECT count(*) AS fitting FROM unnest($5::bytea[], $6::bigint[]) AS w(key, expected)
                   JOIN {{s}}.kv k ON k.key = w.key WHERE k.version = w.expected AND k.mark = {SHARED})
                 SELECT 1 / CASE WHEN count(*) = count(CASE WHEN fits THEN 1 END) AND count(CASE WHEN awaited THEN 1 END) = $4
                   AND (SELECT fitting FROM relied) = $7 THEN 1 ELSE 0 END FROM locked"
            ),
            Self::MarkShared => {
                format!("UPDATE {{s}}.kv SET mark = {SHARED} WHERE key = ANY($1) AND mark <= {PLAIN}")
            }
            // $1 deleted keys, $2 the version, $3 set keys, $4 values, $5 marks, $6 the lane, $7 counters, $8 what is added, $9 how many
            // sets, $10 how many additions, $11 how many deletions: a key that is not there would not be locked by deleting it; $12 tails.
            Self::Write | Self::WriteLong => format!(
                "WITH gone AS (DELETE FROM {{s}}.kv WHERE key = ANY($1) RETURNING mark),
                 written AS (
                   INSERT INTO {{s}}.kv AS k (key, value, version, mark{tail})
                   SELECT w.key, w.value, CAST($2 AS bigint), w.mark{w_tail}
                   FROM unnest($3::bytea[], $4::bytea[], $5::smallint[]{tails}) AS w(key, value, mark{tail})
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, mark = {PLAIN}
                   WHERE k.mark <= {PLAIN} AND excluded.mark = {PLAIN} RETURNING 1 AS one),
                 added AS (
                   INSERT INTO {{s}}.deltas AS d (key, lane, delta, version)
                   SELECT k.key, CAST($6 AS integer), w.delta, CAST($2 AS bigint) FROM unnest($7::bytea[], $8::bigint[]) AS w(key, delta)
                   JOIN {{s}}.kv k ON k.key = w.key WHERE k.mark = {COUNTER}
                   ON CONFLICT (key, lane) DO UPDATE SET delta = d.delta + excluded.delta, version = excluded.version
                   WHERE d.delta + excluded.delta BETWEEN -{DELTA_MAX} AND {DELTA_MAX} RETURNING 1 AS one)
                 SELECT 1 / CASE WHEN (SELECT count(*) FROM written) = $9 AND (SELECT count(*) FROM added) = $10
                   AND (SELECT count(*) FROM gone) = $11 AND NOT EXISTS (SELECT 1 FROM gone WHERE mark > {PLAIN}) THEN 1 ELSE 0 END"
            ),
            _ => "DELETE FROM {s}.kv WHERE key = ANY($1)".to_owned(),
        }
    }

    /// $1 the lane, $2 its epoch, $3 the version that was proposed and written, $4 the keys that hold it, $5 the counters; for logs $6 the
    /// keys of entries, $7 of their logs, $8 what follows the version.
    fn numbering(self) -> String {
        let logs = if self == Self::NumberLogs {
            "entries AS (
               UPDATE {s}.kv k SET version = n.version,
                 key = w.log || decode(lpad(to_hex(n.version), 16, '0'), 'hex') || w.rest
               FROM numbered n, unnest($6::bytea[], $7::bytea[], $8::bytea[]) AS w(key, log, rest)
               WHERE n.version <> $3 AND k.key = w.key),"
        } else {
            ""
        };
        format!(
            "WITH numbered AS (
               UPDATE {{s}}.lanes l SET seen = now(), version = CASE WHEN a.newest < $3 THEN $3
                 ELSE (a.newest / {LANES} + 1) * {LANES} + CAST($1 AS integer) END
               FROM (SELECT max(version) AS newest FROM {{s}}.lanes) a WHERE l.lane = $1 AND l.epoch = $2 RETURNING l.version),
             {logs}
             items AS (
               UPDATE {{s}}.kv k SET version = n.version FROM numbered n WHERE n.version <> $3 AND k.key = ANY($4)),
             counters AS (
               UPDATE {{s}}.deltas d SET version = n.version FROM numbered n
               WHERE n.version <> $3 AND d.key = ANY($5) AND d.lane = $1)
             SELECT version FROM numbered"
        )
    }

    fn committing_alone(self) -> String {
        if self == Self::DeleteRange {
            return format!("DELETE FROM {{s}}.kv WHERE key >= $1 AND key < $2 AND {}", within(3));
        }
        let text = match self {
            Self::TakeAll => "SELECT version FROM {s}.format WHERE id = 1 FOR UPDATE",
            Self::TakeLanes => "SELECT lane, epoch, version FROM {s}.lanes ORDER BY lane FOR UPDATE",
            // After the deletion of their counters, which know exactly what is in the range.
            Self::DeleteRangeDeltas => {
                "DELETE FROM {s}.deltas d WHERE d.key >= $1 AND d.key < $2
                 AND NOT EXISTS (SELECT 1 FROM {s}.kv k WHERE k.key = d.key)"
            }
            // $1 deleted keys, $2 the version, $3 set keys, $4 values, $5 marks, $6 tails.
            Self::WriteAnyway => {
                "WITH gone AS (DELETE FROM {s}.kv WHERE key = ANY($1)),
                 forgotten AS (DELETE FROM {s}.deltas WHERE key = ANY($1)),
                 folded AS (DELETE FROM {s}.deltas WHERE key = ANY($3))
                 INSERT INTO {s}.kv (key, value, version, mark, tail)
                 SELECT w.key, w.value, CAST($2 AS bigint), w.mark, w.tail
                 FROM unnest($3::bytea[], $4::bytea[], $5::smallint[], $6::bytea[]) AS w(key, value, mark, tail)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, mark = excluded.mark"
            }
            _ => "UPDATE {s}.lanes SET version = $3, seen = now() WHERE lane = $1 AND epoch = $2",
        };
        text.to_owned()
    }

    fn about_lanes(self) -> String {
        match self {
            Self::Probe => "WITH resting AS (SELECT lane FROM {s}.lanes FOR SHARE SKIP LOCKED)
                 SELECT l.lane, l.version, r.lane IS NOT NULL FROM {s}.lanes l LEFT JOIN resting r ON r.lane = l.lane"
                .to_owned(),
            Self::AwaitLane => "SELECT lane FROM {s}.lanes WHERE lane = $1 FOR SHARE".to_owned(),
            // $1 the new owner, $2 the lease in seconds.
            Self::ClaimFree => "UPDATE {s}.lanes SET owner = $1, epoch = epoch + 1, seen = now() WHERE lane = (
                   SELECT lane FROM {s}.lanes WHERE owner = 0 OR seen < now() - CAST($2 AS double precision) * interval '1 second'
                   ORDER BY CASE WHEN owner = 0 THEN 0 ELSE 1 END, lane LIMIT 1 FOR UPDATE SKIP LOCKED)
                 RETURNING lane, epoch, version"
                .to_owned(),
            Self::ClaimNew => format!(
                "INSERT INTO {{s}}.lanes (lane, owner, epoch, version, seen)
                 SELECT n.lane, CAST($1 AS bigint), 1, 0, now() FROM (SELECT coalesce(max(lane), 0) + 1 AS lane FROM {{s}}.lanes) n
                 WHERE n.lane < {LANES} RETURNING lane, epoch, version"
            ),
            // $1 the lane, $2 its owner, $3 an epoch.
            Self::Fence => "UPDATE {s}.lanes SET epoch = epoch + 1, seen = now()
                 WHERE lane = $1 AND owner = $2 AND epoch >= $3 RETURNING lane, epoch, version"
                .to_owned(),
            _ => "UPDATE {s}.lanes SET owner = 0, epoch = epoch + 1 WHERE owner = $1".to_owned(),
        }
    }
}

/// A row's key without a digest.
fn head_of(key: &str) -> String {
    format!("substring({key} FROM 1 FOR {HEAD_BYTES})")
}

/// What keeps rows out of a range by their tails; four parameters from this one on, see long.rs.
fn within(first: usize) -> String {
    let [head_end, from_tail, to_head, to_tail] = [first, first + 1, first + 2, first + 3];
    format!("NOT (key < ${head_end} AND tail < ${from_tail}) AND NOT (key >= ${to_head} AND tail >= ${to_tail})")
}

/// Makes the tables of format 1 those of format 2, in one transaction. Under the lock of `format`, and with all lanes, so that nobody
/// commits meanwhile; and under new epochs, so that servers of the older release commit nothing more. Fails as a guard does where somebody
/// else was faster.
pub fn upgrade(schema: &str) -> String {
    let head = head_of("key");
    format!(
        "BEGIN;
         SELECT 1 / CASE WHEN version = 1 THEN 1 ELSE 0 END FROM {schema}.format WHERE id = 1 FOR UPDATE;
         SELECT lane FROM {schema}.lanes ORDER BY lane FOR UPDATE;
         ALTER TABLE {schema}.kv ADD COLUMN IF NOT EXISTS tail bytea NOT NULL DEFAULT '';
         UPDATE {schema}.kv SET key = {head} || sha256(key), tail = substring(key FROM {behind})
           WHERE octet_length(key) > {HEAD_BYTES};
         UPDATE {schema}.deltas SET key = {head} || sha256(key) WHERE octet_length(key) > {HEAD_BYTES};
         UPDATE {schema}.lanes SET epoch = epoch + 1;
         UPDATE {schema}.format SET version = 2 WHERE id = 1;
         COMMIT",
        behind = HEAD_BYTES + 1,
    )
}

/// Makes the tables. Every part may be there already.
pub fn create(schema: &str) -> String {
    // Room on each page lets a row that is written again stay there, so that no index is touched.
    "CREATE SCHEMA IF NOT EXISTS {s};
     CREATE TABLE IF NOT EXISTS {s}.format (id smallint PRIMARY KEY, version bigint NOT NULL);
     CREATE TABLE IF NOT EXISTS {s}.kv (
       key bytea PRIMARY KEY, value bytea NOT NULL, version bigint NOT NULL, mark smallint NOT NULL,
       tail bytea NOT NULL DEFAULT '') WITH (fillfactor = 85);
     CREATE TABLE IF NOT EXISTS {s}.deltas (
       key bytea NOT NULL, lane integer NOT NULL, delta bigint NOT NULL, version bigint NOT NULL,
       PRIMARY KEY (key, lane)) WITH (fillfactor = 50);
     CREATE TABLE IF NOT EXISTS {s}.lanes (
       lane integer PRIMARY KEY, owner bigint NOT NULL, epoch bigint NOT NULL, version bigint NOT NULL,
       seen timestamptz NOT NULL) WITH (fillfactor = 20);"
        .replace("{s}", schema)
}
