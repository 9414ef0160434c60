//! The local store passes the suite, in both durabilities, and encrypted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

mod common;

use std::sync::Arc;

use common::encrypted;
use storage::Store;
use storage::conformance::Harness;
use storage_local::{Durability, LocalSettings, LocalStore};
use tempfile::TempDir;

struct InDirectory {
    /// Removed with the harness.
    _dir: TempDir,
    settings: LocalSettings,
}

impl InDirectory {
    fn new(durability: Durability) -> Self {
        let dir = TempDir::new().unwrap();
        let settings = LocalSettings { durability, ..LocalSettings::new(dir.path().join("data")) };
        Self { _dir: dir, settings }
    }

    fn encrypted(durability: Durability) -> Self {
        let mut harness = Self::new(durability);
        harness.settings = encrypted(&harness.settings.dir, harness.settings.clone());
        harness
    }
}

impl Harness for InDirectory {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(LocalStore::open(&self.settings).unwrap())
    }

    fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        drop(store);
        self.open()
    }
}

mod sync {
    use super::{Durability, InDirectory};

    storage::conformance_tests!(InDirectory::new(Durability::Sync));
}

mod encrypted_sync {
    use super::{Durability, InDirectory};

    storage::conformance_tests!(InDirectory::encrypted(Durability::Sync));
}

mod encrypted_relaxed {
    use super::{Durability, InDirectory};

    storage::conformance_tests!(InDirectory::encrypted(Durability::Relaxed));
}

mod relaxed {
    use super::{Durability, InDirectory};

    storage::conformance_tests!(InDirectory::new(Durability::Relaxed));
}
