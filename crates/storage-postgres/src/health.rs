//! Whether the database answers: asked again and again, on a connection that serves nothing else.
//!
//! A read or a commit may take long and be well; a question that takes no work does not. So this says whether what takes long is worth
//! waiting for, and it is what a server tells of itself, so that clients are sent to others. Nothing that is true or false of the data is
//! decided by it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio_postgres::Client;

use crate::error::Failure;
use crate::link::Connector;

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(1);

/// For how long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// Somebody wants to know.
pub struct Health;

impl Health {
    /// Asks from now on, until what is returned is dropped, and tells the connector.
    pub fn watch(connector: Arc<Connector>) -> Arc<Self> {
        let health = Arc::new(Self);
        runtime::spawn(watch(connector, Arc::downgrade(&health)));
        health
    }
}

async fn watch(connector: Arc<Connector>, health: Weak<Health>) {
    let mut client = None;
    let mut was_lost = false;
    loop {
        // A connection that was lost may be all that is wrong: that shows at once.
        if !was_lost {
            connector.clock().sleep(PAUSE).await;
        }
        let had_one = client.is_some();
        let answered = ask(&connector, &mut client).await.is_ok_and(|answered| answered);
        if !answered {
            client = None;
        }
        was_lost = had_one && !answered;
        if health.strong_count() == 0 {
            return;
        }
        connector.note_answer(answered);
    }
}

/// Whether there is an answer in time. Connecting has its own time, for each of the addresses.
async fn ask(connector: &Connector, client: &mut Option<Client>) -> Result<bool, Failure> {
    let client = match client {
        Some(client) => client,
        None => client.insert(connector.bare().await?),
    };
    match connector.clock().timeout(ANSWER_MAX, client.batch_execute("SELECT 1")).await {
        Ok(answer) => Ok(answer.map(|()| true)?),
        Err(_) => Ok(false),
    }
}
