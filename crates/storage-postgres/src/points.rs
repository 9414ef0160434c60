//! Reads of keys: those that come while the connections are busy are put together into one statement.
//!
//! A statement costs the database much more than a row of it, and what many requests read together, the definition of a table, is read once
//! for all of them. Nobody waits for others to come: who finds a turn free is sent at once, alone. All that have come by the time a turn is
//! free again are sent with it. A read that shares a statement sees one snapshot, as ever, and one that began after it did.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use runtime::Moment;
use storage::batch::is_reserved;
use storage::{StoreError, Versioned};
use tokio::sync::oneshot;
use tokio_postgres::Row;

use crate::error::{self, Class, Failure, classify};
use crate::pool::Pool;
use crate::read::versioned;
use crate::sql::Name;

/// So many keys are one statement. The request that reaches this is sent whole.
const KEYS_MAX: usize = 128;

/// What is told to one who reads.
type Answer = Result<Vec<Option<Versioned>>, StoreError>;

/// The reads that wait, and those who carry them out.
pub struct Points {
    pool: Arc<Pool>,
    /// How many statements are under way at most.
    turns: usize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Read>,
    /// How many turns are taken.
    taken: usize,
}

/// One call.
struct Read {
    /// Those of rows.
    keys: Vec<Bytes>,
    since: Moment,
    answer: oneshot::Sender<Answer>,
}

impl Points {
    /// Up to so many statements at once.
    pub fn new(pool: Arc<Pool>, turns: usize) -> Self {
        Self { pool, turns: turns.max(1), queue: Mutex::default() }
    }

    /// Several rows at one point. The answers stand in the order of the keys.
    pub async fn get(self: &Arc<Self>, keys: Vec<Bytes>) -> Answer {
        let (answer, answered) = oneshot::channel();
        let read = Read { keys, since: self.pool.connector.clock().moment(), answer };
        let is_first = {
            let mut queue = self.queue.lock();
            queue.waiting.push(read);
            let is_free = queue.taken < self.turns;
            queue.taken += usize::from(is_free);
            is_free
        };
        if is_first {
            let points = self.clone();
            runtime::spawn(async move { points.carry_out().await });
        }
        // The turn ends without an answer when the runtime does.
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// One turn: for as long as somebody waits.
    async fn carry_out(&self) {
        loop {
            let reads = {
                let mut queue = self.queue.lock();
                let reads = queue.next();
                if reads.is_empty() {
                    queue.taken -= 1;
                    return;
                }
                reads
            };
            self.answer(reads).await;
        }
    }

    /// Sends one statement for all of these, again after a failure for those who have time left.
    async fn answer(&self, mut reads: Vec<Read>) {
        let connector = &self.pool.connector;
        let mut attempts = connector.attempts("reading keys");
        loop {
            let failure = match self.query(&reads).await {
                Ok(rows) => return hand_out(&rows, reads),
                Err(failure) => failure,
            };
            let (is_final, now) = (classify(&failure) == Class::Failed, connector.clock().moment());
            let failure = error::translate("reading keys", failure);
            let is_over = |read: &mut Read| is_final || connector.patience < now.since(read.since);
            for read in reads.extract_if(.., is_over) {
                read.tell(Err(failure.clone()));
            }
            if reads.is_empty() {
                return;
            }
            attempts.wait().await;
        }
    }

    async fn query(&self, reads: &[Read]) -> Result<Vec<Row>, Failure> {
        let mut keys: Vec<&[u8]> = reads.iter().flat_map(|read| &read.keys).map(AsRef::as_ref).collect();
        keys.retain(|key| !is_reserved(key));
        keys.sort_unstable();
        keys.dedup();
        match keys[..] {
            [one] => self.pool.query(Name::GetOne, &[&one]).await,
            _ => self.pool.query(Name::Get, &[&keys]).await,
        }
    }
}

impl Queue {
    /// Those who have waited longest.
    fn next(&mut self) -> Vec<Read> {
        let mut keys = 0;
        let fits = |read: &&Read| {
            let is_room = keys < KEYS_MAX;
            keys += read.keys.len();
            is_room
        };
        let many = self.waiting.iter().take_while(fits).count();
        self.waiting.drain(..many).collect()
    }
}

impl Read {
    /// Who asked may be gone.
    fn tell(self, answer: Answer) {
        self.answer.send(answer).ok();
    }
}

fn hand_out(rows: &[Row], reads: Vec<Read>) {
    let found: HashMap<&[u8], Result<Versioned, StoreError>> =
        rows.iter().map(|row| (row.get(0), versioned(row))).collect();
    for read in reads {
        let answer = read.keys.iter().map(|key| found.get(key.as_ref()).cloned().transpose()).collect();
        read.tell(answer);
    }
}
