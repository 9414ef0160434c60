//! The DynamoDB API as types: requests out of JSON, answers and errors into JSON, and the words that clients read.
//!
//! Layer 1, above `model` alone. A request's body becomes typed input in one pass ([`decode_put_item`] and its siblings): wrong JSON
//! types are refused at once as SerializationException, broken constraints of the service model are collected and reported together,
//! and wrong attribute values are noted beside the input ([`ValueFaults`]), because every operation reports those at a place of its
//! own. Answers go straight to JSON text ([`Encode`]), stored items without becoming a tree. Types, constraints and errors are
//! generated from AWS's service model (`generated`); what the model does not say is written by hand beside them.

mod decode;
mod encode;
mod error;
mod generated;
pub mod json;
mod map;
pub mod messages;
mod rules;
mod timestamp;
mod value_faults;
mod violations;

pub use decode::{Decoded, Enumeration};
pub use encode::Encode;
pub use error::{Error, Message};
pub use generated::*;
pub use map::Map;
pub use timestamp::Timestamp;
pub use value_faults::{Layer, LocatedFault, SetKind, ValueFault, ValueFaults};
