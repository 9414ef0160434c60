//! What is told of a call, and that all of it gets into the file.

use super::*;
use crate::operation::Operation;
use crate::origin::{Endpoint, Origin, Protection};
use runtime::Timestamp;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn origin() -> Origin {
    Origin {
        source: Some([10, 0, 0, 7].into()),
        endpoint: Arc::new(Endpoint { id: Some("vpce-1".to_owned()), policy: None }),
        protection: Some(Protection { version: "TLSv1.3", cipher_suite: "TLS_AES_128_GCM_SHA256" }),
    }
}

fn ended<'a>(origin: &'a Origin, operation: Operation, body: &'a str, error: Option<(&'a str, &'a str)>) -> Ended<'a> {
    Ended {
        action: Action::DynamoDb(operation),
        caller: UserIdentity {
            kind: IdentityType::IamUser,
            principal_id: Some("AIDA1".to_owned()),
            arn: Some("arn:aws:iam::111122223333:user/ann".to_owned()),
            account_id: Some("111122223333".to_owned()),
            access_key_id: Some("AKIA1".to_owned()),
            user_name: Some("ann".to_owned()),
            session_context: None,
        },
        origin,
        user_agent: Some("Boto3/1.44"),
        host: Some("db.example.com"),
        region: "eu-west-1",
        account: "111122223333",
        request_id: "REQUEST",
        parameters: Parameters::Json(body.as_bytes()),
        response: None,
        resources: Vec::new(),
        error,
    }
}

fn told(ended: Ended<'_>) -> Value {
    serde_json::to_value(ended.into_event(Timestamp::from_millis(1_735_689_599_001), "EVENT".to_owned())).unwrap()
}

#[test]
fn an_event_has_the_form_of_cloudtrail() {
    let origin = origin();
    let body = r#"{"TableName": "Orders", "Key": {"pk": {"S": "secret"}}}"#;
    let denied = Some(("AccessDeniedException", "User: ann is not authorized"));
    assert_eq!(
        told(ended(&origin, Operation::GetItem, body, denied)),
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": "AIDA1",
                "arn": "arn:aws:iam::111122223333:user/ann",
                "accountId": "111122223333",
                "accessKeyId": "AKIA1",
                "userName": "ann",
            },
            "eventTime": "2024-12-31T23:59:59Z",
            "eventSource": "dynamodb.amazonaws.com",
            "eventName": "GetItem",
            "awsRegion": "eu-west-1",
            "sourceIPAddress": "10.0.0.7",
            "userAgent": "Boto3/1.44",
            "errorCode": "AccessDeniedException",
            "errorMessage": "User: ann is not authorized",
            "requestParameters": {"tableName": "Orders"},
            "responseElements": null,
            "requestID": "REQUEST",
            "eventID": "EVENT",
            "readOnly": true,
            "resources": [{
                "accountId": "111122223333",
                "type": "AWS::DynamoDB::Table",
                "ARN": "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders",
            }],
            "eventType": "AwsApiCall",
            "apiVersion": "2012-08-10",
            "managementEvent": false,
            "recipientAccountId": "111122223333",
            "vpcEndpointId": "vpce-1",
            "eventCategory": "Data",
            "tlsDetails": {
                "tlsVersion": "TLSv1.3",
                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader": "db.example.com",
            },
        })
    );
}

#[test]
fn requests_are_told_without_the_values_of_items() {
    let origin = origin();
    for (operation, body, want) in [
        (
            Operation::BatchWriteItem,
            r#"{"RequestItems": {"b": [{"x": "secret"}], "a": []}}"#,
            json!({"tableNames": ["a", "b"]}),
        ),
        (
            Operation::TransactWriteItems,
            r#"{"TransactItems": [{"Put": {"TableName": "b", "Item": {"x": {"S": "secret"}}}}, {"Delete": {"TableName": "a"}}]}"#,
            json!({"tableNames": ["a", "b"]}),
        ),
        (
            Operation::Query,
            r#"{"TableName": "a", "IndexName": "i", "KeyConditionExpression": "secret"}"#,
            json!({"tableName": "a", "indexName": "i"}),
        ),
        (Operation::ExecuteStatement, r#"{"Statement": "SELECT secret"}"#, Value::Null),
        (Operation::PutItem, "secret", Value::Null),
        (
            Operation::CreateTable,
            r#"{"TableName": "a", "SSESpecification": {"Enabled": true}, "Tags": [{"Key": "K", "Value": "V"}]}"#,
            json!({"tableName": "a", "sSESpecification": {"enabled": true}, "tags": [{"key": "K", "value": "V"}]}),
        ),
    ] {
        let event = told(ended(&origin, operation, body, None));
        assert_eq!(event["requestParameters"], want, "{}", operation.name());
        assert!(!event.to_string().contains("secret"));
    }
    let long = format!(r#"{{"TableName": "{}"}}"#, "x".repeat(200_000));
    assert_eq!(told(ended(&origin, Operation::CreateTable, &long, None))["requestParameters"]["omitted"], true);
}

#[test]
fn forms_are_told_without_secrets() {
    let origin = origin();
    let form = b"Action=CreateLoginProfile&Version=2010-05-08&UserName=ann&Password=secret";
    let action = Action::Other { source: "iam.amazonaws.com", name: "CreateLoginProfile", version: "2010-05-08" };
    let event =
        told(Ended { action, parameters: Parameters::Form(form), ..ended(&origin, Operation::GetItem, "", None) });
    assert_eq!(event["requestParameters"], json!({"userName": "ann"}));
    assert_eq!(event["eventSource"], "iam.amazonaws.com");
    assert_eq!((&event["managementEvent"], &event["readOnly"]), (&json!(true), &json!(false)));
}

#[test]
fn what_belongs_into_the_log_is_known() {
    let get = Action::DynamoDb(Operation::GetItem);
    assert!(!get.is_recorded(None));
    assert!(!get.is_recorded(Some("ResourceNotFoundException")));
    assert!(get.is_recorded(Some("AccessDeniedException")));
    assert!(Action::DynamoDb(Operation::DescribeTable).is_recorded(None));
    assert!(Action::Other { source: "sts.amazonaws.com", name: "AssumeRole", version: "2011-06-15" }.is_recorded(None));
    assert!(Action::Unknown.is_recorded(Some("MissingAuthenticationTokenException")));
    assert!(!Action::Unknown.is_recorded(None));
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn create_table(audit: &Audit, name: &str) {
    let (origin, body) = (origin(), format!(r#"{{"TableName": "{name}"}}"#));
    audit.record_call(ended(&origin, Operation::CreateTable, &body, None)).await;
}

/// Waits until the file at `path` has `count` lines.
async fn until_lines(path: &Path, count: usize) {
    for _ in 0..500 {
        if fs::read_to_string(path).is_ok_and(|text| text.lines().count() >= count) {
            return;
        }
        Clock::system().sleep(Duration::from_millis(10)).await;
    }
    panic!("{} has no {count} lines", path.display());
}

#[tokio::test]
async fn events_of_many_are_whole_lines_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit");
    let audit = Audit::open(path.clone(), Clock::system(), Random::system()).unwrap();
    // More than the queue holds, so that some must wait.
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let audit = audit.clone();
            runtime::spawn(async move {
                for number in 0..500 {
                    create_table(&audit, &format!("{task}-{number}")).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(audit.close().await);
    let mut names: Vec<String> = lines(&path).iter().map(|event| event["requestParameters"].to_string()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4000);
    let mut text = String::new();
    audit.write_metrics(&mut text);
    assert!(text.contains("stator_audit_events_total 4000"), "{text}");
}

#[tokio::test]
async fn a_file_that_was_moved_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("audit"), folder.path().join("audit.1"));
    let audit = Audit::open(path.clone(), Clock::system(), Random::system()).unwrap();
    create_table(&audit, "one").await;
    until_lines(&path, 1).await;
    fs::rename(&path, &old).unwrap();
    create_table(&audit, "two").await;
    until_lines(&path, 1).await;
    fs::rename(&path, folder.path().join("audit.2")).unwrap();
    audit.reopen().await;
    until_lines(&path, 0).await;
    fs::remove_file(&path).unwrap();
    create_table(&audit, "three").await;
    assert!(audit.close().await);
    assert_eq!(lines(&old)[0]["requestParameters"]["tableName"], "one");
    assert_eq!(lines(&path)[0]["requestParameters"]["tableName"], "three");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn events_wait_for_a_file_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let path = inner.join("audit");
    let audit = Audit::open(path.clone(), Clock::system(), Random::system()).unwrap();
    fs::rename(&inner, folder.path().join("away")).unwrap();
    create_table(&audit, "one").await;
    while audit.counters.failures.load(Ordering::Relaxed) == 0 {
        Clock::system().sleep(Duration::from_millis(10)).await;
    }
    fs::create_dir(&inner).unwrap();
    until_lines(&path, 1).await;
    assert!(audit.close().await);
    create_table(&audit, "after the end").await;
    assert_eq!(audit.counters.lost.load(Ordering::Relaxed), 1);
}
