//! What the operator chose: flags over environment (`STATOR_*`) over the configuration file over defaults.

use crate::keys::{KeyFlags, KeysCommand, MasterKeyChoice};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A self-hosted database that speaks Amazon DynamoDB's API.
#[derive(Parser)]
#[command(name = "stator", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the command can do.
#[derive(Subcommand)]
pub enum Command {
    /// Run the server.
    Serve(Box<Flags>),
    /// Look through a data directory that no server has open, and say what is wrong with it.
    Check(CheckFlags),
    /// Make and change the keys that data is encrypted with.
    #[command(subcommand)]
    Keys(KeysCommand),
}

/// Which directory to check.
#[derive(Args)]
pub struct CheckFlags {
    /// The data directory.
    #[arg(long, env = "STATOR_DATA", required_unless_present = "store")]
    pub data: Option<PathBuf>,
    /// The database, of which no server may be running; see `stator serve --help`.
    #[arg(long, env = "STATOR_STORE", conflicts_with = "data")]
    pub store: Option<String>,
    /// The schema of the database that holds the data [default: stator]
    #[arg(long, env = "STATOR_STORE_SCHEMA")]
    pub store_schema: Option<String>,
    /// What the directory is encrypted with.
    #[command(flatten)]
    pub keys: KeyFlags,
}

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

/// What a flag, an environment variable or the configuration file may set.
#[derive(Args, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Flags {
    /// A configuration file with any of these settings by their names, without the dashes [default: ./stator.toml if it exists]
    #[arg(long, env = "STATOR_CONFIG")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:8000]
    #[arg(long, env = "STATOR_LISTEN")]
    listen: Option<SocketAddr>,
    /// The directory that holds the data [default: ./stator-data]
    #[arg(long, env = "STATOR_DATA", conflicts_with = "in_memory")]
    data: Option<PathBuf>,
    /// A database of the PostgreSQL protocol that holds the data, for one server or for several at once: a URL such as
    /// postgres://user@host1,host2/database?sslmode=require
    #[arg(long, env = "STATOR_STORE", conflicts_with_all = ["data", "in_memory"])]
    store: Option<String>,
    /// The schema of the database that holds the data [default: stator]
    #[arg(long, env = "STATOR_STORE_SCHEMA")]
    store_schema: Option<String>,
    /// A file of certificates in PEM that the database's is verified with, instead of the machine's
    #[arg(long, env = "STATOR_STORE_CERTIFICATES")]
    store_certificates: Option<PathBuf>,
    /// How many connections to the database serve reads, each of them many at once [default: 4]
    #[arg(long, env = "STATOR_STORE_READERS")]
    store_readers: Option<u16>,
    /// How many connections to the database serve writes, each of them one at a time [default: 16]
    #[arg(long, env = "STATOR_STORE_WRITERS")]
    store_writers: Option<u16>,
    /// Keep everything in memory and nothing on disk
    #[arg(long, env = "STATOR_IN_MEMORY", num_args = 0..=1, default_missing_value = "true")]
    in_memory: Option<bool>,
    /// The Region that the server is [default: us-east-1]
    #[arg(long, env = "STATOR_REGION")]
    region: Option<String>,
    /// The account that all tables belong to, twelve digits [default: 000000000000]
    #[arg(long, env = "STATOR_ACCOUNT")]
    account: Option<String>,
    /// When a write is acknowledged [default: sync]
    #[arg(long, env = "STATOR_DURABILITY")]
    durability: Option<Durability>,
    /// Listen on an address that others can reach, although this version verifies no signatures and has no TLS
    #[arg(long, env = "STATOR_INSECURE", num_args = 0..=1, default_missing_value = "true")]
    insecure: Option<bool>,
    /// The master key under which everything in the data directory is encrypted: file:PATH, env:VARIABLE, or kms:KEY with the id, ARN
    /// or alias of a key
    #[arg(long, env = "STATOR_MASTER_KEY")]
    master_key: Option<String>,
    /// The URL of the KMS that has the master key [default: AWS's of the Region]
    #[arg(long, env = "STATOR_KMS_ENDPOINT")]
    kms_endpoint: Option<String>,
    /// Make the file of the master key if it does not exist and the data directory is new
    #[arg(long, env = "STATOR_MAKE_MASTER_KEY", num_args = 0..=1, default_missing_value = "true")]
    make_master_key: Option<bool>,
    /// How long tables stay CREATING, UPDATING and DELETING, in milliseconds [default: 0]
    #[arg(long, env = "STATOR_TABLE_DELAY_MS")]
    table_delay_ms: Option<u32>,
    /// How long the deletion of expired items rests when all that were due are deleted, in seconds [default: 10]
    #[arg(long, env = "STATOR_TTL_PAUSE_SECONDS")]
    ttl_pause_seconds: Option<u32>,
    /// The size from which on a partition of a table is divided, in MiB [default: 10240]
    #[arg(long, env = "STATOR_PARTITION_MB")]
    partition_mb: Option<u32>,
    /// The read units per second beyond which a partition is hot [default: 3000]
    #[arg(long, env = "STATOR_PARTITION_READS")]
    partition_reads: Option<u32>,
    /// The write units per second beyond which a partition is hot [default: 1000]
    #[arg(long, env = "STATOR_PARTITION_WRITES")]
    partition_writes: Option<u32>,
    /// How long a partition must be hot to be divided, in seconds [default: 60]
    #[arg(long, env = "STATOR_PARTITION_HOT_SECONDS")]
    partition_hot_seconds: Option<u32>,
    /// The memory that the store may use for its caches and write buffers, in MiB [default: 512]
    #[arg(long, env = "STATOR_MEMORY_MB")]
    memory_mb: Option<u32>,
    /// What to log: error, warn, info, debug, or a filter of tracing [default: info]
    #[arg(long, env = "STATOR_LOG_LEVEL")]
    log_level: Option<String>,
    /// How to log [default: json]
    #[arg(long, env = "STATOR_LOG_FORMAT")]
    log_format: Option<LogFormat>,
}

/// Where the data is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In memory, gone with the process.
    Memory,
    /// In this directory.
    Directory(PathBuf),
    /// In this database.
    Database(Database),
}

/// A database and how it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    /// Where it is; may hold a password.
    pub url: String,
    /// Its schema that holds the data.
    pub schema: Option<String>,
    /// Whom to trust instead of whom the machine trusts.
    pub certificates: Option<PathBuf>,
    /// Connections that serve reads.
    pub readers: Option<u16>,
    /// Connections that serve writes.
    pub writers: Option<u16>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password, and what is printed goes to the log.
        f.debug_struct("Database").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// What the server runs with.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Where the data is.
    pub place: Place,
    /// What the engine is told: the Region, and how tables behave over time.
    pub engine: engine::Settings,
    /// The account that tables belong to.
    pub account: String,
    /// The master key, if there is one.
    pub master_key: Option<MasterKeyChoice>,
    /// When a write is acknowledged.
    pub durability: Durability,
    /// What the store may use, in bytes.
    pub memory_bytes: usize,
    /// What to log.
    pub log_level: String,
    /// How to log.
    pub log_format: LogFormat,
}

const DEFAULT_FILE: &str = "stator.toml";

/// Puts flags, environment, file and defaults together.
///
/// # Errors
/// What is wrong, for the operator.
pub fn resolve(flags: Flags) -> Result<Settings, String> {
    let file = match &flags.config {
        Some(path) => read(path)?,
        None if Path::new(DEFAULT_FILE).exists() => read(Path::new(DEFAULT_FILE))?,
        None => Flags::default(),
    };
    settle(flags, file)
}

fn read(path: &Path) -> Result<Flags, String> {
    let text = std::fs::read_to_string(path).map_err(|problem| format!("{}: {problem}", path.display()))?;
    toml::from_str(&text).map_err(|problem| format!("{}: {problem}", path.display()))
}

fn settle(flags: Flags, file: Flags) -> Result<Settings, String> {
    let listen = flags.listen.or(file.listen).unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000));
    if !listen.ip().is_loopback() && !flags.insecure.or(file.insecure).unwrap_or(false) {
        return Err(format!(
            "refusing to listen on {listen}: this version verifies no signatures and has no TLS, so anyone who reaches the \
             address could read and change everything; give --insecure if that is meant"
        ));
    }
    // A place named nearer wins over one named farther, whichever of the two kinds it is.
    let place = |chosen: &Flags| match (chosen.in_memory, &chosen.data, &chosen.store) {
        (Some(true), ..) => Some(Place::Memory),
        (_, Some(dir), _) => Some(Place::Directory(dir.clone())),
        (.., Some(url)) => Some(Place::Database(database(url, &flags, &file))),
        _ => None,
    };
    Ok(Settings {
        listen,
        place: place(&flags).or_else(|| place(&file)).unwrap_or_else(|| Place::Directory("stator-data".into())),
        engine: engine_settings(&flags, &file),
        master_key: MasterKeyChoice::new(
            flags.master_key.clone().or(file.master_key.clone()),
            flags.kms_endpoint.clone().or(file.kms_endpoint.clone()),
            flags.region.clone().or(file.region.clone()),
            flags.make_master_key.or(file.make_master_key),
        )?,
        account: account(flags.account.or(file.account))?,
        durability: flags.durability.or(file.durability).unwrap_or(Durability::Sync),
        memory_bytes: flags.memory_mb.or(file.memory_mb).unwrap_or(512) as usize * 1024 * 1024,
        log_level: flags.log_level.or(file.log_level).unwrap_or_else(|| "info".to_owned()),
        log_format: flags.log_format.or(file.log_format).unwrap_or(LogFormat::Json),
    })
}

fn database(url: &str, flags: &Flags, file: &Flags) -> Database {
    Database {
        url: url.to_owned(),
        schema: flags.store_schema.clone().or(file.store_schema.clone()),
        certificates: flags.store_certificates.clone().or(file.store_certificates.clone()),
        readers: flags.store_readers.or(file.store_readers),
        writers: flags.store_writers.or(file.store_writers),
    }
}

fn engine_settings(flags: &Flags, file: &Flags) -> engine::Settings {
    let region = flags.region.as_ref().or(file.region.as_ref());
    let mut settings = engine::Settings::of_region(region.map_or_else(|| "us-east-1".to_owned(), String::clone));
    let chosen = |of: fn(&Flags) -> Option<u32>| of(flags).or(of(file));
    if let Some(ms) = chosen(|flags| flags.table_delay_ms) {
        settings.table_delay_ms = ms.into();
    }
    if let Some(seconds) = chosen(|flags| flags.ttl_pause_seconds) {
        settings.expiry_pause = Duration::from_secs(seconds.into());
    }
    let partitions = &mut settings.partitions;
    if let Some(mebibytes) = chosen(|flags| flags.partition_mb) {
        partitions.bytes = i64::from(mebibytes) * 1024 * 1024;
    }
    if let Some(units) = chosen(|flags| flags.partition_reads) {
        partitions.read_units = units.into();
    }
    if let Some(units) = chosen(|flags| flags.partition_writes) {
        partitions.write_units = units.into();
    }
    if let Some(seconds) = chosen(|flags| flags.partition_hot_seconds) {
        partitions.sustained = Duration::from_secs(seconds.into());
    }
    settings
}

fn account(chosen: Option<String>) -> Result<String, String> {
    let account = chosen.unwrap_or_else(|| "0".repeat(12));
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(account) } else { Err(format!("--account {account}: an account has twelve digits")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(arguments: &[&str]) -> Flags {
        let all = ["stator", "serve"].iter().chain(arguments);
        match Arguments::try_parse_from(all).unwrap().command {
            Command::Serve(flags) => *flags,
            Command::Check(_) | Command::Keys(_) => unreachable!("serve was asked for"),
        }
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let file: Flags = toml::from_str("region = \"eu-west-1\"\nin-memory = true\ntable-delay-ms = 5").unwrap();
        let settings = settle(flags(&["--region", "eu-west-2", "--data", "here"]), file).unwrap();
        assert_eq!(settings.engine.region, "eu-west-2");
        assert_eq!(settings.place, Place::Directory("here".into()));
        assert_eq!((settings.engine.table_delay_ms, settings.durability), (5, Durability::Sync));
    }

    #[test]
    fn others_are_refused_unless_that_is_meant() {
        let refused = settle(flags(&["--listen", "0.0.0.0:8000"]), Flags::default());
        assert!(refused.unwrap_err().contains("--insecure"));
        assert!(settle(flags(&["--listen", "0.0.0.0:8000", "--insecure"]), Flags::default()).is_ok());
        assert!(settle(flags(&["--listen", "[::1]:0"]), Flags::default()).is_ok());
    }

    #[test]
    fn unknown_settings_and_wrong_accounts_are_refused() {
        assert!(toml::from_str::<Flags>("regoin = \"x\"").is_err());
        assert!(settle(flags(&["--account", "12"]), Flags::default()).is_err());
    }
}
