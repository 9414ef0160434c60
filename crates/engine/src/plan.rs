//! Plans: what a request that lists items reads, and what it answers of it.
//!
//! Query and Scan differ only until they have a plan; `page` executes any. A plan holds nothing that depends on what is stored apart from
//! the table's definition, so it can be printed and compared.
//!
//! ```text
//! target (a table or an index) -> range of its keys -> what the start key leaves of it -> filter -> what is answered
//! ```

mod keys;
mod range;
mod returned;
mod start;
mod target;

pub use keys::{check_filter_has_no_key, check_scalar_keys};
pub use range::KeyRange;
pub use returned::{Returned, Wanted, check_filter_is_carried};
pub use start::{Listing, StartKey};
pub use target::Target;

use crate::capacity::Consistency;
use expression::Condition;
use layout::Range;
use storage::Direction;

/// What is read, and what is answered of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan<'p> {
    /// The table or index that is read.
    pub target: Target<'p>,
    /// The keys to read: those of the request that the start key leaves.
    pub range: Range,
    /// In which order.
    pub direction: Direction,
    /// The most items that are evaluated.
    pub limit: Option<usize>,
    /// Which of the evaluated items are answered.
    pub filter: Option<Condition<'p>>,
    /// What is answered of them.
    pub returned: Returned<'p>,
    /// Whether each item is read from the table, because the index does not carry all that is wanted of it.
    pub fetches: bool,
    /// How fresh the read must be. Every read sees all that was acknowledged, so this decides only what it costs.
    pub consistency: Consistency,
}
