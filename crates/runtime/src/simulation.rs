//! A runtime of one thread whose every choice is a seed's: which of the tasks that can go on goes on next, and what o'clock it is.
//!
//! ```text
//! a task is ready -> one of the ready ones, by the seed, is polled -> a microsecond passes -> ...
//! none is ready   -> the clock moves to the next moment that somebody waits for
//! ```
//!
//! While a simulation polls, [`crate::spawn`] starts tasks in it. Every task belongs to a [`Group`], and so do the tasks that it starts. A
//! group can be stopped at once, with whatever its tasks were at: that is how a process dies.
//!
//! What must hold: nothing that happens depends on anything but the seed. Every poll goes into the [`Simulation::trace`], so that two runs can
//! be compared.

use crate::{Clock, ManualClock, Random, Task, Timestamp};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// How much time every poll takes.
const STEP: Duration = Duration::from_micros(1);

/// Tasks that end together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Group(u64);

impl Group {
    /// The group of what [`Simulation::run`] was given. It is never stopped.
    pub const MAIN: Group = Group(0);
}

/// Why a run ended before its future did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stuck {
    /// Nothing can go on, and nobody waits for the clock.
    Deadlock,
    /// There were as many polls as were allowed.
    TooLong,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deadlock => "everybody waits for somebody",
            Self::TooLong => "there is no end to it",
        })
    }
}

impl std::error::Error for Stuck {}

/// A simulated runtime. Clones are the same one.
#[derive(Clone)]
pub struct Simulation(Arc<Shared>);

struct Shared {
    random: Random,
    clock: Clock,
    hands: ManualClock,
    tasks: Mutex<Tasks>,
    /// Apart from the tasks: a waker is called while they are looked at.
    ready: Arc<Mutex<Vec<u64>>>,
    /// What happened so far, as one number.
    trace: AtomicU64,
    polls: AtomicU64,
}

#[derive(Default)]
struct Tasks {
    /// In the order in which they were started.
    waiting: BTreeMap<u64, Running>,
    next_task: u64,
    last_group: u64,
}

struct Running {
    group: Group,
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Where the task that is being polled belongs.
#[derive(Clone)]
pub(crate) struct Here {
    simulation: Simulation,
    group: Group,
}

thread_local! {
    static CURRENT: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// The simulation that polls the caller, if one does.
pub(crate) fn current() -> Option<Here> {
    CURRENT.with_borrow(Clone::clone)
}

impl Here {
    pub(crate) fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.simulation.spawn_in(self.group, future)
    }
}

/// Makes a task of some group the current one until it is dropped.
struct Entered(Option<Here>);

impl Entered {
    fn new(here: Here) -> Self {
        Self(CURRENT.replace(Some(here)))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl Simulation {
    /// A runtime whose clock stands at `start`.
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let (clock, hands) = Clock::manual(start);
        Self(Arc::new(Shared {
            random: Random::seeded(seed),
            clock,
            hands,
            tasks: Mutex::default(),
            ready: Arc::default(),
            trace: AtomicU64::new(seed),
            polls: AtomicU64::new(0),
        }))
    }

    /// The simulated clock.
    pub fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// A number for everything that happened so far: equal in two runs that did the same.
    pub fn trace(&self) -> u64 {
        self.0.trace.load(Ordering::Relaxed)
    }

    /// How often a task was polled so far.
    pub fn polls(&self) -> u64 {
        self.0.polls.load(Ordering::Relaxed)
    }

    /// Takes something into the trace.
    pub fn note(&self, what: u64) {
        let mixed = (self.trace() ^ what).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        self.0.trace.store(mixed, Ordering::Relaxed);
    }

    /// A group without tasks.
    pub fn new_group(&self) -> Group {
        let mut tasks = self.0.tasks();
        tasks.last_group += 1;
        Group(tasks.last_group)
    }

    /// Starts a task of a group.
    pub fn spawn_in<F>(&self, group: Group, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let slot = Slot(Arc::default());
        let fill = Fill(slot.clone());
        let future = Box::pin(async move {
            let fill = fill;
            fill.0.lock().value = Some(future.await);
        });
        let mut tasks = self.0.tasks();
        let id = tasks.next_task;
        tasks.next_task += 1;
        tasks.waiting.insert(id, Running { group, future });
        self.0.ready().push(id);
        Task::simulated(slot)
    }

    /// Stops all tasks of a group where they are. Not to be called by one of them.
    pub fn stop(&self, group: Group) {
        let stopped: Vec<_> = self.0.tasks().waiting.extract_if(.., |_, task| task.group == group).collect();
        // Outside of the lock: what the tasks held may wake others.
        drop(stopped);
    }

    /// Moves the clock at once, as for a machine that stood still meanwhile.
    pub fn jump(&self, duration: Duration) {
        self.0.hands.advance(duration);
    }

    /// Runs a future of the main group to its end, and the tasks meanwhile. What is still running then is stopped.
    ///
    /// # Errors
    /// Where there is no end to be reached, or not with so many polls.
    pub fn run<F>(&self, polls_max: u64, future: F) -> Result<F::Output, Stuck>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let main = self.spawn_in(Group::MAIN, future);
        let mut outcome = Err(Stuck::TooLong);
        for _ in 0..polls_max {
            if main.is_finished() {
                outcome = Ok(());
                break;
            }
            if !self.step() && !self.pass_time() {
                outcome = Err(Stuck::Deadlock);
                break;
            }
        }
        let left = std::mem::take(&mut self.0.tasks().waiting);
        drop(left);
        outcome?;
        let mut main = std::pin::pin!(main);
        match main.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(output)) => Ok(output),
            Poll::Ready(Err(_)) | Poll::Pending => Err(Stuck::Deadlock),
        }
    }

    /// Polls one of the tasks that are ready. Returns whether there was one.
    fn step(&self) -> bool {
        let id = {
            let mut ready = self.0.ready();
            if ready.is_empty() {
                return false;
            }
            let chosen = self.0.random.below(ready.len() as u64) as usize;
            ready.swap_remove(chosen)
        };
        // One that has ended, or was stopped, may have been woken before.
        let Some(mut task) = self.0.tasks().waiting.remove(&id) else { return true };
        self.0.polls.fetch_add(1, Ordering::Relaxed);
        self.note(id);
        self.note(self.0.clock.now().as_millis());
        let waker = Waker::from(Arc::new(Alarm { id, ready: self.0.ready.clone() }));
        let polled = {
            let _entered = Entered::new(Here { simulation: self.clone(), group: task.group });
            task.future.as_mut().poll(&mut Context::from_waker(&waker))
        };
        if polled.is_pending() {
            self.0.tasks().waiting.insert(id, task);
        }
        self.0.hands.advance(STEP);
        true
    }

    /// Moves the clock to the next moment that somebody waits for. Returns whether there is one.
    fn pass_time(&self) -> bool {
        let Some(left) = self.0.hands.until_next() else { return false };
        self.0.hands.advance(left);
        true
    }
}

impl Shared {
    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        // Nothing between lock and unlock can panic halfway through a change, here and below.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ready(&self) -> MutexGuard<'_, Vec<u64>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The waker of a task.
struct Alarm {
    id: u64,
    ready: Arc<Mutex<Vec<u64>>>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains(&self.id) {
            ready.push(self.id);
        }
    }
}

/// Where a task leaves what it comes to.
#[derive(Debug)]
pub(crate) struct Slot<T>(Arc<Mutex<Left<T>>>);

#[derive(Debug)]
struct Left<T> {
    value: Option<T>,
    is_finished: bool,
    waiting: Option<Waker>,
}

impl<T> Default for Left<T> {
    fn default() -> Self {
        Self { value: None, is_finished: false, waiting: None }
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, Left<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.lock().is_finished
    }

    /// What the task came to; `None` where it was stopped.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut left = self.lock();
        if left.is_finished {
            return Poll::Ready(left.value.take());
        }
        left.waiting = Some(context.waker().clone());
        Poll::Pending
    }
}

/// A task's end of its slot: when it is dropped the task has ended, one way or the other.
struct Fill<T>(Slot<T>);

impl<T> Drop for Fill<T> {
    fn drop(&mut self) {
        let waiting = {
            let mut left = self.0.lock();
            left.is_finished = true;
            left.waiting.take()
        };
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests;
