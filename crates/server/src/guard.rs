//! The step after `identify`: whether a call was sent by whom it says.
//!
//! Without a [`Guard`] the server is open: everyone's calls pass, as calls of one account. With one, the signature is verified against
//! the secret of the access key, in DynamoDB's order: time, signed headers and scope before the key, the key before the signature.
//!
//! What must hold: nothing else makes a [`Verified`], so whoever is one has proved that it knows the secret of its key.

use crate::body::Received;
use crate::credentials::Credentials;
use crate::head::Head;
use crate::origin::Origin;
use auth::{Authenticator, Failure, Identity, Services, Unidentified};
use hyper::header::{REFERER, USER_AGENT};
use runtime::{Clock, Timestamp};
use sigv4::{Expected, Fault, Headers, PathRule, Request};
use std::fmt;
use std::sync::Arc;

/// What knows all principals and their policies.
pub struct Guard {
    authenticator: Arc<Authenticator>,
    services: Services,
    clock: Clock,
    region: String,
}

/// Who sent a call.
#[derive(Clone, Debug)]
pub enum Sender {
    /// It does not matter: the server is open.
    Anyone,
    /// Whose signature the call bears.
    Known(Verified),
}

/// Somebody whose call bears its signature.
#[derive(Clone, Debug)]
pub struct Verified {
    identity: Arc<Identity>,
    at: Timestamp,
}

impl Verified {
    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// A call's circumstances as policies ask for them.
    pub(crate) fn circumstances<'a>(
        &self,
        head: &Head<'a>,
        origin: &'a Origin,
        credentials: &'a Credentials<'_>,
    ) -> auth::Origin<'a> {
        auth::Origin {
            source_ip: origin.source,
            endpoint: origin.endpoint.id.as_deref(),
            endpoint_policy: origin.endpoint.policy.as_ref(),
            secure_transport: origin.is_secure(),
            user_agent: head.text(USER_AGENT),
            referer: head.text(REFERER),
            region: &credentials.region,
            now: self.at,
        }
    }
}

/// Why a call is not its sender's. Not to be logged: what explains a wrong signature may hold a session token.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// The signature is no good: why, in AWS's words.
    Signature(String),
    /// There is no such sender.
    Unidentified(Unidentified),
}

impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        Self::Signature(fault.to_string())
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Signature(why) => Failure::signature_does_not_match(why),
            Rejection::Unidentified(why) => why.as_failure(),
        }
    }
}

impl Guard {
    /// Verifies calls of this Region with what the authenticator knows.
    pub fn new(authenticator: Arc<Authenticator>, clock: Clock, region: String) -> Self {
        Self { services: Services::new(authenticator.clone()), authenticator, clock, region }
    }

    /// IAM and STS.
    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// Who sent a call of this service, by its signature.
    pub(crate) async fn verify(
        &self,
        received: &Received<'_>,
        credentials: &Credentials<'_>,
        service: &str,
    ) -> Result<Verified, Rejection> {
        let head = received.head();
        let headers = SignedHeaders(head);
        let request = Request {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &headers,
            body: received.as_sent(),
            path_rule: PathRule::of(service),
        };
        let proof = credentials.proof();
        let now = self.clock.now();
        let checked = sigv4::check(
            &request,
            &proof,
            &self.expected(service),
            sigv4::Timestamp::from_unix_seconds(now.as_seconds()),
        )?;
        let token = credentials.session_token.as_deref();
        let identified = self.authenticator.identify(&credentials.access_key_id, token, now).await;
        let identity = identified.map_err(Rejection::Unidentified)?;
        identity
            .with_signing_key(&proof.scope, |key| checked.verify(key))
            .map_err(|_| Rejection::Signature(checked.explained()))?;
        if let Err(failure) = self.authenticator.note_use(&identity, &credentials.region, service, now).await {
            tracing::warn!(code = failure.code, "the use of an access key was not noted");
        }
        Ok(Verified { identity, at: now })
    }

    /// IAM and STS are of no Region, and clients sign for whichever they know.
    fn expected<'a>(&'a self, service: &'a str) -> Expected<'a> {
        let is_regional = !matches!(service, "iam" | "sts");
        Expected { region: is_regional.then_some(self.region.as_str()), service }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guard").field("region", &self.region).finish_non_exhaustive()
    }
}

/// A request's headers as its signature sees them.
struct SignedHeaders<'a>(&'a Head<'a>);

impl Headers for SignedHeaders<'_> {
    fn each(&self, name: &str, found: &mut dyn FnMut(&[u8])) {
        let mut is_there = false;
        for value in self.0.all.get_all(name) {
            is_there = true;
            found(value.as_bytes());
        }
        // Over HTTP/2 the host is part of the request line.
        if !is_there
            && name == "host"
            && let Some(host) = self.0.host()
        {
            found(host.as_bytes());
        }
    }
}
