//! Calls of IAM and STS: forms, answered in XML, on the port of DynamoDB.
//!
//! A form comes in the body of a POST or, of a presigned request, in the query of a GET. The service is the one that the signature is for.

use crate::body::Received;
use crate::credentials::Credentials;
use crate::guard::{Guard, Sender, Verified};
use crate::metrics::Outcome;
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::service::{Answer, Media};
use crate::trail::Trail;
use auth::{Failure, Service};
use form_urlencoded::{Serializer, parse};
use hyper::{Method, StatusCode};
use std::borrow::Cow;

/// Where POSTs have forms.
const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// What the parameters that sign a query begin with.
const SIGNING: &str = "X-Amz-";

/// A form for IAM or STS, from nobody in particular.
pub(crate) struct QueryCall<'a, 'h> {
    received: &'a Received<'h>,
    guard: &'a Guard,
    form: Cow<'a, [u8]>,
}

impl<'a, 'h> QueryCall<'a, 'h> {
    /// The call, if it is one.
    pub(crate) fn of(received: &'a Received<'h>, guard: &'a Guard) -> Option<Self> {
        let head = received.head();
        let form = match *head.method {
            Method::GET => Cow::Owned(unsigned(head.uri.query()?)),
            _ => {
                let name = head.headers.content_type?.as_bytes().split(|byte| *byte == b';').next()?;
                name.trim_ascii().eq_ignore_ascii_case(FORM).then(|| Cow::Borrowed(&received.body()[..]))?
            }
        };
        Some(QueryCall { received, guard, form })
    }

    /// Answers the call, if it is its sender's.
    pub(crate) async fn answer(self, origin: &Origin, request_id: &str, trail: &Trail<'h>) -> Answer {
        let credentials = Credentials::presented(self.received.head());
        let service = self.service(credentials.as_ref().ok());
        let services = self.guard.services();
        let response = match self.admit(credentials, service, trail).await {
            Err(failure) => services.refuse(service, &self.form, failure, request_id),
            Ok((credentials, sender)) => {
                let circumstances = sender.circumstances(self.received.head(), origin, credentials);
                services.call(service, &self.form, sender.identity(), &circumstances, request_id).await
            }
        };
        trail.managed(response.event);
        let outcome = match response.status {
            200 => Outcome::Success,
            500.. => Outcome::ServerError,
            _ => Outcome::ClientError,
        };
        Answer::new(StatusCode::from_u16(response.status).unwrap_or_default(), outcome, response.body).of(Media::Xml)
    }

    async fn admit<'t>(
        &self,
        credentials: Result<Credentials<'h>, Refusal>,
        service: Service,
        trail: &'t Trail<'h>,
    ) -> Result<(&'t Credentials<'h>, &'t Verified), Failure> {
        let credentials = trail.identified(credentials.map_err(refused)?);
        let verified = self.guard.verify(self.received, credentials, service.prefix()).await?;
        match trail.verified(Sender::Known(verified)) {
            Sender::Known(verified) => Ok((credentials, verified)),
            Sender::Anyone => Err(Failure::missing_authentication_token()),
        }
    }

    /// The service that the signature is for; failing that, the one whose version the form has.
    fn service(&self, credentials: Option<&Credentials<'_>>) -> Service {
        let signed = credentials.and_then(|credentials| Service::of_prefix(&credentials.service));
        let of_version = || {
            let (_, version) = parse(&self.form).find(|(name, _)| name == "Version")?;
            Service::of_version(&version)
        };
        signed.or_else(of_version).unwrap_or(Service::Iam)
    }
}

/// A query without what signs it.
fn unsigned(query: &str) -> Vec<u8> {
    let kept = parse(query.as_bytes()).filter(|(name, _)| !name.starts_with(SIGNING));
    Serializer::new(String::new()).extend_pairs(kept).finish().into_bytes()
}

/// Why there are no credentials, in the words of query services.
fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::IncompleteSignature(message) => Failure::incomplete_signature(message),
        Refusal::InvalidSignature(message) => Failure::signature_does_not_match(message),
        _ => Failure::missing_authentication_token(),
    }
}
