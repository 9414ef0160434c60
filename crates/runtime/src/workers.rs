//! When the threads that run tasks have nothing left to do.

use std::fmt;
use std::sync::OnceLock;

/// Tells one listener whenever a thread that runs tasks is about to sleep: everything that was ready has been done.
#[derive(Default)]
pub struct Workers {
    listener: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Workers {
    /// Each thread that runs tasks calls this before it sleeps.
    pub fn rest(&self) {
        if let Some(listener) = self.listener.get() {
            listener();
        }
    }

    /// Has the listener called from now on, unless there is one already. It must be quick, and not wait.
    pub fn on_rest(&self, listener: impl Fn() + Send + Sync + 'static) {
        // The first one stays.
        let _ = self.listener.set(Box::new(listener));
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Workers").field("has_listener", &self.listener.get().is_some()).finish()
    }
}
