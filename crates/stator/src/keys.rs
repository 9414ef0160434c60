//! Master keys on the command line, and `stator keys`: making a master key, changing keys, encrypting what is not.

use crate::log;
use clap::{Args, Subcommand};
use keyring::{Credentials, Keyring, KmsSettings, MasterKey, MasterKeyId, MasterKeyKind, MasterKeyName, make_key_file};
use runtime::Clock;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use storage_local::DirectoryState;

/// Which master key a command needs.
#[derive(Args)]
pub struct KeyFlags {
    /// The master key of the data directory: file:PATH, env:VARIABLE, or kms:KEY
    #[arg(long, env = "STATOR_MASTER_KEY")]
    master_key: Option<String>,
    /// The URL of the KMS that has the master key [default: AWS's of the Region]
    #[arg(long, env = "STATOR_KMS_ENDPOINT")]
    kms_endpoint: Option<String>,
    /// The Region of the KMS, unless the key's ARN names one [default: us-east-1]
    #[arg(long, env = "STATOR_REGION")]
    region: Option<String>,
}

/// What can be done with keys. No server may have the data directory open.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Make a new master key in a new file
    Make {
        /// The file
        file: PathBuf,
    },
    /// Begin a new data key for all files that are written from now on, and put all data keys under another master key if one is given
    Rotate {
        /// The data directory
        #[arg(long, env = "STATOR_DATA")]
        data: PathBuf,
        /// What the directory is encrypted with.
        #[command(flatten)]
        keys: KeyFlags,
        /// The master key from now on; the old one opens nothing any more
        #[arg(long)]
        new_master_key: Option<String>,
    },
    /// Say which master key a data directory needs, and what its data keys encrypt
    Show {
        /// The data directory; a server may have it open
        #[arg(long, env = "STATOR_DATA")]
        data: PathBuf,
    },
    /// Write an encrypted copy of a data directory that is not encrypted
    Encrypt {
        /// The data directory, which stays as it is
        #[arg(long, env = "STATOR_DATA")]
        data: PathBuf,
        /// The new directory
        #[arg(long)]
        to: PathBuf,
        /// What the copy is encrypted with.
        #[command(flatten)]
        keys: KeyFlags,
    },
}

/// The master key that the operator chose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MasterKeyChoice {
    name: MasterKeyName,
    kms_endpoint: Option<String>,
    region: String,
    /// What to do when its file does not exist.
    absence: Absence,
}

/// What a master key's file that does not exist means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absence {
    /// It is an error.
    Refused,
    /// It is made, where nothing was encrypted with another one.
    Made,
}

impl KeyFlags {
    /// The master key, if one was given.
    ///
    /// # Errors
    /// When its name is none.
    pub fn choice(&self) -> Result<Option<MasterKeyChoice>, String> {
        MasterKeyChoice::new(self.master_key.clone(), self.kms_endpoint.clone(), self.region.clone(), None)
    }

    fn required(&self) -> Result<MasterKeyChoice, String> {
        self.choice()?.ok_or_else(|| "give the master key with --master-key".to_owned())
    }
}

impl MasterKeyChoice {
    /// What flags or a file say.
    ///
    /// # Errors
    /// When the name is none, or something was said of a master key that is not there.
    pub fn new(
        name: Option<String>,
        kms_endpoint: Option<String>,
        region: Option<String>,
        make: Option<bool>,
    ) -> Result<Option<Self>, String> {
        let absence = if make.unwrap_or(false) { Absence::Made } else { Absence::Refused };
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let name: MasterKeyName = match name {
            Some(name) => name.parse().map_err(|problem: keyring::KeyError| problem.to_string())?,
            None if absence == Absence::Made => {
                return Err("--make-master-key says nothing without --master-key file:PATH".to_owned());
            }
            None => return Ok(None),
        };
        if absence == Absence::Made && !matches!(name, MasterKeyName::File(_)) {
            return Err(format!("--make-master-key makes files, and the master key is {name}"));
        }
        Ok(Some(Self { name, kms_endpoint, region, absence }))
    }

    /// The master key. `if_new` says whether its file may be made.
    fn open(&self, if_new: Absence) -> Result<MasterKey, String> {
        if let (MasterKeyName::File(path), Absence::Made) = (&self.name, self.absence)
            && !path.exists()
        {
            if if_new == Absence::Refused {
                return Err(format!(
                    "the master key's file {} does not exist, and is not made: the store is not known to be new, so it may need the \
                     key that was there; `stator keys make` makes one",
                    path.display()
                ));
            }
            make_key_file(path).map_err(|problem| problem.to_string())?;
            tracing::warn!(file = %path.display(), "made a master key: keep a copy of it elsewhere, without it the data is lost");
        }
        let credentials = Credentials::from_environment();
        let (endpoint, region) = (self.kms_endpoint.clone(), self.region.clone());
        let kms = KmsSettings { endpoint, region, credentials, clock: Clock::system() };
        MasterKey::open(&self.name, kms).map_err(|problem| problem.to_string())
    }

    /// The keys of a data directory; a new directory gets some.
    ///
    /// # Errors
    /// Why they cannot be had.
    pub async fn open_directory(&self, dir: &Path) -> Result<Arc<Keyring>, String> {
        let state = storage_local::state(dir).map_err(|problem| problem.to_string())?;
        let if_new = if state == DirectoryState::New { Absence::Made } else { Absence::Refused };
        let master = self.open(if_new)?;
        let keys = storage_local::open_keys(dir, &master, &Clock::system()).await;
        keys.map_err(|problem| problem.to_string())
    }
}

/// What seals secrets, and under which master key.
pub enum Secrets {
    /// There is no master key.
    None,
    /// The keys of the data directory.
    Directory(Arc<Keyring>),
    /// The master key, where there is no data directory; its data is not encrypted here.
    Shared(MasterKey),
}

impl Secrets {
    /// What seals where there is no data directory.
    ///
    /// # Errors
    /// Why the master key cannot be used.
    pub fn shared(choice: Option<&MasterKeyChoice>, if_new: Absence) -> Result<Self, String> {
        choice.map_or(Ok(Self::None), |choice| choice.open(if_new).map(Self::Shared))
    }
}

impl Secrets {
    /// The key under which everything that is stored is encrypted, if it is.
    pub fn encrypting(&self) -> Option<engine::MasterKey> {
        let Self::Directory(keys) = self else { return None };
        let MasterKeyId { kind, id } = keys.master_key();
        Some(match kind {
            MasterKeyKind::Kms => engine::MasterKey::Kms { arn: id },
            MasterKeyKind::File | MasterKeyKind::Environment => engine::MasterKey::Local,
        })
    }
}

impl fmt::Display for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("none"),
            Self::Directory(keys) => write!(formatter, "{}", keys.master_key()),
            Self::Shared(master) => write!(formatter, "{master}"),
        }
    }
}

/// Runs `stator keys`.
///
/// # Errors
/// Why that cannot be done.
pub fn run(command: &KeysCommand) -> Result<ExitCode, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|problem| format!("cannot start the runtime: {problem}"))?;
    let said = match command {
        KeysCommand::Make { file } => {
            make_key_file(file).map_err(|problem| problem.to_string())?;
            format!(
                "made the master key file:{}: keep a copy of it elsewhere, without it the data is lost",
                file.display()
            )
        }
        KeysCommand::Rotate { data, keys, new_master_key } => {
            runtime.block_on(rotate(data, keys, new_master_key.as_deref()))?
        }
        KeysCommand::Show { data } => show(data)?,
        KeysCommand::Encrypt { data, to, keys } => {
            let (master, clock) = (keys.required()?.open(Absence::Refused)?, Clock::system());
            let copied = storage_local::encrypt_copy(data, to, &master, &clock);
            runtime.block_on(copied).map_err(|problem| problem.to_string())?;
            format!(
                "{} is an encrypted copy of {}, which may be removed when the copy was tried",
                to.display(),
                data.display()
            )
        }
    };
    log::say(&said);
    Ok(ExitCode::SUCCESS)
}

fn show(data: &Path) -> Result<String, String> {
    let keys = Keyring::describe(data).map_err(|problem| problem.to_string())?;
    let files = storage_local::files_by_data_key(data).map_err(|problem| format!("{}: {problem}", data.display()))?;
    let mut said = format!("master key {}", keys.master_key);
    for (number, made) in keys.data_keys {
        let (seconds, files) = (made.as_seconds(), files.get(&number).copied().unwrap_or_default());
        // Writing into a String cannot fail.
        let _ = write!(said, "\ndata key {number}, made {seconds} seconds after 1970, encrypts {files} files");
    }
    Ok(said)
}

async fn rotate(data: &Path, keys: &KeyFlags, new_master_key: Option<&str>) -> Result<String, String> {
    let choice = keys.required()?;
    let (master, clock) = (choice.open(Absence::Refused)?, Clock::system());
    let new = match new_master_key {
        Some(name) => {
            let name = name.parse().map_err(|problem: keyring::KeyError| problem.to_string())?;
            Some(MasterKeyChoice { name, ..choice }.open(Absence::Refused)?)
        }
        None => None,
    };
    let change = async |keyring: &mut Keyring| {
        // First what may fail for a reason outside: a KMS.
        if let Some(new) = &new {
            keyring.change_master_key(new).await?;
        }
        let number = keyring.add_data_key(&clock)?;
        Ok(format!(
            "data key {number} encrypts what is written from now on; the master key is {}",
            keyring.master_key()
        ))
    };
    storage_local::change_keys(data, &master, change).await.map_err(|problem| problem.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(name: Option<&str>, make: Option<bool>) -> Result<Option<MasterKeyChoice>, String> {
        MasterKeyChoice::new(name.map(str::to_owned), None, None, make)
    }

    #[test]
    fn only_a_file_can_be_made() {
        assert!(choice(None, None).unwrap().is_none());
        assert!(choice(Some("file:/key"), Some(true)).is_ok());
        assert!(choice(None, Some(true)).unwrap_err().contains("--master-key"));
        assert!(choice(Some("env:KEY"), Some(true)).unwrap_err().contains("env:KEY"));
        assert!(choice(Some("secret"), None).unwrap_err().contains("file:PATH"));
    }

    #[test]
    fn a_file_is_made_for_what_is_new_alone() {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("file:{}", dir.path().join("key").display());
        let choice = choice(Some(&name), Some(true)).unwrap().unwrap();
        assert!(choice.open(Absence::Refused).unwrap_err().contains("stator keys make"));
        assert!(choice.open(Absence::Made).is_ok());
        assert!(choice.open(Absence::Refused).is_ok(), "it is there now");
    }
}
