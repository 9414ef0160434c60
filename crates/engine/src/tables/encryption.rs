//! SSESpecification and SSEDescription: what a table may ask of encryption at rest, and what is told of it.
//!
//! The whole store is encrypted under one master key, or nothing is. A table has no key of its own, so it can only ask for what is so
//! anyway: what would have to be pretended is refused. Like DynamoDB's default encryption, the store's is not described for tables that did
//! not ask for it.

use crate::MasterKey;
use api::{Error, SSEDescription, SSESpecification, SSEStatus, SSEType, messages};
use std::borrow::Cow;

/// Refuses what contradicts itself, and what is not so.
pub fn check(requested: Option<&SSESpecification<'_>>, master_key: Option<&MasterKey>) -> Result<(), Error> {
    let Some(SSESpecification { enabled, sse_type, kms_master_key_id }) = requested else { return Ok(()) };
    let kms_key = kms_master_key_id.as_deref();
    if !enabled.unwrap_or(false) {
        return match (sse_type, kms_key) {
            (Some(_), _) => Err(messages::encryption_off_with("SSEType")),
            (None, Some(_)) => Err(messages::encryption_off_with("KMSMasterKeyId")),
            (None, None) => Ok(()),
        };
    }
    match (sse_type, kms_key) {
        (Some(SSEType::Aes256), _) => return Err(messages::encryption_without_kms()),
        (None, Some(_)) => return Err(messages::encryption_type_missing()),
        (Some(SSEType::Kms) | None, _) => {}
    }
    match master_key {
        None => Err(messages::store_not_encrypted()),
        Some(MasterKey::Local) if sse_type.is_some() => Err(messages::master_key_of_no_kms()),
        Some(MasterKey::Kms { arn }) if kms_key.is_some_and(|key| !is_key(arn, key)) => {
            Err(messages::other_master_key(kms_key.unwrap_or_default(), arn))
        }
        Some(MasterKey::Local | MasterKey::Kms { .. }) => Ok(()),
    }
}

/// Whether a request means the key of this ARN: by its ARN or by its id. What an alias stands for only the KMS knows.
fn is_key(arn: &str, key: &str) -> bool {
    key == arn || arn.rsplit_once("key/").is_some_and(|(_, id)| id == key)
}

/// Whether the table is to be described as encrypted after a request that was checked.
pub fn stated(requested: Option<&SSESpecification<'_>>, before: bool) -> bool {
    requested.map_or(before, |requested| requested.enabled.unwrap_or(false))
}

/// The description for a table that asked for encryption. A key that is in no KMS has no ARN, and is described by what it encrypts with.
pub fn describe(stated: bool, master_key: Option<&MasterKey>) -> Option<SSEDescription<'static>> {
    let key = master_key.filter(|_| stated)?;
    let (sse_type, arn) = match key {
        MasterKey::Kms { arn } => (SSEType::Kms, Some(arn)),
        MasterKey::Local => (SSEType::Aes256, None),
    };
    Some(SSEDescription {
        status: Some(SSEStatus::Enabled),
        sse_type: Some(sse_type),
        kms_master_key_arn: arn.map(|arn| Cow::Owned(arn.clone())),
        inaccessible_encryption_date_time: None,
    })
}
