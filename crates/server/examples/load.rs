//! Drives a DynamoDB endpoint on this machine's loopback in a closed loop, and prints how many operations it answers a second.
//!
//! ```sh
//! cargo run --release --workspace --example load -- 127.0.0.1:8000 get connections=64 seconds=4
//! ```
//!
//! Operations: `setup` (makes the table and its items), `get`, `put`. Other settings: `items` (100000), `bytes` of an item's longest attribute
//! (400). Credentials are made up, so the server must take any. Every connection has one request under way at a time; an answer other than 200
//! ends the run with that answer.

#![allow(clippy::print_stdout, reason = "the figure is the output")]

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use runtime::{Clock, Random};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;

type Failure = Box<dyn Error + Send + Sync>;

const TABLE: &str = "load";
const BATCH: u64 = 25;

/// What the command line says.
#[derive(Clone, Debug)]
struct Settings {
    address: String,
    connections: u64,
    seconds: u64,
    items: u64,
    bytes: usize,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, operation, rest @ ..] = arguments.as_slice() else {
        return Err("load HOST:PORT setup|get|put [connections=N] [seconds=N] [items=N] [bytes=N]".into());
    };
    let given: HashMap<&str, u64> =
        rest.iter().filter_map(|pair| pair.split_once('=')).filter_map(|(k, v)| Some((k, v.parse().ok()?))).collect();
    let setting = |name: &str, default: u64| given.get(name).copied().unwrap_or(default);
    let settings = Settings {
        address: address.clone(),
        connections: setting("connections", 64),
        seconds: setting("seconds", 4),
        items: setting("items", 100_000),
        bytes: setting("bytes", 400) as usize,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match operation.as_str() {
        "setup" => runtime.block_on(set_up(settings)),
        "get" => runtime.block_on(drive(settings, "GetItem", get)),
        "put" => runtime.block_on(drive(settings, "PutItem", put)),
        other => Err(format!("{other} is no operation").into()),
    }
}

fn key(number: u64) -> String {
    format!(r#""pk":{{"S":"partition-{}"}},"sk":{{"N":"{}"}}"#, number / 10, number % 10)
}

fn item(number: u64, settings: &Settings) -> String {
    let text = "x".repeat(settings.bytes);
    format!(r#"{{{},"text":{{"S":"{text}"}},"count":{{"N":"{number}"}},"tags":{{"SS":["one","two"]}}}}"#, key(number))
}

fn get(number: u64, _: &Settings) -> String {
    format!(r#"{{"TableName":"{TABLE}","Key":{{{}}}}}"#, key(number))
}

fn put(number: u64, settings: &Settings) -> String {
    format!(r#"{{"TableName":"{TABLE}","Item":{}}}"#, item(number, settings))
}

/// One connection.
struct Client {
    address: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    async fn connect(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        drop(runtime::spawn(connection));
        Ok(Self { address: address.to_owned(), sender })
    }

    async fn call(&mut self, operation: &str, body: String) -> Result<(), Failure> {
        let request = Request::post("/")
            .header("host", &self.address)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=load/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
            )
            .body(Full::new(Bytes::from(body)))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status.is_success() { Ok(()) } else { Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into()) }
    }
}

async fn set_up(settings: Settings) -> Result<(), Failure> {
    let mut client = Client::connect(&settings.address).await?;
    let table = format!(
        r#"{{"TableName":"{TABLE}","BillingMode":"PAY_PER_REQUEST",
            "KeySchema":[{{"AttributeName":"pk","KeyType":"HASH"}},{{"AttributeName":"sk","KeyType":"RANGE"}}],
            "AttributeDefinitions":[{{"AttributeName":"pk","AttributeType":"S"}},{{"AttributeName":"sk","AttributeType":"N"}}]}}"#
    );
    client.call("CreateTable", table).await?;
    let next = Arc::new(AtomicU64::new(0));
    let mut loaders = Vec::new();
    for _ in 0..settings.connections.min(16) {
        let (settings, next) = (settings.clone(), next.clone());
        let mut client = Client::connect(&settings.address).await?;
        loaders.push(runtime::spawn(async move {
            loop {
                let from = next.fetch_add(BATCH, Ordering::Relaxed);
                if settings.items <= from {
                    return Ok::<(), Failure>(());
                }
                let numbers = from..(from + BATCH).min(settings.items);
                let puts: Vec<String> = numbers
                    .map(|number| format!(r#"{{"PutRequest":{{"Item":{}}}}}"#, item(number, &settings)))
                    .collect();
                let body = format!(r#"{{"RequestItems":{{"{TABLE}":[{}]}}}}"#, puts.join(","));
                client.call("BatchWriteItem", body).await?;
            }
        }));
    }
    for loader in loaders {
        loader.await??;
    }
    println!("setup {} items", settings.items);
    Ok(())
}

async fn drive(settings: Settings, operation: &'static str, body: fn(u64, &Settings) -> String) -> Result<(), Failure> {
    let clock = Clock::system();
    let begun = clock.moment();
    let duration = Duration::from_secs(settings.seconds);
    let mut clients = Vec::new();
    for _ in 0..settings.connections {
        let (settings, clock, random) = (settings.clone(), clock.clone(), Random::system());
        let mut client = Client::connect(&settings.address).await?;
        clients.push(runtime::spawn(async move {
            let mut done = 0_u64;
            while clock.moment().since(begun) < duration {
                client.call(operation, body(random.u64() % settings.items, &settings)).await?;
                done += 1;
            }
            Ok::<u64, Failure>(done)
        }));
    }
    let mut done = 0;
    for client in clients {
        done += client.await??;
    }
    let seconds = clock.moment().since(begun).as_secs_f64();
    println!("{operation} {:.0} a second", done as f64 / seconds);
    Ok(())
}
