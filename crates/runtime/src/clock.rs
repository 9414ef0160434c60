//! Time: what o'clock it is ([`Timestamp`]), how much of it passed ([`Moment`]), and waiting for it.
//!
//! Two clocks share one type. The system clock asks the operating system. The manual clock stands still until
//! [`ManualClock::advance`] moves it, and wakes exactly the sleepers whose time has come, earliest first.
//!
//! What must hold: moments never go backwards, also when the wall clock is set back.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time on the wall clock: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The timestamp that many milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Timestamp(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Seconds since the epoch with millisecond precision: the form in which DynamoDB's JSON carries times.
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// This time plus `duration`; the last representable time when that is out of range.
    pub fn plus(self, duration: Duration) -> Self {
        Timestamp(self.0.saturating_add(millis_of(duration)))
    }

    /// The time from `earlier` until this one; zero when `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// A point on the monotonic clock: only differences between two of one process mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// The time from `earlier` until this one; zero when `earlier` is later.
    pub fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The answer of [`Clock::timeout`] when the time ran out first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("timed out")
    }
}

impl std::error::Error for TimedOut {}

/// A source of time. Clones are cheap and tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(ManualClock),
}

/// The monotonic clock counts from here, so that a moment is one number.
static ORIGIN: LazyLock<std::time::Instant> = LazyLock::new(system_instant);

#[allow(clippy::disallowed_methods, reason = "this is the clock that everything else uses")]
fn system_instant() -> std::time::Instant {
    std::time::Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "this is the clock that everything else uses")]
fn system_time() -> SystemTime {
    SystemTime::now()
}

fn millis_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Clock {
    /// The clock of the operating system.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands at `start`, and the handle that moves it.
    pub fn manual(start: Timestamp) -> (Clock, ManualClock) {
        let manual = ManualClock { start, hands: Arc::new(Mutex::new(Hands::default())) };
        (Clock(Source::Manual(manual.clone())), manual)
    }

    /// What o'clock it is.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            // A wall clock before 1970 is not set; the epoch is as good a guess.
            Source::System => Timestamp(system_time().duration_since(UNIX_EPOCH).map_or(0, millis_of)),
            Source::Manual(manual) => manual.start.plus(manual.hands().elapsed),
        }
    }

    /// The present moment, for measuring how long something takes.
    pub fn moment(&self) -> Moment {
        match &self.0 {
            Source::System => Moment(system_instant().saturating_duration_since(*ORIGIN)),
            Source::Manual(manual) => Moment(manual.hands().elapsed),
        }
    }

    /// Waits until `duration` has passed.
    #[allow(clippy::disallowed_methods, reason = "this is the sleep that everything else uses")]
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Source::System => tokio::time::sleep(duration).await,
            Source::Manual(manual) => manual.sleep(duration).await,
        }
    }

    /// The outcome of `future`, or `TimedOut` when `limit` passes first. `future` is dropped then.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, TimedOut> {
        let mut future = pin!(future);
        let mut sleep = pin!(self.sleep(limit));
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            sleep.as_mut().poll(context).map(|()| Err(TimedOut))
        })
        .await
    }

    /// Blocks the calling thread until `duration` has passed. For threads that are not part of the async runtime; a manual
    /// clock does not block at all.
    #[allow(clippy::disallowed_methods, reason = "this is the sleep that everything else uses")]
    pub fn sleep_blocking(&self, duration: Duration) {
        match &self.0 {
            Source::System => std::thread::sleep(duration),
            Source::Manual(_) => (),
        }
    }
}

/// The handle of a clock that moves only when told.
#[derive(Clone, Debug)]
pub struct ManualClock {
    /// The wall time when the hands are at zero.
    start: Timestamp,
    /// Shared by all clones of the clock. Held only for a few instructions.
    hands: Arc<Mutex<Hands>>,
}

#[derive(Debug, Default)]
struct Hands {
    elapsed: Duration,
    /// Those who wait, with the elapsed time that they wait for. Few, so a plain list.
    sleepers: Vec<(Duration, Waker)>,
}

impl ManualClock {
    /// Moves the clock forward and wakes everyone whose time has come, the earliest first.
    pub fn advance(&self, duration: Duration) {
        let mut due = {
            let mut hands = self.hands();
            hands.elapsed = hands.elapsed.saturating_add(duration);
            let now = hands.elapsed;
            hands.sleepers.extract_if(.., |(deadline, _)| *deadline <= now).collect::<Vec<_>>()
        };
        due.sort_by_key(|(deadline, _)| *deadline);
        for (_, waker) in due {
            waker.wake();
        }
    }

    /// How long until the first of those who wait; `None` where nobody does.
    pub fn until_next(&self) -> Option<Duration> {
        let hands = self.hands();
        let first = hands.sleepers.iter().map(|(deadline, _)| *deadline).min()?;
        Some(first.saturating_sub(hands.elapsed))
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        // Nothing between lock and unlock can panic halfway through a change, so a poisoned lock is still consistent.
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        let deadline = self.hands().elapsed.saturating_add(duration);
        poll_fn(|context| {
            let mut hands = self.hands();
            if hands.elapsed >= deadline {
                return Poll::Ready(());
            }
            let waker = context.waker();
            if !hands.sleepers.iter().any(|(at, other)| *at == deadline && other.will_wake(waker)) {
                hands.sleepers.push((deadline, waker.clone()));
            }
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests;
