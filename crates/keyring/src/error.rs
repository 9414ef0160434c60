//! Why keys could not be had, in words that say what to do.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a key or a key file could not be read, made or used.
#[derive(Debug)]
pub enum KeyError {
    /// The name of a master key is none.
    Name(String),
    /// The master key's file or variable could not be read, or holds something else.
    MasterKey {
        /// The file or variable, as it was named.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Others may read the master key's file.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The keys of the data were wrapped by another master key.
    WrongMasterKey {
        /// The key file, or what else holds the wrapped key.
        place: String,
        /// The master key that is needed.
        needed: String,
        /// The master key that was given.
        given: String,
    },
    /// A key file, or a wrapped key, was changed since it was written.
    Damaged {
        /// The key file, or what else holds the wrapped key.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer version of the program wrote the key file.
    NewerFormat {
        /// The key file.
        place: String,
        /// Its format.
        found: u32,
        /// The newest that this program reads.
        supported: u32,
    },
    /// A key file could not be read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What failed.
        source: io::Error,
    },
    /// The KMS did not do what it was asked for.
    Kms {
        /// The key, as it was named.
        key: String,
        /// Where the KMS is.
        endpoint: String,
        /// Why.
        source: KmsError,
    },
    /// The operating system gives no randomness.
    Randomness,
}

/// Why a KMS did not do what it was asked for.
#[derive(Debug)]
pub enum KmsError {
    /// There are no credentials to sign with.
    NoCredentials,
    /// The credentials may not use the key, or are unknown.
    AccessDenied(String),
    /// There is no such key.
    NotFound(String),
    /// The key is disabled, or waits to be deleted.
    Disabled(String),
    /// The wrapped key was wrapped by another key, with another context, or is damaged.
    InvalidCiphertext(String),
    /// It answered with another error: its code and its words.
    Refused(String, String),
    /// No answer came, after several tries.
    Unreachable(String),
    /// What came is no answer of a KMS.
    NoAnswer(String),
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                formatter,
                "the master key {name:?} is none: give file:PATH, env:VARIABLE or kms:KEY, where KEY is the id, ARN or alias of a key"
            ),
            Self::MasterKey { name, reason } => write!(formatter, "the master key {name} cannot be used: {reason}"),
            Self::Exposed { path, mode } => write!(
                formatter,
                "the master key's file {path} may be used by others (mode {mode:03o}): chmod 600 {path}",
                path = path.display()
            ),
            Self::WrongMasterKey { place, needed, given } => write!(
                formatter,
                "wrong master key: {place} was written with {needed}, and {given} was given; give the master key that it was \
                 written with, or change it with `stator keys rotate` where both are at hand"
            ),
            Self::Damaged { place, reason } => write!(
                formatter,
                "{place} is damaged ({reason}): put it back from a backup; without it the data cannot be decrypted"
            ),
            Self::NewerFormat { place, found, supported } => write!(
                formatter,
                "{place} has format {found}, and this program reads formats up to {supported}: a newer version wrote it"
            ),
            Self::Io { path, doing, source } => write!(formatter, "{doing} {} failed: {source}", path.display()),
            Self::Kms { key, endpoint, source } => write!(formatter, "the KMS key {key} at {endpoint} {source}"),
            Self::Randomness => formatter.write_str("the operating system gives no randomness to make keys of"),
        }
    }
}

impl fmt::Display for KmsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials => formatter.write_str(
                "cannot be used without credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if \
                 they are temporary",
            ),
            Self::AccessDenied(message) => write!(
                formatter,
                "may not be used with these credentials: allow kms:GenerateDataKey and kms:Decrypt on it ({message})"
            ),
            Self::NotFound(message) => write!(formatter, "does not exist there ({message})"),
            Self::Disabled(message) => {
                write!(formatter, "is disabled or waits to be deleted: enable it again ({message})")
            }
            Self::InvalidCiphertext(message) => write!(
                formatter,
                "does not open the keys of this data: another key wrapped them, or they were damaged ({message})"
            ),
            Self::Refused(code, message) => write!(formatter, "was refused with {code} ({message})"),
            Self::Unreachable(reason) => write!(formatter, "could not be asked for: {reason}"),
            Self::NoAnswer(reason) => write!(formatter, "gave no answer of a KMS: {reason}"),
        }
    }
}

impl Error for KmsError {}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Kms { source, .. } => Some(source),
            Self::Name(_)
            | Self::MasterKey { .. }
            | Self::Exposed { .. }
            | Self::WrongMasterKey { .. }
            | Self::Damaged { .. }
            | Self::NewerFormat { .. }
            | Self::Randomness => None,
        }
    }
}
