//! Lists, page by page.

use super::fixture::{ACCOUNT, Fixture, allow, text, texts};

/// The names of all pages of a list.
async fn all(
    fixture: &Fixture,
    action: &str,
    parameters: &[(&str, &str)],
    element: &str,
    most: &str,
) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let mut parameters = [parameters, &[("MaxItems", most)]].concat();
        if let Some(marker) = &marker {
            parameters.push(("Marker", marker));
        }
        let body = fixture.ok(&fixture.root, action, &parameters).await;
        pages.push(texts(&body, element));
        if text(&body, "IsTruncated") == "false" {
            assert!(texts(&body, "Marker").is_empty());
            return pages;
        }
        marker = Some(text(&body, "Marker"));
    }
}

#[tokio::test]
async fn lists_come_in_pages_in_the_order_of_names() {
    let fixture = Fixture::new().await;
    for name in ["d", "B", "a", "C", "e"] {
        let path = if name < "b" { "/x/" } else { "/y/" };
        fixture.ok(&fixture.root, "CreateUser", &[("UserName", name), ("Path", path)]).await;
    }
    let pages = all(&fixture, "ListUsers", &[], "UserName", "2").await;
    assert_eq!(pages, [vec!["a", "B"], vec!["C", "d"], vec!["e"]]);
    let pages = all(&fixture, "ListUsers", &[("PathPrefix", "/x/")], "UserName", "1").await;
    assert_eq!(pages, [["a"], ["B"], ["C"]]);
    let pages = all(&fixture, "ListUsers", &[("PathPrefix", "/z/")], "UserName", "1").await;
    assert_eq!(pages, [Vec::<String>::new()]);
    assert_eq!(fixture.refused(&fixture.root, "ListUsers", &[("MaxItems", "0")]).await, "400 ValidationError");
    assert_eq!(fixture.refused(&fixture.root, "ListUsers", &[("MaxItems", "x")]).await, "400 MalformedInput");
    assert_eq!(fixture.refused(&fixture.root, "ListUsers", &[("Marker", "!")]).await, "400 ValidationError");
}

#[tokio::test]
async fn lists_within_a_record_come_in_pages() {
    let fixture = Fixture::new().await;
    fixture.role("R", "").await;
    for name in ["c", "a", "b"] {
        let document = allow("a:b");
        let parameters = [("RoleName", "R"), ("PolicyName", name), ("PolicyDocument", &document)];
        fixture.ok(&fixture.root, "PutRolePolicy", &parameters).await;
        let tag = [("RoleName", "R"), ("Tags.member.1.Key", name), ("Tags.member.1.Value", "")];
        fixture.ok(&fixture.root, "TagRole", &tag).await;
        fixture.ok(&fixture.root, "CreatePolicy", &[("PolicyName", name), ("PolicyDocument", &document)]).await;
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
        fixture.ok(&fixture.root, "AttachRolePolicy", &[("RoleName", "R"), ("PolicyArn", &arn)]).await;
    }
    let role = [("RoleName", "R")];
    assert_eq!(all(&fixture, "ListRolePolicies", &role, "member", "2").await, [vec!["a", "b"], vec!["c"]]);
    assert_eq!(all(&fixture, "ListRoleTags", &role, "Key", "2").await, [vec!["a", "b"], vec!["c"]]);
    assert_eq!(all(&fixture, "ListAttachedRolePolicies", &role, "PolicyName", "1").await, [["a"], ["b"], ["c"]]);
    assert_eq!(all(&fixture, "ListPolicies", &[("Scope", "Local")], "PolicyName", "3").await, [["a", "b", "c"]]);
    let attached = [("OnlyAttached", "true")];
    assert_eq!(all(&fixture, "ListPolicies", &attached, "PolicyName", "9").await, [["a", "b", "c"]]);
    let aws = all(&fixture, "ListPolicies", &[("Scope", "AWS")], "PolicyName", "3").await.concat();
    assert!(aws.len() == 8 && aws.contains(&"AdministratorAccess".to_owned()));
    let details = all(&fixture, "GetAccountAuthorizationDetails", &[], "RoleName", "2").await.concat();
    assert_eq!(details, ["R"]);
    let body = fixture.ok(&fixture.root, "GetAccountSummary", &[]).await;
    assert!(body.contains("<key>Policies</key><value>3</value>"));
}
