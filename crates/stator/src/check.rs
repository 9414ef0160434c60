//! `stator check`: looks through a data directory that no server has open. It changes nothing.

use crate::config::CheckFlags;
use crate::log;
use std::process::ExitCode;
use storage_local::{LocalSettings, LocalStore};

/// Checks a data directory and prints what was found. The exit code says whether anything is wrong.
///
/// # Errors
/// When the directory cannot be read.
pub fn run(flags: &CheckFlags) -> Result<ExitCode, String> {
    let store = LocalStore::open_read_only(&LocalSettings::new(&flags.data)).map_err(|problem| problem.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|problem| format!("cannot start the runtime: {problem}"))?;
    let report = runtime.block_on(engine::check::check(&store)).map_err(|problem| problem.to_string())?;
    log::say(report.to_string().trim_end());
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
