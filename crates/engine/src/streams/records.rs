//! Records of the change log as clients get them.

use super::sequence;
use crate::error::corrupted;
use crate::tables::streams::view_type;
use api::{Error, Identity, OperationType, Record, StreamRecord, Timestamp};
use layout::{Cause, ChangeKind, ChangeRecord, Digest};
use model::stream::StreamView;
use model::{EncodedItem, size};
use std::borrow::Cow;
use storage::{Entry, Position};

/// The stream whose records are read.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// The Region of the server.
    pub region: &'a str,
    /// What its records carry.
    pub view: StreamView,
}

impl<'a> Reader<'a> {
    /// The record of an entry of a shard's log.
    pub fn record(&self, position: Position, entry: Entry<'_>) -> Result<Record<'a>, Error> {
        let change = ChangeRecord::decode(entry.value_bytes()).map_err(|_| corrupted(entry.key))?;
        let sequence_number = sequence::of(position);
        Ok(Record {
            event_id: Some(Cow::Owned(self.event_id(&sequence_number))),
            event_name: Some(match change.kind {
                ChangeKind::Insert => OperationType::Insert,
                ChangeKind::Modify => OperationType::Modify,
                ChangeKind::Remove => OperationType::Remove,
            }),
            event_version: Some(Cow::Borrowed("1.1")),
            event_source: Some(Cow::Borrowed("aws:dynamodb")),
            aws_region: Some(Cow::Borrowed(self.region)),
            user_identity: identity(change.cause),
            dynamodb: Some(self.stream_record(change, sequence_number)),
        })
    }

    fn stream_record(&self, change: ChangeRecord<EncodedItem>, sequence_number: String) -> StreamRecord<'a> {
        // The log may hold more than this stream shows.
        let old = change.old.filter(|_| self.view.has_old());
        let new = change.new.filter(|_| self.view.has_new());
        // Keys and images, in the arithmetic of item sizes (API reference, the example of GetRecords).
        let images = [Some(&change.keys), old.as_ref(), new.as_ref()];
        let bytes: usize = images.into_iter().flatten().map(|image| size::item_view(image.view())).sum();
        StreamRecord {
            approximate_creation_date_time: Some(Timestamp::second_of_milliseconds(change.at_ms as i64)),
            keys: Some(change.keys),
            new_image: new,
            old_image: old,
            sequence_number: Some(Cow::Owned(sequence_number)),
            size_bytes: Some(bytes as i64),
            stream_view_type: Some(view_type(self.view)),
        }
    }

    /// The same record has the same id whenever it is read, so that a consumer can tell that it had it before.
    fn event_id(&self, sequence_number: &str) -> String {
        let mut digest = Digest::default();
        digest.add(self.arn.as_bytes());
        digest.add(sequence_number.as_bytes());
        format!("{:032x}", digest.finish())
    }
}

/// Whom a record names: a client is not named, the service is (developer guide, "DynamoDB Streams and time to live").
fn identity(cause: Cause) -> Option<Identity<'static>> {
    match cause {
        Cause::Request => None,
        Cause::Expiry => Some(Identity {
            principal_id: Some(Cow::Borrowed("dynamodb.amazonaws.com")),
            r#type: Some(Cow::Borrowed("Service")),
        }),
    }
}
