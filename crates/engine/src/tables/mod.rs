//! Tables as definitions: what a request may define, how a definition is described, its life over time.
//!
//! ```text
//! request -> definition / update (checks in DynamoDB's order, then a descriptor) -> change (commit, checked) -> description
//! ```
//!
//! What must hold: a descriptor changes only through [`change`], by a commit that checks the version that was read; the number of a table
//! or an index is never given again, so that nothing stored under it can come back as something else.

pub mod change;
pub mod definition;
pub mod description;
pub mod encryption;
pub mod indexes;
pub mod removal;
pub mod status;
pub mod streams;
pub mod tags;
pub mod throughput;
pub mod unavailable;
pub mod update;
