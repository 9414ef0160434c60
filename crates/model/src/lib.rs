//! The words of DynamoDB as types: attribute values, items, keys, tables and indexes, sizes and limits.
//!
//! Layer 0: everything above builds on it, and it knows neither JSON nor storage. An item has two forms. As a tree ([`Item`]) it is
//! what a request brought or an update computed; as bytes ([`EncodedItem`], read through [`ItemView`]) it is what the store keeps and
//! what answers are written from. The tree is built only where something must be computed.

pub mod arn;
pub mod encoded;
pub mod item;
pub mod key;
pub mod limits;
pub mod number;
pub mod partition;
pub mod policy;
pub mod size;
pub mod stream;
pub mod table;
pub mod value;

pub use encoded::{EncodedItem, ItemView, Malformed, RawValue, ValueView};
pub use item::Item;
pub use key::{KeyAttribute, KeySchema, ScalarType};
pub use number::{Number, NumberError};
pub use policy::PolicyState;
pub use table::{Index, IndexKind, Table};
pub use value::AttributeValue;
