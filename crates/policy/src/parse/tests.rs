//! Which documents are refused, and in which words. Rows without a source are from documents that were tried against IAM (moto's tests of
//! policy documents), told with other names.

use crate::{DocumentKind, Policy, PolicyError, Version};

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";

fn problem(text: &str, kind: DocumentKind) -> String {
    Policy::parse(text, kind).map_or_else(|error| error.to_string(), |_| "none".to_owned())
}

fn identity(statement: &str) -> String {
    problem(&format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#), DocumentKind::Identity)
}

#[test]
fn the_form_of_documents() {
    let statement = r#"{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}"#;
    for (text, expected) in [
        ("".to_owned(), SYNTAX),
        ("This is not JSON".to_owned(), SYNTAX),
        ("[]".to_owned(), SYNTAX),
        ("null".to_owned(), SYNTAX),
        (format!(r#"{{"Statement": {statement}}}"#), "none"),
        (format!(r#"{{"Version": "2008-10-17", "Statement": {statement}}}"#), "none"),
        (format!(r#"{{"Version": "2013-10-17", "Statement": {statement}}}"#), SYNTAX),
        (format!(r#"{{"Version": 2012, "Statement": {statement}}}"#), SYNTAX),
        (r#"{"Version": "2012-10-17"}"#.to_owned(), SYNTAX),
        (r#"{"Statement": []}"#.to_owned(), SYNTAX),
        (r#"{"Statement": ["x"]}"#.to_owned(), SYNTAX),
        (format!(r#"{{"Statement": [{statement}, {statement}]}}"#), "none"),
        (format!(r#"{{"Statement": {statement}, "Extra": "x"}}"#), SYNTAX),
        (format!(r#"{{"statement": {statement}}}"#), SYNTAX),
        (format!(r#"{{"Id": "an id", "Statement": {statement}}}"#), "none"),
        (format!(r#"{{"Id": ["x"], "Statement": {statement}}}"#), SYNTAX),
        (format!(r#"{{"Id": {{}}, "Statement": {statement}}}"#), SYNTAX),
        (format!(r#"{{"Statement": {statement}}} x"#), SYNTAX),
        (format!(r#"{{"Statement": {statement}, "Statement": {statement}}}"#), SYNTAX),
    ] {
        assert_eq!(problem(&text, DocumentKind::Identity), expected, "{text}");
    }
}

#[test]
fn the_form_of_statements() {
    for (statement, expected) in [
        (r#"{"Effect": "Allow", "Action": ["a:B"], "Resource": ["*", "arn:aws:s3:::x"]}"#, "none"),
        (r#"{"Effect": "Allow", "NotAction": "a:B", "NotResource": "*"}"#, "none"),
        (r#"{"Effect": "Allow", "Action": "a:B", "Resource": "*", "Extra": 1}"#, SYNTAX),
        (r#"{"Effect": "Allow", "action": "a:B", "Resource": "*"}"#, SYNTAX),
        (r#"{"Effect": "Permit", "Action": "a:B", "Resource": "*"}"#, SYNTAX),
        (r#"{"Effect": "Allow", "Effect": "Deny", "Action": "a:B", "Resource": "*"}"#, SYNTAX),
        (r#"{"Action": "a:B", "Resource": "*"}"#, SYNTAX),
        (r#"{"Effect": "Allow", "Action": "a:B", "NotAction": "a:B", "Resource": "*"}"#, SYNTAX),
        (r#"{"Effect": "Allow", "Action": [], "NotAction": "a:B", "Resource": "*"}"#, SYNTAX),
        (r#"{"Effect": "Allow", "Action": "a:B", "Resource": "*", "NotResource": []}"#, SYNTAX),
        (r#"{"Effect": "Allow", "Action": {}, "Resource": "*"}"#, SYNTAX),
        (r#"{"Effect": "Allow", "Action": [[]], "Resource": "*"}"#, SYNTAX),
        (r#"{"Effect": "Allow", "Action": 1, "Resource": "*"}"#, SYNTAX),
        (r#"{"Effect": "Allow", "Action": "a:B", "Resource": ["x", {}]}"#, SYNTAX),
        (r#"{"Effect": "Allow", "Action": "a:B", "Resource": {"a": "*"}}"#, SYNTAX),
        (r#"{"Sid": {}, "Effect": "Allow", "Action": "a:B", "Resource": "*"}"#, SYNTAX),
        (r#"{"Sid": "a1", "Effect": "Allow", "Action": "a:B", "Resource": "*"}"#, "none"),
        (r#"{"Effect": "denY", "Action": "a:B", "Resource": "*"}"#, LEGACY),
        (r#"[{"Effect": "Deny"}, {"Effect": "aLLow", "Action": "a:B", "Resource": "*"}]"#, LEGACY),
        (r#"{"Effect": "Deny"}"#, "Policy statement must contain actions."),
        (r#"{"Effect": "Deny", "Action": [], "Resource": "*"}"#, "Policy statement must contain actions."),
        (r#"{"Effect": "Deny", "Action": "a:B"}"#, "Policy statement must contain resources."),
        (r#"{"Effect": "Deny", "Action": "a:B", "Resource": []}"#, "Policy statement must contain resources."),
        (
            r#"[{"Sid": "x", "Effect": "Deny", "Action": "a:B", "Resource": "*"}, {"Sid": "x", "Effect": "Deny"}]"#,
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        // Reports of users.
        (
            r#"{"Sid": "a b", "Effect": "Deny", "Action": "a:B", "Resource": "*"}"#,
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ),
        (
            r#"{"Effect": "Allow", "Principal": "*", "Action": "a:B", "Resource": "*"}"#,
            "Policy document should not specify a principal.",
        ),
    ] {
        assert_eq!(identity(statement), expected, "{statement}");
    }
}

#[test]
fn the_names_of_actions() {
    let missing = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
    for (action, expected) in [
        ("*", "none"),
        ("*:*", "none"),
        ("dynamodb:*", "none"),
        ("DYNAMODB:getitem", "none"),
        ("iam: any name at all ", "none"),
        ("s3-s.x:List", "none"),
        ("invalid", missing),
        ("", missing),
        ("a a:List", "Vendor a a is not valid"),
        ("s3:List:Bucket", "Actions/Condition can contain only one colon."),
        ("s:3s:List", "Actions/Condition can contain only one colon."),
    ] {
        let statement = format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#);
        assert_eq!(identity(&statement), expected, "{action}");
    }
    assert_eq!(identity(r#"{"Effect": "Allow", "Action": "invalid"}"#), missing);
}

#[test]
fn the_names_of_resources() {
    let vendor = "Resource vendor must be fully qualified and cannot contain regexes.";
    for (resource, expected) in [
        ("*", "none"),
        ("arn:aws:s3:::bucket", "none"),
        ("arn:aws:name", "none"),
        ("arn:aws:unknown:us-east-1::x", "none"),
        ("arn:*:dynamodb:*:*:table/*", "none"),
        ("arn:aws-cn:dynamodb:*:*:table/*", "none"),
        ("arn:aws:dynamodb:*:*:table/${aws:username}", "none"),
        ("arn:aws:iam:::user/x", "none"),
        ("arn:aws:iam::*:*", "none"),
        ("no arn", "Resource no arn must be in ARN format or \"*\"."),
        ("", "Resource  must be in ARN format or \"*\"."),
        ("a:b", "Partition \"b\" is not valid for resource \"arn:b:*:*:*:*\"."),
        ("a:b:c", "Partition \"b\" is not valid for resource \"arn:b:c:*:*:*\"."),
        ("a:b:c:d:e:f:g:h", "Partition \"b\" is not valid for resource \"arn:b:c:d:e:f:g:h\"."),
        ("aws:s3:::x", "Partition \"s3\" is not valid for resource \"arn:s3:::x:*\"."),
        ("arn:aws", vendor),
        ("arn:aws:dynamo*:::x", vendor),
        ("arn:aws:s3::x", LEGACY),
        ("arn:aws::x", LEGACY),
        ("arn:aws::::x", LEGACY),
        // "You can't use a variable to replace parts of the ARN before the fifth colon."
        ("arn:aws:dynamodb:${aws:RequestedRegion}:*:table/x", LEGACY),
        ("arn:aws:iam:us-east-1::x", "IAM resource arn:aws:iam:us-east-1::x cannot contain region information."),
        (
            "arn:aws:iam:::x",
            "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, \
             server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.",
        ),
    ] {
        let statement = format!(r#"{{"Effect": "Allow", "Action": "a:B", "Resource": "{resource}"}}"#);
        assert_eq!(identity(&statement), expected, "{resource}");
    }
    // A wrong resource is named before a wrong action, and what the older parser refuses before both.
    let both = r#"{"Effect": "Allow", "Action": "s:3:List", "Resource": "x"}"#;
    assert_eq!(identity(both), "Resource x must be in ARN format or \"*\".");
    let date =
        r#"{"Effect": "Allow", "Action": "a:B", "Resource": "arn:x:s3:::b", "Condition": {"DateEquals": {"a": "x"}}}"#;
    assert_eq!(identity(date), LEGACY);
}

#[test]
fn conditions() {
    for (condition, expected) in [
        ("{}", "none"),
        (r#"{"StringEquals": {}}"#, "none"),
        (r#"{"unknown": {}}"#, "none"),
        (r#"{"StringEquals": {"a": []}}"#, "none"),
        (r#"{"StringEquals": {"a": ["b", 1, true, 1.5]}}"#, "none"),
        (r#"{"stringequalsifexists": {"a": "b"}}"#, "none"),
        (r#"{"ForAnyValue:StringLikeIfExists": {"a": "b"}}"#, "none"),
        (r#"{"DateLessThan": {"a": 1700000000}}"#, "none"),
        (r#"{"Bool": {"a": "maybe"}}"#, "none"),
        ("[]", SYNTAX),
        (r#""a""#, SYNTAX),
        (r#"{"a": "b"}"#, SYNTAX),
        (r#"{"StringEquals": "b"}"#, SYNTAX),
        (r#"{"StringEquals": []}"#, SYNTAX),
        (r#"{"StringEquals": {"a": {}}}"#, SYNTAX),
        (r#"{"StringEquals": {"a": null}}"#, SYNTAX),
        (r#"{"StringEquals": {"a": [["b"]]}}"#, SYNTAX),
        (r#"{"StringEquals": {"a": "b", "a": "c"}}"#, SYNTAX),
        (r#"{"StringEquals": {"a": "b"}, "StringEquals": {"c": "d"}}"#, SYNTAX),
        (r#"{"unknown": {"a": "b"}}"#, SYNTAX),
        (r#"{"ForAnyValue::StringEquals": {"a": "b"}}"#, SYNTAX),
        (r#"{"NullIfExists": {"a": "true"}}"#, SYNTAX),
        (r#"{"DateGreaterThan": {"a": "x"}}"#, LEGACY),
        (r#"{"NumericEquals": {"a": "x"}}"#, LEGACY),
        (r#"{"IpAddress": {"a": "1.2.3.4/40"}}"#, LEGACY),
        (r#"{"BinaryEquals": {"a": "%"}}"#, LEGACY),
        (r#"{"Null": {"a": "maybe"}}"#, LEGACY),
    ] {
        let statement = format!(r#"{{"Effect": "Allow", "Action": "a:B", "Resource": "*", "Condition": {condition}}}"#);
        assert_eq!(identity(&statement), expected, "{condition}");
    }
}

#[test]
fn principals() {
    for (principal, expected) in [
        (r#""*""#, "none"),
        (r#"{"AWS": "*"}"#, "none"),
        (r#"{"AWS": ["111122223333", "arn:aws:iam::111122223333:root"]}"#, "none"),
        (r#"{"AWS": "arn:aws:iam::111122223333:user/division/Bob"}"#, "none"),
        (r#"{"AWS": "arn:aws-cn:iam::111122223333:role/R"}"#, "none"),
        (r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/R/S"}"#, "none"),
        (r#"{"AWS": "arn:aws:sts::111122223333:federated-user/F"}"#, "none"),
        (r#"{"AWS": "AIDACKCEVSQ6C2EXAMPLE"}"#, "none"),
        (
            r#"{"Service": ["lambda.amazonaws.com"], "Federated": "accounts.google.com", "CanonicalUser": "79a59d"}"#,
            "none",
        ),
        (r#""Bob""#, SYNTAX),
        (r#"["*"]"#, SYNTAX),
        ("{}", SYNTAX),
        (r#"{"AWS": []}"#, SYNTAX),
        (r#"{"AWS": [1]}"#, SYNTAX),
        (r#"{"AWS": "Bob"}"#, r#"Invalid principal in policy: "AWS":"Bob""#),
        (r#"{"AWS": "11112222333"}"#, r#"Invalid principal in policy: "AWS":"11112222333""#),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/*"}"#,
            r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*""#,
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:group/G"}"#,
            r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/G""#,
        ),
        (
            r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/R"}"#,
            r#"Invalid principal in policy: "AWS":"arn:aws:sts::111122223333:assumed-role/R""#,
        ),
        (r#"{"Service": "*"}"#, r#"Invalid principal in policy: "SERVICE":"*""#),
        (r#"{"Aws": "*"}"#, r#"Invalid principal in policy: "AWS":"*""#),
    ] {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Sid": "a b", "Effect": "Deny", "Principal": {principal}, "Action": "*", "Resource": "*"}}}}"#
        );
        assert_eq!(problem(&text, DocumentKind::Resource), expected, "{principal}");
        assert_eq!(
            problem(&text.replace("\"Principal", "\"NotPrincipal"), DocumentKind::Resource),
            expected,
            "{principal}"
        );
    }
    let allow = r#"{"Statement": {"Effect": "Allow", "NotPrincipal": "*", "Action": "*", "Resource": "*"}}"#;
    assert_eq!(Policy::parse(allow, DocumentKind::Resource).err(), Some(PolicyError::NotPrincipalAllow));
    let nobody = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    assert_eq!(Policy::parse(nobody, DocumentKind::Resource).err(), Some(PolicyError::PrincipalMissing));
}

#[test]
fn trust_policies() {
    for (statement, expected) in [
        (r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}"#, "none"),
        (r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["STS:AssumeRole", "sts:TagSession"]}"#, "none"),
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*"}"#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "dynamodb:GetItem"]}"#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (r#"{"Effect": "Allow", "Principal": {"AWS": "*"}}"#, "Missing required field Action"),
        (r#"{"Effect": "Allow", "Action": "sts:AssumeRole"}"#, "Missing required field Principal"),
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Resource": "*"}"#,
            "Has prohibited field Resource",
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "NotResource": "*"}"#,
            "AssumeRole policy must not contain resources.",
        ),
        (
            r#"{"Effect": "Deny", "NotPrincipal": {"AWS": "*"}, "Action": "sts:AssumeRole"}"#,
            "AssumeRole policy must not contain NotPrincipal field.",
        ),
    ] {
        assert_eq!(problem(&format!(r#"{{"Statement": {statement}}}"#), DocumentKind::Trust), expected, "{statement}");
    }
}

#[test]
fn versions() {
    let version = |text: &str| Policy::parse(text, DocumentKind::Identity).map(|policy| policy.version());
    let statement = r#""Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    assert_eq!(version(&format!("{{{statement}}}")), Ok(Version::V2008));
    assert_eq!(version(&format!(r#"{{{statement}, "Version": "2012-10-17"}}"#)), Ok(Version::V2012));
    assert_eq!(PolicyError::Version.to_string(), "Policy document must be version 2012-10-17 or greater.");
}
