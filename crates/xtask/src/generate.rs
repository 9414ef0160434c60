//! `generate`: writes `crates/api/src/generated` from the service models in `crates/api/model`.
//!
//! The flow: load both models, join them, find the shapes that the served operations use (`plan`), turn shapes into Rust (`structures`,
//! `enums`, `errors`, `operations`), format with rustfmt, then write or compare. Facts about AWS that the models do not state are in
//! `tables`.

mod decode;
mod encode;
mod enums;
mod errors;
mod names;
mod operations;
mod plan;
mod structures;
mod tables;
mod types;

use crate::Outcome;
use crate::service_model::ServiceModel;
use plan::Plan;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What to do with the generated text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Write the files.
    Write,
    /// Fail if a file differs.
    Check,
}

/// Generates everything.
pub fn run(mode: Mode) -> Outcome {
    let folder = crate::root().join("crates/api/src/generated");
    let models = crate::root().join("crates/api/model");
    let dynamodb = ServiceModel::load(&models.join("dynamodb.json"))?;
    let streams = ServiceModel::load(&models.join("dynamodbstreams.json"))?;
    let mut files = BTreeMap::new();
    for (name, text) in files_of(&dynamodb, &streams)? {
        files.insert(folder.join(&name), format(&text).map_err(|error| format!("{name}: {error}"))?);
    }
    match mode {
        Mode::Write => write_all(&folder, &files),
        Mode::Check => compare(&folder, &files),
    }
}

/// File names and their unformatted text.
fn files_of(dynamodb: &ServiceModel, streams: &ServiceModel) -> Result<Vec<(String, String)>, String> {
    let joined = dynamodb.joined(streams)?;
    let plan = Plan::new(&joined);
    let mut files = vec![
        ("operations.rs".to_owned(), operations::file(dynamodb, streams)),
        ("requests.rs".to_owned(), operations::requests(&plan)),
        ("enums.rs".to_owned(), enums::file(&plan)),
        ("errors.rs".to_owned(), errors::file(dynamodb, streams)),
    ];
    let mut modules: Vec<String> = ["enums", "errors", "operations", "requests"].map(str::to_owned).to_vec();
    for group in plan.groups() {
        files.push((format!("{group}.rs"), structures::file(&plan, group)));
        modules.push(group.to_owned());
    }
    modules.sort();
    files.push(("mod.rs".to_owned(), root_module(&modules)));
    Ok(files)
}

fn root_module(modules: &[String]) -> String {
    let mut text = String::from(
        "//! Types of the DynamoDB API, generated from AWS's service models by `cargo xtask generate`. Do not edit.\n\n\
         // Member names are DynamoDB's and documented by AWS; a decoder is as long as its structure has members.\n\
         #![allow(missing_docs, clippy::too_many_lines)]\n\n",
    );
    for module in modules {
        text.push_str(&format!("mod {module};\n"));
    }
    for module in modules {
        text.push_str(&format!("pub use {module}::*;\n"));
    }
    text
}

fn write_all(folder: &PathBuf, files: &BTreeMap<PathBuf, String>) -> Outcome {
    for stale in present(folder).into_iter().filter(|path| !files.contains_key(path)) {
        std::fs::remove_file(&stale).map_err(|error| format!("{}: {error}", stale.display()))?;
    }
    files.iter().try_for_each(|(path, text)| crate::write(path, text))
}

fn compare(folder: &PathBuf, files: &BTreeMap<PathBuf, String>) -> Outcome {
    let differs = |(path, text): &(&PathBuf, &String)| crate::read(path).ok().as_ref() != Some(*text);
    let mut stale: Vec<PathBuf> = files.iter().filter(differs).map(|(path, _)| path.clone()).collect();
    stale.extend(present(folder).into_iter().filter(|path| !files.contains_key(path)));
    if stale.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = stale.iter().map(|path| path.display().to_string()).collect();
    Err(format!("run `cargo xtask generate`; these differ from the model:\n{}", names.join("\n")))
}

fn present(folder: &PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect()
}

/// Formats with rustfmt, under the workspace's own settings.
fn format(text: &str) -> Result<String, String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(crate::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes()).map_err(|error| format!("rustfmt: {error}"))?;
    }
    let output = child.wait_with_output().map_err(|error| format!("rustfmt: {error}"))?;
    if !output.status.success() {
        return Err("rustfmt refused the generated text".to_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
