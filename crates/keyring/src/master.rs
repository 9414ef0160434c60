//! The master key: what the operator gives, and the only thing that must be kept elsewhere than the data.
//!
//! What must hold: its id tells which key it is and nothing of the key.

use crate::kms::{Kms, KmsSettings};
use crate::{KeyError, Secret, local};
use ring::hmac;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// How the operator names a master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeyName {
    /// `file:PATH`: 32 bytes as base64 or hexadecimal digits, in a file that nobody else may read.
    File(PathBuf),
    /// `env:VARIABLE`: the same in an environment variable.
    Environment(String),
    /// `kms:KEY`: a key of a KMS, by its id, ARN or alias.
    Kms(String),
}

/// What kind of master key one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MasterKeyKind {
    /// In a file.
    File,
    /// In an environment variable.
    Environment,
    /// In a KMS.
    Kms,
}

/// Which master key is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterKeyId {
    /// Where it comes from.
    pub kind: MasterKeyKind,
    /// The ARN of a key of a KMS (what the KMS calls it); `local:` and 16 digits otherwise.
    pub id: String,
}

/// A master key that is at hand.
#[derive(Clone, Debug)]
pub struct MasterKey {
    kind: MasterKeyKind,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    /// The key itself.
    Local { secret: Secret, id: String },
    /// Who has it.
    Kms(Kms),
}

/// A secret that a master key made, and how the master key gives it again.
#[derive(Debug)]
pub struct Generated {
    /// The secret.
    pub secret: Secret,
    /// What is stored of it.
    pub wrapped: Vec<u8>,
    /// The id of the master key.
    pub master: String,
}

impl FromStr for MasterKeyName {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("kms", key)) if !key.is_empty() => Ok(Self::Kms(key.to_owned())),
            // Whoever gives the key itself here must not find it in the log.
            Some((kind, _)) if kind.len() < 12 => Err(KeyError::Name(format!("{kind}:..."))),
            _ => Err(KeyError::Name("...".to_owned())),
        }
    }
}

impl fmt::Display for MasterKeyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "file:{}", path.display()),
            Self::Environment(name) => write!(formatter, "env:{name}"),
            Self::Kms(key) => write!(formatter, "kms:{key}"),
        }
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.id)
    }
}

impl MasterKey {
    /// The master key of this name. A KMS is asked only when a key is needed.
    ///
    /// # Errors
    /// [`KeyError::MasterKey`], [`KeyError::Exposed`], [`KeyError::Io`]; for a KMS that it has no credentials or a wrong address.
    pub fn open(name: &MasterKeyName, kms: KmsSettings) -> Result<Self, KeyError> {
        let (kind, secret) = match name {
            MasterKeyName::File(path) => (MasterKeyKind::File, local::read_file(path)?),
            MasterKeyName::Environment(variable) => (MasterKeyKind::Environment, local::read_variable(variable)?),
            MasterKeyName::Kms(key) => {
                return Ok(Self { kind: MasterKeyKind::Kms, source: Source::Kms(Kms::new(key, kms)?) });
            }
        };
        Ok(Self { kind, source: Source::Local { id: id_of(&secret), secret } })
    }

    /// A master key that is given as such: for tests.
    pub fn of_secret(secret: Secret) -> Self {
        Self { kind: MasterKeyKind::Environment, source: Source::Local { id: id_of(&secret), secret } }
    }

    /// Where it comes from.
    pub fn kind(&self) -> MasterKeyKind {
        self.kind
    }

    /// The key itself, unless a KMS has it.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match &self.source {
            Source::Local { secret, .. } => Some(secret),
            Source::Kms(_) => None,
        }
    }

    /// A new secret for a purpose, which a KMS writes into its records.
    pub(crate) async fn generate(&self, purpose: &str) -> Result<Generated, KeyError> {
        match &self.source {
            Source::Local { secret: master, id } => {
                let secret = Secret::random()?;
                let wrapped = master.wrap(&secret, purpose.as_bytes())?;
                Ok(Generated { secret, wrapped, master: id.clone() })
            }
            Source::Kms(kms) => kms.generate(purpose).await,
        }
    }

    /// The secret that was generated for this purpose by the master key of this id. `place` says in messages where it was kept.
    pub(crate) async fn unwrap(
        &self,
        place: &str,
        id: &str,
        wrapped: &[u8],
        purpose: &str,
    ) -> Result<Secret, KeyError> {
        if !self.may_be(id) {
            let (place, needed, given) = (place.to_owned(), described(id), self.to_string());
            return Err(KeyError::WrongMasterKey { place, needed, given });
        }
        match &self.source {
            Source::Local { secret, .. } => {
                secret.unwrap(wrapped, purpose.as_bytes()).ok_or_else(|| KeyError::Damaged {
                    place: place.to_owned(),
                    reason: "its keys do not decrypt with the master key that it names".to_owned(),
                })
            }
            Source::Kms(kms) => kms.decrypt(wrapped, purpose).await,
        }
    }

    /// Whether this can be the key of that id. What an alias stands for only the KMS knows.
    fn may_be(&self, id: &str) -> bool {
        match &self.source {
            Source::Local { id: own, .. } => own == id,
            Source::Kms(kms) => kms.may_be(id),
        }
    }
}

impl fmt::Display for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Local { id, .. } => formatter.write_str(&described(id)),
            Source::Kms(kms) => write!(formatter, "the KMS key {}", kms.key()),
        }
    }
}

/// A master key in a sentence.
fn described(id: &str) -> String {
    if id.starts_with(LOCAL) { format!("the master key {id}") } else { format!("the KMS key {id}") }
}

/// What the id of a key begins with that is not in a KMS.
const LOCAL: &str = "local:";

/// Names a key by what only its owner can compute, and from which nobody can compute it.
fn id_of(secret: &Secret) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.bytes()), b"stator master key");
    tag.as_ref().iter().take(8).fold(LOCAL.to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_printed() {
        for name in
            ["file:/etc/stator.key", "env:KEY", "kms:arn:aws:kms:us-east-1:111122223333:key/1234", "kms:alias/a"]
        {
            assert_eq!(name.parse::<MasterKeyName>().unwrap().to_string(), name);
        }
        for wrong in ["", "file:", "/etc/stator.key", "vault:x"] {
            assert!(wrong.parse::<MasterKeyName>().unwrap_err().to_string().contains("file:PATH"), "{wrong}");
        }
        let key = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";
        assert!(!key.parse::<MasterKeyName>().unwrap_err().to_string().contains("c2Vj"), "a key is not printed");
    }

    #[test]
    fn the_id_of_a_key_is_pinned() {
        assert_eq!(id_of(&Secret::of_bytes(&[1; 32]).unwrap()), "local:37c0fafc3c78f484");
    }
}
