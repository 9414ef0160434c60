//! Every open connection, and the one sweeper that ends those that take too long.
//!
//! A connection notes in its [`Seat`] what it is doing: a relaxed store, no timer. Once per tick the sweeper walks over all
//! seats and gives orders: drain (finish what is in progress, then close), and a tick later close. The connection looks at its
//! order whenever it is polled. A timer per request would cost more than the rest of the bookkeeping together.
//!
//! ```text
//! WAITING --first byte--> HEAD --request handed over--> SERVING --answer ready--> WAITING
//! ```
//!
//! When too many bytes are held (`held`), the sweeper also ends connections whose clients have kept the server waiting with them, those
//! with the most bytes first.
//!
//! What must hold: a seat is in the table exactly as long as its [`SeatGuard`] lives. Time here is the sweeper's, a tick coarse.

use crate::held::HeldBytes;
use crate::settings::Limits;
use atomic_waker::AtomicWaker;
use runtime::{Clock, Moment};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;
use tokio::sync::Notify;

/// What a connection is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Go on.
    Serve,
    /// Finish the requests in progress, accept no more, close.
    Drain,
    /// Close now.
    Close,
}

/// How long a client may keep the server waiting while too many bytes are held. One that reads and sends as networks do needs less.
const PATIENCE: Duration = Duration::from_secs(1);

const PHASE_BITS: u32 = 2;
const WAITING: u64 = 0;
const HEAD: u64 = 1;
const SERVING: u64 = 2;

/// One connection as the sweeper sees it.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    /// The phase in the low bits, above them the milliseconds at which it began.
    activity: AtomicU64,
    /// Requests in progress; more than one on HTTP/2 only.
    requests: AtomicU32,
    /// Since when the client has left no room for what is to be written, in milliseconds plus one; 0 when nothing waits.
    stalled: AtomicU64,
    /// The sweeper's last [`Order`].
    order: AtomicU8,
    /// Bytes that are held until the client sends the rest of a body, or takes an answer.
    waiting_bytes: AtomicUsize,
    /// Whether there were such bytes at every tick since this one, in milliseconds plus one; 0 when there were none at the last.
    waiting_since: AtomicU64,
    /// Wakes the connection's task for a new order.
    waker: AtomicWaker,
}

impl Seat {
    fn enter(&self, phase: u64, now_ms: u64) {
        self.activity.store(now_ms << PHASE_BITS | phase, Ordering::Relaxed);
    }

    /// So many more bytes are held for this client to go on.
    pub(crate) fn waits_with(&self, bytes: usize) {
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So many fewer are.
    pub(crate) fn waits_without(&self, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes.load(Ordering::Relaxed)
    }

    /// Notes whether the client is waited for. How many bytes are held for one that has been for long.
    fn overdue_bytes(&self, now_ms: u64) -> usize {
        let bytes = self.waiting_bytes();
        match self.waiting_since.load(Ordering::Relaxed) {
            _ if bytes == 0 => self.waiting_since.store(0, Ordering::Relaxed),
            0 => self.waiting_since.store(now_ms + 1, Ordering::Relaxed),
            since if exceeds(now_ms, since - 1, PATIENCE) => return bytes,
            _ => (),
        }
        0
    }

    fn phase(&self) -> (u64, u64) {
        let activity = self.activity.load(Ordering::Relaxed);
        (activity & ((1 << PHASE_BITS) - 1), activity >> PHASE_BITS)
    }

    /// The order in force; the calling task is woken when it changes.
    pub(crate) fn order(&self, context: &Context<'_>) -> Order {
        self.waker.register(context.waker());
        self.current_order()
    }

    fn current_order(&self) -> Order {
        match self.order.load(Ordering::Acquire) {
            0 => Order::Serve,
            1 => Order::Drain,
            _ => Order::Close,
        }
    }

    fn give(&self, order: Order) {
        self.order.fetch_max(order as u8, Ordering::AcqRel);
        self.waker.wake();
    }

    /// Drain first; to one that did not heed it, close.
    fn escalate(&self) {
        self.give(if self.current_order() == Order::Serve { Order::Drain } else { Order::Close });
    }

    fn is_overdue(&self, now_ms: u64, limits: &Limits) -> bool {
        let stalled = self.stalled.load(Ordering::Relaxed);
        if stalled != 0 && exceeds(now_ms, stalled - 1, limits.write_timeout) {
            return true;
        }
        match self.phase() {
            (WAITING, since) => exceeds(now_ms, since, limits.idle_timeout),
            (HEAD, since) => exceeds(now_ms, since, limits.head_timeout),
            // Bodies have their own timer, and the service answers for its own time.
            _ => false,
        }
    }
}

fn exceeds(now_ms: u64, since_ms: u64, limit: Duration) -> bool {
    u128::from(now_ms.saturating_sub(since_ms)) > limit.as_millis()
}

/// All open connections of one server.
#[derive(Debug)]
pub(crate) struct Connections {
    /// By connection number. Locked when a connection opens or closes and once per tick.
    seats: Mutex<HashMap<u64, Arc<Seat>>>,
    /// The number of the next connection.
    next: AtomicU64,
    /// Milliseconds since `origin`, as of the last tick.
    now_ms: AtomicU64,
    /// When the table was made.
    origin: Moment,
    /// Told when the last connection closes.
    emptied: Notify,
    /// Connections that were ended for the bytes that were held for them.
    ended_for_memory: AtomicU64,
}

impl Connections {
    pub(crate) fn new(clock: &Clock) -> Connections {
        Connections {
            seats: Mutex::default(),
            next: AtomicU64::new(0),
            now_ms: AtomicU64::new(0),
            origin: clock.moment(),
            emptied: Notify::new(),
            ended_for_memory: AtomicU64::new(0),
        }
    }

    /// A seat for a connection that was just accepted.
    pub(crate) fn join(self: &Arc<Self>) -> SeatGuard {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let seat = Arc::new(Seat::default());
        seat.enter(WAITING, self.now_ms());
        self.seats().insert(number, seat.clone());
        SeatGuard { number, seat, connections: self.clone() }
    }

    /// How many connections are open.
    pub(crate) fn len(&self) -> usize {
        self.seats().len()
    }

    /// Asks every connection to finish what is in progress and close.
    pub(crate) fn drain(&self) {
        self.seats().values().for_each(|seat| seat.give(Order::Drain));
    }

    /// Closes every connection, whatever is in progress.
    pub(crate) fn close(&self) {
        self.seats().values().for_each(|seat| seat.give(Order::Close));
    }

    /// Returns when no connection is open.
    pub(crate) async fn emptied(&self) {
        while self.len() > 0 {
            self.emptied.notified().await;
        }
    }

    /// Ends what takes too long, until dropped.
    pub(crate) async fn sweep(&self, clock: &Clock, limits: &Limits, held: &HeldBytes) {
        let tick = tick(limits);
        loop {
            clock.sleep(tick).await;
            let now_ms = u64::try_from(clock.moment().since(self.origin).as_millis()).unwrap_or(u64::MAX);
            self.now_ms.store(now_ms, Ordering::Relaxed);
            for seat in self.seats().values().filter(|seat| seat.is_overdue(now_ms, limits)) {
                seat.escalate();
            }
            self.make_room(now_ms, held.excess());
        }
    }

    /// Ends connections until so many bytes are free, or nobody is left who has been waited for too long.
    fn make_room(&self, now_ms: u64, mut excess: usize) {
        let seats = self.seats();
        let waiting = seats.values().map(|seat| (seat.overdue_bytes(now_ms), seat)).filter(|(bytes, _)| *bytes > 0);
        let mut waiting: Vec<(usize, &Arc<Seat>)> = waiting.collect();
        if excess == 0 {
            return;
        }
        waiting.sort_by_key(|(bytes, _)| Reverse(*bytes));
        for (bytes, seat) in waiting {
            if excess == 0 {
                return;
            }
            seat.give(Order::Close);
            self.ended_for_memory.fetch_add(1, Ordering::Relaxed);
            excess = excess.saturating_sub(bytes);
        }
    }

    /// How many connections were ended because too much was held for them.
    pub(crate) fn ended_for_memory(&self) -> u64 {
        self.ended_for_memory.load(Ordering::Relaxed)
    }

    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<u64, Arc<Seat>>> {
        // The table is whole after every statement that changes it, so a poisoned lock is still consistent.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A quarter of the shortest limit, so that no limit is exceeded by more than that, but no more than two a second.
fn tick(limits: &Limits) -> Duration {
    let shortest = limits.head_timeout.min(limits.idle_timeout).min(limits.write_timeout);
    (shortest / 4).clamp(Duration::from_millis(10), Duration::from_millis(500))
}

/// A connection's own hold on its seat; dropping it leaves the table.
#[derive(Debug)]
pub(crate) struct SeatGuard {
    number: u64,
    seat: Arc<Seat>,
    connections: Arc<Connections>,
}

impl SeatGuard {
    pub(crate) fn order(&self, context: &Context<'_>) -> Order {
        self.seat.order(context)
    }

    /// What the sweeper sees.
    pub(crate) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    /// Bytes came in: when no request was in progress, they begin one.
    pub(crate) fn bytes_arrived(&self) {
        if self.seat.phase().0 == WAITING {
            self.seat.enter(HEAD, self.connections.now_ms());
        }
    }

    /// The client leaves no room for what is to be written.
    pub(crate) fn write_stalled(&self) {
        if self.seat.stalled.load(Ordering::Relaxed) == 0 {
            self.seat.stalled.store(self.connections.now_ms() + 1, Ordering::Relaxed);
        }
    }

    /// Something could be written.
    pub(crate) fn write_moved(&self) {
        if self.seat.stalled.load(Ordering::Relaxed) != 0 {
            self.seat.stalled.store(0, Ordering::Relaxed);
        }
    }

    /// A request is complete enough to be handled; it is in progress until the returned value is dropped.
    pub(crate) fn begin_request(&self) -> RequestInProgress<'_> {
        self.seat.requests.fetch_add(1, Ordering::Relaxed);
        self.seat.enter(SERVING, self.connections.now_ms());
        RequestInProgress(self)
    }
}

impl Drop for SeatGuard {
    fn drop(&mut self) {
        let mut seats = self.connections.seats();
        seats.remove(&self.number);
        if seats.is_empty() {
            self.connections.emptied.notify_one();
        }
    }
}

/// Stands for one request that is being handled.
#[derive(Debug)]
pub(crate) struct RequestInProgress<'a>(&'a SeatGuard);

impl Drop for RequestInProgress<'_> {
    fn drop(&mut self) {
        if self.0.seat.requests.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.seat.enter(WAITING, self.0.connections.now_ms());
        }
    }
}
