//! HTTP/1.1 as clients speak it.

use crate::fixture::{CALL, SIGNED, call, pause, start};
use std::time::Duration;

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let server = start().await;
    let mut client = server.connect().await;
    for number in 0..3 {
        let body = format!("{{\"number\":{number}}}");
        client.send(call("", &body)).await;
        let reply = client.reply().await;
        assert_eq!((reply.status, reply.text()), (200, body.as_str()));
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = start().await;
    let mut client = server.connect().await;
    let requests: Vec<u8> = ["\"slow\"", "2", "3"].iter().flat_map(|body| call("", body)).collect();
    client.send(requests).await;
    for body in ["\"slow\"", "2", "3"] {
        assert_eq!(client.reply().await.text(), body);
    }
}

#[tokio::test]
async fn a_body_may_come_in_chunks() {
    let server = start().await;
    let mut client = server.connect().await;
    client.send(format!("POST / HTTP/1.1\r\n{CALL}{SIGNED}Transfer-Encoding: chunked\r\n\r\n")).await;
    for chunk in ["3\r\n{\"a\r\n", "4;extension=1\r\n\":1}\r\n", "0\r\nTrailer: x\r\n\r\n"] {
        client.send(chunk).await;
        pause(Duration::from_millis(20)).await;
    }
    assert_eq!(client.reply().await.text(), "{\"a\":1}");
    client.send(call("", "{}")).await;
    assert_eq!(client.reply().await.text(), "{}", "the connection goes on after a chunked body");
}

#[tokio::test]
async fn a_client_that_asks_is_told_to_continue() {
    let server = start().await;
    let mut client = server.connect().await;
    let request = call("Expect: 100-continue\r\n", "{\"a\":1}");
    let (head, body) = request.split_at(request.len() - 7);
    client.send(head).await;
    assert_eq!(client.reply().await.status, 100);
    client.send(body).await;
    assert_eq!(client.reply().await.text(), "{\"a\":1}");
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let server = start().await;
    let body = format!("\"{}\"", "abcdefghij".repeat(500_000));
    let reply = server.call("", &body).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body == body.as_bytes());
}

#[tokio::test]
async fn an_old_client_gets_its_answer_and_the_connection_closes() {
    let server = start().await;
    let mut client = server.connect().await;
    let request = String::from_utf8(call("", "{}")).unwrap().replace("HTTP/1.1", "HTTP/1.0");
    client.send(request).await;
    assert_eq!(client.reply().await.text(), "{}");
    assert!(client.is_closed_within(Duration::from_secs(1)).await);
}

#[tokio::test]
async fn what_is_not_http_is_refused_and_the_server_goes_on() {
    let server = start().await;
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(200));
    for (bytes, status) in [
        ("nonsense\r\n\r\n", 400),
        ("\u{0}\u{1}\u{2}\r\n\r\n", 400),
        ("PRI is not a preface\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        ("POST / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (long.as_str(), 431),
        (many.as_str(), 431),
    ] {
        let mut client = server.connect().await;
        client.send(bytes).await;
        if bytes.starts_with("PRI ") {
            // The start of HTTP/2's preface, so HTTP/2 it is: an error in its framing closes the connection.
            tokio::io::AsyncReadExt::read_to_end(&mut client.stream, &mut Vec::new()).await.ok();
            continue;
        }
        let reply = client.reply().await;
        assert_eq!(reply.status, status, "{:?}", &bytes[..bytes.len().min(60)]);
        assert!(client.is_closed_within(Duration::from_secs(1)).await);
    }
    assert_eq!(server.call("", "{}").await.status, 200);
}
