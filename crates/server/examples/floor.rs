//! The least that an HTTP server of this kind can do: hyper on tokio reads a whole request and answers a constant body of the size of a
//! GetItem's. What Stator's operations cost is said as a ratio to it: `floor HOST:PORT [BYTES]`.
//!
//! The example `constant` is the server's own network face over a constant answer; this one has nothing of ours.
#![allow(clippy::unwrap_used, reason = "an example stops at the first problem")]

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

const BODY_BYTES: usize = 600;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:9901".to_owned());
    let bytes = arguments.next().map_or(BODY_BYTES, |text| text.parse().unwrap());
    let body = Bytes::from(vec![b'x'; bytes]);
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let body = body.clone();
        runtime::spawn(async move {
            let service = service_fn(|request| answer(request, body.clone()));
            // A client that goes away is no problem of ours.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, body: Bytes) -> hyper::Result<Response<Full<Bytes>>> {
    request.into_body().collect().await?;
    let response = Response::builder()
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amzn-requestid", "ABCDEFGHIJ0123456789ABCDEFGHIJ0123456789")
        .header("x-amz-crc32", "3632233996");
    Ok(response.body(Full::new(body)).unwrap())
}
