//! The local store passes the suite, in both durabilities.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "also the functions around the tests fail the test"
)]

use std::sync::Arc;

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

mod relaxed {
    use super::{Durability, InDirectory};

    storage::conformance_tests!(InDirectory::new(Durability::Relaxed));
}
