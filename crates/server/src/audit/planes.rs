//! Which operations manage tables (CloudTrail's management events) and which read and write items (data events).
//!
//! The lists are AWS's (DynamoDB developer guide, "Logging DynamoDB operations by using AWS CloudTrail"). Operations that are newer than
//! it stand where their kind does. The functions name every operation, so that a new one does not compile before it has its place.

use crate::operation::Operation;

/// Of which kind an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// It manages tables: every call is recorded.
    Control,
    /// It reads or writes items or records: calls that are denied are recorded.
    Data,
}

/// Of which kind this operation is.
pub fn plane(operation: Operation) -> Plane {
    use Operation as O;
    match operation {
        O::BatchExecuteStatement
        | O::BatchGetItem
        | O::BatchWriteItem
        | O::DeleteItem
        | O::ExecuteStatement
        | O::ExecuteTransaction
        | O::GetItem
        | O::GetRecords
        | O::GetShardIterator
        | O::PutItem
        | O::Query
        | O::Scan
        | O::SearchVectors
        | O::TransactGetItems
        | O::TransactWriteItems
        | O::UpdateItem => Plane::Data,
        O::CancelBulkOperation
        | O::CreateBackup
        | O::CreateGlobalTable
        | O::CreateTable
        | O::DeleteBackup
        | O::DeleteResourcePolicy
        | O::DeleteTable
        | O::DescribeBackup
        | O::DescribeBulkOperation
        | O::DescribeContinuousBackups
        | O::DescribeContributorInsights
        | O::DescribeEndpoints
        | O::DescribeExport
        | O::DescribeGlobalTable
        | O::DescribeGlobalTableSettings
        | O::DescribeImport
        | O::DescribeKinesisStreamingDestination
        | O::DescribeLimits
        | O::DescribeStream
        | O::DescribeTable
        | O::DescribeTableReplicaAutoScaling
        | O::DescribeTimeToLive
        | O::DisableKinesisStreamingDestination
        | O::EnableKinesisStreamingDestination
        | O::ExportTableToPointInTime
        | O::GetResourcePolicy
        | O::ImportTable
        | O::ListBackups
        | O::ListBulkOperations
        | O::ListContributorInsights
        | O::ListExports
        | O::ListGlobalTables
        | O::ListImports
        | O::ListStreams
        | O::ListTables
        | O::ListTagsOfResource
        | O::PutResourcePolicy
        | O::RestoreTableFromBackup
        | O::RestoreTableToPointInTime
        | O::StartBulkPutItems
        | O::TagResource
        | O::UntagResource
        | O::UpdateContinuousBackups
        | O::UpdateContributorInsights
        | O::UpdateGlobalTable
        | O::UpdateGlobalTableSettings
        | O::UpdateKinesisStreamingDestination
        | O::UpdateTable
        | O::UpdateTableReplicaAutoScaling
        | O::UpdateTimeToLive => Plane::Control,
    }
}

/// Whether this operation changes nothing. A statement may do either, and is taken for a write.
pub fn is_read_only(operation: Operation) -> bool {
    use Operation as O;
    match operation {
        O::BatchGetItem | O::Query | O::Scan | O::SearchVectors | O::TransactGetItems => true,
        O::BatchExecuteStatement | O::ExecuteStatement | O::ExecuteTransaction => false,
        other => ["Describe", "List", "Get"].iter().any(|verb| other.name().starts_with(verb)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_reads_is_known() {
        let reads: Vec<_> =
            Operation::ALL.into_iter().filter(|operation| is_read_only(*operation)).map(Operation::name).collect();
        for name in ["DescribeTable", "ListTables", "GetItem", "GetRecords", "Query", "TransactGetItems"] {
            assert!(reads.contains(&name), "{name}");
        }
        let verbs =
            ["Create", "Update", "Delete", "Put", "Tag", "Untag", "Restore", "Import", "Export", "Start", "Cancel"];
        assert!(!reads.iter().any(|name| verbs.iter().any(|verb| name.starts_with(verb))), "{reads:?}");
    }

    #[test]
    fn sixteen_operations_are_of_the_data_plane() {
        let data = Operation::ALL.into_iter().filter(|operation| plane(*operation) == Plane::Data);
        assert_eq!(data.count(), 16);
    }
}
