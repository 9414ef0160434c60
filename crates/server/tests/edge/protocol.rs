//! What DynamoDB answers before it looks at an operation's input. The expected bodies and checksums are those of dynalite's
//! tests, recorded against DynamoDB.

use crate::fixture::{CALL, Reply, SIGNED, post, start};

const SERIALIZATION: &str = r#"{"__type":"com.amazon.coral.service#SerializationException"}"#;
const UNKNOWN: &str = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;
const MISSING: &str = r#"{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}"#;

fn assert_error(reply: &Reply, body: &str, crc32: &str, content_type: &str) {
    assert_eq!((reply.status, reply.text()), (400, body));
    assert_eq!(reply.header("x-amz-crc32"), Some(crc32));
    assert_eq!(reply.header("content-type"), Some(content_type));
}

#[tokio::test]
async fn every_answer_says_who_gave_it_and_when() {
    let server = start().await;
    let (first, second) = (server.call("", "{}").await, server.call("", "{}").await);
    let id = first.header("x-amzn-requestid").unwrap();
    assert!(id.len() == 52 && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()), "{id}");
    assert_ne!(Some(id), second.header("x-amzn-requestid"));
    assert_eq!(first.header("server"), Some("Stator"));
    assert!(first.header("date").unwrap().ends_with(" GMT"));
    assert_eq!(first.header("x-amz-crc32"), Some("2745614147"), "CRC-32 of the two bytes {{}}");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_told_so_before_anything_else_is_wrong() {
    let server = start().await;
    for (content_type, answered) in [
        ("application/json", "application/json"),
        ("application/x-amz-json-1.0", "application/x-amz-json-1.0"),
        ("application/json;", "application/json"),
        ("  application/json  ;   asfd", "application/json"),
        ("application/x-amz-json-1.0;blahblah", "application/x-amz-json-1.0"),
    ] {
        let reply = server.request(post(&format!("Host: x\r\nContent-Type: {content_type}\r\n"), "hi")).await;
        assert_error(&reply, SERIALIZATION, "3948637019", answered);
    }
    let deep = "[".repeat(200_000);
    let reply = server.request(post("Host: x\r\nContent-Type: application/json\r\n", deep)).await;
    assert_eq!((reply.status, reply.text()), (400, SERIALIZATION), "nesting is bounded");
}

#[tokio::test]
async fn a_body_of_another_content_type_is_not_a_call() {
    let server = start().await;
    for header in [
        "",
        "Content-Type: whatever\r\n",
        "Content-Type: application/x-amz-json-1.1\r\n",
        "Content-Type: application/jsonx\r\n",
    ] {
        let reply = server.request(post(&format!("Host: x\r\n{header}"), "hi")).await;
        assert_eq!((reply.status, reply.text()), (404, "<UnknownOperationException/>\n"), "{header}");
    }
}

#[tokio::test]
async fn a_missing_or_unknown_target_is_an_unknown_operation() {
    let server = start().await;
    for (headers, body, content_type) in [
        ("", "", "application/json"),
        ("Content-Type: application/json\r\n", "{}", "application/json"),
        ("Content-Type: application/json;charset=x\r\n", "{}", "application/json"),
        ("Content-Type: application/x-amz-json-1.0\r\n", "{}", "application/x-amz-json-1.0"),
        ("X-Amz-Target: whatever\r\n", "", "application/json"),
        ("X-Amz-Target: DynamoDB_20120810.ListTable\r\n", "", "application/json"),
        ("X-Amz-Target: DynamoDB_20120810\r\n", "", "application/json"),
    ] {
        let reply = server.request(post(&format!("Host: x\r\n{headers}"), body)).await;
        assert_error(&reply, UNKNOWN, "1368724161", content_type);
    }
}

#[tokio::test]
async fn a_call_without_credentials_is_refused_before_its_empty_body() {
    let server = start().await;
    let target = "Host: x\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n";
    let reply = server.request(post(target, "")).await;
    assert_error(&reply, MISSING, "2088342776", "application/json");
    let reply = server.request(post(&format!("{CALL}{SIGNED}"), "")).await;
    assert_eq!((reply.status, reply.text()), (400, SERIALIZATION));
}

#[tokio::test]
async fn a_bug_fails_one_request_alone() {
    let server = start().await;
    let mut client = server.connect().await;
    client.send(crate::fixture::call("", "\"panic\"")).await;
    let reply = client.reply().await;
    assert_eq!(reply.status, 500);
    assert!(reply.text().contains("com.amazonaws.dynamodb.v20120810#InternalServerError"));
    client.send(crate::fixture::call("", "{}")).await;
    assert_eq!(client.reply().await.status, 200);
}
