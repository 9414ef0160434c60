//! Sessions: temporary credentials whose token carries all that is known of them.
//!
//! ```text
//! token = base64(sealed(JSON of Claims))
//! ```
//!
//! Nothing of a session is stored. So it survives restarts and is known to every server that shares the key, and it ends at its expiry, or
//! when the role or user it is of is gone or another by the same name.
//!
//! What must hold: nobody but a holder of the key can make or change a token.

use crate::directory::record::Tags;
use crate::seal::{Seal, SealError};
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runtime::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What tokens are sealed for.
const CONTEXT: &[u8] = b"session";

/// The longest token that is looked at. Session policies and tags at their limits stay below half of it.
const TOKEN_BYTES_MAX: usize = 32 * 1024;

/// What a session's token says.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub(crate) struct Claims {
    /// The access key's id.
    pub key_id: String,
    pub secret: Secret,
    pub account: String,
    pub subject: Subject,
    pub issued_at_ms: u64,
    pub expires_at_ms: u64,
    /// The session policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// ARNs of managed policies that are session policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// Session tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The keys of the tags that go over to the sessions of roles that this session assumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitive: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
}

/// Whose session it is. The id says whether the name still means the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(crate) enum Subject {
    /// The account's root user.
    Root,
    /// A user.
    User { name: String, id: String },
    /// A role that was assumed.
    Role { name: String, id: String, session: String },
    /// A federated user, with the permissions of a user, or of the account's root user.
    Federated { name: String, of: Option<(String, String)> },
}

impl Claims {
    /// The token of the session.
    pub(crate) fn token(&self, seal: &dyn Seal) -> Result<String, SealError> {
        let plain = Zeroizing::new(serde_json::to_vec(self).map_err(|_| SealError)?);
        Ok(STANDARD.encode(seal.seal(CONTEXT, &plain)?))
    }

    /// What a token says; `None` for one that was not made by [`Claims::token`].
    pub(crate) fn read(token: &str, seal: &dyn Seal) -> Option<Self> {
        if TOKEN_BYTES_MAX < token.len() {
            return None;
        }
        let sealed = STANDARD.decode(token).ok()?;
        let plain = seal.open(CONTEXT, &sealed)?;
        serde_json::from_slice(&plain).ok()
    }

    /// When the session ends.
    pub(crate) fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.expires_at_ms)
    }
}
