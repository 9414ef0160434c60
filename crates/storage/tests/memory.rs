//! The reference store passes the suite.

use std::sync::Arc;

use storage::conformance::Harness;
use storage::{Memory, Store};

struct InMemory;

impl Harness for InMemory {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(Memory::new())
    }
}

storage::conformance_tests!(InMemory);
