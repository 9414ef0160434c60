//! `cargo xtask <command>`: code generation and the checks of the tree that compilers do not make.
//!
//! Each command is one module; nothing of the product depends on this crate.

// A command line tool talks to the terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod check_layers;
mod generate;
mod import_model;
mod service_model;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What every command returns; the text says what is wrong and what to do.
type Outcome = Result<(), String>;

const USAGE: &str = "usage: cargo xtask <command>
  import-model <dir>   refresh crates/api/model from an unpacked botocore package (the folder that holds data/)
  generate [--check]   write crates/api/src/generated; with --check only compare
  check-layers         fail if a crate depends on one of its own or a higher layer
  tidy                 file headers, file lengths, left-over markers";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["import-model", package] => import_model::run(Path::new(package)),
        ["generate"] => generate::run(generate::Mode::Write),
        ["generate", "--check"] => generate::run(generate::Mode::Check),
        ["check-layers"] => check_layers::run(),
        ["tidy"] => tidy::run(),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace, as Cargo names it to what it runs. Not the folder in which this was compiled: checkouts share what is built.
fn root() -> PathBuf {
    let mut root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    root.pop();
    root.pop();
    root
}

/// Reads a text file of the workspace.
fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes a text file, with the folders above it.
fn write(path: &Path, text: &str) -> Outcome {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
