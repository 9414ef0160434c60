//! What lies behind the pipeline: the trait that answers calls.

use crate::call::AuthenticatedCall;
use crate::connections::SeatGuard;
use crate::held::{Held, HeldBytes};
use crate::metrics::Outcome;
use bytes::Bytes;
use hyper::StatusCode;
use std::future::Future;
use std::sync::Arc;

/// Answers calls.
pub trait Service: Send + Sync + 'static {
    /// Answers one call. Errors are answers too. A panic fails this call alone.
    fn call(&self, call: AuthenticatedCall<'_>) -> impl Future<Output = Answer> + Send;

    /// Whether calls can be answered at present.
    fn is_healthy(&self) -> bool {
        true
    }

    /// Appends the service's own metrics, in Prometheus's text format.
    fn write_metrics(&self, _out: &mut String) {}
}

/// The answer to a call, before HTTP.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) outcome: Outcome,
    pub(crate) media: Media,
    pub(crate) body: Bytes,
    pub(crate) error: Option<AnswerError>,
}

/// The error of an answer, for the audit log.
#[derive(Clone, Debug)]
pub(crate) struct AnswerError {
    /// The name on the wire, without its namespace.
    pub(crate) code: &'static str,
    /// The words for the client.
    pub(crate) message: String,
}

/// What kind of text an answer's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// JSON, named as the request named it.
    Json,
    /// Plain text.
    Text,
    /// Metrics as Prometheus reads them.
    Prometheus,
    /// DynamoDB's 404.
    Xml,
}

impl Answer {
    /// An answer with this status and JSON text; `outcome` says how it is counted.
    pub fn new(status: StatusCode, outcome: Outcome, body: impl Into<Bytes>) -> Answer {
        Answer { status, outcome, media: Media::Json, body: body.into(), error: None }
    }

    /// The answer of a call that failed so.
    pub(crate) fn because(self, code: &'static str, message: &str) -> Answer {
        Answer { error: Some(AnswerError { code, message: message.to_owned() }), ..self }
    }

    /// The same, counted for this client until it was sent.
    pub(crate) fn held_on(self, seat: &SeatGuard, all: &Arc<HeldBytes>) -> Answer {
        Answer { body: Held::until_sent(all, seat.seat(), self.body), ..self }
    }

    pub(crate) fn of(self, media: Media) -> Answer {
        Answer { media, ..self }
    }

    /// A call that succeeded.
    pub fn success(body: impl Into<Bytes>) -> Answer {
        Answer::new(StatusCode::OK, Outcome::Success, body)
    }

    /// The answer when the server, not the client, is at fault.
    pub fn internal_error(outcome: Outcome) -> Answer {
        const BODY: &[u8] =
            br#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}"#;
        Answer::new(StatusCode::INTERNAL_SERVER_ERROR, outcome, Bytes::from_static(BODY))
    }
}
