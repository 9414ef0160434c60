//! What must hold of what clients saw.

pub mod changes;
pub mod history;
