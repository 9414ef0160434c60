//! Cargo wants a crate to have a source; this one only names a dependency.
