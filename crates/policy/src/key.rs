//! Condition keys: the well-known ones by number, all others by name.
//!
//! Names have no case ("IAM User Guide: IAM JSON policy elements: Condition").

/// Names each key once: its variant and its name.
macro_rules! keys {
    ($($variant:ident $name:literal,)*) => {
        /// A condition key.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each variant is its name without the service and is told by `Key::text`")]
        pub enum Key {
            $($variant,)*
            /// `aws:PrincipalTag/NAME`.
            PrincipalTag,
            /// `aws:RequestTag/NAME`.
            RequestTag,
            /// `aws:ResourceTag/NAME`.
            ResourceTag,
            /// Any other key, by its name.
            Other,
        }

        impl Key {
            /// The keys that are known by their whole name.
            pub const NAMED: &[Key] = &[$(Key::$variant,)*];

            /// The key as it is written; for tags what is before their name, and nothing for `Other`.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::PrincipalTag => "aws:PrincipalTag/",
                    Self::RequestTag => "aws:RequestTag/",
                    Self::ResourceTag => "aws:ResourceTag/",
                    Self::Other => "",
                }
            }
        }
    };
}

keys! {
    CalledVia "aws:CalledVia",
    CalledViaFirst "aws:CalledViaFirst",
    CalledViaLast "aws:CalledViaLast",
    CurrentTime "aws:CurrentTime",
    EpochTime "aws:EpochTime",
    FederatedProvider "aws:FederatedProvider",
    MultiFactorAuthAge "aws:MultiFactorAuthAge",
    MultiFactorAuthPresent "aws:MultiFactorAuthPresent",
    PrincipalAccount "aws:PrincipalAccount",
    PrincipalArn "aws:PrincipalArn",
    PrincipalIsAwsService "aws:PrincipalIsAWSService",
    PrincipalOrgId "aws:PrincipalOrgID",
    PrincipalOrgPaths "aws:PrincipalOrgPaths",
    PrincipalServiceName "aws:PrincipalServiceName",
    PrincipalServiceNamesList "aws:PrincipalServiceNamesList",
    PrincipalType "aws:PrincipalType",
    Referer "aws:Referer",
    RequestedRegion "aws:RequestedRegion",
    ResourceAccount "aws:ResourceAccount",
    ResourceOrgId "aws:ResourceOrgID",
    ResourceOrgPaths "aws:ResourceOrgPaths",
    SecureTransport "aws:SecureTransport",
    SourceAccount "aws:SourceAccount",
    SourceArn "aws:SourceArn",
    SourceIdentity "aws:SourceIdentity",
    SourceIp "aws:SourceIp",
    SourceVpc "aws:SourceVpc",
    SourceVpcArn "aws:SourceVpcArn",
    SourceVpce "aws:SourceVpce",
    TagKeys "aws:TagKeys",
    TokenIssueTime "aws:TokenIssueTime",
    UserAgent "aws:UserAgent",
    UserId "aws:userid",
    UserName "aws:username",
    ViaAwsService "aws:ViaAWSService",
    VpcSourceIp "aws:VpcSourceIp",
    Attributes "dynamodb:Attributes",
    EnclosingOperation "dynamodb:EnclosingOperation",
    FirstPartitionKeyValues "dynamodb:FirstPartitionKeyValues",
    SecondPartitionKeyValues "dynamodb:SecondPartitionKeyValues",
    ThirdPartitionKeyValues "dynamodb:ThirdPartitionKeyValues",
    FourthPartitionKeyValues "dynamodb:FourthPartitionKeyValues",
    FisActionId "dynamodb:FisActionId",
    FisTargetArns "dynamodb:FisTargetArns",
    FullTableScan "dynamodb:FullTableScan",
    LeadingKeys "dynamodb:LeadingKeys",
    ReturnConsumedCapacity "dynamodb:ReturnConsumedCapacity",
    ReturnValues "dynamodb:ReturnValues",
    Select "dynamodb:Select",
    AwsServiceName "iam:AWSServiceName",
    AssociatedResourceArn "iam:AssociatedResourceArn",
    PassedToService "iam:PassedToService",
    PermissionsBoundary "iam:PermissionsBoundary",
    PolicyArn "iam:PolicyARN",
    IamResourceTag "iam:ResourceTag",
    DurationSeconds "sts:DurationSeconds",
    ExternalId "sts:ExternalId",
    RoleSessionName "sts:RoleSessionName",
    StsSourceIdentity "sts:SourceIdentity",
    TransitiveTagKeys "sts:TransitiveTagKeys",
}

impl Key {
    /// The key that a policy names, and what [`Context::values`](crate::Context::values) is told beside it.
    pub fn parse(text: &str) -> (Self, &str) {
        if let Some(key) = Self::NAMED.iter().find(|key| key.text().eq_ignore_ascii_case(text)) {
            return (*key, "");
        }
        for key in [Self::PrincipalTag, Self::RequestTag, Self::ResourceTag] {
            let prefix = key.text();
            if let (Some(start), Some(name)) = (text.get(..prefix.len()), text.get(prefix.len()..))
                && start.eq_ignore_ascii_case(prefix)
            {
                return (key, name);
            }
        }
        (Self::Other, text)
    }

    /// The bit of this key in a set of keys.
    pub(crate) fn bit(self) -> u128 {
        1 << (self as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case() {
        assert_eq!(Key::parse("AWS:sourceip"), (Key::SourceIp, ""));
        assert_eq!(Key::parse("aws:PrincipalTag/Team"), (Key::PrincipalTag, "Team"));
        assert_eq!(Key::parse("AWS:principaltag/Team"), (Key::PrincipalTag, "Team"));
        assert_eq!(Key::parse("aws:PrincipalTäg/Team"), (Key::Other, "aws:PrincipalTäg/Team"));
        assert_eq!(Key::parse("s3:prefix"), (Key::Other, "s3:prefix"));
    }

    #[test]
    fn a_set_has_room_for_all() {
        assert!((Key::Other as u8) < 128);
        assert!(Key::NAMED.iter().all(|key| Key::parse(key.text()) == (*key, "")));
    }
}
