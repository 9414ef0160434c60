//! One connection: how it is made, what its session is set to, and its prepared statements.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use runtime::Clock;
use storage::{Figure, StoreError};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Row, Statement};

use crate::error::{self, Class, Failure, classify};
use crate::hosts::each_host;
use crate::sql::Name;
use crate::tls::Tls;
use crate::{OpenError, PostgresSettings};

/// For how long one attempt to connect to one host may take, until its session is set up.
const CONNECT_MAX: Duration = Duration::from_secs(3);

/// How often somebody who waits looks whether the database answers others.
const LOOK_PAUSE: Duration = Duration::from_millis(250);

/// For how long a statement waits for a lock before the transaction is undone and tried again.
const LOCK_WAIT: &str = "2s";

/// For how long the preparation of all statements may take.
const PREPARE_MAX: Duration = Duration::from_secs(10);

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
    /// One for each host. A host that takes connections and does not answer must not keep from the next one.
    hosts: Vec<Config>,
    /// The host that was connected to last.
    last: AtomicUsize,
    /// Whether the database answered when it was asked last; see health.rs.
    answers: AtomicBool,
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
            hosts: each_host(&config),
            last: AtomicUsize::new(0),
            answers: AtomicBool::new(true),
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
    pub async fn bare(&self) -> Result<Client, Failure> {
        let mut outcome = Err(Failure::NoAnswer);
        let first = self.last.load(Ordering::Relaxed);
        for turn in 0..self.hosts.len() {
            let host = (first + turn) % self.hosts.len();
            let session = self.session(&self.hosts[host]);
            outcome = self.clock.timeout(CONNECT_MAX, session).await.unwrap_or(Err(Failure::NoAnswer));
            if outcome.is_ok() {
                self.last.store(host, Ordering::Relaxed);
                break;
            }
        }
        outcome
    }

    async fn session(&self, host: &Config) -> Result<Client, Failure> {
        let (client, connection) = host.connect(self.tls.clone()).await?;
        self.connections.fetch_add(1, Ordering::Relaxed);
        // Ends when the client is dropped or the connection breaks, which the client's next call notices.
        runtime::spawn(async move { connection.await.ok() });
        let waits = format!("SET lock_timeout = '{LOCK_WAIT}'");
        let settings = SESSION.into_iter().chain([waits.as_str()]);
        for outcome in join_all(settings.map(|statement| client.batch_execute(statement))).await {
            // What a database does not know it does without.
            match outcome {
                Err(error) if error.code().is_none() => return Err(error.into()),
                Ok(()) | Err(_) => (),
            }
        }
        Ok(client)
    }

    /// A connection with all statements prepared.
    pub async fn link(&self) -> Result<Link, Failure> {
        let client = self.bare().await?;
        let texts: Vec<String> = Name::ALL.iter().map(|name| name.text(&self.schema)).collect();
        let prepared = try_join_all(texts.iter().map(|text| client.prepare(text)));
        let statements = self.wait(PREPARE_MAX, prepared).await.ok_or(Failure::NoAnswer)??;
        Ok(Link { client, statements })
    }

    /// Whether the database answered when it was asked last.
    pub fn answers(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
    }

    /// Notes whether the database answers.
    pub fn note_answer(&self, answers: bool) {
        self.answers.store(answers, Ordering::Relaxed);
    }

    /// Waits for something of the database's: for so long at most, and while the database answers nobody, for no longer than calls go on
    /// trying. What takes long is not taken for lost, and what is lost does not take long.
    pub async fn wait<F: Future>(&self, most: Duration, awaited: F) -> Option<F::Output> {
        let started = self.clock.moment();
        let mut awaited = pin!(awaited);
        let mut pause = self.patience.min(most);
        loop {
            if let Ok(output) = self.clock.timeout(pause, awaited.as_mut()).await {
                return Some(output);
            }
            if most <= self.clock.moment().since(started) || !self.answers() {
                return None;
            }
            pause = LOOK_PAUSE;
        }
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

impl Link {
    /// Runs a prepared statement for its rows.
    pub async fn query(&self, name: Name, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        Ok(self.client.query(&self.statements[name as usize], parameters).await?)
    }

    /// Runs a prepared statement for what it does.
    pub async fn run(&self, name: Name, parameters: &[&(dyn ToSql + Sync)]) -> Result<(), Failure> {
        self.client.execute(&self.statements[name as usize], parameters).await?;
        Ok(())
    }

    /// Begins a transaction whose statements each see all that was committed before they began.
    pub async fn begin(&self) -> Result<(), Failure> {
        Ok(self.client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED").await?)
    }

    /// Commits. Also answers without an error when an earlier one undid the transaction.
    pub async fn commit(&self) -> Result<(), Failure> {
        Ok(self.client.batch_execute("COMMIT").await?)
    }

    /// Undoes a transaction.
    pub async fn rollback(&self) -> Result<(), Failure> {
        Ok(self.client.batch_execute("ROLLBACK").await?)
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
    pub async fn again(&mut self, failure: Failure) -> Result<(), StoreError> {
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

    /// Waits a little, longer each time.
    pub async fn wait(&mut self) {
        self.connector.retries.fetch_add(1, Ordering::Relaxed);
        self.connector.clock.sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_millis(200));
    }
}
