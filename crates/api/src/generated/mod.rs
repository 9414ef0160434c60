//! Types of the DynamoDB API, generated from AWS's service models by `cargo xtask generate`. Do not edit.

// Member names are DynamoDB's and documented by AWS; a decoder is as long as its structure has members.
#![allow(missing_docs, clippy::too_many_lines)]

mod account;
mod batch;
mod enums;
mod errors;
mod item;
mod operations;
mod read;
mod requests;
mod resource_policy;
mod shared;
mod statement;
mod stream;
mod table;
mod table_setting;
mod tag;
mod transaction;
pub use account::*;
pub use batch::*;
pub use enums::*;
pub use errors::*;
pub use item::*;
pub use operations::*;
pub use read::*;
pub use requests::*;
pub use resource_policy::*;
pub use shared::*;
pub use statement::*;
pub use stream::*;
pub use table::*;
pub use table_setting::*;
pub use tag::*;
pub use transaction::*;
