//! `stator serve`: opens the store, starts the engine's jobs, serves until it is told to stop, and closes the store.

use crate::config::{Database, Durability, Place, Settings};
use crate::keys::{Absence, Secrets};
use crate::{access, listening, log, pages};
use engine::Engine;
use engine::policies::Principals;
use runtime::{Clock, Random, Workers};
use server::audit::Audit;
use server::{Dispatch, Limits, Server, Tls};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use storage::{Memory, Store};
use storage_local::{LocalSettings, LocalStore};
use storage_postgres::{PostgresSettings, PostgresStore};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the server to its end.
///
/// # Errors
/// Why it could not start, or could not end well.
pub fn run(settings: &Settings) -> Result<ExitCode, String> {
    log::start(&settings.log_level, settings.log_format)?;
    server::log_panics();
    pages::choose(settings.memory_bytes);
    let workers = Arc::new(Workers::default());
    let resting = workers.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_park(move || resting.rest())
        .build()
        .map_err(|problem| format!("cannot start the runtime: {problem}"))?;
    runtime.block_on(serve(settings, workers))
}

async fn serve(settings: &Settings, workers: Arc<Workers>) -> Result<ExitCode, String> {
    let (store, secrets) = open(settings, workers).await?;
    let clock = Clock::system();
    let engine_settings = engine::Settings { master_key: secrets.encrypting(), ..settings.engine.clone() };
    let authenticator = access::authenticator(settings, &store, &secrets, &clock).await?;
    let principals = authenticator.clone().map(|known| Arc::new(access::Known(known)) as Arc<dyn Principals>);
    let engine = Engine::new(store.clone(), clock.clone(), Random::system(), engine_settings);
    let engine = Arc::new(Engine { principals, ..engine });
    engine.start_jobs().await.map_err(|problem| format!("cannot read the tables: {problem}"))?;
    let access = access::open(settings, authenticator, &clock).await?;
    let audit = open_audit(settings, &clock)?;
    let server_settings = server::Settings {
        region: settings.engine.region.clone(),
        limits: Limits::default(),
        guard: access.guard.clone(),
        audit: audit.clone(),
    };
    let service = Dispatch::new(engine, settings.accounts.first().cloned().unwrap_or_default());
    let server = Server::new(service, server_settings, clock.clone(), Random::system());
    let stop = stop().map_err(|problem| format!("cannot watch for signals: {problem}"))?;
    let hangup = hangup(settings).map_err(|problem| format!("cannot watch for signals: {problem}"))?;
    let listening = listening::open(settings, &clock)?;
    renew_on(hangup, listening.tls.clone(), audit.clone());
    access.announce();
    listening.announce(settings)?;
    tracing::info!(master_key = %secrets, "keys");
    let finished = server.run(listening.listeners, stop).await;
    if let Some(audit) = audit {
        audit.close().await;
    }
    store.close().await.map_err(|problem| format!("cannot close the store: {problem}"))?;
    tracing::info!(finished, "stopped");
    Ok(ExitCode::SUCCESS)
}

fn open_audit(settings: &Settings, clock: &Clock) -> Result<Option<Arc<Audit>>, String> {
    let Some(path) = &settings.audit else { return Ok(None) };
    let audit = Audit::open(path.clone(), clock.clone(), Random::system());
    audit.map(Some).map_err(|problem| format!("{}: {problem}", path.display()))
}

/// From now on SIGHUP does not end the process, if there is anything to renew.
fn hangup(settings: &Settings) -> std::io::Result<Option<Signal>> {
    let has_files = settings.tls.is_some() || settings.audit.is_some();
    has_files.then(|| signal(SignalKind::hangup())).transpose()
}

/// With every SIGHUP the audit log is opened anew and a new certificate is looked for.
fn renew_on(hangup: Option<Signal>, tls: Option<Arc<Tls>>, audit: Option<Arc<Audit>>) {
    let Some(mut hangup) = hangup else { return };
    runtime::spawn(async move {
        while hangup.recv().await.is_some() {
            if let Some(audit) = &audit {
                audit.reopen().await;
            }
            if let Some(tls) = &tls {
                tls.renew();
            }
        }
    });
}

/// The store, and what seals secrets in it.
async fn open(settings: &Settings, workers: Arc<Workers>) -> Result<(Arc<dyn Store>, Secrets), String> {
    let choice = settings.master_key.as_ref();
    match &settings.place {
        Place::Memory => Ok((Arc::new(Memory::default()), Secrets::shared(choice, Absence::Made)?)),
        Place::Directory(dir) => open_directory(settings, dir, workers).await,
        Place::Database(database) => {
            let secrets = Secrets::shared(choice, Absence::Refused)?;
            Ok((Arc::new(open_database(database).await?), secrets))
        }
    }
}

/// Opens the store in a database.
///
/// # Errors
/// Why that cannot be done.
pub async fn open_database(database: &Database) -> Result<PostgresStore, String> {
    let mut settings = PostgresSettings::new(&database.url);
    settings.schema = database.schema.clone().unwrap_or(settings.schema);
    settings.root_certificates = database.certificates.clone();
    settings.readers = database.readers.map_or(settings.readers, usize::from);
    settings.writers = database.writers.map_or(settings.writers, usize::from);
    PostgresStore::open(&settings).await.map_err(|problem| problem.to_string())
}

async fn open_directory(
    settings: &Settings,
    dir: &Path,
    workers: Arc<Workers>,
) -> Result<(Arc<dyn Store>, Secrets), String> {
    let durability = match settings.durability {
        Durability::Sync => storage_local::Durability::Sync,
        Durability::Relaxed => storage_local::Durability::Relaxed,
    };
    let keys = match &settings.master_key {
        Some(choice) => Some(choice.open_directory(dir).await?),
        None => None,
    };
    let secrets = keys.clone().map_or(Secrets::None, Secrets::Directory);
    let local = LocalSettings {
        durability,
        memory_bytes: settings.memory_bytes,
        keys,
        soundness: Some(layout::is_sound),
        workers: Some(workers),
        ..LocalSettings::new(dir)
    };
    let store = LocalStore::open(&local).map_err(|problem| problem.to_string())?;
    Ok((Arc::new(store), secrets))
}

/// Ready when the process is told to stop.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
    })
}
