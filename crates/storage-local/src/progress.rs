//! How far the commits have got: ordered, written, durable; and who waits for the last.
//!
//! ```text
//! commit:   ordered(v) -> RocksDB write -> written(v)
//! flusher:                                 next_sync() -> sync of the log -> synced(v) -> wakes waiters up to v
//! reader:   durable(v) waits until durable reaches v
//! ```
//!
//! A failure, and a recovery from it (recovery.rs), each begin a new epoch. While the store has failed, `durable` stands still.
//!
//! What must hold: durable <= written <= latest, each only grows, but for the place of a commit that was not written, which is given back;
//! `latest` is raised before a commit becomes visible, so that it covers everything that any reader saw; a failure wakes everybody, and
//! ends only when everything that is visible is durable.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};
use storage::error::Source;
use storage::{StoreError, Version};

use crate::Durability;
use crate::error::WritesStopped;

/// How long a relaxed store lets commits wait for a sync that nobody waits for.
const RELAXED_SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// How often the flusher yields for a commit that is still being written before it takes it to be held back.
const YIELDS_MAX: u32 = 100;

/// How long the flusher then waits before it looks again.
const HELD_BACK_PAUSE: Duration = Duration::from_micros(200);

/// How long after a sync for which several waited the next one waits for them to come back. One sync for many is much cheaper than many,
/// so this is worth a little latency where requests come close upon each other, and nowhere else.
const GATHERING_TIME: Duration = Duration::from_micros(500);

/// How much longer it waits while the workers are busy all the time: then the processor is what there is too little of.
const BUSY_GATHERING_TIME: Duration = Duration::from_micros(1500);

/// What the flusher does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Sync the log, and report this version.
    Sync(Version),
    /// See whether writers wait for something that cannot be written.
    Look,
    /// Try whether the store can be written again.
    Recover,
}

/// The state of all commits of one store.
#[derive(Debug)]
pub struct Progress {
    /// The newest commit that got its place in the order; raised before it is visible.
    latest: AtomicU64,
    /// The newest commit that RocksDB has taken into its log and memory.
    written: AtomicU64,
    /// The newest commit that a finished sync covers.
    durable: AtomicU64,
    /// Odd while the store has failed: grows with every failure and every recovery.
    epoch: AtomicU64,
    /// Why nothing can be written; there while the epoch is odd.
    failure: Mutex<Option<Arc<WritesStopped>>>,
    /// Those who wait for a sync, and what the flusher has to do for them.
    waiting: Mutex<Waiting>,
    /// Wakes the flusher.
    wanted: Condvar,
    /// Whether [`Progress::rested`] is called when workers rest.
    has_workers: bool,
    /// Whether commits gather for the next sync, so that it matters that a worker rests.
    is_gathering: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    /// One entry for each pending future, woken and removed by the sync that covers it.
    waiters: Vec<Waiter>,
    /// The newest version that somebody waits for.
    wanted: Version,
    /// How many waited when the last sync ended: those it served and those who had come meanwhile.
    concurrent: usize,
    /// How many must wait before the flusher is woken.
    enough: usize,
    /// A worker has rested since the first commit came that waits for the next sync.
    has_rested: bool,
    /// Identifies the next waiter.
    next_ticket: u64,
    /// The flusher is to look after writers.
    look: bool,
    /// The store is closing: the flusher ends.
    ended: bool,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    version: Version,
    waker: Waker,
}

impl Progress {
    /// Everything up to this version was found on disk. `has_workers` tells whether [`Progress::rested`] will be called.
    pub fn new(recovered: Version, has_workers: bool) -> Self {
        Self {
            latest: AtomicU64::new(recovered),
            written: AtomicU64::new(recovered),
            durable: AtomicU64::new(recovered),
            epoch: AtomicU64::new(0),
            failure: Mutex::default(),
            waiting: Mutex::default(),
            wanted: Condvar::new(),
            has_workers,
            is_gathering: AtomicBool::new(false),
        }
    }

    /// A worker has nothing left to do, so there is no reason to wait for more commits.
    pub fn rested(&self) {
        // Seldom: while commits gather, the workers are busy with those who make them.
        if self.is_gathering.load(Ordering::Acquire) {
            let mut waiting = self.waiting.lock();
            waiting.has_rested |= !waiting.waiters.is_empty();
            drop(waiting);
            self.wanted.notify_one();
        }
    }

    /// The newest commit that got its place in the order.
    pub fn latest(&self) -> Version {
        self.latest.load(Ordering::Acquire)
    }

    /// A commit has its place and is about to become visible.
    pub fn ordered(&self, version: Version) {
        debug_assert!(self.latest() < version, "versions grow");
        self.latest.store(version, Ordering::Release);
    }

    /// The commit of this place was not written. It was never visible, so nobody needs to wait for its version, which could not become
    /// durable: the next commit gets it.
    pub fn given_back(&self, version: Version) {
        debug_assert_eq!(self.latest(), version, "commits are ordered one at a time");
        self.latest.store(self.written.load(Ordering::Acquire), Ordering::Release);
    }

    /// A commit is visible and in the log.
    pub fn written(&self, version: Version) {
        self.written.store(version, Ordering::Release);
    }

    /// Nothing can be written for now; everybody who waits is told.
    pub fn fail(&self, doing: &'static str, source: Source) {
        let mut failure = self.failure.lock();
        // The first failure is the cause, later ones follow from it.
        if failure.is_none() {
            let stopped = Arc::new(WritesStopped { doing, source });
            tracing::error!(error = %stopped, "writes have stopped");
            *failure = Some(stopped);
            self.epoch.fetch_add(1, Ordering::AcqRel);
        }
        drop(failure);
        let mut waiting = self.waiting.lock();
        let woken = std::mem::take(&mut waiting.waiters);
        drop(waiting);
        wake(woken);
        self.wanted.notify_all();
    }

    /// The error of a call that needs to write, if nothing can be written.
    pub fn failure(&self, doing: &'static str) -> Option<StoreError> {
        if !self.has_failed() {
            return None;
        }
        let failure = self.failure.lock().clone()?;
        Some(StoreError::Io { doing, source: failure })
    }

    /// Whether nothing can be written.
    pub fn has_failed(&self) -> bool {
        is_failure(self.epoch())
    }

    /// The number of failures and of recoveries from them.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Everything that is visible is durable, and commits can be written again. Called when no commit is being written.
    pub fn recovered(&self) {
        // First, so that whoever does not see the failure any more does not wait for a sync of the past.
        self.synced(self.newest_written());
        let mut failure = self.failure.lock();
        if failure.take().is_some() {
            self.epoch.fetch_add(1, Ordering::AcqRel);
            tracing::info!("writes go on: everything that was written is on the disk");
        }
    }

    /// The newest commit that a finished sync covers.
    pub fn newest_durable(&self) -> Version {
        self.durable.load(Ordering::Acquire)
    }

    /// A version that covers what reads have seen that began in this epoch. While the store has failed, reads that began after it failed
    /// refuse what is not durable (read.rs), and what is durable no longer changes.
    pub fn latest_since(&self, epoch: u64) -> Version {
        let durable = self.newest_durable();
        // In this order: had the store recovered before the epoch is looked at, it would be another one.
        if is_failure(epoch) && self.epoch() == epoch { durable } else { self.latest() }
    }

    /// Waits until there is something to do, and when the store has failed for as long as the pause; `None` when the flusher must end.
    pub fn next_task(&self, durability: Durability, pause: Duration) -> Option<Task> {
        let mut waiting = self.waiting.lock();
        self.gather(&mut waiting);
        let mut yields = 0;
        loop {
            if waiting.ended {
                return None;
            }
            if self.has_failed() {
                // A timeout of the flusher's own, not a clock. It is woken early when the store is closed.
                let not_ended = |waiting: &mut Waiting| !waiting.ended;
                self.wanted.wait_while_for(&mut waiting, not_ended, pause);
                return if waiting.ended { None } else { Some(Task::Recover) };
            }
            if std::mem::take(&mut waiting.look) {
                return Some(Task::Look);
            }
            let (written, durable) = (self.written.load(Ordering::Acquire), self.durable.load(Ordering::Acquire));
            match durability {
                Durability::Sync if durable < waiting.wanted && durable < written => return Some(Task::Sync(written)),
                // A reader waits for a commit that is ordered and still being written: it takes microseconds, unless RocksDB
                // holds writers back because it cannot keep up.
                Durability::Sync if durable < waiting.wanted && yields < YIELDS_MAX => {
                    yields += 1;
                    MutexGuard::unlocked(&mut waiting, std::thread::yield_now);
                }
                Durability::Sync if durable < waiting.wanted => {
                    // A timeout of the flusher's own, not a clock.
                    self.wanted.wait_for(&mut waiting, HELD_BACK_PAUSE);
                }
                Durability::Sync => self.wanted.wait(&mut waiting),
                Durability::Relaxed => {
                    // A timeout of the flusher's own, not a clock: nothing that a test could observe depends on it.
                    let timeout = self.wanted.wait_for(&mut waiting, RELAXED_SYNC_INTERVAL);
                    let written = self.written.load(Ordering::Acquire);
                    if timeout.timed_out() && durable < written {
                        return Some(Task::Sync(written));
                    }
                }
            }
        }
    }

    /// Lets those who came together last time come together again, as long as the workers are busy. A client that is alone never waits
    /// here.
    fn gather(&self, waiting: &mut MutexGuard<'_, Waiting>) {
        if !self.is_gathering.load(Ordering::Acquire) {
            return;
        }
        waiting.enough = waiting.concurrent;
        let too_few = |waiting: &Waiting| waiting.waiters.len() < waiting.enough && !waiting.ended;
        // Most have come, and all that has arrived is done.
        let most_came = |waiting: &Waiting| waiting.has_rested && waiting.enough < 2 * waiting.waiters.len();
        // Timeouts of the flusher's own, not a clock.
        self.wanted.wait_while_for(waiting, |waiting| too_few(waiting) && !most_came(waiting), GATHERING_TIME);
        self.wanted.wait_while_for(waiting, |waiting| too_few(waiting) && !waiting.has_rested, BUSY_GATHERING_TIME);
        waiting.enough = 1;
        self.is_gathering.store(false, Ordering::Release);
    }

    /// A sync that covers everything up to this version has finished.
    pub fn synced(&self, version: Version) {
        self.durable.fetch_max(version, Ordering::AcqRel);
        let mut waiting = self.waiting.lock();
        waiting.concurrent = waiting.waiters.len();
        waiting.has_rested = false;
        // Before anybody is woken, whose rest counts.
        let will_gather = 1 < waiting.concurrent && self.has_workers;
        self.is_gathering.store(will_gather, Ordering::Release);
        let woken: Vec<Waiter> = waiting.waiters.extract_if(.., |waiter| waiter.version <= version).collect();
        drop(waiting);
        wake(woken);
    }

    /// Lets the flusher look after writers.
    pub fn look(&self) {
        self.waiting.lock().look = true;
        self.wanted.notify_all();
    }

    /// Lets the flusher end.
    pub fn end(&self) {
        self.waiting.lock().ended = true;
        self.wanted.notify_all();
    }

    /// The newest commit that every read sees and that is in the log.
    pub fn newest_written(&self) -> Version {
        self.written.load(Ordering::Acquire)
    }

    /// Whether a finished sync covers the version.
    pub fn is_durable(&self, version: Version) -> bool {
        version <= self.durable.load(Ordering::Acquire)
    }

    /// Waits for the sync that covers the version, which must have been ordered.
    pub fn wait(&self, version: Version) -> Wait<'_> {
        Wait { progress: self, version, ticket: None }
    }

    /// Whether the version is durable or never will be; else registers the waker for the moment when that changes.
    fn poll(&self, wait: &mut Wait<'_>, waker: &Waker) -> Poll<Result<(), StoreError>> {
        if self.is_durable(wait.version) {
            return Poll::Ready(Ok(()));
        }
        let mut waiting = self.waiting.lock();
        // Again, under the lock that the flusher takes after it has raised the number: no wakeup is lost in between.
        if self.is_durable(wait.version) {
            return Poll::Ready(Ok(()));
        }
        if let Some(failure) = self.failure("making a commit durable") {
            return Poll::Ready(Err(failure));
        }
        if let Some(ticket) = wait.ticket
            && let Some(waiter) = waiting.waiters.iter_mut().find(|waiter| waiter.ticket == ticket)
        {
            waiter.waker.clone_from(waker);
            return Poll::Pending;
        }
        let ticket = waiting.next_ticket;
        waiting.next_ticket = ticket.wrapping_add(1);
        wait.ticket = Some(ticket);
        waiting.waiters.push(Waiter { ticket, version: wait.version, waker: waker.clone() });
        waiting.wanted = waiting.wanted.max(wait.version);
        let is_enough = waiting.enough <= waiting.waiters.len();
        drop(waiting);
        if is_enough {
            self.wanted.notify_one();
        }
        Poll::Pending
    }
}

/// Whether the store has failed in this epoch.
fn is_failure(epoch: u64) -> bool {
    epoch % 2 == 1
}

fn wake(waiters: Vec<Waiter>) {
    for waiter in waiters {
        waiter.waker.wake();
    }
}

/// A future that ends when its version is durable. When it is dropped earlier, its waker stays registered until the
/// next sync and is then woken in vain.
#[derive(Debug)]
pub struct Wait<'a> {
    progress: &'a Progress,
    version: Version,
    /// Names the entry among the waiters once there is one.
    ticket: Option<u64>,
}

impl Future for Wait<'_> {
    type Output = Result<(), StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.progress.poll(&mut self, context.waker())
    }
}
