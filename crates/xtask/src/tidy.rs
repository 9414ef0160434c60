//! `tidy`: rules of the tree that a compiler does not check.
//!
//! Every Rust file opens with `//!`, no file is longer than 600 lines (generated files and tests excepted), and no marker of unfinished
//! work is left.

use crate::Outcome;
use std::path::{Path, PathBuf};

/// A reason to split a file.
const LINES_MAX: usize = 600;

/// Written apart, so that this file passes its own check.
const MARKERS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// Checks all Rust files of the workspace.
pub fn run() -> Outcome {
    let root = crate::root();
    let mut files = Vec::new();
    collect(&root.join("crates"), &mut files)?;
    files.sort();
    let mut faults = Vec::new();
    for file in files {
        let text = crate::read(&file)?;
        let name = file.strip_prefix(&root).unwrap_or(&file);
        faults.extend(check(name, &text).into_iter().map(|fault| format!("{}: {fault}", name.display())));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn check(name: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push("does not open with //! (what it is, where it sits, what must hold)".to_owned());
    }
    let lines = text.lines().count();
    if lines > LINES_MAX && !is_generated_or_test(name) {
        faults.push(format!("{lines} lines; {LINES_MAX} are a reason to split"));
    }
    for (index, line) in text.lines().enumerate() {
        for marker in MARKERS.iter().filter(|marker| line.contains(**marker)) {
            faults.push(format!("line {}: {marker}", index + 1));
        }
    }
    faults
}

fn is_generated_or_test(name: &Path) -> bool {
    name.components().any(|part| part.as_os_str() == "generated" || part.as_os_str() == "tests")
        || name.ends_with("tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_fault() {
        let long = "//! Long.\n".repeat(LINES_MAX + 1);
        assert_eq!(check(Path::new("a.rs"), "//! Fine.\n"), Vec::<String>::new());
        assert_eq!(check(Path::new("a.rs"), "fn a() {}\n").len(), 1);
        assert_eq!(check(Path::new("a.rs"), &long).len(), 1);
        assert_eq!(check(Path::new("crates/api/src/generated/a.rs"), &long).len(), 0);
        assert_eq!(check(Path::new("a.rs"), &format!("//! A.\n// {}\n", MARKERS[0])).len(), 1);
    }
}
