//! `check-layers`: holds the order of crates that ARCHITECTURE.md describes.
//!
//! A crate depends only on crates of a lower layer. Within layer 1 `partiql` is above `expression`, onto which it lowers statements; within
//! layer 2 the trait crate `storage` is below the stores that implement it.
//! Crates for development may depend on anything; nothing of the product may depend on them. A crate that is not in the table fails
//! the check, so that every new crate gets its place.

use crate::Outcome;
use std::process::Command;

/// A layer: the number of ARCHITECTURE.md, then the place within it.
type Layer = (u8, u8);

/// Above everything: tools and tests.
const DEVELOPMENT: Layer = (u8::MAX, 0);

/// Where each crate stands.
const LAYERS: [(&str, Layer); 18] = [
    ("runtime", (0, 0)),
    ("model", (0, 0)),
    ("api", (1, 0)),
    ("layout", (1, 0)),
    ("expression", (1, 0)),
    ("partiql", (1, 1)),
    ("sigv4", (1, 0)),
    ("policy", (1, 0)),
    ("storage", (2, 0)),
    ("keyring", (2, 0)),
    ("storage-local", (2, 1)),
    ("storage-postgres", (2, 1)),
    ("engine", (3, 0)),
    ("auth", (4, 0)),
    ("server", (5, 0)),
    ("stator", (6, 0)),
    ("simulation", DEVELOPMENT),
    ("xtask", DEVELOPMENT),
];

/// A dependency of one crate of the workspace on another.
struct Edge {
    from: String,
    to: String,
    /// A dev-dependency: only tests see it.
    only_tests: bool,
}

/// Checks the workspace.
pub fn run() -> Outcome {
    let (names, edges) = workspace()?;
    let mut faults: Vec<String> = Vec::new();
    for name in names.iter().filter(|name| layer(name).is_none()) {
        faults.push(format!("{name} has no place in the table of layers"));
    }
    faults.extend(edges.iter().filter_map(fault));
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

fn layer(name: &str) -> Option<Layer> {
    LAYERS.iter().find(|(candidate, _)| *candidate == name).map(|(_, layer)| *layer)
}

/// What is wrong with a dependency, if anything is.
fn fault(edge: &Edge) -> Option<String> {
    let (from, to) = (layer(&edge.from)?, layer(&edge.to)?);
    // A crate may name itself among its dev-dependencies, to switch a feature on for its own tests.
    let for_tests = edge.only_tests && (to == DEVELOPMENT || edge.from == edge.to);
    let allowed = from == DEVELOPMENT || to < from || for_tests;
    (!allowed).then(|| format!("{} (layer {}) may not depend on {} (layer {})", edge.from, from.0, edge.to, to.0))
}

/// The workspace's crates and the dependencies among them.
fn workspace() -> Result<(Vec<String>, Vec<Edge>), String> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(crate::root())
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata: no packages")?;
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap_or_default().to_owned();
    let names: Vec<String> = packages.iter().map(name).collect();
    let mut edges = Vec::new();
    for package in packages {
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if names.contains(&name(dependency)) {
                edges.push(Edge { from: name(package), to: name(dependency), only_tests: dependency["kind"] == "dev" });
            }
        }
    }
    Ok((names, edges))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str, only_tests: bool) -> bool {
        fault(&Edge { from: from.to_owned(), to: to.to_owned(), only_tests }).is_none()
    }

    #[test]
    fn only_lower_layers_are_allowed() {
        assert!(check("engine", "storage", false));
        assert!(check("storage-local", "storage", false));
        assert!(!check("storage", "storage-local", false));
        assert!(!check("api", "expression", false));
        assert!(!check("model", "api", true));
        assert!(check("storage", "storage", true));
        assert!(check("engine", "simulation", true));
        assert!(!check("engine", "simulation", false));
        assert!(check("xtask", "stator", false));
    }
}
