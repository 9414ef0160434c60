//! The step after `receive`: whether there is time and room for a call. What is refused here is refused before anything is decoded, with
//! an error that SDKs retry.
//!
//! Three things end what a server can do well:
//!
//! - **Time.** A store on this machine answers on the calling thread, so under load it is not calls in progress that pile up but
//!   connections that wait to be looked at, in the queues of the kernel and of the runtime, where nobody sees them. So a watch stands in
//!   line with them: several times per second it starts a task, which sends a byte over a connection to itself and waits for it. While
//!   that does not come back for long, whoever is looked at has waited about as long, and is refused at once. Refusing takes a hundredth
//!   of the work, so the lines are gone in no time, the task comes back, and calls are admitted until there are new lines. Work goes on at
//!   full speed meanwhile, and nobody waits for long. Timers would not tell: the runtime wakes them past the lines. A new task and
//!   a byte, because there are several lines: of connections that became ready, of each thread's tasks, and of those for which a thread
//!   had no room.
//! - **Places.** What waits for a disk or a database is in progress, and there are only so many places for that.
//! - **Memory.** See `held`. Calls whose answers may be large are refused while too much is held.
//!
//! A pause of the whole process keeps the task, too, but only until it runs again: lateness must last to count.
//!
//! Admission costs a look at one number that changes rarely, and a place: an addition and a subtraction.

use crate::body::Received;
use crate::head::Head;
use crate::held::HeldBytes;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::response::ContentType;
use crate::settings::Limits;
use runtime::{Clock, Moment};
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::net::UnixStream;

/// How long the watch rests between two tasks.
const WATCH_PAUSE: Duration = Duration::from_millis(50);

/// How long lateness must last.
const LATE_LEAST: Duration = Duration::from_millis(25);

/// No task is under way.
const NEVER: u64 = u64::MAX;

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Time,
    Places,
    Memory,
}

/// As metrics name them.
const REASONS: [(Reason, &str); 3] = [(Reason::Time, "time"), (Reason::Places, "places"), (Reason::Memory, "memory")];

/// What decides on admission, for one server.
#[derive(Debug)]
pub(crate) struct Admission {
    /// Moments are counted from here, in microseconds.
    origin: Moment,
    /// When the watch started the task that is under way.
    sent_us: AtomicU64,
    /// When that was first found to be too long ago; 0 when it is not.
    late_since_us: AtomicU64,
    /// Calls in progress.
    in_progress: AtomicUsize,
    refused: [AtomicU64; REASONS.len()],
    /// Bytes of bodies and answers.
    pub(crate) held: Arc<HeldBytes>,
}

/// A call that may go on. It has its place until this is dropped.
#[derive(Debug)]
pub(crate) struct Admitted<'a, 'h> {
    received: &'a Received<'h>,
    admission: &'a Admission,
}

impl<'a, 'h> Admitted<'a, 'h> {
    /// The request.
    pub(crate) fn received(&self) -> &'a Received<'h> {
        self.received
    }
}

impl Drop for Admitted<'_, '_> {
    fn drop(&mut self) {
        self.admission.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    pub(crate) fn new(clock: &Clock, limits: &Limits) -> Admission {
        Admission {
            origin: clock.moment(),
            sent_us: AtomicU64::new(NEVER),
            late_since_us: AtomicU64::new(0),
            in_progress: AtomicUsize::new(0),
            refused: Default::default(),
            held: Arc::new(HeldBytes::new(limits.held_bytes)),
        }
    }

    /// Admits a call, or refuses it.
    pub(crate) fn admit<'a, 'h>(
        &'a self,
        received: &'a Received<'h>,
        clock: &Clock,
        limits: &Limits,
    ) -> Result<Admitted<'a, 'h>, Refusal> {
        if self.is_late(clock, limits) {
            return Err(self.refuse(Reason::Time, received.head()));
        }
        if self.held.is_full() && may_answer_much(received) {
            return Err(self.refuse(Reason::Memory, received.head()));
        }
        // Leaves the place again also when there was none.
        self.in_progress.fetch_add(1, Ordering::Relaxed);
        let admitted = Admitted { received, admission: self };
        if self.in_progress.load(Ordering::Relaxed) > limits.requests_in_progress {
            return Err(self.refuse(Reason::Places, received.head()));
        }
        Ok(admitted)
    }

    /// Counts a body that found no room.
    pub(crate) fn refuse_body(&self, head: &Head<'_>) -> Refusal {
        self.refuse(Reason::Memory, head)
    }

    fn refuse(&self, reason: Reason, head: &Head<'_>) -> Refusal {
        self.refused[reason as usize].fetch_add(1, Ordering::Relaxed);
        Refusal::Overloaded { is_json: ContentType::of_request(head).is_some() }
    }

    /// Whether calls have been waiting for longer than they should, for a while.
    fn is_late(&self, clock: &Clock, limits: &Limits) -> bool {
        let sent_us = self.sent_us.load(Ordering::Relaxed);
        // Nearly always: the watch rests for longer than it is under way.
        if sent_us == NEVER {
            return false;
        }
        // Not when the call began: its body may have been in line after that.
        let now_us = self.micros(clock.moment());
        if now_us.saturating_sub(sent_us) <= micros_of(limits.lateness) {
            return false;
        }
        // Several may find out at once: all of them within the same instant.
        let since_us = match self.late_since_us.load(Ordering::Relaxed) {
            0 => {
                self.late_since_us.store(now_us, Ordering::Relaxed);
                now_us
            }
            since_us => since_us,
        };
        now_us.saturating_sub(since_us) >= micros_of(LATE_LEAST)
    }

    /// Stands in line again and again, until dropped. Without a connection nobody is refused for lateness.
    pub(crate) async fn watch(self: &Arc<Self>, clock: &Clock) {
        let _watching = Watching(self);
        let line = match UnixStream::pair() {
            Ok(line) => Arc::new(line),
            Err(error) => {
                tracing::warn!(%error, "nothing tells whether requests wait for too long");
                return pending().await;
            }
        };
        loop {
            self.sent(clock.moment());
            // Started by whoever runs the server, which is no task itself, it goes into the line of tasks.
            let _ = runtime::spawn(stand_in_line(line.clone())).await;
            self.came();
            clock.sleep(WATCH_PAUSE).await;
        }
    }

    fn sent(&self, now: Moment) {
        self.sent_us.store(self.micros(now), Ordering::Relaxed);
    }

    fn came(&self) {
        self.sent_us.store(NEVER, Ordering::Relaxed);
        self.late_since_us.store(0, Ordering::Relaxed);
    }

    fn micros(&self, moment: Moment) -> u64 {
        micros_of(moment.since(self.origin))
    }

    /// Calls in progress.
    pub(crate) fn in_progress(&self) -> usize {
        self.in_progress.load(Ordering::Relaxed)
    }

    /// How many calls were refused, by the name of the reason.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        REASONS.iter().zip(&self.refused).map(|((_, name), count)| (*name, count.load(Ordering::Relaxed)))
    }
}

/// While there is a watch. A server that ends has none, and answers what it still gets.
struct Watching<'a>(&'a Admission);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.came();
    }
}

/// Waits for its turn in every line: as a new task, as a connection, and as a task that was woken.
async fn stand_in_line(line: Arc<(UnixStream, UnixStream)>) {
    let (near, far) = &*line;
    let mut byte = [0];
    if near.try_write(&byte).is_ok() && far.readable().await.is_ok() {
        // It is there, so there is nothing to be told.
        let _ = far.try_read(&mut byte);
    }
    go_to_the_end().await;
}

/// A task that is woken last is run first. One that wakes itself goes to the end of its thread's line.
async fn go_to_the_end() {
    let mut has_been = false;
    poll_fn(|context| {
        if has_been {
            return Poll::Ready(());
        }
        has_been = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn micros_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Whether the answer may be megabytes: those that read more than one item. One item is 400 KB at most.
fn may_answer_much(received: &Received<'_>) -> bool {
    let target = received.head().headers.target.and_then(|target| target.to_str().ok());
    matches!(
        target.and_then(Operation::from_target),
        Some(
            Operation::BatchExecuteStatement
                | Operation::BatchGetItem
                | Operation::ExecuteStatement
                | Operation::ExecuteTransaction
                | Operation::GetRecords
                | Operation::Query
                | Operation::Scan
                | Operation::TransactGetItems
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::{ManualClock, Timestamp};

    const LATENESS: Duration = Duration::from_millis(250);
    const INSTANT: Duration = Duration::from_millis(1);

    fn admission() -> (Admission, Clock, ManualClock, Limits) {
        let (clock, hands) = Clock::manual(Timestamp::from_millis(0));
        let limits = Limits { lateness: LATENESS, ..Limits::default() };
        (Admission::new(&clock, &limits), clock, hands, limits)
    }

    #[test]
    fn every_reason_has_its_place_in_the_list() {
        for (index, (reason, _)) in REASONS.iter().enumerate() {
            assert_eq!(*reason as usize, index);
        }
    }

    #[test]
    fn nobody_is_late_where_nobody_watches() {
        let (admission, clock, hands, limits) = admission();
        hands.advance(LATENESS * 10);
        assert!(!admission.is_late(&clock, &limits));
    }

    #[test]
    fn lateness_must_last_and_ends_with_the_turn_of_the_watch() {
        let (admission, clock, hands, limits) = admission();
        let is_late = || admission.is_late(&clock, &limits);
        admission.sent(clock.moment());
        hands.advance(LATENESS);
        assert!(!is_late(), "that long is allowed");
        hands.advance(INSTANT);
        assert!(!is_late(), "perhaps the process stood still");
        hands.advance(LATE_LEAST - INSTANT);
        assert!(!is_late());
        hands.advance(INSTANT);
        assert!(is_late());
        admission.came();
        assert!(!is_late());
        admission.sent(clock.moment());
        hands.advance(LATENESS + LATE_LEAST);
        assert!(!is_late(), "it is noted anew");
        hands.advance(LATE_LEAST);
        assert!(is_late());
    }

    #[tokio::test]
    async fn the_watch_is_on_time_where_nobody_is_in_line() {
        let clock = Clock::system();
        let admission = Arc::new(Admission::new(&clock, &Limits::default()));
        let is_under_way = || admission.sent_us.load(Ordering::Relaxed) != NEVER;
        let watching = clock.timeout(WATCH_PAUSE / 2, admission.watch(&clock));
        assert!(watching.await.is_err(), "it watches until it is dropped");
        assert!(!is_under_way());
        admission.sent(clock.moment());
        assert!(is_under_way());
        assert!(clock.timeout(WATCH_PAUSE / 2, admission.watch(&clock)).await.is_err());
        assert!(!is_under_way(), "its turn came");
    }
}
