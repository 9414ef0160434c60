//! DescribeContinuousBackups.

use crate::context::Context;
use crate::tables::change;
use api::{
    ContinuousBackupsDescription, ContinuousBackupsStatus, Decoded, DescribeContinuousBackupsInput,
    DescribeContinuousBackupsOutput, Error, PointInTimeRecoveryDescription, PointInTimeRecoveryStatus, messages,
};
use model::arn::TableReference;

/// Says what DynamoDB says of a table without point-in-time recovery: this version has none.
pub async fn run(
    context: &Context<'_>,
    request: &Decoded<DescribeContinuousBackupsInput<'_>>,
) -> Result<DescribeContinuousBackupsOutput, Error> {
    let input = &request.input;
    let absent = || messages::backup_table_not_found(TableReference::parse(&input.table_name).name());
    change::read_own(context, &input.table_name).await?.ok_or_else(absent)?;
    let recovery = PointInTimeRecoveryDescription {
        point_in_time_recovery_status: Some(PointInTimeRecoveryStatus::Disabled),
        ..PointInTimeRecoveryDescription::default()
    };
    let description = ContinuousBackupsDescription {
        continuous_backups_status: ContinuousBackupsStatus::Enabled,
        point_in_time_recovery_description: Some(recovery),
    };
    Ok(DescribeContinuousBackupsOutput { continuous_backups_description: Some(description) })
}
