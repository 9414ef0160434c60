//! One file per operation, all in the same order: what is checked, what is planned, what is answered.

pub mod listing;
pub mod query;
pub mod scan;
