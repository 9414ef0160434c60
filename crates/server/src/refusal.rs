//! Why a request did not reach the service, and the answer that says so.

use crate::guard::Rejection;
use crate::metrics::Outcome;
use crate::service::{Answer, Media};
use api::messages;
use auth::Unidentified;
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
    /// There is no time or no room for it now. The client is to try again.
    Overloaded {
        /// Whether it asks in JSON. IAM and STS do not, and their SDKs understand a bare 503.
        is_json: bool,
    },
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
    /// The credentials contradict themselves, or the signature is no good: how, in AWS's words.
    InvalidSignature(String),
    /// There is no such sender.
    UnrecognizedClient,
    /// The sender's session is over.
    ExpiredToken,
    /// The sender could not be looked up. The cause is in the log.
    Unavailable,
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Refusal {
        match rejection {
            Rejection::Signature(why) => Refusal::InvalidSignature(why),
            Rejection::Unidentified(Unidentified::ExpiredToken) => Refusal::ExpiredToken,
            Rejection::Unidentified(Unidentified::Unavailable) => Refusal::Unavailable,
            Rejection::Unidentified(_) => Refusal::UnrecognizedClient,
        }
    }
}

/// The body of DynamoDB's 404, with its line end (dynalite's tests, recorded against DynamoDB).
const NOT_FOUND: &[u8] = b"<UnknownOperationException/>\n";

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        match refusal {
            Refusal::NotFound => Answer::new(StatusCode::NOT_FOUND, Outcome::ClientError, NOT_FOUND).of(Media::Xml),
            Refusal::TooLarge => bare(StatusCode::PAYLOAD_TOO_LARGE),
            Refusal::TimedOut => bare(StatusCode::REQUEST_TIMEOUT),
            Refusal::Overloaded { is_json: true } => overloaded(),
            Refusal::Overloaded { is_json: false } => {
                Answer::new(StatusCode::SERVICE_UNAVAILABLE, Outcome::Throttled, Bytes::new())
            }
            Refusal::Disconnected => bare(StatusCode::BAD_REQUEST),
            Refusal::Malformed => bad("SerializationException", None),
            Refusal::UnknownOperation => bad("UnknownOperationException", None),
            Refusal::MissingAuthenticationToken => {
                bad("MissingAuthenticationTokenException", Some("Request is missing Authentication Token"))
            }
            Refusal::IncompleteSignature(message) => bad("IncompleteSignatureException", Some(&message)),
            Refusal::InvalidSignature(message) => bad("InvalidSignatureException", Some(&message)),
            Refusal::UnrecognizedClient => {
                bad("UnrecognizedClientException", Some("The security token included in the request is invalid."))
            }
            Refusal::ExpiredToken => {
                bad("ExpiredTokenException", Some("The security token included in the request is expired"))
            }
            Refusal::Unavailable => Answer::internal_error(Outcome::ServerError),
        }
    }
}

/// Encoded anew each time, which costs less than what it saves.
fn overloaded() -> Answer {
    let error = messages::rate_exceeds_throughput();
    let mut body = Vec::new();
    error.encode(&mut body);
    let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    Answer::new(status, Outcome::Throttled, body).because(error.code(), error.message())
}

fn bare(status: StatusCode) -> Answer {
    Answer::new(status, Outcome::ClientError, Bytes::new())
}

fn bad(name: &'static str, message: Option<&str>) -> Answer {
    let kind = format!("com.amazon.coral.service#{name}");
    let body = match message {
        Some(message) => json!({ "__type": kind, "message": message }),
        None => json!({ "__type": kind }),
    };
    let answer = Answer::new(StatusCode::BAD_REQUEST, Outcome::ClientError, body.to_string());
    answer.because(name, message.unwrap_or_default())
}
