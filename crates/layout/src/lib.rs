//! What is persisted, and as which bytes. FORMAT.md describes the same for readers without the code.
//!
//! The store orders keys as bytes, so everything that DynamoDB orders is ordered by how it is written here: items of a partition by
//! their sort key, partitions by the hash of their partition key, index entries by the index's key and then by the table's key.
//!
//! The complete list of what is ever persisted is [`Space`]. Nothing is stored under a key that is not made in [`keys`] or [`principals`].

pub mod change;
pub mod code;
pub mod keys;
pub mod principals;
pub mod record;
pub mod token;

pub use change::{Cause, ChangeKind, ChangeRecord};
pub use code::KeyValue;
pub use keys::{Range, Space};
pub use record::{Corrupted, ItemRecord, is_sound};
pub use token::{Digest, TokenRecord};
