//! The server's shared state, the loop that accepts connections, and shutdown.
//!
//! Shutdown: stop accepting everywhere, let every connection finish the requests in progress, and after a bounded time close
//! what is left.

use crate::admission::Admission;
use crate::connection::{self, Transport};
use crate::connections::Connections;
use crate::metrics::Metrics;
use crate::origin::Origin;
use crate::service::Service;
use crate::settings::Settings;
use crate::socket::{Listener, Stream};
use crate::tls::Tls;
use runtime::{Clock, Moment, Random};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long to wait when the process has no file descriptor left: some connection must close first.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// How often at most refused connections are logged: whoever is refused must not be able to fill the disk.
const REFUSAL_LOG_PAUSE: Duration = Duration::from_secs(1);

/// What all connections of a server share.
#[derive(Debug)]
pub struct Server<S> {
    /// What answers the calls.
    pub(crate) service: S,
    /// What the operator decided.
    pub(crate) settings: Settings,
    /// Times requests and ends those that take too long.
    pub(crate) clock: Clock,
    /// Makes request ids.
    pub(crate) random: Random,
    /// Counts requests.
    pub(crate) metrics: Metrics,
    /// Every open connection.
    pub(crate) connections: Arc<Connections>,
    /// What may be answered now.
    pub(crate) admission: Arc<Admission>,
}

impl<S: Service> Server<S> {
    /// A server that answers with `service`.
    pub fn new(service: S, settings: Settings, clock: Clock, random: Random) -> Arc<Server<S>> {
        let connections = Arc::new(Connections::new(&clock));
        let admission = Arc::new(Admission::new(&clock, &settings.limits));
        Arc::new(Server { service, settings, clock, random, metrics: Metrics::default(), connections, admission })
    }

    /// Serves on all `listeners` until `shutdown` is ready, then finishes what is in progress. Says whether all of it was finished
    /// in time.
    pub async fn run(self: &Arc<Self>, listeners: Vec<Listener>, shutdown: impl Future<Output = ()>) -> bool {
        // One limit for all listeners: it protects the process.
        let places = Arc::new(Semaphore::new(self.settings.limits.connections));
        tokio::select! {
            () = shutdown => (),
            () = until_any(listeners.iter().map(|listener| self.accept(listener, &places))) => (),
            () = until_any(distinct(&listeners).into_iter().map(Tls::watch)) => (),
            () = self.connections.sweep(&self.clock, &self.settings.limits, &self.admission.held) => (),
            () = self.admission.watch(&self.clock) => (),
        }
        // Whoever still waits in the queue is refused by the kernel, and tries again elsewhere or later.
        drop(listeners);
        self.drain().await
    }

    /// Serves one connection over any stream of bytes: for whoever wants no sockets. Nothing ends it that takes too long.
    pub async fn serve_over<T: Transport>(self: &Arc<Self>, stream: T, origin: Origin, is_http2: bool) {
        connection::serve_over(self.clone(), stream, self.connections.join(), origin, is_http2).await;
    }

    /// How many bytes of large bodies and answers are held for clients.
    pub fn held_bytes(&self) -> usize {
        self.admission.held.held()
    }

    async fn drain(&self) -> bool {
        let limits = &self.settings.limits;
        self.connections.drain();
        let finished = tokio::select! {
            result = self.clock.timeout(limits.drain_timeout, self.connections.emptied()) => result.is_ok(),
            () = self.connections.sweep(&self.clock, limits, &self.admission.held) => false,
        };
        if !finished {
            tracing::warn!(connections = self.connections.len(), "closing connections that did not finish in time");
            self.connections.close();
        }
        finished
    }

    async fn accept(self: &Arc<Self>, listener: &Listener, places: &Arc<Semaphore>) {
        let refused = self.metrics.refused_connections(listener.settings.endpoint.id.as_deref());
        let mut logged = None;
        loop {
            let (stream, origin) = match listener.accept().await {
                Ok((_, origin)) if !listener.allows(&origin) => {
                    self.note_refusal(&refused, &origin, &mut logged);
                    continue;
                }
                Ok(accepted) => accepted,
                Err(error) if is_of_one_connection(&error) => continue,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    self.clock.sleep(ACCEPT_RETRY).await;
                    continue;
                }
            };
            // After the connection is there: a listener that nobody calls must not hold a place. The semaphore is never closed, so
            // there is always one to wait for; meanwhile others wait in the listen queue.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            self.start(stream, origin, listener.settings.tls.clone(), place);
        }
    }

    fn note_refusal(&self, refused: &AtomicU64, origin: &Origin, logged: &mut Option<Moment>) {
        let count = refused.fetch_add(1, Ordering::Relaxed) + 1;
        let now = self.clock.moment();
        if logged.is_none_or(|before| now.since(before) >= REFUSAL_LOG_PAUSE) {
            *logged = Some(now);
            let (source, endpoint) = (&origin.source, &origin.endpoint.id);
            tracing::warn!(?source, ?endpoint, count, "closed a connection from a network that is not allowed");
        }
    }

    fn start(self: &Arc<Self>, stream: Stream, origin: Origin, tls: Option<Arc<Tls>>, place: OwnedSemaphorePermit) {
        // Answers are written whole, so waiting for more to send with them only delays them. It fails for a socket that the
        // client has already closed.
        if let Stream::Tcp(stream) = &stream
            && stream.set_nodelay(true).is_err()
        {
            return;
        }
        let server = self.clone();
        let seat = self.connections.join();
        runtime::spawn(async move {
            connection::serve(server, stream, seat, origin, tls).await;
            drop(place);
        });
    }
}

/// Each of the listeners' certificates once.
fn distinct(listeners: &[Listener]) -> Vec<&Tls> {
    let mut found: Vec<&Arc<Tls>> = Vec::new();
    for tls in listeners.iter().filter_map(|listener| listener.settings.tls.as_ref()) {
        if !found.iter().any(|other| Arc::ptr_eq(other, tls)) {
            found.push(tls);
        }
    }
    found.into_iter().map(Arc::as_ref).collect()
}

/// Runs all futures at once until one of them ends; without any it never does.
async fn until_any<F: Future<Output = ()>>(futures: impl Iterator<Item = F>) {
    let mut futures: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    poll_fn(|context| {
        let ended = futures.iter_mut().any(|future| future.as_mut().poll(context).is_ready());
        if ended { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Whether only the connection that was to be accepted is affected.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
