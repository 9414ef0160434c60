//! The operations that a target header can name: every one of the service models, served or not.

pub use api::Operation;
