//! The third and fourth step: which operation is called, and with whose credentials.
//!
//! DynamoDB looks at the content type, then whether the body is JSON at all, then at the target, then at the credentials, then
//! whether there is a body (dynalite's tests, recorded against DynamoDB). The service decodes the body later and finds for
//! itself that it is not JSON, so here that question is asked only of a request that is refused anyway.

use crate::body::Received;
use crate::credentials::Credentials;
use crate::head::Head;
use crate::operation::Operation;
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::response::ContentType;
use bytes::Bytes;
use serde::de::IgnoredAny;

/// A body for a known operation, from nobody in particular.
pub(crate) struct Call<'a> {
    head: &'a Head<'a>,
    operation: Operation,
    body: Bytes,
}

impl Call<'_> {
    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }
}

/// A call of an operation by someone who presented credentials. This version does not verify them.
#[derive(Debug)]
pub struct AuthenticatedCall<'a> {
    operation: Operation,
    body: Bytes,
    credentials: Credentials<'a>,
    origin: &'a Origin,
    request_id: &'a str,
}

impl<'a> AuthenticatedCall<'a> {
    /// The operation that is called.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The body: never empty, not yet known to be JSON.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Who calls.
    pub fn credentials(&self) -> &Credentials<'a> {
        &self.credentials
    }

    /// Where the call comes from.
    pub fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// The id under which the answer goes out, for the log.
    pub fn request_id(&self) -> &'a str {
        self.request_id
    }
}

/// Finds out which operation is meant.
pub(crate) fn address(received: Received<'_>) -> Result<Call<'_>, Refusal> {
    let (head, body) = received.into_parts();
    if !body.is_empty() && ContentType::of_request(head).is_none() {
        return Err(Refusal::NotFound);
    }
    let target = head.headers.target.and_then(|target| target.to_str().ok());
    match target.and_then(Operation::from_target) {
        Some(operation) => Ok(Call { head, operation, body }),
        None => Err(unless_malformed(&body, Refusal::UnknownOperation)),
    }
}

/// Finds out who calls.
pub(crate) fn identify<'a>(
    call: Call<'a>,
    origin: &'a Origin,
    request_id: &'a str,
) -> Result<AuthenticatedCall<'a>, Refusal> {
    let Call { head, operation, body } = call;
    match Credentials::presented(head) {
        Err(refusal) => Err(unless_malformed(&body, refusal)),
        Ok(_) if body.is_empty() => Err(Refusal::Malformed),
        Ok(credentials) => Ok(AuthenticatedCall { operation, body, credentials, origin, request_id }),
    }
}

fn unless_malformed(body: &Bytes, refusal: Refusal) -> Refusal {
    if body.is_empty() || serde_json::from_slice::<IgnoredAny>(body).is_ok() { refusal } else { Refusal::Malformed }
}
