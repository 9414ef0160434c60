//! Credentials as the service sees them. The words for malformed ones are tested beside the parser.

use crate::fixture::{CALL, post, start};

#[tokio::test]
async fn the_service_sees_who_calls() {
    let server = start().await;
    let reply = server.call("X-Amz-Security-Token: session\r\n", "\"who\"").await;
    for part in [
        "\"key\"",
        "\"20260131\"",
        "\"us-east-1\"",
        "\"dynamodb\"",
        "\"host;x-amz-date\"",
        "\"00\"",
        "Some(\"session\")",
    ] {
        assert!(reply.text().contains(part), "{part} is missing in {}", reply.text());
    }
}

#[tokio::test]
async fn a_presigned_request_carries_its_credentials_in_the_query() {
    let server = start().await;
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key%2F20260131%2Fus-east-1%2Fdynamodb%2Faws4_request\
        &X-Amz-Date=20260131T235959Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00&X-Amz-Security-Token=a%2Bb";
    let request = String::from_utf8(post(CALL, "\"who\"")).unwrap().replace("POST / ", &format!("POST /?{query} "));
    let reply = server.request(request).await;
    for part in ["\"key\"", "\"us-east-1\"", "\"host\"", "Some(\"a+b\")"] {
        assert!(reply.text().contains(part), "{part} is missing in {}", reply.text());
    }
}
