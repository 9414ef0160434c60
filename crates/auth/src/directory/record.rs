//! What is stored of accounts, principals, credentials and policies: JSON, to which members can be added.
//!
//! Records name each other. The commit that changes one changes what depends on it: `keys` of a user and the keys, `members` of a group
//! and `groups` of its users, `attachments` of a policy and `attached` of whoever has it.

use super::Ids;
use crate::arn;
use layout::Corrupted;
use layout::principals::Named;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is stored by name.
pub(crate) trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// Under which kind of key.
    const KIND: Named;
    /// What errors call it.
    const WORD: &'static str;
    /// The name, as it was given.
    fn name(&self) -> &str;
    /// The path, which begins and ends with a slash.
    fn path(&self) -> &str;
    /// The ARN in this account.
    fn arn(&self, account: &str) -> String {
        arn::named(account, Self::WORD, self.path(), self.name())
    }
}

/// What policies are attached to.
pub(crate) trait Entity: Record {
    /// The policies that it has.
    fn policies(&self) -> &EntityPolicies;
    /// The policies that it has, to change them.
    fn policies_mut(&mut self) -> &mut EntityPolicies;
    /// The most characters of all its inline policies, white space excepted.
    const INLINE_CHARACTERS_MAX: usize;
}

/// What can be tagged.
pub(crate) trait Tagged: Record {
    /// Its tags, to change them.
    fn tags_mut(&mut self) -> &mut Tags;
}

/// What a permissions boundary can be set for.
pub(crate) trait Bounded: Entity {
    /// The ARN of the boundary.
    fn boundary(&self) -> Option<&str>;
    /// The ARN of the boundary, to change it.
    fn boundary_mut(&mut self) -> &mut Option<String>;
}

/// Tags by their keys.
pub(crate) type Tags = BTreeMap<String, String>;

/// The policies of a user, a group or a role.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub(crate) struct EntityPolicies {
    /// Inline policies by name: their documents.
    #[serde(default)]
    pub inline: BTreeMap<String, String>,
    /// The ARNs of managed policies, in the order in which they were attached.
    #[serde(default)]
    pub attached: Vec<String>,
}

/// An account.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub(crate) struct Account {
    /// Twelve digits.
    pub number: String,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
    /// The access keys of its root user.
    pub keys: Vec<String>,
}

/// A user.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub(crate) struct User {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_at_ms: u64,
    #[serde(default)]
    pub tags: Tags,
    #[serde(flatten)]
    pub policies: EntityPolicies,
    #[serde(default)]
    pub boundary: Option<String>,
    /// The names of its groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The ids of its access keys.
    #[serde(default)]
    pub keys: Vec<String>,
}

/// A group of users.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub(crate) struct Group {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_at_ms: u64,
    #[serde(flatten)]
    pub policies: EntityPolicies,
    /// How many users are in it. Whoever joins or leaves changes this, so that a deletion or a new name meets them.
    #[serde(default)]
    pub members: u64,
}

/// A role.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub(crate) struct Role {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_at_ms: u64,
    /// Who may assume it.
    pub trust: String,
    /// Whom the names in that meant when it was written.
    #[serde(default)]
    pub trusted: Ids,
    #[serde(default)]
    pub description: Option<String>,
    pub max_session_seconds: u32,
    #[serde(default)]
    pub tags: Tags,
    #[serde(flatten)]
    pub policies: EntityPolicies,
    #[serde(default)]
    pub boundary: Option<String>,
}

/// A managed policy of an account.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub(crate) struct ManagedPolicy {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_at_ms: u64,
    pub updated_at_ms: u64,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub tags: Tags,
    /// The versions that there are, oldest first.
    pub versions: Vec<PolicyVersion>,
    /// The number of the version in force.
    pub default_version: u32,
    /// The number of the newest version that ever was.
    pub newest_version: u32,
    /// To how many users, groups and roles it is attached.
    #[serde(default)]
    pub attachments: u64,
    /// For how many users and roles it is the boundary.
    #[serde(default)]
    pub boundaries: u64,
}

/// A version of a managed policy.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub(crate) struct PolicyVersion {
    pub number: u32,
    pub document: String,
    pub created_at_ms: u64,
}

/// An access key.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub(crate) struct AccessKey {
    pub id: String,
    pub account: String,
    /// The user whose key it is; none for the account's root user.
    pub user: Option<String>,
    pub active: bool,
    pub created_at_ms: u64,
    /// Base64 of the sealed secret.
    pub sealed_secret: String,
}

/// The last known use of an access key.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub(crate) struct LastUse {
    pub at_ms: u64,
    pub region: String,
    pub service: String,
}

impl ManagedPolicy {
    /// A version that there is.
    pub(crate) fn version(&self, number: u32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The document in force. There always is a default version; a record without one denies everything.
    pub(crate) fn document(&self) -> &str {
        self.version(self.default_version).map_or("", |version| &version.document)
    }
}

/// Reads a stored record.
pub(crate) fn decode<T: DeserializeOwned>(value: &[u8]) -> Result<T, Corrupted> {
    serde_json::from_slice(value).map_err(|_| Corrupted)
}

/// The value to store.
pub(crate) fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>, Corrupted> {
    // Records are texts, numbers and lists of them, which always become JSON.
    serde_json::to_vec(record).map_err(|_| Corrupted)
}

/// What the traits ask for is the same member of every record.
macro_rules! records {
    ($($record:ident $kind:ident $word:literal),*) => {
        $(impl Record for $record {
            const KIND: Named = Named::$kind;
            const WORD: &'static str = $word;
            fn name(&self) -> &str {
                &self.name
            }
            fn path(&self) -> &str {
                &self.path
            }
        })*
    };
}
records!(User User "user", Group Group "group", Role Role "role", ManagedPolicy Policy "policy");

/// Quotas of inline policies: of a user 2048 characters, of a group 5120, of a role 10,240 (IAM user guide, quotas).
macro_rules! entities {
    ($($record:ident $most:literal),*) => {
        $(impl Entity for $record {
            const INLINE_CHARACTERS_MAX: usize = $most;
            fn policies(&self) -> &EntityPolicies {
                &self.policies
            }
            fn policies_mut(&mut self) -> &mut EntityPolicies {
                &mut self.policies
            }
        })*
    };
}
entities!(User 2048, Group 5120, Role 10_240);

macro_rules! tagged {
    ($($record:ident),*) => {
        $(impl Tagged for $record {
            fn tags_mut(&mut self) -> &mut Tags {
                &mut self.tags
            }
        })*
    };
}
tagged!(User, Role, ManagedPolicy);

macro_rules! bounded {
    ($($record:ident),*) => {
        $(impl Bounded for $record {
            fn boundary(&self) -> Option<&str> {
                self.boundary.as_deref()
            }
            fn boundary_mut(&mut self) -> &mut Option<String> {
                &mut self.boundary
            }
        })*
    };
}
bounded!(User, Role);
