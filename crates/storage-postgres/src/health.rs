//! Whether the database answers: asked again and again, on a connection that serves nothing else.
//!
//! A read or a commit may take long and be well; a question that takes no work does not. Nothing is decided by this: it is what a server
//! tells of itself, so that clients are sent to others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio_postgres::{Client, Error};

use crate::link::Connector;

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(1);

/// For how long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// What was found out last.
pub struct Health {
    answers: AtomicBool,
}

impl Health {
    /// Asks from now on, until what is returned is dropped.
    pub fn watch(connector: Arc<Connector>) -> Arc<Self> {
        let health = Arc::new(Self { answers: true.into() });
        runtime::spawn(watch(connector, Arc::downgrade(&health)));
        health
    }

    /// Whether the database answered when it was asked last.
    pub fn answers(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
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
        let Some(health) = health.upgrade() else { return };
        health.answers.store(answered, Ordering::Relaxed);
    }
}

/// Whether there is an answer in time. Connecting has its own time, for each of the addresses.
async fn ask(connector: &Connector, client: &mut Option<Client>) -> Result<bool, Error> {
    let client = match client {
        Some(client) => client,
        None => client.insert(connector.bare().await?),
    };
    match connector.clock().timeout(ANSWER_MAX, client.batch_execute("SELECT 1")).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Ok(false),
    }
}
