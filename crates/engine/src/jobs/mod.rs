//! Work that outlives the request that caused it: filling a new index, removing what was deleted; and work that comes with time: deleting
//! what has expired, dividing what is hot, removing what is over ([`periodic`]).
//!
//! The first kind of job belongs to a table and has no state of its own: what is to be done next follows from the descriptor and the clock
//! ([`work`]).
//! So a job that was interrupted by a crash is started again when the server starts, two jobs of one table do no harm, and everything
//! that a job commits is checked against the descriptor that it read.
//!
//! ```text
//! start -> read descriptor -> work -> wait | remove | fill -> read descriptor -> ... -> nothing left
//! ```

mod backfill;
mod expiry;
mod lease;
mod partitions;
mod periodic;
mod retention;
mod unfinished;

use crate::Engine;
use crate::catalog::OpenTable;
use crate::error::from_store;
use crate::tables::removal;
use crate::walk::Walk;
use api::Error;
use layout::{keys, record};
use model::Table;
use model::table::{Status, Transition};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use storage::{Batch, StoreError};

/// How long a job waits after the first failure of the store; twice as long after each further one.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// The longest that a job waits after a failure of the store.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The jobs of an engine.
#[derive(Default)]
pub struct Jobs {
    /// The engine whose jobs these are; empty until they may run. Weak: a job must not keep a store open that nobody uses any more.
    engine: OnceLock<Weak<Engine>>,
}

impl Engine {
    /// Starts the jobs of all tables that have unfinished work, and from now on those that requests cause. To be called once, when the
    /// store was opened. Until then work is only noted in descriptors.
    ///
    /// # Errors
    /// InternalServerError when the store fails or a descriptor does not decode.
    pub async fn start_jobs(self: &Arc<Self>) -> Result<(), Error> {
        // A second call finds the place taken by the same engine.
        let _ = self.jobs.engine.set(Arc::downgrade(self));
        self.start_unfinished().await.map_err(from_store)?;
        self.start_periodic_jobs();
        Ok(())
    }

    /// Starts the jobs of all tables that have unfinished work.
    async fn start_unfinished(&self) -> Result<(), StoreError> {
        let mut walk = Walk::new(&*self.store, keys::all_tables());
        while let Some(page) = walk.next().await? {
            for entry in page.iter() {
                let table = record::decode(entry.value).map_err(|_| undecodable_under("descriptor", entry.key))?;
                self.start_job(&table);
            }
        }
        Ok(())
    }

    fn start_periodic_jobs(&self) {
        let Some(engine) = self.jobs.engine.get() else { return };
        periodic::start(engine, self.settings.expiry_pause, expiry::Sweep::default());
        periodic::start(engine, retention::PAUSE, retention::Retention);
        periodic::start(engine, partitions::PAUSE, partitions::Watch::default());
        if self.store.is_shared() {
            periodic::start(engine, unfinished::PAUSE, unfinished::Unfinished);
        }
    }

    /// Looks after a table of which nobody can tell whether it was changed: the store failed, with the change perhaps made. What is known of
    /// the table is forgotten, and a job does what there may be to do.
    pub fn look_after(&self, account: &str, name: &str) {
        self.catalog.forget(account, name);
        let Some(engine) = self.jobs.engine.get() else { return };
        runtime::spawn(run(engine.clone(), TableName { account: account.to_owned(), name: name.to_owned() }));
    }

    /// Starts the job of a table that has work to be done.
    pub fn start_job(&self, table: &Table) {
        let Some(engine) = self.jobs.engine.get() else { return };
        if !matches!(work(table, self.now_ms()), Work::Nothing) {
            let name = TableName { account: table.account.clone(), name: table.name.clone() };
            runtime::spawn(run(engine.clone(), name));
        }
    }
}

struct TableName {
    account: String,
    name: String,
}

impl TableName {
    /// The name of the lease on the table's jobs.
    fn work(&self) -> String {
        format!("table/{}/{}", self.account, self.name)
    }
}

/// What is to be done next for a table.
enum Work {
    /// Nothing any more.
    Nothing,
    /// Nothing until this time, in milliseconds since 1970.
    Wait(i64),
    /// Everything of the table is to go.
    RemoveTable,
    /// Indexes with these numbers are to go.
    RemoveIndexes(Vec<u16>),
    /// The items are to be entered into the index with this number.
    Fill(u16),
    /// The items are to be entered into the order of expiry.
    EnterExpiries,
}

fn work(table: &Table, now_ms: i64) -> Work {
    let numbers =
        |status: Status| table.indexes.iter().filter(move |index| index.status == status).map(|index| index.number);
    let deleted: Vec<u16> = numbers(Status::Deleting).collect();
    let created = numbers(Status::Creating).next();
    match (table.transition, created) {
        (Some(Transition { until_ms, status }), _) if now_ms < until_ms => {
            let more =
                status == Status::Deleting || created.is_some() || !deleted.is_empty() || expiry::is_filling(table);
            if more { Work::Wait(until_ms) } else { Work::Nothing }
        }
        (Some(Transition { status: Status::Deleting, .. }), _) => Work::RemoveTable,
        _ if !deleted.is_empty() => Work::RemoveIndexes(deleted),
        (_, Some(number)) => Work::Fill(number),
        (_, None) if expiry::is_filling(table) => Work::EnterExpiries,
        (_, None) => Work::Nothing,
    }
}

async fn run(engine: Weak<Engine>, table: TableName) {
    let mut pause = PAUSE_FIRST;
    loop {
        let Some(running) = engine.upgrade() else { return };
        let clock = running.clock.clone();
        let outcome = step(&running, &table).await;
        drop(running);
        match outcome {
            Ok(Step::Done) | Err(StoreError::Closed) => return,
            Ok(Step::Next) => pause = PAUSE_FIRST,
            Ok(Step::Wait(duration)) => clock.sleep(duration).await,
            Err(error) => {
                tracing::error!(table = table.name, %error, "a job failed and will be tried again");
                clock.sleep(pause).await;
                pause = PAUSE_MAX.min(pause * 2);
            }
        }
    }
}

enum Step {
    Done,
    Next,
    Wait(Duration),
}

async fn step(engine: &Engine, name: &TableName) -> Result<Step, StoreError> {
    // Another server is at it, or has just begun; if it dies, its work is taken over.
    if !lease::hold(engine, &name.work()).await? {
        return Ok(Step::Done);
    }
    let Some(table) = read(engine, name).await? else { return Ok(Step::Done) };
    let now_ms = engine.now_ms();
    match work(&table.descriptor, now_ms) {
        Work::Nothing => return Ok(Step::Done),
        Work::Wait(until_ms) => {
            let millis = u64::try_from(until_ms - now_ms).unwrap_or_default();
            return Ok(Step::Wait(Duration::from_millis(millis)));
        }
        Work::RemoveTable => {
            let mut batch = removal::of_table(&table.descriptor, now_ms).map_err(|_| undecodable(name))?;
            batch.check(table.key.clone(), Some(table.version));
            commit(engine, batch).await?;
        }
        Work::RemoveIndexes(numbers) => {
            let mut batch = Batch::new();
            removal::of_indexes(&table.descriptor, &numbers, &mut batch).map_err(|_| undecodable(name))?;
            batch.check(table.key.clone(), Some(table.version));
            commit(engine, batch).await?;
        }
        Work::Fill(number) => backfill::fill(engine, name, table, number).await?,
        Work::EnterExpiries => expiry::enter_all(engine, name, table.descriptor.number).await?,
    }
    refresh(engine, name).await?;
    Ok(Step::Next)
}

/// Commits; a conflict is as good: the next step reads what is there now.
async fn commit(engine: &Engine, batch: Batch) -> Result<(), StoreError> {
    match engine.store.commit(batch).await {
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn read(engine: &Engine, name: &TableName) -> Result<Option<OpenTable>, StoreError> {
    let key = keys::table(&name.account, &name.name);
    let Some(stored) = engine.store.get_one(&key).await? else { return Ok(None) };
    let descriptor = record::decode(&stored.value).map_err(|_| undecodable(name))?;
    Ok(Some(OpenTable::new(key, stored.version, descriptor)))
}

/// Lets requests see what the job changed. A failure to read was logged, and requests read again by themselves after a conflict.
async fn refresh(engine: &Engine, name: &TableName) -> Result<(), StoreError> {
    let _ = engine.read_table(&name.account, &name.name).await;
    Ok(())
}

fn undecodable(name: &TableName) -> StoreError {
    StoreError::corrupted(format!("the descriptor of table {} does not decode", name.name))
}

/// Something that is stored under a key and does not decode.
fn undecodable_under(what: &str, key: &[u8]) -> StoreError {
    StoreError::corrupted(format!("the {what} under {key:02x?} does not decode"))
}
