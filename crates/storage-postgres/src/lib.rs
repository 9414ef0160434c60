//! The store over the PostgreSQL protocol: any number of stateless servers over one database that exists already.
//!
//! ```text
//! get, scan    one statement, one snapshot, on connections that many share           read.rs, points.rs, pool.rs
//! commit       one transaction, sent as a whole: one round trip                      plan.rs, commit.rs, heat.rs
//!              or, rarely, alone in the database: two                                exclusive.rs
//! durable      at once: the database has synced before it answers                    store.rs
//! settled      read from the rows of the lanes                                       settled.rs, lanes.rs, version.rs
//! open         tables, format version, connections, TLS                              schema.rs, sql.rs, link.rs, hosts.rs, tls.rs
//! long keys    found by a head and a digest, ordered by head and tail                 long.rs
//! ```
//!
//! What must hold:
//! - The order of commits is that of their versions: of two commits in each other's way the later one has the higher version
//!   (commit.rs says why, and why not `SERIALIZABLE`).
//! - Nothing rests on clocks, on leases, or on servers that keep a promise. A version is proposed by a clock and raised by the database
//!   where the proposal is too low. Who stands still, comes late or is gone can neither break the order nor hold it up (settled.rs).
//! - A commit happens once or not at all, also when its answer is lost: the lane's row tells (lanes.rs).
//! - Two commits that add to one counter do not wait for each other: each lane keeps what it added in a row of its own, and a read sums
//!   them up in its snapshot. There are as many rows as lanes, so nothing has to be folded for reads to stay cheap; an exclusive commit
//!   that writes the counter folds them all.
//! - No statement needs more of the database than tables, row locks with `SKIP LOCKED`, `ON CONFLICT`, and `WITH` around statements that
//!   write, at the isolation level `READ COMMITTED` (sql.rs).
//!
//! What to know when it is slow: a range's deletion, a new counter, a change of what many commits check, each holds up all other commits
//! for two round trips, and the deletion of a large range for as long as its rows were written while it ran. Commits of one server run on
//! as many connections as the settings say. Every commit writes its lane's row, and counters their lane's: these two tables are small and
//! change all the time, and want autovacuum.
//!
//! Calls run on the caller's tokio runtime. A commit is a task of its own, so that it ends also when its caller goes away; so is each
//! turn of reads, while there is something to read. Beside these there are the tasks of the connections, which end with the store, and the one
//! that asks whether the database answers (health.rs).

mod commit;
mod error;
mod exclusive;
mod health;
mod heat;
mod hosts;
mod lanes;
mod link;
mod long;
mod plan;
mod points;
mod pool;
mod read;
mod schema;
mod settings;
mod settled;
mod sql;
mod store;
mod tls;
mod version;

pub use error::OpenError;
pub use schema::FORMAT_VERSION;
pub use settings::PostgresSettings;
pub use store::PostgresStore;
