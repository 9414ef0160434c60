//! Who asks: all that a request needs of its caller, worked out once and shared by all requests with the same credentials.

mod authenticator;
mod cache;
pub(crate) mod load;
mod signing;

pub use authenticator::{Authenticator, Unidentified};

use crate::directory::record::Tags;
use crate::rules::Compiled;
use crate::secret::Secret;
use runtime::Timestamp;
use signing::SigningKeys;
use std::sync::atomic::AtomicU64;

/// The caller of a request whose credentials are known. Whether the request was signed with them is for the caller of
/// [`Identity::with_signing_key`] to find out.
#[derive(Debug)]
pub struct Identity {
    pub(crate) account: String,
    pub(crate) principal: Principal,
    pub(crate) arn: String,
    pub(crate) user_id: String,
    pub(crate) access_key_id: String,
    pub(crate) tags: Tags,
    pub(crate) session: Option<Session>,
    pub(crate) permissions: Permissions,
    pub(crate) secret: Secret,
    pub(crate) signing_keys: SigningKeys,
    /// When a use of the access key was last noted, in milliseconds since 1970.
    pub(crate) noted_use_ms: AtomicU64,
    /// The directory's epoch before it was asked.
    pub(crate) epoch: u64,
}

/// What kind of principal a caller is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// The account's root user: may do everything.
    Root,
    /// A user.
    User {
        /// The user's name.
        name: String,
    },
    /// A session of a role.
    AssumedRole {
        /// The role's ARN, `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
        role_arn: String,
        /// The role's name.
        role: String,
        /// The session's name.
        session: String,
    },
    /// A federated user.
    FederatedUser {
        /// The name that was given to it.
        name: String,
        /// The ARN of the user, or of the root user, whose permissions it shares.
        issuer_arn: String,
        /// The unique id of that user; empty for the root user.
        issuer_id: String,
    },
}

/// What is known of temporary credentials.
#[derive(Clone, Debug)]
pub struct Session {
    /// The token that the client presents.
    pub(crate) token: Secret,
    /// When the session began.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Who is behind it, as who assumed the role said.
    pub source_identity: Option<String>,
    /// The keys of the tags that go over to sessions of roles that are assumed with it.
    pub transitive_tag_keys: Vec<String>,
}

/// What policies say about a caller, before the resource's.
#[derive(Debug, Default)]
pub struct Permissions {
    /// Of the user, its groups, or the role.
    pub(crate) identity: Vec<Compiled>,
    /// The permissions boundary.
    pub(crate) boundary: Option<Compiled>,
    /// Session policies; none where the session has all permissions of its principal.
    pub(crate) session: Option<Vec<Compiled>>,
}

impl Identity {
    /// The account, twelve digits.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// What kind of principal this is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The ARN of who asks: of the user, or of the session.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// `aws:userid`: the unique id of the user, of role and session joined by a colon, or the account of its root user.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// `aws:PrincipalArn`: the user's ARN, or that of the role whose session this is.
    pub fn principal_arn(&self) -> &str {
        match &self.principal {
            Principal::AssumedRole { role_arn, .. } => role_arn,
            _ => &self.arn,
        }
    }

    /// The ARN of whose session this is.
    pub(crate) fn issuer_arn(&self) -> Option<&str> {
        match self.principal() {
            Principal::AssumedRole { role_arn, .. } => Some(role_arn),
            Principal::FederatedUser { issuer_arn, .. } => Some(issuer_arn),
            Principal::Root | Principal::User { .. } => None,
        }
    }

    /// The unique id of the user, of the role whose session this is, or of the user whose session a federated user has; empty if there is
    /// none.
    pub(crate) fn unique_id(&self) -> &str {
        match &self.principal {
            Principal::Root => "",
            Principal::User { .. } => &self.user_id,
            Principal::AssumedRole { .. } => self.user_id.split(':').next().unwrap_or_default(),
            Principal::FederatedUser { issuer_id, .. } => issuer_id,
        }
    }

    /// `aws:username`: the name of a user.
    pub fn user_name(&self) -> Option<&str> {
        match &self.principal {
            Principal::User { name } => Some(name),
            _ => None,
        }
    }

    /// `aws:PrincipalTag`: the tags of the user or role, and of the session.
    pub fn tag(&self, key: &str) -> Option<&str> {
        // Keys of principals' tags are compared without case.
        let found = self
            .tags
            .get(key)
            .or_else(|| self.tags.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value));
        found.map(String::as_str)
    }

    /// The id of the access key that was presented.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The session, where the credentials are temporary.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Whether this is the account's root user, also in a session of it.
    pub fn is_root(&self) -> bool {
        self.principal == Principal::Root
    }

    /// `aws:PrincipalType`.
    pub fn principal_type(&self) -> &'static str {
        match self.principal {
            Principal::Root => "Account",
            Principal::User { .. } => "User",
            Principal::AssumedRole { .. } => "AssumedRole",
            Principal::FederatedUser { .. } => "FederatedUser",
        }
    }

    /// What policies say about the caller.
    pub fn permissions(&self) -> &Permissions {
        &self.permissions
    }
}
