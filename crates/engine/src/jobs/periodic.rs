//! Work that comes with time: deleting what has expired, dividing what is hot, removing what is over.

use super::lease;
use crate::Engine;
use std::sync::Weak;
use std::time::Duration;
use storage::StoreError;

/// Work that is done again and again.
pub(super) trait Chore: Send + 'static {
    /// What it does, for the log.
    const WHAT: &'static str;

    /// Of several servers over one store, how many do it.
    const SHARED: Share = Share::One;

    /// Does what is due now, or a part of it.
    fn run(&mut self, engine: &Engine) -> impl Future<Output = Result<Due, StoreError>> + Send;
}

/// How many of several servers do a chore.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Share {
    /// One, which has the lease.
    One,
    /// Each does its own.
    All,
}

/// When a chore is to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    /// At once: there is more to do.
    Now,
    /// After its pause.
    Later,
}

/// What a chore does about a failure with one table or stream: it is logged, waits for the next time, and keeps no other. Only a store that
/// is closed ends the chore.
pub(super) fn keep_no_other<C: Chore>(outcome: Result<(), StoreError>) -> Result<(), StoreError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(StoreError::Closed) => Err(StoreError::Closed),
        Err(error) => {
            tracing::error!(chore = C::WHAT, %error, "a part of a job failed and will be tried again");
            Ok(())
        }
    }
}

/// Does a chore, pauses, and so on until the engine or its store is gone. A failure is logged, and waits for the next time.
pub(super) fn start<C: Chore>(engine: &Weak<Engine>, pause: Duration, mut chore: C) {
    let engine = engine.clone();
    runtime::spawn(async move {
        loop {
            let Some(running) = engine.upgrade() else { return };
            let clock = running.clock.clone();
            let due = match turn(&running, &mut chore).await {
                Ok(due) => due,
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!(chore = C::WHAT, %error, "a job failed and will be tried again");
                    Due::Later
                }
            };
            // Nobody's work must keep a store open that nobody uses any more.
            drop(running);
            match due {
                Due::Now => runtime::give_way().await,
                Due::Later => clock.sleep(pause).await,
            }
        }
    });
}

async fn turn<C: Chore>(engine: &Engine, chore: &mut C) -> Result<Due, StoreError> {
    let is_ours = C::SHARED == Share::All || lease::hold(engine, C::WHAT).await?;
    if is_ours { chore.run(engine).await } else { Ok(Due::Later) }
}
