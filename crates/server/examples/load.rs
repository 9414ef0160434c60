//! Asks one server the same kind of request in a closed loop: `load HOST:PORT get|put [CONNECTIONS] [SECONDS] [ITEMS]`.
//!
//! The table `load` with the key `pk`, a string, must be there; `fill` puts its items. A connection sends its next request when the last
//! one is answered. Prints how many requests per second were answered with 200, and how many were not. One thread: what it takes of the
//! machine should be little.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "an example stops at the first problem")]
#![allow(clippy::print_stdout, reason = "what it prints is its result")]

use runtime::{Clock, Random, spawn};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Of each item, beside its key.
const VALUE_BYTES: usize = 400;
const FILLERS: u64 = 16;

/// What is asked, and of whom.
struct Load {
    address: SocketAddr,
    operation: String,
    items: u64,
    clock: Clock,
    random: Random,
    /// Once this is 1 nothing more is sent.
    ended: AtomicU64,
    /// The next item to fill.
    next: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| arguments.get(at).map_or(default, |text| text.parse().unwrap());
    let load = Arc::new(Load {
        address: arguments.first().expect("HOST:PORT").parse().unwrap(),
        operation: arguments.get(1).expect("get, put or fill").clone(),
        items: number(4, 10_000),
        clock: Clock::system(),
        random: Random::system(),
        ended: 0.into(),
        next: 0.into(),
        answered: 0.into(),
        failed: 0.into(),
    });
    let (connections, seconds) = (number(2, 64), number(3, 3));
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let started = load.clock.moment();
        let tasks: Vec<_> = match load.operation.as_str() {
            "fill" => (0..FILLERS).map(|_| spawn(fill(load.clone()))).collect(),
            _ => (0..connections).map(|_| spawn(ask(load.clone()))).collect(),
        };
        if load.operation != "fill" {
            load.clock.sleep(Duration::from_secs(seconds)).await;
            load.ended.store(1, Ordering::Relaxed);
        }
        for task in tasks {
            task.await.unwrap();
        }
        let seconds = load.clock.moment().since(started).as_secs_f64();
        let answered = load.answered.load(Ordering::Relaxed);
        println!("{:.0} {}", answered as f64 / seconds, load.failed.load(Ordering::Relaxed));
    });
}

async fn ask(load: Arc<Load>) {
    let mut connection = Connection::new(load.address).await;
    while load.ended.load(Ordering::Relaxed) == 0 {
        load.send(&mut connection, load.random.below(load.items)).await;
    }
}

async fn fill(load: Arc<Load>) {
    let mut connection = Connection::new(load.address).await;
    loop {
        let item = load.next.fetch_add(1, Ordering::Relaxed);
        if load.items <= item {
            return;
        }
        load.send(&mut connection, item).await;
    }
}

impl Load {
    async fn send(&self, connection: &mut Connection, item: u64) {
        // Spread, as hashes are.
        let pk = item.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (operation, body) = match self.operation.as_str() {
            "get" => ("GetItem", format!(r#"{{"TableName":"load","Key":{{"pk":{{"S":"{pk:020}"}}}}}}"#)),
            _ => ("PutItem", self.put(pk)),
        };
        let count = if connection.call(operation, &body).await == 200 { &self.answered } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn put(&self, pk: u64) -> String {
        let mut value = String::with_capacity(VALUE_BYTES + 16);
        while value.len() < VALUE_BYTES {
            value.push_str(&format!("{:016x}", self.random.u64()));
        }
        format!(r#"{{"TableName":"load","Item":{{"pk":{{"S":"{pk:020}"}},"value":{{"S":"{value}"}}}}}}"#)
    }
}

struct Connection {
    stream: TcpStream,
    host: String,
    received: Vec<u8>,
}

impl Connection {
    async fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, host: address.to_string(), received: Vec::new() }
    }

    /// The status of the answer.
    async fn call(&mut self, operation: &str, body: &str) -> u16 {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20261101T000000Z\r\n\
             X-Amz-Target: DynamoDB_20120810.{operation}\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=local/20261101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature={:064}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.host,
            0,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.received.clear();
        loop {
            assert!(
                self.stream.read_buf(&mut self.received).await.unwrap() != 0,
                "the server has closed the connection"
            );
            if let Some(status) = complete(&self.received) {
                return status;
            }
        }
    }
}

/// The status of an answer with `Content-Length`, once all of it is there.
fn complete(answer: &[u8]) -> Option<u16> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).expect("a length").split("\r\n").next().unwrap();
    (end + 4 + length.parse::<usize>().unwrap() <= answer.len()).then(|| head[9..12].parse().unwrap())
}
