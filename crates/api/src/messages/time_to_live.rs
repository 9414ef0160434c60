//! Words about the time to live of a table's items.
//!
//! All are measured: the documentation of AWS's controllers for Kubernetes quotes what AWS answered in October 2026. It also has their
//! order: what the request asks for is checked first, and only then whether the last change was too recent.

use super::validation;
use crate::{Error, ErrorKind, TableStatus};

/// Turning on what is on, with the same attribute.
pub fn time_to_live_already_enabled() -> Error {
    validation("TimeToLive is already enabled")
}

/// Turning off what is off, or never was on.
pub fn time_to_live_already_disabled() -> Error {
    validation("TimeToLive is already disabled")
}

/// Turning on or off with another attribute than the current one.
pub fn time_to_live_of_other_attribute(current: &str) -> Error {
    validation(format!("TimeToLive is active on a different AttributeName: current AttributeName is {current}"))
}

/// A change soon after another one. AWS documents an hour; half an hour was measured.
pub fn time_to_live_modified_too_often() -> Error {
    validation("Time to live has been modified multiple times within a fixed interval")
}

/// A change while the table is being created. Other operations put the table's name at the end.
pub fn time_to_live_of_table_in_creation(table: &str) -> Error {
    let message = format!("Attempt to change a resource which is still in use: Table {table} is being created");
    ErrorKind::ResourceInUse { message: message.into() }.into()
}

/// DescribeTimeToLive while the table is being created or deleted.
pub fn time_to_live_unreadable(status: TableStatus) -> Error {
    let status = status.name();
    validation(format!(
        "Cannot describe time to live while table is in {status} state: Current table state is {status}"
    ))
}
