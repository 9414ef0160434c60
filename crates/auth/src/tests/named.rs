//! Whom policies name: those who had the names when they were written.

use super::fixture::{ACCOUNT, Credentials, Fixture, allow, session, text, texts, trust};
use crate::Ids;
use std::collections::BTreeSet;

const OTHER: &str = "210987654321";

fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{name}")
}

/// The principal that the trust policy of a role shows, told by GetRole, ListRoles and GetAccountAuthorizationDetails alike.
async fn trusted(fixture: &Fixture, role: &str) -> String {
    let get = fixture.ok(&fixture.root, "GetRole", &[("RoleName", role)]).await;
    let shown = text(&get, "AssumeRolePolicyDocument");
    for action in ["ListRoles", "GetAccountAuthorizationDetails"] {
        let body = fixture.ok(&fixture.root, action, &[]).await;
        assert!(texts(&body, "AssumeRolePolicyDocument").contains(&shown), "{action}");
    }
    let shown = decoded(&shown);
    let (_, rest) = shown.split_once(r#""AWS":""#).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn decoded(text: &str) -> String {
    form_urlencoded::parse(format!("d={text}").as_bytes()).next().unwrap().1.into_owned()
}

async fn delete_user(fixture: &Fixture, name: &str, who: &Credentials) {
    fixture.ok(&fixture.root, "DeleteAccessKey", &[("UserName", name), ("AccessKeyId", &who.key_id)]).await;
    fixture.ok(&fixture.root, "DeleteUser", &[("UserName", name)]).await;
}

#[tokio::test]
async fn a_trust_policy_means_who_had_the_name() {
    let fixture = Fixture::new().await;
    let (ann, _) = (fixture.user("Ann", "").await, fixture.role("R", "").await);
    let (role, document) = (arn("role/R"), trust(&arn("user/Ann")));
    let update = [("RoleName", "R"), ("PolicyDocument", document.as_str())];
    fixture.ok(&fixture.root, "UpdateAssumeRolePolicy", &update).await;
    let id = text(&fixture.ok(&fixture.root, "GetUser", &[("UserName", "Ann")]).await, "UserId");
    assert_eq!(trusted(&fixture, "R").await, arn("user/Ann"));
    fixture.assume(&ann, &role, &[]).await;

    // Under another name and path she is the same; whoever takes her name is not.
    let renaming = [("UserName", "Ann"), ("NewUserName", "Anna"), ("NewPath", "/staff/")];
    fixture.ok(&fixture.root, "UpdateUser", &renaming).await;
    let second = fixture.user("Ann", "").await;
    assert_eq!(trusted(&fixture, "R").await, arn("user/staff/Anna"));
    fixture.assume(&ann, &role, &[]).await;
    let assume = [("RoleArn", role.as_str()), ("RoleSessionName", "ss")];
    assert_eq!(fixture.refused(&second, "AssumeRole", &assume).await, "403 AccessDenied");

    delete_user(&fixture, "Anna", &ann).await;
    assert_eq!(trusted(&fixture, "R").await, id);
    assert_eq!(fixture.refused(&second, "AssumeRole", &assume).await, "403 AccessDenied");
    assert_eq!(crate::check::check(&*fixture.store).await.unwrap(), []);

    // Written anew it means whoever has the name now.
    fixture.ok(&fixture.root, "UpdateAssumeRolePolicy", &update).await;
    assert_eq!(trusted(&fixture, "R").await, arn("user/Ann"));
    fixture.assume(&second, &role, &[]).await;
}

#[tokio::test]
async fn who_is_not_there_is_not_trusted() {
    let fixture = Fixture::new().await;
    fixture.user("Ann", "").await;
    fixture.role("R", "").await;
    fixture.ok(&fixture.root, "CreateUser", &[("UserName", "Bob"), ("Path", "/team/")]).await;
    let ann_id = text(&fixture.ok(&fixture.root, "GetUser", &[("UserName", "Ann")]).await, "UserId");
    fixture.authenticator.directory().ensure_account(OTHER).await.unwrap();
    let sts = |rest: &str| format!("arn:aws:sts::{ACCOUNT}:{rest}");
    for (name, is_there) in [
        (ACCOUNT.to_owned(), true),
        (OTHER.to_owned(), true),
        (arn("root"), true),
        (arn("user/Ann"), true),
        (arn("user/team/Bob"), true),
        (arn("role/R"), true),
        (sts("assumed-role/R/any"), true),
        (sts("federated-user/any"), true),
        (ann_id.clone(), true),
        ("*".to_owned(), true),
        ("111122223333".to_owned(), false),
        ("arn:aws:iam::111122223333:root".to_owned(), false),
        ("arn:aws:iam::111122223333:user/Ann".to_owned(), false),
        ("arn:aws:sts::111122223333:federated-user/any".to_owned(), false),
        (format!("arn:aws:iam::{OTHER}:user/Ann"), false),
        (format!("arn:aws-cn:iam::{ACCOUNT}:user/Ann"), false),
        (format!("arn:aws-cn:iam::{ACCOUNT}:root"), false),
        (arn("user/None"), false),
        // Names are compared to the letter, with their paths.
        (arn("user/ann"), false),
        (arn("user/Bob"), false),
        (arn("user/team/Ann"), false),
        (arn("role/Ann"), false),
        (sts("assumed-role/None/any"), false),
        (sts("assumed-role/r/any"), false),
        ("AIDACKCEVSQ6C2EXAMPLE".to_owned(), false),
        // It is not there before it is made.
        (arn("role/New"), false),
    ] {
        let document = trust(&name);
        let parameters = [("RoleName", "New"), ("AssumeRolePolicyDocument", document.as_str())];
        if is_there {
            fixture.ok(&fixture.root, "CreateRole", &parameters).await;
            let shown = if name == ann_id { arn("user/Ann") } else { name };
            assert_eq!(trusted(&fixture, "New").await, shown);
            fixture.ok(&fixture.root, "DeleteRole", &[("RoleName", "New")]).await;
            continue;
        }
        let update = [("RoleName", "R"), ("PolicyDocument", document.as_str())];
        for (action, parameters) in [("CreateRole", parameters), ("UpdateAssumeRolePolicy", update)] {
            let response = fixture.call(&fixture.root, action, &parameters).await;
            assert_eq!(text(&response.body, "Code"), "MalformedPolicyDocument", "{name}");
            let message = text(&response.body, "Message").replace("&quot;", "\"");
            assert_eq!(message, format!("Invalid principal in policy: \"AWS\":\"{name}\""));
        }
    }
}

#[tokio::test]
async fn a_session_means_the_role_that_there_was() {
    let fixture = Fixture::new().await;
    let ann = fixture.user("Ann", &allow("sts:*")).await;
    let first = fixture.role("First", "").await;
    let named = trust(&format!("arn:aws:sts::{ACCOUNT}:assumed-role/First/session"));
    let create = [("RoleName", "Second"), ("AssumeRolePolicyDocument", named.as_str())];
    let second = text(&fixture.ok(&fixture.root, "CreateRole", &create).await, "Arn");
    let one = fixture.assume(&ann, &first, &[]).await;
    fixture.assume(&one, &second, &[]).await;
    let id = text(&fixture.ok(&fixture.root, "GetRole", &[("RoleName", "First")]).await, "RoleId");
    fixture.ok(&fixture.root, "DeleteRole", &[("RoleName", "First")]).await;
    fixture.role("First", "").await;
    let one = fixture.assume(&ann, &first, &[]).await;
    let assume = [("RoleArn", second.as_str()), ("RoleSessionName", "ss")];
    assert_eq!(fixture.refused(&one, "AssumeRole", &assume).await, "403 AccessDenied");
    assert_eq!(trusted(&fixture, "Second").await, format!("{id}:session"));
}

#[tokio::test]
async fn policies_of_resources_ask_for_ids_and_for_names() {
    let fixture = Fixture::new().await;
    let directory = fixture.authenticator.directory();
    let ann = fixture.user("Ann", &allow("sts:*")).await;
    let id = text(&fixture.ok(&fixture.root, "GetUser", &[("UserName", "Ann")]).await, "UserId");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let ids = Ids::from([(arn("user/Ann"), id.clone())]);
    assert_eq!(directory.ids_of_named(&names(&[ACCOUNT, &arn("user/Ann")])).await, Ok(Some(ids.clone())));
    assert_eq!(directory.ids_of_named(&names(&[ACCOUNT, &arn("user/None")])).await, Ok(None));
    assert_eq!(directory.other_names(&ids).await, Ok(Ids::new()));
    // The federated users of a user are its sessions, by its id as by its ARN.
    let federated = session(&fixture.ok(&ann, "GetFederationToken", &[("Name", "guest")]).await);
    assert_eq!(fixture.identify(&federated).await.unwrap().as_policies_name_it().unique_id, id);
    let of_root = session(&fixture.ok(&fixture.root, "GetFederationToken", &[("Name", "guest")]).await);
    assert_eq!(fixture.identify(&of_root).await.unwrap().as_policies_name_it().unique_id, "");

    fixture.ok(&fixture.root, "UpdateUser", &[("UserName", "Ann"), ("NewUserName", "Anna")]).await;
    assert_eq!(directory.other_names(&ids).await, Ok(Ids::from([(arn("user/Ann"), arn("user/Anna"))])));
    fixture.ok(&fixture.root, "DeleteUserPolicy", &[("UserName", "Anna"), ("PolicyName", "p")]).await;
    delete_user(&fixture, "Anna", &ann).await;
    fixture.user("Ann", "").await;
    assert_eq!(directory.other_names(&ids).await, Ok(Ids::from([(arn("user/Ann"), id)])));
}
