//! Users, groups, roles, keys and policies from their making to their end.

use super::fixture::{ACCOUNT, Fixture, allow, text, texts, trust};

/// One step: operation, parameters, what comes of it.
type Step<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

async fn run(fixture: &Fixture, steps: &[Step<'_>]) {
    for (action, parameters, want) in steps {
        let response = fixture.call(&fixture.root, action, parameters).await;
        let code = response.event.error_code.unwrap_or("ok");
        assert_eq!(code, *want, "{action} {parameters:?}: {}", response.body);
        assert_eq!(crate::check::check(&*fixture.store).await.unwrap(), [], "after {action} {parameters:?}");
    }
}

#[tokio::test]
async fn users() {
    let fixture = Fixture::new().await;
    let ann = [("UserName", "Ann")];
    run(
        &fixture,
        &[
            (
                "CreateUser",
                &[("UserName", "Ann"), ("Path", "/a/"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")],
                "ok",
            ),
            ("CreateUser", &[("UserName", "ann")], "EntityAlreadyExists"),
            ("CreateUser", &[("UserName", "a b")], "ValidationError"),
            ("CreateUser", &[("UserName", "x"), ("Path", "a")], "ValidationError"),
            ("CreateUser", &[], "ValidationError"),
            (
                "CreateUser",
                &[("UserName", "x"), ("PermissionsBoundary", "arn:aws:iam::123456789012:policy/none")],
                "NoSuchEntity",
            ),
            ("GetUser", &[("UserName", "Nobody")], "NoSuchEntity"),
            ("CreateAccessKey", &ann, "ok"),
            ("CreateAccessKey", &ann, "ok"),
            ("CreateAccessKey", &ann, "LimitExceeded"),
            ("DeleteUser", &ann, "DeleteConflict"),
        ],
    )
    .await;
    let body = fixture.ok(&fixture.root, "GetUser", &[("UserName", "ANN")]).await;
    assert_eq!(text(&body, "Arn"), format!("arn:aws:iam::{ACCOUNT}:user/a/Ann"));
    assert!(text(&body, "UserId").starts_with("AIDA") && body.contains("<Key>k</Key><Value>v</Value>"));
    assert!(
        body.starts_with("<GetUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><GetUserResult><User>")
    );
    assert!(body.ends_with("<ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></GetUserResponse>"));
    assert_eq!(text(&body, "CreateDate"), "2027-01-15T08:00:00Z");

    let rename = [("UserName", "Ann"), ("NewUserName", "Bea"), ("NewPath", "/b/")];
    fixture.ok(&fixture.root, "UpdateUser", &rename).await;
    let keys = fixture.ok(&fixture.root, "ListAccessKeys", &[("UserName", "Bea")]).await;
    assert_eq!(texts(&keys, "UserName"), ["Bea", "Bea"]);
    for key in texts(&keys, "AccessKeyId") {
        let parameters = [("UserName", "Bea"), ("AccessKeyId", key.as_str())];
        fixture.ok(&fixture.root, "DeleteAccessKey", &parameters).await;
        assert_eq!(fixture.refused(&fixture.root, "DeleteAccessKey", &parameters).await, "404 NoSuchEntity");
    }
    run(
        &fixture,
        &[
            ("DeleteUser", &ann, "NoSuchEntity"),
            ("TagUser", &[("UserName", "Bea"), ("Tags.member.1.Key", "K"), ("Tags.member.1.Value", "w")], "ok"),
            (
                "TagUser",
                &[("UserName", "Bea"), ("Tags.member.1.Key", "aws:x"), ("Tags.member.1.Value", "w")],
                "InvalidInput",
            ),
            ("UntagUser", &[("UserName", "Bea"), ("TagKeys.member.1", "k")], "ok"),
            ("DeleteUser", &[("UserName", "bea")], "ok"),
            ("DeleteUser", &[("UserName", "bea")], "NoSuchEntity"),
        ],
    )
    .await;
}

#[tokio::test]
async fn groups() {
    let fixture = Fixture::new().await;
    let both = [("GroupName", "G"), ("UserName", "Ann")];
    run(
        &fixture,
        &[
            ("CreateGroup", &[("GroupName", "G")], "ok"),
            ("CreateGroup", &[("GroupName", "g")], "EntityAlreadyExists"),
            ("CreateUser", &[("UserName", "Ann")], "ok"),
            ("AddUserToGroup", &both, "ok"),
            ("AddUserToGroup", &both, "ok"),
            ("AddUserToGroup", &[("GroupName", "H"), ("UserName", "Ann")], "NoSuchEntity"),
            ("DeleteUser", &[("UserName", "Ann")], "DeleteConflict"),
            ("DeleteGroup", &[("GroupName", "G")], "DeleteConflict"),
            ("UpdateGroup", &[("GroupName", "G"), ("NewGroupName", "H")], "ok"),
            ("GetGroup", &[("GroupName", "G")], "NoSuchEntity"),
        ],
    )
    .await;
    let body = fixture.ok(&fixture.root, "ListGroupsForUser", &[("UserName", "Ann")]).await;
    assert_eq!(texts(&body, "GroupName"), ["H"]);
    let body = fixture.ok(&fixture.root, "GetGroup", &[("GroupName", "H")]).await;
    assert_eq!((texts(&body, "UserName"), texts(&body, "IsTruncated")), (vec!["Ann".into()], vec!["false".into()]));
    run(
        &fixture,
        &[
            ("RemoveUserFromGroup", &[("GroupName", "H"), ("UserName", "Ann")], "ok"),
            ("DeleteGroup", &[("GroupName", "H")], "ok"),
            ("DeleteUser", &[("UserName", "Ann")], "ok"),
        ],
    )
    .await;
}

#[tokio::test]
async fn managed_policies() {
    let fixture = Fixture::new().await;
    let document = allow("dynamodb:GetItem");
    let arn = format!("arn:aws:iam::{ACCOUNT}:policy/p/P");
    let (of, attach) = ([("PolicyArn", arn.as_str())], [("PolicyArn", arn.as_str()), ("RoleName", "R")]);
    let trust = trust(ACCOUNT);
    let version = [("PolicyArn", arn.as_str()), ("PolicyDocument", document.as_str())];
    let as_default = [version[0], version[1], ("SetAsDefault", "true")];
    run(
        &fixture,
        &[
            ("CreatePolicy", &[("PolicyName", "P"), ("Path", "/p/"), ("PolicyDocument", &document)], "ok"),
            ("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &document)], "EntityAlreadyExists"),
            ("CreatePolicy", &[("PolicyName", "Q"), ("PolicyDocument", "{")], "MalformedPolicyDocument"),
            ("CreatePolicy", &[("PolicyName", "Q"), ("PolicyDocument", &"x".repeat(6145))], "LimitExceeded"),
            ("CreateRole", &[("RoleName", "R"), ("AssumeRolePolicyDocument", &trust)], "ok"),
            ("AttachRolePolicy", &attach, "ok"),
            ("AttachRolePolicy", &attach, "ok"),
            ("AttachRolePolicy", &[("PolicyArn", "arn:aws:iam::aws:policy/None"), ("RoleName", "R")], "NoSuchEntity"),
            (
                "AttachRolePolicy",
                &[("PolicyArn", "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"), ("RoleName", "R")],
                "ok",
            ),
            ("PutRolePermissionsBoundary", &[("PermissionsBoundary", &arn), ("RoleName", "R")], "ok"),
            ("DeletePolicy", &of, "DeleteConflict"),
            ("DeleteRole", &[("RoleName", "R")], "DeleteConflict"),
            ("DetachRolePolicy", &attach, "ok"),
            ("DetachRolePolicy", &attach, "NoSuchEntity"),
            ("DeletePolicy", &of, "DeleteConflict"),
            ("DeleteRolePermissionsBoundary", &[("RoleName", "R")], "ok"),
            ("DeleteRolePermissionsBoundary", &[("RoleName", "R")], "NoSuchEntity"),
            ("CreatePolicyVersion", &version, "ok"),
            ("CreatePolicyVersion", &as_default, "ok"),
            ("CreatePolicyVersion", &version, "ok"),
            ("CreatePolicyVersion", &version, "ok"),
            ("CreatePolicyVersion", &version, "LimitExceeded"),
            ("DeletePolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v3")], "DeleteConflict"),
            ("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v9")], "NoSuchEntity"),
            ("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "9")], "ValidationError"),
            ("DeletePolicy", &of, "DeleteConflict"),
        ],
    )
    .await;
    let body = fixture.ok(&fixture.root, "ListPolicyVersions", &of).await;
    assert_eq!(texts(&body, "VersionId"), ["v5", "v4", "v3", "v2", "v1"]);
    assert_eq!(texts(&body, "IsDefaultVersion"), ["false", "false", "true", "false", "false"]);
    for version in ["v1", "v2", "v4", "v5"] {
        fixture.ok(&fixture.root, "DeletePolicyVersion", &[("PolicyArn", &arn), ("VersionId", version)]).await;
    }
    let body = fixture.ok(&fixture.root, "GetPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v3")]).await;
    assert!(text(&body, "Document").starts_with("%7B%22Version%22%3A%222012-10-17%22"));
    let aws = "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess";
    let body = fixture.ok(&fixture.root, "ListEntitiesForPolicy", &[("PolicyArn", aws)]).await;
    assert_eq!(texts(&body, "RoleName"), ["R"]);
    let body = fixture.ok(&fixture.root, "GetPolicy", &[("PolicyArn", aws)]).await;
    assert_eq!(text(&body, "AttachmentCount"), "1");
    run(
        &fixture,
        &[
            ("DeletePolicy", &of, "ok"),
            ("GetPolicy", &of, "NoSuchEntity"),
            ("DeletePolicy", &[("PolicyArn", aws)], "AccessDenied"),
            ("DetachRolePolicy", &[("PolicyArn", aws), ("RoleName", "R")], "ok"),
            ("DeleteRole", &[("RoleName", "R")], "ok"),
        ],
    )
    .await;
}

#[tokio::test]
async fn inline_policies_and_their_quotas() {
    let fixture = Fixture::new().await;
    fixture.ok(&fixture.root, "CreateGroup", &[("GroupName", "group")]).await;
    fixture.ok(&fixture.root, "CreateUser", &[("UserName", "user")]).await;
    fixture.role("role", "").await;
    let long = |characters: usize| {
        let base = super::fixture::policy("Allow", "a:b", "arn:aws:s3:::").len();
        super::fixture::policy("Allow", "a:b", &format!("arn:aws:s3:::{}", "x".repeat(characters - base)))
    };
    for (kind, quota) in [("User", 2048), ("Group", 5120), ("Role", 10_240)] {
        let (name, value) = (format!("{kind}Name"), kind.to_lowercase());
        let call = async |verb: &str, plural: &str, more: &[(&str, &str)]| {
            let parameters = [&[(name.as_str(), value.as_str())], more].concat();
            let action = format!("{verb}{kind}{plural}");
            let response = fixture.call(&fixture.root, &action, &parameters).await;
            (response.event.error_code.unwrap_or("ok"), response.body)
        };
        let fits = format!(" {}\n", long(quota));
        assert_eq!(call("Put", "Policy", &[("PolicyName", "p"), ("PolicyDocument", &fits)]).await.0, "ok");
        let small = allow("a:b");
        assert_eq!(call("Put", "Policy", &[("PolicyName", "q"), ("PolicyDocument", &small)]).await.0, "LimitExceeded");
        assert_eq!(call("Put", "Policy", &[("PolicyName", "p"), ("PolicyDocument", &small)]).await.0, "ok");
        assert_eq!(
            call("Put", "Policy", &[("PolicyName", "p"), ("PolicyDocument", "{}")]).await.0,
            "MalformedPolicyDocument"
        );
        let (_, body) = call("List", "Policies", &[]).await;
        assert_eq!(texts(&body, "member"), ["p"]);
        let (_, body) = call("Get", "Policy", &[("PolicyName", "p")]).await;
        assert!(body.contains("a%3Ab") && text(&body, &name) == value);
        assert_eq!(call("Get", "Policy", &[("PolicyName", "q")]).await.0, "NoSuchEntity");
        assert_eq!(call("Delete", "Policy", &[("PolicyName", "p")]).await.0, "ok");
        assert_eq!(call("Delete", "Policy", &[("PolicyName", "p")]).await.0, "NoSuchEntity");
    }
}

#[tokio::test]
async fn at_most_ten_managed_policies() {
    let fixture = Fixture::new().await;
    fixture.ok(&fixture.root, "CreateUser", &[("UserName", "u")]).await;
    for at in 0..11 {
        let name = format!("p{at}");
        let document = allow("dynamodb:*");
        fixture.ok(&fixture.root, "CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", &document)]).await;
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
        let response = fixture.call(&fixture.root, "AttachUserPolicy", &[("UserName", "u"), ("PolicyArn", &arn)]).await;
        assert_eq!(response.event.error_code, (at == 10).then_some("LimitExceeded"));
    }
}

#[tokio::test]
async fn roles() {
    let fixture = Fixture::new().await;
    let trust = trust(ACCOUNT);
    let role = [("RoleName", "R")];
    run(
        &fixture,
        &[
            (
                "CreateRole",
                &[("RoleName", "R"), ("AssumeRolePolicyDocument", &trust), ("MaxSessionDuration", "7200")],
                "ok",
            ),
            ("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust)], "EntityAlreadyExists"),
            ("CreateRole", &[("RoleName", "S"), ("AssumeRolePolicyDocument", &allow("*"))], "MalformedPolicyDocument"),
            (
                "CreateRole",
                &[("RoleName", "S"), ("AssumeRolePolicyDocument", &trust), ("MaxSessionDuration", "1")],
                "ValidationError",
            ),
            ("UpdateRole", &[("RoleName", "R"), ("Description", "d"), ("MaxSessionDuration", "3600")], "ok"),
            ("UpdateAssumeRolePolicy", &[("RoleName", "R"), ("PolicyDocument", "x")], "MalformedPolicyDocument"),
            ("UpdateAssumeRolePolicy", &[("RoleName", "R"), ("PolicyDocument", &trust)], "ok"),
            ("CreateServiceLinkedRole", &[("AWSServiceName", "dynamodb.application-autoscaling.amazonaws.com")], "ok"),
            (
                "CreateServiceLinkedRole",
                &[("AWSServiceName", "dynamodb.application-autoscaling.amazonaws.com")],
                "InvalidInput",
            ),
            ("CreateServiceLinkedRole", &[("AWSServiceName", "x.amazonaws.com")], "InvalidInput"),
            (
                "DeleteRole",
                &[("RoleName", "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable")],
                "UnmodifiableEntity",
            ),
        ],
    )
    .await;
    let body = fixture.ok(&fixture.root, "GetRole", &role).await;
    assert_eq!((text(&body, "MaxSessionDuration"), text(&body, "Description")), ("3600".into(), "d".into()));
    assert!(text(&body, "RoleId").starts_with("AROA"));
    fixture.ok(&fixture.root, "DeleteRole", &role).await;
}

#[tokio::test]
async fn all_operations_answer() {
    let fixture = Fixture::new().await;
    for (service, name) in crate::actions() {
        // Without parameters most are refused, none by a fault of the server, and none as unknown.
        let response = fixture.call(&fixture.root, name, &[]).await;
        let code = response.event.error_code.unwrap_or_default();
        assert!(response.status < 500 && code != "InvalidAction", "{service}:{name}: {}", response.body);
        assert_eq!(response.event.source, format!("{service}.amazonaws.com"));
    }
    assert_eq!(fixture.refused(&fixture.root, "CreateLoginProfile", &[]).await, "400 InvalidAction");
    let names: std::collections::BTreeSet<_> = crate::actions().collect();
    assert_eq!(names.len(), crate::actions().count());
}

#[tokio::test]
async fn tags_and_attachments_of_each_kind() {
    let fixture = Fixture::new().await;
    let (document, arn) = (allow("a:b"), format!("arn:aws:iam::{ACCOUNT}:policy/P"));
    fixture.ok(&fixture.root, "CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &document)]).await;
    fixture.ok(&fixture.root, "CreateUser", &[("UserName", "User")]).await;
    fixture.ok(&fixture.root, "CreateGroup", &[("GroupName", "Group")]).await;
    fixture.role("Role", "").await;
    for (kind, parameter, name) in
        [("User", "UserName", "User"), ("Role", "RoleName", "Role"), ("Policy", "PolicyArn", arn.as_str())]
    {
        let of = (parameter, name);
        let tag = [of, ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
        fixture.ok(&fixture.root, &format!("Tag{kind}"), &tag).await;
        let body = fixture.ok(&fixture.root, &format!("List{kind}Tags"), &[of]).await;
        assert_eq!((texts(&body, "Key"), texts(&body, "Value")), (vec!["k".into()], vec!["v".into()]));
        fixture.ok(&fixture.root, &format!("Untag{kind}"), &[of, ("TagKeys.member.1", "K")]).await;
        let body = fixture.ok(&fixture.root, &format!("List{kind}Tags"), &[of]).await;
        assert!(texts(&body, "Key").is_empty());
    }
    for kind in ["User", "Group", "Role"] {
        let parameter = format!("{kind}Name");
        let (of, attached) = ((parameter.as_str(), kind), ("PolicyArn", arn.as_str()));
        fixture.ok(&fixture.root, &format!("Attach{kind}Policy"), &[of, attached]).await;
        let body = fixture.ok(&fixture.root, &format!("ListAttached{kind}Policies"), &[of]).await;
        assert_eq!(texts(&body, "PolicyArn"), [arn.as_str()]);
        fixture.ok(&fixture.root, &format!("Detach{kind}Policy"), &[of, attached]).await;
    }
    fixture.ok(&fixture.root, "DeletePolicy", &[("PolicyArn", &arn)]).await;
}
