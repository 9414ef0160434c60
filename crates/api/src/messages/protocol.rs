//! What is wrong before an operation is known: targets, credentials, sizes.

use crate::{Error, ErrorKind};

/// A target that names no operation; AWS sends no words with it.
pub fn unknown_operation() -> Error {
    ErrorKind::UnknownOperation { message: "".into() }.into()
}

/// A body that is not JSON; AWS sends no words with it.
pub fn malformed_body() -> Error {
    crate::json::Malformed.into()
}

/// A request without credentials.
pub fn missing_authentication_token() -> Error {
    ErrorKind::MissingAuthenticationToken { message: "Request is missing Authentication Token".into() }.into()
}

/// Credentials in the header and in the query.
pub fn two_signatures() -> Error {
    let words = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";
    ErrorKind::InvalidSignature { message: words.into() }.into()
}

/// Parts of an `Authorization` header that a client may have forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignaturePart {
    /// `Credential`
    Credential,
    /// `Signature`
    Signature,
    /// `SignedHeaders`
    SignedHeaders,
    /// `X-Amz-Date` or `Date`
    Date,
}

/// An `Authorization` header without some of its parts.
pub fn incomplete_signature(missing: &[SignaturePart], header: &str) -> Error {
    let part = |part: &SignaturePart| match part {
        SignaturePart::Credential => "Authorization header requires 'Credential' parameter. ",
        SignaturePart::Signature => "Authorization header requires 'Signature' parameter. ",
        SignaturePart::SignedHeaders => "Authorization header requires 'SignedHeaders' parameter. ",
        SignaturePart::Date => "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
    };
    let parts: String = missing.iter().map(part).collect();
    ErrorKind::IncompleteSignature { message: format!("{parts}Authorization={header}").into() }.into()
}

/// Credentials in the query without some of their parameters.
pub fn incomplete_query_signature(missing: &[&str]) -> Error {
    let part = |name: &&str| format!("AWS query-string parameters must include '{name}'. ");
    let parts: String = missing.iter().map(part).collect();
    ErrorKind::IncompleteSignature { message: format!("{parts}Re-examine the query-string parameters.").into() }.into()
}

/// A body over the limit.
pub fn request_too_large() -> Error {
    ErrorKind::RequestEntityTooLarge { message: "".into() }.into()
}

/// The server is going down or overloaded; SDKs retry.
pub fn service_unavailable() -> Error {
    ErrorKind::ServiceUnavailable { message: "Service is unavailable. Please try again.".into() }.into()
}
