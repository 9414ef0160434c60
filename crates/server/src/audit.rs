//! The audit log: one line for every call that was denied, and for every call that manages something, in the form of CloudTrail's events.
//!
//! `trail` tells how a call ended by what became known of it, `ended` makes an event of that, in the form that `event` has, `planes` says
//! which operation is of which kind, `parameters` takes from a request what may be told, `writer` appends to the file.
//!
//! What must hold: no event is lost while the process lives. When the file cannot be written as fast as events come, or not at all,
//! the calls that make events wait; those that make none do not. No value of an item and no secret gets into the log.

mod ended;
mod event;
mod parameters;
mod planes;
mod trail;
mod writer;

pub use ended::{Action, Ended, Parameters};
pub use event::{Event, IdentityType, Resource, SessionContext, SessionIssuer, UserIdentity};
pub use planes::{Plane, is_read_only, plane};

use runtime::{Clock, Random};
use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use writer::{Message, Writer};

/// How many events wait for the writer before calls do.
const QUEUED_EVENTS: usize = 1024;

/// How long a shutdown waits for a file that cannot be written.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What happened to the events, for the metrics.
#[derive(Debug, Default)]
struct Counters {
    /// Events that are in the file.
    written: AtomicU64,
    /// Attempts to write that failed, and were repeated.
    failures: AtomicU64,
    /// Events that came after the end.
    lost: AtomicU64,
}

/// The audit log of one server.
#[derive(Debug)]
pub struct Audit {
    queue: mpsc::Sender<Message>,
    counters: Arc<Counters>,
    clock: Clock,
    /// Makes the events' ids.
    random: Random,
}

impl Audit {
    /// Opens the file, or makes it, and starts the thread that writes to it.
    ///
    /// # Errors
    /// When the file cannot be opened, or no thread be started.
    pub fn open(path: PathBuf, clock: Clock, random: Random) -> io::Result<Arc<Audit>> {
        let (queue, messages) = mpsc::channel(QUEUED_EVENTS);
        let counters = Arc::new(Counters::default());
        let writer = Writer::open(path, clock.clone(), counters.clone())?;
        std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run(messages))?;
        Ok(Arc::new(Audit { queue, counters, clock, random }))
    }

    /// Notes an event. Returns when it is in the queue, which waits for the file only while the queue is full.
    pub async fn record(&self, event: &Event) {
        match serde_json::to_vec(event) {
            Ok(mut line) => {
                line.push(b'\n');
                if self.queue.send(Message::Line(line)).await.is_err() {
                    self.counters.lost.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(event_id = event.event_id, "an event came after the audit log was closed");
                }
            }
            Err(error) => {
                self.counters.lost.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, "an event cannot be written as JSON");
            }
        }
    }

    /// Notes how a call ended, if such calls belong into the log; see [`Ended`].
    pub async fn record_call(&self, ended: Ended<'_>) {
        if ended.action.is_recorded(ended.error_code()) {
            let event = ended.into_event(self.clock.now(), self.random.uuid());
            self.record(&event).await;
        }
    }

    /// Opens the file anew, after it was moved away. The writer finds that out itself with the next event; this is for whoever wants
    /// it at once.
    pub async fn reopen(&self) {
        // After the end there is nothing to open.
        let _ = self.queue.send(Message::Reopen).await;
    }

    /// Ends the log when everything is in the file. Says whether that was so in time.
    pub async fn close(&self) -> bool {
        let (done, is_done) = oneshot::channel();
        let closing = async { self.queue.send(Message::Close(done)).await.is_ok() && is_done.await.is_ok() };
        let is_complete = self.clock.timeout(CLOSE_TIMEOUT, closing).await.unwrap_or(false);
        if !is_complete {
            tracing::error!("the audit log could not be written to its end");
        }
        is_complete
    }

    /// Appends the log's own metrics in Prometheus's text format.
    pub(crate) fn write_metrics(&self, text: &mut String) {
        for (name, help, counter) in [
            ("events", "Events in the audit log.", &self.counters.written),
            (
                "write_failures",
                "Attempts to write to the audit log that failed and were repeated.",
                &self.counters.failures,
            ),
            ("events_lost", "Events that came after the audit log was closed.", &self.counters.lost),
        ] {
            let (name, count) = (format!("stator_audit_{name}_total"), counter.load(Ordering::Relaxed));
            // Writing into a String cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {count}");
        }
    }
}

#[cfg(test)]
mod tests;
