//! The offline check: nothing is wrong with what the operations leave, and what is broken is named.

use super::fixture::{ACCOUNT, Fixture, allow, trust};
use crate::check::check;
use layout::principals::{self, Named};
use storage::Batch;

const POLICY_ARN: &str = "arn:aws:iam::123456789012:policy/reading";

/// An account with one of everything, and one that names the other.
async fn populated() -> (Fixture, String) {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", &allow("dynamodb:*")).await;
    let trust = trust("arn:aws:iam::123456789012:root");
    let document = allow("dynamodb:GetItem");
    for (action, parameters) in [
        ("CreateGroup", &[("GroupName", "team")][..]),
        ("AddUserToGroup", &[("GroupName", "team"), ("UserName", "Ann")]),
        ("CreatePolicy", &[("PolicyName", "reading"), ("PolicyDocument", &document)]),
        ("AttachGroupPolicy", &[("GroupName", "team"), ("PolicyArn", POLICY_ARN)]),
        ("CreateRole", &[("RoleName", "reader"), ("AssumeRolePolicyDocument", &trust)]),
        ("PutRolePermissionsBoundary", &[("RoleName", "reader"), ("PermissionsBoundary", POLICY_ARN)]),
        (
            "AttachRolePolicy",
            &[("RoleName", "reader"), ("PolicyArn", "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess")],
        ),
    ] {
        fixture.ok(&fixture.root, action, parameters).await;
    }
    (fixture, ann.key_id)
}

#[tokio::test]
async fn what_operations_leave_is_whole() {
    let (fixture, _) = populated().await;
    assert_eq!(check(&*fixture.store).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_broken_is_named() {
    let named = |kind, name| principals::named(kind, ACCOUNT, name);
    let (_, key_id) = populated().await;
    let user = named(Named::User, "Ann");
    for (gone, words) in [
        (principals::access_key(&key_id), &["an access key is not there"][..]),
        (user.clone(), &["nobody has the access key", "the group counts other members than it has"]),
        (
            named(Named::Group, "team"),
            &["a group of the user is not there", "the policy counts other attachments than it has"],
        ),
        (named(Named::Policy, "reading"), &["a managed policy is not there", "a managed policy is not there"]),
        (named(Named::Role, "reader"), &["the policy counts other attachments than it has"]),
    ] {
        let (fixture, id) = populated().await;
        let gone = if gone == principals::access_key(&key_id) { principals::access_key(&id) } else { gone };
        let mut batch = Batch::new();
        batch.delete(gone);
        fixture.store.commit(batch).await.unwrap();
        let mut found: Vec<&str> = check(&*fixture.store).await.unwrap().iter().map(|fault| fault.why).collect();
        found.sort_unstable();
        assert_eq!(found, words);
    }
    let (fixture, _) = populated().await;
    let mut batch = Batch::new();
    batch.set(user, "{}").set(bytes::Bytes::from_static(b"\x08\x7fx"), "x");
    fixture.store.commit(batch).await.unwrap();
    let found = check(&*fixture.store).await.unwrap();
    assert!(
        found.iter().any(|fault| fault.to_string().starts_with("principals: the record does not decode; key 0810"))
    );
    assert!(found.iter().any(|fault| fault.why == "it is of no kind that is known"));
}
