//! From an access key's id to who it is of.
//!
//! ```text
//! id, token -> cache -> (known and of this epoch) -> Identity
//!                    -> load from the directory -> cache -> Identity
//! ```
//!
//! What must hold: what this process changes in the directory is in force for the next request. What other servers of the store change is
//! in force after about a second: then the counter of changes is read again.

use super::cache::Cache;
use super::{Identity, load};
use crate::directory::Directory;
use crate::directory::record::LastUse;
use crate::failure::{self, Failure};
use crate::ids;
use runtime::{Moment, Timestamp, Turn};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// How long what is known is used before other servers' changes are asked for.
const FRESH: Duration = Duration::from_secs(1);

/// How much longer those go on who need not be the one who asks.
const FRESH_AT_MOST: Duration = Duration::from_millis(1500);

/// How often a use of an access key is noted.
const NOTE_USE_EVERY: Duration = Duration::from_secs(15 * 60);

/// Finds out who an access key is of.
pub struct Authenticator {
    directory: Directory,
    cache: Cache,
    /// The epoch that the cache was last swept for.
    swept: AtomicU64,
    others: Others,
}

/// What other servers of the store do.
struct Others {
    /// Whether there are any.
    exist: bool,
    /// Who asks has the turn.
    turn: Turn,
    /// The counter of changes as it was last read.
    generation: AtomicI64,
    /// When it was last read, in milliseconds since `began`.
    asked_ms: AtomicU64,
    began: Moment,
}

/// Why nobody was identified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unidentified {
    /// There is no such access key.
    UnknownKey,
    /// The access key is not active.
    InactiveKey,
    /// The token is not that of the access key, or whose session it is does not exist any more.
    InvalidToken,
    /// The session is over.
    ExpiredToken,
    /// The directory could not be read. The cause is in the log.
    Unavailable,
}

impl fmt::Display for Unidentified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnknownKey => "there is no such access key",
            Self::InactiveKey => "the access key is not active",
            Self::InvalidToken => "the session token is not valid",
            Self::ExpiredToken => "the session is over",
            Self::Unavailable => "the directory of principals cannot be read",
        })
    }
}

impl std::error::Error for Unidentified {}

impl Unidentified {
    /// What IAM and STS answer to it. They do not tell a key that is not there from one that is not active.
    pub fn as_failure(&self) -> Failure {
        match self {
            Self::UnknownKey | Self::InactiveKey | Self::InvalidToken => failure::invalid_client_token(),
            Self::ExpiredToken => failure::expired_token(),
            Self::Unavailable => failure::service_failure(),
        }
    }
}

impl From<Failure> for Unidentified {
    fn from(_: Failure) -> Self {
        // Whoever made the failure has logged its cause.
        Self::Unavailable
    }
}

impl Authenticator {
    /// Knows nobody yet.
    pub fn new(directory: Directory) -> Self {
        let others = Others {
            exist: directory.store().is_shared(),
            turn: Turn::default(),
            generation: AtomicI64::new(i64::MIN),
            asked_ms: AtomicU64::new(0),
            began: directory.clock().moment(),
        };
        Self { directory, cache: Cache::new(), swept: AtomicU64::new(0), others }
    }

    /// The directory behind it.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Who presents this access key, and this token with it.
    ///
    /// # Errors
    /// Why nobody was identified.
    pub async fn identify(
        &self,
        access_key_id: &str,
        session_token: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Identity>, Unidentified> {
        if self.others.exist {
            self.ask_for_changes().await?;
        }
        if let Some(identity) = self.cache.get(access_key_id)
            && identity.epoch == self.directory.epoch()
            && identity.token() == session_token
        {
            return if identity.is_over(now) { Err(Unidentified::ExpiredToken) } else { Ok(identity) };
        }
        self.load(access_key_id, session_token, now).await
    }

    async fn load(
        &self,
        access_key_id: &str,
        session_token: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Identity>, Unidentified> {
        // What cannot be an access key is not looked up.
        if ids::account_of(access_key_id).is_none() {
            return Err(Unidentified::UnknownKey);
        }
        let identity = Arc::new(load::identity(&self.directory, access_key_id, session_token, now).await?);
        let epoch = self.directory.epoch();
        if self.swept.swap(epoch, Ordering::Relaxed) != epoch {
            self.cache.forget_before(epoch);
        }
        self.cache.keep(identity.clone());
        Ok(identity)
    }

    /// Reads the counter of changes where it was not read for long.
    async fn ask_for_changes(&self) -> Result<(), Unidentified> {
        let age = || {
            let now = self.now_ms();
            Duration::from_millis(now.saturating_sub(self.others.asked_ms.load(Ordering::Acquire)))
        };
        let known = self.others.generation.load(Ordering::Acquire) != i64::MIN;
        if known && age() < FRESH {
            return Ok(());
        }
        let _turn = match self.others.turn.try_lock() {
            Ok(turn) => turn,
            // Somebody asks already.
            Err(_) if known && age() < FRESH_AT_MOST => return Ok(()),
            Err(_) => self.others.turn.lock().await,
        };
        let known = self.others.generation.load(Ordering::Acquire) != i64::MIN;
        if known && age() < FRESH {
            return Ok(());
        }
        // Before the read: what changes during it is to be asked for a second later.
        let asked_ms = self.now_ms();
        let generation = self.directory.generation().await.map_err(Failure::from)?;
        if self.others.generation.swap(generation, Ordering::AcqRel) != generation {
            self.directory.outdate();
        }
        self.others.asked_ms.store(asked_ms, Ordering::Release);
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        let since = self.directory.clock().moment().since(self.others.began);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes that a request was signed with an access key, for `GetAccessKeyLastUsed`. Most calls do nothing: a use is written at most every
    /// quarter of an hour. Call it when the signature was verified.
    ///
    /// # Errors
    /// Those of the store; the request need not fail for them.
    pub async fn note_use(
        &self,
        caller: &Identity,
        region: &str,
        service: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let noted_ms = caller.noted_use_ms.load(Ordering::Relaxed);
        let is_due = NOTE_USE_EVERY <= now.since(Timestamp::from_millis(noted_ms));
        // Of those who see at once that it is due, one writes.
        let note = || {
            let noted = &caller.noted_use_ms;
            noted.compare_exchange(noted_ms, now.as_millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        if caller.session.is_some() || !is_due || !note() {
            return Ok(());
        }
        let last = LastUse { at_ms: now.as_millis(), region: region.to_owned(), service: service.to_owned() };
        self.directory.note_use(&caller.access_key_id, &last).await
    }

    #[cfg(test)]
    pub(crate) fn known(&self) -> usize {
        self.cache.len()
    }
}

impl Identity {
    fn token(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.token.reveal())
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.session.as_ref().is_some_and(|session| session.expires_at <= now)
    }
}
