//! Transactions: several actions on items, all or nothing.
//!
//! ```text
//! read all items at one point -> ask every action -> refused by one: cancelled, with the reason of each
//!                                                 -> commit, with a check of every item that was read; and again after a conflict
//! ```
//!
//! A commit checks every item that an action looked at, also those that it leaves as they are, so transactions are serializable among
//! each other and with everything else. A conflict that trying again can settle is nobody's error.
//!
//! **Tokens.** A transaction with a token writes a record of it in its own commit. So the same request is carried out once, through
//! crashes too; of two at the same time one meets the other's record. A record is valid for ten minutes from its time. Its key begins
//! with the ten minutes of the clock in which it was written, the *window*: a request looks into its own window and the two beside it,
//! and the first transaction of each window removes all windows that are over, as one range.

use crate::capacity::{Axis, Consumed};
use crate::context::Context;
use crate::effects::ItemKey;
use crate::error::corrupted;
use crate::key;
use crate::write::{Attempt, Conflicts, ItemWrite, Kept, Plan, Written};
use api::{Error, messages};
use bytes::Bytes;
use layout::keys::{self, Range, Tokened};
use layout::token::TokenRecord;
use model::limits;
use std::sync::atomic::{AtomicU32, Ordering};
use storage::{Direction, Scan, Versioned};

/// A transaction to be carried out.
pub struct Transaction<'a> {
    /// What is done to each item, each of another key. An action that was refused before its item was read keeps its place here.
    pub actions: Vec<Result<ItemWrite<'a>, Error>>,
    /// By what it is recognized when it is sent again.
    pub token: Option<Token<'a>>,
}

/// `ClientRequestToken`, and what it stands for.
#[derive(Clone, Copy)]
pub struct Token<'a> {
    /// Where it was sent to.
    pub operation: Tokened,
    /// The token.
    pub text: &'a str,
    /// The digest of the actions; see [`layout::Digest`].
    pub digest: u128,
}

/// What became of a transaction that was not cancelled.
pub enum Outcome {
    /// It was carried out: what was written or looked at, in the order of the actions.
    Done(Vec<Written>),
    /// It had been carried out before.
    Repeated {
        /// For each action the size that it was charged by.
        sizes: Vec<u32>,
    },
}

impl Outcome {
    /// What each action used, in the order of the actions. A request that was carried out before is charged as a read of what it was
    /// charged for then (developer guide; the sizes by captures of August 2026).
    pub fn consumed(&self) -> (Axis, Vec<Consumed>) {
        match self {
            Self::Done(written) => (Axis::Write, written.iter().map(Consumed::transactional_write).collect()),
            Self::Repeated { sizes } => {
                (Axis::Read, sizes.iter().map(|size| Consumed::transactional_read(*size as usize)).collect())
            }
        }
    }

    /// What was written or looked at; nothing where the transaction had been carried out before.
    pub fn written(&self) -> &[Written] {
        match self {
            Self::Done(written) => written,
            Self::Repeated { .. } => &[],
        }
    }
}

impl Transaction<'_> {
    /// The keys to read: the places of the token, then the items.
    fn keys(&self, claim: Option<&Claim<'_>>) -> Vec<Bytes> {
        let places = claim.into_iter().flat_map(|claim| &claim.places);
        let items = self.actions.iter().flatten().map(|write| &write.key.bytes);
        places.chain(items).cloned().collect()
    }
}

impl Context<'_> {
    /// Carries out a transaction.
    ///
    /// # Errors
    /// TransactionCanceledException, IdempotentParameterMismatchException, TransactionInProgressException.
    pub async fn transact(&self, mut transaction: Transaction<'_>) -> Result<Outcome, Error> {
        let mut conflicts = Conflicts::default();
        let _turns = self.turns_at(&transaction.keys(None)).await?;
        loop {
            let claim = transaction.token.map(|token| Claim::new(self, token));
            let mut plan = Plan::new(self.visible(), transaction.actions.len(), Kept::Checked);
            let keys = transaction.keys(claim.as_ref());
            let mut found = self.get_unverified(&keys).await?.into_iter();
            if let Some(claim) = &claim {
                let records: Vec<_> = found.by_ref().take(WINDOWS).collect();
                if let Some(outcome) = claim.known_outcome(&records)? {
                    return Ok(outcome);
                }
                claim.check(&records, &mut plan);
            }
            let firsts = self.plan_actions(&mut plan, &mut transaction.actions, found).await?;
            if let Some(claim) = &claim {
                claim.record(&mut plan);
                self.remove_tokens_before(claim.window, &mut plan).await?;
            }
            let check = match self.commit_plan(plan).await? {
                Attempt::Committed(written) => {
                    if let Some(claim) = &claim {
                        self.engine.token_windows.cleared.fetch_max(claim.window, Ordering::Relaxed);
                    }
                    return Ok(Outcome::Done(written));
                }
                Attempt::Conflict { check } => check,
            };
            if !conflicts.may_go_on(self.engine) {
                return Err(conflict(check, &firsts));
            }
            self.refresh_tables(transaction.actions.iter_mut().flatten()).await?;
        }
    }

    /// Removes the tokens that are over, once in every window. The store is asked first: a range that is removed costs later reads
    /// something, and mostly there is nothing to remove.
    async fn remove_tokens_before(&self, window: u32, plan: &mut Plan) -> Result<(), Error> {
        if window <= self.engine.token_windows.cleared.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Range { from, to } = keys::tokens_before(window.saturating_sub(1));
        let scan =
            Scan { from: from.clone(), to: to.clone(), direction: Direction::Forward, max_entries: 1, max_bytes: 1 };
        if !self.scan(scan).await?.is_empty() {
            plan.batch.delete_range(from, to);
        }
        Ok(())
    }

    /// Asks every action. Returns for each the index of the first check that belongs to it.
    async fn plan_actions(
        &self,
        plan: &mut Plan,
        actions: &mut [Result<ItemWrite<'_>, Error>],
        mut found: impl Iterator<Item = Option<Versioned>>,
    ) -> Result<Vec<usize>, Error> {
        let mut firsts = Vec::with_capacity(actions.len());
        let mut planned = Vec::with_capacity(actions.len());
        for action in actions {
            firsts.push(plan.batch.checks.len());
            planned.push(match action {
                Ok(write) => self.plan_write(plan, write, found.next().flatten()).await,
                Err(refusal) => Err(refusal.clone()),
            });
        }
        if planned.iter().any(Result::is_err) {
            let told = |one: Result<Option<Error>, Error>| one.and_then(|told| told.map_or(Ok(()), Err));
            return Err(cancelled(planned.into_iter().map(told).collect()));
        }
        if plan.put_size > limits::TRANSACTION_SIZE_MAX {
            return Err(messages::transaction_too_large());
        }
        Ok(firsts)
    }
}

/// What the parts of a transaction came to, if none was refused.
///
/// # Errors
/// TransactionCanceledException, with the reason of each part.
pub fn uncancelled<T>(parts: Vec<Result<T, Error>>) -> Result<Vec<T>, Error> {
    if parts.iter().all(Result::is_ok) {
        return Ok(parts.into_iter().flatten().collect());
    }
    Err(cancelled(parts))
}

/// The cancellation for what refused some parts of a transaction.
pub fn cancelled<T>(parts: Vec<Result<T, Error>>) -> Error {
    let reason = |part: Result<T, Error>| part.err().map_or_else(|| Ok(messages::no_reason()), messages::reason_of);
    parts.into_iter().map(reason).collect::<Result<_, _>>().map_or_else(|error| error, messages::transaction_canceled)
}

/// Refuses two parts of a transaction with one key.
pub fn expect_distinct<'k>(keys: impl Iterator<Item = &'k ItemKey>) -> Result<(), Error> {
    if key::are_distinct(keys) { Ok(()) } else { Err(messages::several_operations_on_one_item()) }
}

/// Whom a check that never held belongs to: the action before whose successor it stands. Those before all actions are the token's.
fn conflict(check: usize, firsts: &[usize]) -> Error {
    let Some(busy) = firsts.partition_point(|first| *first <= check).checked_sub(1) else {
        return messages::transaction_in_progress();
    };
    let part = |at| if at == busy { Err(messages::transaction_conflict()) } else { Ok(()) };
    cancelled((0..firsts.len()).map(part).collect())
}

/// How many windows a token may stand in: its own, and for clocks that differ or tick meanwhile one before and one behind.
const WINDOWS: usize = 3;

/// The windows that this server has seen, so that what is over is removed once.
#[derive(Debug, Default)]
pub struct TokenWindows {
    /// The newest window before which all was removed, by a transaction that was committed.
    cleared: AtomicU32,
}

/// A token's places in the store at this moment.
struct Claim<'t> {
    token: Token<'t>,
    now_ms: u64,
    window: u32,
    /// The keys of the windows, oldest first.
    places: [Bytes; WINDOWS],
}

impl<'t> Claim<'t> {
    fn new(context: &Context<'_>, token: Token<'t>) -> Self {
        let now_ms = context.engine.clock.now().as_millis();
        // A window's number fits for the next eighty thousand years.
        let window = u32::try_from(now_ms / limits::TOKEN_VALIDITY_MS).unwrap_or(u32::MAX - 1);
        let place = |window| keys::token(window, token.operation, &context.caller.account, token.text);
        let places = [place(window.saturating_sub(1)), place(window), place(window + 1)];
        Self { token, now_ms, window, places }
    }

    /// The outcome of the transaction that was carried out with this token, if there is one that still counts. `records` are what stands
    /// in the places.
    fn known_outcome(&self, records: &[Option<Versioned>]) -> Result<Option<Outcome>, Error> {
        for (key, found) in self.places.iter().zip(records) {
            let Some(found) = found else { continue };
            let record = TokenRecord::decode(&found.value).map_err(|_| corrupted(key))?;
            if record.written_at_ms.saturating_add(limits::TOKEN_VALIDITY_MS) <= self.now_ms {
                continue;
            }
            if record.digest != self.token.digest {
                return Err(messages::idempotent_parameter_mismatch());
            }
            return Ok(Some(Outcome::Repeated { sizes: record.sizes }));
        }
        Ok(None)
    }

    /// Checks that nobody else has used the token meanwhile.
    fn check(&self, records: &[Option<Versioned>], plan: &mut Plan) {
        for (key, found) in self.places.iter().zip(records) {
            plan.batch.check_since(key.clone(), found.as_ref().map(|found| found.version), plan.as_of);
        }
    }

    /// Records the token.
    fn record(&self, plan: &mut Plan) {
        let sizes = plan.written().iter().map(|written| written.larger_size() as u32).collect();
        let record = TokenRecord { written_at_ms: self.now_ms, digest: self.token.digest, sizes };
        let [_, own, _] = &self.places;
        plan.batch.set(own.clone(), record.encode());
    }
}
