//! Taking over the jobs of tables whose server is gone. A server that starts looks once for unfinished work; where several servers run, one
//! of them also looks now and then.

use super::periodic::{Chore, Due};
use crate::Engine;
use std::time::Duration;
use storage::StoreError;

/// How often unfinished work is looked for.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

/// Starts the jobs of all tables that have work to be done. One that runs elsewhere has its lease, and is left to it.
pub(super) struct Unfinished;

impl Chore for Unfinished {
    const WHAT: &'static str = "taking over unfinished work";

    async fn run(&mut self, engine: &Engine) -> Result<Due, StoreError> {
        engine.start_unfinished().await?;
        Ok(Due::Later)
    }
}
