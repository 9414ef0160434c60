//! The bytes that the server holds for its clients: bodies that are still coming, or in use, and answers that are not yet sent.
//!
//! ```text
//! body:    first piece --more comes--> held, and the client is waited for --complete--> held --answered--> free
//! answer:  made --> held, and the client is waited for --sent, or the connection ends--> free
//! ```
//!
//! One client has bounds of its own, but ten thousand of them together must not take the process's memory. So all bytes of bodies and
//! answers that are more than small are counted, for the server and for each connection. Beyond the limit large bodies do not grow and
//! calls with large answers are refused; and connections whose clients keep the server waiting are ended by the sweeper (`connections`) as
//! soon as half of the limit is held. Small bodies are what must go on: they grow up to twice the limit, and are not counted where they come
//! in one piece. Neither are small answers.

use crate::connections::Seat;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is large is larger than this. Answers that are not are not counted.
pub(crate) const SMALL_BYTES: usize = 64 * 1024;

/// How many bytes a server holds.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    held: AtomicUsize,
    limit: usize,
}

impl HeldBytes {
    pub(crate) fn new(limit: usize) -> HeldBytes {
        HeldBytes { held: AtomicUsize::new(0), limit }
    }

    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether nothing more should be held.
    pub(crate) fn is_full(&self) -> bool {
        self.held() >= self.limit
    }

    /// How much too many bytes there are for everybody's comfort: time to end connections that are waited for.
    pub(crate) fn excess(&self) -> usize {
        self.held().saturating_sub(self.limit / 2)
    }
}

/// Some bytes, until dropped.
pub(crate) struct Held {
    all: Arc<HeldBytes>,
    seat: Arc<Seat>,
    bytes: usize,
    /// Whether it is for the client to do something before they are free.
    waits: bool,
}

impl Held {
    /// None yet, for the client on this seat.
    pub(crate) fn none(all: &Arc<HeldBytes>, seat: &Arc<Seat>) -> Held {
        Held { all: all.clone(), seat: seat.clone(), bytes: 0, waits: true }
    }

    /// So many more bytes of a body, unless they are too many.
    #[must_use]
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let before = self.all.held.fetch_add(bytes, Ordering::Relaxed);
        let is_small = self.bytes.saturating_add(bytes) <= SMALL_BYTES;
        let limit = if is_small { self.all.limit.saturating_mul(2) } else { self.all.limit };
        if before.saturating_add(bytes) > limit {
            self.all.held.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        if self.waits {
            self.seat.waits_with(bytes);
        }
        true
    }

    /// The client did its part: now it waits for the server.
    pub(crate) fn complete(&mut self) {
        if self.waits {
            self.waits = false;
            self.seat.waits_without(self.bytes);
        }
    }

    /// An answer that stays counted until all of it was sent. It is there already, so it is never too much.
    pub(crate) fn until_sent(all: &Arc<HeldBytes>, seat: &Arc<Seat>, answer: Bytes) -> Bytes {
        if answer.len() <= SMALL_BYTES {
            return answer;
        }
        let mut held = Held::none(all, seat);
        held.bytes = answer.len();
        all.held.fetch_add(held.bytes, Ordering::Relaxed);
        seat.waits_with(held.bytes);
        Bytes::from_owner(Unsent { answer, _held: held })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.complete();
            self.all.held.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", self.bytes)
    }
}

/// An answer on its way.
struct Unsent {
    answer: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for Unsent {
    fn as_ref(&self) -> &[u8] {
        &self.answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(limit: usize) -> (Arc<HeldBytes>, Arc<Seat>) {
        (Arc::new(HeldBytes::new(limit)), Arc::default())
    }

    #[test]
    fn a_body_grows_up_to_the_limit_and_is_given_back() {
        let (all, seat) = place(SMALL_BYTES * 10);
        let mut held = Held::none(&all, &seat);
        assert!(held.grow(SMALL_BYTES * 6));
        assert!(!held.grow(SMALL_BYTES * 4 + 1));
        assert_eq!((all.held(), seat.waiting_bytes(), all.excess()), (SMALL_BYTES * 6, SMALL_BYTES * 6, SMALL_BYTES));
        assert!(held.grow(SMALL_BYTES * 4));
        assert!(all.is_full());
        held.complete();
        assert_eq!((all.held(), seat.waiting_bytes()), (SMALL_BYTES * 10, 0), "the client is not waited for any more");
        drop(held);
        assert_eq!((all.held(), seat.waiting_bytes()), (0, 0));
    }

    #[test]
    fn small_bodies_find_room_where_large_ones_do_not() {
        let (all, seat) = place(SMALL_BYTES);
        let mut small: Vec<Held> = (0..3).map(|_| Held::none(&all, &seat)).collect();
        assert_eq!(small.iter_mut().map(|held| held.grow(SMALL_BYTES)).collect::<Vec<_>>(), [true, true, false]);
        assert!(!small[0].grow(1), "that would be a large one");
        drop(small);
        assert_eq!(all.held(), 0);
    }

    #[test]
    fn a_large_answer_is_held_until_its_last_part_is_gone() {
        let (all, seat) = place(100);
        let answer = Bytes::from(vec![b'x'; SMALL_BYTES + 1]);
        let sent = Held::until_sent(&all, &seat, answer.clone());
        assert_eq!(sent, answer);
        let part = sent.slice(10..20);
        drop(sent);
        assert_eq!((all.held(), seat.waiting_bytes()), (SMALL_BYTES + 1, SMALL_BYTES + 1));
        drop(part);
        assert_eq!((all.held(), seat.waiting_bytes()), (0, 0));
        Held::until_sent(&all, &seat, Bytes::from(vec![b'x'; SMALL_BYTES]));
        assert_eq!(all.held(), 0);
    }
}
