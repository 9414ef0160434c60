//! One connection: how it is made, what its session is set to, and its prepared statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use runtime::Clock;
use storage::{Figure, StoreError};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, Row, Statement};

use crate::error::{self, Class, classify};
use crate::sql::Name;
use crate::tls::Tls;
use crate::{OpenError, PostgresSettings};

/// For how long one attempt to connect may take.
const CONNECT_MAX: Duration = Duration::from_secs(3);

/// For how long a statement waits for a lock before the transaction is undone and tried again.
const LOCK_WAIT: &str = "2s";

/// What a session is set to, each where the database knows the setting. Ranges and keys are always found through the primary key; the
/// planner, which has to plan before it knows how large the tables will be, is kept from all other ways, and plans once.
const SESSION: [&str; 9] = [
    "SET enable_seqscan = off",
    "SET enable_bitmapscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET plan_cache_mode = force_generic_plan",
    "SET jit = off",
    // A server that dies in the middle of sending a commit leaves its locks for no longer than this.
    "SET idle_in_transaction_session_timeout = '10s'",
    // A commit that returns is durable, also where the database's default is otherwise.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    "SET client_min_messages = warning",
];

/// Makes connections.
pub struct Connector {
    config: Config,
    tls: Tls,
    clock: Clock,
    /// The schema of the store's tables.
    pub schema: String,
    /// For how long calls go on trying.
    pub patience: Duration,
    /// How often something was sent and waited for, by all connections of the store.
    pub round_trips: Arc<AtomicU64>,
    /// How many connections were made.
    connections: AtomicU64,
    /// How often a call waited before it tried again, because the database was away or another commit was in the way.
    retries: AtomicU64,
}

/// A connection, ready to be used by many at once.
pub struct Link {
    /// Sends statements.
    pub client: Client,
    statements: Vec<Statement>,
}

impl Connector {
    /// Checks the settings; nothing is connected yet.
    ///
    /// # Errors
    /// [`OpenError::Settings`].
    pub fn new(settings: &PostgresSettings) -> Result<Self, OpenError> {
        let mut config: Config =
            settings.url.parse().map_err(|error| OpenError::Settings(format!("the database's address: {error}")))?;
        config.target_session_attrs(TargetSessionAttrs::ReadWrite).connect_timeout(CONNECT_MAX);
        if config.get_application_name().is_none() {
            config.application_name("stator");
        }
        config.keepalives_idle(Duration::from_secs(15)).tcp_user_timeout(Duration::from_secs(15));
        let tls = Tls::new(config.get_ssl_mode(), settings.root_certificates.as_deref())?;
        let valid = |(index, byte): (usize, u8)| {
            byte == b'_' || byte.is_ascii_lowercase() || (0 < index && byte.is_ascii_digit())
        };
        if settings.schema.is_empty() || settings.schema.len() > 60 || !settings.schema.bytes().enumerate().all(valid) {
            return Err(OpenError::Settings(format!("{:?} is no name for a schema", settings.schema)));
        }
        Ok(Self {
            config,
            tls,
            clock: settings.clock.clone(),
            schema: settings.schema.clone(),
            patience: settings.patience,
            round_trips: Arc::default(),
            connections: AtomicU64::new(0),
            retries: AtomicU64::new(0),
        })
    }

    /// A connection on which nothing is prepared.
    pub async fn bare(&self) -> Result<Client, Error> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        self.connections.fetch_add(1, Ordering::Relaxed);
        // Ends when the client is dropped or the connection breaks, which the client's next call notices.
        runtime::spawn(async move { connection.await.ok() });
        // What a database does not know it does without.
        for statement in SESSION {
            match client.batch_execute(statement).await {
                Err(error) if error.code().is_none() => return Err(error),
                Ok(()) | Err(_) => (),
            }
        }
        client.batch_execute(&format!("SET lock_timeout = '{LOCK_WAIT}'")).await.or_else(tolerate)?;
        Ok(client)
    }

    /// A connection with all statements prepared.
    pub async fn link(&self) -> Result<Link, Error> {
        let client = self.bare().await?;
        let texts: Vec<String> = Name::ALL.iter().map(|name| name.text(&self.schema)).collect();
        let statements = try_join_all(texts.iter().map(|text| client.prepare(text))).await?;
        Ok(Link { client, statements })
    }

    /// Counts one round trip.
    pub fn count(&self) {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted since the store was opened.
    pub fn figures(&self) -> Vec<Figure> {
        let figure = |name, help, count: &AtomicU64| Figure { name, help, count: count.load(Ordering::Relaxed) };
        vec![
            figure("round_trips", "Times that something was sent to the database and waited for.", &self.round_trips),
            figure("connections", "Connections to the database that were made.", &self.connections),
            figure("retries", "Times that a call waited before it tried again.", &self.retries),
        ]
    }

    /// The clock of the settings.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The time that a call has.
    pub fn attempts(&self, doing: &'static str) -> Attempts<'_> {
        Attempts { connector: self, doing, started: self.clock.moment(), pause: Duration::from_millis(2) }
    }
}

/// A database that lacks a setting is used without it.
fn tolerate(error: Error) -> Result<(), Error> {
    if error.code().is_some() { Ok(()) } else { Err(error) }
}

impl Link {
    /// Runs a prepared statement for its rows.
    pub async fn query(&self, name: Name, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.client.query(&self.statements[name as usize], parameters).await
    }

    /// Runs a prepared statement for what it does.
    pub async fn run(&self, name: Name, parameters: &[&(dyn ToSql + Sync)]) -> Result<(), Error> {
        self.client.execute(&self.statements[name as usize], parameters).await.map(drop)
    }

    /// Begins a transaction whose statements each see all that was committed before they began.
    pub async fn begin(&self) -> Result<(), Error> {
        self.client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED").await
    }

    /// Commits. Also answers without an error when an earlier one undid the transaction.
    pub async fn commit(&self) -> Result<(), Error> {
        self.client.batch_execute("COMMIT").await
    }

    /// Undoes a transaction.
    pub async fn rollback(&self) -> Result<(), Error> {
        self.client.batch_execute("ROLLBACK").await
    }

    /// Whether nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }
}

/// Says for how long a call goes on after failures that pass.
pub struct Attempts<'a> {
    connector: &'a Connector,
    doing: &'static str,
    started: runtime::Moment,
    pause: Duration,
}

impl Attempts<'_> {
    /// Waits a little before the next attempt after this failure, longer each time.
    ///
    /// # Errors
    /// The failure itself, when it does not pass by itself or when the time is over.
    pub async fn again(&mut self, failure: Error) -> Result<(), StoreError> {
        if classify(&failure) == Class::Failed || self.is_over() {
            return Err(error::translate(self.doing, failure));
        }
        self.wait().await;
        Ok(())
    }

    /// The same where no error of the client tells why.
    pub async fn again_because(&mut self, reason: &'static str) -> Result<(), StoreError> {
        if self.is_over() {
            return Err(error::reason(self.doing, reason));
        }
        self.wait().await;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.connector.patience < self.connector.clock.moment().since(self.started)
    }

    async fn wait(&mut self) {
        self.connector.retries.fetch_add(1, Ordering::Relaxed);
        self.connector.clock.sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_millis(200));
    }
}
