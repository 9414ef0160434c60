//! What the operator chose: flags over environment (`STATOR_*`) over the configuration file over defaults.
//!
//! `flags` has the settings as they are given, `store` and `network` put together those of the data and of the listeners.

mod flags;
mod network;
mod store;

use crate::keys::{KeyFlags, KeysCommand, MasterKeyChoice};
pub use flags::{Durability, Flags, LogFormat};
pub use network::{Certificate, ListenerChoice, TlsChoice};
pub use store::{Database, Place};

use clap::{Args, Parser, Subcommand};
use std::num::NonZeroU32;
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

/// What the server runs with.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Where to listen; never empty, the first is what the server is known by.
    pub listeners: Vec<ListenerChoice>,
    /// How connections are protected, where they are.
    pub tls: Option<TlsChoice>,
    /// Whether signatures are verified and policies enforced.
    pub authentication: bool,
    /// The file of the audit log.
    pub audit: Option<PathBuf>,
    /// Where the data is.
    pub place: Place,
    /// What the engine is told: the Region, and how tables behave over time.
    pub engine: engine::Settings,
    /// The accounts that the server has; never empty, the first is the default.
    pub accounts: Vec<String>,
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
    settle(flags, file).and_then(refuse_what_is_incomplete)
}

/// Refuses what says nothing or cannot be without something else: a server must not look as if it protected what it does not.
fn refuse_what_is_incomplete(settings: Settings) -> Result<Settings, String> {
    let has_policy = settings.listeners.iter().any(|listener| listener.policy.is_some());
    let keeps_secrets = settings.place != Place::Memory;
    let rows = [
        (
            !settings.authentication && has_policy,
            "the policy of a listener needs --authentication: without it nothing is enforced",
        ),
        (
            !settings.authentication && settings.accounts.len() > 1,
            "several accounts need --authentication: without it nobody can be told from another",
        ),
        (
            settings.authentication && keeps_secrets && settings.master_key.is_none(),
            "--authentication needs a master key, which the secrets of access keys are sealed with: give --master-key file:PATH, and \
             --make-master-key to make the file",
        ),
    ];
    match rows.iter().find(|(is_incomplete, _)| *is_incomplete) {
        Some((_, words)) => Err((*words).to_owned()),
        None => Ok(settings),
    }
}

fn read(path: &Path) -> Result<Flags, String> {
    let text = std::fs::read_to_string(path).map_err(|problem| format!("{}: {problem}", path.display()))?;
    toml::from_str(&text).map_err(|problem| format!("{}: {problem}", path.display()))
}

fn settle(flags: Flags, file: Flags) -> Result<Settings, String> {
    let tls = network::tls(&flags, &file)?;
    let listeners = network::listeners(&flags, &file, tls.is_some())?;
    let authentication = flags.authentication.or(file.authentication).unwrap_or(false);
    if !flags.insecure.or(file.insecure).unwrap_or(false) {
        network::refuse_what_others_reach(&listeners, authentication)?;
    }
    Ok(Settings {
        listeners,
        tls,
        authentication,
        audit: flags.audit.clone().or(file.audit.clone()),
        place: store::place(&flags, &file),
        engine: engine_settings(&flags, &file),
        master_key: MasterKeyChoice::new(
            flags.master_key.clone().or(file.master_key.clone()),
            flags.kms_endpoint.clone().or(file.kms_endpoint.clone()),
            flags.region.clone().or(file.region.clone()),
            flags.make_master_key.or(file.make_master_key),
        )?,
        accounts: accounts(if flags.account.is_empty() { file.account } else { flags.account })?,
        durability: flags.durability.or(file.durability).unwrap_or(Durability::Sync),
        memory_bytes: flags.memory_mb.or(file.memory_mb).map_or(512, NonZeroU32::get) as usize * 1024 * 1024,
        log_level: flags.log_level.or(file.log_level).unwrap_or_else(|| "info".to_owned()),
        log_format: flags.log_format.or(file.log_format).unwrap_or(LogFormat::Json),
    })
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

fn accounts(chosen: Vec<String>) -> Result<Vec<String>, String> {
    for (number, account) in chosen.iter().enumerate() {
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("--account {account}: an account has twelve digits"));
        }
        if chosen[..number].contains(account) {
            return Err(format!("--account {account}: it is given twice"));
        }
    }
    Ok(if chosen.is_empty() { vec!["0".repeat(12)] } else { chosen })
}

#[cfg(test)]
mod tests;
