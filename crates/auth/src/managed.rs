//! Managed policies: those of accounts, and those that AWS has for everyone.
//!
//! Of AWS's, those are here that are of use to this database. Their documents are written anew to the same effect: actions of services
//! that are not served are left out where nothing depends on them.

use crate::arn;
use crate::directory::Directory;
use crate::directory::record::ManagedPolicy;
use crate::failure::Result;
use crate::rules::{self, Compiled};
use layout::principals::{self, Named};
use policy::DocumentKind;
use std::sync::LazyLock;

/// A policy that AWS has for everyone.
#[derive(Debug)]
pub(crate) struct AwsManaged {
    pub name: &'static str,
    /// Begins and ends with a slash.
    pub path: &'static str,
    pub id: &'static str,
    pub description: &'static str,
    pub document: &'static str,
}

/// When the policies of this file were written: 2025-01-01.
pub(crate) const AWS_POLICIES_DATE_MS: u64 = 1_735_689_600_000;

/// All of them, in the order of names.
pub(crate) const AWS_MANAGED: [AwsManaged; 8] = [
    AwsManaged {
        name: "AdministratorAccess",
        path: "/",
        id: "ANPAAAAAAAAAAAAAAAAA2",
        description: "Provides full access to all services and resources.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    AwsManaged {
        name: "AmazonDynamoDBFullAccess",
        path: "/",
        id: "ANPAAAAAAAAAAAAAAAAA3",
        description: "Provides full access to tables, streams, their metrics and the roles that scaling needs.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:*","dax:*","application-autoscaling:DeleteScalingPolicy","application-autoscaling:DeregisterScalableTarget","application-autoscaling:Describe*","application-autoscaling:PutScalingPolicy","application-autoscaling:RegisterScalableTarget","cloudwatch:DeleteAlarms","cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*","cloudwatch:PutMetricAlarm","iam:GetRole","iam:ListRoles","kms:DescribeKey","kms:ListAliases","lambda:CreateEventSourceMapping","lambda:DeleteEventSourceMapping","lambda:Get*","lambda:List*","tag:GetResources"],"Resource":"*"},{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringLike":{"iam:PassedToService":["application-autoscaling.amazonaws.com","dax.amazonaws.com"]}}},{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringEquals":{"iam:AWSServiceName":["replication.dynamodb.amazonaws.com","dax.amazonaws.com","dynamodb.application-autoscaling.amazonaws.com","contributorinsights.dynamodb.amazonaws.com","kinesisreplication.dynamodb.amazonaws.com"]}}}]}"#,
    },
    AwsManaged {
        name: "AmazonDynamoDBFullAccess_v2",
        path: "/",
        id: "ANPAAAAAAAAAAAAAAAAA4",
        description: "Provides full access to tables and streams.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:*","dax:*","application-autoscaling:Describe*","application-autoscaling:DeleteScalingPolicy","application-autoscaling:DeregisterScalableTarget","application-autoscaling:PutScalingPolicy","application-autoscaling:RegisterScalableTarget","cloudwatch:DescribeAlarms","cloudwatch:GetMetricData","cloudwatch:GetMetricStatistics","kms:DescribeKey","kms:ListAliases"],"Resource":"*"},{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"arn:aws:iam::*:role/aws-service-role/*","Condition":{"StringLike":{"iam:AWSServiceName":["*.dynamodb.amazonaws.com","dax.amazonaws.com","dynamodb.application-autoscaling.amazonaws.com"]}}}]}"#,
    },
    AwsManaged {
        name: "AmazonDynamoDBReadOnlyAccess",
        path: "/",
        id: "ANPAAAAAAAAAAAAAAAAA5",
        description: "Provides read access to tables, streams and their metrics.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:BatchGetItem","dynamodb:Describe*","dynamodb:Get*","dynamodb:List*","dynamodb:PartiQLSelect","dynamodb:Query","dynamodb:Scan","dax:Describe*","dax:List*","dax:GetItem","dax:BatchGetItem","dax:Query","dax:Scan","application-autoscaling:Describe*","cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*","iam:GetRole","iam:ListRoles","kms:DescribeKey","kms:ListAliases","lambda:Get*","lambda:List*","tag:GetResources"],"Resource":"*"}]}"#,
    },
    AwsManaged {
        name: "AWSLambdaDynamoDBExecutionRole",
        path: "/service-role/",
        id: "ANPAAAAAAAAAAAAAAAAA6",
        description: "Provides what a function needs that reads streams: the streams and the logs.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator","dynamodb:ListStreams","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    },
    AwsManaged {
        name: "IAMFullAccess",
        path: "/",
        id: "ANPAAAAAAAAAAAAAAAAA7",
        description: "Provides full access to IAM.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#,
    },
    AwsManaged {
        name: "IAMReadOnlyAccess",
        path: "/",
        id: "ANPAAAAAAAAAAAAAAAAAB",
        description: "Provides read access to IAM.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Generate*","iam:Get*","iam:List*","iam:Simulate*"],"Resource":"*"}]}"#,
    },
    AwsManaged {
        name: "PowerUserAccess",
        path: "/",
        id: "ANPAAAAAAAAAAAAAAAAAC",
        description: "Provides full access to all services, but no management of users and groups.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["account:*","iam:*","organizations:*"],"Resource":"*"},{"Effect":"Allow","Action":["account:GetAccountInformation","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeOrganization"],"Resource":"*"}]}"#,
    },
];

/// The same, compiled. A document that does not compile is left out; a test sees to it that there is none.
static COMPILED: LazyLock<Vec<(String, Compiled)>> = LazyLock::new(|| {
    let compile =
        |policy: &AwsManaged| Some((policy.arn(), rules::parse(policy.document, DocumentKind::Identity).ok()?));
    AWS_MANAGED.iter().filter_map(compile).collect()
});

impl AwsManaged {
    /// Its ARN.
    pub(crate) fn arn(&self) -> String {
        arn::named("aws", "policy", self.path, self.name)
    }

    /// The one with this ARN.
    pub(crate) fn find(arn: &str) -> Option<&'static Self> {
        AWS_MANAGED.iter().find(|policy| policy.arn() == arn)
    }
}

/// What allows everything: all that a root user needs.
pub(crate) fn administrator() -> Option<Compiled> {
    COMPILED.first().map(|(_, compiled)| compiled.clone())
}

/// The managed policies with these ARNs, in force and compiled. Those that are not there are left out.
pub(crate) async fn compiled(directory: &Directory, arns: &[String]) -> Result<Vec<Compiled>> {
    let aws = COMPILED.iter().filter(|(known, _)| arns.contains(known));
    let mut found: Vec<Compiled> = aws.map(|(_, compiled)| compiled.clone()).collect();
    for policy in owned(directory, arns).await? {
        found.push(rules::stored(policy.document(), DocumentKind::Identity)?);
    }
    Ok(found)
}

/// The documents in force of the managed policies with these ARNs. Those that are not there are left out.
pub(crate) async fn documents(directory: &Directory, arns: &[String]) -> Result<Vec<String>> {
    let aws = AWS_MANAGED.iter().filter(|policy| arns.contains(&policy.arn()));
    let mut found: Vec<String> = aws.map(|policy| policy.document.to_owned()).collect();
    found.extend(owned(directory, arns).await?.iter().map(|policy| policy.document().to_owned()));
    Ok(found)
}

/// Those of these policies that accounts have.
async fn owned(directory: &Directory, arns: &[String]) -> Result<Vec<ManagedPolicy>> {
    let named = arns.iter().filter_map(|arn| Some((arn, policy_parts(arn)?))).collect::<Vec<_>>();
    let keys: Vec<_> =
        named.iter().map(|(_, parts)| principals::named(Named::Policy, parts.account, parts.name)).collect();
    let stored: Vec<Option<ManagedPolicy>> = directory.read_all(&keys).await?;
    let found = named.iter().zip(stored).filter_map(|((arn, _), policy)| policy.filter(|policy| is_of(arn, policy)));
    Ok(found.collect())
}

/// The parts of a managed policy's ARN.
pub(crate) fn policy_parts(arn: &str) -> Option<arn::Parts<'_>> {
    arn::parse(arn).filter(|parts| parts.kind == "policy")
}

/// Whether an account may use the policy with this ARN: it is its own, or AWS's. One of another account is none to it.
pub(crate) fn is_reachable(arn: &str, account: &str) -> bool {
    policy_parts(arn).is_some_and(|parts| [account, "aws"].contains(&parts.account))
}

/// Whether the policy is the one with this ARN: its name may be that of another with another path.
pub(crate) fn is_of(arn: &str, policy: &ManagedPolicy) -> bool {
    use crate::directory::record::Record as _;
    policy_parts(arn).is_some_and(|parts| policy.arn(parts.account) == arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_aws_s_policies_compile_and_are_found() {
        assert_eq!(COMPILED.len(), AWS_MANAGED.len());
        assert!(AWS_MANAGED.is_sorted_by_key(|policy| policy.name.to_lowercase()));
        for policy in &AWS_MANAGED {
            assert_eq!(AwsManaged::find(&policy.arn()).map(|found| found.name), Some(policy.name));
            assert_eq!(policy.id.len(), 21);
        }
        assert_eq!(AWS_MANAGED[0].name, "AdministratorAccess");
    }
}
