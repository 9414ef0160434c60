//! What RocksDB holds under a key: the version of the commit that wrote it, 8 bytes, most significant first; then the
//! value.

use std::fmt::Write;

use storage::{StoreError, Version};

const VERSION_BYTES: usize = size_of::<Version>();

/// Writes the record of a value over what the buffer held.
pub fn encode(buffer: &mut Vec<u8>, version: Version, value: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(&version.to_be_bytes());
    buffer.extend_from_slice(value);
}

/// The version and the value of a record.
///
/// # Errors
/// Corrupted, naming the key, when the record is too short.
pub fn decode<'a>(key: &[u8], record: &'a [u8]) -> Result<(Version, &'a [u8]), StoreError> {
    match record.split_first_chunk::<VERSION_BYTES>() {
        Some((version, value)) => Ok((Version::from_be_bytes(*version), value)),
        None => Err(StoreError::corrupted(format!("the record of key {} is too short", shown(key)))),
    }
}

/// The beginning of a key for a message.
pub fn shown(key: &[u8]) -> String {
    const SHOWN_BYTES_MAX: usize = 64;
    let mut text = String::new();
    for byte in key.iter().take(SHOWN_BYTES_MAX) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    if SHOWN_BYTES_MAX < key.len() {
        text.push_str("...");
    }
    text
}
