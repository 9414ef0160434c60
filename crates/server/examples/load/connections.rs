//! Keeps connections busy: each sends its next request when its last one is answered.
//!
//! One thread and sockets without anything above them, because what the generator takes of a machine is missing to the server. What
//! must hold: a connection has one request under way, so what arrives belongs to it.

use crate::histogram::Histogram;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use runtime::{Clock, Moment};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

/// A server that says nothing for so long is not asked again.
const SILENCE: Duration = Duration::from_secs(60);
/// Larger than any answer that is expected, so that one read takes all of it.
const READ_BYTES: usize = 1 << 18;
/// Of the first answer that was not 200, as evidence.
const EVIDENCE_BYTES: usize = 400;

/// What came of a run.
pub struct Outcome {
    /// Answered with 200.
    pub answered: u64,
    /// Answered otherwise.
    pub failed: u64,
    /// The first of those.
    pub first_failure: Option<String>,
    /// How long answers took.
    pub latency: Histogram,
}

impl Outcome {
    /// Of nothing.
    pub fn new() -> Outcome {
        Outcome { answered: 0, failed: 0, first_failure: None, latency: Histogram::new() }
    }

    fn take(&mut self, status: u16, answer: &[u8], microseconds: u64) {
        self.latency.count(microseconds);
        if status == 200 {
            self.answered += 1;
            return;
        }
        self.failed += 1;
        self.first_failure
            .get_or_insert_with(|| String::from_utf8_lossy(&answer[..answer.len().min(EVIDENCE_BYTES)]).into_owned());
    }
}

/// A request: written behind what is in the buffer. Whether there was one.
pub type Next<'a> = &'a mut dyn FnMut(&mut Vec<u8>) -> bool;

struct Connection {
    stream: TcpStream,
    outgoing: Vec<u8>,
    sent: usize,
    incoming: Vec<u8>,
    began: Moment,
    is_busy: bool,
}

/// Connections to one server.
pub struct Connections {
    poll: Poll,
    all: Vec<Connection>,
    clock: Clock,
    buffer: Vec<u8>,
    busy: usize,
}

impl Connections {
    /// Opens so many.
    pub fn open(address: SocketAddr, count: usize) -> std::io::Result<Connections> {
        let (poll, clock) = (Poll::new()?, Clock::system());
        let mut all = Vec::with_capacity(count);
        for at in 0..count {
            let stream = std::net::TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(at), Interest::READABLE | Interest::WRITABLE)?;
            let (outgoing, incoming, began) = (Vec::new(), Vec::new(), clock.moment());
            all.push(Connection { stream, outgoing, sent: 0, incoming, began, is_busy: false });
        }
        Ok(Connections { poll, all, clock, buffer: vec![0; READ_BYTES], busy: 0 })
    }

    /// Until there is no next request and all are answered.
    pub fn run(&mut self, next: Next<'_>, outcome: &mut Outcome) -> std::io::Result<()> {
        for at in 0..self.all.len() {
            self.start(at, next)?;
        }
        let mut events = Events::with_capacity(1024);
        while self.busy > 0 {
            self.poll.poll(&mut events, Some(SILENCE))?;
            if events.is_empty() {
                return Err(ErrorKind::TimedOut.into());
            }
            for event in &events {
                self.advance(event, next, outcome)?;
            }
        }
        Ok(())
    }

    /// Sends the connection's next request, if there is one.
    fn start(&mut self, at: usize, next: Next<'_>) -> std::io::Result<()> {
        let connection = &mut self.all[at];
        connection.outgoing.clear();
        connection.sent = 0;
        if !next(&mut connection.outgoing) {
            return Ok(());
        }
        connection.is_busy = true;
        connection.began = self.clock.moment();
        self.busy += 1;
        connection.send()
    }

    fn advance(&mut self, event: &Event, next: Next<'_>, outcome: &mut Outcome) -> std::io::Result<()> {
        let at = event.token().0;
        let connection = &mut self.all[at];
        if !connection.is_busy {
            return Ok(());
        }
        if connection.sent < connection.outgoing.len() {
            connection.send()?;
        }
        if !event.is_readable() || !connection.receive(&mut self.buffer)? {
            return Ok(());
        }
        let Some(status) = complete(&connection.incoming)? else { return Ok(()) };
        let duration = self.clock.moment().since(connection.began);
        outcome.take(status, &connection.incoming, duration.as_micros() as u64);
        connection.incoming.clear();
        connection.is_busy = false;
        self.busy -= 1;
        self.start(at, next)
    }
}

impl Connection {
    /// As much as the socket takes; the rest when it says that it takes more.
    fn send(&mut self) -> std::io::Result<()> {
        while self.sent < self.outgoing.len() {
            match self.stream.write(&self.outgoing[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether something came. A read that does not fill the buffer took all there was: the next bytes make an event of their own.
    fn receive(&mut self, buffer: &mut [u8]) -> std::io::Result<bool> {
        let before = self.incoming.len();
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.incoming.extend_from_slice(&buffer[..count]);
                    if count < buffer.len() {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(self.incoming.len() > before),
                Err(error) => return Err(error),
            }
        }
    }
}

/// The status of an answer, once all of it is there.
fn complete(answer: &[u8]) -> std::io::Result<Option<u16>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&answer[..end]).map_err(|_| ErrorKind::InvalidData)?;
    let status = head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or(ErrorKind::InvalidData)?;
    let length = head.split("\r\n").filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    let is_complete = match length {
        Some(length) => end + 4 + length <= answer.len(),
        // In chunks, as some peers answer: the last one is empty.
        None => answer.ends_with(b"0\r\n\r\n"),
    };
    Ok(is_complete.then_some(status))
}
