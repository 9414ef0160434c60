//! What IAM and STS refuse, in their words.
//!
//! Every error that a client of these services sees is made here. The messages follow AWS's, as the documentation of the operations
//! and the answers of the service give them; programs look at the code, people at the message.

use layout::Corrupted;
use storage::StoreError;

use crate::seal::SealError;

/// A refusal of a request: an HTTP status, a code that programs know, a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// The code, as in `NoSuchEntity`.
    pub code: &'static str,
    /// What is told to people.
    pub message: String,
}

/// What answers in this crate answer with.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The signature is another than that of the request.
    pub fn signature_does_not_match(message: impl Into<String>) -> Self {
        Self::new(403, "SignatureDoesNotMatch", message)
    }

    /// The request is not signed.
    pub fn missing_authentication_token() -> Self {
        Self::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    }

    /// The signature lacks a part, or a part cannot be read.
    pub fn incomplete_signature(message: impl Into<String>) -> Self {
        Self::new(400, "IncompleteSignature", message)
    }

    /// Whether the client, not the server, is at fault.
    pub fn is_senders(&self) -> bool {
        self.status < 500
    }
}

/// The parameter's value breaks a constraint of the service model.
pub(crate) fn validation(message: impl Into<String>) -> Failure {
    Failure::new(400, "ValidationError", message)
}

/// A parameter that must be there is not.
pub(crate) fn missing(parameter: &str) -> Failure {
    constraint(parameter, "null", "Member must not be null")
}

/// One constraint is broken, in the words of the validator that all query services share.
pub(crate) fn constraint(parameter: &str, value: &str, rule: &str) -> Failure {
    let mut name = parameter.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    let value = if value == "null" { value.to_owned() } else { format!("'{value}'") };
    validation(format!("1 validation error detected: Value {value} at '{name}' failed to satisfy constraint: {rule}"))
}

/// A value is well-formed and yet wrong.
pub(crate) fn invalid_input(message: impl Into<String>) -> Failure {
    Failure::new(400, "InvalidInput", message)
}

/// There is no such thing. `kind` is "user", "role", "group", "policy".
pub(crate) fn no_such(kind: &str, name: &str) -> Failure {
    no_such_entity(format!("The {kind} with name {name} cannot be found."))
}

/// There is no such thing, in words of its own.
pub(crate) fn no_such_entity(message: impl Into<String>) -> Failure {
    Failure::new(404, "NoSuchEntity", message)
}

/// The name is taken.
pub(crate) fn already_exists(kind: &str, name: &str) -> Failure {
    Failure::new(409, "EntityAlreadyExists", format!("{kind} with name {name} already exists."))
}

/// Something that must be removed before is still there.
pub(crate) fn delete_conflict(message: impl Into<String>) -> Failure {
    Failure::new(409, "DeleteConflict", message)
}

/// A quota would be exceeded.
pub(crate) fn limit_exceeded(message: impl Into<String>) -> Failure {
    Failure::new(409, "LimitExceeded", message)
}

/// The quota of a thing that is counted.
pub(crate) fn quota(what: &str, most: usize) -> Failure {
    limit_exceeded(format!("Cannot exceed quota for {what}: {most}"))
}

/// The text is not a policy.
pub(crate) fn malformed_policy(message: impl Into<String>) -> Failure {
    Failure::new(400, "MalformedPolicyDocument", message)
}

/// What AWS itself keeps cannot be changed.
pub(crate) fn unmodifiable(message: impl Into<String>) -> Failure {
    Failure::new(400, "UnmodifiableEntity", message)
}

/// Policies forbid it.
pub(crate) fn access_denied(message: impl Into<String>) -> Failure {
    Failure::new(403, "AccessDenied", message)
}

/// The credentials do not reach this operation.
pub(crate) fn invalid_client_token() -> Failure {
    Failure::new(403, "InvalidClientTokenId", "The security token included in the request is invalid")
}

/// The session is over.
pub(crate) fn expired_token() -> Failure {
    Failure::new(403, "ExpiredToken", "The security token included in the request is expired")
}

/// There is no such operation.
pub(crate) fn invalid_action(action: &str, version: &str) -> Failure {
    Failure::new(400, "InvalidAction", format!("Could not find operation {action} for version {version}"))
}

/// The request names no operation.
pub(crate) fn missing_action() -> Failure {
    Failure::new(400, "MissingAction", "The request must contain the parameter Action")
}

/// The form cannot be read.
pub(crate) fn malformed_form(message: impl Into<String>) -> Failure {
    Failure::new(400, "MalformedQueryString", message)
}

/// Others changed the same things again and again.
pub(crate) fn concurrent_modification() -> Failure {
    Failure::new(
        409,
        "ConcurrentModification",
        "The request was rejected because multiple requests to change this object were submitted simultaneously. \
         Wait a few minutes and submit your request again.",
    )
}

/// The server is at fault. The cause goes to the log, not to the client.
pub(crate) fn service_failure() -> Failure {
    Failure::new(
        500,
        "ServiceFailure",
        "The request processing has failed because of an unknown error, exception or failure.",
    )
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Closed => tracing::debug!("a request met a closed store"),
            _ => tracing::error!(%error, "the store failed"),
        }
        service_failure()
    }
}

impl From<Corrupted> for Failure {
    fn from(_: Corrupted) -> Self {
        tracing::error!("a stored principal, credential or policy does not decode");
        service_failure()
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        tracing::error!(%error, "no secret could be sealed");
        service_failure()
    }
}
