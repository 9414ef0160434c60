//! Why a request did not reach the service, and the answer that says so.

use crate::metrics::Outcome;
use crate::service::{Answer, Media};
use bytes::Bytes;
use hyper::StatusCode;
use serde_json::json;

/// A request that ends before the service sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Neither a page nor an API call.
    NotFound,
    /// The body is larger than allowed.
    TooLarge,
    /// The body took longer than allowed.
    TimedOut,
    /// The client went away, or its framing is broken.
    Disconnected,
    /// The body is missing, is not JSON, or does not decompress.
    Malformed,
    /// The target is missing or names no operation.
    UnknownOperation,
    /// There are no credentials.
    MissingAuthenticationToken,
    /// The credentials lack something: what, in AWS's words.
    IncompleteSignature(String),
    /// The credentials contradict themselves: how, in AWS's words.
    InvalidSignature(String),
}

/// The body of DynamoDB's 404, with its line end (dynalite's tests, recorded against DynamoDB).
const NOT_FOUND: &[u8] = b"<UnknownOperationException/>\n";

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        let (status, body) = match refusal {
            Refusal::NotFound => {
                return Answer::new(StatusCode::NOT_FOUND, Outcome::ClientError, NOT_FOUND).of(Media::Xml);
            }
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, Bytes::new()),
            Refusal::TimedOut => (StatusCode::REQUEST_TIMEOUT, Bytes::new()),
            Refusal::Disconnected => (StatusCode::BAD_REQUEST, Bytes::new()),
            Refusal::Malformed => bad("SerializationException", None),
            Refusal::UnknownOperation => bad("UnknownOperationException", None),
            Refusal::MissingAuthenticationToken => {
                bad("MissingAuthenticationTokenException", Some("Request is missing Authentication Token"))
            }
            Refusal::IncompleteSignature(message) => bad("IncompleteSignatureException", Some(&message)),
            Refusal::InvalidSignature(message) => bad("InvalidSignatureException", Some(&message)),
        };
        Answer::new(status, Outcome::ClientError, body)
    }
}

fn bad(name: &str, message: Option<&str>) -> (StatusCode, Bytes) {
    let name = format!("com.amazon.coral.service#{name}");
    let body = match message {
        Some(message) => json!({ "__type": name, "message": message }),
        None => json!({ "__type": name }),
    };
    (StatusCode::BAD_REQUEST, body.to_string().into())
}
