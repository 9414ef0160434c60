//! `import-model`: takes the service models out of a botocore package and keeps only names, types, constraints and errors.
//!
//! Run it on an unpacked botocore (`pip download botocore`, or a site-packages folder). Documentation and examples stay behind.

use crate::Outcome;
use crate::service_model::ServiceModel;
use std::path::Path;
use std::process::Command;

/// The model in botocore, the file here.
const MODELS: [(&str, &str); 2] =
    [("dynamodb/2012-08-10", "dynamodb.json"), ("dynamodbstreams/2012-08-10", "dynamodbstreams.json")];

/// Imports both models.
pub fn run(package: &Path) -> Outcome {
    let version = version(package)?;
    for (folder, file) in MODELS {
        let source = package.join("data").join(folder).join("service-2.json.gz");
        let text = unpack(&source)?;
        let mut model: ServiceModel =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", source.display()))?;
        model.source =
            format!("botocore {version}, data/{folder}/service-2.json: names, types, constraints and errors only");
        let stripped = serde_json::to_string_pretty(&model).map_err(|error| error.to_string())?;
        crate::write(&crate::root().join("crates/api/model").join(file), &(stripped + "\n"))?;
        println!("crates/api/model/{file}: {} operations, {} shapes", model.operations.0.len(), model.shapes.0.len());
    }
    Ok(())
}

fn version(package: &Path) -> Result<String, String> {
    let path = package.join("__init__.py");
    let text = crate::read(&path)?;
    let line = text.lines().find_map(|line| line.strip_prefix("__version__ = "));
    line.map(|version| version.trim_matches(['\'', '"']).to_owned())
        .ok_or_else(|| format!("{}: no __version__", path.display()))
}

fn unpack(path: &Path) -> Result<String, String> {
    let output = Command::new("gzip").arg("-dc").arg(path).output().map_err(|error| format!("gzip: {error}"))?;
    if !output.status.success() {
        return Err(format!("{}: {}", path.display(), String::from_utf8_lossy(&output.stderr).trim()));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{}: {error}", path.display()))
}
