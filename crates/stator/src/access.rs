//! `--authentication`: what seals secrets, the accounts with their root credentials, and the guard that verifies calls.

use crate::config::Settings;
use crate::keys::Secrets;
use crate::log;
use auth::{Authenticator, Directory, RootCredentials, Seal, SealError};
use engine::policies::principals::{Answer, Ids, Principals, Unknowable};
use keyring::{MasterKey, Sealer, SealingKey, Secret};
use runtime::{Clock, Random};
use server::Guard;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use storage::Store;
use zeroize::Zeroizing;

/// What the keys that seal principals' secrets are for.
const PURPOSE: &str = "principals";

/// The guard, and what is to be shown only now.
pub struct Access {
    /// What verifies calls; none where the server is open.
    pub guard: Option<Arc<Guard>>,
    made: Vec<RootCredentials>,
}

/// Who knows the principals of all accounts; nobody where the server is open.
///
/// # Errors
/// Why secrets cannot be sealed.
pub async fn authenticator(
    settings: &Settings,
    store: &Arc<dyn Store>,
    secrets: &Secrets,
    clock: &Clock,
) -> Result<Option<Arc<Authenticator>>, String> {
    if !settings.authentication {
        return Ok(None);
    }
    let sealer = sealer(store, secrets).await?;
    let directory = Directory::new(store.clone(), Arc::new(Sealed(sealer)), clock.clone(), Random::system());
    Ok(Some(Arc::new(Authenticator::new(directory))))
}

/// Makes the accounts that are not there yet.
///
/// # Errors
/// Why the store cannot be used.
pub async fn open(
    settings: &Settings,
    authenticator: Option<Arc<Authenticator>>,
    clock: &Clock,
) -> Result<Access, String> {
    let Some(authenticator) = authenticator else { return Ok(Access { guard: None, made: Vec::new() }) };
    let mut made = Vec::new();
    for account in &settings.accounts {
        let credentials = authenticator.directory().ensure_account(account).await;
        made.extend(credentials.map_err(|failure| format!("cannot make account {account}: {}", failure.message))?);
    }
    let guard = Guard::new(authenticator, clock.clone(), settings.engine.region.clone());
    Ok(Access { guard: Some(Arc::new(guard)), made })
}

/// Principals as the policies of tables and streams ask for them.
pub struct Known(pub Arc<Authenticator>);

impl Principals for Known {
    fn identify<'a>(&'a self, names: &'a BTreeSet<String>) -> Answer<'a, Option<Ids>> {
        Box::pin(async { self.0.directory().ids_of_named(names).await.map_err(|_| Unknowable) })
    }

    fn other_names<'a>(&'a self, ids: &'a Ids) -> Answer<'a, BTreeMap<String, String>> {
        Box::pin(async { self.0.directory().other_names(ids).await.map_err(|_| Unknowable) })
    }
}

impl Access {
    /// Shows the root credentials that were made: on standard output, so that no log keeps them.
    pub fn announce(&self) {
        for RootCredentials { account, access_key_id, secret_access_key } in &self.made {
            log::say(&format!(
                "stator made the root credentials of account {account} and shows them only now:\n\
                 export AWS_ACCESS_KEY_ID={access_key_id}\n\
                 export AWS_SECRET_ACCESS_KEY={}",
                secret_access_key.reveal()
            ));
            tracing::warn!(account, access_key_id, "made root credentials, shown once on standard output");
        }
    }
}

async fn sealer(store: &Arc<dyn Store>, secrets: &Secrets) -> Result<Sealer, String> {
    let sealer = match secrets {
        Secrets::Directory(keys) => keys.sealer(PURPOSE),
        Secrets::Shared(master) => sealing_key(&**store, master).await?.sealer(PURPOSE),
        // In memory, where everything ends with the process.
        Secrets::None => {
            let master = Secret::random().map(MasterKey::of_secret).map_err(|problem| problem.to_string())?;
            sealing_key(&**store, &master).await?.sealer(PURPOSE)
        }
    };
    sealer.map_err(|problem| problem.to_string())
}

/// The key of all servers of the store, which the first of them makes.
async fn sealing_key(store: &dyn Store, master: &MasterKey) -> Result<SealingKey, String> {
    let of_store = |problem: storage::StoreError| format!("cannot read the sealing key: {problem}");
    let kept = match auth::kept_sealing_key(store).await.map_err(of_store)? {
        Some(kept) => kept,
        None => {
            let (_, wrapped) = SealingKey::make(master).await.map_err(|problem| problem.to_string())?;
            auth::keep_sealing_key(store, wrapped).await.map_err(of_store)?
        }
    };
    SealingKey::unwrap(master, &kept).await.map_err(|problem| problem.to_string())
}

/// The sealer as principals know it.
struct Sealed(Sealer);

impl Seal for Sealed {
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.0.seal(context, plain).map_err(|_| SealError)
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open(context, sealed)
    }
}
