//! One connection: which HTTP it speaks, and hyper over it until it ends or is told to.
//!
//! Over TLS the two sides agree on it (ALPN). Without, HTTP/2 comes by prior knowledge: such a client opens with `PRI * HTTP/2.0`.
//! Its first bytes are peeked at, not read, so that an HTTP/1.1 connection, the hot path, pays one system call when it opens and
//! nothing per request.

use crate::connections::{Order, SeatGuard};
use crate::listener::Server;
use crate::origin::Origin;
use crate::pipeline;
use crate::service::Service;
use crate::socket::Stream;
use crate::tls::Tls;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::{Request, service::service_fn};
use hyper_util::rt::TokioIo;
use runtime::{Clock, TimedOut};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Enough of HTTP/2's preface to tell it from any HTTP/1.1 method.
const PREFACE: &[u8] = b"PRI ";

/// How long to wait for the rest of a preface that came in pieces, and how often. No client sends it so, and a peek cannot tell a slow
/// client from one that has closed: after that HTTP/1.1 takes the connection, and its limits.
const PREFACE_RETRY: Duration = Duration::from_millis(10);
const PREFACE_RETRIES: usize = 20;

/// Receive windows of HTTP/2: what a client may send ahead of our reading it.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

/// Serves one connection until it closes.
pub(crate) async fn serve<S: Service>(
    server: Arc<Server<S>>,
    stream: Stream,
    seat: SeatGuard,
    origin: Origin,
    tls: Option<Arc<Tls>>,
) {
    let seat = Arc::new(seat);
    let result = match (stream, tls) {
        (Stream::Tcp(stream), None) => serve_plain(server, stream, &seat, origin).await,
        // No peeking there, and who speaks HTTP/2 without TLS does so over a network: HTTP/1.1 it is.
        (Stream::Unix(stream), None) => serve_http1(server, stream, &seat, origin).await,
        // Apart on the heap, so that the task of a plain connection stays as small as it is.
        (Stream::Tcp(stream), Some(tls)) => Box::pin(serve_tls(server, stream, &seat, origin, &tls)).await,
        (Stream::Unix(stream), Some(tls)) => Box::pin(serve_tls(server, stream, &seat, origin, &tls)).await,
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended early");
    }
}

/// Serves one connection over any stream of bytes, as if it had been accepted and HTTP been agreed on.
pub(crate) async fn serve_over<S: Service, T: Transport>(
    server: Arc<Server<S>>,
    stream: T,
    seat: SeatGuard,
    origin: Origin,
    is_http2: bool,
) {
    let seat = Arc::new(seat);
    // What ended it is of no interest to anybody.
    let _ = match is_http2 {
        true => serve_http2(server, stream, &seat, origin).await,
        false => serve_http1(server, stream, &seat, origin).await,
    };
}

async fn serve_plain<S: Service>(
    server: Arc<Server<S>>,
    stream: TcpStream,
    seat: &Arc<SeatGuard>,
    origin: Origin,
) -> hyper::Result<()> {
    match while_serving(seat, opening(&stream, &server.clock)).await {
        Some(Ok(Opening::Http1)) => serve_http1(server, stream, seat, origin).await,
        // On the heap: most connections speak HTTP/1.1, and their tasks stay as small as they are.
        Some(Ok(Opening::Http2)) => Box::pin(serve_http2(server, stream, seat, origin)).await,
        // Closed by the client, or by us before it said anything.
        Some(Ok(Opening::Closed) | Err(_)) | None => Ok(()),
    }
}

async fn serve_tls<S: Service, T: Transport>(
    server: Arc<Server<S>>,
    stream: T,
    seat: &Arc<SeatGuard>,
    origin: Origin,
    tls: &Tls,
) -> hyper::Result<()> {
    // A handshake is all that such a connection says before its first request, so it has the time of a head.
    let handshake = server.clock.timeout(server.settings.limits.head_timeout, tls.accept(stream));
    let agreed = match while_serving(seat, handshake).await {
        Some(Ok(Ok(agreed))) => agreed,
        Some(Ok(Err(error))) => {
            server.metrics.count_failed_handshake();
            tracing::debug!(%error, source = ?origin.source, "no TLS was agreed on");
            return Ok(());
        }
        Some(Err(TimedOut)) => {
            server.metrics.count_failed_handshake();
            return Ok(());
        }
        None => return Ok(()),
    };
    let origin = Origin { protection: Some(agreed.protection), ..origin };
    match agreed.is_http2 {
        true => serve_http2(server, agreed.stream, seat, origin).await,
        false => serve_http1(server, agreed.stream, seat, origin).await,
    }
}

async fn serve_http1<S: Service, T: Transport>(
    server: Arc<Server<S>>,
    stream: T,
    seat: &Arc<SeatGuard>,
    origin: Origin,
) -> hyper::Result<()> {
    let limits = server.settings.limits.clone();
    let io = TokioIo::new(Observed { stream, seat: seat.clone(), notes_heads: true });
    let context = Arc::new((server, seat.clone(), origin));
    let service = service_fn(move |request: Request<Incoming>| {
        let context = context.clone();
        // On the heap while it lasts: hyper keeps room for an answer in progress as long as the connection, which is idle most of that time,
        // and an operation's future takes many kilobytes.
        Box::pin(
            async move { Ok::<_, Infallible>(pipeline::answer(&context.0, &context.1, &context.2, request).await) },
        )
    });
    let mut http1 = http1::Builder::new();
    http1.max_buf_size(limits.head_bytes).max_header_size(limits.head_bytes);
    let connection = pin!(http1.serve_connection(io, service));
    supervise(seat, connection, |connection| connection.graceful_shutdown()).await.unwrap_or(Ok(()))
}

async fn serve_http2<S: Service, T: Transport>(
    server: Arc<Server<S>>,
    stream: T,
    seat: &Arc<SeatGuard>,
    origin: Origin,
) -> hyper::Result<()> {
    let limits = server.settings.limits.clone();
    let io = TokioIo::new(Observed { stream, seat: seat.clone(), notes_heads: false });
    let context = Arc::new((server, seat.clone(), origin));
    let service = service_fn(move |request: Request<Incoming>| {
        let context = context.clone();
        async move { Ok::<_, Infallible>(pipeline::answer(&context.0, &context.1, &context.2, request).await) }
    });
    let mut http2 = http2::Builder::new(Executor);
    http2
        .max_concurrent_streams(limits.streams_per_connection)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    let connection = pin!(http2.serve_connection(io, service));
    supervise(seat, connection, |connection| connection.graceful_shutdown()).await.unwrap_or(Ok(()))
}

/// Runs `connection` under the orders of its seat: `drain` begins its orderly end, and None says that it was closed. Pinned by the caller:
/// a future that is handed on by value takes its room twice.
async fn supervise<C: Future>(
    seat: &SeatGuard,
    mut connection: Pin<&mut C>,
    drain: fn(Pin<&mut C>),
) -> Option<C::Output> {
    let mut draining = false;
    poll_fn(|context| {
        match seat.order(context) {
            Order::Serve => (),
            Order::Drain if draining => (),
            Order::Drain => {
                draining = true;
                drain(connection.as_mut());
            }
            Order::Close => return Poll::Ready(None),
        }
        connection.as_mut().poll(context).map(Some)
    })
    .await
}

/// Runs `future` until the seat is ordered to do anything else than serve.
async fn while_serving<F: Future>(seat: &SeatGuard, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match seat.order(context) {
        Order::Serve => future.as_mut().poll(context).map(Some),
        Order::Drain | Order::Close => Poll::Ready(None),
    })
    .await
}

/// What carries a connection: a socket, or TLS over one.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for T {}

/// What a client opened its connection with.
enum Opening {
    Http1,
    Http2,
    Closed,
}

async fn opening(stream: &TcpStream, clock: &Clock) -> io::Result<Opening> {
    let mut buffer = [0; PREFACE.len()];
    for _ in 0..PREFACE_RETRIES {
        let peeked = stream.peek(&mut buffer).await?;
        match &buffer[..peeked] {
            [] => return Ok(Opening::Closed),
            bytes if bytes == PREFACE => return Ok(Opening::Http2),
            bytes if !PREFACE.starts_with(bytes) => return Ok(Opening::Http1),
            _ => clock.sleep(PREFACE_RETRY).await,
        }
    }
    Ok(Opening::Http1)
}

/// Starts HTTP/2's streams as tasks.
#[derive(Clone, Copy)]
struct Executor;

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        runtime::spawn(future);
    }
}

/// A socket that notes in its connection's seat when bytes come in and when none go out.
struct Observed<T> {
    stream: T,
    seat: Arc<SeatGuard>,
    /// Whether bytes outside of a request begin one. Not so on HTTP/2, where they may be pings.
    notes_heads: bool,
}

impl<T> Observed<T> {
    fn note_write(&self, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &poll {
            Poll::Pending => self.seat.write_stalled(),
            Poll::Ready(_) => self.seat.write_moved(),
        }
        poll
    }
}

impl<T: Transport> AsyncRead for Observed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if self.notes_heads {
            self.seat.bytes_arrived();
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: Transport> AsyncWrite for Observed<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, buffer);
        self.note_write(poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.note_write(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(context);
        // TLS takes what is written into a buffer of its own, which is what waits then.
        if poll.is_pending() {
            self.seat.write_stalled();
        }
        poll
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
