//! Access keys: making them, keeping their secrets, noting their use; and the first one of an account's root user.

use super::record::{self, AccessKey, Account, LastUse};
use super::{Change, Directory, RootCredentials, change};
use crate::failure::Result;
use crate::ids;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use layout::{Corrupted, principals};
use storage::{Batch, StoreError};

/// An access key that was just made, with its secret.
#[derive(Debug)]
pub(crate) struct NewKey {
    pub key: AccessKey,
    pub secret: Secret,
}

impl Directory {
    /// Makes the account, and an access key of its root user, where there are none yet. What is returned was made now, and only now can
    /// it be shown.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn ensure_account(&self, account: &str) -> Result<Option<RootCredentials>> {
        let store_epoch = self.store_epoch();
        let made = change!(self, async |change| {
            let key = principals::account(account);
            let known: Option<Account> = change.read(&key).await?;
            let mut record = match known {
                // Root's keys may have been deleted on purpose; but without any principal left nobody could come in again.
                Some(known) if !known.keys.is_empty() || change.directory.has_users(account).await? => return Ok(None),
                Some(known) => known,
                None => Account { number: account.to_owned(), created_at_ms: change.now_ms(), keys: Vec::new() },
            };
            let made = change.make_key(account, None).await?;
            record.keys.push(made.key.id.clone());
            change.write(key, &record)?;
            Ok(Some(made))
        })?;
        self.settle(store_epoch).await?;
        Ok(made.map(|made| RootCredentials {
            account: account.to_owned(),
            access_key_id: made.key.id,
            secret_access_key: made.secret,
        }))
    }

    async fn has_users(&self, account: &str) -> Result<bool> {
        let users = self.list::<record::User>(account, None, 1, |user| !user.keys.is_empty()).await?;
        Ok(!users.members.is_empty())
    }

    /// The secret of an access key.
    pub(crate) fn secret_of(&self, key: &AccessKey) -> std::result::Result<Secret, Corrupted> {
        let sealed = STANDARD.decode(&key.sealed_secret).map_err(|_| Corrupted)?;
        let plain = self.seal().open(&context(&key.id), &sealed).ok_or(Corrupted)?;
        Secret::opened(&plain).ok_or(Corrupted)
    }

    /// Notes when an access key was used. It is no change of the directory.
    pub(crate) async fn note_use(&self, key_id: &str, last: &LastUse) -> Result<()> {
        let stored_as = principals::access_key(key_id);
        let Some(stored) = self.store.get_one(&stored_as).await? else { return Ok(()) };
        let mut batch = Batch::new();
        batch.check(stored_as, Some(stored.version)).set(principals::last_use(key_id), record::encode(last)?);
        match self.store.commit(batch).await {
            // Of a key that is changed or deleted meanwhile the use is noted by the next request, if there is one.
            Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The last known use of each of these keys.
    pub(crate) async fn last_uses(&self, key_ids: &[String]) -> Result<Vec<Option<LastUse>>> {
        let keys: Vec<Bytes> = key_ids.iter().map(|id| principals::last_use(id)).collect();
        self.read_all(&keys).await
    }
}

impl Change<'_> {
    /// The present time, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        self.directory.clock().now().as_millis()
    }

    /// Makes an access key of a user, or of the account's root user. The caller notes it in the user's or the account's record.
    pub(crate) async fn make_key(&mut self, account: &str, user: Option<&str>) -> Result<NewKey> {
        let (id, stored_as) = loop {
            let id = ids::access_key(ids::LONG_TERM, account, self.directory.random());
            let stored_as = principals::access_key(&id);
            if self.read::<AccessKey>(&stored_as).await?.is_none() {
                break (id, stored_as);
            }
        };
        let secret = Secret::random()?;
        let sealed = self.directory.seal().seal(&context(&id), secret.reveal().as_bytes())?;
        let key = AccessKey {
            account: account.to_owned(),
            user: user.map(str::to_owned),
            active: true,
            created_at_ms: self.now_ms(),
            sealed_secret: STANDARD.encode(sealed),
            id,
        };
        self.write(stored_as, &key)?;
        Ok(NewKey { key, secret })
    }

    /// Removes an access key and what is known of its use.
    pub(crate) fn remove_key(&mut self, id: &str) {
        self.remove(principals::access_key(id));
        self.remove(principals::last_use(id));
    }
}

/// What a secret is sealed for.
fn context(key_id: &str) -> Vec<u8> {
    format!("access-key {key_id}").into_bytes()
}
