//! Point reads that find others under way wait for one of them to end and then travel together, as one statement.
//!
//! A statement costs the database and this process the same whether it asks for one key or for a few dozen, so under load the statements are
//! fewer and each answers more, and without load nobody waits. Requests of one table ask for the same descriptor, which is read once.
//!
//! ```text
//! enter -> Go: read at once                              -> the turn goes to who waits first, if anybody does
//!       -> Wait: until a turn comes, then read for all who wait by then, and tell them
//! ```
//!
//! What must hold: a read is sent after it entered, so it sees every commit that was visible before it was asked for. A turn is passed on or
//! given back however its holder ends, also when its future is dropped; who was to be told by such a one enters again.

use parking_lot::Mutex;
use std::sync::Arc;
use storage::{StoreError, Versioned};
use tokio::sync::oneshot;

use bytes::Bytes;

/// The most keys that are read with others' in one statement.
const KEYS_MAX: usize = 256;

/// What a read answers: a value for each key.
pub type Answer = Result<Vec<Option<Versioned>>, StoreError>;

/// Who reads, and who waits to.
pub struct Gather {
    /// How many read at once.
    reading_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    reading: usize,
    waiting: Vec<Waiting>,
}

struct Waiting {
    keys: Vec<Bytes>,
    word: oneshot::Sender<Word>,
}

/// What who waits is told.
enum Word {
    /// To read, for others too.
    Lead(Turn),
    /// What another has read.
    Told(Answer),
}

/// The right to read. It passes to who waits, or back.
pub struct Turn(Option<Arc<Gather>>);

/// How a read begins.
pub enum Entry {
    /// At once.
    Go(Turn),
    /// When it is told.
    Wait(Wait),
}

/// A read that waits.
pub struct Wait(oneshot::Receiver<Word>);

/// How waiting ends.
pub enum Waited {
    /// With the answer.
    Told(Answer),
    /// With a turn, and whom else to read for.
    Lead(Turn, Vec<Other>),
    /// The one that read for this one was dropped: enter again.
    Again,
}

/// Another read that is answered by this one.
pub struct Other(Waiting);

impl Gather {
    /// Lets so many read at once.
    pub fn new(reading_max: usize) -> Arc<Self> {
        Arc::new(Self { reading_max: reading_max.max(1), state: Mutex::default() })
    }

    /// Begins a read of these keys.
    pub fn enter(self: &Arc<Self>, keys: &[Bytes]) -> Entry {
        let mut state = self.state.lock();
        if state.reading < self.reading_max {
            state.reading += 1;
            return Entry::Go(Turn(Some(self.clone())));
        }
        let (word, receiver) = oneshot::channel();
        state.waiting.push(Waiting { keys: keys.to_vec(), word });
        Entry::Wait(Wait(receiver))
    }

    /// Takes those who wait, as many as one statement reads for.
    fn take(&self, own: usize) -> Vec<Other> {
        let mut state = self.state.lock();
        let mut keys = own;
        let fitting = state.waiting.iter().take_while(|waiting| {
            keys += waiting.keys.len();
            keys <= KEYS_MAX
        });
        let count = fitting.count();
        state.waiting.drain(..count).map(Other).collect()
    }
}

impl Wait {
    /// Waits; `own` is how many keys this read asks for.
    pub async fn end(self, own: usize) -> Waited {
        match self.0.await {
            Ok(Word::Told(answer)) => Waited::Told(answer),
            Ok(Word::Lead(turn)) => {
                let others = turn.0.as_ref().map(|gather| gather.take(own)).unwrap_or_default();
                Waited::Lead(turn, others)
            }
            Err(_) => Waited::Again,
        }
    }
}

impl Other {
    /// The keys that it asks for.
    pub fn keys(&self) -> &[Bytes] {
        &self.0.keys
    }

    /// Tells it. Who is gone needs no answer.
    pub fn tell(self, answer: Answer) {
        drop(self.0.word.send(Word::Told(answer)));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(gather) = self.0.take() else { return };
        let mut state = gather.state.lock();
        while !state.waiting.is_empty() {
            let first = state.waiting.remove(0);
            match first.word.send(Word::Lead(Turn(Some(gather.clone())))) {
                Ok(()) => return,
                // It is gone. Its turn must not be passed on by its own end, under the lock that is held here.
                Err(Word::Lead(mut turn)) => turn.0 = None,
                Err(Word::Told(_)) => (),
            }
        }
        state.reading -= 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn key(name: &str) -> Vec<Bytes> {
        vec![Bytes::copy_from_slice(name.as_bytes())]
    }

    fn go(gather: &Arc<Gather>) -> Turn {
        match gather.enter(&key("first")) {
            Entry::Go(turn) => turn,
            Entry::Wait(_) => panic!("nobody reads"),
        }
    }

    fn wait(gather: &Arc<Gather>, name: &str) -> Wait {
        match gather.enter(&key(name)) {
            Entry::Go(_) => panic!("somebody reads"),
            Entry::Wait(wait) => wait,
        }
    }

    #[tokio::test]
    async fn who_waits_first_reads_for_all_who_wait_by_then() {
        let gather = Gather::new(1);
        let turn = go(&gather);
        let (first, second, third) = (wait(&gather, "a"), wait(&gather, "b"), wait(&gather, "c"));
        drop(turn);
        let Waited::Lead(turn, others) = first.end(1).await else { panic!("the turn is its own") };
        assert_eq!(others.iter().map(|other| other.keys().concat()).collect::<Vec<_>>(), [b"b", b"c"]);
        others.into_iter().for_each(|other| other.tell(Ok(vec![None])));
        assert!(matches!(second.end(1).await, Waited::Told(Ok(values)) if values == [None]));
        assert!(matches!(third.end(1).await, Waited::Told(Ok(_))));
        drop(turn);
        drop(go(&gather));
        assert_eq!(gather.state.lock().reading, 0);
    }

    #[tokio::test]
    async fn turns_outlive_those_who_are_gone() {
        let gather = Gather::new(1);
        let turn = go(&gather);
        let (gone, leader, told) = (wait(&gather, "a"), wait(&gather, "b"), wait(&gather, "c"));
        drop(gone);
        drop(turn);
        let Waited::Lead(turn, others) = leader.end(1).await else { panic!("the turn passes over who is gone") };
        // The leader is dropped in the middle of its read.
        drop((turn, others));
        assert!(matches!(told.end(1).await, Waited::Again));
        drop(go(&gather));
    }

    #[test]
    fn one_statement_does_not_grow_without_bound() {
        let gather = Gather::new(1);
        let turn = go(&gather);
        let many = vec![Bytes::from_static(b"k"); KEYS_MAX / 2];
        let waits: Vec<Entry> = (0..3).map(|_| gather.enter(&many)).collect();
        assert_eq!(gather.take(1).len(), 1);
        assert_eq!(gather.state.lock().waiting.len(), 2);
        drop((turn, waits));
    }
}
