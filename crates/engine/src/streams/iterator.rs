//! Shard iterators: a place in the log of a shard, for a client to hand back.
//!
//! ```text
//! iterator = stream-ARN "|1|" base64url( format:u8 (1) shard:u32le version:u64le ordinal:u32le issued:u64le digest:16 )
//! ```
//!
//! An iterator holds all that is needed, so any server can go on. The digest, over the ARN and all before it, tells a damaged iterator from
//! one of ours; it protects nothing, for an iterator gives no access that its ARN does not.

use api::{Error, messages};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use layout::Digest;
use storage::Position;

const FORMAT: u8 = 1;
/// What DynamoDB writes between an iterator's ARN and its rest.
const SEPARATOR: &str = "|1|";
const BODY_LENGTH: usize = 1 + 4 + 8 + 4 + 8;

/// A place in the log of a shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Iterator<'a> {
    /// The ARN of the stream.
    pub arn: &'a str,
    /// The number of the shard.
    pub shard: u32,
    /// Where to go on.
    pub position: Position,
    /// When it was handed out, in milliseconds since 1970.
    pub issued_ms: i64,
}

impl<'a> Iterator<'a> {
    /// The text of an iterator.
    pub fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(BODY_LENGTH + 16);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&self.shard.to_le_bytes());
        bytes.extend_from_slice(&self.position.version.to_le_bytes());
        bytes.extend_from_slice(&self.position.ordinal.to_le_bytes());
        bytes.extend_from_slice(&self.issued_ms.to_le_bytes());
        let digest = digest(self.arn, &bytes);
        bytes.extend_from_slice(&digest.to_le_bytes());
        format!("{}{SEPARATOR}{}", self.arn, URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads the text of an iterator.
    pub fn decode(text: &'a str) -> Result<Self, Error> {
        Self::read(text).ok_or_else(messages::invalid_shard_iterator)
    }

    fn read(text: &'a str) -> Option<Self> {
        let (arn, body) = text.split_once(SEPARATOR)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).ok()?;
        let (body, expected) = bytes.split_first_chunk::<BODY_LENGTH>()?;
        if *expected != digest(arn, body).to_le_bytes() {
            return None;
        }
        let (&FORMAT, rest) = body.split_first()? else { return None };
        let (shard, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (ordinal, issued) = rest.split_first_chunk()?;
        let position = Position { version: u64::from_le_bytes(*version), ordinal: u32::from_le_bytes(*ordinal) };
        let issued_ms = i64::from_le_bytes(issued.try_into().ok()?);
        Some(Self { arn, shard: u32::from_le_bytes(*shard), position, issued_ms })
    }
}

fn digest(arn: &str, body: &[u8]) -> u128 {
    let mut digest = Digest::default();
    digest.add(arn.as_bytes());
    digest.add(body);
    digest.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn iterators_are_read_back_and_nothing_else_is() {
        let arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/Music/stream/2015-05-20T20:51:10.252";
        let position = Position { version: 7, ordinal: 3 };
        let iterator = Iterator { arn, shard: 1, position, issued_ms: 1_790_000_000_000 };
        let text = iterator.encode();
        assert_eq!(Iterator::decode(&text).unwrap(), iterator);
        let other = text.replace("Music", "Mosic");
        for text in ["", "|1|", "garbage", &text[1..], &text[..text.len() - 1], &format!("{text}AA"), &other] {
            assert_eq!(Iterator::decode(text), Err(messages::invalid_shard_iterator()), "{text}");
        }
    }
}
