//! What CreateTable and UpdateTable can ask for and this version does not have. It is refused in so many words: a table must not look
//! as if it had a replica when it has none. Asking for such a thing to be off is fine.

use api::{CreateTableInput, Error, UpdateTableInput, messages};

/// One parameter, whether the request uses it, and what it would need.
type Row = (bool, &'static str, &'static str);

/// Refuses what CreateTable cannot do.
pub fn refuse_in_create(input: &CreateTableInput<'_>) -> Result<(), Error> {
    refuse(&[
        (input.global_table_source_arn.is_some(), "GlobalTableSourceArn", "global tables are"),
        (
            input.global_table_settings_replication_mode.is_some(),
            "GlobalTableSettingsReplicationMode",
            "global tables are",
        ),
        (input.vector_indexes.is_some(), "VectorIndexes", "vector indexes are"),
    ])
}

/// Refuses what UpdateTable cannot do.
pub fn refuse_in_update(input: &UpdateTableInput<'_>) -> Result<(), Error> {
    refuse(&[
        (input.replica_updates.is_some(), "ReplicaUpdates", "global tables are"),
        (input.multi_region_consistency.is_some(), "MultiRegionConsistency", "global tables are"),
        (input.global_table_witness_updates.is_some(), "GlobalTableWitnessUpdates", "global tables are"),
        (
            input.global_table_settings_replication_mode.is_some(),
            "GlobalTableSettingsReplicationMode",
            "global tables are",
        ),
        (input.disassociation_protection_enabled.is_some(), "DisassociationProtectionEnabled", "global tables are"),
        (input.vector_index_updates.is_some(), "VectorIndexUpdates", "vector indexes are"),
    ])
}

fn refuse(rows: &[Row]) -> Result<(), Error> {
    match rows.iter().find(|(used, ..)| *used) {
        Some((_, parameter, feature)) => Err(messages::unavailable(parameter, feature)),
        None => Ok(()),
    }
}
