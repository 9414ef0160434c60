//! The log: one line per event on standard error. What a person asked for on the command line is answered there too.

use crate::config::LogFormat;
use std::io::Write;
use tracing_subscriber::EnvFilter;

/// Starts logging.
///
/// # Errors
/// When the filter is none.
pub fn start(level: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(level).map_err(|problem| format!("--log-level {level}: {problem}"))?;
    let events = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match format {
        LogFormat::Json => events.json().flatten_event(true).init(),
        LogFormat::Text => events.with_ansi(false).init(),
    }
    Ok(())
}

/// Tells why the command failed.
pub fn complain(problem: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr(), "stator: {problem}");
}

/// Answers on standard output.
pub fn say(text: &str) {
    let mut out = std::io::stdout();
    // Whoever reads this line waits for it; a closed pipe means that nobody does.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
