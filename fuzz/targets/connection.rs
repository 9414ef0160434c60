//! Arbitrary bytes as what a client sends over a connection, in pieces: the server answers or closes, and what it answers is HTTP.
//!
//! The first byte says which HTTP is spoken, the second how long the pieces are. Behind the edge is a service that answers what it was
//! asked, so everything between a socket and the engine is run.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runtime::{Clock, Random};
use server::{Answer, AuthenticatedCall, Endpoint, Limits, Origin, Server, Service, Settings};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime::Runtime;

/// What a connection holds in each direction.
const BUFFER_BYTES: usize = 1 << 16;
/// Answers that are longer mean that something goes on for ever.
const ANSWERED_BYTES_MAX: usize = 1 << 24;
/// Longer than any connection of so few bytes lasts, shorter than a fuzzer waits.
const LAST_MOMENT: Duration = Duration::from_secs(5);

struct Echo;

impl Service for Echo {
    async fn call(&self, call: AuthenticatedCall<'_>) -> Answer {
        Answer::success(call.body().clone())
    }
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));

static SERVER: LazyLock<Arc<Server<Echo>>> = LazyLock::new(|| {
    let limits =
        Limits { body_bytes: 1 << 16, held_bytes: 1 << 16, body_timeout: LAST_MOMENT / 5, ..Limits::default() };
    let settings = Settings { region: "us-east-1".to_owned(), limits, guard: None, audit: None };
    Server::new(Echo, settings, Clock::system(), Random::seeded(1))
});

/// Sends the pieces, says that no more comes, and reads what is answered until the end.
async fn converse(is_http2: bool, piece: usize, bytes: &[u8]) -> Vec<u8> {
    let (near, far) = duplex(BUFFER_BYTES);
    let origin = Origin { source: None, endpoint: Arc::new(Endpoint::default()), protection: None };
    let served = runtime::spawn(async move { SERVER.serve_over(far, origin, is_http2).await });
    let (mut reader, mut writer) = tokio::io::split(near);
    let sent = async {
        for part in bytes.chunks(piece) {
            if writer.write_all(part).await.is_err() {
                break;
            }
            runtime::give_way().await;
        }
        let _ = writer.shutdown().await;
    };
    let read = async {
        let mut answered = Vec::new();
        let mut part = vec![0; BUFFER_BYTES];
        while let Ok(length @ 1..) = reader.read(&mut part).await {
            answered.extend_from_slice(&part[..length]);
            assert!(answered.len() < ANSWERED_BYTES_MAX, "an answer without end");
        }
        answered
    };
    let ((), answered) = runtime::join(sent, read).await;
    served.await.expect("the connection's task does not panic");
    answered
}

/// HTTP/1.1 answers with statuses that the server knows; a request that fails by a bug is answered 500.
fn check(answered: &[u8]) {
    let mut rest = answered;
    while let Some(at) = rest.windows(9).position(|window| window == b"HTTP/1.1 " || window == b"HTTP/1.0 ") {
        let status = rest.get(at + 9..at + 12).unwrap_or_default();
        // An echoed body may say anything, but not where an answer begins.
        assert!(at > 0 || status != b"500", "{}", String::from_utf8_lossy(&rest[..rest.len().min(500)]));
        rest = &rest[at + 9..];
    }
}

fuzz_target!(|data: &[u8]| {
    let [kind, piece, bytes @ ..] = data else { return };
    let is_http2 = kind % 2 == 1;
    let piece = usize::from(*piece) * 8 + 1;
    let answered = RUNTIME.block_on(async {
        let clock = Clock::system();
        clock.timeout(LAST_MOMENT, converse(is_http2, piece, bytes)).await.expect("an end")
    });
    if !is_http2 {
        check(&answered);
    }
    assert_eq!(SERVER.held_bytes(), 0, "what was held for the client was given back");
});
