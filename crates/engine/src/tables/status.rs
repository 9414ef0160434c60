//! The life of a table over time.
//!
//! A descriptor says a status that lasts until a moment ([`Transition`]); what comes after is read from the clock. So nothing has to run
//! for a table to become ACTIVE, and a restart changes nothing. Only a table whose deletion is due leaves work: see `jobs`.

use crate::Engine;
use api::{Error, messages};
use model::Table;
use model::table::{Index, Status, Transition};

impl Engine {
    /// The time on the wall clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now().as_millis()).unwrap_or(i64::MAX)
    }

    /// Whether operations on items find the table: it is there and not on its way in or out.
    pub fn serves_items(&self, table: &Table) -> bool {
        // The hot path needs no clock: a table without a transition is in use.
        table.transition.is_none() || matches!(of_table(table, self.now_ms()), Some(Status::Active | Status::Updating))
    }

    /// The transition that begins now, or `None` where the operator wants changes to be through at once.
    pub fn transition(&self, status: Status) -> Option<Transition> {
        let until_ms = self.now_ms().saturating_add(self.settings.table_delay_ms);
        (self.settings.table_delay_ms > 0).then_some(Transition { status, until_ms })
    }
}

/// The status of a table at a time; `None` where the table is gone, though its data may still have to be removed.
pub fn of_table(table: &Table, now_ms: i64) -> Option<Status> {
    match table.transition {
        Some(transition) if now_ms < transition.until_ms => Some(transition.status),
        Some(Transition { status: Status::Deleting, .. }) => None,
        Some(_) | None if table.indexes.iter().any(is_changing) => Some(Status::Updating),
        Some(_) | None => Some(Status::Active),
    }
}

/// The status of an index of a table that has this status.
pub fn of_index(index: &Index, table: Status) -> Status {
    if table == Status::Creating { Status::Creating } else { index.status }
}

/// Whether the index is on its way in or out.
pub fn is_changing(index: &Index) -> bool {
    matches!(index.status, Status::Creating | Status::Deleting)
}

/// Refuses to change a table while a transition lasts.
pub fn refuse_in_transition(table: &Table, now_ms: i64) -> Result<(), Error> {
    let doing = match table.transition {
        Some(transition) if now_ms < transition.until_ms => match transition.status {
            Status::Creating => "created",
            Status::Updating => "updated",
            Status::Deleting => "deleted",
            Status::Active => return Ok(()),
        },
        Some(_) | None => return Ok(()),
    };
    Err(messages::table_in_use(&table.name, doing))
}
