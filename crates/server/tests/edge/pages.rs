//! The pages that need no call, and CORS.

use crate::fixture::{call, start};

#[tokio::test]
async fn pages_answer_without_credentials() {
    let server = start().await;
    for (path, body) in [("/", "healthy: dynamodb.eu-test-1.amazonaws.com "), ("/healthz", "healthy\n")] {
        let reply = server.request(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert_eq!((reply.status, reply.text()), (200, body));
        assert_eq!(reply.header("content-length"), Some(body.len().to_string().as_str()));
        assert!(reply.header("x-amz-crc32").is_some());
    }
}

#[tokio::test]
async fn metrics_count_calls_by_outcome() {
    let server = start().await;
    server.call("", "{}").await;
    server.call("", "\"panic\"").await;
    let reply = server.request("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(reply.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    for line in [
        "stator_requests_total{operation=\"GetItem\",outcome=\"success\"} 1",
        "stator_requests_total{operation=\"GetItem\",outcome=\"panic\"} 1",
        "echo_metric 1",
    ] {
        assert!(reply.text().contains(line), "{line} is missing in\n{}", reply.text());
    }
    assert!(reply.text().contains("stator_open_connections "));
}

#[tokio::test]
async fn every_other_method_and_path_is_unknown() {
    let server = start().await;
    for line in ["PUT /", "DELETE /", "PATCH /", "OPTIONS /", "POST /other", "GET /other"] {
        let reply = server.request(format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")).await;
        assert_eq!((reply.status, reply.text()), (404, "<UnknownOperationException/>\n"), "{line}");
        assert_eq!(reply.header("x-amz-crc32"), Some("3552371480"), "{line}");
    }
}

#[tokio::test]
async fn a_browser_may_call_from_anywhere() {
    let server = start().await;
    let preflight = server
        .request(
            "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: http://page\r\nAccess-Control-Request-Headers: a, b, c\r\n\
             Access-Control-Request-Method: POST\r\n\r\n",
        )
        .await;
    assert_eq!((preflight.status, preflight.text()), (200, ""));
    for (header, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-headers", "a, b, c"),
        ("access-control-allow-methods", "POST"),
        ("access-control-max-age", "172800"),
        ("content-length", "0"),
    ] {
        assert_eq!(preflight.header(header), Some(value), "{header}");
    }
    let reply = server.request(call("Origin: http://page\r\n", "{}")).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert!(reply.header("access-control-expose-headers").unwrap().contains("x-amzn-requestid"));
    assert_eq!(server.call("", "{}").await.header("access-control-allow-origin"), None);
}
