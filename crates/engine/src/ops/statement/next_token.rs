//! NextToken: where a SELECT goes on.
//!
//! A token holds all that is needed, so that any server can go on: which of the SELECT's ranges, the place in it, and a digest of the
//! statement and its parameters, to which alone the token belongs. `Limit` and `ConsistentRead` may change between pages (captures of
//! September 2026). The place is checked against the range like any start key, so that a made-up token reads nothing else.
//!
//! ```text
//! base64url( format:u8 (1) digest:16 range:u16le place:item? )
//! ```

use super::add_parameters;
use api::{Error, messages};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use layout::Digest;
use model::{AttributeValue, EncodedItem, Item};

const FORMAT: u8 = 1;
const DIGEST_LENGTH: usize = 16;
const HEAD_LENGTH: usize = 1 + DIGEST_LENGTH + 2;

/// A place to go on behind.
#[derive(Clone, PartialEq, Debug)]
pub struct NextToken {
    /// The number of the range.
    pub range: usize,
    /// The last place that was evaluated in it; `None` where the range is still to be begun.
    pub place: Option<Item<'static>>,
}

/// What tokens of a statement are known by.
pub fn digest(statement: &str, parameters: &[AttributeValue<'_>]) -> u128 {
    let mut digest = Digest::default();
    digest.add(statement.as_bytes());
    add_parameters(&mut digest, parameters);
    digest.finish()
}

impl NextToken {
    /// The text of a token.
    pub fn encode(&self, digest: u128) -> String {
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&digest.to_le_bytes());
        // There are at most fifty ranges.
        bytes.extend_from_slice(&(self.range as u16).to_le_bytes());
        if let Some(place) = &self.place {
            bytes.extend_from_slice(EncodedItem::from_item(place).bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the text of a token that must belong to a statement.
    pub fn decode(text: &str, digest: u128) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| messages::next_token_invalid())?;
        let Some((head, place)) = bytes.split_first_chunk::<HEAD_LENGTH>() else {
            return Err(messages::next_token_invalid());
        };
        let [FORMAT, known @ .., low, high] = head else { return Err(messages::next_token_invalid()) };
        if *known != digest.to_le_bytes() {
            return Err(messages::next_token_mismatch());
        }
        let place = (!place.is_empty()).then(|| item(Bytes::copy_from_slice(place))).transpose()?;
        Ok(Self { range: usize::from(u16::from_le_bytes([*low, *high])), place })
    }
}

fn item(bytes: Bytes) -> Result<Item<'static>, Error> {
    let item = EncodedItem::parse(bytes).map_err(|_| messages::next_token_invalid())?;
    item.view().check_deep().map_err(|_| messages::next_token_invalid())?;
    Ok(item.view().to_item().into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn tokens_belong_to_their_statement() {
        let place = Item::from_pairs(vec![("pk".into(), AttributeValue::string("a"))]);
        let own = digest("SELECT", &[AttributeValue::Null]);
        for token in [NextToken { range: 49, place: Some(place) }, NextToken { range: 0, place: None }] {
            let text = token.encode(own);
            assert_eq!(NextToken::decode(&text, own).unwrap(), token);
            let other = digest("SELECT", &[AttributeValue::Bool(true)]);
            assert_eq!(NextToken::decode(&text, other), Err(messages::next_token_mismatch()));
        }
        let whole = NextToken { range: 0, place: None }.encode(own);
        for text in ["", "garbage", "Zg", &whole[..whole.len() - 4], &format!("{whole}AAAA")] {
            assert_eq!(NextToken::decode(text, own), Err(messages::next_token_invalid()), "{text}");
        }
    }
}
