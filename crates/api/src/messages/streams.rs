//! Words about streams: of the four operations that read them, and of the specification that turns them on and off.
//!
//! Beside each stands its evidence. "Measured" without a name is the documentation of AWS's controllers for Kubernetes, which quotes what
//! AWS answered in October 2026.

use super::{invalid, validation};
use crate::{Error, ErrorKind, ShardIteratorType};

/// No stream has this ARN. Measured (answers of AWS in public reports of users, 2017 and 2021).
pub fn stream_not_found(arn: &str) -> Error {
    ErrorKind::ResourceNotFound { message: format!("Requested resource not found: Stream: {arn} not found").into() }
        .into()
}

/// What stands for a stream's ARN is none, of whatever length. Measured (an answer of AWS in a public report of 2016; the integration
/// tests of the AWS SDK for JavaScript). Of `ExclusiveStartStreamArn` Alternator's tests measure the type only.
pub fn invalid_stream_arn() -> Error {
    validation("Invalid StreamArn")
}

/// The stream has no such shard, or no longer. Measured (answers of AWS in public reports of users, 2015 to 2024).
pub fn shard_not_found() -> Error {
    ErrorKind::ResourceNotFound { message: "Requested resource not found: Shard does not exist".into() }.into()
}

/// A text that GetShardIterator never made. The type is measured by Alternator's tests; the words are those of several emulators.
pub fn invalid_shard_iterator() -> Error {
    validation("Invalid ShardIterator")
}

/// A shard iterator that is too old. The type is documented; the words are how the API reference describes the message.
pub fn expired_iterator() -> Error {
    ErrorKind::ExpiredIterator { message: "The provided iterator exceeds the maximum age allowed".into() }.into()
}

/// The records that are meant are no longer kept. Documented, and measured (an answer of AWS in a public report of 2019).
pub fn trimmed_data() -> Error {
    ErrorKind::TrimmedDataAccess { message: "The data you are trying to access has been trimmed".into() }.into()
}

/// A position by sequence number without one. The type is measured by Alternator's tests; the words are our own.
pub fn sequence_number_missing(iterator_type: ShardIteratorType) -> Error {
    invalid(format!("SequenceNumber is required when ShardIteratorType is {}", iterator_type.name()))
}

/// A sequence number where the position needs none. The type is measured by Alternator's tests for TRIM_HORIZON and LATEST; the words
/// are our own.
pub fn sequence_number_not_allowed(iterator_type: ShardIteratorType) -> Error {
    invalid(format!("SequenceNumber must not be specified when ShardIteratorType is {}", iterator_type.name()))
}

/// A sequence number that is not one of the shard's. Our own words: no evidence.
pub fn invalid_sequence_number() -> Error {
    validation("Invalid SequenceNumber")
}

/// AT_TIMESTAMP without a point in time. Our own words: no evidence.
pub fn timestamp_missing() -> Error {
    invalid("Timestamp is required when ShardIteratorType is AT_TIMESTAMP")
}

/// A point in time where the position needs none. Our own words: no evidence.
pub fn timestamp_not_allowed(iterator_type: ShardIteratorType) -> Error {
    invalid(format!("Timestamp must not be specified when ShardIteratorType is {}", iterator_type.name()))
}

/// A position that is still to come. The type is documented (service model of October 2026); the words are our own.
pub fn timestamp_in_future() -> Error {
    invalid("Timestamp must not be in the future")
}

/// A filter of shards that lacks a member: `Type`, `ShardId`. Our own words: no evidence.
pub fn shard_filter_incomplete(member: &str) -> Error {
    invalid(format!("{member} must be specified in ShardFilter"))
}

/// CreateTable with a view of a stream that is off. Measured.
pub fn view_of_disabled_stream() -> Error {
    invalid("Table is being created with a stream disabled, UpdateViewType should not be specified")
}

/// CreateTable with a stream that is on and has no view. Measured.
pub fn view_of_new_stream_missing() -> Error {
    invalid("Table is being created with a stream enabled, UpdateViewType is required")
}

/// UpdateTable that turns a stream on without a view. Measured.
pub fn view_of_enabled_stream_missing() -> Error {
    invalid("If stream is being enabled then UpdateViewType is required")
}

/// UpdateTable that turns a stream off and names a view. Measured.
pub fn view_of_stream_to_disable() -> Error {
    invalid("If stream is being disabled, then UpdateViewType must not be specified")
}

/// UpdateTable that turns on what is on, with the same view or another. Measured.
pub fn stream_already_enabled(table: &str) -> Error {
    validation(format!("Table already has an enabled stream: TableName: {table}"))
}

/// UpdateTable that turns off what is off. Measured.
pub fn no_stream_to_disable(table: &str) -> Error {
    validation(format!("Table has no stream to disable: TableName: {table}"))
}

/// UpdateTable that changes a stream together with throughput or with the billing mode to PROVISIONED; together with PAY_PER_REQUEST it
/// is allowed. Measured.
pub fn stream_with_throughput() -> Error {
    invalid("You cannot modify stream status while updating table IOPS")
}

/// UpdateTable that changes a stream and creates or deletes an index. Measured.
pub fn stream_with_index() -> Error {
    invalid("You cannot create or delete index while changing stream status")
}
