//! Who may do what in IAM, and what is remembered of callers.

use super::fixture::{ACCOUNT, Credentials, Fixture, TestSeal, allow, policy, text, texts};
use crate::Unidentified;
use crate::ids;
use crate::secret::Secret;
use crate::session::{Claims, Subject};
use runtime::Random;
use sigv4::Scope;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_user_may_what_its_policies_allow() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", "").await;
    for (service, name) in crate::actions() {
        // Whatever it names, and whether that is there or not: a caller without permissions is told of none.
        let parameters = [
            ("UserName", "Ann"),
            ("GroupName", "none"),
            ("RoleName", "none"),
            ("PolicyName", "none"),
            ("PolicyArn", "arn:aws:iam::123456789012:policy/none"),
            ("PolicySourceArn", "arn:aws:iam::123456789012:user/none"),
            ("RoleArn", "arn:aws:iam::123456789012:role/none"),
            ("AWSServiceName", "dax.amazonaws.com"),
            ("AccessKeyId", "AKIAIOSFODNN7EXAMPLE"),
            ("Name", "none"),
        ];
        let response = fixture.call(&ann, name, &parameters).await;
        let free = ["GetCallerIdentity", "GetSessionToken"].contains(&name);
        let want = if free { None } else { Some("AccessDenied") };
        assert_eq!(response.event.error_code, want, "{service}:{name}: {}", response.body);
    }
    let own = policy("Allow", "iam:*", &format!("arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"));
    let parameters = [("UserName", "Ann"), ("PolicyName", "own"), ("PolicyDocument", own.as_str())];
    fixture.ok(&fixture.root, "PutUserPolicy", &parameters).await;
    let body = fixture.ok(&ann, "GetUser", &[]).await;
    assert_eq!(text(&body, "UserName"), "Ann");
    let keys = fixture.ok(&ann, "ListAccessKeys", &[]).await;
    assert_eq!(texts(&keys, "AccessKeyId"), [ann.key_id.as_str()]);
    fixture.ok(&fixture.root, "CreateUser", &[("UserName", "Bob")]).await;
    let response = fixture.call(&ann, "GetUser", &[("UserName", "Bob")]).await;
    assert_eq!(
        text(&response.body, "Message"),
        format!(
            "User: arn:aws:iam::{ACCOUNT}:user/Ann is not authorized to perform: iam:GetUser on resource: user Bob because no \
             identity-based policy allows the iam:GetUser action"
        )
    );
}

#[tokio::test]
async fn groups_managed_policies_and_boundaries_count() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", "").await;
    let refused = async || fixture.call(&ann, "ListUsers", &[]).await.status == 403;
    assert!(refused().await);
    fixture.ok(&fixture.root, "CreateGroup", &[("GroupName", "G")]).await;
    let read_only = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    fixture.ok(&fixture.root, "AttachGroupPolicy", &[("GroupName", "G"), ("PolicyArn", read_only)]).await;
    let member = [("GroupName", "G"), ("UserName", "Ann")];
    fixture.ok(&fixture.root, "AddUserToGroup", &member).await;
    assert!(!refused().await);
    let boundary = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess_v2";
    let parameters = [("UserName", "Ann"), ("PermissionsBoundary", boundary)];
    fixture.ok(&fixture.root, "PutUserPermissionsBoundary", &parameters).await;
    assert!(refused().await);
    fixture.ok(&fixture.root, "DeleteUserPermissionsBoundary", &[("UserName", "Ann")]).await;
    assert!(!refused().await);
    fixture.ok(&fixture.root, "RemoveUserFromGroup", &member).await;
    assert!(refused().await);
    // A version of a policy that is not in force is not asked.
    let (deny, list) = (policy("Deny", "*", "*"), allow("iam:List*"));
    fixture.ok(&fixture.root, "CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &list)]).await;
    let arn = format!("arn:aws:iam::{ACCOUNT}:policy/P");
    fixture.ok(&fixture.root, "AttachUserPolicy", &[("UserName", "Ann"), ("PolicyArn", &arn)]).await;
    fixture.ok(&fixture.root, "CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", &deny)]).await;
    assert!(!refused().await);
    fixture.ok(&fixture.root, "SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v2")]).await;
    assert!(refused().await);
}

#[tokio::test]
async fn what_a_request_brings_is_asked_for_by_conditions() {
    let fixture = Fixture::new().await;
    let document = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["iam:CreateUser","iam:TagUser"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"blue"}}},
        {"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}},
        {"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/IAMReadOnlyAccess"}}},
        {"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"Bool":{"aws:SecureTransport":"true"},"DateGreaterThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}}}]}"#;
    let ann = fixture.user("Ann", document).await;
    let tags = |value| [("UserName", "x"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", value)];
    assert_eq!(fixture.refused(&ann, "CreateUser", &[("UserName", "x")]).await, "403 AccessDenied");
    assert_eq!(fixture.refused(&ann, "CreateUser", &tags("red")).await, "403 AccessDenied");
    fixture.ok(&ann, "CreateUser", &tags("blue")).await;
    let attach = |arn| [("UserName", "x"), ("PolicyArn", arn)];
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    assert_eq!(fixture.refused(&ann, "AttachUserPolicy", &attach(admin)).await, "403 AccessDenied");
    fixture.ok(&ann, "AttachUserPolicy", &attach("arn:aws:iam::aws:policy/IAMReadOnlyAccess")).await;
    assert_eq!(fixture.refused(&ann, "DeleteUser", &[("UserName", "Ann")]).await, "403 AccessDenied");
    assert_eq!(fixture.refused(&ann, "DeleteUser", &[("UserName", "x")]).await, "409 DeleteConflict");
    fixture.ok(&ann, "ListUsers", &[]).await;
}

#[tokio::test]
async fn simulations() {
    let fixture = Fixture::new().await;
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:Get*","Resource":"*"},
        {"Effect":"Deny","Action":"dynamodb:GetItem","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}]}"#;
    fixture.user("Ann", document).await;
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/Ann");
    let actions = [("ActionNames.member.1", "dynamodb:GetItem"), ("ActionNames.member.2", "dynamodb:PutItem")];
    let parameters = [&[("PolicySourceArn", arn.as_str())], &actions[..]].concat();
    let body = fixture.ok(&fixture.root, "SimulatePrincipalPolicy", &parameters).await;
    assert_eq!(texts(&body, "EvalDecision"), ["allowed", "implicitDeny"]);
    assert!(body.contains("<MissingContextValues><member>aws:RequestedRegion</member></MissingContextValues>"));
    let entry = [
        ("ContextEntries.member.1.ContextKeyName", "aws:RequestedRegion"),
        ("ContextEntries.member.1.ContextKeyType", "string"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "eu-west-1"),
    ];
    let body = fixture.ok(&fixture.root, "SimulatePrincipalPolicy", &[&parameters[..], &entry].concat()).await;
    assert_eq!(texts(&body, "EvalDecision"), ["explicitDeny", "implicitDeny"]);
    let custom = [&[("PolicyInputList.member.1", document)], &actions[..]].concat();
    let body = fixture.ok(&fixture.root, "SimulateCustomPolicy", &custom).await;
    assert_eq!(texts(&body, "EvalDecision"), ["allowed", "implicitDeny"]);
    let body = fixture.ok(&fixture.root, "GetContextKeysForPrincipalPolicy", &[("PolicySourceArn", &arn)]).await;
    assert_eq!(texts(&body, "member"), ["aws:RequestedRegion"]);
    let none = format!("arn:aws:iam::{ACCOUNT}:user/None");
    let parameters = [&[("PolicySourceArn", none.as_str())], &actions[..]].concat();
    assert_eq!(fixture.refused(&fixture.root, "SimulatePrincipalPolicy", &parameters).await, "404 NoSuchEntity");
}

#[tokio::test]
async fn memory_is_bounded_whatever_is_presented() {
    let fixture = Fixture::new().await;
    fixture.identify(&fixture.root).await.unwrap();
    let known = fixture.authenticator.known();
    for at in 0..2000 {
        let who = Credentials { key_id: format!("AKIARANDOM{at:010}"), token: None };
        assert_eq!(fixture.identify(&who).await.unwrap_err(), Unidentified::UnknownKey);
    }
    assert_eq!(fixture.authenticator.known(), known);
    let root = fixture.identify(&fixture.root).await.unwrap();
    let seal = TestSeal::new(7);
    for at in 0..9000 {
        let claims = Claims {
            key_id: ids::access_key(ids::SESSION, ACCOUNT, &Random::seeded(at)),
            secret: Secret::random().unwrap(),
            account: ACCOUNT.to_owned(),
            subject: Subject::Root,
            issued_at_ms: 0,
            expires_at_ms: u64::MAX,
            policy: None,
            policy_arns: Vec::new(),
            tags: Default::default(),
            transitive: Vec::new(),
            source_identity: None,
        };
        let token = claims.token(&seal).unwrap();
        let session = Credentials { key_id: claims.key_id, token: Some(token) };
        fixture.identify(&session).await.unwrap();
        // Who asks again and again stays.
        assert!(Arc::ptr_eq(&root, &fixture.identify(&fixture.root).await.unwrap()));
    }
    assert!(fixture.authenticator.known() <= 8192);
}

#[tokio::test]
async fn signing_keys_are_kept_for_right_signatures_only() {
    let fixture = Fixture::new().await;
    let root = fixture.identify(&fixture.root).await.unwrap();
    fn scope(region: &str) -> Scope<'_> {
        Scope { date: "20270115", region, service: "dynamodb" }
    }
    let verify =
        |region: &str, right: bool| root.with_signing_key(&scope(region), |_| if right { Ok(()) } else { Err(()) });
    assert!(verify("us-east-1", false).is_err());
    assert_eq!(root.kept_signing_keys(), 0);
    for _ in 0..3 {
        verify("us-east-1", true).unwrap();
    }
    assert_eq!(root.kept_signing_keys(), 1);
    for at in 0..40 {
        verify(&format!("region-{at}"), true).unwrap();
    }
    assert_eq!(root.kept_signing_keys(), 16);
    let again = fixture.identify(&fixture.root).await.unwrap();
    assert!(Arc::ptr_eq(&root, &again));
}

#[tokio::test]
async fn uses_of_keys_are_noted() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", "").await;
    let last = async || fixture.ok(&fixture.root, "GetAccessKeyLastUsed", &[("AccessKeyId", &ann.key_id)]).await;
    assert!(last().await.contains("<ServiceName>N/A</ServiceName><Region>N/A</Region>"));
    let note = async || {
        let identity = fixture.identify(&ann).await.unwrap();
        fixture.authenticator.note_use(&identity, "eu-west-1", "dynamodb", fixture.clock.now()).await.unwrap();
    };
    note().await;
    fixture.hands.advance(Duration::from_secs(60));
    note().await;
    let body = last().await;
    assert_eq!(text(&body, "LastUsedDate"), "2027-01-15T08:00:00Z");
    assert_eq!((text(&body, "UserName"), text(&body, "Region")), ("Ann".into(), "eu-west-1".into()));
    fixture.hands.advance(Duration::from_secs(900));
    note().await;
    assert_eq!(text(&last().await, "LastUsedDate"), "2027-01-15T08:16:00Z");
}

#[tokio::test]
async fn root_credentials_are_made_once() {
    let fixture = Fixture::new().await;
    assert!(fixture.root.key_id.starts_with("AKIA"));
    let root = fixture.identify(&fixture.root).await.unwrap();
    assert!(root.is_root() && root.arn() == format!("arn:aws:iam::{ACCOUNT}:root") && root.user_id() == ACCOUNT);
    let directory = fixture.authenticator.directory();
    assert!(directory.ensure_account(ACCOUNT).await.unwrap().is_none());
    let other = directory.ensure_account("210987654321").await.unwrap().unwrap();
    assert_eq!(other.secret_access_key.reveal().len(), 40);
    let body = fixture.ok(&fixture.root, "GetUser", &[]).await;
    assert_eq!(text(&body, "Arn"), root.arn());
    // Who has deleted root's last key and has no user with one can come in again by a restart.
    fixture.ok(&fixture.root, "DeleteAccessKey", &[("AccessKeyId", &fixture.root.key_id)]).await;
    assert_eq!(fixture.identify(&fixture.root).await.unwrap_err(), Unidentified::UnknownKey);
    assert!(directory.ensure_account(ACCOUNT).await.unwrap().is_some());
}
