//! HTTP/2 without TLS, by prior knowledge, on the same port.

use crate::fixture::{Running, pause, start, start_with};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use server::Limits;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn connect(server: &Running) -> (SendRequest<Full<Bytes>>, runtime::Task<hyper::Result<()>>) {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    (sender, runtime::spawn(connection))
}

fn call(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post("http://localhost/")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "DynamoDB_20120810.GetItem")
        .header("x-amz-date", "20260131T235959Z")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=key/20260131/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
        )
        .body(Full::new(body.into()))
        .unwrap()
}

async fn body_of(response: Response<hyper::body::Incoming>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn a_call_is_answered() {
    let server = start().await;
    let (mut sender, _connection) = connect(&server).await;
    let response = sender.send_request(call("{\"a\":1}")).await.unwrap();
    assert_eq!(response.status(), 200);
    for header in ["x-amzn-requestid", "x-amz-crc32", "date", "server", "content-type"] {
        assert!(response.headers().contains_key(header), "{header}");
    }
    assert_eq!(body_of(response).await, "{\"a\":1}");
}

#[tokio::test]
async fn a_large_body_passes_the_flow_control_both_ways() {
    let server = start().await;
    let (mut sender, _connection) = connect(&server).await;
    let body = Bytes::from(format!("\"{}\"", "x".repeat(3_000_000)));
    let response = sender.send_request(call(body.clone())).await.unwrap();
    assert!(body_of(response).await == body);
}

#[tokio::test]
async fn streams_do_not_wait_for_each_other() {
    let server = start().await;
    let (sender, _connection) = connect(&server).await;
    let (mut slow, mut quick) = (sender.clone(), sender);
    let slow = runtime::spawn(async move { slow.send_request(call("\"slow\"")).await });
    pause(Duration::from_millis(50)).await;
    assert_eq!(quick.send_request(call("1")).await.unwrap().status(), 200);
    assert!(!slow.is_finished());
    assert_eq!(slow.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_preface_in_pieces_is_recognised() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for piece in ["P", "RI", " * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        pause(Duration::from_millis(30)).await;
    }
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "the server's first frame is SETTINGS");
}

#[tokio::test]
async fn a_shutdown_finishes_the_streams_in_progress() {
    let mut server = start().await;
    let (mut sender, connection) = connect(&server).await;
    let slow = runtime::spawn(async move { sender.send_request(call("\"slow\"")).await });
    pause(Duration::from_millis(50)).await;
    server.stop.take();
    let response = slow.await.unwrap().unwrap();
    assert_eq!(body_of(response).await, "\"slow\"");
    assert!(server.task.await.unwrap());
    connection.await.unwrap().ok();
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_one_that_works() {
    let limits = Limits { idle_timeout: Duration::from_millis(100), ..Limits::default() };
    let server = start_with(limits).await;
    let (mut sender, connection) = connect(&server).await;
    assert_eq!(sender.send_request(call("\"slow\"")).await.unwrap().status(), 200);
    runtime::Clock::system().timeout(Duration::from_secs(2), connection).await.unwrap().unwrap().ok();
}
