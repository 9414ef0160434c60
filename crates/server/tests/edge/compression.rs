//! Compressed requests and answers.

use crate::fixture::{Reply, start, start_with};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use server::Limits;
use std::io::{Read, Write};

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn gunzip(data: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    GzDecoder::new(data).read_to_end(&mut output).unwrap();
    output
}

fn is_gzip(reply: &Reply) -> bool {
    reply.header("content-encoding") == Some("gzip")
}

#[tokio::test]
async fn a_large_answer_is_compressed_for_who_asks() {
    let server = start().await;
    let body = format!("\"{}\"", "abc".repeat(1000));
    for accept in ["gzip", "gzip, deflate", "identity;q=0.5, GZIP;q=1", "deflate,gzip;q=0.001"] {
        let reply = server.call(&format!("Accept-Encoding: {accept}\r\n"), &body).await;
        assert!(is_gzip(&reply), "{accept}");
        assert_eq!(gunzip(&reply.body), body.as_bytes());
        assert_eq!(
            reply.header("x-amz-crc32").unwrap(),
            crc32fast::hash(&reply.body).to_string(),
            "of the bytes as sent"
        );
    }
    for accept in ["identity", "gzip;q=0", "deflate, br", "gzip;q=0.000", ""] {
        let reply = server.call(&format!("Accept-Encoding: {accept}\r\n"), &body).await;
        assert!(!is_gzip(&reply) && reply.body == body.as_bytes(), "{accept}");
    }
    assert!(!is_gzip(&server.call("", &body).await));
    assert!(!is_gzip(&server.call("Accept-Encoding: gzip\r\n", "{}").await), "a short answer is left as it is");
}

#[tokio::test]
async fn a_compressed_request_is_understood() {
    let server = start().await;
    let body = format!("\"{}\"", "abc".repeat(1000));
    let reply = server.call("Content-Encoding: gzip\r\n", gzip(body.as_bytes())).await;
    assert_eq!((reply.status, reply.text()), (200, body.as_str()));
    let reply = server.call("Content-Encoding: amz-1.0\r\n", "{}").await;
    assert_eq!(reply.text(), "{}", "other encodings mean nothing");
}

#[tokio::test]
async fn a_damaged_or_exploding_request_is_refused() {
    let server = start_with(Limits { body_bytes: 100_000, ..Limits::default() }).await;
    let bomb = gzip(&vec![b' '; 10_000_000]);
    assert!(bomb.len() < 100_000);
    assert_eq!(server.call("Content-Encoding: gzip\r\n", bomb).await.status, 413);
    let whole = gzip(b"{\"a\":1}");
    for damaged in [&b"{}"[..], &whole[..10], &whole[..whole.len() - 3]] {
        let reply = server.call("Content-Encoding: gzip\r\n", damaged).await;
        assert_eq!(reply.status, 400);
        assert!(reply.text().contains("SerializationException"));
    }
}
