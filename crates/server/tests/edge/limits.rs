//! What a client may ask of the server before it is cut off.

use crate::fixture::{CALL, SIGNED, call, pause, start_with};
use server::Limits;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(30);

fn patient() -> Limits {
    Limits { head_timeout: LONG, body_timeout: LONG, idle_timeout: LONG, write_timeout: LONG, ..Limits::default() }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = start_with(Limits { body_bytes: 1000, ..patient() }).await;
    assert_eq!(server.call("", "x".repeat(1000)).await.status, 200);
    let reply = server.call("", "x".repeat(1001)).await;
    assert_eq!((reply.status, reply.text()), (413, ""));
    let chunked = format!(
        "POST / HTTP/1.1\r\n{CALL}{SIGNED}Transfer-Encoding: chunked\r\n\r\n3e9\r\n{}\r\n0\r\n\r\n",
        "x".repeat(1001)
    );
    assert_eq!(server.request(chunked).await.status, 413);
    let announced = format!("POST / HTTP/1.1\r\n{CALL}{SIGNED}Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
    assert_eq!(server.request(announced).await.status, 413, "without being asked to continue");
}

#[tokio::test]
async fn a_client_that_is_slow_to_say_what_it_wants_is_cut_off() {
    let server = start_with(Limits { head_timeout: SHORT, ..patient() }).await;
    let mut client = server.connect().await;
    let mut idle = server.connect().await;
    for _ in 0..20 {
        if client.stream.try_write(b"P").is_err() {
            break;
        }
        pause(Duration::from_millis(50)).await;
    }
    assert!(client.is_closed_within(SHORT * 3).await);
    assert!(!idle.is_closed_within(Duration::from_millis(1)).await, "one that said nothing yet may wait longer");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = start_with(Limits { body_timeout: SHORT, ..patient() }).await;
    let reply = server.request(format!("POST / HTTP/1.1\r\n{CALL}{SIGNED}Content-Length: 10\r\n\r\n123")).await;
    assert_eq!(reply.status, 408);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = start_with(Limits { idle_timeout: SHORT, ..patient() }).await;
    let mut silent = server.connect().await;
    let mut used = server.connect().await;
    used.send(call("", "\"slow\"")).await;
    assert_eq!(used.reply().await.status, 200, "a request that takes longer is not idleness");
    assert!(used.is_closed_within(SHORT * 3).await);
    assert!(silent.is_closed_within(SHORT * 3).await);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let server = start_with(Limits { write_timeout: SHORT, ..patient() }).await;
    let mut client = server.connect().await;
    let body = vec![b'x'; 16_000_000];
    client.send(call("", body)).await;
    // The answer is larger than the socket's buffers, so the server is stuck in the middle of it.
    pause(SHORT * 8).await;
    assert!(client.read_to_end().await < 16_000_000, "the server gave up before the end of the answer");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let server = start_with(Limits { connections: 1, ..patient() }).await;
    let mut first = server.connect().await;
    first.send(call("", "1")).await;
    assert_eq!(first.reply().await.text(), "1");
    let mut second = server.connect().await;
    second.send(call("", "2")).await;
    assert!(!second.is_closed_within(SHORT).await);
    drop(first);
    assert_eq!(second.reply().await.text(), "2");
}
