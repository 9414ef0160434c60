//! Sessions: how they begin, what they may, how they end.

use super::fixture::{ACCOUNT, Credentials, Fixture, allow, policy, session, text, trust};
use crate::{Principal, Unidentified};
use std::time::Duration;

#[tokio::test]
async fn a_role_is_assumed_and_the_session_ends() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", &allow("sts:AssumeRole")).await;
    let role = fixture.role("R", &allow("iam:GetUser")).await;
    let body = fixture
        .ok(&ann, "AssumeRole", &[("RoleArn", &role), ("RoleSessionName", "s1"), ("DurationSeconds", "900")])
        .await;
    assert_eq!(text(&body, "Arn"), format!("arn:aws:sts::{ACCOUNT}:assumed-role/R/s1"));
    assert_eq!(text(&body, "Expiration"), "2027-01-15T08:15:00Z");
    let session = session(&body);
    let identity = fixture.identify(&session).await.unwrap();
    assert_eq!((identity.arn(), identity.principal_arn()), (text(&body, "Arn").as_str(), role.as_str()));
    assert_eq!(identity.user_id(), text(&body, "AssumedRoleId"));
    assert!(matches!(identity.principal(), Principal::AssumedRole { session, .. } if session == "s1"));
    let body = fixture.ok(&session, "GetCallerIdentity", &[]).await;
    assert_eq!(text(&body, "Account"), ACCOUNT);
    fixture.ok(&session, "GetUser", &[("UserName", "Ann")]).await;
    assert_eq!(fixture.refused(&session, "ListUsers", &[]).await, "403 AccessDenied");
    assert_eq!(fixture.refused(&session, "GetUser", &[]).await, "400 ValidationError");

    fixture.hands.advance(Duration::from_secs(899));
    fixture.identify(&session).await.unwrap();
    fixture.hands.advance(Duration::from_secs(1));
    assert_eq!(fixture.identify(&session).await.unwrap_err(), Unidentified::ExpiredToken);
    // Also where nobody knows it any more.
    let other = fixture.another(7).await;
    assert_eq!(other.identify(&session).await.unwrap_err(), Unidentified::ExpiredToken);
}

#[tokio::test]
async fn a_session_is_known_wherever_the_key_is_and_nowhere_else() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", &allow("*")).await;
    let role = fixture.role("R", &allow("*")).await;
    let good = fixture.assume(&ann, &role, &[]).await;
    // After a restart.
    fixture.another(7).await.identify(&good).await.unwrap();
    assert_eq!(fixture.another(8).await.identify(&good).await.unwrap_err(), Unidentified::InvalidToken);
    let token = good.token.clone().unwrap();
    for at in (0..token.len() - 4).step_by(29) {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let tampered = Credentials { token: Some(String::from_utf8(bytes).unwrap()), ..good.clone() };
        assert_eq!(fixture.identify(&tampered).await.unwrap_err(), Unidentified::InvalidToken);
    }
    let other = fixture.assume(&ann, &role, &[]).await;
    let rows = [
        (good.key_id.as_str(), None, Unidentified::UnknownKey),
        (other.key_id.as_str(), Some(token.as_str()), Unidentified::InvalidToken),
        (ann.key_id.as_str(), Some(token.as_str()), Unidentified::InvalidToken),
        (good.key_id.as_str(), Some(""), Unidentified::InvalidToken),
        ("AKIAIOSFODNN7EXAMPLE", None, Unidentified::UnknownKey),
        ("", None, Unidentified::UnknownKey),
    ];
    for (key_id, token, want) in rows {
        let who = Credentials { key_id: key_id.to_owned(), token: token.map(str::to_owned) };
        assert_eq!(fixture.identify(&who).await.unwrap_err(), want);
    }
    let long = Credentials { token: Some("A".repeat(1 << 20)), ..good };
    assert_eq!(fixture.identify(&long).await.unwrap_err(), Unidentified::InvalidToken);
}

#[tokio::test]
async fn who_deletes_a_role_or_user_ends_its_sessions() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", &allow("*")).await;
    let role = fixture.role("R", "").await;
    let of_role = fixture.assume(&ann, &role, &[]).await;
    let of_user = session(&fixture.ok(&ann, "GetSessionToken", &[]).await);
    for who in [&of_role, &of_user] {
        fixture.identify(who).await.unwrap();
    }
    fixture.ok(&fixture.root, "DeleteRole", &[("RoleName", "R")]).await;
    assert_eq!(fixture.identify(&of_role).await.unwrap_err(), Unidentified::InvalidToken);
    // Another role of the same name is another role.
    fixture.role("R", "").await;
    assert_eq!(fixture.identify(&of_role).await.unwrap_err(), Unidentified::InvalidToken);

    fixture.ok(&fixture.root, "DeleteUserPolicy", &[("UserName", "Ann"), ("PolicyName", "p")]).await;
    let key = [("UserName", "Ann"), ("AccessKeyId", ann.key_id.as_str())];
    fixture.ok(&fixture.root, "UpdateAccessKey", &[key[0], key[1], ("Status", "Inactive")]).await;
    assert_eq!(fixture.identify(&ann).await.unwrap_err(), Unidentified::InactiveKey);
    fixture.ok(&fixture.root, "DeleteAccessKey", &key).await;
    assert_eq!(fixture.identify(&ann).await.unwrap_err(), Unidentified::UnknownKey);
    fixture.identify(&of_user).await.unwrap();
    fixture.ok(&fixture.root, "DeleteUser", &[("UserName", "Ann")]).await;
    assert_eq!(fixture.identify(&of_user).await.unwrap_err(), Unidentified::InvalidToken);
}

#[tokio::test]
async fn session_policies_limit_what_the_role_may() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", &allow("sts:AssumeRole")).await;
    let role = fixture.role("R", &allow("iam:*")).await;
    let get_user = allow("iam:GetUser");
    let limited = fixture.assume(&ann, &role, &[("Policy", &get_user)]).await;
    fixture.ok(&limited, "GetUser", &[("UserName", "Ann")]).await;
    assert_eq!(fixture.refused(&limited, "ListUsers", &[]).await, "403 AccessDenied");
    let read_only = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    let limited = fixture.assume(&ann, &role, &[("PolicyArns.member.1.arn", read_only)]).await;
    fixture.ok(&limited, "ListUsers", &[]).await;
    assert_eq!(fixture.refused(&limited, "CreateUser", &[("UserName", "x")]).await, "403 AccessDenied");
    let both = [("RoleArn", role.as_str()), ("RoleSessionName", "ss")];
    let rows = [
        (vec![("Policy", "{")], "400 MalformedPolicyDocument"),
        (vec![("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/None")], "400 MalformedPolicyDocument"),
        (vec![("DurationSeconds", "7200")], "400 ValidationError"),
        (vec![("DurationSeconds", "899")], "400 ValidationError"),
        (vec![("TransitiveTagKeys.member.1", "k")], "400 InvalidParameterValue"),
    ];
    for (more, want) in rows {
        let parameters = [&both[..], &more].concat();
        assert_eq!(fixture.refused(&ann, "AssumeRole", &parameters).await, want, "{more:?}");
    }
    let long = format!("{{{}", " ".repeat(2048));
    let parameters = [both[0], both[1], ("Policy", &long)];
    assert_eq!(fixture.refused(&ann, "AssumeRole", &parameters).await, "400 PackedPolicyTooLarge");
}

#[tokio::test]
async fn who_may_assume_a_role() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", "").await;
    let bob = fixture.user("Bob", &allow("sts:AssumeRole")).await;
    let role = fixture.role("R", "").await;
    let parameters = [("RoleArn", role.as_str()), ("RoleSessionName", "ss")];
    // The account is trusted: then its own policies say who.
    assert_eq!(fixture.refused(&ann, "AssumeRole", &parameters).await, "403 AccessDenied");
    fixture.ok(&bob, "AssumeRole", &parameters).await;
    // Ann herself is trusted: within the account that is enough.
    let trust_ann = trust(&format!("arn:aws:iam::{ACCOUNT}:user/Ann"));
    fixture.ok(&fixture.root, "UpdateAssumeRolePolicy", &[("RoleName", "R"), ("PolicyDocument", &trust_ann)]).await;
    fixture.ok(&ann, "AssumeRole", &parameters).await;
    assert_eq!(fixture.refused(&bob, "AssumeRole", &parameters).await, "403 AccessDenied");
    // With an external id.
    let with_id = trust_ann.replace("}]}", r#","Condition":{"StringEquals":{"sts:ExternalId":"e1"}}}]}"#);
    fixture.ok(&fixture.root, "UpdateAssumeRolePolicy", &[("RoleName", "R"), ("PolicyDocument", &with_id)]).await;
    assert_eq!(fixture.refused(&ann, "AssumeRole", &parameters).await, "403 AccessDenied");
    fixture.ok(&ann, "AssumeRole", &[parameters[0], parameters[1], ("ExternalId", "e1")]).await;
    // A role that is not there is refused like one that may not be assumed.
    let none = format!("arn:aws:iam::{ACCOUNT}:role/None");
    assert_eq!(fixture.refused(&bob, "AssumeRole", &[("RoleArn", &none), parameters[1]]).await, "403 AccessDenied");
    assert_eq!(fixture.refused(&fixture.root, "AssumeRole", &parameters).await, "403 AccessDenied");
}

#[tokio::test]
async fn tags_and_source_identity_go_from_session_to_session() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", &allow("sts:*")).await;
    let first = fixture.role("First", &allow("sts:*")).await;
    let second = fixture.role("Second", "").await;
    fixture
        .ok(
            &fixture.root,
            "TagRole",
            &[("RoleName", "First"), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "role")],
        )
        .await;
    let tags = [
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "blue"),
        ("Tags.member.2.Key", "own"),
        ("Tags.member.2.Value", "x"),
        ("TransitiveTagKeys.member.1", "team"),
        ("SourceIdentity", "Ann"),
    ];
    let one = fixture.assume(&ann, &first, &tags).await;
    let identity = fixture.identify(&one).await.unwrap();
    assert_eq!((identity.tag("TEAM"), identity.tag("own")), (Some("blue"), Some("x")));
    let two = fixture.assume(&one, &second, &[]).await;
    let identity = fixture.identify(&two).await.unwrap();
    assert_eq!((identity.tag("team"), identity.tag("own")), (Some("blue"), None));
    assert_eq!(identity.session().unwrap().source_identity.as_deref(), Some("Ann"));
    let parameters = [("RoleArn", second.as_str()), ("RoleSessionName", "ss")];
    let rows = [
        (&tags[..2], "400 InvalidParameterValue"),
        (&[("SourceIdentity", "Bob")], "403 AccessDenied"),
        (&[("DurationSeconds", "3601")], "400 ValidationError"),
    ];
    for (more, want) in rows {
        assert_eq!(fixture.refused(&one, "AssumeRole", &[&parameters[..], more].concat()).await, want);
    }
}

#[tokio::test]
async fn sessions_of_users_reach_little() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", &allow("*")).await;
    let role = fixture.role("R", "").await;
    let plain = session(&fixture.ok(&ann, "GetSessionToken", &[("DurationSeconds", "900")]).await);
    assert_eq!(fixture.refused(&plain, "GetUser", &[]).await, "403 InvalidClientTokenId");
    assert_eq!(fixture.refused(&plain, "GetSessionToken", &[]).await, "403 AccessDenied");
    fixture.ok(&plain, "GetCallerIdentity", &[]).await;
    fixture.assume(&plain, &role, &[]).await;

    let document = policy("Allow", "dynamodb:GetItem", "*");
    let body = fixture.ok(&ann, "GetFederationToken", &[("Name", "Fed"), ("Policy", &document)]).await;
    assert_eq!(text(&body, "FederatedUserId"), format!("{ACCOUNT}:Fed"));
    let federated = session(&body);
    let body = fixture.ok(&federated, "GetCallerIdentity", &[]).await;
    assert_eq!(text(&body, "Arn"), format!("arn:aws:sts::{ACCOUNT}:federated-user/Fed"));
    assert_eq!(fixture.refused(&federated, "GetUser", &[]).await, "403 InvalidClientTokenId");
    let body = fixture.ok(&fixture.root, "GetSessionToken", &[]).await;
    assert_eq!(text(&body, "Expiration"), "2027-01-15T09:00:00Z");
    let root = fixture.identify(&session(&body)).await.unwrap();
    assert!(root.is_root());

    let body = fixture.ok(&ann, "GetAccessKeyInfo", &[("AccessKeyId", &federated.key_id)]).await;
    assert_eq!(text(&body, "Account"), ACCOUNT);
    let encoded = [("EncodedMessage", "x")];
    assert_eq!(
        fixture.refused(&ann, "DecodeAuthorizationMessage", &encoded).await,
        "400 InvalidAuthorizationMessageException"
    );
}

#[tokio::test]
async fn roles_of_another_account_take_both_sides() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", &allow("sts:AssumeRole")).await;
    let bob = fixture.user("Bob", "").await;
    let directory = fixture.authenticator.directory();
    let other = directory.ensure_account("210987654321").await.unwrap().unwrap();
    let other = Credentials { key_id: other.access_key_id, token: None };
    let trusting = trust(&format!("arn:aws:iam::{ACCOUNT}:root"));
    let made = [("RoleName", "R"), ("AssumeRolePolicyDocument", trusting.as_str())];
    let role = text(&fixture.ok(&other, "CreateRole", &made).await, "Arn");
    let session = fixture.assume(&ann, &role, &[]).await;
    let identity = fixture.identify(&session).await.unwrap();
    assert_eq!((identity.account(), identity.principal_arn()), ("210987654321", role.as_str()));
    let parameters = [("RoleArn", role.as_str()), ("RoleSessionName", "ss")];
    // That the other account trusts him is not enough.
    let trust_bob = trust(&format!("arn:aws:iam::{ACCOUNT}:user/Bob"));
    fixture.ok(&other, "UpdateAssumeRolePolicy", &[("RoleName", "R"), ("PolicyDocument", &trust_bob)]).await;
    assert_eq!(fixture.refused(&bob, "AssumeRole", &parameters).await, "403 AccessDenied");
    assert_eq!(fixture.refused(&ann, "AssumeRole", &parameters).await, "403 AccessDenied");
    // What the other account has is not seen from here.
    assert_eq!(fixture.refused(&fixture.root, "GetRole", &[("RoleName", "R")]).await, "404 NoSuchEntity");
    let policy = [("PolicyName", "P"), ("PolicyDocument", &allow("*"))];
    let arn = text(&fixture.ok(&other, "CreatePolicy", &policy).await, "Arn");
    let attach = [("UserName", "Ann"), ("PolicyArn", arn.as_str())];
    assert_eq!(fixture.refused(&fixture.root, "AttachUserPolicy", &attach).await, "404 NoSuchEntity");
    for action in ["GetPolicy", "DeletePolicy", "ListPolicyVersions", "ListEntitiesForPolicy"] {
        assert_eq!(
            fixture.refused(&fixture.root, action, &[("PolicyArn", &arn)]).await,
            "404 NoSuchEntity",
            "{action}"
        );
    }
    let boundary = [("UserName", "Ann"), ("PermissionsBoundary", arn.as_str())];
    assert_eq!(fixture.refused(&fixture.root, "PutUserPermissionsBoundary", &boundary).await, "404 NoSuchEntity");
}
