//! Everything that a flag, an environment variable or the configuration file may set, by the same names.

use super::network::ListenerTable;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Deserializer};
use std::num::NonZeroU32;
use std::path::PathBuf;

/// When a write is acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// When it survives power loss.
    Sync,
    /// When it survives the death of the process; a sync follows within about a second.
    Relaxed,
}

/// How events are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// One line of text.
    Text,
}

/// Whether clients must show a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// None may come without.
    Required,
    /// One that is shown must be good.
    Optional,
}

/// What a flag, an environment variable or the configuration file may set.
#[derive(Args, Deserialize, Default, Debug)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Flags {
    /// A configuration file with any of these settings by their names, without the dashes [default: ./stator.toml if it exists]
    #[arg(long, env = "STATOR_CONFIG")]
    #[serde(skip)]
    pub(super) config: Option<PathBuf>,
    /// The address to listen on, or unix:PATH [default: 127.0.0.1:8000]
    #[arg(long, env = "STATOR_LISTEN")]
    pub(super) listen: Option<String>,
    /// Further listeners, which only the configuration file names
    #[arg(skip)]
    pub(super) listener: Vec<ListenerTable>,
    /// The certificate that clients are shown, in PEM, with those that lead to its authority; read again when it changes
    #[arg(long, env = "STATOR_TLS_CERTIFICATE", conflicts_with = "tls_self_signed")]
    pub(super) tls_certificate: Option<PathBuf>,
    /// The key of the certificate, in PEM
    #[arg(long, env = "STATOR_TLS_KEY", conflicts_with = "tls_self_signed")]
    pub(super) tls_key: Option<PathBuf>,
    /// Make a certificate for development, and say which authority clients are to trust
    #[arg(long, env = "STATOR_TLS_SELF_SIGNED", num_args = 0..=1, default_missing_value = "true")]
    pub(super) tls_self_signed: Option<bool>,
    /// The authorities of the certificates that clients show, in PEM
    #[arg(long, env = "STATOR_TLS_CLIENT_CA")]
    pub(super) tls_client_ca: Option<PathBuf>,
    /// Whether clients must show a certificate [default: required]
    #[arg(long, env = "STATOR_TLS_CLIENT_CERTIFICATES")]
    pub(super) tls_client_certificates: Option<ClientCertificates>,
    /// Verify signatures and enforce policies
    #[arg(long, env = "STATOR_AUTHENTICATION", num_args = 0..=1, default_missing_value = "true")]
    pub(super) authentication: Option<bool>,
    /// The file in which is noted what was denied and what was managed; opened anew when it was moved away
    #[arg(long, env = "STATOR_AUDIT")]
    pub(super) audit: Option<PathBuf>,
    /// The directory that holds the data [default: ./stator-data]
    #[arg(long, env = "STATOR_DATA", conflicts_with = "in_memory")]
    pub(super) data: Option<PathBuf>,
    /// A database of the PostgreSQL protocol that holds the data, for one server or for several at once: a URL such as
    /// postgres://user@host1,host2/database?sslmode=require
    #[arg(long, env = "STATOR_STORE", conflicts_with_all = ["data", "in_memory"])]
    pub(super) store: Option<String>,
    /// The schema of the database that holds the data [default: stator]
    #[arg(long, env = "STATOR_STORE_SCHEMA")]
    pub(super) store_schema: Option<String>,
    /// A file of certificates in PEM that the database's is verified with, instead of the machine's
    #[arg(long, env = "STATOR_STORE_CERTIFICATES")]
    pub(super) store_certificates: Option<PathBuf>,
    /// How many connections to the database serve reads, each of them many at once [default: 4]
    #[arg(long, env = "STATOR_STORE_READERS")]
    pub(super) store_readers: Option<u16>,
    /// How many connections to the database serve writes, each of them one at a time [default: 16]
    #[arg(long, env = "STATOR_STORE_WRITERS")]
    pub(super) store_writers: Option<u16>,
    /// Keep everything in memory and nothing on disk
    #[arg(long, env = "STATOR_IN_MEMORY", num_args = 0..=1, default_missing_value = "true")]
    pub(super) in_memory: Option<bool>,
    /// The Region that the server is [default: us-east-1]
    #[arg(long, env = "STATOR_REGION")]
    pub(super) region: Option<String>,
    /// An account that the server has, twelve digits; may be given several times, the first is the default [default: 000000000000]
    #[arg(long, env = "STATOR_ACCOUNT", value_delimiter = ',')]
    #[serde(deserialize_with = "one_or_many")]
    pub(super) account: Vec<String>,
    /// When a write is acknowledged [default: sync]
    #[arg(long, env = "STATOR_DURABILITY")]
    pub(super) durability: Option<Durability>,
    /// Listen on addresses that others can reach, although anyone could read and change everything there
    #[arg(long, env = "STATOR_INSECURE", num_args = 0..=1, default_missing_value = "true")]
    pub(super) insecure: Option<bool>,
    /// The master key under which everything in the data directory is encrypted: file:PATH, env:VARIABLE, or kms:KEY with the id, ARN
    /// or alias of a key
    #[arg(long, env = "STATOR_MASTER_KEY")]
    pub(super) master_key: Option<String>,
    /// The URL of the KMS that has the master key [default: AWS's of the Region]
    #[arg(long, env = "STATOR_KMS_ENDPOINT")]
    pub(super) kms_endpoint: Option<String>,
    /// Make the file of the master key if it does not exist and the data directory is new
    #[arg(long, env = "STATOR_MAKE_MASTER_KEY", num_args = 0..=1, default_missing_value = "true")]
    pub(super) make_master_key: Option<bool>,
    /// How long tables stay CREATING, UPDATING and DELETING, in milliseconds [default: 0]
    #[arg(long, env = "STATOR_TABLE_DELAY_MS")]
    pub(super) table_delay_ms: Option<u32>,
    /// How long the deletion of expired items rests when all that were due are deleted, in seconds [default: 10]
    #[arg(long, env = "STATOR_TTL_PAUSE_SECONDS")]
    pub(super) ttl_pause_seconds: Option<u32>,
    /// The size from which on a partition of a table is divided, in MiB [default: 10240]
    #[arg(long, env = "STATOR_PARTITION_MB")]
    pub(super) partition_mb: Option<u32>,
    /// The read units per second beyond which a partition is hot [default: 3000]
    #[arg(long, env = "STATOR_PARTITION_READS")]
    pub(super) partition_reads: Option<u32>,
    /// The write units per second beyond which a partition is hot [default: 1000]
    #[arg(long, env = "STATOR_PARTITION_WRITES")]
    pub(super) partition_writes: Option<u32>,
    /// How long a partition must be hot to be divided, in seconds [default: 60]
    #[arg(long, env = "STATOR_PARTITION_HOT_SECONDS")]
    pub(super) partition_hot_seconds: Option<u32>,
    /// The memory that the store may use for its caches and write buffers, in MiB [default: 512]
    #[arg(long, env = "STATOR_MEMORY_MB")]
    pub(super) memory_mb: Option<NonZeroU32>,
    /// What to log: error, warn, info, debug, or a filter of tracing [default: info]
    #[arg(long, env = "STATOR_LOG_LEVEL")]
    pub(super) log_level: Option<String>,
    /// How to log [default: json]
    #[arg(long, env = "STATOR_LOG_FORMAT")]
    pub(super) log_format: Option<LogFormat>,
}

/// A text, or a list of them.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    })
}
