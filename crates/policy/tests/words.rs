//! How messages of AccessDenied end ("IAM User Guide: Troubleshoot access denied error messages"), and which keys policies ask for.

use policy::{Denial, DocumentKind, Effect, Key, Policies, Policy, PolicyKind, Principal, PrincipalKind, Query};

#[test]
fn why_access_is_denied() {
    for (explicit, by, words) in [
        (false, PolicyKind::Identity, "because no identity-based policy allows the dynamodb:GetItem action"),
        (false, PolicyKind::Boundary, "because no permissions boundary allows the dynamodb:GetItem action"),
        (false, PolicyKind::Session, "because no session policy allows the dynamodb:GetItem action"),
        (false, PolicyKind::Resource, "because no resource-based policy allows the dynamodb:GetItem action"),
        (false, PolicyKind::Endpoint, "because no VPC endpoint policy allows the dynamodb:GetItem action"),
        (false, PolicyKind::Trust, "because no role trust policy allows the dynamodb:GetItem action"),
        (true, PolicyKind::Identity, "with an explicit deny in an identity-based policy"),
        (true, PolicyKind::Boundary, "with an explicit deny in a permissions boundary"),
        // The guide's own example says `a sessions policy`; its rule, `a TYPE policy`, and all reports do not.
        (true, PolicyKind::Session, "with an explicit deny in a session policy"),
        (true, PolicyKind::Resource, "with an explicit deny in a resource-based policy"),
        (true, PolicyKind::Endpoint, "with an explicit deny in a VPC endpoint policy"),
        (true, PolicyKind::Trust, "with an explicit deny in the role trust policy"),
    ] {
        assert_eq!(Denial { explicit, by }.because("dynamodb:GetItem").to_string(), words);
    }
}

#[test]
fn what_policies_ask_for() {
    let text = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:dynamodb:*:*:table/${aws:username}"},
        {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:dynamodb:*:*:table/*",
         "Condition": {"StringEquals": {"AWS:resourcetag/Team": "${aws:PrincipalTag/Team}", "s3:prefix": "x"},
                       "ArnLike": {"aws:SourceArn": "${aws:PrincipalArn}"}}}]}"#;
    let asked = |text: &str| {
        let policy = Policy::parse(text, DocumentKind::Identity).unwrap();
        let policies = Policies { boundary: Some(&policy), ..Policies::default() };
        let tags = [Key::PrincipalTag, Key::RequestTag, Key::ResourceTag, Key::Other];
        let keys: Vec<Key> = Key::NAMED.iter().chain(&tags).copied().filter(|key| policy.mentions(*key)).collect();
        assert!(keys.iter().all(|key| policies.mentions(*key)));
        keys
    };
    let expected = [Key::PrincipalArn, Key::SourceArn, Key::UserName, Key::PrincipalTag, Key::ResourceTag, Key::Other];
    assert_eq!(asked(text), expected);
    // Without variables only the keys of conditions are asked for.
    assert_eq!(asked(&text.replace("2012", "2008")), [Key::SourceArn, Key::ResourceTag, Key::Other]);
    assert!(!Policies::default().mentions(Key::UserName));
}

#[test]
fn what_a_policy_says_alone() {
    let principal = Principal {
        kind: PrincipalKind::User,
        account: "111122223333",
        arn: "arn:aws:iam::111122223333:user/Alice",
        issuer_arn: None,
        unique_id: "",
    };
    let query = |action| Query { principal: &principal, action, resource: "*", context: &policy::Absent };
    let text = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "a:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "a:Delete", "Resource": "*"}]}"#;
    let policy = Policy::parse(text, DocumentKind::Resource).unwrap();
    assert_eq!(policy.evaluate(&query("a:Get")), Some(Effect::Allow));
    assert_eq!(policy.evaluate(&query("a:Delete")), Some(Effect::Deny));
    assert_eq!(policy.evaluate(&query("b:Get")), None);
}

#[test]
fn a_name_means_who_had_it() {
    let arn = |name: &str| format!("arn:aws:iam::111122223333:{name}");
    let session = "arn:aws:sts::111122223333:assumed-role/R/S";
    let ids = |name: &str| match name {
        "arn:aws:iam::111122223333:user/Alice" => Some("AIDAALICE"),
        "arn:aws:iam::111122223333:role/R" | "arn:aws:sts::111122223333:assumed-role/R/S" => Some("AROAR"),
        _ => None,
    };
    let (alice, bob, role, root) = (arn("user/Alice"), arn("user/Bob"), arn("role/R"), arn("root"));
    let who =
        |kind, arn, issuer_arn, unique_id| Principal { kind, account: "111122223333", arn, issuer_arn, unique_id };
    let federated = "arn:aws:sts::111122223333:federated-user/F";
    for (named, principal, allowed) in [
        (&*alice, who(PrincipalKind::User, &alice, None, "AIDAALICE"), true),
        // Who has another name by now, and who has this one.
        (&*alice, who(PrincipalKind::User, &bob, None, "AIDAALICE"), true),
        (&*alice, who(PrincipalKind::User, &alice, None, "AIDAOTHER"), false),
        (&*alice, who(PrincipalKind::User, &alice, None, ""), false),
        (&*alice, who(PrincipalKind::FederatedUser, federated, Some(&alice), "AIDAALICE"), true),
        (&*alice, who(PrincipalKind::FederatedUser, federated, Some(&alice), "AIDAOTHER"), false),
        (federated, who(PrincipalKind::FederatedUser, federated, Some(&alice), "AIDAOTHER"), true),
        // Of whom nothing was noted the name counts.
        (&*bob, who(PrincipalKind::User, &bob, None, "AIDABOB"), true),
        (&*role, who(PrincipalKind::AssumedRole, session, Some(&role), "AROAR"), true),
        (&*role, who(PrincipalKind::AssumedRole, session, Some(&role), "AROAOTHER"), false),
        (session, who(PrincipalKind::AssumedRole, session, Some(&role), "AROAR"), true),
        (session, who(PrincipalKind::AssumedRole, session, Some(&role), "AROAOTHER"), false),
        (session, who(PrincipalKind::AssumedRole, federated, Some(&role), "AROAR"), false),
        (&*root, who(PrincipalKind::Root, &root, None, ""), true),
    ] {
        let text = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{named}"}}, "Action": "*", "Resource": "*"}}}}"#
        );
        let policy = Policy::parse(&text, DocumentKind::Resource).unwrap().identified(ids);
        let query = Query { principal: &principal, action: "a:B", resource: "*", context: &policy::Absent };
        assert_eq!(policy.evaluate(&query), allowed.then_some(Effect::Allow), "{named}: {principal:?}");
    }
}
