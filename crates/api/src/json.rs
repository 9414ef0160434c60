//! JSON text: a pull reader that borrows, and the pieces that answers are written with.
//!
//! Nothing here builds a tree, and nothing recurses, so that no input can exhaust the stack.

mod reader;
mod writer;

pub use reader::{Kind, Malformed, Members, Reader, is_valid};
pub use writer::{ObjectWriter, write_base64, write_between, write_double, write_integer, write_string};
