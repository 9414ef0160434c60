//! The listening socket, the server's shared state, and shutdown.
//!
//! Shutdown: stop accepting, let every connection finish the requests in progress, and after a bounded time close what is left.

use crate::connection;
use crate::connections::Connections;
use crate::metrics::Metrics;
use crate::origin::Origin;
use crate::service::Service;
use crate::settings::Settings;
use runtime::{Clock, Random};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections that the kernel holds for us while we are busy. A fleet of clients that starts at once must not be refused.
const BACKLOG: u32 = 1024;

/// How long to wait when the process has no file descriptor left: some connection must close first.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

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
}

/// An address on which connections are queueing already.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the address is taken, is not ours, or needs rights that the process lacks.
    pub fn bind(address: SocketAddr) -> io::Result<Listener> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A server that restarts finds its old connections still in TIME_WAIT.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG).map(Listener)
    }

    /// The address that it listens on, with the port that the system chose if it was to choose one.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl<S: Service> Server<S> {
    /// A server that answers with `service`.
    pub fn new(service: S, settings: Settings, clock: Clock, random: Random) -> Arc<Server<S>> {
        let connections = Arc::new(Connections::new(&clock));
        Arc::new(Server { service, settings, clock, random, metrics: Metrics::default(), connections })
    }

    /// Serves until `shutdown` is ready, then finishes what is in progress. Says whether all of it was finished in time.
    pub async fn run(self: &Arc<Self>, listener: Listener, shutdown: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = shutdown => (),
            () = self.accept(&listener) => (),
            () = self.connections.sweep(&self.clock, &self.settings.limits) => (),
        }
        // Whoever still waits in the queue is refused by the kernel, and tries again elsewhere or later.
        drop(listener);
        self.drain().await
    }

    async fn drain(&self) -> bool {
        let limits = &self.settings.limits;
        self.connections.drain();
        let finished = tokio::select! {
            result = self.clock.timeout(limits.drain_timeout, self.connections.emptied()) => result.is_ok(),
            () = self.connections.sweep(&self.clock, limits) => false,
        };
        if !finished {
            tracing::warn!(connections = self.connections.len(), "closing connections that did not finish in time");
            self.connections.close();
        }
        finished
    }

    async fn accept(self: &Arc<Self>, listener: &Listener) {
        let places = Arc::new(Semaphore::new(self.settings.limits.connections));
        loop {
            // The semaphore is never closed, so there is always a permit to wait for.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.0.accept().await {
                Ok((stream, peer)) => self.start(stream, peer, place),
                Err(error) if is_of_one_connection(&error) => (),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    self.clock.sleep(ACCEPT_RETRY).await;
                }
            }
        }
    }

    fn start(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        // Answers are written whole, so waiting for more to send with them only delays them. It fails for a socket that the
        // client has already closed.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let origin = Origin { source: Some(peer.ip().to_canonical()), endpoint: Arc::default(), protection: None };
        let server = self.clone();
        let seat = self.connections.join();
        runtime::spawn(async move {
            connection::serve(server, stream, seat, origin).await;
            drop(place);
        });
    }
}

/// Whether only the connection that was to be accepted is affected.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
