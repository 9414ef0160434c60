//! Why a document is no policy, in AWS's words.
//!
//! The words and the order in which IAM finds problems are from documents that were tried against it: moto's tests of policy documents for
//! policies of identities, reports of users for trust policies. Where IAM's words are not known, the ones here say so.

use std::fmt;

/// Why a document is refused. Displayed as the message of MalformedPolicyDocument.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PolicyError {
    /// An element is unknown, repeated, missing, or of the wrong type.
    Syntax,
    /// Not JSON. IAM does not tell it from other errors of syntax, DynamoDB does.
    NotJson,
    /// There are no statements. IAM does not tell it from other errors of syntax, DynamoDB does.
    NoStatements,
    /// For the caller to use where [`Policy::version`](crate::Policy::version) must be `V2012`: managed policies.
    Version,
    /// An effect in wrong case, a value that does not fit its operator, an ARN that is none: IAM does not say which.
    Legacy,
    /// Two statements have the same identifier.
    SidRepeated,
    /// The identifier of a statement has other characters than letters and digits.
    SidCharacters,
    /// A statement has neither `Action` nor `NotAction`, or an empty one.
    NoActions,
    /// A statement has neither `Resource` nor `NotResource`, or an empty one.
    NoResources,
    /// An action without a service.
    ActionVendorMissing,
    /// An action with several colons.
    ActionColons,
    /// The service of an action has characters that no service's name has.
    ActionVendor {
        /// What stands before the colon.
        vendor: String,
    },
    /// A resource that is no ARN.
    ResourceFormat {
        /// The resource.
        resource: String,
    },
    /// A resource of no partition.
    ResourcePartition {
        /// What stands where the partition should.
        partition: String,
        /// What follows it.
        rest: String,
    },
    /// A resource without service, or with wildcards in it.
    ResourceVendor,
    /// A resource of IAM that names a Region.
    IamRegion {
        /// The resource.
        resource: String,
    },
    /// A resource of IAM that is of none of its types.
    IamPath,
    /// A policy of an identity names principals.
    PrincipalProhibited,
    /// A policy of a resource, or a trust policy, names none.
    PrincipalMissing,
    /// Somebody who cannot be a principal.
    PrincipalInvalid {
        /// `AWS`, `Service`, `Federated`, `CanonicalUser`.
        kind: String,
        /// Who is named.
        principal: String,
    },
    /// `NotPrincipal` in a statement that allows. IAM's words are not known.
    NotPrincipalAllow,
    /// `NotPrincipal` in a trust policy.
    TrustNotPrincipal,
    /// `Resource` in a trust policy.
    TrustResource,
    /// `NotResource` in a trust policy.
    TrustNotResource,
    /// A trust policy names an action of another service than `sts`.
    TrustAction,
    /// A statement of a trust policy has no action.
    TrustActionMissing,
}

/// The types of IAM's resources.
pub(crate) const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ActionVendor { vendor } => return write!(f, "Vendor {vendor} is not valid"),
            Self::ResourceFormat { resource } => {
                return write!(f, "Resource {resource} must be in ARN format or \"*\".");
            }
            Self::ResourcePartition { partition, rest } => {
                return write!(f, "Partition \"{partition}\" is not valid for resource \"arn:{partition}:{rest}\".");
            }
            Self::IamRegion { resource } => {
                return write!(f, "IAM resource {resource} cannot contain region information.");
            }
            Self::IamPath => {
                return write!(f, "IAM resource path must either be \"*\" or start with {}.", IAM_PATHS.join(", "));
            }
            Self::PrincipalInvalid { kind, principal } => {
                return write!(f, "Invalid principal in policy: \"{}\":\"{principal}\"", kind.to_uppercase());
            }
            Self::Syntax | Self::NotJson | Self::NoStatements => "Syntax errors in policy.",
            Self::Version => "Policy document must be version 2012-10-17 or greater.",
            Self::Legacy => "The policy failed legacy parsing",
            Self::SidRepeated => "Statement IDs (SID) in a single policy must be unique.",
            Self::SidCharacters => {
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
            }
            Self::NoActions => "Policy statement must contain actions.",
            Self::NoResources => "Policy statement must contain resources.",
            Self::ActionVendorMissing => {
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            }
            Self::ActionColons => "Actions/Condition can contain only one colon.",
            Self::ResourceVendor => "Resource vendor must be fully qualified and cannot contain regexes.",
            Self::PrincipalProhibited => "Policy document should not specify a principal.",
            Self::PrincipalMissing => "Missing required field Principal",
            Self::NotPrincipalAllow => "NotPrincipal must be used with \"Effect\":\"Deny\".",
            Self::TrustNotPrincipal => "AssumeRole policy must not contain NotPrincipal field.",
            Self::TrustResource => "Has prohibited field Resource",
            Self::TrustNotResource => "AssumeRole policy must not contain resources.",
            Self::TrustAction => "AssumeRole policy may only specify STS AssumeRole actions.",
            Self::TrustActionMissing => "Missing required field Action",
        })
    }
}

impl std::error::Error for PolicyError {}
