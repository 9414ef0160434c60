//! `stator check`: looks through the data that no server uses. It changes nothing.

use crate::config::{CheckFlags, Database};
use crate::{log, serve};
use std::process::ExitCode;
use std::sync::Arc;
use storage::Store;
use storage_local::{LocalSettings, LocalStore};

/// Checks a data directory or a database and prints what was found. The exit code says whether anything is wrong.
///
/// # Errors
/// When it cannot be read.
pub fn run(flags: &CheckFlags) -> Result<ExitCode, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|problem| format!("cannot start the runtime: {problem}"))?;
    let (principals, report) = runtime.block_on(async {
        let store = open(flags).await?;
        let principals = auth::check::check(&*store).await.map_err(|problem| problem.to_string())?;
        let report = engine::check::check(&*store).await.map_err(|problem| problem.to_string())?;
        Ok::<_, String>((principals, report))
    })?;
    principals.iter().for_each(|fault| log::say(&fault.to_string()));
    log::say(report.to_string().trim_end());
    Ok(if report.is_clean() && principals.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn open(flags: &CheckFlags) -> Result<Arc<dyn Store>, String> {
    if let Some(url) = &flags.store {
        let schema = flags.store_schema.clone();
        let database = Database { url: url.clone(), schema, certificates: None, readers: None, writers: None };
        return Ok(Arc::new(serve::open_database(&database).await?));
    }
    let dir = flags.data.as_ref().ok_or("neither --data nor --store says what to check")?;
    let keys = match flags.keys.choice()? {
        Some(choice) => Some(choice.open_directory(dir).await?),
        None => None,
    };
    let settings = LocalSettings { keys, ..LocalSettings::new(dir) };
    let store = LocalStore::open_read_only(&settings).map_err(|problem| problem.to_string())?;
    Ok(Arc::new(store))
}
