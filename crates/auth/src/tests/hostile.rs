//! Requests that nobody's client makes.

use super::fixture::{Fixture, text};
use crate::services::error_xml;
use crate::{Failure, Service};

#[tokio::test]
async fn hostile_forms_are_refused_and_told_safely() {
    let fixture = Fixture::new().await;
    let root = fixture.identify(&fixture.root).await.unwrap();
    let forms: [(&[u8], &str); 7] = [
        (b"", "MissingAction"),
        (b"Action=", "MissingAction"),
        (b"\xff\xfe", "MalformedQueryString"),
        (b"Action=GetUser&Action=DeleteUser", "MalformedQueryString"),
        (b"Action=GetUser&Version=2011-06-15", "InvalidAction"),
        (b"Action=%3C%2FCode%3E%00", "InvalidAction"),
        (b"Action=CreateUser&UserName=%3Cscript%3E", "ValidationError"),
    ];
    for (form, code) in forms {
        let response = fixture.services.call(Service::Iam, form, &root, &fixture.origin(), "<id>").await;
        assert_eq!((response.status, text(&response.body, "Code").as_str()), (400, code));
        assert!(response.body.contains("<RequestId>&lt;id&gt;</RequestId>") && !response.body.contains("<script"));
        assert_eq!(response.event.error_code, Some(code));
    }
}

#[tokio::test]
async fn the_audit_log_is_told_parameters_and_no_secrets() {
    let fixture = Fixture::new().await;
    let deep = format!("a{}", ".b".repeat(10_000));
    let parameters = [
        ("UserName", "u"),
        ("Tags.member.1.Key", "k"),
        ("Tags.member.1.Value", "v"),
        ("X-Amz-Security-Token", "secret"),
        (deep.as_str(), "x"),
    ];
    let response = fixture.call(&fixture.root, "CreateUser", &parameters).await;
    assert_eq!(response.status, 200);
    let event = response.event;
    assert_eq!(event.request_parameters["tags"]["1"]["key"], "k");
    assert_eq!(event.request_parameters["userName"], "u");
    assert!(!event.request_parameters.to_string().contains("secret"));
    assert_eq!((event.name.as_str(), event.read_only), ("CreateUser", false));
    assert_eq!(event.resources[0].arn, "arn:aws:iam::123456789012:user/u");
    let unknown = fixture.call(&fixture.root, "CreateLoginProfile", &[("Password", "secret")]).await;
    assert!(unknown.event.request_parameters.is_null() && unknown.event.name == "CreateLoginProfile");
    let key = fixture.call(&fixture.root, "CreateAccessKey", &[("UserName", "u")]).await;
    let secret = text(&key.body, "SecretAccessKey");
    assert!(!format!("{:?}", key.event).contains(&secret));
}

#[tokio::test]
async fn names_that_are_stored_come_back_as_texts() {
    let fixture = Fixture::new().await;
    let parameters =
        [("UserName", "u"), ("Path", "/a<b>&'/"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "a=b")];
    fixture.ok(&fixture.root, "CreateUser", &parameters).await;
    let body = fixture.ok(&fixture.root, "GetUser", &[("UserName", "u")]).await;
    assert_eq!(text(&body, "Path"), "/a&lt;b&gt;&amp;&#39;/");
}

#[test]
fn errors_before_an_operation_are_in_the_services_form() {
    let body = error_xml(Service::Sts, &Failure::signature_does_not_match("a < b"), "r");
    assert_eq!(
        body,
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>SignatureDoesNotMatch</Code><Message>a &lt; b</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    );
}
