//! Where the data is, and with what it is kept there.

use super::flags::Flags;
use std::path::PathBuf;

/// Where the data is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In memory, gone with the process.
    Memory,
    /// In this directory.
    Directory(PathBuf),
    /// In this database.
    Database(Database),
}

/// A database and how it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    /// Where it is; may hold a password.
    pub url: String,
    /// Its schema that holds the data.
    pub schema: Option<String>,
    /// Whom to trust instead of whom the machine trusts.
    pub certificates: Option<PathBuf>,
    /// Connections that serve reads.
    pub readers: Option<u16>,
    /// Connections that serve writes.
    pub writers: Option<u16>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password, and what is printed goes to the log.
        f.debug_struct("Database").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// The place that is chosen. One named nearer wins over one named farther, whichever of the kinds it is.
pub(super) fn place(flags: &Flags, file: &Flags) -> Place {
    let of = |chosen: &Flags| match (chosen.in_memory, &chosen.data, &chosen.store) {
        (Some(true), ..) => Some(Place::Memory),
        (_, Some(dir), _) => Some(Place::Directory(dir.clone())),
        (.., Some(url)) => Some(Place::Database(database(url, flags, file))),
        _ => None,
    };
    of(flags).or_else(|| of(file)).unwrap_or_else(|| Place::Directory("stator-data".into()))
}

fn database(url: &str, flags: &Flags, file: &Flags) -> Database {
    Database {
        url: url.to_owned(),
        schema: flags.store_schema.clone().or(file.store_schema.clone()),
        certificates: flags.store_certificates.clone().or(file.store_certificates.clone()),
        readers: flags.store_readers.or(file.store_readers),
        writers: flags.store_writers.or(file.store_writers),
    }
}
