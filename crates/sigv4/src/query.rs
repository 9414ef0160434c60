//! The query string in the canonical request: decoded, encoded anew, and sorted by name and value.

use crate::encode::{decoded, put_encoded};
use crate::sink::Sink;

/// What a presigned request carries, but does not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// The signature came in a header; all of the query is signed.
    Nothing,
    /// The signature itself.
    Signature,
    /// The signature, and a session token that was added after signing, as some services demand.
    SignatureAndToken,
}

const SIGNATURE: &[u8] = b"X-Amz-Signature";
const SECURITY_TOKEN: &[u8] = b"X-Amz-Security-Token";

impl LeftOut {
    fn leaves_out(self, name: &[u8]) -> bool {
        match self {
            LeftOut::Nothing => false,
            LeftOut::Signature => name == SIGNATURE,
            LeftOut::SignatureAndToken => name == SIGNATURE || name == SECURITY_TOKEN,
        }
    }
}

/// Puts the canonical form of a query.
pub(crate) fn put_query(query: &str, left_out: LeftOut, sink: &mut impl Sink) {
    // Nearly every request.
    if query.is_empty() {
        return;
    }
    let mut pairs: Vec<_> = parameters(query)
        .filter(|(name, _)| !left_out.leaves_out(name))
        .map(|(name, value)| pair(&name, &value))
        .collect();
    // Names and values are sorted in their encoded form, so that the separator, which is encoded within both, sorts before all else.
    pairs.sort_unstable();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            sink.put(b"&");
        }
        sink.put(name);
        sink.put(b"=");
        sink.put(value);
    }
}

/// Whether there is a session token in the query.
pub(crate) fn has_token(query: &str) -> bool {
    parameters(query).any(|(name, _)| name == SECURITY_TOKEN)
}

fn parameters(query: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    query.split('&').filter(|parameter| !parameter.is_empty()).map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (decoded(name.as_bytes()), decoded(value.as_bytes()))
    })
}

fn pair(name: &[u8], value: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut encoded_name, mut encoded_value) = (Vec::new(), Vec::new());
    put_encoded(name, b"", &mut encoded_name);
    put_encoded(value, b"", &mut encoded_value);
    (encoded_name, encoded_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(query: &str, left_out: LeftOut) -> String {
        let mut sink = Vec::new();
        put_query(query, left_out, &mut sink);
        String::from_utf8(sink).unwrap()
    }

    #[test]
    fn sorts_and_encodes() {
        for (query, expected) in [
            ("", ""),
            ("&", ""),
            ("a", "a="),
            ("=", "="),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1&a", "a=&a=1&a=2"),
            ("a=b=c", "a=b%3Dc"),
            ("a-b=1&a=2", "a=2&a-b=1"),
            ("a+b=%41%2f&%zz", "%25zz=&a%20b=A%2F"),
            ("B=1&a=1&%41=2", "A=2&B=1&a=1"),
        ] {
            assert_eq!(canonical(query, LeftOut::Nothing), expected, "{query}");
        }
    }

    #[test]
    fn leaves_out_what_was_added_after_signing() {
        let query = "X-Amz-Signature=00&X-Amz-Security-Token=t&a=1&X%2DAmz-Signature=11";
        assert!(has_token(query));
        assert!(!has_token("x-amz-security-token=t"));
        assert_eq!(canonical(query, LeftOut::Signature), "X-Amz-Security-Token=t&a=1");
        assert_eq!(canonical(query, LeftOut::SignatureAndToken), "a=1");
    }
}
