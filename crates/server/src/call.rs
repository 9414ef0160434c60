//! The fourth to sixth step: what is called, with whose credentials, and whether it is they who call.
//!
//! DynamoDB looks at the content type, then whether the body is JSON at all, then at the target, then at the credentials, then
//! whether there is a body (dynalite's tests, recorded against DynamoDB). The service decodes the body later and finds for
//! itself that it is not JSON, so here that question is asked only of a request that is refused anyway.

use crate::admission::Admitted;
use crate::body::Received;
use crate::credentials::Credentials;
use crate::guard::{Guard, Sender, Verified};
use crate::operation::Operation;
use crate::origin::Origin;
use crate::query::QueryCall;
use crate::refusal::Refusal;
use crate::response::ContentType;
use crate::trail::Trail;
use bytes::Bytes;
use hyper::Method;
use serde::de::IgnoredAny;

/// The name under which DynamoDB's and its streams' calls are signed.
const SIGNING_NAME: &str = "dynamodb";

/// What a request calls. `'h` is the life of its head, of which credentials are parts.
pub(crate) enum Addressed<'a, 'h> {
    /// An operation of DynamoDB or its streams.
    Operation(Call<'a, 'h>),
    /// IAM or STS.
    Query(QueryCall<'a, 'h>),
}

/// A body for a known operation, from nobody in particular.
pub(crate) struct Call<'a, 'h> {
    received: &'a Received<'h>,
    operation: Operation,
}

impl Call<'_, '_> {
    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }
}

/// A call by someone who presented credentials.
pub(crate) struct IdentifiedCall<'a, 'h> {
    call: Call<'a, 'h>,
    credentials: &'a Credentials<'h>,
}

/// A call of an operation by its sender.
#[derive(Debug)]
pub struct AuthenticatedCall<'a> {
    received: &'a Received<'a>,
    operation: Operation,
    credentials: &'a Credentials<'a>,
    sender: &'a Sender,
    origin: &'a Origin,
    request_id: &'a str,
}

impl<'a> AuthenticatedCall<'a> {
    /// The operation that is called.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The body: never empty, not yet known to be JSON.
    pub fn body(&self) -> &'a Bytes {
        self.received.body()
    }

    /// The credentials that were presented.
    pub fn credentials(&self) -> &'a Credentials<'a> {
        self.credentials
    }

    /// Who calls.
    pub fn sender(&self) -> &'a Sender {
        self.sender
    }

    /// Where the call comes from.
    pub fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// The id under which the answer goes out, for the log.
    pub fn request_id(&self) -> &'a str {
        self.request_id
    }

    /// The circumstances of a call of somebody who is known, as policies ask for them.
    pub(crate) fn circumstances(&self, sender: &Verified) -> auth::Origin<'a> {
        sender.circumstances(self.received.head(), self.origin, self.credentials)
    }
}

/// Finds out what is called.
pub(crate) fn address<'a, 'h>(
    admitted: &Admitted<'a, 'h>,
    guard: Option<&'a Guard>,
) -> Result<Addressed<'a, 'h>, Refusal> {
    let received = admitted.received();
    let (head, body) = (received.head(), received.body());
    if let Some(guard) = guard
        && let Some(call) = QueryCall::of(received, guard)
    {
        return Ok(Addressed::Query(call));
    }
    if head.method != Method::POST || (!body.is_empty() && ContentType::of_request(head).is_none()) {
        return Err(Refusal::NotFound);
    }
    let target = head.headers.target.and_then(|target| target.to_str().ok());
    match target.and_then(Operation::from_target) {
        Some(operation) => Ok(Addressed::Operation(Call { received, operation })),
        None => Err(unless_malformed(body, Refusal::UnknownOperation)),
    }
}

/// Finds out who is said to call.
pub(crate) fn identify<'a, 'h>(call: Call<'a, 'h>, trail: &'a Trail<'h>) -> Result<IdentifiedCall<'a, 'h>, Refusal> {
    let body = call.received.body();
    match Credentials::presented(call.received.head()) {
        Err(refusal) => Err(unless_malformed(body, refusal)),
        Ok(_) if body.is_empty() => Err(Refusal::Malformed),
        Ok(credentials) => Ok(IdentifiedCall { call, credentials: trail.identified(credentials) }),
    }
}

/// Finds out whether it is they.
pub(crate) async fn verify<'a>(
    call: IdentifiedCall<'a, '_>,
    guard: Option<&Guard>,
    trail: &'a Trail<'_>,
    (origin, request_id): (&'a Origin, &'a str),
) -> Result<AuthenticatedCall<'a>, Refusal> {
    let IdentifiedCall { call: Call { received, operation }, credentials } = call;
    let sender = match guard {
        None => Sender::Anyone,
        Some(guard) => match guard.verify(received, credentials, SIGNING_NAME).await {
            Ok(verified) => Sender::Known(verified),
            Err(rejection) => return Err(unless_malformed(received.body(), rejection.into())),
        },
    };
    Ok(AuthenticatedCall { received, operation, credentials, sender: trail.verified(sender), origin, request_id })
}

fn unless_malformed(body: &Bytes, refusal: Refusal) -> Refusal {
    if body.is_empty() || serde_json::from_slice::<IgnoredAny>(body).is_ok() { refusal } else { Refusal::Malformed }
}
